import FoundationEssentials
import Postgres
import Seals

/// Records that move to another patient, and patients who are merged: `move_records`, `merge_patients`,
/// `count_reach_of_merged`, and what the gate lets nobody do afterwards.
///
/// Everybody here has a namesake of the same ids in the other organisation, about whom nothing may change.
extension GateChecks {
    /// A call of `move_records`. As it is made it is whole.
    private struct Move {
        var from: UUID
        var to: UUID
        var records: [UUID]
        var versions: [(record: UUID, version: Int32)]
        var changes: [UUID]

        init(_ from: Kept, _ to: Kept) {
            (self.from, self.to) = (from.patient, to.patient)
            records = [from.weight.id]
            // Its former one, and the current one, which becomes a former one.
            versions = [(from.weight.id, 0), (from.weight.id, 1)]
            changes = [from.weight.change]
        }

        var statement: SQL {
            """
            select care.move_records(
                \(from), \(to), \(records), \(records.map { _ in [UInt8]([2]) }), \(records.map { _ in [UInt8]([3]) }),
                \(versions.map(\.record)), \(versions.map(\.version)), \(versions.map { [UInt8]([4, UInt8($0.version)]) }),
                \(changes), \(changes.map { _ in [UInt8]([5]) }))
            """
        }
    }

    func kept(by guardian: Someone) throws -> Kept {
        let kept = Kept()
        try scene.make(kept, keptBy: guardian, in: north)
        try scene.make(kept.namesake(), keptBy: south.keeper, in: south)
        return kept
    }

    func asks(_ act: String, _ someone: Someone, targets: [Sealed]) -> Scene.Request {
        Scene.Request(act, by: someone, of: north, targets: targets.map(\.tag))
    }

    func setMerged(_ kept: Kept, into other: UUID?, in house: House? = nil) throws {
        let organization = (house ?? north).organization
        try scene.admin.query(
            "update care.patient set merged_into = \(other) where organization_id = \(organization) and id = \(kept.patient)"
        )
    }

    // MARK: move_records

    func moves() throws {
        let mover = try scene.somebody(["caregiver"], in: north)
        let (from, to, other) = (try kept(by: mover), try kept(by: mover), try kept(by: mover))
        let opened = try grant("a pass that moves", asks("record.move", mover, targets: [from.weight, to.person]))
        let whole = Move(from, to)
        try deniedMoves(whole, mover, from, to, other)
        func partial(_ condition: String, _ change: (inout Move) -> Void) throws {
            var move = whole
            change(&move)
            try must("move_records", condition, try failure(opened, move.statement) == "23514")
        }
        try partial("not a third patient's record") { move in
            move = Move(other, to)
            move.from = from.patient
        }
        try partial("not one record in the name of another") { move in
            move = Move(other, to)
            move.from = from.patient
            move.versions.removeLast()
        }
        try partial("not who somebody is") { move in
            move.records = [from.person.id]
            move.versions = [(from.person.id, 0), (from.person.id, 1)]
            move.changes = [from.person.change]
        }
        try partial("not what is about others, too") { move in
            move.records = [from.own.id]
            move.versions = [(from.own.id, 0), (from.own.id, 1)]
            move.changes = [from.own.change]
        }
        try partial("not what is not there") { $0.records.append(UUID()) }
        try partial("no version is left behind") { $0.versions.removeFirst() }
        try partial("nor the one that was current") { $0.versions.removeLast() }
        try partial("no version more than there are") { $0.versions.append((from.weight.id, 9)) }
        try partial("no version of a record that stays") { $0.versions.append((from.person.id, 0)) }
        try partial("a version is named by its record") { $0.versions[0].record = UUID() }
        try partial("a line is named by its id") { $0.changes = [UUID()] }
        try partial("no line of a change is left behind") { $0.changes = [] }
        try partial("no line more than there are") { $0.changes.append(UUID()) }
        try partial("no line of a record that stays") { $0.changes.append(from.person.change) }
        try setMerged(to, into: other.patient)
        try partial("not to who was merged") { _ in }
        try setMerged(to, into: nil)
        try must("move_records", "what is refused moves nothing", try places(of: from, in: north) == [from.patient])
        try must("move_records", "whole, it moves", try answer(Int32.self, opened, whole.statement) == 1)
        try moved(from, to)
        try must("move_records", "not a second time", try failure(opened, whole.statement) == "23514")
    }

