import Care
public import FHIR
import Foundation
public import People
import Postgres

/// A `Bundle` of type transaction: everything in it is written, or nothing is.
extension PatientRecords {
    /// Entries that one transaction or batch may hold.
    public static let mostEntries = 1_000

    /// Carries out a transaction, and answers with the transaction-response, in the order of its entries.
    ///
    /// Creates (conditional ones too), updates and deletes are one write. References to other entries by their `fullUrl`, and
    /// conditional ones (`Patient?identifier=…`), become references to what they lead to. Entries that read are answered
    /// after that, by `read`, each for itself: what is written is written.
    /// - Throws: `Outcome` naming entry, element and rule; `Refusal`.
    public func transaction(
        _ request: BundleRequest,
        for caller: Caller,
        read: (BundleRequest.Entry) async -> BundleResponse.Reply
    ) async throws -> [UInt8] {
        try Self.check(request)
        var places: [String: String] = [:]
        var existing: [Int: StoredRecord] = [:]
        try await settleConditionalCreates(of: request, &places, &existing, for: caller)
        var ids: [Int: String] = [:]
        for (number, entry) in request.entries.enumerated() where entry.method == .post && existing[number] == nil {
            let id = UUID().uuidString.lowercased()
            ids[number] = id
            if let url = entry.fullURL, let type = entry.resource?.type { places[url] = "\(type)/\(id)" }
        }
        for entry in request.entries where entry.method == .put {
            if let url = entry.fullURL, case .instance(let type, let id) = entry.target {
                places[url] = "\(type)/\(id)"
            }
        }
        try await settleConditionalReferences(of: request.entries, &places, for: caller)
        let plan = try await plan(request, ids: ids, places: places, existing: existing, for: caller)
        let written = try await write(plan, for: caller)
        var replies: [BundleResponse.Reply] = []
        for (number, entry) in request.entries.enumerated() {
            if let record = existing[number] {
                replies.append(.found(record))
            } else if let record = written[number] {
                replies.append(.written(record, isNew: record.version == 1))
            } else {
                replies.append(await read(entry))
            }
        }
        return BundleResponse.response(to: .transaction, replies)
    }

    private static func check(_ request: BundleRequest) throws(Outcome) {
        let root = Expression("Bundle").child("entry")
        guard !request.entries.isEmpty else { throw Outcome(.required, at: root, "a transaction must have entries") }
        guard request.entries.count <= mostEntries else {
            throw Outcome(.tooCostly, at: root, "a transaction has at most \(mostEntries) entries")
        }
        var changed: Set<String> = []
        for entry in request.entries where entry.method != .post && entry.method != .get {
            let place = entry.expression.child("request")
            guard entry.method == .put || entry.method == .delete else {
                throw Outcome(.notSupported, at: place.child("method"), "must be GET, POST, PUT or DELETE")
            }
            guard case .instance(let type, let id) = entry.target else {
                throw Outcome(
                    .notSupported,
                    at: place.child("url"),
                    "must be Type/id: conditional changes are not served"
                )
            }
            guard changed.insert("\(type)/\(id)").inserted else {
                throw Outcome(.duplicate, at: place.child("url"), "a transaction changes a record once")
            }
            if entry.method == .delete { try requireDeletable(type) }
        }
    }

    // MARK: Conditions

    /// Finds what conditional creates would make a second time: patients and the directory first, then what is theirs.
    private func settleConditionalCreates(
        of request: BundleRequest,
        _ places: inout [String: String],
        _ existing: inout [Int: StoredRecord],
        for caller: Caller
    ) async throws {
        let conditional = request.entries.enumerated().filter { $1.method == .post && $1.ifNoneExist != nil }
        let isOwn = { (entry: BundleRequest.Entry) in Self.isFoundAcrossPatients(entry.resource?.type ?? "") }
        for (number, entry) in conditional.filter({ isOwn($1) }) + conditional.filter({ !isOwn($1) }) {
            guard let resource = entry.resource, let condition = entry.ifNoneExist else { continue }
            var patient: String?
            if !isOwn(entry) {
                guard let subject = Compartment.subjects(of: resource).first,
                    case .relative("Patient", let id, _) = Reference.Target(places[subject] ?? subject)
                else { continue }  // a patient whom this bundle makes has nothing yet
                patient = id
            }
            let place = entry.expression.child("request").child("ifNoneExist")
            let found = try await matches(of: resource.type, condition, within: patient, at: place, for: caller)
            if let found {
                existing[number] = found
                if let url = entry.fullURL { places[url] = "\(found.type)/\(found.id)" }
            }
        }
    }

    /// The resource of an entry that stands for itself, as in a batch: its conditional references lead to what they name. `nil` for an
    /// entry without a resource.
    /// - Throws: `Outcome` naming entry, element and rule; `Refusal.severalMatch`.
    public func settledResource(of entry: BundleRequest.Entry, for caller: Caller) async throws -> Resource? {
        var places: [String: String] = [:]
        try await settleConditionalReferences(of: [entry], &places, for: caller)
        guard var resource = entry.resource, !places.isEmpty else { return entry.resource }
        try resource.rewriteReferences { reference throws(Outcome) in places[reference.text] }
        return resource
    }

