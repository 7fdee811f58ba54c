import Care
public import FHIR
public import People

/// Conditional creates and references: a search that finds one record or none.
extension PatientRecords {
    /// Creates a record unless a search finds it there. Both the search and the create leave their entries.
    ///
    /// Across patients the declared parameters of Patient are searched, else within the record of the patient whom the resource
    /// names, or in the directory. Two who ask at the same moment may both find nothing.
    /// - Throws: `Refusal.severalMatch` if several match.
    public func create(
        _ resource: Resource,
        ifNoneExist condition: String,
        for caller: Caller
    ) async throws -> (record: StoredRecord, isNew: Bool) {
        try Validator.check(resource)
        var patient: String?
        patient = try Subjecthood(of: resource).patients.first
        let place = Expression("If-None-Exist")
        if let found = try await matches(of: resource.type, condition, within: patient, at: place, for: caller) {
            return (found, false)
        }
        return (try await create(resource, for: caller), true)
    }

    /// Whether a type is found without naming a patient.
    static func isFoundAcrossPatients(_ type: String) -> Bool {
        type == "Patient" || Compartment.isDirectory(type)
    }

    /// The one record that a search finds.
    func matches(
        of type: String,
        _ query: String,
        within patient: String?,
        at place: FHIR.Expression,
        for caller: Caller
    ) async throws -> StoredRecord? {
        let parameters: [(String, String)]
        do {
            parameters = try SearchQuery.parameters(ofQuery: query).map { ($0.name, $0.value) }
            guard !parameters.isEmpty else { throw Outcome(.value, at: place, "must be a search with a condition") }
        } catch let outcome as Outcome {
            throw Outcome(outcome.issues.map { Issue($0.severity, $0.code, at: place, $0.rule) })
        }
        let isAcross = type == "Patient"
        let found =
            try await isAcross
            ? searchPatients(parameters, limit: 2, for: caller) : search(type, parameters, within: patient, for: caller)
        guard found.records.count <= 1 else { throw Refusal.severalMatch }
        // Whether there is one among those who were not looked at, nobody knows.
        guard !isAcross || found.next == nil else {
            throw Outcome(.tooCostly, at: place, "must have an identifier, a name or a birthdate that few have")
        }
        return found.records.first
    }
}
