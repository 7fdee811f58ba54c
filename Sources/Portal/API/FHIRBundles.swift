import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People
import Records

/// Bundles of requests: `POST /fhir`.
extension FHIRRoutes {
    func bundle(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let bundle = try BundleRequest(Resource(try await JSON(body: request, limit: limits.bundle)))
        switch bundle.kind {
        case .transaction:
            let answer = try await records.transaction(bundle, for: visit.caller) { entry in
                // What it writes is one commit, and one write. What it reads is counted like anything that is read.
                do { return try await counted(entry, visit) } catch { return Self.reply(to: Failure(error)) }
            }
            return Response(json: answer)
        case .batch: return Response(json: try await batch(bundle, visit))
        }
    }

    /// Each entry for itself, in order; what goes wrong with one is its reply.
    private func batch(_ bundle: BundleRequest, _ visit: APIVisit) async throws -> [UInt8] {
        guard bundle.entries.count <= PatientRecords.mostEntries else {
            throw Outcome(
                .tooCostly,
                at: Expression("Bundle").child("entry"),
                "a batch has at most \(PatientRecords.mostEntries) entries"
            )
        }
        var replies: [BundleResponse.Reply] = []
        for entry in bundle.entries {
            do {
                replies.append(try await counted(entry, visit))
            } catch {
                let failure = Failure(error)
                // A fault of ours, and a session that is over, are the whole request's.
                if failure.status == .internalServerError || failure.status == .unauthorized { throw error }
                replies.append(Self.reply(to: failure))
            }
        }
        return BundleResponse.response(to: .batch, replies)
    }

    /// An entry's reply, counted as if it had been asked for by itself; where nothing is left to spend, that is the reply.
    private func counted(_ entry: BundleRequest.Entry, _ visit: APIVisit) async throws -> BundleResponse.Reply {
        let kind = RouteClass(entry)
        let address = RateLimits.Spender.address(RateLimits.network(of: visit.remoteAddress))
        let people = RateLimits.Spender.people(visit.caller.token)
        if let seconds = rates.wait(kind, [address] + people) {
            return BundleResponse.Reply(status: "429 Too Many Requests", outcome: .throttled(seconds))
        }
        rates.count(kind, [address])
        defer { if visit.caller.proof.isFound { rates.count(kind, people) } }
        return try await reply(to: entry, visit)
    }

    private func reply(to entry: BundleRequest.Entry, _ visit: APIVisit) async throws -> BundleResponse.Reply {
        switch (entry.method, entry.target) {
        case (.get, .instance(let type, let id)):
            let record = try await records.read(type, id, for: visit.caller)
            return BundleResponse.Reply(status: "200 OK", etag: "W/\"\(record.version)\"", resource: record.json)
        case (.get, .search(let type, let query)):
            return BundleResponse.Reply(
                status: "200 OK",
                resource: try await searchset(type, Self.parameters(query), visit)
            )
        case (.get, .type(let type)):
            return BundleResponse.Reply(status: "200 OK", resource: try await searchset(type, [], visit))
        case (.post, _):
            guard let resource = try await records.settledResource(of: entry, for: visit.caller) else {
                throw Outcome(.required, "a create must bring a resource")
            }
            guard let condition = entry.ifNoneExist else {
                return .written(try await records.create(resource, for: visit.caller), isNew: true)
            }
            let (record, isNew) = try await records.create(resource, ifNoneExist: condition, for: visit.caller)
            return isNew ? .written(record, isNew: true) : .found(record)
        case (.put, .instance(_, let id)):
            guard let resource = try await records.settledResource(of: entry, for: visit.caller) else {
                throw Outcome(.required, "an update must bring a resource")
            }
            let version = try entry.version
            let record = try await records.update(resource, id: id, ifMatch: version, for: visit.caller)
            return .written(record, isNew: false)
        case (.delete, .instance(let type, let id)):
            let version = try await records.delete(type, id, ifMatch: try entry.version, for: visit.caller)
            return BundleResponse.Reply(status: "204 No Content", etag: "W/\"\(version)\"")
        default:
            throw Outcome(
                .notSupported,
                at: entry.expression.child("request"),
                "an entry reads or searches (GET), creates (POST), updates or deletes one record (PUT, DELETE)"
            )
        }
    }

    private static func reply(to failure: Failure) -> BundleResponse.Reply {
        let status = "\(failure.status.code) \(failure.status.reasonPhrase)"
        return BundleResponse.Reply(status: status, outcome: failure.outcome)
    }
}
