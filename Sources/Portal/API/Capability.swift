import FHIR

/// What this server says it serves: made of what the routes and the search know, type by type.
struct Capability {
    /// The program that serves.
    let release: PublishedRelease

    /// The CapabilityStatement, as JSON.
    var statement: [UInt8] {
        let rest: JSON = [
            "mode": "server",
            "documentation": "An organisation's records, for whoever the organisation lets reach them.",
            "security": [
                "description": "Authorization: Bearer, a token from POST /api/session or /api/session/refresh"
            ],
            "resource": .array(ResourceType.names.sorted().map(Self.resource)),
            "interaction": [["code": "transaction"], ["code": "batch"]],
            "operation": .array([Self.stated(.validate)]),
        ]
        let statement: JSON = [
            "resourceType": "CapabilityStatement", "status": "active", "date": .string(release.date),
            "kind": "instance",
            "software": [
                "name": "Carekeep", "version": .string(release.version), "releaseDate": .string(release.date),
            ],
            "implementation": ["description": "Carekeep"], "fhirVersion": "4.0.1",
            "format": ["application/fhir+json", "json"], "rest": [rest],
        ]
        return statement.serialized()
    }

    private static func resource(_ type: String) -> JSON {
        let interactions = Interaction.served(for: type)
        var resource: JSONObject = ["type": .string(type)]
        resource["documentation"] = .string(place(of: type))
        if !interactions.isEmpty {
            resource["interaction"] = .array(interactions.map { ["code": .string($0.rawValue)] })
            let fixed: JSONObject = [
                "versioning": "versioned-update", "readHistory": true, "updateCreate": false,
                "conditionalCreate": true, "conditionalRead": "not-match", "conditionalUpdate": false,
                "conditionalDelete": "not-supported", "referencePolicy": ["literal", "local"],
            ]
            for (key, value) in fixed.members { resource[key] = value }
            addSearch(of: type, to: &resource)
        }
        resource["operation"] = .array(Operation.served(for: type).map(stated))
        return .object(resource)
    }

    private static func addSearch(of type: String, to resource: inout JSONObject) {
        let references = SearchQuery.references(of: type)
        if !references.isEmpty {
            resource["searchInclude"] = .array((["*"] + references).map { .string($0 == "*" ? $0 : "\(type):\($0)") })
        }
        let referring = SearchQuery.referring(to: type).filter { Compartment.canKeep($0.type) }
        if !referring.isEmpty {
            resource["searchRevInclude"] = .array(referring.map { .string("\($0.type):\($0.parameter)") })
        }
        var parameters = SearchQuery.parameters(of: type)
        let isInRecords = type != "Patient" && Compartment.canBelongToPatient(type)
        if isInRecords, !parameters.contains(where: { $0.name == "patient" }) {
            parameters.append((name: "patient", type: "reference"))
        }
        resource["searchParam"] = .array(
            parameters.map { parameter in
                var stated: JSONObject = ["name": .string(parameter.name), "type": .string(parameter.type)]
                stated["documentation"] = note(on: parameter.name, of: type).map { .string($0) }
                return .object(stated)
            }
        )
    }

    private static func stated(_ operation: Operation) -> JSON {
        ["name": .string(operation.rawValue), "definition": .string(operation.definition)]
    }

    /// Where records of a type are, and so what a search for them must name.
    private static func place(of type: String) -> String {
        if type == "Patient" {
            return """
                Searched across the patients whom you reach, narrowed down by \(PatientQuery.narrowing.joined(separator: ", ")); \
                all other parameters are tried on whoever is left. _include and _revinclude take _id.
                """
        }
        if Compartment.isDirectory(type) { return "In the organisation's directory, and in nobody's record." }
        if Compartment.isDirectoryWithoutPatient(type) {
            return """
                In the records of the patients whom it names, else in the organisation's directory. A search within a record, \
                and the history of the type there, must name one patient, by patient.
                """
        }
        if Compartment.canBelongToPatient(type) {
            return """
                In the records of the patients whom it names, of which there must be one. A search, and the history of the type, \
                must name one patient, by patient.
                """
        }
        return "Not kept, since nothing in it says whose it is."
    }

    private static func note(on parameter: String, of type: String) -> String? {
        switch (type, parameter) {
        case ("Patient", let name) where PatientQuery.narrowing.contains(name): "Narrows down a search across patients."
        case ("Patient", "_id"): "Names the one patient within whom is searched."
        case (_, "patient") where Compartment.canBelongToPatient(type): "Names the one patient within whom is searched."
        case ("Patient", _): "Narrows nothing down across patients; pages may be short."
        default: nil
        }
    }
}
