import FHIR

/// The chronic illnesses of childhood that families here live with.
enum Illness: CaseIterable {
    case crmo, jia, crohn, colitis

    /// Whether it inflames the bowel: the two that paediatric gastroenterologists call IBD.
    var isOfTheBowel: Bool { self == .crohn || self == .colitis }

    var code: Code {
        switch self {
        case .crmo: .icd10("M86.3", "Chronic recurrent multifocal osteomyelitis")
        case .jia: .icd10("M08.4", "Oligoarticular juvenile idiopathic arthritis")
        case .crohn: .icd10("K50.9", "Crohn's disease")
        case .colitis: .icd10("K51.9", "Ulcerative colitis")
        }
    }

    var about: String {
        switch self {
        case .crmo: "CRMO: inflamed bones"
        case .jia: "JIA: inflamed joints"
        case .crohn: "Crohn's disease"
        case .colitis: "Ulcerative colitis"
        }
    }

    /// Where it hurts: in the family's words and in those of a radiologist.
    var sites: [Site] {
        switch self {
        case .crmo:
            [
                Site("left shin", "left distal tibial metaphysis"),
                Site("right shin", "right proximal tibial metaphysis"),
                Site("left collarbone", "medial third of the left clavicle"), Site("lower jaw", "body of the mandible"),
                Site("right thigh", "right distal femoral metaphysis"), Site("lower back", "body of L3"),
                Site("left ankle", "left calcaneus"), Site("right hip", "right acetabulum"),
            ]
        case .jia:
            [
                Site("left knee", "left knee"), Site("right knee", "right knee"), Site("left wrist", "left wrist"),
                Site("right ankle", "right tibiotalar joint"), Site("right elbow", "right elbow"),
            ]
        case .crohn:
            [
                Site("belly, around the navel", "jejunum"), Site("belly, lower right", "terminal ileum"),
                Site("belly, lower left", "sigmoid colon"),
            ]
        case .colitis:
            [
                Site("belly, lower left", "sigmoid colon"), Site("belly, left side", "descending colon"),
                Site("lower belly", "rectum"),
            ]
        }
    }

    struct Site: Equatable {
        let words: String
        let anatomy: String

        init(_ words: String, _ anatomy: String) {
            self.words = words
            self.anatomy = anatomy
        }

        /// Whether one limps with it.
        var isOfALeg: Bool {
            ["shin", "thigh", "ankle", "hip", "knee"].contains { words.hasSuffix($0) }
        }
    }

    var scan: Code {
        switch self {
        case .crmo: .loinc("46358-8", "MR Whole body")
        case .jia: Code(system: "urn:carekeep:scan", code: "mr-joint", display: "MRI of the affected joints")
        case .crohn: Code(system: "urn:carekeep:scan", code: "mr-bowel", display: "MR enterography")
        case .colitis: Code(system: "urn:carekeep:scan", code: "us-bowel", display: "Ultrasound of the bowel")
        }
    }

    /// What a radiologist says of a site that is active, and of one that has settled.
    func finding(_ site: Site, isActive: Bool) -> String {
        switch (self, isActive) {
        case (.crmo, true): "Marrow oedema in the \(site.anatomy) with mild periosteal reaction."
        case (.crmo, false): "The \(site.anatomy) shows no marrow oedema now."
        case (.jia, true): "Effusion and synovial enhancement of the \(site.anatomy)."
        case (.jia, false): "No effusion of the \(site.anatomy)."
        case (.crohn, true): "Wall thickening and enhancement of the \(site.anatomy)."
        case (.colitis, true): "Thickened wall of the \(site.anatomy), with increased flow."
        case (.crohn, false), (.colitis, false): "The \(site.anatomy) is of normal thickness."
        }
    }

    /// What a scan does not show, in a radiologist's words.
    var absence: String {
        switch self {
        case .crmo: "No fracture, no collection."
        case .jia: "No erosion, cartilage preserved."
        case .crohn: "No stricture, no fistula, no abscess."
        case .colitis: "No dilatation of the colon, no free fluid."
        }
    }

    var specialist: String {
        switch self {
        case .crmo, .jia: "Dr. Philippa Northcliffe-Adeyemi, paediatric rheumatology"
        case .crohn, .colitis: "Dr. Benedikt Lyle-Marchetti, paediatric gastroenterology"
        }
    }

