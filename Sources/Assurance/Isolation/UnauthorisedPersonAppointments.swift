import FoundationEssentials
import Postgres
import Seals

extension Specimen {
    /// That somebody is a practitioner: shown to who sees members and the directory, and said by a function alone.
    static let practitioners: [Specimen] = [
        Specimen(
            name: "practitioner",
            table: "practitioner",
            match: { "organization_id = \($0.house.organization) and record_id = \($0.house.place.id)" },
            row: { victim, existing in
                [
                    of(victim), ("record_id", "\(victim.house.place.id)"),
                    ("account_id", "\(victim.house.clinician.account)"),
                    ("since", existing ? "'2020-01-01'" : "now()"),
                ] + (existing ? [] : [("until", "now() + interval '1 hour'")])
            },
            change: "until = now()",
            opened: [.select: ["practitioner.list"]],
            isOfPatient: false
        ),
        Specimen(
            name: "reach (by an appointment)",
            table: "reach",
            match: nil,
            row: { victim, _ in
                [
                    of(victim), ("patient_id", "\(victim.kept.patient)"),
                    ("account_id", "\(victim.house.clinician.account)"), ("kind", "'appointment'"),
                    ("appointment_id", "\(victim.kept.weight.id)"), ("until", "now() + interval '30 days'"),
                ]
            }
        ),
    ]
}

extension Scene {
    /// That the clinician is whoever stands in the directory.
    func practise(in house: House) throws {
        try admin.query(
            """
            insert into care.practitioner (organization_id, record_id, account_id, since)
            values (\(house.organization), \(house.place.id), \(house.clinician.account), '2020-01-01')
            """
        )
    }
}

/// Whom an appointment lets in, around which time, by whose right; and which member a practitioner is.
extension GateChecks {
    /// A record of the directory, who that is, and an appointment with them.
    private struct Visit {
        let kept: Kept
        let desk: Sealed
        let doctor: Someone
        let record = Sealed()
    }

    /// Ten days ahead, for half an hour.
    private static let starts: SQL = "date_trunc('hour', now()) + interval '10 days'"
    private static let ends: SQL = "date_trunc('hour', now()) + interval '10 days 30 minutes'"

    func appointments() throws {
        try linking()
        try whoIsLetIn()
        try whoLetsIn()
        try when()
        try whatChanges()
        try ofSeveral()
        try whereItMoves()
        try whoLeaves()
    }

