import FoundationEssentials
import Postgres
import Seals

/// Records about several patients in which one takes another's place: `move_shared_record`.
///
/// Everybody here has a namesake of the same ids in the other organisation, about whom nothing may change.
extension GateChecks {
    /// A call of `move_shared_record`. As it is made it is whole.
    private struct SharedMove {
        var record: UUID
        var from: UUID
        var to: UUID
        var versions: [Int32]
        var changes: [UUID]

        /// Of a record that has moved so many times.
        init(_ record: Sealed, from: UUID, to: UUID, moved: Int32 = 0) {
            (self.record, self.from, self.to) = (record.id, from, to)
            // Former ones, and the current one, which becomes a former one.
            versions = Array(0...(moved + 1))
            changes = [record.change]
        }

        var statement: SQL {
            """
            select care.move_shared_record(
                \(record), \(from), \(to), \([UInt8]([2])), \([UInt8]([3])),
                \(versions), \(versions.map { [UInt8]([4, UInt8($0)]) }), \(changes), \(changes.map { _ in [UInt8]([5]) }))
            """
        }
    }

    /// Whom a record is about.
    private struct About: Equatable {
        let first: UUID
        let others: Set<UUID>
        let isAboutSeveral: Bool
        let version: Int32
    }

    private func about(_ record: Sealed, in house: House) throws -> About {
        let row = try scene.admin.query(
            """
            select r.patient_id, array(
                        select s.patient_id from care.record_subject s
                         where s.organization_id = r.organization_id and s.record_id = r.id),
                   r.is_about_several, r.version
              from care.record r where r.organization_id = \(house.organization) and r.id = \(record.id)
            """
        )[0]
        return About(
            first: try row.decode(UUID.self, at: 0),
            others: Set(try row.decode([UUID].self, at: 1)),
            isAboutSeveral: try row.decode(Bool.self, at: 2),
            version: try row.decode(Int32.self, at: 3)
        )
    }

    /// All that is sealed of a record, and whose it is.
    private func contents(of record: Sealed, in house: House) throws -> String {
        try scene.admin.query(
            """
            select concat_ws(' ', r.sealed, r.card,
                   (select string_agg(concat_ws(':', v.version, v.sealed, v.patient_id = r.patient_id), ',' order by v.version)
                      from care.version v where v.organization_id = r.organization_id and v.record_id = r.id),
                   (select string_agg(concat_ws(':', c.sealed_diff, c.patient_id = r.patient_id), ',') from care.change c
                     where c.organization_id = r.organization_id and c.record_id = r.id))
              from care.record r where r.organization_id = \(house.organization) and r.id = \(record.id)
            """
        )[0].decode(String.self, at: 0)
    }

    func sharedMoves() throws {
        let mover = try scene.somebody(["caregiver"], in: north)
        let (from, to, other) = (try kept(by: mover), try kept(by: mover), try kept(by: mover))
        try reachThird(mover, "guardian")
        let move = { (targets: [Sealed]) in
            try self.grant("a pass that moves", self.asks("record.move", mover, targets: targets))
        }
        let opened = try move([from.own, from.joint, to.person, other.person])
        try deniedSharedMoves(mover, from, to, other)
        try partialSharedMoves(opened, from, to, other)
        let untouched = try [from.own, from.joint, to.joint].map { record in
            (record, try about(record, in: south), try contents(of: record, in: south))
        }
        try replacing(opened, from, to)
        try joining(opened, from, to)
        for (record, who, what) in untouched {
            let isSame = try about(record, in: south) == who && contents(of: record, in: south) == what
            try must("move_shared_record", "no namesake's", isSame)
        }
    }

    private func deniedSharedMoves(_ mover: Someone, _ from: Kept, _ to: Kept, _ other: Kept) throws {
        let whole = SharedMove(from.own, from: from.patient, to: to.patient)
        try must("move_shared_record", "not without a pass", try isDenied(nil, whole.statement))
        for (condition, act, targets) in [
            ("not by a pass that changes", "bundle.write", [from.own, to.person]),
            ("not to whom the pass does not name", "record.move", [from.own, other.person]),
            ("not from whom the pass does not name", "record.move", [to.own, other.person]),
            ("not where the pass names a part of them", "record.move", [from.person, to.person]),
        ] {
            let opened = try grant("a pass, \(condition)", asks(act, mover, targets: targets))
            try must("move_shared_record", condition, try isDenied(opened, whole.statement))
        }
        let part = try grant("a pass for a part", asks("record.move", mover, targets: [from.person, to.person]))
        for (condition, record) in [
            ("nor where it stands with another", from.joint), ("not what is about one", from.weight),
        ] {
            let move = SharedMove(record, from: from.patient, to: to.patient)
            try must("move_shared_record", condition, try isDenied(part, move.statement))
        }
    }

