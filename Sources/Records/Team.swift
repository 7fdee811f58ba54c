public import Care
public import Foundation
public import People
import Postgres
import Seals

/// Who treats somebody: colleagues whom one of them lets in, into the team or for a job. (ROL-3)
extension PatientRecords {
    /// Who reaches a patient now, for those who treat them.
    public func team(of id: String, for caller: Caller) async throws -> [ReachedBy] {
        try await teamAndColleagues(of: id, for: caller).team
    }

    /// The same, and everybody who belongs here: of whom one may be let in.
    public func teamAndColleagues(
        of id: String,
        for caller: Caller
    ) async throws -> (team: [ReachedBy], colleagues: [Member]) {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let (_, rows) = try await gate.open(
            Errand(.listTeam, targets: [tag]),
            for: caller,
            work: [
                """
                select id, account_id, kind, purpose, since, until from care.reach
                 where organization_id = \(caller.organization) and withdrawn_at is null
                   and (until is null or until > now())
                 order by since, id
                """,
                Members.all(in: caller.organization),
            ]
        )
        let colleagues = try await members.read(rows[1], in: caller.organization)
        let byAccount = Dictionary(colleagues.map { ($0.account, $0) }) { first, _ in first }
        let team = try rows[0].map { row in
            ReachedBy(
                id: try row.decode(UUID.self, at: 0),
                member: byAccount[Person.ID(try row.decode(UUID.self, at: 1))],
                kind: Reach(rawValue: try row.decode(String.self, at: 2)) ?? .share,
                purpose: Purpose(rawValue: try row.decode(String.self, at: 3)) ?? .care,
                since: try row.decode(Date.self, at: 4),
                until: try row.decode(Date?.self, at: 5),
                lastLooked: nil
            )
        }
        return (team, colleagues.filter { $0.isActive && !$0.hasLeft })
    }

    /// Lets a colleague in, as `careTeam` or, until a time within 31 days, for an `assignment`.
    ///
    /// - Throws: `Refusal.reachIsNotYours` for more than the caller has, or to one who may read no records; `Refusal.notFound`.
    public func letIn(
        _ account: Person.ID,
        to id: String,
        as kind: Reach,
        until: Date?,
        for caller: Caller
    ) async throws -> UUID {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let reach = UUID()
        _ = try await gate.open(
            Errand(.giveReach, targets: [tag], query: "\(account) \(kind.rawValue)"),
            for: caller,
            work: ["select care.give_reach(\(reach), \(account.uuid), \(kind.rawValue), \(until)::timestamptz)"]
        )
        return reach
    }

    /// Ends such a reach, one's own or a colleague's, at once.
    public func endReach(_ reach: UUID, of id: String, for caller: Caller) async throws {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        _ = try await gate.open(
            Errand(.endReach, targets: [tag], query: reach.uuidString.lowercased()),
            for: caller,
            work: ["select care.end_reach(\(reach))"]
        )
    }
}