    private func deniedMoves(_ move: Move, _ mover: Someone, _ from: Kept, _ to: Kept, _ other: Kept) throws {
        try must("move_records", "not without a pass", try isDenied(nil, move.statement))
        for (condition, act, targets) in [
            ("not by a pass that changes", "bundle.write", [from.weight, to.person]),
            ("not to whom the pass does not name", "record.move", [from.weight, other.person]),
            ("not from whom the pass does not name", "record.move", [to.weight, other.person]),
            ("not by a pass of one of them", "record.move", [from.weight]),
        ] {
            let opened = try grant("a pass, \(condition)", asks(act, mover, targets: targets))
            try must("move_records", condition, try isDenied(opened, move.statement))
        }
    }

    /// Whose the rows of a record are: one patient, if it is whole.
    private func places(of kept: Kept, in house: House) throws -> Set<UUID> {
        let here: SQL = "organization_id = \(house.organization)"
        return try Set(
            scene.admin.query(
                """
                select patient_id from care.record where \(here) and id = \(kept.weight.id)
                union select patient_id from care.version where \(here) and record_id = \(kept.weight.id)
                union select patient_id from care.change where \(here) and record_id = \(kept.weight.id)
                """
            ).map { try $0.decode(UUID.self, at: 0) }
        )
    }

    private func moved(_ from: Kept, _ to: Kept) throws {
        try must("move_records", "all of it", try places(of: from, in: north) == [to.patient])
        let contents = try scene.admin.query(
            """
            select r.version = 2 and r.sealed = '\\x02' and r.card = '\\x03' and not r.is_deleted
                   and (select array_agg(v.sealed order by v.version) from care.version v
                         where v.organization_id = r.organization_id and v.record_id = r.id) = '{"\\\\x0400","\\\\x0401"}'
                   and (select c.sealed_diff from care.change c
                         where c.organization_id = r.organization_id and c.record_id = r.id) = '\\x05'
              from care.record r where organization_id = \(north.organization) and id = \(from.weight.id)
            """
        )
        try must(
            "move_records",
            "each with what is sealed for it",
            try contents.first?.decode(Bool.self, at: 0) == true
        )
        let stays = try scene.admin.query(
            """
            select from care.record where organization_id = \(north.organization) and id = \(from.person.id)
               and patient_id = \(from.patient) and version = 1
            """
        )
        try must("move_records", "and nothing else", stays.count == 1)
        try must("move_records", "no namesake's", try places(of: from, in: south) == [from.patient])
    }

    // MARK: merge_patients

    func merges() throws {
        let mover = try scene.somebody(["caregiver"], in: north)
        let (source, target, other) = (try kept(by: mover), try kept(by: mover), try kept(by: mover))
        let request = { self.asks("patient.merge", mover, targets: [source.person, target.person]) }
        let opened = try grant("a pass that merges", request())
        let merge: SQL = "select care.merge_patients(\(source.patient), \(target.patient))"
        try deniedMerges(merge, mover, source, target, other)
        func impossible(_ condition: String, _ statement: SQL? = nil) throws {
            try must("merge_patients", condition, try failure(opened, statement ?? merge) == "23514")
        }
        try impossible("not into oneself", "select care.merge_patients(\(source.patient), \(source.patient))")
        try setMerged(target, into: other.patient)
        try impossible("not into who was merged")
        try setMerged(target, into: nil)
        try setMerged(source, into: other.patient)
        try impossible("not twice into different ones")
        try setMerged(source, into: nil)
        try setMerged(other, into: source.patient)
        try impossible("not while somebody else's records are on their way here")
        try setMerged(other, into: nil)
        try counting(opened, source, target)
        try beginning(merge, mover, source, target)
        try afterwards(mover, source, target, other)
        let again = try grant("the merge itself goes on", request())
        try must("merge_patients", "a second time is no error", try failure(again, merge) == nil)
        let moves = Move(source, target).statement
        try must("move_records", "and its records move", try answer(Int32.self, again, moves) == 1)
        try must("move_records", "none back", try failure(again, Move(target, source).statement) == "23514")
        let back: SQL = "select care.merge_patients(\(target.patient), \(source.patient))"
        try must("merge_patients", "not in a circle", try failure(again, back) == "23514")
    }

