import FoundationEssentials
import Postgres
import Seals

/// Who keeps whom out, what that closes at once, who is told what, and how it ends.
extension GateChecks {
    private func reaching(_ roles: [String], _ way: String) throws -> Someone {
        let one = try scene.somebody(roles, in: north)
        try scene.reach(north.ben, by: one, as: way, in: north)
        return one
    }

    private func pass(_ act: String, _ someone: Someone) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone, about: north.ben))
    }

    private func pause(_ someone: Someone, ask: Someone? = nil, id: UUID = UUID()) -> SQL {
        "select care.pause_carer(\(id), \(someone.account), \((ask ?? north.keeper).account), '\\x00', '\\x00')"
    }

    private func resume(_ id: UUID) -> SQL { "select care.resume_carer(\(id))" }

    private func own(_ someone: Someone, in house: House? = nil) throws -> Int {
        try scene.server.query(
            "select * from care.own_pauses(\((house ?? north).organization), \(someone.session), 'api')"
        ).count
    }

    func pauses() throws {
        try ageRules()
        try whoPauses()
        try whatPauses()
        try whatNoPauseCloses()
        try whoSeesPauses()
        try resuming()
        try stayingPaused()
    }

    /// What changes at which age: where the organisation is, for whoever reads a record.
    private func ageRules() throws {
        let reading = try grant("a pass that reads", asks("record.read"))
        let ages: SQL = "select array(select age from care.age_rules())"
        try must("age_rules", "not without a pass", try isDenied(nil, ages))
        try must("age_rules", "not by a pass that lists", try isDenied(grant("a list", asks("member.list")), ages))
        // The houses are in Britain.
        try must(
            "age_rules",
            "those of the country, and of all",
            try answer([Int32].self, reading, ages) == [11, 12, 16, 18]
        )
        let words = try answer(String.self, reading, "select words from care.age_rules() where age = 12")
        try must("age_rules", "the country's before all countries'", words?.contains("Scotland") == true)
    }

    private func whoPauses() throws {
        let owner = try reaching(["owner", "caregiver"], "guardian")
        let plain = try reaching(["caregiver"], "guardian")
        let carer = try reaching(["caregiver"], "carer")
        let (byOwner, byPlain) = (try pass("carer.pause", owner), try pass("carer.pause", plain))
        try must("pause_carer", "not without a pass", try isDenied(nil, pause(carer)))
        try must("pause_carer", "not by a pass that shares", try isDenied(pass("reach.share", owner), pause(carer)))
        let stranger = try scene.somebody(["caregiver"], in: north)
        try must("pause_carer", "nobody who is not let in", try isDenied(byOwner, pause(stranger)))
        try must("pause_carer", "nobody of another patient", try isDenied(byOwner, pause(north.keeper)))
        try must("pause_carer", "nobody elsewhere", try isDenied(byOwner, pause(south.other)))
        try must("may_pause", "not oneself", try failure(byOwner, pause(owner)) == "23514")
        try must("may_pause", "a guardian no guardian", try failure(byPlain, pause(north.other)) == "23514")
        try must("may_pause", "a guardian no owner", try failure(byPlain, pause(owner)) == "23514")
        let ownersShare = try reaching(["owner"], "carer")
        try must("may_pause", "no owner, whatever they are", try failure(byPlain, pause(ownersShare)) == "23514")
        let admin = try reaching(["admin", "caregiver"], "guardian")
        try must(
            "may_pause",
            "an administrator no owner",
            try failure(pass("carer.pause", admin), pause(owner)) == "23514"
        )
        let itself = try reaching(["patient"], "self")
        try must("pause_carer", "nobody whom it is about", try isDenied(byOwner, pause(itself)))
        for (what, ask) in [("who is kept out is not asked", carer), ("nor somebody elsewhere", south.keeper)] {
            try must("pause_carer", what, try failure(byPlain, pause(carer, ask: ask)) == "23514")
        }
        let gone = try scene.somebody(["caregiver"], in: north)
        try setMembership(gone, "since = now() - interval '2 days', until = now() - interval '1 day'")
        try must("pause_carer", "nor who has left", try failure(byPlain, pause(carer, ask: gone)) == "23514")
        try setMembership(gone, "since = now() + interval '2 days', until = null")
        try must("pause_carer", "nor who has not joined", try failure(byPlain, pause(carer, ask: gone)) == "23514")
        try must("pause_carer", "a carer", try failure(byPlain, pause(carer)) == nil)
        try must("pause_carer", "not twice", try isDenied(byPlain, pause(carer)))
        try must("may_pause", "an owner a guardian", try failure(byOwner, pause(plain)) == nil)
        let second = try reaching(["owner", "caregiver"], "guardian")
        try must("may_pause", "an owner an owner", try failure(byOwner, pause(second)) == nil)
        for (what, assignment) in [
            ("nobody who was let out", "withdrawn_at = clock_timestamp()"),
            ("nobody whose time is over", "since = now() - interval '2 days', until = now() - interval '1 day'"),
        ] as [(String, SQL)] {
            let late = try reaching(["caregiver"], "carer")
            try setReach(late, assignment)
            try must("pause_carer", what, try isDenied(byOwner, pause(late)))
        }
    }

    /// From the next request on, that patient alone, and that person alone.
    private func whatPauses() throws {
        let owner = try reaching(["owner", "caregiver"], "guardian")
        for way in ["guardian", "carer", "share", "care-team"] {
            try setProfile(way == "care-team" ? "family" : "clinic")
            let one = try reaching(["caregiver"], way)
            try scene.reach(north.ada, by: one, as: "carer", in: north)
            let (open, list) = (try pass("record.search", one), try grant("a list", asks("patient.list", one)))
            let other = try grant("another's", asks("record.search", one))
            let owners = try pass("record.search", owner)
            let look: SQL = "select 1 from care.record where patient_id = \(north.ben.patient)"
            let roster: SQL = "select array(select care.acting_roster('roster.read'))"
            try must("pause_carer", "before", try scene.count(look, under: open) > 0)
            try must("pause_carer", "\(way)", try failure(pass("carer.pause", owner), pause(one)) == nil)
            try must("pause_carer", "what was open ends", try scene.count(look, under: open) == 0)
            try must("pause_carer", "what others have open does not", try scene.count(look, under: owners) > 0)
            try refuse("reading, once paused", asks("record.read", one, about: north.ben), as: "out of reach")
            try must("acting_roster", "not who is paused", try answer([UUID].self, list, roster) == [north.ada.patient])
            try must("vouch", "not once paused", try vouched(list, [north.ben.patient]) == [])
            let seen: SQL = "select 1 from care.record where patient_id = \(north.ada.patient)"
            try must("pause_carer", "others stay", try scene.count(seen, under: other) > 0)
            try grant("another patient stays", asks("record.read", one))
            try grant("others stay", asks("record.read", owner, about: north.ben))
        }
        try setProfile("clinic")
        let narrowed = try reaching(["caregiver"], "carer")
        try setReach(narrowed, "kinds = '{Patient,Observation}'")
        try grant("some kinds, before", asks("record.read", narrowed, about: north.ben))
        try must("pause_carer", "some kinds", try failure(pass("carer.pause", owner), pause(narrowed)) == nil)
        try refuse("some kinds, once paused", asks("record.read", narrowed, about: north.ben), as: "out of reach")
        // Neither a pass from before nor a link from before helps who is paused to let others in.
        let doctor = try reaching(["clinician"], "care-team")
        let (giving, mate) = (try pass("reach.give", doctor), try scene.somebody(["staff"], in: north))
        try setReach(doctor, "paused_at = clock_timestamp()")
        let give: SQL = "select care.give_reach(\(UUID()), \(mate.account), 'care-team', (null)::timestamptz)"
        try must("require_may_let_in", "not who is paused", try failure(giving, give) == "23514")
        try setReach(doctor, "paused_at = null")
        try must("require_may_let_in", "who is not", try failure(giving, give) == nil)
        try aloneWith()
    }

    /// A clinic says who is in its care team, and an emergency opens whatever was agreed before.
    private func whatNoPauseCloses() throws {
        let owner = try reaching(["owner", "caregiver"], "guardian")
        let pausing = try pass("carer.pause", owner)
        let team = try reaching(["clinician"], "care-team")
        let elsewhere: SQL = "update care.organization set profile = "
        try scene.admin.query("\(elsewhere) 'family' where organization_id = \(south.organization)")
        try must("is_paused_with", "no care team of a clinic", try isDenied(pausing, pause(team)))
        try scene.admin.query("\(elsewhere) 'clinic' where organization_id = \(south.organization)")
        let one = try reaching(["clinician"], "share")
        try must("is_paused_with", "a share", try failure(pausing, pause(one)) == nil)
        try refuse("a share, once paused", asks("record.read", one, about: north.ben), as: "out of reach")
        try scene.reach(north.ben, by: one, as: "care-team", in: north)
        try grant("in the care team meanwhile", asks("record.read", one, about: north.ben))
        try setProfile("family")
        let itself = try reaching(["patient"], "self")
        try must("is_paused_with", "nobody whom it is about", try isDenied(pausing, pause(itself)))
        try setProfile("clinic")
    }

    /// Who is paused looks after nobody, and does not say who does.
    private func aloneWith() throws {
        try successorsOfPaused()
        let kept = Kept()
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        try scene.make(kept, keptBy: one, in: north)
        try scene.reach(kept, by: other, as: "guardian", in: north)
        try setReach(other, "paused_at = clock_timestamp()")
        // Nor does somebody of another organisation, whose patient has the same id.
        try scene.make(kept, keptBy: south.keeper, in: south)
        let ending = try grant("a pass that ends", asks("member.end"))
        let end: SQL = """
            select care.end_membership(
                \(one.account), (null)::timestamptz, (null)::uuid, 1, \(Primitive.freshBytes(32)), '\\x00')
            """
        try must("patients_alone_with", "who is paused looks after nobody", try answer(Int32.self, ending, end) == 1)
    }

    private func successorsOfPaused() throws {
        let kept = Kept()
        let (one, straw) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        try scene.make(kept, keptBy: one, in: north)
        let admin = try scene.somebody(["admin", "caregiver"], in: north)
        let ending = try grant("an administrator's pass that ends", asks("member.end", admin))
        let hand: SQL = """
            select care.end_membership(
                \(one.account), (null)::timestamptz, \(straw.account), 1, \(Primitive.freshBytes(32)), '\\x00')
            """
        let paused = { (patient: UUID) -> SQL in
            """
            insert into care.pause (
                organization_id, id, patient_id, account_id, paused_by, ask_account_id, sealed_reason, sealed_patient, since)
            values (\(north.organization), \(UUID()), \(patient), \(admin.account), \(one.account), \(one.account), '\\x00',
                    '\\x00', now())
            """
        }
        let ended: SQL =
            "update care.pause set ended_at = now(), ended_by = paused_by where account_id = \(admin.account)"
        try scene.admin.query(paused(kept.patient))
        try must("end_membership", "not by whoever is kept out of it", try failure(ending, hand) == "23514")
        try scene.admin.query(ended)
        // Out of another's record, and out of this one once.
        try scene.admin.query(paused(north.ben.patient))
        try must("end_membership", "by whoever is not", try failure(ending, hand) == nil)
        try scene.admin.query(ended)
    }

    /// Those who keep the record see it; who is kept out, that they are, and no more.
    private func whoSeesPauses() throws {
        let owner = try reaching(["owner", "caregiver"], "guardian")
        let one = try reaching(["caregiver"], "guardian")
        let pausing = UUID()
        let before = try pass("reach.read", one)
        let row: SQL = "select 1 from care.pause where id = \(pausing)"
        try must("own_pauses", "nobody is paused yet", try own(one) == 0)
        try must("pause_carer", "paused", try failure(pass("carer.pause", owner), pause(one, id: pausing)) == nil)
        try must("own_pauses", "who is paused is told", try own(one) == 1)
        try must("own_pauses", "nobody else", try own(owner) == 0 && own(one, in: south) == 0)
        try scene.join(one, ["caregiver"], to: south)
        try scene.admin.query(
            """
            insert into care.pause (
                organization_id, id, patient_id, account_id, paused_by, ask_account_id, sealed_reason, sealed_patient, since)
            values (\(south.organization), \(UUID()), \(south.ben.patient), \(one.account), \(south.keeper.account),
                    \(south.keeper.account), '\\x00', '\\x00', now())
            """
        )
        try must("own_pauses", "of here alone", try own(one) == 1)
        let session: SQL = "organization_id = \(north.organization) and account_id = \(one.account)"
        try scene.admin.query(
            "update care.session set second_factor_at = null, second_factor_is_due = true where \(session)"
        )
        try must("own_pauses", "not before the second factor", try own(one) == 0)
        try scene.admin.query("update care.session set second_factor_at = now() where \(session)")
        try must(
            "own_pauses",
            "not without a session",
            try scene.server.query(
                "select * from care.own_pauses(\(north.organization), \(Primitive.freshBytes(32)), 'api')"
            ).isEmpty
        )
        try must(
            "own_pauses",
            "nor for another use",
            try scene.server.query(
                "select * from care.own_pauses(\(north.organization), \(one.session), 'page')"
            ).isEmpty
        )
        try must(
            "pause",
            "why, for those who keep the record",
            try scene.count(row, under: pass("reach.read", owner)) == 1
        )
        try must("pause", "not for whoever is paused", try scene.count(row, under: before) == 0)
        try must("resume_carer", "let in again", try failure(pass("carer.resume", owner), resume(pausing)) == nil)
        try must("pause", "nor afterwards", try scene.count(row, under: pass("reach.read", one)) == 0)
        try must("own_pauses", "nothing any more", try own(one) == 0)
    }

    private func resuming() throws {
        let owner = try reaching(["owner", "caregiver"], "guardian")
        let plain = try reaching(["caregiver"], "guardian")
        let (one, two, late) = (
            try reaching(["caregiver"], "guardian"), try reaching(["caregiver"], "carer"),
            try reaching(["caregiver"], "carer")
        )
        try scene.reach(north.ada, by: two, as: "carer", in: north)
        let (ids, elsewhere) = ([UUID(), UUID(), UUID()], UUID())
        for (someone, id) in zip([one, two, late], ids) {
            try must("pause_carer", "paused", try failure(pass("carer.pause", owner), pause(someone, id: id)) == nil)
        }
        let atAda = try grant("a pass that pauses", asks("carer.pause"))
        try must("pause_carer", "at another patient", try failure(atAda, pause(two, ask: owner, id: elsewhere)) == nil)
        let (byOwner, byPlain) = (try pass("carer.resume", owner), try pass("carer.resume", plain))
        try must("resume_carer", "not without a pass", try isDenied(nil, resume(ids[1])))
        try must("resume_carer", "not by a pass that pauses", try isDenied(pass("carer.pause", owner), resume(ids[1])))
        try must("resume_carer", "not at another patient", try isDenied(byOwner, resume(elsewhere)))
        try must("resume_carer", "none that there is not", try isDenied(byOwner, resume(UUID())))
        try must("resume_carer", "no guardian by a guardian", try isDenied(byPlain, resume(ids[0])))
        try must("resume_carer", "a carer by a guardian", try failure(byPlain, resume(ids[1])) == nil)
        try must("resume_carer", "not twice", try isDenied(byPlain, resume(ids[1])))
        try grant("reading again", asks("record.read", two, about: north.ben))
        try refuse("not at the other patient", asks("record.read", two), as: "out of reach")
        try refuse("nor somebody else", asks("record.read", one, about: north.ben), as: "out of reach")
        try must("resume_carer", "a guardian by an owner", try failure(byOwner, resume(ids[0])) == nil)
        try grant("a guardian again", asks("record.read", one, about: north.ben))
        try setReach(late, "withdrawn_at = clock_timestamp()")
        try must("resume_carer", "who was let out meanwhile", try failure(byOwner, resume(ids[2])) == nil)
        try refuse("stays out", asks("record.read", late, about: north.ben), as: "out of reach")
    }

    /// No new way in helps.
    private func stayingPaused() throws {
        let owner = try reaching(["owner", "caregiver"], "guardian")
        let one = try reaching(["clinician"], "carer")
        let id = UUID()
        try must("pause_carer", "paused", try failure(pass("carer.pause", owner), pause(one, id: id)) == nil)
        let share: SQL = """
            insert into care.reach (organization_id, patient_id, account_id, kind, until)
            values (\(north.organization), \(north.ben.patient), \(one.account), 'share', now() + interval '9 days')
            """
        try must("keep_paused", "let in anew", try failure(pass("reach.share", owner), share) == nil)
        try refuse("paused all the same", asks("record.read", one, about: north.ben), as: "out of reach")
        try scene.reach(north.ada, by: one, as: "share", in: north)
        try grant("let in to another", asks("record.read", one))
        let other = try reaching(["clinician"], "share")
        try grant("another is let in", asks("record.read", other, about: north.ben))
        try scene.join(one, ["clinician"], to: south)
        try scene.reach(south.ben, by: one, as: "share", in: south)
        let free = try scene.admin.query(
            "select 1 from care.reach where organization_id = \(south.organization) and account_id = \(one.account) and paused_at is null"
        )
        try must("keep_paused", "elsewhere they are not", free.count == 1)
        try must("resume_carer", "let in again", try failure(pass("carer.resume", owner), resume(id)) == nil)
        try grant("reading again", asks("record.read", one, about: north.ben))
        try scene.reach(north.ben, by: one, as: "carer", in: north)
        let paused = try scene.admin.query(
            "select 1 from care.reach where organization_id = \(north.organization) and account_id = \(one.account) and paused_at is not null"
        )
        try must("keep_paused", "a pause that has ended keeps nobody out", paused.isEmpty)
    }
}
