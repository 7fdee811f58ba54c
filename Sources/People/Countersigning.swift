public import Care
public import Foundation
public import Postgres
import Seals
import Trail

/// Somebody who wrote or signed, by name.
public struct Signer: Sendable {
    public let account: Person.ID
    public let name: String
}

/// What can be signed by a second person, and by whom.
public struct CountersigningOffer: Sendable {
    /// The version of the record as it is now.
    public let version: Int32
    /// Whether the caller wrote it, within a day, and nobody has signed it.
    public let canBeSigned: Bool
    /// Members other than the caller who reach the patient, may write and have a PIN, by name.
    public let people: [Signer]

    /// With what each one's PIN is hashed.
    let settings: [Person.ID: String]
}

/// That a second person signed a version of a record.
public struct Countersignature: Sendable {
    public let version: Int32
    /// Who wrote it, and on whose device it was signed.
    public let writer: Signer
    public let signer: Signer
    public let at: Date
}

/// Two people on one device: the second signs, as themselves, what the first has just written. The database compares the PIN, and no pass is
/// opened for the second person (`database/records/current/52-countersignature.sql`).
extension SignIn {
    /// Who can sign the record that has this tag as the second person.
    ///
    /// - Throws: `Refusal.notFound` for what the caller may not write.
    public func offerCountersigning(of tag: [UInt8], for caller: Caller) async throws -> CountersigningOffer {
        let (_, rows) = try await gate.open(
            Errand(.offerCountersigning, targets: [tag]),
            for: caller,
            work: [
                "select version, can_be_signed, account, sealed_name, setting from care.offer_countersigning(\(tag))"
            ]
        )
        guard let first = rows[0].first else { throw Refusal.notFound }
        let names = Names(installation: try await keys.installation())
        var settings: [Person.ID: String] = [:]
        let people = try rows[0].compactMap { row -> Signer? in
            guard let account = try row.decode(UUID?.self, at: 2) else { return nil }
            settings[Person.ID(account)] = try row.decode(String.self, at: 4)
            return Signer(
                account: Person.ID(account),
                name: try names.open(row.decode([UInt8].self, at: 3), of: account, in: caller.organization)
            )
        }
        return CountersigningOffer(
            version: try first.decode(Int32.self, at: 0),
            canBeSigned: try first.decode(Bool.self, at: 1),
            people: people.sorted { $0.name < $1.name },
            settings: settings
        )
    }

    /// Signs a version of the record that has this tag as the second person, by their PIN. It takes a pass of its own, which ends with it.
    ///
    /// - Throws: `Refusal.secondPersonNeeded` for whoever cannot be one, `.cannotBeCountersigned`, `.wrongPIN`; ``TooManyTries``.
    public func countersign(
        _ version: Int32,
        of tag: [UInt8],
        by signer: Person.ID,
        pin typed: String,
        for caller: Caller
    ) async throws {
        let offer = try await offerCountersigning(of: tag, for: caller)
        guard let setting = offer.settings[signer] else { throw Refusal.secondPersonNeeded }
        // What is no PIN is hashed, too, and counted as a wrong one.
        let password = try await pinPassword(String(typed.prefix(64)), of: signer.uuid, in: caller.organization)
        let hash = try await hashing.run { password.hash(setting: setting) }
        let letter = try await outbox?.seal(.pinLocked)
        let seal = try await gate.auditSeal(caller)
        let (_, rows) = try await gate.open(
            Errand(.countersign, targets: [tag]),
            for: caller,
            work: [
                """
                select outcome, wait_until from care.countersign(
                    \(tag), \(version), \(signer.uuid), \(hash), \(letter?.id), \(letter?.sealed),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            ]
        )
        guard let row = rows[0].first else { throw Refusal.unavailable }
        switch try row.decode(Int32.self, at: 0) {
        case 0: return
        case 2: throw Refusal.wrongPIN
        case 4: throw Refusal.cannotBeCountersigned
        case 7: throw TooManyTries(until: try row.decode(Date?.self, at: 1) ?? Date())
        default: throw Refusal.secondPersonNeeded
        }
    }

    /// The statement that lists who signed versions of the record that has this tag, the newest first, under a pass that reads it.
    public static func countersignatures(of tag: [UInt8]) -> SQL {
        """
        select version, written_by, sealed_writer, signed_by, sealed_signer, signed_at from care.countersignatures(\(tag))
        """
    }

    /// Reads the rows of ``countersignatures(of:)``.
    public func readCountersignatures(_ rows: Rows, in organization: UUID) async throws -> [Countersignature] {
        guard !rows.isEmpty else { return [] }
        let names = Names(installation: try await keys.installation())
        let signer = { (row: Row, at: Int) in
            let account = try row.decode(UUID.self, at: at)
            let name = try names.open(row.decode([UInt8].self, at: at + 1), of: account, in: organization)
            return Signer(account: Person.ID(account), name: name)
        }
        return try rows.map { row in
            Countersignature(
                version: try row.decode(Int32.self, at: 0),
                writer: try signer(row, 1),
                signer: try signer(row, 3),
                at: try row.decode(Date.self, at: 5)
            )
        }
    }
}
