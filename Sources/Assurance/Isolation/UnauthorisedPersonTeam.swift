import FoundationEssentials
import Postgres
import Seals

/// Whom somebody lets in to a patient, as what and until when.
extension GateChecks {
    private func give(_ someone: Someone, _ kind: String, _ lasting: SQL = "null") -> SQL {
        "select care.give_reach(\(UUID()), \(someone.account), \(kind), (\(lasting))::timestamptz)"
    }

    private func pass(_ act: String, _ someone: Someone) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone, about: north.ben))
    }

    private func reach(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query(
            """
            update care.reach set \(assignment)
             where organization_id = \(north.organization) and account_id = \(someone.account)
            """
        )
    }

    func team() throws {
        let (doctor, other) = (
            try scene.somebody(["clinician"], in: north), try scene.somebody(["clinician"], in: north)
        )
        try scene.reach(north.ben, by: doctor, as: "care-team", in: north)
        let giving = try pass("reach.give", doctor)
        let listing = try pass("reach.team", doctor)
        let works = give(other, "care-team")
        try must("give_reach", "not without a pass", try isDenied(nil, works))
        try must("give_reach", "not by a pass that lists", try isDenied(listing, works))
        let researcher = try scene.somebody(["researcher"], in: north)
        let gone = try scene.somebody(["clinician"], in: north)
        try scene.admin.query(
            """
            update care.membership set since = now() - interval '2 days', until = now() - interval '1 day'
             where organization_id = \(north.organization) and account_id = \(gone.account)
            """
        )
        let day: SQL = "clock_timestamp() + interval '1 day'"
        for (what, statement) in [
            ("not to oneself", give(doctor, "care-team")), ("not to one of elsewhere", give(south.other, "care-team")),
            ("not to one who left", give(gone, "care-team")),
            ("not to one who may not read", give(researcher, "care-team")),
            ("no guardians", give(other, "guardian")), ("no shares", give(other, "share", day)),
            ("not into the past", give(other, "care-team", "clock_timestamp() - interval '1 day'")),
            ("a job has an end", give(other, "assignment")),
            ("a job ends within a month", give(other, "assignment", "clock_timestamp() + interval '40 days'")),
            ("a job is to come", give(other, "assignment", "clock_timestamp() - interval '1 minute'")),
        ] { try must("give_reach", what, try failure(giving, statement) == "23514") }
        try refuse("reading, before they are let in", asks("record.read", other, about: north.ben), as: "out of reach")
        try must("give_reach", "into the team", try failure(giving, works) == nil)
        try grant("reading, once they are", asks("record.read", other, about: north.ben))
        try refuse("and nobody else", asks("record.read", other), as: "out of reach")
        let crew = try scene.somebody(["staff"], in: north)
        try must("give_reach", "for a job", try failure(giving, give(crew, "assignment", day)) == nil)
        try asLongAsTheyMay(crew)
        try ending(doctor, other)
    }

    /// The same number in another organisation is another patient.
    private func elsewhere(_ doctor: Someone, _ giving: Scene.Opened) throws {
        let colleague = try scene.somebody(["clinician"], in: north)
        try scene.join(doctor, ["clinician"], to: south)
        try scene.admin.query(
            "insert into care.patient (organization_id, id) values (\(south.organization), \(north.ben.patient)) on conflict do nothing"
        )
        try scene.admin.query(
            """
            insert into care.reach (organization_id, patient_id, account_id, kind)
            values (\(south.organization), \(north.ben.patient), \(doctor.account), 'care-team')
            """
        )
        try reach(doctor, "withdrawn_at = clock_timestamp()")
        try must(
            "require_may_let_in",
            "by reach in this organisation",
            try failure(giving, give(colleague, "care-team")) == "23514"
        )
        try reach(doctor, "withdrawn_at = null")
    }

    /// Somebody there for a job lets in others for that job, and not beyond it.
    private func asLongAsTheyMay(_ crew: Someone) throws {
        let mate = try scene.somebody(["staff"], in: north)
        let giving = try pass("reach.give", crew)
        let hour: SQL = "clock_timestamp() + interval '1 hour'"
        for (what, statement) in [
            ("not into the team", give(mate, "care-team", hour)),
            ("not beyond their own job", give(mate, "assignment", "clock_timestamp() + interval '2 days'")),
        ] { try must("require_may_let_in", what, try failure(giving, statement) == "23514") }
        try must("require_may_let_in", "for the job", try failure(giving, give(mate, "assignment", hour)) == nil)
        try grant("the mate reads", asks("record.read", mate, about: north.ben))
        let doctor = try scene.somebody(["clinician"], in: north)
        try scene.reach(north.ben, by: doctor, as: "care-team", in: north)
        let late = try pass("reach.give", doctor)
        try elsewhere(doctor, late)
        try reach(doctor, "until = clock_timestamp() + interval '2 hours'")
        try must("require_may_let_in", "an end has no beyond", try failure(late, give(mate, "care-team")) == "23514")
        try reach(doctor, "until = null, since = clock_timestamp() + interval '1 hour'")
        try must("require_may_let_in", "it has begun", try failure(late, give(mate, "care-team")) == "23514")
        try reach(doctor, "since = clock_timestamp() - interval '1 hour', withdrawn_at = clock_timestamp()")
        try must("require_may_let_in", "it is not withdrawn", try failure(late, give(mate, "care-team")) == "23514")
        try reach(doctor, "withdrawn_at = null, patient_id = \(north.ada.patient)")
        try must("require_may_let_in", "it is to that patient", try failure(late, give(mate, "care-team")) == "23514")
    }

    private func ending(_ doctor: Someone, _ other: Someone) throws {
        let found = { (someone: Someone, patient: UUID) in
            try scene.admin.query(
                """
                select id from care.reach
                 where organization_id = \(north.organization) and account_id = \(someone.account) and patient_id = \(patient)
                """
            )[0].decode(UUID.self, at: 0)
        }
        let theirs = try found(other, north.ben.patient)
        let end = { (reach: UUID) in "select care.end_reach(\(reach))" as SQL }
        let ending = try pass("reach.end", doctor)
        try must("end_reach", "not without a pass", try isDenied(nil, end(theirs)))
        try must("end_reach", "not by a pass that gives", try isDenied(pass("reach.give", doctor), end(theirs)))
        try must("end_reach", "no guardian's", try isDenied(ending, end(found(north.other, north.ben.patient))))
        try scene.reach(north.ada, by: other, as: "care-team", in: north)
        try must("end_reach", "of no other patient", try isDenied(ending, end(found(other, north.ada.patient))))
        try must("end_reach", "a colleague's", try failure(ending, end(theirs)) == nil)
        try refuse("reading, once it has ended", asks("record.read", other, about: north.ben), as: "out of reach")
        try must("end_reach", "not twice", try isDenied(ending, end(theirs)))
        try must("end_reach", "one's own", try failure(ending, end(found(doctor, north.ben.patient))) == nil)
    }
}
