import FHIR

/// The chronic illnesses of childhood that families here live with.
enum Illness: CaseIterable {
    case crmo, jia, ibd

    var code: Code {
        switch self {
        case .crmo: .icd10("M86.3", "Chronic recurrent multifocal osteomyelitis")
        case .jia: .icd10("M08.4", "Oligoarticular juvenile idiopathic arthritis")
        case .ibd: .icd10("K50.9", "Crohn's disease")
        }
    }

    var about: String {
        switch self {
        case .crmo: "CRMO: inflamed bones"
        case .jia: "JIA: inflamed joints"
        case .ibd: "Crohn's disease"
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
        case .ibd:
            [
                Site("belly, around the navel", "jejunum"), Site("belly, lower right", "terminal ileum"),
                Site("belly, lower left", "sigmoid colon"),
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
        case .ibd: Code(system: "urn:carekeep:scan", code: "mr-bowel", display: "MR enterography")
        }
    }

    /// What a radiologist says of a site that is active, and of one that has settled.
    func finding(_ site: Site, isActive: Bool) -> String {
        switch (self, isActive) {
        case (.crmo, true): "Marrow oedema in the \(site.anatomy) with mild periosteal reaction."
        case (.crmo, false): "The \(site.anatomy) shows no marrow oedema now."
        case (.jia, true): "Effusion and synovial enhancement of the \(site.anatomy)."
        case (.jia, false): "No effusion of the \(site.anatomy)."
        case (.ibd, true): "Wall thickening and enhancement of the \(site.anatomy)."
        case (.ibd, false): "The \(site.anatomy) is of normal thickness."
        }
    }

    /// What is tried when flares come back.
    var secondLine: Medicine {
        switch self {
        case .crmo: .pamidronate
        case .jia: .methotrexate
        case .ibd: .mesalazine
        }
    }
}

/// A medicine as it is given to children here.
struct Medicine {
    let code: Code
    let directions: String
    let route: String
    let amount: Amount

    static let naproxen = Medicine(
        code: .atc("M01AE02", "Naproxen"),
        directions: "With food, morning and evening",
        route: "by mouth",
        amount: Amount(250, "mg")
    )
    static let pamidronate = Medicine(
        code: .atc("M05BA03", "Pamidronic acid"),
        directions: "Infusion over four hours, after paracetamol",
        route: "into a vein",
        amount: Amount(30, "mg")
    )
    static let methotrexate = Medicine(
        code: .atc("L04AX03", "Methotrexate"),
        directions: "Once a week, on Friday; folic acid on Saturday",
        route: "under the skin",
        amount: Amount("12.5", "mg")
    )
    static let mesalazine = Medicine(
        code: .atc("A07EC02", "Mesalazine"),
        directions: "Granules, twice a day",
        route: "by mouth",
        amount: Amount(1000, "mg")
    )
    static let prednisolone = Medicine(
        code: .atc("H02AB06", "Prednisolone"),
        directions: "Mornings, less every week",
        route: "by mouth",
        amount: Amount(30, "mg")
    )

    /// As the value of an element of type Dosage, of a prescription or a statement.
    var dosage: JSON {
        [
            "text": .string("\(amount.digits) \(amount.unit). \(directions)"), "route": .words(route),
            "doseAndRate": [["doseQuantity": amount.quantity]],
        ]
    }
}
