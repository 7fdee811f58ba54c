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
        /// The public id of its patient; `nil` for the directory.
        let patient: String?
    }

    private(set) var items: [Item] = []
    /// Patients who are made here: their rows by public id.
    private(set) var newPatients: [String: UUID] = [:]

    /// Adds a resource whose references are settled.
    mutating func add(_ resource: Resource, id: String) throws(Outcome) {
        var resource = resource
        resource.id = id
        switch try Subjecthood(of: resource) {
        case .newPatient:
            newPatients[id] = UUID()
            items.append(Item(resource: resource, id: id, patient: id))
        case .directory: items.append(Item(resource: resource, id: id, patient: nil))
        case .patient(let patient): items.append(Item(resource: resource, id: id, patient: patient))
        }
    }

    /// Public ids of patients who must be there already.
    var knownPatients: [String] {
        var seen: Set<String> = []
        return items.compactMap(\.patient).filter { newPatients[$0] == nil && seen.insert($0).inserted }
    }

    /// The parts of a plan that may be written one after another: at most `size` items, a new patient's own record first.
    func chunks(of size: Int) -> [[Item]] {
        let ordered = items.filter { $0.resource.type == "Patient" } + items.filter { $0.resource.type != "Patient" }
        return stride(from: 0, to: ordered.count, by: size).map { Array(ordered[$0..<min($0 + size, ordered.count)]) }
    }
}

extension PatientRecords {
    /// Writes items in one transaction, under one pass that names their patients.
    func write(
        _ items: [BundlePlan.Item],
        newPatients: [String: UUID],
        reach: (UUID) -> [NewReach],
        isStrict: Bool,
        for caller: SignedInCaller
    ) async throws -> [StoredRecord] {
        let index = try await index(for: caller.caller)
        var isKnown: Set<String> = []
        let known = items.compactMap(\.patient).filter { newPatients[$0] == nil && isKnown.insert($0).inserted }
        let errand = Errand(
            .writeBundle,
            targets: known.map { index.tag(kind: "Patient", id: $0) },
            newPatients: Array(newPatients.values)
        )
        let (pass, _) = try await gate.open(errand, for: caller.caller)
        var rows = newPatients
        for (id, target) in zip(known, pass.targets) { rows[id] = target.patient }
        let now = Date()
        let drafts = try items.map { item in
            if let patient = item.patient, rows[patient] == nil { throw Refusal.notFound }
            return Draft(
                item.resource,
                id: item.id,
                patient: item.patient.flatMap { rows[$0] },
                now: now,
                index: index
            )
        }
        let newReach = newPatients.values.flatMap(reach)
        return try await write(drafts, reach: newReach, under: pass, epoch: index.epoch, isStrict: isStrict)
    }
}
