import Care
public import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Changing and deleting one record. What it was stays, as a version of its own.
extension PatientRecords {
    /// Replaces a record's content. Of what says the same as before, no version is made.
    ///
    /// One that was deleted is there again. A record stays with its patient.
    /// With `version`, from `If-Match`, only that version is replaced.
    /// - Throws: `Outcome` naming element and rule; `Refusal.versionDiffers`, `.changedMeanwhile`, `.notFound`.
    public func update(
        _ resource: Resource,
        id: String,
        ifMatch version: Int32? = nil,
        for caller: Caller
    ) async throws -> StoredRecord {
        try Validator.check(resource)
        try Minimisation.check(resource, profile: try await signIn.profile(for: caller))
        let index = try await index(for: caller)
        let tag = index.tag(kind: resource.type, id: id)
        let place = try Subjecthood(of: resource)
        let (pass, rows) = try await gate.open(
            Errand(.updateRecord, targets: [tag]),
            for: caller,
            work: [
                Self.current(tag, in: caller.organization), Self.others(of: [tag], in: caller.organization),
                Self.patients(at: place, index, in: caller.organization),
            ]
        )
        var current = try await opened(rows[0], id: id, under: pass)
        current.others = try Self.others(in: rows[1])[current.row] ?? []
        try current.require(version)
        try current.requirePlace(place, patients: rows[2])
        if try current.says(resource) { return current }
        let draft = Draft(resource, replacing: current, now: Date(), index: index)
        return try await write([draft], reach: [], under: pass, epoch: index.epoch)[0]
    }

    /// Deletes a record: from then on it is answered as deleted, and its versions stay. Deleting it again changes nothing.
    ///
    /// Answers with the version that is the mark of its deletion.
    /// - Throws: `Outcome` for a Patient, whose record goes with the person's keys and in no other way; `Refusal`.
    @discardableResult
    public func delete(
        _ type: String,
        _ id: String,
        ifMatch version: Int32? = nil,
        for caller: Caller
    ) async throws -> Int32 {
        try Self.requireDeletable(type)
        let index = try await index(for: caller)
        let tag = index.tag(kind: type, id: id)
        let (pass, rows) = try await gate.open(
            Errand(.deleteRecord, targets: [tag]),
            for: caller,
            work: [Self.current(tag, in: caller.organization), Self.others(of: [tag], in: caller.organization)]
        )
        var current = try await opened(rows[0], id: id, under: pass)
        current.others = try Self.others(in: rows[1])[current.row] ?? []
        try current.require(version)
        if current.isDeleted { return current.version }
        let draft = try Draft(deleting: current, now: Date(), tag: tag)
        return try await write([draft], reach: [], under: pass, epoch: index.epoch)[0].version
    }

    static func requireDeletable(_ type: String) throws(Outcome) {
        guard type != "Patient" else {
            throw Outcome(.businessRule, "a Patient is not deleted while there is a record of them; they are erased")
        }
    }

    /// The current row of a record.
    static func current(_ tag: [UInt8], in organization: UUID) -> SQL {
        "select \(SealedRecord.columns) from care.record where organization_id = \(organization) and tag = \(tag)"
    }

    /// Whom records are about besides those with whom they stand.
    static func others(of tags: [[UInt8]], in organization: UUID) -> SQL {
        """
        select record_id, patient_id from care.record_subject
         where organization_id = \(organization) and record_id in (
            select id from care.record where organization_id = \(organization) and tag = any (\(tags)) and is_about_several)
         order by record_id, patient_id
        """
    }

    /// The same by record.
    static func others(in rows: Rows) throws -> [UUID: [UUID]] {
        var others: [UUID: [UUID]] = [:]
        for row in rows {
            others[try row.decode(UUID.self, at: 0), default: []].append(try row.decode(UUID.self, at: 1))
        }
        return others
    }

    /// Whose record a resource would be of: no row for what is of no patient or of none whom the pass names.
    private static func patients(at place: Subjecthood, _ index: BlindIndex, in organization: UUID) -> SQL {
        let tags = place.patients.map { index.tag(kind: "Patient", id: $0) }
        return "select patient_id from care.record where organization_id = \(organization) and tag = any (\(tags))"
    }

    func opened(_ rows: Rows, id: String, under pass: Pass) async throws -> StoredRecord {
        guard let row = rows.first else { throw Refusal.notFound }
        let sealed = try SealedRecord(row)
        return try await open(sealed, id: id, under: pass)
    }
}

extension StoredRecord {
    /// That this is the version that somebody means to change.
    func require(_ wanted: Int32?) throws(Refusal) {
        if let wanted, wanted != version { throw .versionDiffers }
    }

    /// That a resource which shall replace this one belongs where this one does.
    fileprivate func requirePlace(_ place: Subjecthood, patients rows: Rows) throws {
        if place == .newPatient { return }
        let named = Set(try rows.map { row in try row.decode(UUID.self, at: 0) })
        guard named == Set(patients), named.count == place.patients.count else { throw Self.movesAway(type) }
    }

    static func movesAway(_ type: String) -> Outcome {
        Outcome(.businessRule, at: Expression(type), "a record stays with the patients or the directory that it is of")
    }

    /// Whether a resource says what this one does: all but `id` and what the server itself puts into `meta`.
    func says(_ other: Resource) throws -> Bool {
        guard !isDeleted else { return false }
        return try resource.withoutServersPart == other.withoutServersPart
    }
}

extension Resource {
    /// The resource without `id` and without what a server writes into `meta`.
    fileprivate var withoutServersPart: JSON {
        var object = object
        object["id"] = nil
        var meta = object["meta"]?.object ?? [:]
        meta["versionId"] = nil
        meta["lastUpdated"] = nil
        object["meta"] = meta.members.isEmpty ? nil : .object(meta)
        return .object(object)
    }
}
