import Care
public import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Merging two patients who turned out to be one person.
///
/// First both Patient records say so, and from then on nobody writes about the one who was merged. Then all that is theirs moves, in
/// transactions that are short. What breaks off is continued by merging once more.
extension PatientRecords {
    /// What came of a merge.
    public struct MergeReport: Sendable {
        /// How many records moved in this call, marks of deletions among them; of a preview, how many would.
        public fileprivate(set) var moved = 0
        public let isPreview: Bool
        /// Whether it had been begun before.
        public let isContinued: Bool
        /// In how many ways others reach the patient who was merged. They were not carried over: what was given for one
        /// record must not open another.
        public let waysOfReach: Int
        /// The patient into whom was merged, as they are now; of a preview, as they would be.
        public fileprivate(set) var target: Resource
    }

    /// Records that one transaction of a merge moves, at most, and versions, and bytes of contents.
    static let (mergeStep, mergeVersions, mergeBytes): (Int, Int, Int) = (200, 1_000, 8 << 20)

    /// Merges a patient, the source, into another one, the target.
    ///
    /// `progress` is told how many records have moved. What it throws breaks the merge off, between two transactions.
    /// - Throws: `Outcome` naming element and rule; `Refusal.patientMerged` if either was merged into somebody else.
    public func merge(
        _ source: String,
        into target: String,
        isPreview: Bool = false,
        for caller: Caller,
        inStepsOf step: Int? = nil,
        progress: @Sendable (Int) throws -> Void = { _ in }
    ) async throws -> MergeReport {
        guard source != target else {
            throw Outcome(.businessRule, at: Expression("Parameters"), "source and target must be two patients")
        }
        let merge = try await open(source, into: target, isPreview: isPreview, for: caller)
        var report = merge.report(isPreview: isPreview)
        guard !isPreview else {
            report.moved = merge.count
            return report
        }
        if !merge.isBegun { report.target = try await begin(merge) }
        report.moved = try await moveEverything(merge, inStepsOf: step ?? Self.mergeStep, for: caller, progress)
        return report
    }

    /// A merge whose pass is open, and of which everything is checked that can be.
    private struct Merge {
        var pass: Pass
        let index: BlindIndex
        let errand: Errand
        let source: StoredRecord
        let target: StoredRecord
        let way: MovingWay
        let isBegun: Bool
        let waysOfReach: Int
        /// How many records are to be moved.
        let count: Int
        /// Those among them that are about others, too.
        let shared: [SharedRecord]
        /// The two Patient resources as they say so.
        let replaced: Resource
        let replacing: Resource

        func report(isPreview: Bool) -> MergeReport {
            MergeReport(isPreview: isPreview, isContinued: isBegun, waysOfReach: waysOfReach, target: replacing)
        }
    }

    /// A record about several patients, by which it is found.
    private struct SharedRecord {
        let row: UUID
        let tag: [UInt8]
    }

    private func open(
        _ source: String,
        into target: String,
        isPreview: Bool,
        for caller: Caller
    ) async throws -> Merge {
        let index = try await index(for: caller)
        let organization = caller.organization
        let tags = [source, target].map { index.tag(kind: "Patient", id: $0) }
        let errand = Errand(.mergePatients, targets: tags, query: isPreview ? "preview" : "")
        let (first, rows) = try await gate.open(
            errand,
            for: caller,
            work: [
                Self.current(tags[0], in: organization), Self.current(tags[1], in: organization),
                """
                select p.id from care.patient p
                 where p.organization_id = \(organization) and p.merged_into is not null
                   and p.id = any ((select care.acting_patients('record.move'))::uuid[])
                """,
                """
                select care.count_reach_of_merged(patient_id), (
                       select count(*) from care.record r
                        where r.organization_id = \(organization) and r.patient_id = s.patient_id and r.kind <> 'Patient')
                  from care.record s where organization_id = \(organization) and tag = \(tags[0])
                """,
                """
                select r.id, r.tag, r.patient_id from care.record r
                 where r.organization_id = \(organization) and r.is_about_several
                   and exists (
                        select from care.record s
                         where s.organization_id = r.organization_id and s.tag = \(tags[0])
                           and (s.patient_id = r.patient_id or exists (
                                select from care.record_subject o
                                 where o.organization_id = r.organization_id and o.record_id = r.id
                                   and o.patient_id = s.patient_id)))
                 order by r.id
                """,
            ]
        )
        let (from, to) = (
            try await opened(rows[0], id: source, under: first), try await opened(rows[1], id: target, under: first)
        )
        guard let fromRow = from.patient, let toRow = to.patient, let counts = rows[3].first else {
            throw Refusal.notFound
        }
        let merged = try rows[2].map { try $0.decode(UUID.self, at: 0) }
        guard !merged.contains(toRow) else {
            throw Outcome(
                .businessRule,
                at: Expression("Parameters"),
                "the target was merged into the source: a merge leads one way"
            )
        }
        let isBegun = merged.contains(fromRow)
        let way = MovingWay(source: fromRow, target: toRow, sourceID: source, targetID: target)
        let elsewhere = try rows[4].count { try $0.decode(UUID?.self, at: 2) != fromRow }
        let shared = try rows[4].map { row in
            SharedRecord(row: try row.decode(UUID.self, at: 0), tag: try row.decode([UInt8].self, at: 1))
        }
        if !isBegun { try await requireMovable(way, under: first) }
        let whole = Self.errand(errand, with: shared.prefix(Self.mostSharedMoved))
        return Merge(
            pass: shared.isEmpty ? first : try await open(whole, withAll: shared.count, for: caller),
            index: index,
            errand: whole,
            source: from,
            target: to,
            way: way,
            isBegun: isBegun,
            waysOfReach: Int(try counts.decode(Int32.self, at: 0)),
            count: Int(try counts.decode(Int64.self, at: 1)) + elsewhere,
            shared: shared,
            replaced: try from.resource.linked("replaced-by", to: target, isActive: false),
            replacing: isBegun ? try to.resource : try to.resource.linked("replaces", to: source)
        )
    }

