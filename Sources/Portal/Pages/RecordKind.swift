/// What an entry of a record is, in a word.
enum RecordKind: String, Sendable, CaseIterable {
    case person, visit, appointment, medicine, vaccine, measurement, report, condition, allergy, treatment, plan, goal
    case document, answers, bill, other

    /// The kind of a FHIR resource.
    init(resourceType: String) {
        switch resourceType {
        case "Patient", "RelatedPerson", "Person": self = .person
        case "Encounter", "EpisodeOfCare": self = .visit
        case "Appointment", "AppointmentResponse": self = .appointment
        case "MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense", "Medication":
            self = .medicine
        case "Immunization", "ImmunizationRecommendation", "ImmunizationEvaluation": self = .vaccine
        case "Observation": self = .measurement
        case "DiagnosticReport", "ImagingStudy", "Specimen": self = .report
        case "Condition", "ClinicalImpression", "FamilyMemberHistory": self = .condition
        case "AllergyIntolerance", "AdverseEvent": self = .allergy
        case "Procedure", "ServiceRequest", "DeviceRequest", "DeviceUseStatement", "NutritionOrder": self = .treatment
        case "CarePlan", "CareTeam": self = .plan
        case "Goal": self = .goal
        case "DocumentReference", "DocumentManifest", "Composition", "Media", "Binary", "Communication":
            self = .document
        case "QuestionnaireResponse": self = .answers
        case "Claim", "ClaimResponse", "ExplanationOfBenefit", "Coverage", "Invoice", "Account": self = .bill
        default: self = .other
        }
    }

    var label: String {
        switch self {
        case .person: "Person"
        case .visit: "Visit"
        case .appointment: "Appointment"
        case .medicine: "Medicine"
        case .vaccine: "Vaccine"
        case .measurement: "Measurement"
        case .report: "Report"
        case .condition: "Diagnosis"
        case .allergy: "Allergy"
        case .treatment: "Treatment"
        case .plan: "Care plan"
        case .goal: "Goal"
        case .document: "Document"
        case .answers: "Answers"
        case .bill: "Bill"
        case .other: "Entry"
        }
    }

    /// What a timeline can be narrowed down to.
    enum Group: String, Sendable, CaseIterable {
        case visits, medicines, vaccines, results, health, documents, bills

        var label: String {
            switch self {
            case .visits: "Visits"
            case .medicines: "Medicines"
            case .vaccines: "Vaccines"
            case .results: "Results"
            case .health: "Diagnoses and care"
            case .documents: "Documents"
            case .bills: "Bills"
            }
        }

        var kinds: [RecordKind] { RecordKind.allCases.filter { $0.group == self } }
    }

    var group: Group? {
        switch self {
        case .visit, .appointment: .visits
        case .medicine: .medicines
        case .vaccine: .vaccines
        case .measurement, .report: .results
        case .condition, .allergy, .treatment, .plan, .goal: .health
        case .document, .answers: .documents
        case .bill: .bills
        case .person, .other: nil
        }
    }
}