    private func deniedMerges(_ merge: SQL, _ mover: Someone, _ source: Kept, _ target: Kept, _ other: Kept) throws {
        try must("merge_patients", "not without a pass", try isDenied(nil, merge))
        for (condition, act, targets) in [
            ("not by a pass that moves", "record.move", [source.person, target.person]),
            ("not whom the pass does not name", "patient.merge", [target.person, other.person]),
            ("not into whom the pass does not name", "patient.merge", [source.person, other.person]),
        ] {
            let opened = try grant("a pass, \(condition)", asks(act, mover, targets: targets))
            try must("merge_patients", condition, try isDenied(opened, merge))
        }
    }

    /// Merges, with others about who have nothing to do with it: elsewhere, finished, or into somebody else.
    private func beginning(_ merge: SQL, _ mover: Someone, _ source: Kept, _ target: Kept) throws {
        let (elsewhere, finished, unrelated) = (try kept(by: mover), try kept(by: mover), try kept(by: mover))
        try setMerged(elsewhere, into: source.patient, in: south)
        try setMerged(target, into: elsewhere.patient, in: south)
        try setMerged(unrelated, into: elsewhere.patient)
        let moved = [finished.weight.id, finished.own.id]
        for statement in [
            "delete from care.change where record_id = any (\(moved)) and organization_id = \(north.organization)",
            "delete from care.version where record_id = any (\(moved)) and organization_id = \(north.organization)",
            "delete from care.record_subject where record_id = any (\(moved)) and organization_id = \(north.organization)",
            "delete from care.record where id = any (\(moved)) and organization_id = \(north.organization)",
        ] as [SQL] {
            try scene.admin.query(statement)
        }
        try setMerged(finished, into: source.patient)
        let open = { (act: String, kept: Kept) in
            try self.grant("\(act), before the merge", self.asks(act, mover, about: kept))
        }
        let writes = try open("record.create", source)
        let shares = try open("reach.share", source)
        let reads = try open("record.read", source)
        let others = try open("record.create", target)
        let elsewheres = try grant(
            "a pass of a namesake",
            scene.request("record.create", by: south.keeper, of: south, about: try namesake(of: source))
        )
        let opened = try grant(
            "a pass to merge",
            asks("patient.merge", mover, targets: [source.person, target.person])
        )
        let tokens = try count("select from care.token")
        try must("merge_patients", "it begins", try failure(opened, merge) == nil)
        let merged = try scene.admin.query(
            "select organization_id from care.patient where merged_into = \(target.patient)"
        )
        try must(
            "merge_patients",
            "of this patient alone",
            try merged.map { try $0.decode(UUID.self, at: 0) } == [north.organization]
        )
        let found = try count(
            "select from care.token where organization_id = \(north.organization) and patient_id = \(source.patient)"
        )
        try must(
            "merge_patients",
            "nobody finds them any more, and everybody else is found",
            try found == 0 && count("select from care.token") == tokens - 1
        )
        let isThere = { (pass: Scene.Opened) in
            try self.count("select from care.pass where secret_sha256 = \(pass.sha256)") == 1
        }
        try must("merge_patients", "passes to write about them end", try !isThere(writes) && !isThere(shares))
        try must(
            "merge_patients",
            "and no others",
            try isThere(reads) && isThere(others) && isThere(elsewheres) && isThere(opened)
        )
        // Namesakes are nobody's business here.
        try setMerged(target, into: nil, in: south)
    }

