import Care
public import FHIR
import Foundation
import People
import Postgres

/// A `Bundle` of type transaction: everything in it is written, or nothing is.
extension PatientRecords {
    /// Entries that one transaction may hold.
    static let mostEntries = 1_000

    /// Carries out a transaction Bundle of creates, and answers with the transaction-response.
    ///
    /// References by `urn:uuid:` to other entries become references to what they are stored as.
    public func transaction(_ bundle: JSON, for caller: SignedInCaller) async throws -> JSON {
        let entries = try Self.entries(of: bundle)
        var ids: [String: String] = [:]
        let settled = entries.map { entry in
            let id = UUID().uuidString.lowercased()
            if let url = entry.fullURL { ids[url] = "\(entry.resource.type)/\(id)" }
            return (entry, id)
        }
        var plan = BundlePlan()
        var issues: [Issue] = []
        for (number, (entry, id)) in settled.enumerated() {
            do throws(Outcome) {
                var resource = entry.resource
                try Self.settleReferences(of: &resource, by: ids)
                try Validator.check(resource)
                try Minimisation.check(resource, profile: caller.person.profile)
                try plan.add(resource, id: id)
            } catch {
                issues += error.issues.map { $0.inEntry(number) }
            }
        }
        guard issues.isEmpty else { throw Outcome(issues) }
        let stored = try await write(
            plan.items,
            newPatients: plan.newPatients,
            reach: Self.reach(of: caller),
            isStrict: true,
            for: caller
        )
        return Self.response(stored)
    }

    static func reach(of caller: SignedInCaller) -> (UUID) -> [NewReach] {
        { patient in
            [
                NewReach(
                    patient: patient,
                    account: caller.person.account.uuid,
                    kind: .ofCreator(holding: caller.person.roles)
                )
            ]
        }
    }

    private struct Entry {
        let fullURL: String?
        let resource: Resource
    }

    private static func entries(of bundle: JSON) throws(Outcome) -> [Entry] {
        guard bundle["resourceType"]?.string == "Bundle" else {
            throw Outcome(.structure, at: Expression("Bundle"), "the body must be a Bundle")
        }
        guard bundle["type"]?.string == "transaction" else {
            throw Outcome(.notSupported, at: Expression("Bundle").child("type"), "type must be transaction")
        }
        guard let list = bundle["entry"]?.array, !list.isEmpty else {
            throw Outcome(.required, at: Expression("Bundle").child("entry"), "a transaction must have entries")
        }
        guard list.count <= mostEntries else {
            throw Outcome(
                .tooCostly,
                at: Expression("Bundle").child("entry"),
                "a transaction has at most \(mostEntries) entries"
            )
        }
        var entries: [Entry] = []
        var urls: Set<String> = []
        for (number, json) in list.enumerated() {
            let place = Expression("Bundle").child("entry")[number]
            guard json["request"]?["method"]?.string == "POST" else {
                throw Outcome(.notSupported, at: place.child("request").child("method"), "method must be POST")
            }
            guard let content = json["resource"] else {
                throw Outcome(.required, at: place.child("resource"), "a POST must have a resource")
            }
            let resource: Resource
            do { resource = try Resource(content) } catch { throw Outcome(error.issues.map { $0.inEntry(number) }) }
            guard json["request"]?["url"]?.string == resource.type else {
                throw Outcome(.value, at: place.child("request").child("url"), "url must be the type of the resource")
            }
            guard json["request"]?["ifNoneExist"] == nil else {
                throw Outcome(
                    .notSupported,
                    at: place.child("request").child("ifNoneExist"),
                    "conditional creates are not served yet"
                )
            }
            let url = json["fullUrl"]?.string
            if let url, !urls.insert(url).inserted {
                throw Outcome(.duplicate, at: place.child("fullUrl"), "each fullUrl must be there once")
            }
            entries.append(Entry(fullURL: url, resource: resource))
        }
        return entries
    }

    private static func settleReferences(of resource: inout Resource, by ids: [String: String]) throws(Outcome) {
        try resource.rewriteReferences { reference throws(Outcome) in
            if let settled = ids[reference.text] { return settled }
            switch reference.target {
            case .urn:
                throw Outcome(.notFound, at: reference.expression, "the reference must be to an entry of the Bundle")
            case .conditional:
                throw Outcome(.notSupported, at: reference.expression, "conditional references are not served yet")
            default: return nil
            }
        }
    }

    private static func response(_ stored: [StoredRecord]) -> JSON {
        let entries = stored.map { record -> JSON in
            [
                "response": [
                    "status": "201 Created",
                    "location": .string("\(record.type)/\(record.id)/_history/\(record.version)"),
                    "etag": .string("W/\"\(record.version)\""),
                ]
            ]
        }
        return ["resourceType": "Bundle", "type": "transaction-response", "entry": .array(entries)]
    }
}

extension Issue {
    /// The same issue, with its place within the Bundle.
    func inEntry(_ number: Int) -> Issue {
        let entry = "Bundle.entry[\(number)].resource"
        let rest = expression.map { place in
            place.text.split(separator: ".", maxSplits: 1).dropFirst().first.map { ".\($0)" } ?? ""
        }
        return Issue(severity, code, at: Expression(entry + (rest ?? "")), rule)
    }
}