    /// Records about several that one pass names, beside the two who are merged.
    private static let mostSharedMoved = 98

    /// The same, for records about several as well.
    private static func errand(_ errand: Errand, with shared: ArraySlice<SharedRecord>) -> Errand {
        Errand(.mergePatients, targets: errand.targets.prefix(2) + shared.map(\.tag), query: errand.query)
    }

    /// A pass that names all whom records about several are about.
    private func open(_ errand: Errand, withAll count: Int, for caller: Caller) async throws -> Pass {
        do {
            return try await gate.open(errand, for: caller).pass
        } catch Refusal.notFound {
            throw Outcome(
                .businessRule,
                at: Expression("Parameters"),
                "\(count) of the source's records are about other patients, too, and to merge takes reaching all of them"
            )
        }
    }

    /// That all of a patient's records can move, before the first one does.
    private func requireMovable(_ way: MovingWay, under pass: Pass) async throws {
        var stuck: [String: Int] = [:]
        for record in try await everythingCurrent(of: way.source, under: pass)
        where record.type != "Patient" && !record.isAboutSeveral {
            do throws(Outcome) { _ = try way.rewritten(try record.whole) } catch { stuck[record.type, default: 0] += 1 }
        }
        guard stuck.isEmpty else {
            throw Outcome(
                stuck.sorted { $0.key < $1.key }.map { type, count in
                    let rule =
                        "\(count) of the source's records of this type cannot move: they are about other patients, too"
                    return Issue(.error, .notSupported, at: Expression(type), rule)
                }
            )
        }
    }

    /// Writes down that the source is the target. Answers with the target's resource.
    private func begin(_ merge: Merge) async throws -> Resource {
        let (pass, way, now) = (merge.pass, merge.way, Date())
        var source = Draft(merge.replaced, replacing: merge.source, now: now, index: merge.index)
        // Nobody finds them by name any more.
        source.tokens = []
        let target = Draft(merge.replacing, replacing: merge.target, now: now, index: merge.index)
        var sealers: [Subject: Sealer] = [:]
        for draft in [source, target] {
            for subject in draft.subjects(in: pass.organization) {
                sealers[subject] = try await keys.sealer(for: subject, announcing: pass)
            }
        }
        let sealed = try SealedDrafts([source, target], organization: pass.organization) { subject in
            guard let sealer = sealers[subject] else { throw SealError.noKey }
            return sealer
        }
        let mark: SQL = "select care.merge_patients(\(way.source), \(way.target))"
        do {
            let written = sealed.statements(reach: [], epoch: merge.index.epoch, isStrict: false)
            _ = try await gate.work(under: pass, [mark] + written)
        } catch let error as PostgresError where error.constraint == "merge_is_finished" {
            throw Outcome(
                .businessRule,
                at: Expression("Parameters"),
                "somebody else's merge into the source is not finished; merge those two once more first"
            )
        }
        return target.resource
    }