    /// What is given from the first visit on: in flares, or for the bowel, to which such painkillers do harm, always.
    func firstLine(_ growth: Growth, on day: Day) -> Medicine {
        isOfTheBowel ? .mesalazine(growth, on: day) : .naproxen(growth, on: day)
    }

    /// What is given in a flare. For the bowel, only a doctor starts a steroid.
    func inFlare(isConfirmed: Bool, _ growth: Growth, on day: Day) -> Medicine {
        guard isOfTheBowel else { return .naproxen(growth, on: day) }
        return isConfirmed ? .prednisolone(growth, on: day) : .paracetamol(growth, on: day)
    }

    /// What is tried when flares come back.
    func secondLine(_ growth: Growth, on day: Day) -> Medicine {
        switch self {
        case .crmo: .pamidronate(growth, on: day)
        case .jia: .methotrexate(growth, on: day)
        case .crohn, .colitis: .azathioprine(growth, on: day)
        }
    }
}

/// A medicine as it is given to a child of some weight or size, in doses that can be measured out.
struct Medicine {
    let code: Code
    let directions: String
    let route: String
    let amount: Amount

    /// So many mg for each kg, to a multiple, up to a limit.
    private static func dose(_ growth: Growth, on day: Day, perKg: Int, of step: Int, upTo limit: Int) -> Amount {
        let dose = (growth.weight(on: day) * perKg / 10 + step / 2) / step * step
        return Amount(min(limit, max(step, dose)), "mg")
    }

    static func naproxen(_ growth: Growth, on day: Day) -> Medicine {
        Medicine(
            code: .atc("M01AE02", "Naproxen"),
            directions: "With food, morning and evening",
            route: "by mouth",
            amount: dose(growth, on: day, perKg: 5, of: 25, upTo: 500)
        )
    }

    static func paracetamol(_ growth: Growth, on day: Day) -> Medicine {
        Medicine(
            code: .atc("N02BE01", "Paracetamol"),
            directions: "If needed, four times a day at most",
            route: "by mouth",
            amount: dose(growth, on: day, perKg: 15, of: 20, upTo: 1_000)
        )
    }

    static func pamidronate(_ growth: Growth, on day: Day) -> Medicine {
        Medicine(
            code: .atc("M05BA03", "Pamidronic acid"),
            directions: "Infusion over four hours, after paracetamol",
            route: "into a vein",
            amount: dose(growth, on: day, perKg: 1, of: 1, upTo: 60)
        )
    }

    /// 15 mg for each square metre, in steps of 2.5 mg.
    static func methotrexate(_ growth: Growth, on day: Day) -> Medicine {
        let steps = min(10, (growth.surface(on: day) * 15 + 125) / 250)
        return Medicine(
            code: .atc("L04AX03", "Methotrexate"),
            directions: "Once a week, on Friday; folic acid on Saturday",
            route: "under the skin",
            amount: Amount(tenths: steps * 25, "mg")
        )
    }

    static func mesalazine(_ growth: Growth, on day: Day) -> Medicine {
        Medicine(
            code: .atc("A07EC02", "Mesalazine"),
            directions: "Granules, twice a day",
            route: "by mouth",
            amount: dose(growth, on: day, perKg: 25, of: 250, upTo: 2_000)
        )
    }

    static func azathioprine(_ growth: Growth, on day: Day) -> Medicine {
        Medicine(
            code: .atc("L04AX01", "Azathioprine"),
            directions: "Once a day, with blood tests",
            route: "by mouth",
            amount: dose(growth, on: day, perKg: 2, of: 25, upTo: 150)
        )
    }

    static func prednisolone(_ growth: Growth, on day: Day) -> Medicine {
        Medicine(
            code: .atc("H02AB06", "Prednisolone"),
            directions: "Mornings, less every week",
            route: "by mouth",
            amount: dose(growth, on: day, perKg: 1, of: 5, upTo: 40)
        )
    }

    /// As the value of an element of type Dosage, of a prescription or a statement.
    var dosage: JSON {
        [
            "text": .string("\(amount.digits) \(amount.unit). \(directions)"), "route": .words(route),
            "doseAndRate": [["doseQuantity": amount.quantity]],
        ]
    }
}
