import Care
import FHIR
import Foundation
import People
import Postgres
import Seals

/// Resources that are to be written together: their ids are settled and their references point to one another.
struct BundlePlan {
    /// One resource and where it belongs.
    struct Item {
        var resource: Resource
        let id: String
        /// The public ids of those whom it is about; none for the directory.
        let patients: [String]
        /// The one with whom it stands.
        var patient: String? { patients.first }
        /// Which entry of the bundle asks for it.
        var number = 0
    }

    /// A record that is there and is to be replaced or deleted.
    struct Change {
        let type: String
        let id: String
        /// What it shall be; `nil` if it is to go.
        let resource: Resource?
        /// The public ids of those whom the new resource names.
        let patients: [String]
        let ifMatch: Int32?
        let number: Int
    }

    private(set) var items: [Item] = []
    private(set) var changes: [Change] = []
    /// Patients who are made here: their rows by public id.
    private(set) var newPatients: [String: UUID] = [:]

    /// Adds a resource whose references are settled.
    mutating func add(_ resource: Resource, id: String, number: Int = 0) throws(Outcome) {
        var resource = resource
        resource.id = id
        let place = try Subjecthood(of: resource)
        if place == .newPatient { newPatients[id] = UUID() }
        let patients = place == .newPatient ? [id] : place.patients
        items.append(Item(resource: resource, id: id, patients: patients, number: number))
    }

    /// Adds a resource that takes the place of the one with its id.
    mutating func replace(_ resource: Resource, ifMatch version: Int32?, number: Int) throws(Outcome) {
        let id = resource.id ?? ""
        let place = try Subjecthood(of: resource)
        let patients = place == .newPatient ? [id] : place.patients
        changes.append(
            Change(
                type: resource.type,
                id: id,
                resource: resource,
                patients: patients,
                ifMatch: version,
                number: number
            )
        )
    }

    /// Adds a record that is to go.
    mutating func delete(_ type: String, _ id: String, ifMatch version: Int32?, number: Int) {
        changes.append(Change(type: type, id: id, resource: nil, patients: [], ifMatch: version, number: number))
    }

    /// The parts of a plan that may be written one after another: at most `size` items about at most 100 patients, who are as
    /// many as one pass names. A patient's own record comes before the others.
    func chunks(of size: Int) -> [[Item]] {
        let isPatient = { (item: Item) in item.resource.type == "Patient" }
        let byPatient = Dictionary(grouping: items, by: \.patient)
        var order: [String?] = []
        var seen: Set<String?> = []
        for item in items where seen.insert(item.patient).inserted { order.append(item.patient) }
        var chunks: [[Item]] = [[]]
        var named: Set<String> = []
        var later: [Item] = []
        for patient in order {
            let own = byPatient[patient] ?? []
            for item in own.filter(isPatient) + own.filter({ !isPatient($0) }) {
                if chunks[chunks.count - 1].count >= size || named.union(item.patients).count > 100 {
                    chunks.append([])
                    named = []
                }
                named.formUnion(item.patients)
                // What is about several waits until the last of them is there.
                if item.patients.count > 1 { later.append(item) } else { chunks[chunks.count - 1].append(item) }
            }
        }
        for item in later {
            if chunks[chunks.count - 1].count >= size || named.union(item.patients).count > 100 {
                chunks.append([])
                named = []
            }
            named.formUnion(item.patients)
            chunks[chunks.count - 1].append(item)
        }
        return chunks.filter { !$0.isEmpty }
    }
}

extension PatientRecords {
    /// Writes items in one transaction, under one pass that names their patients.
    func write(
        _ items: [BundlePlan.Item],
        newPatients: [String: UUID],
        reach extra: (UUID) -> [NewReach] = { _ in [] },
        isStrict: Bool,
        for caller: Caller
    ) async throws -> [StoredRecord] {
        let opened = try await open(items, [], newPatients: newPatients, for: caller)
        let drafts = try opened.drafts(of: items, now: Date())
        let reach = newPatients.values.flatMap { [.ofCreator(opened.pass, $0)] + extra($0) }
        return try await write(
            drafts,
            reach: reach,
            under: opened.pass,
            epoch: opened.index.epoch,
            isStrict: isStrict
        )
    }

