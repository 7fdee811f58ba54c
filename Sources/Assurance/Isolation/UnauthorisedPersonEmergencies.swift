import FoundationEssentials
import Postgres
import Seals

// Emergencies: what there is of them, who opens a record so, and who reviews it. (ROL-8)

extension DeclaredGrants {
    /// What the records store's roles may for emergencies.
    static let emergencies = """
        act break-glass.list: organization, asks for emergency.administer, carries break-glass.read, entry.read, member.read
        act break-glass.offer: organization, asks for emergency.write, carries break-glass.offer; after stepping up
        act break-glass.open: organization, asks for emergency.write, carries break-glass.open; after stepping up
        act break-glass.review: organization, asks for emergency.administer, carries break-glass.review
        being admin in clinic, operations (offered in clinic, operations): directory.read, directory.write, \
        emergency.write, member.administer, member.read, overview.administer, overview.read, record.administer, \
        record.export, record.read, record.write, \
        role.administer, settings.administer, settings.read, sharing.read, sharing.write, sign-in.read, trail.read
        being clinician in clinic, operations (offered in clinic, operations): directory.read, directory.write, \
        emergency.write, member.read, record.administer, record.export, record.read, record.write, sharing.read, \
        sharing.write, trail.read
        being owner in clinic, operations (offered in clinic, operations): directory.read, directory.write, \
        emergency.write, member.administer, member.read, overview.administer, overview.read, record.administer, \
        record.export, record.read, record.write, \
        role.administer, settings.administer, settings.read, sharing.read, sharing.write, sign-in.administer, \
        sign-in.read, trail.administer, trail.read
        being privacy-officer in clinic, operations (offered in clinic, operations): emergency.administer, member.read, \
        settings.read, sharing.read, trail.administer, trail.read
        carekeep_gate may select on break_glass
        carekeep_gate may insert on break_glass
        carekeep_gate may update on break_glass \
        (is_justified, review_key_epoch, review_salt, review_sealed, reviewed_at, reviewer_id)
        carekeep_server may select on break_glass
        carekeep_server may execute break_glass_terms()
        carekeep_server may execute break_glass(uuid,bigint[],integer,integer,bytea,bytea,uuid[],text,bytea[])
        carekeep_server may execute is_of_an_emergency(uuid,uuid,timestamp with time zone)
        carekeep_server may execute review_break_glass(uuid,boolean,integer,bytea,bytea)

        """
}

extension Specimen {
    static let emergencies = [
        Specimen(
            name: "break_glass",
            table: "break_glass",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.emergency)" },
            row: { victim, existing in
                [
                    of(victim), ("id", "\(existing ? victim.house.emergency : UUID())"),
                    ("account_id", "\(victim.house.clinician.account)"), ("since", "now()"), ("key_epoch", "1"),
                    ("salt", "\(Primitive.freshBytes(32))"), ("sealed", "\([UInt8]([0]))"),
                ]
            },
            change: "is_justified = null",
            opened: [.select: ["break-glass.list"]],
            isOfPatient: false
        ),
        Specimen(
            name: "entry (of an emergency)",
            table: "entry",
            match: {
                "organization_id = \($0.house.organization) and patient_id = \($0.house.third) and act = 'record.search'"
            },
            row: { victim, _ in
                [
                    of(victim), ("id", "\(UUID())"), ("opening_id", "\(UUID())"), ("at", "clock_timestamp()"),
                    ("opened_in", "pg_current_xact_id()"), ("act", "'record.search'"),
                    ("account_id", "\(victim.house.clinician.account)"), ("patient_id", "\(victim.house.third)"),
                    ("granted", "true"), ("key_epoch", "1"), ("salt", "\(Primitive.freshBytes(32))"),
                    ("sealed", "\([UInt8]([0]))"),
                ]
            },
            opened: [.select: ["break-glass.list"]],
            isOfPatient: false
        ),
    ]
}

