import FoundationEssentials
import Postgres
import Seals

/// Letters to families: of a handover that nears, to whom it concerns, once, and by the job that does so.
extension GateChecks {
    func handoversTold() throws {
        try setProfile("family")
        defer { try? setProfile("clinic") }  // a failure is on its way already, or the next check tells
        // What other checks left is told.
        try scene.admin.query("update care.growing_up set told_of = hands_over_at")
        let family = try nearing()
        try whoIsTold(family)
        try whenTheyAreTold(family)
        try whereMailIsSent { try told(family) }
        try scene.admin.query("update care.growing_up set told_of = hands_over_at")
    }

    /// A record that is handed over in eighty days, and who has to do with it.
    private struct Family {
        let kept: Kept
        /// Handed over long after, as the namesake of `kept` is in the other house.
        let later: Kept
        let guardian, teen, carer, sharing: Someone

        var concerned: Set<UUID> { [guardian.account, teen.account, carer.account] }
    }

    private func nearing() throws -> Family {
        let guardian = try scene.somebody(["caregiver"], in: north)
        let (kept, later) = (try self.kept(by: guardian), try self.kept(by: guardian))
        let (teen, carer, sharing) = (
            try scene.somebody(["teen"], in: north), try scene.somebody(["caregiver"], in: north),
            try scene.somebody(["clinician"], in: north)
        )
        for (someone, kind) in [(teen, "self"), (carer, "carer"), (sharing, "share")] {
            try scene.reach(kept, by: someone, as: kind, in: north)
        }
        // Whoever the namesake is belongs elsewhere, and so does the carer, besides.
        try scene.reach(kept.namesake(), by: scene.somebody(["teen"], in: south), as: "self", in: south)
        try scene.join(carer, ["caregiver"], to: south)
        for (house, patient) in [(north, kept), (south, kept), (north, later)] {
            try scene.admin.query(
                """
                insert into care.growing_up (organization_id, patient_id, planned_by, grown_up_at, hands_over_at)
                values (\(house.organization), \(patient.patient), \(house.keeper.account), clock_timestamp(),
                        clock_timestamp() + interval '200 days')
                    on conflict (organization_id, patient_id) do update set hands_over_at = excluded.hands_over_at, told_of = null
                """
            )
        }
        let family = Family(kept: kept, later: later, guardian: guardian, teen: teen, carer: carer, sharing: sharing)
        try handOver(family, in: "80 days")
        return family
    }

    /// Their reach ends with it, but for their own.
    private func handOver(_ family: Family, in time: SQL) throws {
        try scene.admin.query(
            """
            update care.growing_up set hands_over_at = clock_timestamp() + interval '\(time)'
             where organization_id = \(north.organization) and patient_id = \(family.kept.patient)
            """
        )
        try scene.admin.query(
            """
            update care.reach r set until = g.hands_over_at, since = clock_timestamp() - interval '2 days' from care.growing_up g
             where g.organization_id = \(north.organization) and g.patient_id = \(family.kept.patient) and r.kind <> 'self'
               and r.organization_id = g.organization_id and r.patient_id = g.patient_id
            """
        )
    }

    private func due(_ family: Family) throws -> Set<UUID> {
        Set(
            try scene.admin.query(
                """
                select account_id from care.handovers_due()
                 where organization_id = \(north.organization) and patient_id = \(family.kept.patient)
                """
            ).map { try $0.decode(UUID.self, at: 0) }
        )
    }

    private func whoIsTold(_ family: Family) throws {
        let (carer, teen) = (family.carer, family.teen)
        try must("handovers_due", "the family, and nobody with whom it is shared", try due(family) == family.concerned)
        let without = { (someone: Someone) in family.concerned.subtracting([someone.account]) }
        for (what, assignment, back) in [
            ("not who was let out", "withdrawn_at = clock_timestamp()", "withdrawn_at = null"),
            ("not who is paused", "paused_at = clock_timestamp()", "paused_at = null"),
            ("not whose time ends before", "until = until - interval '1 day'", "until = until + interval '1 day'"),
            (
                "not who is let in later", "since = clock_timestamp() + interval '1 day'",
                "since = clock_timestamp() - interval '1 day'"
            ),
        ] as [(String, SQL, SQL)] {
            try setReach(carer, assignment)
            try must("handovers_due", what, try due(family) == without(carer))
            try setReach(carer, back)
        }
        for (what, assignment) in [
            ("not who has left", "since = now() - interval '2 days', until = now() - interval '1 day'"),
            ("not who has not joined", "since = now() + interval '2 days', until = null"),
        ] as [(String, SQL)] {
            try setMembership(carer, assignment)
            try must("handovers_due", what, try due(family) == without(carer))
        }
        try setMembership(carer, "since = now() - interval '2 days', until = now() + interval '1 day'")
        try must("handovers_due", "who leaves tomorrow", try due(family) == family.concerned)
        try setMembership(carer, "until = null")
        let close = { (isClosed: Bool) in
            _ = try scene.admin.query(
                "update care.account set closed_at = case when \(isClosed) then clock_timestamp() end where id = \(carer.account)"
            )
        }
        try close(true)
        try must("handovers_due", "no account that is closed", try due(family) == without(carer))
        try close(false)
        try setReach(
            teen,
            "until = clock_timestamp() - interval '1 second', since = clock_timestamp() - interval '1 day'"
        )
        try must("handovers_due", "not whose own reach is over", try due(family) == without(teen))
        try setReach(teen, "until = clock_timestamp() + interval '1 day'")
        try must("handovers_due", "while it lasts", try due(family) == family.concerned)
        try setReach(teen, "until = null")
        try must("handovers_due", "not by the server itself", try isDenied(nil, "select care.handovers_due()"))
    }

