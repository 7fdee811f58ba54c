/// What brings an adult to an outpatient clinic, and what is usually done about it.
struct Complaint {
    let code: Code
    let isChronic: Bool
    let hurts: Bool
    let medicines: [Prescribed]
    let laboratory: Laboratory?
    /// The ages, in years, at which it is seen.
    var ages = 18...95

    struct Prescribed {
        let code: Code
        let directions: String
    }

    /// A measurement that is repeated, in steps of its last digit.
    struct Laboratory {
        let code: Code
        let range: ClosedRange<Int>
        let step: Int
        let amount: @Sendable (Int) -> Amount
    }

    static var all: [Complaint] {
        [diabetes, hypertension, hypothyroidism, rhinitis, reflux, backache, knees, migraine]
    }

    private static var diabetes: Complaint {
        Complaint(
            code: .icd10("E11.9", "Type 2 diabetes"),
            isChronic: true,
            hurts: false,
            medicines: [
                Prescribed(code: .atc("A10BA02", "Metformin"), directions: "500 mg, 1-0-1, after food, 30 days"),
                Prescribed(code: .atc("C10AA05", "Atorvastatin"), directions: "10 mg, 0-0-1, 30 days"),
            ],
            laboratory: Laboratory(
                code: .loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"),
                range: 640...960,
                step: 10
            ) { Amount(hundredths: max(520, $0), "%") },
            ages: 32...95
        )
    }

    private static var hypertension: Complaint {
        Complaint(
            code: .icd10("I10", "High blood pressure"),
            isChronic: true,
            hurts: false,
            medicines: [
                Prescribed(code: .atc("C09CA07", "Telmisartan"), directions: "40 mg, 1-0-0, 30 days"),
                Prescribed(code: .atc("C08CA01", "Amlodipine"), directions: "5 mg, 0-0-1, 30 days"),
            ],
            laboratory: nil,
            ages: 34...95
        )
    }

    private static var hypothyroidism: Complaint {
        Complaint(
            code: .icd10("E03.9", "Underactive thyroid"),
            isChronic: true,
            hurts: false,
            medicines: [
                Prescribed(code: .atc("H03AA01", "Levothyroxine"), directions: "50 micrograms, 1-0-0, before food")
            ],
            laboratory: Laboratory(
                code: .loinc("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma"),
                range: 380...1150,
                step: 40
            ) { Amount(hundredths: max(60, $0), "mIU/L", code: "m[IU]/L") },
            ages: 20...85
        )
    }

    private static var rhinitis: Complaint {
        Complaint(
            code: .icd10("J30.4", "Allergic rhinitis"),
            isChronic: false,
            hurts: false,
            medicines: [Prescribed(code: .atc("R06AE07", "Cetirizine"), directions: "10 mg, 0-0-1, 7 days")],
            laboratory: nil
        )
    }

    private static var reflux: Complaint {
        Complaint(
            code: .icd10("K21.9", "Acid reflux"),
            isChronic: false,
            hurts: false,
            medicines: [
                Prescribed(code: .atc("A02BC02", "Pantoprazole"), directions: "40 mg, 1-0-0, before food, 14 days")
            ],
            laboratory: nil
        )
    }

    private static var backache: Complaint {
        Complaint(
            code: .icd10("M54.5", "Low back pain"),
            isChronic: false,
            hurts: true,
            medicines: [
                Prescribed(code: .atc("N02BE01", "Paracetamol"), directions: "650 mg, 1-1-1, if needed, 5 days"),
                Prescribed(code: .atc("A11CC05", "Vitamin D3"), directions: "60,000 IU, once a week, 8 weeks"),
            ],
            laboratory: nil
        )
    }

    private static var knees: Complaint {
        Complaint(
            code: .icd10("M17.9", "Osteoarthritis of the knee"),
            isChronic: true,
            hurts: true,
            medicines: [Prescribed(code: .atc("N02BE01", "Paracetamol"), directions: "650 mg, 1-0-1, if needed")],
            laboratory: nil,
            ages: 48...95
        )
    }

    private static var migraine: Complaint {
        Complaint(
            code: .icd10("G43.9", "Migraine"),
            isChronic: true,
            hurts: true,
            medicines: [
                Prescribed(code: .atc("N02CC01", "Sumatriptan"), directions: "50 mg at the start of an attack"),
                Prescribed(code: .atc("C07AA05", "Propranolol"), directions: "20 mg, 1-0-1, 30 days"),
            ],
            laboratory: nil,
            ages: 18...62
        )
    }
}