extension Scene {
    /// An emergency of the clinician's with the third patient, and what they did meanwhile.
    func makeEmergency(in house: House) throws {
        try admin.query(
            """
            insert into care.break_glass (
                organization_id, id, account_id, patient_id, since, until, review_by, key_epoch, salt, sealed)
            select \(house.organization), \(house.emergency), \(house.clinician.account), \(house.third), t,
                   t + interval '12 hours', t + interval '3 days', 1, \(Primitive.freshBytes(32)), '\\x00'
              from clock_timestamp() t
            """
        )
        try admin.query(
            """
            insert into care.entry (
                organization_id, id, opening_id, at, opened_in, act, account_id, patient_id, granted, key_epoch, salt, sealed)
            values (\(house.organization), \(UUID()), \(UUID()), clock_timestamp(), pg_current_xact_id(), 'record.search',
                    \(house.clinician.account), \(house.third), true, 1, \(Primitive.freshBytes(32)), '\\x00')
            """
        )
    }

    /// What is asked in an emergency by these search tokens. The salt finds the entry that it leaves.
    func breakGlass(_ id: UUID, _ tokens: [Int64], salt: [UInt8], epoch: Int32 = 1, letters: [UUID] = []) -> SQL {
        """
        select outcome, tag, lasting from care.break_glass(
            \(id), \(tokens), \(epoch), 1, \(salt), '\\x00', \(letters), 'en', \(letters.map { _ in [UInt8]([0]) }))
        """
    }

    /// The statement that reviews an emergency.
    func review(_ id: UUID, _ justified: Bool? = true, salt: [UInt8] = Primitive.freshBytes(32)) -> SQL {
        "select care.review_break_glass(\(id), \(justified)::boolean, 1, \(salt), '\\x00')"
    }

    /// Sets something in a house.
    func set(_ name: String, to value: String, in house: House) throws {
        try admin.query(
            """
            insert into care.organization_setting (organization_id, name, value, changed_at)
            values (\(house.organization), \(name), \(value), now())
            on conflict on constraint organization_setting_pkey do update set value = excluded.value
            """
        )
    }
}