    private func partialSharedMoves(_ opened: Scene.Opened, _ from: Kept, _ to: Kept, _ other: Kept) throws {
        func partial(_ condition: String, _ change: (inout SharedMove) -> Void) throws {
            var move = SharedMove(from.own, from: from.patient, to: to.patient)
            change(&move)
            try must("move_shared_record", condition, try failure(opened, move.statement) == "23514")
        }
        try partial("not from whom it is not about") { $0.from = other.patient }
        try partial("not from one to the same") { $0.to = from.patient }
        try partial("no version is left behind") { $0.versions.removeFirst() }
        try partial("nor the one that was current") { $0.versions.removeLast() }
        try partial("no version more than there are") { $0.versions.append(9) }
        try partial("no line of a change is left behind") { $0.changes = [] }
        try partial("no line more than there are") { $0.changes.append(UUID()) }
        try partial("no line of another record") { $0.changes = [from.joint.change] }
        try partial("nor beside its own") { $0.changes.append(from.joint.change) }
        try setMerged(to, into: other.patient)
        try partial("not to who was merged") { _ in }
        try setMerged(to, into: nil)
        let before = About(first: from.patient, others: [north.third], isAboutSeveral: true, version: 1)
        try must("move_shared_record", "what is refused moves nothing", try about(from.own, in: north) == before)
    }

    /// Somebody else in the place of the one with whom it stands, and of one beside.
    private func replacing(_ opened: Scene.Opened, _ from: Kept, _ to: Kept) throws {
        let first = SharedMove(from.own, from: from.patient, to: to.patient)
        try must("move_shared_record", "whole, it moves", try failure(opened, first.statement) == nil)
        let stands = About(first: to.patient, others: [north.third], isAboutSeveral: true, version: 2)
        try must("move_shared_record", "it stands with the other", try about(from.own, in: north) == stands)
        try must(
            "move_shared_record",
            "each with what is sealed for it",
            try contents(of: from.own, in: north) == "\\x02 \\x03 0:\\x0400:t,1:\\x0401:t \\x05:t"
        )
        let beside = About(first: north.third, others: [from.patient], isAboutSeveral: true, version: 1)
        try must("move_shared_record", "and nothing else", try about(from.joint, in: north) == beside)
        try must(
            "move_shared_record",
            "nor its contents",
            try contents(of: from.joint, in: north) == "\\x00 \\x00 0:\\x00:t \\x00:t"
        )
        try must("move_shared_record", "not a second time", try failure(opened, first.statement) == "23514")
        let second = SharedMove(from.joint, from: from.patient, to: to.patient)
        try must("move_shared_record", "beside, it moves", try failure(opened, second.statement) == nil)
        let now = About(first: north.third, others: [to.patient], isAboutSeveral: true, version: 2)
        try must("move_shared_record", "it is about the other", try about(from.joint, in: north) == now)
    }

    /// Somebody who is there already: it is about one less.
    private func joining(_ opened: Scene.Opened, _ from: Kept, _ to: Kept) throws {
        let alone = About(first: to.patient, others: [], isAboutSeveral: false, version: 3)
        for (condition, record) in [("of the first", from.own), ("of another", from.joint)] {
            let move = SharedMove(record, from: north.third, to: to.patient, moved: 1)
            try must("move_shared_record", "into the place \(condition)", try failure(opened, move.statement) == nil)
            try must("move_shared_record", "it is about one then, \(condition)", try about(record, in: north) == alone)
        }
        try scene.admin.query(
            """
            insert into care.record_subject (organization_id, record_id, patient_id)
            values (\(north.organization), \(to.joint.id), \(from.patient))
            """
        )
        let three = SharedMove(to.joint, from: from.patient, to: to.patient)
        try must("move_shared_record", "of three, it moves", try failure(opened, three.statement) == nil)
        let two = About(first: north.third, others: [to.patient], isAboutSeveral: true, version: 2)
        try must("move_shared_record", "and is about two", try about(to.joint, in: north) == two)
    }
}