    private func whenTheyAreTold(_ family: Family) throws {
        let tell = { (of: SQL) in
            _ = try scene.admin.query(
                "update care.growing_up set told_of = \(of) where organization_id = \(north.organization) and patient_id = \(family.kept.patient)"
            )
        }
        try handOver(family, in: "91 days")
        try must("handovers_due", "not before the review", try due(family).isEmpty)
        try handOver(family, in: "-1 hours")
        try must("handovers_due", "not afterwards", try due(family).isEmpty)
        try handOver(family, in: "1 hours")
        try must("handovers_due", "until then", try due(family) == family.concerned)
        try tell("hands_over_at")
        try must("handovers_due", "once", try due(family).isEmpty)
        try tell("hands_over_at - interval '1 day'")
        try must("handovers_due", "of another day anew", try due(family) == family.concerned)
        try tell("null")
    }

    private func told(_ family: Family) throws {
        let job = try hold("families.remind")
        let needed = try scene.admin.query("select from care.handovers_due()").count
        try must("handovers_due", "the three of them", needed == 3)
        guard needed > 0 else { return }
        try must("remind_families", "not by another job", try isDenied(nil, remind(hold("housekeeping"), 100)))
        let earlier = (job.organization, job.id, job.fence - 1)
        try must("remind_families", "not by an earlier fence", try isDenied(nil, remind(earlier, 100)))
        try scene.admin.query("update care.guard set mails_links = false")
        try must("remind_families", "nothing where no mail is sent", try answer(Int32.self, nil, remind(job, 100)) == 0)
        try scene.admin.query("update care.guard set mails_links = true")
        for (letters, sealed) in [(0, 0), (needed - 1, needed - 1), (needed, needed - 1), (needed - 1, needed)] {
            let asked = try answer(Int32.self, nil, remind(job, letters, sealed: sealed))
            try must("remind_families", "says how many letters it takes", asked.map { Int($0) } == needed)
        }
        try must("remind_families", "and queues none without them", try queued().isEmpty)
        let done = try answer(Int32.self, nil, remind(job, needed))
        try must("remind_families", "with them", done.map { Int($0) } == needed)
        try must("remind_families", "to whom it concerns", try Set(queued()) == family.concerned && queued().count == 3)
        try must("remind_families", "once", try answer(Int32.self, nil, remind(job, 100)) == 0 && queued().count == 3)
        let others = try scene.admin.query(
            """
            select from care.growing_up
             where told_of is null
               and (organization_id = \(south.organization) and patient_id = \(family.kept.patient)
                    or organization_id = \(north.organization) and patient_id = \(family.later.patient))
            """
        )
        try must("remind_families", "nothing is noted of another record", others.count == 2)
        try scene.admin.query("delete from care.job where kind = 'mail.send'")
        try scene.admin.query("delete from care.letter where template = 'handover-nears'")
        try scene.admin.query(
            "update care.job set leased_until = null where kind in ('families.remind', 'housekeeping')"
        )
    }

    private func queued() throws -> [UUID] {
        try scene.admin.query(
            """
            select account_id from care.letter
             where template = 'handover-nears' and state = 'waiting' and organization_id = \(north.organization)
            """
        ).map { try $0.decode(UUID.self, at: 0) }
    }

    private func remind(_ job: (organization: UUID, id: UUID, fence: Int64), _ letters: Int, sealed: Int? = nil) -> SQL
    {
        """
        select care.remind_families(
            \(job.organization), \(job.id), \(job.fence), \((0..<letters).map { _ in UUID() }),
            \((0..<(sealed ?? letters)).map { _ in [7] as [UInt8] }))
        """
    }
}
