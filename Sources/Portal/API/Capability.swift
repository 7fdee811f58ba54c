import FHIR

/// What this server says it serves: made of what the routes and the search know, type by type.
enum Capability {
    static let statement: [UInt8] = {
        let rest: JSON = [
            "mode": "server",
            "documentation": "An organisation's records, for whoever the organisation lets reach them.",
            "security": [
                "description": "Authorization: Bearer, a token from POST /api/session or /api/session/refresh"
            ],
            "resource": .array(ResourceType.names.sorted().map(resource)),
            "interaction": [["code": "transaction"], ["code": "batch"]],
        ]
        let statement: JSON = [
            "resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-22", "kind": "instance",
            "software": ["name": "Carekeep"], "implementation": ["description": "Carekeep"], "fhirVersion": "4.0.1",
            "format": ["application/fhir+json", "json"], "rest": [rest],
        ]
        return statement.serialized()
    }()

    private static func resource(_ type: String) -> JSON {
        let isPatient = type == "Patient"
        var interactions = ["read", "vread", "update", "history-instance", "create", "search-type"]
        if !isPatient { interactions += ["delete", "history-type"] }
        var resource: JSONObject = [
            "type": .string(type), "interaction": .array(interactions.map { ["code": .string($0)] }),
            "versioning": "versioned-update", "readHistory": true, "updateCreate": false, "conditionalCreate": true,
            "conditionalUpdate": false, "conditionalDelete": "not-supported",
            "referencePolicy": ["literal", "local"],
        ]
        let references = SearchQuery.references(of: type)
        if !references.isEmpty {
            resource["searchInclude"] = .array((["*"] + references).map { .string($0 == "*" ? $0 : "\(type):\($0)") })
        }
        let parameters = SearchQuery.parameters(of: type)
        resource["searchParam"] = .array(parameters.map { ["name": .string($0.name), "type": .string($0.type)] })
        if isPatient {
            resource["operation"] = [
                ["name": "everything", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything"],
                ["name": "merge", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-merge"],
            ]
        } else if Compartment.canBelongToPatient(type) {
            // No operation of HL7's; docs/api.md describes it.
            resource["operation"] = [["name": "move", "definition": "urn:carekeep:operation:move"]]
        }
        return .object(resource)
    }
}
