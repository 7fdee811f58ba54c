public import Care
public import Foundation
import Postgres
import Trail

/// Something that is set in an organisation.
public struct OrganizationSetting: Sendable {
    /// `disclosure.limit`.
    public let name: String
    /// `count`, `days` …
    public let kind: String
    public let value: String
    /// What the organisation's kind begins with.
    public let beginsWith: String
    public let floor: String?
    public let ceiling: String?
    /// Whether something acts on it yet.
    public let isObeyed: Bool
    /// Where it comes from, and when that was last looked at.
    public let source: String
    public let checkedOn: String
    /// When the organisation set it otherwise; `nil` where it did not.
    public let changedAt: Date?
}

/// How somebody leaves, and what those who run an organisation are told and may set. (ACC-6)
extension Members {
    /// Ends somebody's membership with all that it lets them do, now or at a time to come.
    ///
    /// Patients whom nobody else looks after go to the successor, if one is named; answers how many are left without anybody.
    ///
    /// - Throws: `Refusal.lastOwner`; `Refusal.roleIsNotYours`; `Refusal.endIsNotPossible`; `Refusal.notFound`.
    @discardableResult
    public func end(
        _ account: Person.ID,
        until: Date? = nil,
        successor: Person.ID? = nil,
        for caller: Caller
    ) async throws -> Int {
        try await end(.endMembership, account, until, successor, caller)
    }

    /// Ends one's own membership, now.
    @discardableResult
    public func leave(for caller: Caller) async throws -> Int {
        let query = Act.leave.rawValue
        let seal = try await gate.auditSeal(caller, query: query)
        let (_, rows) = try await gate.open(
            Errand(.leave, query: query),
            for: caller,
            work: [
                """
                select care.end_membership(
                    (select care.acting_account()), null, null, \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            ]
        )
        return Int(try rows[0].first?.decode(Int32.self, at: 0) ?? 0)
    }

    private func end(
        _ act: Act,
        _ account: Person.ID,
        _ until: Date?,
        _ successor: Person.ID?,
        _ caller: Caller
    ) async throws -> Int {
        let query = [account.description, until?.formatted(.iso8601), successor?.description].compactMap(\.self)
            .joined(separator: " ")
        let seal = try await gate.auditSeal(caller, query: query)
        let (_, rows) = try await gate.open(
            Errand(act, query: query),
            for: caller,
            work: [
                """
                select care.end_membership(
                    \(account.uuid), \(until)::timestamptz, \(successor?.uuid)::uuid,
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            ]
        )
        return Int(try rows[0].first?.decode(Int32.self, at: 0) ?? 0)
    }

    /// Who went beyond the limit of patients whom one may be shown in a day, the last 50 times.
    public func notices(for caller: Caller) async throws -> [(at: Date, account: Person.ID)] {
        let (_, rows) = try await gate.open(
            Errand(.listNotices),
            for: caller,
            work: [
                """
                select at, account_id from care.notice
                 where organization_id = \(caller.organization) order by at desc limit 50
                """
            ]
        )
        return try rows[0].map { (try $0.decode(Date.self, at: 0), Person.ID(try $0.decode(UUID.self, at: 1))) }
    }

    /// What is set.
    public func settings(for caller: Caller) async throws -> [OrganizationSetting] {
        let (_, rows) = try await gate.open(
            Errand(.listSettings),
            for: caller,
            work: [
                """
                select name, kind, value, begins_with, floor, ceiling, is_obeyed, source, checked_on::text,
                       changed_at
                  from care.settings()
                """
            ]
        )
        return try rows[0].map { row in
            OrganizationSetting(
                name: try row.decode(String.self, at: 0),
                kind: try row.decode(String.self, at: 1),
                value: try row.decode(String.self, at: 2),
                beginsWith: try row.decode(String.self, at: 3),
                floor: try row.decode(String?.self, at: 4),
                ceiling: try row.decode(String?.self, at: 5),
                isObeyed: try row.decode(Bool.self, at: 6),
                source: try row.decode(String.self, at: 7),
                checkedOn: try row.decode(String.self, at: 8),
                changedAt: try row.decode(Date?.self, at: 9)
            )
        }
    }

    /// Sets something otherwise; `nil` takes that back.
    ///
    /// - Throws: `Refusal.settingIsOutOfBounds`.
    public func change(setting name: String, to value: String?, for caller: Caller) async throws {
        _ = try await gate.open(
            Errand(.changeSetting, query: "\(name) \(value ?? "")"),
            for: caller,
            work: ["select care.change_setting(\(name), \(value))"]
        )
    }
}
