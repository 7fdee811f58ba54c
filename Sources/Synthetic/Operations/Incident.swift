/// Why an ambulance was called, what the crew found, and what it gave.
struct Incident {
    let complaint: Code
    let story: String
    let first: EarlyWarning
    /// 0 to 10 when the crew arrived; nil where nobody would ask.
    let pain: Int?
    let given: [Given]
    let outcome: Outcome
    /// Whether it happens by day in summer only.
    var isOfTheSun = false
    /// The ages, in years, at which it happens.
    var ages = 16...90
    /// Of a child too young for NEWS2, whose values are others.
    var isOfASmallChild = false
    /// Glucose in the blood when the crew arrived, in tenths of mmol/L, where it was measured.
    var glucose: Int?

    struct Given {
        let code: Code
        let amount: Amount
        let route: String
        /// On whose authority a paramedic may give it.
        let authority: String
    }

    enum Outcome: String {
        case conveyed = "Conveyed to hospital"
        case discharged = "Discharged on scene with advice"
        case refused = "Declined transport, has capacity"
    }

    static var all: [Incident] {
        [
            chestPain, brokenAnkle, asthma, faint, heat, anaphylaxis, hypoglycaemia, fall,
            convulsion(ages: 1...1, paracetamol: 120), convulsion(ages: 2...3, paracetamol: 180),
        ]
    }

    private static let exemption = "Exemption, Human Medicines Regulations 2012, schedule 17"
    private static let direction = "Patient group direction"

    private static var oxygen: Given {
        Given(code: .atc("V03AN01", "Oxygen"), amount: Amount(15, "L/min"), route: "mask", authority: exemption)
    }

    private static var chestPain: Incident {
        Incident(
            complaint: .icd10("R07.4", "Chest pain"),
            story: "Tight chest since loading the van, into the left arm.",
            first: EarlyWarning(
                respirations: 22,
                saturation: 95,
                hasOxygen: false,
                systolic: 148,
                pulse: 104,
                isAlert: true,
                temperature: 366
            ),
            pain: 7,
            given: [
                Given(
                    code: .atc("B01AC06", "Aspirin"),
                    amount: Amount(300, "mg"),
                    route: "chewed",
                    authority: exemption
                ),
                Given(
                    code: .atc("C01DA02", "Glyceryl trinitrate"),
                    amount: Amount(400, "ug"),
                    route: "under the tongue",
                    authority: exemption
                ),
                Given(
                    code: .atc("N02AA01", "Morphine"),
                    amount: Amount("2.50", "mg"),
                    route: "into a vein",
                    authority: exemption
                ),
            ],
            outcome: .conveyed,
            ages: 34...89
        )
    }

    private static var brokenAnkle: Incident {
        Incident(
            complaint: .icd10("S82.8", "Fracture of ankle"),
            story: "Slipped on wet steps by the main stage.",
            first: EarlyWarning(
                respirations: 19,
                saturation: 98,
                hasOxygen: false,
                systolic: 132,
                pulse: 96,
                isAlert: true,
                temperature: 369
            ),
            pain: 8,
            given: [
                Given(
                    code: .atc("N01AX63", "Nitrous oxide with oxygen"),
                    amount: Amount(20, "L"),
                    route: "inhaled",
                    authority: exemption
                ),
                Given(
                    code: .atc("N02AB03", "Fentanyl"),
                    amount: Amount(50, "ug"),
                    route: "into the nose",
                    authority: direction
                ),
            ],
            outcome: .conveyed,
            ages: 16...76
        )
    }

    private static var asthma: Incident {
        Incident(
            complaint: .icd10("J45.9", "Asthma attack"),
            story: "Wheezing since the smoke machines started, no inhaler.",
            first: EarlyWarning(
                respirations: 28,
                saturation: 91,
                hasOxygen: false,
                systolic: 126,
                pulse: 122,
                isAlert: true,
                temperature: 370
            ),
            pain: nil,
            given: [
                oxygen,
                Given(
                    code: .atc("R03AC02", "Salbutamol"),
                    amount: Amount(5, "mg"),
                    route: "nebuliser",
                    authority: exemption
                ),
                Given(
                    code: .atc("H02AB09", "Hydrocortisone"),
                    amount: Amount(100, "mg"),
                    route: "into a vein",
                    authority: exemption
                ),
            ],
            outcome: .conveyed,
            ages: 16...58
        )
    }