    private func pass(_ act: String, _ someone: Someone, _ kept: Kept) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone, about: kept))
    }

    /// A record that is there.
    private func enter(_ record: Sealed, _ kind: String, of patient: UUID? = nil, in house: House? = nil) throws {
        try scene.admin.query(
            """
            insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card)
            values (\((house ?? north).organization), \(record.id), \(patient), \(kind), 1, \(record.tag), '\\x00', '\\x00')
            """
        )
    }

    private func know(_ desk: Sealed, as someone: Someone, in house: House? = nil) throws {
        try scene.admin.query(
            """
            insert into care.practitioner (organization_id, record_id, account_id, since)
            values (\((house ?? north).organization), \(desk.id), \(someone.account), now() - interval '1 hour')
            """
        )
    }

    private func change(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query(
            """
            update care.membership set \(assignment)
             where organization_id = \(north.organization) and account_id = \(someone.account)
            """
        )
    }

    private func visit() throws -> (visit: Visit, booker: Someone) {
        let booker = try scene.somebody(["clinician"], in: north)
        let visit = Visit(
            kept: try kept(by: booker),
            desk: Sealed(),
            doctor: try scene.somebody(["clinician"], in: north)
        )
        try enter(visit.desk, "Practitioner")
        try know(visit.desk, as: visit.doctor)
        return (visit, booker)
    }

    // MARK: Practitioners

    private func linked(_ desk: Sealed, _ someone: Someone, in house: House? = nil) throws -> Bool {
        try !scene.admin.query(
            """
            select from care.practitioner
             where organization_id = \((house ?? north).organization) and record_id = \(desk.id)
               and account_id = \(someone.account) and until is null
            """
        ).isEmpty
    }

    private func link(_ desk: Sealed, _ someone: Someone?) -> SQL {
        "select care.link_practitioner(\(desk.tag), \(someone?.account))"
    }

    private func linking() throws {
        let admin = try scene.somebody(["admin"], in: north)
        let (doctor, other) = (
            try scene.somebody(["clinician"], in: north), try scene.somebody(["clinician"], in: north)
        )
        let (desk, role, place, gone) = (Sealed(), Sealed(), Sealed(), Sealed())
        let (ofSomebody, far) = (Sealed(), Sealed())
        try enter(desk, "Practitioner")
        try enter(role, "PractitionerRole")
        try enter(place, "Location")
        try enter(ofSomebody, "Practitioner", of: north.ada.patient)
        try enter(far, "Practitioner", in: south)
        try enter(gone, "Practitioner")
        try scene.admin.query("update care.record set is_deleted = true, version = 2 where id = \(gone.id)")
        let linking = try pass("practitioner.link", admin, north.ada)
        try must("link_practitioner", "not without a pass", try isDenied(nil, link(desk, doctor)))
        try must(
            "link_practitioner",
            "not by a pass that lists",
            try isDenied(pass("practitioner.list", admin, north.ada), link(desk, doctor))
        )
        for (what, record) in [
            ("not a place", place), ("not what is of a patient", ofSomebody), ("not of elsewhere", far),
            ("not what is nowhere", Sealed()), ("not what was deleted", gone),
        ] { try must("link_practitioner", what, try isDenied(linking, link(record, doctor))) }
        let researcher = try scene.somebody(["researcher"], in: north)
        let (left, awaited) = (
            try scene.somebody(["clinician"], in: north), try scene.somebody(["clinician"], in: north)
        )
        try change(left, "since = now() - interval '2 days', until = now() - interval '1 day'")
        try change(awaited, "since = now() + interval '1 day'")
        for (what, someone) in [
            ("nobody who may not read", researcher), ("nobody who left", left), ("nobody who has yet to join", awaited),
            ("nobody of elsewhere", south.clinician), ("not oneself", admin),
        ] { try must("link_practitioner", what, try failure(linking, link(desk, someone)) == "23514") }
        let owner = try scene.somebody(["owner"], in: north)
        let owning = try pass("practitioner.link", owner, north.ada)
        try must(
            "link_practitioner",
            "an owner is one",
            try failure(owning, link(role, owner)) == nil && linked(role, owner)
        )
        try must(
            "link_practitioner",
            "a colleague",
            try failure(linking, link(desk, doctor)) == nil && linked(desk, doctor)
        )
        try must(
            "link_practitioner",
            "the same again",
            try failure(linking, link(desk, doctor)) == nil && linked(desk, doctor)
        )
        try relinking(desk, doctor, other, linking)
    }

    /// Somebody else, and nobody any more: what the first one had by appointments ends, and nothing else.
    private func relinking(_ desk: Sealed, _ doctor: Someone, _ other: Someone, _ linking: Scene.Opened) throws {
        let second = Sealed()
        try enter(second, "Practitioner")
        try know(second, as: doctor)
        for way in ["appointment", "care-team"] { try scene.reach(north.ben, by: doctor, as: way, in: north) }
        try scene.reach(north.ben, by: other, as: "appointment", in: north)
        let over = north.ada
        try scene.reach(over, by: doctor, as: "appointment", in: north)
        try scene.admin.query(
            """
            update care.reach set since = now() - interval '2 days', until = now() - interval '1 day'
             where account_id = \(doctor.account) and patient_id = \(over.patient)
            """
        )
        try scene.join(doctor, ["clinician"], to: south)
        try scene.reach(south.ben, by: doctor, as: "appointment", in: south)
        try scene.admin.query(
            "update care.reach set until = now() + interval '9 days' where account_id = \(doctor.account) and kind = 'care-team'"
        )
        // Long ago they were it once before.
        try scene.admin.query(
            """
            insert into care.practitioner (organization_id, record_id, account_id, since, until)
            values (\(north.organization), \(desk.id), \(doctor.account), '2020-01-01', '2021-01-01')
            """
        )
        // The same number elsewhere is another one.
        try enter(Sealed(id: desk.id), "Practitioner", in: south)
        try know(desk, as: doctor, in: south)
        let living = { (someone: Someone, house: House, condition: SQL) in
            try scene.admin.query(
                """
                select from care.reach where organization_id = \(house.organization) and account_id = \(someone.account)
                   and withdrawn_at is null and \(condition)
                """
            ).count
        }
        try must(
            "link_practitioner",
            "somebody else",
            try failure(linking, link(desk, other)) == nil && linked(desk, other)
        )
        try must("link_practitioner", "in the former one's place", try !linked(desk, doctor))
        try must("end_practitioners", "of one record alone", try linked(second, doctor))
        let before = try scene.admin.query(
            "select from care.practitioner where record_id = \(desk.id) and until = '2021-01-01'"
        )
        try must("end_practitioners", "not what was over", before.count == 1)
        try must("end_practitioners", "of one organisation alone", try linked(desk, doctor, in: south))
        try must(
            "end_practitioners",
            "what appointments opened",
            try living(doctor, north, "kind = 'appointment' and until > now()") == 0
        )
        try must("end_practitioners", "not what is over", try living(doctor, north, "kind = 'appointment'") == 1)
        try must("end_practitioners", "nor the team", try living(doctor, north, "kind = 'care-team'") == 1)
        try must("end_practitioners", "nor what others have", try living(other, north, "kind = 'appointment'") == 1)
        try must("end_practitioners", "nor elsewhere", try living(doctor, south, "kind = 'appointment'") == 1)
        try must("link_practitioner", "nobody", try failure(linking, link(desk, nil)) == nil && !linked(desk, other))
        try must(
            "link_practitioner",
            "whoever it is elsewhere",
            try failure(linking, link(desk, doctor)) == nil && linked(desk, doctor)
        )
        try must(
            "link_practitioner",
            "one that was deleted is nobody any more",
            try {
                try scene.admin.query(
                    "update care.record set is_deleted = true, version = version + 1 where id = \(second.id)"
                )
                return try failure(linking, link(second, nil)) == nil && !linked(second, doctor)
            }()
        )
    }

    // MARK: Appointments

    /// Statements of the server's role in one transaction under a pass; the SQLSTATE that they end in, `nil` if they work.
    private func run(_ opened: Scene.Opened?, _ statements: [SQL], as connection: AdminConnection? = nil) throws
        -> String?
    {
        let connection = connection ?? scene.server
        try connection.query("begin")
        do throws(PostgresError) {
            if let opened { try connection.query("select set_config('care.pass', \(opened.setting), true)") }
            for statement in statements { try connection.query(statement) }
            try connection.query("commit")
            return nil
        } catch {
            _ = try? connection.query("rollback")  // the error is what is asked for
            return error.sqlState
        }
    }

    private func write(_ record: Sealed, _ kind: String = "Appointment", of patient: UUID, in house: House? = nil)
        -> SQL
    {
        """
        insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, is_about_several)
        values (\((house ?? north).organization), \(record.id), \(patient), \(kind), 1, \(record.tag), '\\x00', '\\x00', false)
        """
    }

    private func keep(_ record: Sealed, _ desks: [Sealed], _ starts: SQL = starts, _ ends: SQL = ends) -> SQL {
        "select care.keep_appointment(\(record.id), \(desks.map(\.tag)), \(starts), \(ends))"
    }

    /// Writes an appointment, and tells of it.
    private func book(_ visit: Visit, by someone: Someone, _ starts: SQL = starts, _ ends: SQL = ends) throws -> String?
    {
        try run(
            try pass("record.create", someone, visit.kept),
            [write(visit.record, of: visit.kept.patient), keep(visit.record, [visit.desk], starts, ends)]
        )
    }

    /// Writes it again.
    private func rebook(
        _ visit: Visit,
        by someone: Someone,
        _ desks: [Sealed],
        _ starts: SQL = starts,
        _ ends: SQL = ends
    )
        throws -> String?
    {
        let request = Scene.Request("record.update", by: someone, of: north, targets: [visit.record.tag])
        return try run(
            try grant("a pass to change", request),
            [
                "update care.record set version = version + 1, sealed = '\\x01' where id = \(visit.record.id)",
                keep(visit.record, desks, starts, ends),
            ]
        )
    }

    /// How many ways of reaching an appointment gives now.
    private func given(_ visit: Visit, to someone: Someone? = nil, _ condition: SQL = "true") throws -> Int {
        try scene.admin.query(
            """
            select from care.reach
             where organization_id = \(north.organization) and appointment_id = \(visit.record.id) and kind = 'appointment'
               and account_id = \((someone ?? visit.doctor).account) and withdrawn_at is null and \(condition)
            """
        ).count
    }

    private func whoIsLetIn() throws {
        let (visit, booker) = try visit()
        let existing = Sealed()
        try enter(existing, "Appointment", of: visit.kept.patient)
        let opened = try pass("record.create", booker, visit.kept)
        let isDenied = { (opened: Scene.Opened?, statements: [SQL], asAdmin: Bool) in
            try run(opened, statements, as: asAdmin ? scene.admin : nil) == "42501"
        }
        try must("keep_appointment", "not without a pass", try isDenied(nil, [keep(existing, [visit.desk])], false))
        try must(
            "keep_appointment",
            "not of what was there",
            try isDenied(opened, [keep(existing, [visit.desk])], false)
        )
        let (other, beside) = (Sealed(), Sealed())
        try must(
            "keep_appointment",
            "not beside one that is written",
            try isDenied(opened, [write(beside, of: visit.kept.patient), keep(existing, [visit.desk])], false)
        )
        try must(
            "keep_appointment",
            "not of another kind",
            try isDenied(
                opened,
                [write(other, "Observation", of: visit.kept.patient), keep(other, [visit.desk])],
                false
            )
        )
        // Written by the superuser, in whose transactions policies say nothing.
        let reading = try pass("record.search", booker, visit.kept)
        let foreign = try kept(by: north.other)
        for (what, opened, patient, house) in [
            ("not by a pass that reads", reading, visit.kept.patient, north),
            ("not of another patient", opened, foreign.patient, north),
            ("not of the namesake", opened, visit.kept.patient, south),
        ] {
            let record = Sealed()
            let denied = try isDenied(
                opened,
                [write(record, of: patient, in: house), keep(record, [visit.desk])],
                true
            )
            try must("keep_appointment", what, denied)
        }
        let mine = asks("record.read", visit.doctor, about: visit.kept)
        try scene.set("appointment.reach-before", to: "30", in: north)
        try refuse("reading, before there is an appointment", mine, as: "out of reach")
        try must("keep_appointment", "lets them in", try book(visit, by: booker) == nil && given(visit) == 1)
        try grant("reading, with an appointment", asks("record.read", visit.doctor, about: visit.kept))
        try refuse("and nobody else", asks("record.read", visit.doctor, about: foreign), as: "out of reach")
        try scene.admin.query(
            "delete from care.organization_setting where organization_id = \(north.organization) and name like 'appointment.%'"
        )
        try whoIsNamed()
    }

    /// Of those whom an appointment names, who is a member now and may read.
    private func whoIsNamed() throws {
        for (what, member) in [
            ("nobody who left", "since = now() - interval '2 days', until = now() - interval '1 day'"),
            ("nobody who has yet to join", "since = now() + interval '1 day'"),
            ("nobody who may not read", "roles = '{researcher}'"),
        ] as [(String, SQL)] {
            let (visit, booker) = try visit()
            try change(visit.doctor, member)
            try must("members_named", what, try book(visit, by: booker) == nil && given(visit) == 0)
        }
        let (ended, booker) = try visit()
        try scene.admin.query("update care.practitioner set until = now() where record_id = \(ended.desk.id)")
        try must("members_named", "nobody any more", try book(ended, by: booker) == nil && given(ended) == 0)
        let (visit, other) = try visit()
        let unnamed = try scene.somebody(["clinician"], in: north)
        let (desk, namesake) = (Sealed(), Sealed(id: UUID(), tag: visit.desk.tag))
        try enter(desk, "Practitioner")
        try know(desk, as: unnamed)
        // The same tag elsewhere is another one; whoever it is there belongs here, too.
        let both = try scene.somebody(["clinician"], in: north)
        try scene.join(both, ["clinician"], to: south)
        try enter(namesake, "Practitioner", in: south)
        try know(namesake, as: both, in: south)
        try must("members_named", "whom it names", try book(visit, by: other) == nil && given(visit) == 1)
        try must("members_named", "nobody whom it does not", try given(visit, to: unnamed) == 0)
        try must("members_named", "nobody of the same name elsewhere", try given(visit, to: both) == 0)
        // Who left here, and belongs elsewhere.
        let (gone, third) = try self.visit()
        try scene.join(gone.doctor, ["clinician"], to: south)
        try change(gone.doctor, "since = now() - interval '2 days', until = now() - interval '1 day'")
        try must("members_named", "nobody who belongs elsewhere", try book(gone, by: third) == nil && given(gone) == 0)
        // The same number elsewhere, named by its tag there.
        let (apart, fourth) = try self.visit()
        let twin = Sealed(id: apart.desk.id)
        try enter(twin, "Practitioner", in: south)
        let twins = Visit(kept: apart.kept, desk: twin, doctor: apart.doctor)
        try must("members_named", "nobody by a name elsewhere", try book(twins, by: fourth) == nil && given(twins) == 0)
        // Who stands in the directory twice comes in once.
        let (twice, fifth) = try self.visit()
        let again = Sealed()
        try enter(again, "PractitionerRole")
        try know(again, as: twice.doctor)
        let written = try book(twice, by: fifth) == nil && rebook(twice, by: fifth, []) == nil
        try must("keep_appointment", "named no more", try written && given(twice) == 0)
        try must(
            "members_named",
            "once",
            try rebook(twice, by: fifth, [twice.desk, again]) == nil && given(twice) == 1
        )
        let (leaves, booking) = try self.visit()
        try change(leaves.doctor, "until = now() + interval '1 day'")
        try must("members_named", "who leaves tomorrow", try book(leaves, by: booking) == nil && given(leaves) == 1)
    }

    // MARK: By whose right

    private func whoLetsIn() throws {
        for (way, lets) in [
            ("guardian", true), ("self", true), ("care-team", true), ("assignment", true), ("carer", false),
            ("break-glass-write", false), ("appointment", false),
        ] {
            let (visit, _) = try visit()
            let one = try scene.somebody(["clinician"], in: north)
            try scene.reach(visit.kept, by: one, as: way, in: north)
            // So near that an emergency of an hour would be long enough.
            let written = try book(visit, by: one, "now() + interval '1 hour'", "now() + interval '2 hours'") == nil
            try must("keep_appointment", "by \(way)", try written && (given(visit) == 1) == lets)
        }
        for (what, lets, reach) in [
            ("by who is in no more", false, "withdrawn_at = now()"), ("by who is paused", false, "paused_at = now()"),
            ("by who has yet to begin", false, "since = now() + interval '1 day'"),
            ("by who was", false, "since = now() - interval '2 days', until = now() - interval '1 day'"),
            ("by who is there for some kinds", false, "kinds = '{Patient,Appointment}'"),
            ("by who goes on", true, "until = now() + interval '1 year'"),
        ] as [(String, Bool, SQL)] {
            let (visit, _) = try visit()
            let one = try scene.somebody(["clinician"], in: north)
            // So that they may write at all.
            try scene.reach(visit.kept, by: one, as: "appointment", in: north)
            try scene.reach(visit.kept, by: one, as: "care-team", in: north)
            try scene.admin.query(
                "update care.reach set \(reach) where kind = 'care-team' and account_id = \(one.account)"
            )
            let written = try book(visit, by: one) == nil
            try must("may_let_in_until", what, try written && (given(visit) == 1) == lets)
        }
        let (visit, booker) = try visit()
        try hold(booker, ["record.read", "record.write"])
        try must("keep_appointment", "by who may not share", try book(visit, by: booker) == nil && given(visit) == 0)
        // No longer than who lets them in.
        let (short, one) = try self.visit()
        try scene.admin.query(
            "update care.reach set until = now() + interval '12 days' where account_id = \(one.account)"
        )
        try must(
            "keep_appointment",
            "no longer than they have it",
            try book(short, by: one) == nil
                && given(short, "until = (select now() + interval '12 days') + (until - until)") <= 1
                && given(short, "until < now() + interval '12 days 1 minute'") == 1
        )
        let (late, two) = try self.visit()
        try scene.admin.query(
            "update care.reach set until = now() + interval '2 days' where account_id = \(two.account)"
        )
        try must("keep_appointment", "not after they are gone", try book(late, by: two) == nil && given(late) == 0)
    }

    // MARK: When

    private func when() throws {
        let around: SQL = "since = \(Self.starts) - interval '7 days' and until = \(Self.ends) + interval '30 days'"
        let (visit, booker) = try visit()
        try must("keep_appointment", "around it", try book(visit, by: booker) == nil && given(visit, around) == 1)
        for (what, starts, ends, count, condition) in [
            (
                "a week of a long one", Self.starts, "now() + interval '300 days'", 1,
                "until = \(Self.starts) + interval '37 days'"
            ),
            (
                "from now on", "now() + interval '1 hour'", "now() + interval '2 hours'", 1,
                "since between now() - interval '1 minute' and now()"
            ),
            (
                "one that was, for its letters", "now() - interval '2 days'", "now() - interval '2 days'", 1,
                "until < now() + interval '29 days'"
            ),
            ("not long after", "now() - interval '40 days'", "now() - interval '40 days'", 0, "true"),
            ("not without a time", "null", Self.ends, 0, "true"),
        ] as [(String, SQL, SQL, Int, SQL)] {
            let (visit, booker) = try self.visit()
            let written = try book(visit, by: booker, starts, ends) == nil
            try must("keep_appointment", what, try written && given(visit) == count && given(visit, condition) == count)
        }
        let (set, one) = try self.visit()
        try scene.set("appointment.reach-before", to: "0", in: north)
        try scene.set("appointment.reach-after", to: "2", in: north)
        try must(
            "keep_appointment",
            "as the organisation sets it",
            try book(set, by: one) == nil
                && given(set, "since = \(Self.starts) and until = \(Self.ends) + interval '2 days'") == 1
        )
        try scene.admin.query(
            "delete from care.organization_setting where organization_id = \(north.organization) and name like 'appointment.%'"
        )
        let (family, two) = try self.visit()
        try setProfile("family")
        defer { try? setProfile("clinic") }  // a failure is on its way already, or the next check tells
        try must("keep_appointment", "nobody in a family", try book(family, by: two) == nil && given(family) == 0)
    }

    // MARK: Changes

    private func whatChanges() throws {
        let (visit, booker) = try visit()
        let colleague = try scene.somebody(["clinician"], in: north)
        let desk = Sealed()
        try enter(desk, "Practitioner")
        try know(desk, as: colleague)
        try must("keep_appointment", "booked", try book(visit, by: booker) == nil && given(visit) == 1)
        let id = { (someone: Someone) in
            try scene.admin.query(
                """
                select id from care.reach
                 where appointment_id = \(visit.record.id) and account_id = \(someone.account) and withdrawn_at is null
                """
            ).first?.decode(UUID.self, at: 0)
        }
        let first = try id(visit.doctor)
        try must(
            "keep_appointment",
            "the same again changes nothing",
            try rebook(visit, by: booker, [visit.desk]) == nil && id(visit.doctor) == first
        )
        let later: SQL = "\(Self.starts) + interval '20 days'"
        try must(
            "keep_appointment",
            "at another time it is another",
            try rebook(visit, by: booker, [visit.desk], later, later) == nil && given(visit) == 1
                && given(visit, "since = \(later) - interval '7 days'") == 1
        )
        try must(
            "keep_appointment",
            "earlier, too",
            try rebook(visit, by: booker, [visit.desk]) == nil && given(visit) == 1
                && given(visit, "until = \(Self.ends) + interval '30 days'") == 1
        )
        try must(
            "keep_appointment",
            "somebody else in their place",
            try rebook(visit, by: booker, [desk]) == nil && given(visit) == 0 && given(visit, to: colleague) == 1
        )
        try must(
            "keep_appointment",
            "both",
            try rebook(visit, by: booker, [desk, visit.desk]) == nil && given(visit) == 1
                && given(visit, to: colleague) == 1
        )
        try byThemselves(visit, booker)
        try must(
            "keep_appointment",
            "without a time, it lets nobody in",
            try rebook(visit, by: booker, [desk, visit.desk], "null", "null") == nil && given(visit) == 0
        )
        try must(
            "keep_appointment",
            "once more",
            try rebook(visit, by: booker, [desk, visit.desk]) == nil && given(visit) == 1
        )
        try must(
            "keep_appointment",
            "cancelled, it lets nobody in",
            try rebook(visit, by: booker, [], "null", "null") == nil && given(visit) == 0
                && given(visit, to: colleague) == 0
        )
        try whatStays()
    }

    /// Whoever is there by the appointment keeps it when they write something down, and lets themselves in to no other time.
    private func byThemselves(_ visit: Visit, _ booker: Someone) throws {
        try scene.set("appointment.reach-before", to: "30", in: north)
        try must(
            "keep_appointment",
            "let in now",
            try rebook(visit, by: booker, [visit.desk]) == nil && given(visit) == 1
        )
        let before = try given(visit, "until = \(Self.ends) + interval '30 days'")
        try must(
            "keep_appointment",
            "they write a note",
            try rebook(visit, by: visit.doctor, [visit.desk]) == nil && before == 1
                && given(visit, "until = \(Self.ends) + interval '30 days'") == 1
        )
        let soon: SQL = "now() + interval '1 day'"
        try must(
            "keep_appointment",
            "they have it sooner",
            try rebook(visit, by: visit.doctor, [visit.desk], soon, soon) == nil && given(visit) == 0
        )
        try must(
            "keep_appointment",
            "let in again",
            try rebook(visit, by: booker, [visit.desk]) == nil && given(visit) == 1
        )
        let later: SQL = "\(Self.starts) + interval '60 days'"
        try must(
            "keep_appointment",
            "they move it",
            try rebook(visit, by: visit.doctor, [visit.desk], later, later) == nil && given(visit) == 0
        )
        try scene.admin.query(
            "delete from care.organization_setting where organization_id = \(north.organization) and name like 'appointment.%'"
        )
        // Somebody whose time is shorter takes nothing from those who were let in for longer.
        try must("keep_appointment", "anew", try rebook(visit, by: booker, [visit.desk]) == nil && given(visit) == 1)
        let short = try scene.somebody(["clinician"], in: north)
        try scene.reach(visit.kept, by: short, as: "assignment", in: north)
        try scene.admin.query(
            "update care.reach set until = now() + interval '9 days' where account_id = \(short.account)"
        )
        try must(
            "keep_appointment",
            "by somebody with less time",
            try rebook(visit, by: short, [visit.desk]) == nil
                && given(visit, "until = \(Self.ends) + interval '30 days'") == 1
        )
        // And what somebody with little time gave, somebody with more makes whole.
        let (brief, owner) = try self.visit()
        try scene.reach(brief.kept, by: short, as: "assignment", in: north)
        try scene.admin.query(
            "update care.reach set until = now() + interval '9 days' where account_id = \(short.account)"
        )
        try must("keep_appointment", "for a short time", try book(brief, by: short) == nil && given(brief) == 1)
        try must(
            "keep_appointment",
            "and then for all of it",
            try rebook(brief, by: owner, [brief.desk]) == nil && given(brief) == 1
                && given(brief, "until = \(Self.ends) + interval '30 days'") == 1
        )
    }

    /// What is over, what is of another appointment, of another organisation or of another way, nobody takes.
    private func whatStays() throws {
        let (visit, booker) = try visit()
        try must("keep_appointment", "booked", try book(visit, by: booker) == nil && given(visit) == 1)
        let another = Visit(kept: visit.kept, desk: visit.desk, doctor: visit.doctor)
        try must("keep_appointment", "and another", try book(another, by: booker) == nil && given(another) == 1)
        try scene.reach(visit.kept, by: visit.doctor, as: "care-team", in: north)
        // The same numbers elsewhere.
        try scene.admin.query(
            """
            insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card)
            values (\(south.organization), \(visit.record.id), \(visit.kept.patient), 'Appointment', 1, \(Primitive.freshBytes(16)), '\\x00', '\\x00')
            """
        )
        try scene.admin.query(
            """
            insert into care.reach (organization_id, patient_id, account_id, kind, appointment_id, until)
            values (\(south.organization), \(visit.kept.patient), \(south.clinician.account), 'appointment', \(visit.record.id), now() + interval '9 days')
            """
        )
        try scene.admin.query(
            """
            insert into care.reach (organization_id, patient_id, account_id, kind, appointment_id, since, until)
            values (\(north.organization), \(visit.kept.patient), \(visit.doctor.account), 'appointment', \(visit.record.id),
                    now() - interval '9 days', now() - interval '8 days')
            """
        )
        try must(
            "keep_appointment",
            "cancelled",
            try rebook(visit, by: booker, [], "null", "null") == nil && given(visit, "until > now()") == 0
        )
        try must("keep_appointment", "what is over is over", try given(visit, "until < now()") == 1)
        try must("keep_appointment", "another appointment stays", try given(another) == 1)
        let others = try scene.admin.query(
            """
            select from care.reach
             where withdrawn_at is null
               and (organization_id = \(south.organization) and appointment_id = \(visit.record.id)
                    or kind = 'care-team' and account_id = \(visit.doctor.account))
            """
        ).count
        try must("keep_appointment", "so do the team and elsewhere", others == 2)
        // What was, and is over, stands in nobody's way.
        try must(
            "keep_appointment",
            "booked again",
            try rebook(visit, by: booker, [visit.desk]) == nil && given(visit, "until > now()") == 1
        )
    }

    // MARK: Several, and moves

    private func ofSeveral() throws {
        let (visit, booker) = try visit()
        let other = try kept(by: booker)
        let opened = try grant(
            "a pass about several",
            asks("record.create.several", booker, targets: [visit.kept.person, other.person])
        )
        let written = try run(
            opened,
            [
                """
                insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, is_about_several)
                values (\(north.organization), \(visit.record.id), \(visit.kept.patient), 'Appointment', 1, \(visit.record.tag), '\\x00', '\\x00', true)
                """,
                """
                insert into care.record_subject (organization_id, record_id, patient_id)
                values (\(north.organization), \(visit.record.id), \(other.patient))
                """,
                keep(visit.record, [visit.desk]),
            ]
        )
        try must("keep_appointment", "of several, to each", try written == nil && given(visit) == 2)
        let isOf = { (kept: Kept) in try given(visit, "patient_id = \(kept.patient)") }
        let lets = try isOf(other) == 1 && isOf(visit.kept) == 1
        try must("keep_appointment", "each of them once", lets)
        // One takes another's place.
        let to = try kept(by: booker)
        let moving = try grant("a pass that moves", asks("record.move", booker, targets: [visit.record, to.person]))
        let move: SQL = """
            select care.move_shared_record(
                \(visit.record.id), \(other.patient), \(to.patient), '\\x02', '\\x03', \([Int32(1)]), \([[UInt8]([4])]),
                '{}'::uuid[], '{}'::bytea[])
            """
        try must(
            "move_shared_record",
            "an appointment's way to one who is not there any more ends",
            try failure(moving, move) == nil && isOf(other) == 0 && isOf(visit.kept) == 1
        )
    }

    private func whereItMoves() throws {
        let (visit, booker) = try visit()
        let to = try kept(by: booker)
        try must("keep_appointment", "booked", try book(visit, by: booker) == nil && given(visit) == 1)
        let another = Visit(kept: visit.kept, desk: visit.desk, doctor: visit.doctor)
        try must("keep_appointment", "and another", try book(another, by: booker) == nil && given(another) == 1)
        let moving = try grant("a pass that moves", asks("record.move", booker, targets: [visit.record, to.person]))
        let move: SQL = """
            select care.move_records(
                \(visit.kept.patient), \(to.patient), \([visit.record.id]), \([[UInt8]([2])]), \([[UInt8]([3])]),
                \([visit.record.id]), \([Int32(1)]), \([[UInt8]([4])]), '{}'::uuid[], '{}'::bytea[])
            """
        try must(
            "move_records",
            "an appointment's way to the former one ends",
            try run(moving, [move]) == nil && given(visit) == 0 && given(another) == 1
        )
        let back = try grant(
            "a pass that moves back",
            asks("record.move", booker, targets: [visit.record, visit.kept.person])
        )
        let again: SQL = """
            select care.move_records(
                \(to.patient), \(visit.kept.patient), \([visit.record.id]), \([[UInt8]([2])]), \([[UInt8]([3])]),
                \([visit.record.id, visit.record.id]), \([Int32(1), Int32(2)]), \([[UInt8]([4]), [UInt8]([4])]), '{}'::uuid[], '{}'::bytea[])
            """
        try must(
            "keep_appointment",
            "what is told with the move, lets in",
            try run(back, [again, keep(visit.record, [visit.desk])]) == nil
                && given(visit, "patient_id = \(visit.kept.patient)") == 1
        )
    }

    // MARK: Leaving

    private func whoLeaves() throws {
        let (visit, booker) = try visit()
        try must("keep_appointment", "booked", try book(visit, by: booker) == nil && given(visit) == 1)
        let (owner, other) = (try scene.somebody(["owner"], in: north), try self.visit().visit)
        let end: SQL =
            "select care.end_membership(\(visit.doctor.account), null, null, 1, \(Primitive.freshBytes(32)), '\\x00')"
        try must(
            "off_board",
            "nobody is a practitioner who has left",
            try failure(pass("member.end", owner, north.ada), end) == nil && !linked(visit.desk, visit.doctor)
        )
        try must("end_practitioners", "and somebody else goes on", try linked(other.desk, other.doctor))
        // Gone by the calendar, and back again.
        try change(other.doctor, "since = now() - interval '2 days', until = now() - interval '1 second'")
        let add: SQL = """
            select care.add_member(
                \(other.doctor.account), \(other.doctor.token), '\\x00', '\\x00', '{clinician}', \(Primitive.sha256(Primitive.freshBytes(32))))
            """
        try must(
            "admit",
            "whoever comes back is no practitioner",
            try failure(pass("member.add", owner, north.ada), add) == nil && !linked(other.desk, other.doctor)
        )
        // Somebody with an appointment looks after nobody for good.
        let alone = try scene.somebody(["clinician"], in: north)
        let kept = try kept(by: alone)
        try scene.reach(kept, by: north.clinician, as: "appointment", in: north)
        let leave: SQL =
            "select care.end_membership(\(alone.account), null, null, 1, \(Primitive.freshBytes(32)), '\\x00')"
        try must(
            "patients_alone_with",
            "an appointment looks after nobody",
            try answer(Int32.self, pass("member.end", owner, north.ada), leave) == 1
        )
    }
}