    private func settleConditionalReferences(
        of entries: [BundleRequest.Entry],
        _ places: inout [String: String],
        for caller: Caller
    ) async throws {
        for entry in entries {
            guard let resource = entry.resource else { continue }
            let conditional = resource.references().filter { reference in
                if case .conditional = reference.target { return places[reference.text] == nil }
                return false
            }
            let isOwn = { (reference: Reference) in Self.isFoundAcrossPatients(reference.type ?? "") }
            for reference in conditional.filter(isOwn) + conditional.filter({ !isOwn($0) }) {
                guard case .conditional(let type) = reference.target else { continue }
                let query = String(reference.text.drop { $0 != "?" }.dropFirst())
                let place = entry.place(of: reference.expression)
                var patient: String?
                if !isOwn(reference), let subject = Compartment.subjects(of: resource).first,
                    case .relative("Patient", let id, _) = Reference.Target(places[subject] ?? subject)
                {
                    patient = id
                }
                let found = try await matches(of: type, query, within: patient, at: place, for: caller)
                guard let found else {
                    throw Outcome(.notFound, at: place, "the condition must be met by one record that you reach")
                }
                places[reference.text] = "\(found.type)/\(found.id)"
            }
        }
    }

    // MARK: The plan

    /// Settles references, validates, and lists what is to be written. Everything that is wrong is told at once.
    private func plan(
        _ request: BundleRequest,
        ids: [Int: String],
        places: [String: String],
        existing: [Int: StoredRecord],
        for caller: Caller
    ) async throws -> BundlePlan {
        let profile = try await signIn.profile(for: caller)
        var plan = BundlePlan()
        var issues: [Issue] = []
        for (number, entry) in request.entries.enumerated() where existing[number] == nil {
            do throws(Outcome) {
                if entry.method == .delete, case .instance(let type, let id) = entry.target {
                    plan.delete(type, id, ifMatch: try entry.version, number: number)
                }
                guard var resource = entry.resource, entry.method == .post || entry.method == .put else { continue }
                try Self.settleReferences(of: &resource, by: places)
                try Validator.check(resource)
                try Minimisation.check(resource, profile: profile)
                if let id = ids[number] {
                    try plan.add(resource, id: id, number: number)
                } else {
                    try plan.replace(resource, ifMatch: try entry.version, number: number)
                }
            } catch {
                issues += error.issues.map { $0.inEntry(number) }
            }
        }
        guard issues.isEmpty else { throw Outcome(issues) }
        return plan
    }

    private static func settleReferences(of resource: inout Resource, by places: [String: String]) throws(Outcome) {
        try resource.rewriteReferences { reference throws(Outcome) in
            if let settled = places[reference.text] { return settled }
            if case .urn = reference.target {
                throw Outcome(.notFound, at: reference.expression, "the reference must be to an entry of the Bundle")
            }
            return nil
        }
    }
}

extension BundleRequest.Entry {
    /// The version that `ifMatch` names.
    public var version: Int32? {
        get throws(Outcome) {
            guard let ifMatch else { return nil }
            guard let version = Int32(weakETag: ifMatch) else {
                throw Outcome(
                    .value,
                    at: expression.child("request").child("ifMatch"),
                    "must be the ETag of one version, as W/\"1\""
                )
            }
            return version
        }
    }

    /// Where an element of the entry's resource stands in the bundle.
    fileprivate func place(of element: FHIR.Expression) -> FHIR.Expression {
        let rest = element.text.split(separator: ".", maxSplits: 1).dropFirst().first.map { ".\($0)" } ?? ""
        return Expression(expression.child("resource").text + rest)
    }
}

extension Int32 {
    /// The version in an ETag as this server writes them: `W/"1"`. Without `W/`, or without quotes, it is understood too.
    public init?(weakETag text: String) {
        let bare = text.hasPrefix("W/") ? text.dropFirst(2) : text[...]
        let isQuoted = bare.count >= 2 && bare.first == "\"" && bare.last == "\""
        let digits = isQuoted ? bare.dropFirst().dropLast() : bare
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let version = Int32(digits) else { return nil }
        self = version
    }
}

extension BundleResponse.Reply {
    /// What is said of a write.
    public static func written(_ record: StoredRecord, isNew: Bool) -> Self {
        Self(
            status: record.isDeleted ? "204 No Content" : isNew ? "201 Created" : "200 OK",
            location: record.isDeleted ? nil : "\(record.type)/\(record.id)/_history/\(record.version)",
            etag: "W/\"\(record.version)\"",
            lastModified: record.writtenAt.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        )
    }

    /// What is said of a conditional create whose record was there.
    public static func found(_ record: StoredRecord) -> Self {
        Self(
            status: "200 OK",
            location: "\(record.type)/\(record.id)/_history/\(record.version)",
            etag: "W/\"\(record.version)\""
        )
    }
}

extension Issue {
    /// The same issue, with its place within the Bundle.
    func inEntry(_ number: Int) -> Issue {
        let entry = "Bundle.entry[\(number)]"
        guard let place = expression else {
            return Issue(severity, code, at: Expression("\(entry).resource"), rule)
        }
        if place.text.hasPrefix(entry) { return self }
        let rest = place.text.split(separator: ".", maxSplits: 1).dropFirst().first.map { ".\($0)" } ?? ""
        return Issue(severity, code, at: Expression("\(entry).resource\(rest)"), rule)
    }
}