extension GateChecks {
    private func pass(_ act: String, _ someone: Someone) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone))
    }

    /// What came of asking: the outcome, or −1 for an error.
    private func outcome(
        _ opened: Scene.Opened,
        _ tokens: [Int64],
        epoch: Int32 = 1,
        id: UUID = UUID(),
        salt: [UInt8] = Primitive.freshBytes(32),
        letters: [UUID] = []
    ) throws -> Int32 {
        try answer(Int32.self, opened, scene.breakGlass(id, tokens, salt: salt, epoch: epoch, letters: letters)) ?? -1
    }

    private func row(of emergency: UUID, _ condition: SQL) throws -> Bool {
        try !scene.admin.query(
            """
            select from care.break_glass
             where organization_id = \(north.organization) and id = \(emergency) and \(condition)
            """
        ).isEmpty
    }

    func emergencies() throws {
        try emergencyTerms()
        try openingInAnEmergency()
        try whoMayInAnEmergency()
        try howOftenInADay()
        try findingInAnEmergency()
        try writingInAnEmergency()
        try reviewingEmergencies()
        try lookingAtEmergencies()
    }

    private func emergencyTerms() throws {
        let doctor = try scene.somebody(["clinician"], in: north)
        let terms: SQL = "select minutes = 60 and not writes and review_hours = 72 from care.break_glass_terms()"
        try must("break_glass_terms", "not without a pass", try isDenied(nil, terms))
        let opening = try pass("break-glass.open", doctor)
        try must("break_glass_terms", "not by a pass that opens", try isDenied(opening, terms))
        let offer = try pass("break-glass.offer", doctor)
        let owner = try pass("break-glass.offer", scene.somebody(["owner"], in: north))
        try must("break_glass_terms", "not by whoever is no clinician", try isDenied(owner, terms))
        try must("break_glass_terms", "as the settings say", try answer(Bool.self, offer, terms) == true)
        try scene.set("break-glass.minutes", to: "20", in: north)
        try scene.set("break-glass.writes", to: "1", in: north)
        let others: SQL = "select minutes = 20 and writes from care.break_glass_terms()"
        try must("break_glass_terms", "as they were set", try answer(Bool.self, offer, others) == true)
        try scene.set("break-glass.writes", to: "0", in: north)
    }

    /// Twenty minutes, for reading.
    private func openingInAnEmergency() throws {
        let doctor = try scene.somebody(["clinician"], in: north)
        let child = Kept()
        try scene.make(child, keptBy: north.other, in: north)
        // Somebody who is kept out of the record hears nothing of it, and is no less a clinician in an emergency.
        let paused = try scene.somebody(["caregiver"], in: north)
        for (one, way) in [(paused, "guardian"), (doctor, "share")] {
            try scene.reach(child, by: one, as: way, in: north)
            try scene.admin.query(
                "update care.reach set paused_at = now() where patient_id = \(child.patient) and account_id = \(one.account)"
            )
        }
        let read = { asks("record.read", doctor, about: child) }
        try refuse("a record, before the emergency", read(), as: "out of reach")
        let (id, salt, letters) = (UUID(), Primitive.freshBytes(32), [UUID(), UUID()])
        let works = scene.breakGlass(id, [child.token], salt: salt, letters: letters)
        try must("break_glass", "not without a pass", try isDenied(nil, works))
        let offer = try pass("break-glass.offer", doctor)
        try must("break_glass", "not by a pass that is told the terms", try isDenied(offer, works))
        let opening = try pass("break-glass.open", doctor)
        // Where letters are sent, whoever is to be told is.
        try scene.admin.query("update care.guard set mails_links = true")
        let silent = scene.breakGlass(UUID(), [child.token], salt: Primitive.freshBytes(32))
        try must("break_glass", "not so that nobody is told", try isDenied(opening, silent))
        try scene.admin.query("update care.guard set mails_links = false")
        try must(
            "break_glass",
            "opens",
            try outcome(opening, [child.token], id: id, salt: salt, letters: letters) == 0
        )
        let isSo: SQL = """
            account_id = \(doctor.account) and patient_id = \(child.patient) and until = since + interval '20 minutes'
               and review_by = since + interval '72 hours' and salt = \(salt) and reviewed_at is null
            """
        try must("break_glass", "it is kept for review", try row(of: id, isSo))
        let entries = try entries(salt)
        try must(
            "break_glass",
            "the patient's trail says so",
            entries.map(\.patient) == [child.patient] && entries[0].granted && entries[0].account == doctor.account
                && entries[0].act == "break-glass.open" && entries[0].isComplete
        )
        try toldOfAnEmergency(letters)
        try grant("a record, in the emergency", read())
        try grant("a search in it", asks("record.search", doctor, about: child))
        for act in [
            "record.update", "record.create", "patient.everything", "record.delete", "reach.give", "trail.read",
        ] {
            try refuse("\(act), in the emergency", asks(act, doctor, about: child), as: "out of reach")
        }
        try refuse("anybody else's record", asks("record.read", doctor, about: north.ada), as: "out of reach")
        let again = try outcome(opening, [child.token])
        try must("break_glass", "not twice at the same time", again == 2)
        try scene.later(by: .seconds(1190)) { try grant("ten seconds before its end", read()) }
        try scene.later(by: .seconds(1210)) { try refuse("after its end", read(), as: "out of reach") }
        let alone: SQL = """
            select count(*) from care.patients_alone_with(
                \(north.organization), \(north.other.account), clock_timestamp()) r where r.patient_id = \(child.patient)
            """
        try must(
            "patients_alone_with",
            "nobody is looked after by an emergency",
            try scene.admin.query(alone)[0].decode(Int.self, at: 0) == 1
        )
    }

    /// The guardian has a letter, and nobody else: not the clinician with whom the record is shared.
    private func toldOfAnEmergency(_ letters: [UUID]) throws {
        let queued = try scene.admin.query(
            """
            select id, account_id from care.letter
             where organization_id = \(north.organization) and template = 'break-glass' and id = any (\(letters))
            """
        )
        try must("break_glass", "one letter", queued.count == 1)
        try must(
            "break_glass",
            "to the guardian",
            try queued.first?.decode(UUID.self, at: 0) == letters[0]
                && queued.first?.decode(UUID.self, at: 1) == north.other.account
        )
    }

    private func whoMayInAnEmergency() throws {
        let ask = { scene.breakGlass(UUID(), [north.ben.token], salt: Primitive.freshBytes(32)) }
        for role in ["owner", "admin"] {
            let one = try scene.somebody([role], in: north)
            let opening = try pass("break-glass.open", one)
            try must("break_glass", "nobody who is no clinician: \(role)", try isDenied(opening, ask()))
        }
        let custom = try scene.somebody(["member"], in: north)
        try hold(custom, ["emergency.write"])
        try must(
            "break_glass",
            "nobody by a role of their own",
            try isDenied(pass("break-glass.open", custom), ask())
        )
        let doctor = try scene.somebody(["clinician"], in: north)
        let opening = try pass("break-glass.open", doctor)
        try scene.set("break-glass.minutes", to: "0", in: north)
        try must("break_glass", "not where it is turned off", try isDenied(opening, ask()))
        try scene.set("break-glass.minutes", to: "20", in: north)
        // A family has no such setting; what is written there all the same counts for nothing.
        try setProfile("family")
        try must("break_glass", "not in a family", try isDenied(opening, ask()))
        try setProfile("clinic")
        let late = try pass("break-glass.open", doctor)
        try setMembership(doctor, "since = now() - interval '2 days', until = now() - interval '1 day'")
        try must("break_glass", "not who has left", try isDenied(late, ask()))
        let elsewhere = try scene.somebody(["clinician"], in: south)
        let there = try grant(
            "a pass in another organisation",
            scene.request("break-glass.open", by: elsewhere, of: south, about: south.ada)
        )
        try scene.admin.query(
            "update care.token set value = value + 1 where organization_id = \(south.organization) and patient_id = \(south.ben.patient)"
        )
        try must("break_glass", "nobody's of another organisation", try outcome(there, [north.ben.token]) == 1)
        try scene.admin.query(
            "update care.token set value = value - 1 where organization_id = \(south.organization) and patient_id = \(south.ben.patient)"
        )
    }

    /// Two in a day, and four times as many that find nobody.
    private func howOftenInADay() throws {
        try scene.set("break-glass.daily", to: "1", in: north)
        let doctor = try scene.somebody(["clinician"], in: north)
        let opening = try pass("break-glass.open", doctor)
        try must("break_glass", "once", try outcome(opening, [north.ben.token]) == 0)
        let salt = Primitive.freshBytes(32)
        try must("break_glass", "no more than in a day", try outcome(opening, [north.ada.token], salt: salt) == 3)
        try must(
            "break_glass",
            "an entry says that it was refused",
            try entries(salt).map(\.refusal) == ["more than a day's emergencies"]
        )
        try refuse("a record beyond the day's number", asks("record.read", doctor), as: "out of reach")
        let other = try scene.somebody(["clinician"], in: north)
        let theirs = try pass("break-glass.open", other)
        for number in 1...4 { try must("break_glass", "in vain, no. \(number)", try outcome(theirs, [4711]) == 1) }
        try must("break_glass", "not in vain all day", try outcome(theirs, [north.ben.token]) == 3)
        let since: SQL = """
            update care.break_glass set since = since - interval '25 hours', until = until - interval '25 hours'
             where organization_id = \(north.organization) and account_id = any (\([doctor.account, other.account]))
            """
        try scene.admin.query(since)
        try must("break_glass", "again a day later", try outcome(theirs, [north.ben.token]) == 0)
        try must("break_glass", "so may the other", try outcome(opening, [north.ada.token]) == 0)
        try scene.set("break-glass.daily", to: "20", in: north)
    }

    /// One patient who has all the tokens, of the right epoch.
    private func findingInAnEmergency() throws {
        let doctor = try scene.somebody(["clinician"], in: north)
        let opening = try pass("break-glass.open", doctor)
        let (common, own) = (Int64.random(in: 1 ... .max), Int64.random(in: 1 ... .max))
        let (one, child) = (Kept(), Kept())
        try scene.make(one, keptBy: north.other, in: north)
        try scene.make(child, keptBy: north.other, in: north)
        for (kept, value) in [(one, common), (child, common), (child, own)] {
            try scene.admin.query(
                """
                insert into care.token (organization_id, value, epoch, patient_id)
                values (\(north.organization), \(value), 1, \(kept.patient))
                """
            )
        }
        let (id, salt) = (UUID(), Primitive.freshBytes(32))
        for (what, tokens) in [
            ("not two", [common]), ("not nobody", [4711]), ("not without anything", []),
            ("not one who has a part", [own, 4711]), ("not one who has a part of it twice", [own, own, 4711]),
        ] { try must("break_glass", what, try outcome(opening, tokens) == 1) }
        try must("break_glass", "not by keys of another time", try outcome(opening, [own], epoch: 2) == 1)
        try must("break_glass", "in vain is kept, too", try outcome(opening, [4711], id: id, salt: salt) == 1)
        try must(
            "break_glass",
            "with nobody in it",
            try row(of: id, "patient_id is null and account_id = \(doctor.account) and salt = \(salt)")
        )
        try must("break_glass", "and in nobody's trail", try entries(salt).isEmpty)
        try refuse("nobody is reached by it", asks("record.read", doctor, about: child), as: "out of reach")
        try must("break_glass", "the one who has all", try outcome(opening, [own, common, own]) == 0)
        try grant("whose record is open then", asks("record.read", doctor, about: child))
        try reachedAlready(child, own)
    }

    /// Who reaches the patient already opens nothing; whose way has ended, has not begun or is to somebody else, does.
    private func reachedAlready(_ child: Kept, _ token: Int64) throws {
        let ask = { (someone: Someone) in try self.outcome(self.pass("break-glass.open", someone), [token]) }
        for (what, expected, assignment) in [
            ("who reaches the patient", 2, "purpose = 'care'" as SQL),
            ("whose way was withdrawn", 0, "withdrawn_at = clock_timestamp()"),
            ("whose way is over", 0, "since = now() - interval '2 days', until = now() - interval '1 day'"),
            ("whose way has yet to begin", 0, "since = clock_timestamp() + interval '1 day'"),
            ("who reaches another", 0, "patient_id = \(north.ada.patient)"),
        ] {
            let one = try scene.somebody(["clinician"], in: north)
            try scene.reach(child, by: one, as: "care-team", in: north)
            try setReach(one, assignment)
            try must("break_glass", what, try ask(one) == Int32(expected))
        }
    }

    private func writingInAnEmergency() throws {
        try scene.set("break-glass.writes", to: "1", in: north)
        let doctor = try scene.somebody(["clinician"], in: north)
        try must(
            "break_glass",
            "opens, to write",
            try outcome(pass("break-glass.open", doctor), [north.ben.token]) == 0
        )
        for act in ["record.read", "record.create", "record.update"] {
            try grant("\(act), in an emergency that writes", asks(act, doctor, about: north.ben))
        }
        for act in ["record.delete", "patient.everything", "reach.give", "reach.end", "bundle.write"] {
            try refuse("\(act), in an emergency that writes", asks(act, doctor, about: north.ben), as: "out of reach")
        }
        try scene.set("break-glass.writes", to: "0", in: north)
    }

    private func reviewingEmergencies() throws {
        let doctor = try scene.somebody(["clinician", "privacy-officer"], in: north)
        let officer = try scene.somebody(["privacy-officer"], in: north)
        let (id, vain) = (UUID(), UUID())
        let opening = try pass("break-glass.open", doctor)
        _ = try outcome(opening, [north.ben.token], id: id)
        _ = try outcome(opening, [4711], id: vain)
        let reviewing = try pass("break-glass.review", officer)
        try must("review_break_glass", "not while it lasts", try isDenied(reviewing, scene.review(id)))
        try scene.admin.query(
            """
            update care.break_glass set since = since - interval '1 hour', until = until - interval '1 hour'
             where organization_id = \(north.organization) and id = \(id)
            """
        )
        try must("review_break_glass", "not without a pass", try isDenied(nil, scene.review(id)))
        let listing = try pass("break-glass.list", officer)
        try must("review_break_glass", "not by a pass that lists", try isDenied(listing, scene.review(id)))
        let own = try pass("break-glass.review", doctor)
        try must("review_break_glass", "not one's own", try isDenied(own, scene.review(id)))
        try must("review_break_glass", "with a verdict", try failure(reviewing, scene.review(id, nil)) == "23514")
        try must("review_break_glass", "not what is not there", try isDenied(reviewing, scene.review(UUID())))
        try must("review_break_glass", "not what found nobody", try isDenied(reviewing, scene.review(vain)))
        let there = try scene.somebody(["privacy-officer"], in: south)
        let foreign = try grant(
            "a reviewer's pass elsewhere",
            scene.request("break-glass.review", by: there, of: south, about: south.ada)
        )
        try must("review_break_glass", "not of another organisation", try isDenied(foreign, scene.review(id)))
        let salt = Primitive.freshBytes(32)
        try must(
            "review_break_glass",
            "by somebody else",
            try failure(reviewing, scene.review(id, false, salt: salt)) == nil
        )
        let isSo: SQL =
            "reviewer_id = \(officer.account) and not is_justified and review_salt = \(salt) and reviewed_at is not null"
        try must("review_break_glass", "it is kept", try row(of: id, isSo))
        let entries = try entries(salt)
        try must(
            "review_break_glass",
            "and told in the patient's trail",
            entries.map(\.patient) == [north.ben.patient] && entries[0].act == "break-glass.review"
                && entries[0].granted
        )
        try must("review_break_glass", "not twice", try isDenied(reviewing, scene.review(id)))
        try must("review_break_glass", "and of no other", try row(of: north.emergency, "reviewed_at is null"))
    }

    /// Whoever reviews sees what was done in that time, about that patient, by that person, and nothing else.
    private func lookingAtEmergencies() throws {
        let officer = try scene.somebody(["privacy-officer"], in: north)
        let listing = try pass("break-glass.list", officer)
        let isOf = { (account: UUID, patient: UUID, at: SQL) -> SQL in
            "select care.is_of_an_emergency(\(account), \(patient), \(at))"
        }
        let (who, whom) = (north.clinician.account, north.third)
        let start: SQL = "(select since from care.break_glass where id = \(north.emergency) limit 1)"
        let during: SQL = "\(start) + interval '1 minute'"
        let works = { (opened: Scene.Opened?, statement: SQL) in try answer(Bool.self, opened, statement) == true }
        try must("is_of_an_emergency", "in that time", try works(listing, isOf(who, whom, during)))
        for (what, statement) in [
            ("not before", isOf(who, whom, "\(start) - interval '1 second'")),
            ("not after", isOf(who, whom, "\(start) + interval '13 hours'")),
            ("not by somebody else", isOf(north.keeper.account, whom, during)),
            ("not about somebody else", isOf(who, north.ada.patient, during)),
        ] { try must("is_of_an_emergency", what, try !works(listing, statement)) }
        let moment: SQL = "clock_timestamp()"
        try must("is_of_an_emergency", "now", try works(listing, isOf(who, whom, moment)))
        try must("is_of_an_emergency", "not without a pass", try !works(nil, isOf(who, whom, moment)))
        let reviewing = try pass("break-glass.review", officer)
        try must("is_of_an_emergency", "not by a pass that reviews", try !works(reviewing, isOf(who, whom, moment)))
        let there = try scene.somebody(["privacy-officer"], in: south)
        let foreign = try grant(
            "a pass elsewhere",
            scene.request("break-glass.list", by: there, of: south, about: south.ada)
        )
        try must("is_of_an_emergency", "not of another organisation", try !works(foreign, isOf(who, whom, moment)))
    }
}