    private static var faint: Incident {
        Incident(
            complaint: .icd10("R55", "Faint"),
            story: "Stood in the sun for two hours, went pale, sat down in time.",
            first: EarlyWarning(
                respirations: 16,
                saturation: 98,
                hasOxygen: false,
                systolic: 98,
                pulse: 58,
                isAlert: true,
                temperature: 371
            ),
            pain: nil,
            given: [],
            outcome: .discharged,
            isOfTheSun: true,
            ages: 16...82
        )
    }

    private static var heat: Incident {
        Incident(
            complaint: .icd10("T67.5", "Heat exhaustion"),
            story: "Marathon, mile 22, cramps and headache.",
            first: EarlyWarning(
                respirations: 24,
                saturation: 97,
                hasOxygen: false,
                systolic: 108,
                pulse: 118,
                isAlert: true,
                temperature: 388
            ),
            pain: 4,
            given: [
                Given(
                    code: .atc("B05BB01", "Sodium chloride 0.9 %"),
                    amount: Amount(500, "mL"),
                    route: "into a vein",
                    authority: exemption
                )
            ],
            outcome: .discharged,
            isOfTheSun: true,
            ages: 18...64
        )
    }

    private static var anaphylaxis: Incident {
        Incident(
            complaint: .icd10("T78.2", "Anaphylaxis"),
            story: "Ate satay, lips swollen within minutes.",
            first: EarlyWarning(
                respirations: 26,
                saturation: 93,
                hasOxygen: false,
                systolic: 88,
                pulse: 128,
                isAlert: true,
                temperature: 367
            ),
            pain: nil,
            given: [
                Given(
                    code: .atc("C01CA24", "Adrenaline"),
                    amount: Amount("0.50", "mg"),
                    route: "into the thigh muscle",
                    authority: exemption
                ), oxygen,
            ],
            outcome: .conveyed,
            ages: 16...66
        )
    }

    private static var hypoglycaemia: Incident {
        Incident(
            complaint: .icd10("E16.2", "Low blood sugar"),
            story: "Found confused in the car park, insulin in the pocket.",
            first: EarlyWarning(
                respirations: 18,
                saturation: 97,
                hasOxygen: false,
                systolic: 136,
                pulse: 102,
                isAlert: false,
                temperature: 358
            ),
            pain: nil,
            given: [
                Given(
                    code: .atc("V06DC01", "Glucose 40 % gel"),
                    amount: Amount(10, "g"),
                    route: "by mouth",
                    authority: exemption
                )
            ],
            outcome: .refused,
            ages: 19...80,
            glucose: 24
        )
    }

    private static var fall: Incident {
        Incident(
            complaint: .icd10("S70.0", "Bruised hip after a fall"),
            story: "Fell getting out of the bath, could not get up.",
            first: EarlyWarning(
                respirations: 17,
                saturation: 96,
                hasOxygen: false,
                systolic: 154,
                pulse: 84,
                isAlert: true,
                temperature: 359
            ),
            pain: 5,
            given: [
                Given(
                    code: .atc("N02BE01", "Paracetamol"),
                    amount: Amount(1, "g"),
                    route: "by mouth",
                    authority: exemption
                )
            ],
            outcome: .discharged,
            ages: 63...97
        )
    }

    private static func convulsion(ages: ClosedRange<Int>, paracetamol: Int) -> Incident {
        Incident(
            complaint: .icd10("R56.0", "Febrile convulsion"),
            story: "Hot since the morning, shook for two minutes in the mother's arms. Drowsy, then crying.",
            first: EarlyWarning(
                respirations: 34,
                saturation: 96,
                hasOxygen: false,
                systolic: 96,
                pulse: 158,
                isAlert: false,
                temperature: 393
            ),
            pain: nil,
            given: [
                Given(
                    code: .atc("N02BE01", "Paracetamol"),
                    amount: Amount(paracetamol, "mg"),
                    route: "by mouth",
                    authority: direction
                )
            ],
            outcome: .conveyed,
            ages: ages,
            isOfASmallChild: true,
            glucose: 61
        )
    }
}