    private func count(_ rows: SQL) throws -> Int { try scene.admin.query(rows).count }

    /// The namesake in the other organisation, by the tags that are there.
    private func namesake(of kept: Kept) throws -> Kept {
        var namesake = kept
        namesake.person.tag = try scene.admin.query(
            "select tag from care.record where organization_id = \(south.organization) and id = \(kept.person.id)"
        )[0].decode([UInt8].self, at: 0)
        return namesake
    }

    /// What the gate lets nobody do about who was merged, and what it does.
    private func afterwards(_ mover: Someone, _ source: Kept, _ target: Kept, _ other: Kept) throws {
        for act in ["record.create", "record.update", "record.delete", "bundle.write", "reach.share", "record.move"] {
            let request = asks(act, mover, about: source)
            try refuse("\(act) about who was merged", request, as: "patient was merged", outcome: 4)
            try grant("\(act) about the other", asks(act, mover, about: target))
        }
        for act in ["record.read", "record.history", "patient.everything", "trail.read", "reach.withdraw"] {
            try grant("\(act) about who was merged", asks(act, mover, about: source))
        }
        let (merged, moves) = ("patient was merged", [source.weight, target.person])
        try refuse(
            "moving from who was merged",
            asks("record.move", mover, targets: moves),
            as: merged,
            outcome: 4,
            entries: 2
        )
        let elsewhere = asks("patient.merge", mover, targets: [source.person, other.person])
        try refuse("merging once more, with another", elsewhere, as: merged, outcome: 4, entries: 2)
        try refuse("who was merged is told to nobody else", asks("record.create", about: source), as: "out of reach")
        let namesake = try namesake(of: source)
        try grant("a namesake was not", scene.request("record.create", by: south.keeper, of: south, about: namesake))
        let look: SQL = "select merged_into from care.patient where id = \(source.patient)"
        let opened = try grant(
            "a pass that goes on",
            asks("patient.merge", mover, targets: [source.person, target.person])
        )
        try must(
            "patient",
            "who merges may know of it",
            try answer(UUID?.self, opened, look) == target.patient
        )
    }

    // MARK: count_reach_of_merged

    /// Others' ways of reach, now. There is one: the clinician's share.
    private func counting(_ opened: Scene.Opened, _ source: Kept, _ target: Kept) throws {
        let count: SQL = "select care.count_reach_of_merged(\(source.patient))"
        let ways = { try answer(Int32.self, opened, count) }
        func set(_ assignment: SQL) throws {
            try scene.admin.query(
                "update care.reach set \(assignment) where organization_id = \(north.organization) and id = \(source.share)"
            )
        }
        try must("count_reach_of_merged", "others' are counted", try ways() == 1)
        try must("count_reach_of_merged", "not without a pass", try isDenied(nil, count))
        let moves = try grant("a pass that counts nothing", asks("record.move", about: north.ada))
        let own: SQL = "select care.count_reach_of_merged(\(north.ada.patient))"
        try must("count_reach_of_merged", "not by a pass that moves", try isDenied(moves, own))
        try must("count_reach_of_merged", "not of others", try isDenied(opened, own))
        try set("since = clock_timestamp() + interval '10 minutes'")
        try must("count_reach_of_merged", "not before it begins", try ways() == 0)
        try set("since = clock_timestamp() - interval '1 hour', until = clock_timestamp() - interval '1 minute'")
        try must("count_reach_of_merged", "not after its end", try ways() == 0)
        try set("until = clock_timestamp() + interval '1 hour', withdrawn_at = clock_timestamp()")
        try must("count_reach_of_merged", "not when withdrawn", try ways() == 0)
    }
}
