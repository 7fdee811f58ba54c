import FHIR

/// What can be done with records of a type, as R4 names it. The routes are made from this list, and so is the CapabilityStatement.
enum Interaction: String, CaseIterable {
    case read, vread, update, delete, create
    case historyInstance = "history-instance"
    case historyType = "history-type"
    case searchType = "search-type"

    /// Those that a type is served with; none for a type whose resources are kept in nobody's record and in no directory.
    static func served(for type: String) -> [Interaction] {
        guard Compartment.canKeep(type) else { return [] }
        // A Patient is erased with their keys, and in no other way.
        return type == "Patient" ? allCases.filter { $0 != .delete } : allCases
    }
}

/// What else can be done, by an operation.
enum Operation: String, CaseIterable {
    case validate, everything, merge, move

    /// Those that a type is served with.
    static func served(for type: String) -> [Operation] {
        allCases.filter { operation in
            switch operation {
            case .validate: true
            case .everything, .merge: type == "Patient"
            case .move: type != "Patient" && Compartment.canBelongToPatient(type)
            }
        }
    }

    /// The canonical address of its definition. `move` is none of HL7's; docs/api.md describes it.
    var definition: String {
        switch self {
        case .validate: "http://hl7.org/fhir/OperationDefinition/Resource-validate"
        case .everything: "http://hl7.org/fhir/OperationDefinition/Patient-everything"
        case .merge: "http://hl7.org/fhir/OperationDefinition/Patient-merge"
        case .move: "urn:carekeep:operation:move"
        }
    }
}