    /// Writes a plan in one transaction. Answers with what is there now, by the number of the entry.
    func write(_ plan: BundlePlan, for caller: Caller) async throws -> [Int: StoredRecord] {
        guard !plan.items.isEmpty || !plan.changes.isEmpty else { return [:] }
        let opened = try await open(plan.items, plan.changes, newPatients: plan.newPatients, for: caller)
        let now = Date()
        var drafts = try opened.drafts(of: plan.items, now: now)
        var numbers = plan.items.map(\.number)
        var answers: [Int: StoredRecord] = [:]
        for change in plan.changes {
            let tag = opened.index.tag(kind: change.type, id: change.id)
            guard let current = opened.current[tag] else { throw Refusal.notFound }
            try current.require(change.ifMatch)
            if let draft = try opened.draft(of: change, current, now: now, tag: tag) {
                drafts.append(draft)
                numbers.append(change.number)
            } else {
                answers[change.number] = current
            }
        }
        guard !drafts.isEmpty else { return answers }
        let reach = plan.newPatients.values.map { NewReach.ofCreator(opened.pass, $0) }
        let stored = try await write(drafts, reach: reach, under: opened.pass, epoch: opened.index.epoch)
        for (number, record) in zip(numbers, stored) { answers[number] = record }
        return answers
    }

    /// A pass for a bundle, and what the gate and the store said of those whom it names.
    private struct OpenedBundle {
        let pass: Pass
        let index: BlindIndex
        /// Patients' rows, by public id.
        let rows: [String: UUID]
        /// The records that are to be changed, by tag.
        let current: [[UInt8]: StoredRecord]

        func drafts(of items: [BundlePlan.Item], now: Date) throws -> [Draft] {
            try items.map { item in
                Draft(item.resource, id: item.id, patients: try item.patients.map(row), now: now, index: index)
            }
        }

        /// `nil` where nothing changes.
        func draft(of change: BundlePlan.Change, _ current: StoredRecord, now: Date, tag: [UInt8]) throws -> Draft? {
            guard let resource = change.resource else {
                return current.isDeleted ? nil : try Draft(deleting: current, now: now, tag: tag)
            }
            guard try Set(change.patients.map(row)) == Set(current.patients) else {
                throw StoredRecord.movesAway(change.type)
            }
            return try current.says(resource) ? nil : Draft(resource, replacing: current, now: now, index: index)
        }

        private func row(of patient: String) throws -> UUID {
            guard let row = rows[patient] else { throw Refusal.notFound }
            return row
        }
    }

    private func open(
        _ items: [BundlePlan.Item],
        _ changes: [BundlePlan.Change],
        newPatients: [String: UUID],
        for caller: Caller
    ) async throws -> OpenedBundle {
        let index = try await index(for: caller)
        var isKnown: Set<String> = []
        let known = (items.flatMap(\.patients) + changes.flatMap(\.patients))
            .filter { newPatients[$0] == nil && isKnown.insert($0).inserted }
        let people = known.map { index.tag(kind: "Patient", id: $0) }
        let changed = changes.map { index.tag(kind: $0.type, id: $0.id) }
        let targets = people + changed.filter { !people.contains($0) }
        guard targets.count + newPatients.count <= 100 else {
            throw Outcome(.tooCostly, "a transaction is about 100 patients and changed records at most")
        }
        let errand = Errand(.writeBundle, targets: targets, newPatients: Array(newPatients.values))
        let work: [SQL] =
            changed.isEmpty
            ? []
            : [
                """
                select \(SealedRecord.columns), tag from care.record
                 where organization_id = \(caller.organization) and tag = any (\(changed))
                """, Self.others(of: changed, in: caller.organization),
            ]
        let (pass, answers) = try await gate.open(errand, for: caller, work: work)
        var rows = newPatients
        for (id, target) in zip(known, pass.targets) { rows[id] = target.patient }
        var current: [[UInt8]: StoredRecord] = [:]
        if let found = answers.first {
            var tags: [UUID: [UInt8]] = [:]
            for row in found { tags[try row.decode(UUID.self, at: 0)] = try row.decode([UInt8].self, at: 7) }
            let others = try Self.others(in: answers[1])
            for var record in try await open(found, under: pass) {
                record.others = others[record.row] ?? []
                tags[record.row].map { current[$0] = record }
            }
        }
        return OpenedBundle(pass: pass, index: index, rows: rows, current: current)
    }
}