    /// Moves what the source has, in steps. Answers with how many records moved.
    private func moveEverything(
        _ merge: Merge,
        inStepsOf step: Int,
        for caller: Caller,
        _ progress: @Sendable (Int) throws -> Void
    ) async throws -> Int {
        var pass = merge.pass
        var moved = try await moveShared(merge, for: caller, progress)
        var disturbances = 0
        while true {
            // A pass is good for a minute.
            if pass.until.timeIntervalSinceNow < 20 { (pass, _) = try await gate.open(merge.errand, for: caller) }
            let rows = try await gate.work(under: pass, [Self.nextToMove(of: merge.way.source, step, under: pass)])[0]
            guard !rows.isEmpty else { return moved }
            let records = try await open(rows, under: pass)
            guard records.count == rows.count else { throw Refusal.notFound }
            do {
                moved += try await move(records, merge.way, under: pass, index: merge.index).count
            } catch Refusal.changedMeanwhile where disturbances < 5 {
                disturbances += 1  // two who merge the same, or somebody who was still writing
                continue
            }
            try progress(moved)
        }
    }

    /// Moves what is about others, too: each in a transaction of its own. Answers with how many moved.
    private func moveShared(
        _ merge: Merge,
        for caller: Caller,
        _ progress: @Sendable (Int) throws -> Void
    ) async throws -> Int {
        var pass = merge.pass
        var (moved, disturbances) = (0, 0)
        var rest = merge.shared[...]
        while !rest.isEmpty {
            let part = rest.prefix(Self.mostSharedMoved)
            let errand = Self.errand(merge.errand, with: part)
            if rest.startIndex > 0 { pass = try await open(errand, withAll: rest.count, for: caller) }
            var left = Set(part.map(\.row))
            while let row = left.first {
                // A pass is good for a minute.
                if pass.until.timeIntervalSinceNow < 20 {
                    pass = try await open(errand, withAll: left.count, for: caller)
                }
                do {
                    if try await moveShared(row, merge, under: pass) { moved += 1 }
                } catch Refusal.changedMeanwhile where disturbances < 5 {
                    disturbances += 1
                    continue
                }
                left.remove(row)
                try progress(moved)
            }
            rest = rest.dropFirst(part.count)
        }
        return moved
    }

    /// Whether it moved: somebody else who merges the same may have been there before.
    private func moveShared(_ row: UUID, _ merge: Merge, under pass: Pass) async throws -> Bool {
        let sealed: SQL =
            "select \(SealedRecord.columns) from care.record where organization_id = \(pass.organization) and id = \(row)"
        let subjects = try await subjects(ofShared: [row], under: pass)[row] ?? []
        let records = try await open(gate.work(under: pass, [sealed])[0], under: pass)
        guard subjects.contains(merge.way.source), let record = records.first else { return false }
        _ = try await moveShared(record, of: subjects, merge.way, under: pass, index: merge.index)
        return true
    }

    /// The next records of a patient, as many as one short transaction can move; at least one.
    private static func nextToMove(of patient: UUID, _ step: Int, under pass: Pass) -> SQL {
        """
        select \(SealedRecord.columns) from (
            select r.*, row_number() over earlier as number, sum(version) over earlier as versions,
                   sum(version * octet_length(sealed)::bigint) over earlier as bytes
              from (select * from care.record
                     where organization_id = \(pass.organization) and patient_id = \(patient) and kind <> 'Patient'
                       and not is_about_several
                     order by id limit \(Int64(step))) r
            window earlier as (order by id)
          ) r
         where number = 1 or (versions <= \(Int64(mergeVersions)) and bytes <= \(Int64(mergeBytes)))
        """
    }
}

extension StoredRecord {
    /// The resource; what cannot be read is an outcome.
    fileprivate var whole: Resource {
        get throws(Outcome) {
            if let parsed { return parsed }
            return try Resource(parsing: json)
        }
    }
}

extension Resource {
    /// A Patient that says of which other record of the same person it is the old or the new one.
    fileprivate func linked(_ kind: String, to patient: String, isActive: Bool? = nil) -> Resource {
        var patientResource = self
        let link: JSON = ["other": ["reference": .string("Patient/\(patient)")], "type": .string(kind)]
        var links = object["link"]?.array ?? []
        let isThere = links.contains { other in
            other["type"]?.string == kind && other["other"]?["reference"]?.string == "Patient/\(patient)"
        }
        if !isThere { links.append(link) }
        patientResource.object["link"] = .array(links)
        if let isActive { patientResource.object["active"] = .bool(isActive) }
        return patientResource
    }
}
