import Care
public import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Creating one record.
extension PatientRecords {
    /// Validates, seals and writes a new record under an id of the server's choosing.
    ///
    /// A Patient is new; the caller reaches them as their roles say (a caregiver as guardian …). What is of the directory is
    /// written there. Everything else must name one patient whom the caller may write about.
    /// - Throws: `Outcome` naming element and rule; `Refusal`.
    public func create(_ resource: Resource, for caller: Caller) async throws -> StoredRecord {
        try Validator.check(resource)
        try Minimisation.check(resource, profile: try await signIn.profile(for: caller))
        switch try Subjecthood(of: resource) {
        case .newPatient: return try await createPatient(resource, for: caller)
        case .directory: return try await createInDirectory(resource, for: caller)
        case .patient(let id): return try await create(resource, about: id, for: caller)
        case .patients(let ids): return try await create(resource, about: ids, for: caller)
        }
    }

    /// A record about several, all of whom the caller must be able to write about.
    private func create(_ resource: Resource, about patients: [String], for caller: Caller) async throws -> StoredRecord
    {
        let index = try await index(for: caller)
        let tags = patients.map { index.tag(kind: "Patient", id: $0) }
        let (pass, _) = try await gate.open(Errand(.createRecordAboutSeveral, targets: tags), for: caller)
        let rows = pass.targets.compactMap(\.patient)
        guard rows.count == patients.count else { throw Refusal.notFound }
        let draft = Draft(resource, id: UUID().uuidString.lowercased(), patients: rows, now: Date(), index: index)
        return try await write([draft], reach: [], under: pass, epoch: index.epoch)[0]
    }

    private func create(_ resource: Resource, about patient: String, for caller: Caller) async throws -> StoredRecord {
        let index = try await index(for: caller)
        let tag = index.tag(kind: "Patient", id: patient)
        let errand = Errand(.createRecord, targets: [tag])
        let id = UUID().uuidString.lowercased()
        guard let row = known.row(of: tag) else {
            let (pass, _) = try await gate.open(errand, for: caller)
            guard let row = pass.patients.first else { throw Refusal.notFound }
            known.remember(row, for: tag)
            let draft = Draft(resource, id: id, patients: [row], now: Date(), index: index)
            return try await write([draft], reach: [], under: pass, epoch: index.epoch)[0]
        }
        // The patient's row is known: what is sealed for it travels with the opening of the pass.
        let draft = Draft(resource, id: id, patients: [row], now: Date(), index: index)
        let sealer = try await keys.sealer(
            for: .patient(row, of: caller.organization),
            announcing: AnnouncedPass(for: caller, patients: [row])
        )
        let sealed = try SealedDrafts([draft], organization: caller.organization) { _ in sealer }
        do {
            let work = sealed.statements(reach: [], epoch: index.epoch, isStrict: true)
            _ = try await gate.open(errand, for: caller, work: work)
        } catch let error as PostgresError where error.constraint == Self.referenceRule {
            let (pass, _) = try await gate.open(errand, for: caller)
            throw try await unknownReferences(sealed.references, under: pass)
        }
        return sealed.records[0]
    }

    private func createInDirectory(_ resource: Resource, for caller: Caller) async throws -> StoredRecord {
        let index = try await index(for: caller)
        let (pass, _) = try await gate.open(Errand(.createDirectory), for: caller)
        let draft = Draft(resource, id: UUID().uuidString.lowercased(), patients: [], now: Date(), index: index)
        return try await write([draft], reach: [], under: pass, epoch: index.epoch)[0]
    }

    private func createPatient(_ resource: Resource, for caller: Caller) async throws -> StoredRecord {
        let index = try await index(for: caller)
        let patient = UUID()
        let (pass, _) = try await gate.open(Errand(.createPatient, newPatients: [patient]), for: caller)
        let draft = Draft(resource, id: UUID().uuidString.lowercased(), patients: [patient], now: Date(), index: index)
        return try await write([draft], reach: [.ofCreator(pass, patient)], under: pass, epoch: index.epoch)[0]
    }

