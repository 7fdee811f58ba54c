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
    public func transaction(_ bundle: Resource, for caller: SignedInCaller) async throws -> [UInt8] {
        let entries = try Self.creates(of: BundleRequest(bundle))
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
        return BundleResponse.response(
            to: .transaction,
            stored.map { record in
                BundleResponse.Reply(
                    status: "201 Created",
                    location: "\(record.type)/\(record.id)/_history/\(record.version)",
                    etag: "W/\"\(record.version)\""
                )
            }
        )
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

    private struct Create {
        let fullURL: String?
        let resource: Resource
    }

    /// The creates that a transaction is made of. What else FHIR knows is refused by its place until it is served.
    private static func creates(of request: BundleRequest) throws(Outcome) -> [Create] {
        let root = Expression("Bundle")
        guard request.kind == .transaction else {
            throw Outcome(.notSupported, at: root.child("type"), "batches are not served yet, transactions are")
        }
        guard !request.entries.isEmpty else {
            throw Outcome(.required, at: root.child("entry"), "a transaction must have entries")
        }
        guard request.entries.count <= mostEntries else {
            throw Outcome(.tooCostly, at: root.child("entry"), "a transaction has at most \(mostEntries) entries")
        }
        return try request.entries.map { entry throws(Outcome) in
            let place = entry.expression.child("request")
            guard entry.method == .post, let resource = entry.resource else {
                throw Outcome(.notSupported, at: place.child("method"), "only creates (POST) are served yet")
            }
            guard entry.ifNoneExist == nil else {
                throw Outcome(.notSupported, at: place.child("ifNoneExist"), "conditional creates are not served yet")
            }
            return Create(fullURL: entry.fullURL, resource: resource)
        }
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
