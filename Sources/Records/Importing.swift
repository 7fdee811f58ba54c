public import Care
public import FHIR
public import Foundation
public import People
import Postgres

/// Taking in records that others made: Bundles of any kind, or single resources.
extension PatientRecords {
    /// What came of one file.
    public struct ImportReport: Sendable {
        /// How many records of each type were written.
        public var written: [String: Int] = [:]
        /// Patients who were named and missing, so that a stub was made.
        public var stubs = 0
        /// How many records of the directory were there already, from this run.
        public var reused = 0
        /// What the profile forbids and was left out: element and rule, each once with how often.
        public var dropped: [String: Int] = [:]
        /// References that lead outside of what was brought.
        public var dangling = 0
    }

    /// What earlier files of a run brought, so that later ones can refer to it.
    public actor ImportRun {
        private var settled: [String: String] = [:]

        /// A run that has brought nothing yet.
        public init() {}

        func place(of reference: String) -> String? { settled[reference] }
        func settle(_ references: [String], at place: String) {
            for reference in references { settled[reference] = place }
        }
    }

    /// Who reaches the patients that an import makes.
    public struct ImportReach: Sendable {
        public var account: Person.ID
        public var kind: Reach
        /// Until when; a share must have an end.
        public var until: Date?

        /// Names one person.
        public init(account: Person.ID, kind: Reach, until: Date? = nil) {
            self.account = account
            self.kind = kind
            self.until = until
        }
    }

    /// A file that could not be written to its end. What is written stays: records are not taken back.
    public struct ImportBrokeOff: Error {
        /// How many records were written.
        public let written: Int
        /// How many there were to write.
        public let total: Int
        /// Why it broke off.
        public let reason: any Error
    }

    /// So many records are written in one transaction, which must not last longer than two seconds.
    static let mostInAChunk = 1_000

    /// Takes in a file. What the profile forbids is left out and reported; what is not valid R4 refuses the whole file.
    ///
    /// `progress` is told how many records are written, and of how many.
    /// - Throws: `ImportBrokeOff` if some of it is written; any other error if nothing is.
    public func importFile(
        _ json: JSON,
        in run: ImportRun,
        reach extra: [ImportReach] = [],
        for caller: Caller,
        progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> ImportReport {
        var report = ImportReport()
        let profile = try await signIn.profile(for: caller)
        let brought = try Self.resources(in: json, profile: profile, report: &report)
        let (plan, names) = try await plan(brought, in: run, report: &report)
        let others = { (patient: UUID) in
            extra.map { NewReach(patient: patient, account: $0.account.uuid, kind: $0.kind, until: $0.until) }
        }
        var done = 0
        for chunk in plan.chunks(of: Self.mostInAChunk) {
            let new = Set(chunk.filter { $0.resource.type == "Patient" }.map(\.id))
            let rows = plan.newPatients.filter { new.contains($0.key) }
            do {
                let stored = try await write(chunk, newPatients: rows, reach: others, isStrict: false, for: caller)
                for record in stored { report.written[record.type, default: 0] += 1 }
            } catch  where done > 0 {
                throw ImportBrokeOff(written: done, total: plan.items.count, reason: error)
            }
            // Only what is written can be referred to by later files.
            for item in chunk { await run.settle(names[item.id] ?? [], at: "\(item.resource.type)/\(item.id)") }
            done += chunk.count
            progress(done, plan.items.count)
        }
        return report
    }

    private struct Brought {
        var resource: Resource
        let names: [String]
    }

    private static func resources(
        in json: JSON,
        profile: Organization.Profile,
        report: inout ImportReport
    ) throws -> [Brought] {
        var brought: [Brought] = []
        var issues: [Issue] = []
        let isBundle = json["resourceType"]?.string == "Bundle"
        let contents: [(JSON, String?)] =
            isBundle
            ? (json["entry"]?.array ?? []).compactMap { entry in
                entry["resource"].map { ($0, entry["fullUrl"]?.string) }
            }
            : [(json, nil)]
        for (number, (content, url)) in contents.enumerated() {
            do throws(Outcome) {
                var resource = try Resource(content)
                for warning in Minimisation.drop(from: &resource, profile: profile) {
                    report.dropped[warning, default: 0] += 1
                }
                try Validator.check(resource)
                let old = resource.id.map { "\(resource.type)/\($0)" }
                brought.append(Brought(resource: resource, names: [url, old].compactMap(\.self)))
            } catch {
                issues += isBundle ? error.issues.map { $0.inEntry(number) } : error.issues
            }
        }
        guard issues.isEmpty else { throw Outcome(issues) }
        return brought
    }

    /// The plan of a file, and by which names its records may be referred to, by id.
    private func plan(
        _ brought: [Brought],
        in run: ImportRun,
        report: inout ImportReport
    ) async throws -> (BundlePlan, names: [String: [String]]) {
        var places: [String: String] = [:]
        var names: [String: [String]] = [:]
        func settle(_ type: String, _ given: [String]) -> String {
            let id = UUID().uuidString.lowercased()
            names[id] = given
            for name in given { places[name] = "\(type)/\(id)" }
            return id
        }
        var settled: [(resource: Resource, id: String)] = []
        for item in brought {
            if Compartment.isDirectory(item.resource.type), let name = item.names.first,
                await run.place(of: name) != nil
            {
                report.reused += 1
                continue
            }
            settled.append((item.resource, settle(item.resource.type, item.names)))
        }
        for name in settled.flatMap({ Self.names(in: $0.resource) }) where places[name] == nil {
            places[name] = await run.place(of: name)
        }
        var plan = BundlePlan()
        for missing in Self.missingPatients(settled.map(\.resource), but: places) {
            try plan.add(try Self.stub, id: settle("Patient", [missing]))
            report.stubs += 1
        }
        for (resource, id) in settled {
            var resource = resource
            var dangling = 0
            try resource.rewriteReferences { reference throws(Outcome) in
                if let place = places[reference.text] { return place }
                if case .contained = reference.target { return nil }
                dangling += 1
                return nil
            }
            report.dangling += dangling
            try plan.add(resource, id: id)
        }
        return (plan, names)
    }

    private static func names(in resource: Resource) -> [String] {
        resource.references().map(\.text) + Compartment.subjects(of: resource)
    }

    /// Patients who are named as subjects and are nowhere.
    private static func missingPatients(_ resources: [Resource], but places: [String: String]) -> [String] {
        var missing: [String] = []
        for resource in resources where resource.type != "Patient" {
            for subject in Compartment.subjects(of: resource)
            where places[subject] == nil && !missing.contains(subject) {
                missing.append(subject)
            }
        }
        return missing
    }

    /// A patient of whom nothing is known but that records speak of them.
    private static var stub: Resource {
        get throws(Outcome) {
            try Resource(["resourceType": "Patient", "active": true, "name": [["text": "Name not brought along"]]])
        }
    }
}