    /// Seals drafts under a pass that is open, and writes them in one transaction.
    ///
    /// If `isStrict`, a reference that leads nowhere undoes it all; imports say how many there are instead.
    func write(
        _ drafts: [Draft],
        reach: [NewReach],
        under pass: Pass,
        epoch: Int32,
        isStrict: Bool = true
    ) async throws -> [StoredRecord] {
        var sealers: [Subject: Sealer] = [:]
        for subject in Set(drafts.flatMap({ $0.subjects(in: pass.organization) })) {
            // Durable in the key store before the first record that it seals.
            _ = try await keys.make(for: subject, under: pass)
            sealers[subject] = try await keys.sealer(for: subject, announcing: pass)
        }
        let sealed = try SealedDrafts(drafts, organization: pass.organization) { subject in
            guard let sealer = sealers[subject] else { throw SealError.noKey }
            return sealer
        }
        do {
            _ = try await gate.work(
                under: pass,
                sealed.statements(reach: reach, epoch: epoch, isStrict: isStrict)
            )
        } catch let error as PostgresError where error.constraint == Self.referenceRule {
            throw try await unknownReferences(sealed.references, under: pass)
        }
        return sealed.records
    }

    /// The constraint by which the database refuses a reference that leads nowhere.
    private static let referenceRule = "reference_is_known"

    /// Names the references that lead nowhere, or to what the pass does not cover: both are answered alike.
    private func unknownReferences(
        _ references: [(tag: [UInt8], place: FHIR.Expression)],
        under pass: Pass
    ) async throws -> Outcome {
        let tags = references.map(\.tag)
        let rows = try await gate.work(under: pass, ["select care.unknown_references(\(tags))"])
        let unknown = Set(try rows[0].first?.decode([[UInt8]].self, at: 0) ?? [])
        return Outcome(
            references.filter { unknown.contains($0.tag) }.map { reference in
                Issue(
                    .error,
                    .notFound,
                    at: reference.place,
                    "the reference must be to a record of the same patient, or of the directory"
                )
            }
        )
    }
}

/// Where a new resource belongs.
enum Subjecthood: Equatable {
    case newPatient
    case directory
    /// In the record of the patient with this public id.
    case patient(id: String)
    /// In the records of several, such as a mother and her baby: two to ``mostPatients``, each once.
    case patients(ids: [String])

    /// A record of more people is sealed for none of them, but for a group.
    static let mostPatients = 50

    /// The public ids of the patients whom it names, if they are there already.
    var patients: [String] {
        switch self {
        case .newPatient, .directory: []
        case .patient(let id): [id]
        case .patients(let ids): ids
        }
    }

    init(of resource: Resource) throws(Outcome) {
        if resource.type == "Patient" {
            self = .newPatient
            return
        }
        switch Compartment.membership(of: resource) {
        case .directory: self = .directory
        case .nobody, .undetermined:
            let element = ["subject", "patient"].first { resource.object[$0] != nil }
            throw Outcome(
                .required,
                at: element.map { Expression(resource.type).child($0) } ?? Expression(resource.type),
                "the resource must name the patient whom it is about"
            )
        case .patients(let references):
            guard references.count <= Self.mostPatients else {
                throw Outcome(
                    .tooCostly,
                    at: Expression(resource.type),
                    "a resource is about \(Self.mostPatients) patients at most"
                )
            }
            var ids: [String] = []
            for reference in references {
                guard case .relative("Patient", let id, _) = Reference.Target(reference) else {
                    throw Outcome(
                        .value,
                        at: Expression(resource.type),
                        "each patient must be one of this server, written as Patient/id"
                    )
                }
                if !ids.contains(id) { ids.append(id) }
            }
            self = ids.count == 1 ? .patient(id: ids[0]) : .patients(ids: ids)
        }
    }
}
