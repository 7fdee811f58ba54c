import FoundationEssentials
import Postgres
import Seals

/// Private entries: who keeps one, who sees it, and that nobody else learns that there is one.
extension GateChecks {
    /// Somebody's record with those who reach it, and an entry that its own person keeps private.
    private struct Secret {
        let kept: Kept
        let guardian: Someone
        let teen: Someone
        let record = UUID()
        let tag = Primitive.freshBytes(16)
        let salt: [UInt8]
        /// Under which it was written.
        let opened: Scene.Opened
    }

    func privateEntries() throws {
        try setProfile("family")
        defer { try? setProfile("clinic") }  // a failure is on its way already, or the next check tells
        try whoKeepsPrivate()
        try whatIsPrivate()
        let secret = try secret()
        try whoSeesPrivate(secret)
        try whatTheTrailShows(secret)
        try whatRefersToPrivate(secret)
        try whatElseReachesPrivate(secret)
        try laterVersions(secret)
    }

    private func pass(_ act: String, _ someone: Someone, _ kept: Kept) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone, about: kept))
    }

    private func write(_ id: UUID, _ tag: [UInt8], _ kept: Kept, to account: UUID?, _ kind: String = "Observation")
        -> SQL
    {
        """
        insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, private_to)
        values (\(north.organization), \(id), \(kept.patient), \(kind), 1, \(tag), '\\x00', '\\x00', \(account))
        """
    }

    private func write(_ kept: Kept, to account: UUID?, _ kind: String = "Observation") -> SQL {
        write(UUID(), Primitive.freshBytes(16), kept, to: account, kind)
    }

    private func family() throws -> (kept: Kept, guardian: Someone, teen: Someone) {
        let (guardian, teen) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["teen"], in: north))
        let kept = try kept(by: guardian)
        try scene.reach(kept, by: teen, as: "self", in: north)
        return (kept, guardian, teen)
    }

    private func secret() throws -> Secret {
        let (kept, guardian, teen) = try family()
        let request = asks("record.keep-private", teen, about: kept)
        let secret = Secret(
            kept: kept,
            guardian: guardian,
            teen: teen,
            salt: request.salt,
            opened: try grant("a pass to keep private", request)
        )
        let writing = write(secret.record, secret.tag, kept, to: teen.account)
        try must("acting_private_patients", "in one's own", try failure(secret.opened, writing) == nil)
        let line: SQL = """
            insert into care.change (organization_id, opening_id, record_id, patient_id, version, sealed_diff)
            values (\(north.organization), (select care.acting_opening()), \(secret.record), \(kept.patient), 1, '\\x00')
            """
        try must("acting_on", "one's own private one", try failure(secret.opened, line) == nil)
        return secret
    }

    // MARK: Writing

    private func whoKeepsPrivate() throws {
        let (kept, guardian, teen) = try family()
        try refuse("a guardian's", asks("record.keep-private", guardian, about: kept), as: "out of reach")
        let creating = try pass("record.create", teen, kept)
        try must(
            "acting_private_patients",
            "not by a pass that creates",
            try isDenied(creating, write(kept, to: teen.account))
        )
        try must("acting_private_patients", "what is not private", try failure(creating, write(kept, to: nil)) == nil)
        let by = try pass("record.create", guardian, kept)
        try must("record", "not to somebody else", try isDenied(by, write(kept, to: teen.account)))
        try must("acting_private_patients", "not by a guardian", try isDenied(by, write(kept, to: guardian.account)))
        let keeping = try pass("record.keep-private", teen, kept)
        try must("record", "not to a guardian", try isDenied(keeping, write(kept, to: guardian.account)))
        try must("acting_private_patients", "not of another", try isDenied(keeping, write(north.ada, to: teen.account)))
        try setProfile("clinic")
        try must("acting_private_patients", "not in a clinic", try isDenied(keeping, write(kept, to: teen.account)))
        try setProfile("family")
        try must("acting_private_patients", "in a family", try failure(keeping, write(kept, to: teen.account)) == nil)
    }

    private func whatIsPrivate() throws {
        let (kept, _, teen) = try family()
        let keeping = try pass("record.keep-private", teen, kept)
        for kind in ["Patient", "Appointment", "MedicationRequest", "MedicationStatement", "MedicationAdministration"] {
            try must("record", "no \(kind)", try failure(keeping, write(kept, to: teen.account, kind)) == "23514")
        }
        let several: SQL = """
            insert into care.record (
                organization_id, id, patient_id, kind, version, tag, sealed, card, private_to, is_about_several)
            values (\(north.organization), \(UUID()), \(kept.patient), 'Observation', 1, \(Primitive.freshBytes(16)), '\\x00', '\\x00',
                    \(teen.account), true)
            """
        try must("record", "nothing about several", try failure(keeping, several) == "23514")
    }

    // MARK: Seeing

    /// Everybody who reaches the record, each in their own way.
    private func others(_ secret: Secret) throws -> [(way: String, someone: Someone)] {
        var others = [(way: "guardian", someone: secret.guardian)]
        for (way, role) in [
            ("carer", "caregiver"), ("carer-reading", "member"), ("share", "clinician"), ("care-team", "clinician"),
            ("assignment", "clinician"), ("appointment", "clinician"), ("break-glass", "clinician"),
            ("break-glass-write", "clinician"),
            ("self", "patient"),
        ] {
            let one = try scene.somebody([role], in: north)
            try scene.reach(secret.kept, by: one, as: way, in: north)
            others.append((way, one))
        }
        return others
    }

    private func count(_ secret: Secret, _ table: SQL, _ opened: Scene.Opened) throws -> Int {
        try scene.count("select 1 from \(table) = \(secret.record)", under: opened)
    }

    private func whoSeesPrivate(_ secret: Secret) throws {
        let tables: [(String, SQL)] = [("record", "care.record where id"), ("change", "care.change where record_id")]
        let own = try pass("record.search", secret.teen, secret.kept)
        for (name, table) in tables {
            try must(name, "one's own is there", try count(secret, table, own) == 1)
        }
        let target = Scene.Request("record.read", by: secret.teen, of: north, targets: [secret.tag])
        try grant("one's own private entry", target)
        for (way, one) in try others(secret) {
            let opened = try pass("record.search", one, secret.kept)
            for (name, table) in tables {
                try must(name, "private to others, as \(way)", try count(secret, table, opened) == 0)
            }
            try must(
                "record",
                "the rest is there, as \(way)",
                try scene.count("select 1 from care.record", under: opened) > 0
            )
            for act in ["record.read", "record.history"] {
                try refuse(
                    "a private entry, as \(way)",
                    Scene.Request(act, by: one, of: north, targets: [secret.tag]),
                    as: "no such record"
                )
            }
        }
        for act in ["record.update", "record.delete"] {
            let request = Scene.Request(act, by: secret.guardian, of: north, targets: [secret.tag])
            try refuse("a private entry, to change", request, as: "no such record")
            let entry = try entries(request.salt).first
            try must("open_pass", "what is private is told to nobody", entry?.patient == nil && entry?.record == nil)
        }
        let changing = try pass("bundle.write", secret.guardian, secret.kept)
        let update: SQL = "update care.record set version = 2 where id = \(secret.record) returning 1"
        try must("record", "nobody else changes it", try scene.count(update, under: changing) == 0)
        try must("record", "nor takes it over", try isDenied(changing, "update care.record set private_to = null"))
    }

    private func whatTheTrailShows(_ secret: Secret) throws {
        let target = Scene.Request("record.read", by: secret.teen, of: north, targets: [secret.tag])
        try grant("one's own private entry", target)
        let refused = asks("record.keep-private", secret.guardian, about: secret.kept)
        try refuse("a guardian's", refused, as: "out of reach")
        let plain = asks("record.read", secret.teen, about: secret.kept)
        try grant("what is not private", plain)
        let (own, guardians) = (
            try pass("trail.read", secret.teen, secret.kept), try pass("trail.read", secret.guardian, secret.kept)
        )
        let seen = { (salt: [UInt8], opened: Scene.Opened) in
            try scene.count("select 1 from care.entry where salt = \(salt)", under: opened)
        }
        for (what, salt) in [("writing", secret.salt), ("reading", target.salt)] {
            try must("write_entry", "\(what) what is private is one's own", try seen(salt, own) == 1)
            try must("write_entry", "\(what) what is private is nobody else's", try seen(salt, guardians) == 0)
        }
        for (what, salt) in [("what was refused", refused.salt), ("what is not private", plain.salt)] {
            try must("open_pass", "\(what) is told to both", try seen(salt, own) == 1 && seen(salt, guardians) == 1)
        }
    }

    // MARK: Detours

    private func whatRefersToPrivate(_ secret: Secret) throws {
        let isUnknown = { (opened: Scene.Opened) in
            try answer([[UInt8]].self, opened, "select care.unknown_references(\([secret.tag]))") == [secret.tag]
        }
        let by = try pass("record.create", secret.guardian, secret.kept)
        try must("unknown_references", "what is private to another", try isUnknown(by))
        let open = try pass("record.create", secret.teen, secret.kept)
        try must("unknown_references", "what is private, from what is not", try isUnknown(open))
        let keeping = try pass("record.keep-private", secret.teen, secret.kept)
        try must("unknown_references", "what is private, from what is", try !isUnknown(keeping))
        let other = try scene.somebody(["patient"], in: north)
        try scene.reach(secret.kept, by: other, as: "self", in: north)
        let another = try pass("record.keep-private", other, secret.kept)
        try must("unknown_references", "what is private to another such", try isUnknown(another))
    }

    private func whatElseReachesPrivate(_ secret: Secret) throws {
        let by = try pass("record.create", secret.guardian, secret.kept)
        let line: SQL = """
            insert into care.change (organization_id, opening_id, record_id, patient_id, version, sealed_diff)
            values (\(north.organization), (select care.acting_opening()), \(secret.record), \(secret.kept.patient), 9, '\\x00')
            """
        try must("acting_on", "no line of what is private to another", try isDenied(by, line))
        let to = try kept(by: secret.guardian)
        let moving = try grant(
            "a pass that moves",
            asks("record.move", secret.guardian, targets: [secret.kept.weight, to.person])
        )
        let changes = try scene.admin.query("select id from care.change where record_id = \(secret.record)").map {
            try $0.decode(UUID.self, at: 0)
        }
        let move: SQL = """
            select care.move_records(
                \(secret.kept.patient), \(to.patient), \([secret.record]), \([[UInt8]([0])]), \([[UInt8]([0])]),
                \([secret.record]), \([Int32(1)]), \([[UInt8]([0])]), \(changes), \(changes.map { _ in [UInt8]([0]) }))
            """
        try must("move_records", "what is private stays", try failure(moving, move) == "23514")
    }

    /// What was private once stays so, version by version.
    private func laterVersions(_ secret: Secret) throws {
        let request = Scene.Request("record.update", by: secret.teen, of: north, targets: [secret.tag])
        let changing = try grant("one's own private entry, to change", request)
        let update: SQL = "update care.record set version = 2, sealed = '\\x02' where id = \(secret.record) returning 1"
        try must("record", "one changes one's own", try failure(changing, update) == nil)
        let versions = { (someone: Someone) in
            try count(secret, "care.version where record_id", pass("patient.history", someone, secret.kept))
        }
        try must("keep_version", "what it was is one's own", try versions(secret.teen) == 1)
        try must("keep_version", "what it was is nobody else's", try versions(secret.guardian) == 0)
    }
}
