import FHIR

/// A transaction bundle that is being written.
struct Draft {
    private var chance: Chance
    private var entries: [JSON] = []

    init(_ chance: Chance) { self.chance = chance }

    /// Adds a resource, given without its type, and returns a reference to it. Members that are `nil` are left out, as
    /// FHIR has no null.
    @discardableResult
    mutating func add(_ type: String, _ members: JSONObject) -> JSON {
        let url = "urn:uuid:" + chance.uuid()
        let present = members.members.filter { !$0.value.isNull }
        let resource = JSONObject([(key: "resourceType", value: JSON.string(type))] + present)
        entries.append([
            "fullUrl": .string(url),
            "resource": .object(resource),
            "request": ["method": "POST", "url": .string(type)],
        ])
        return ["reference": .string(url)]
    }

    var bundle: JSON { ["resourceType": "Bundle", "type": "transaction", "entry": .array(entries)] }
}

/// What the observations of one patient have in common.
struct Observing {
    let subject: JSON
    var encounter: JSON = nil
    var performer: JSON = nil

    /// An observation; the caller adds what is special about it.
    func observation(
        _ code: Code,
        _ value: JSONObject,
        at moment: Moment,
        category: String,
        more: JSONObject = [:]
    ) -> JSONObject {
        let common: JSONObject = [
            "status": "final",
            "category": [Code.hl7("observation-category", category, Self.names[category] ?? category).concept],
            "code": code.concept,
            "subject": subject,
            "encounter": encounter,
            "effectiveDateTime": .moment(moment),
            "performer": performer.isNull ? nil : [performer],
        ]
        return JSONObject(common.members + value.members + more.members)
    }

    private static let names = [
        "vital-signs": "Vital Signs", "laboratory": "Laboratory", "survey": "Survey", "exam": "Exam",
    ]
}

/// The members by which a condition says how it stands and how sure it is.
func conditionStatus(clinical: String, verified: String) -> JSONObject {
    [
        "clinicalStatus": ["coding": [status("condition-clinical", clinical)]],
        "verificationStatus": ["coding": [status("condition-ver-status", verified)]],
    ]
}

private func status(_ system: String, _ code: String) -> JSON {
    ["system": .string("http://terminology.hl7.org/CodeSystem/" + system), "code": .string(code)]
}

extension JSONObject {
    static func + (left: JSONObject, right: JSONObject) -> JSONObject { JSONObject(left.members + right.members) }
}
