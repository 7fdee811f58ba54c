import Foundation
import Postgres
import Seals

/// Clinicians of elsewhere, who are asked to read one record as guests. (ROL-3)
extension GateChecks {
    func guests() throws {
        // Whoever lets people in is a setting of families.
        try setProfile("family")
        try whoAsksGuests()
        try whatGuestsReach()
        try stoppingTakesBack()
        try rolesOfWaiting()
        try guestsWhoBelong()
        try guestsWhoGo()
        // Who fails takes no more checks, so that it need not be undone then.
        try setProfile("clinic")
    }

    private func pass(_ act: String, _ someone: Someone) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone, about: north.ben))
    }

    private var day: SQL { "clock_timestamp() + interval '1 day'" }

    private func ask(_ asked: Asked, kinds: SQL = "null", lasting: SQL? = nil) -> SQL {
        invite(asked, "share", kinds: kinds, lasting: lasting ?? day, for: "second-opinion")
    }

    private func whoAsksGuests() throws {
        let one = try guardian()
        let (inviting, asking) = (try pass("carer.invite", one), try pass("guest.invite", one))
        try must("invite_carer", "no guest by a pass for carers", try isDenied(inviting, ask(Asked())))
        try must("invite_carer", "no carer by a pass for guests", try isDenied(asking, invite(Asked())))
        for (what, lasting) in [
            ("for more than a year", "clock_timestamp() + interval '1 year 1 day 1 hour'"), ("without an end", "null"),
        ] as [(String, SQL)] {
            try must("invite_carer", "no guest \(what)", try failure(asking, ask(Asked(), lasting: lasting)) == "23514")
        }
        try must("invite_carer", "a guest", try failure(asking, ask(Asked())) == nil)
        let yearAndDay: SQL = "clock_timestamp() + interval '1 year 23 hours'"
        try must("invite_carer", "a guest, for a year", try failure(asking, ask(Asked(), lasting: yearAndDay)) == nil)
        let years: SQL = "clock_timestamp() + interval '3 years'"
        try must("invite_carer", "a carer, for years", try failure(inviting, invite(Asked(), lasting: years)) == nil)
        let other = try guardian()
        let short = try pass("guest.invite", other)
        try setReach(other, "until = clock_timestamp() + interval '1 hour'")
        try must("may_invite", "no guest who outlasts them", try failure(short, ask(Asked())) == "23514")
    }

    private func whatGuestsReach() throws {
        let asking = try pass("guest.invite", try guardian())
        let asked = Asked()
        try must(
            "invite_carer",
            "a guest is asked",
            try failure(asking, ask(asked, kinds: "'{Patient,Condition}'")) == nil
        )
        try must(
            "invite_carer",
            "a guest waits, and is nothing else",
            try membership(asked, "roles = '{guest}' and since = 'infinity'")
        )
        let purpose: SQL = "select purpose from care.invitation_of(\(north.organization), \(asked.link))"
        try must("invitation_of", "what for", try answer(String.self, nil, purpose) == "second-opinion")
        try must("take_up_invitation", "a guest reaches nobody yet", try !reaches(asked, "true"))
        try must("use_link", "a guest's", try works(use(asked)))
        try must(
            "take_up_invitation",
            "a guest reads what was offered, for that, until then",
            try reaches(
                asked,
                "kind = 'share' and kinds = '{Patient,Condition}' and purpose = 'second-opinion' and basis is null and until > now()"
            )
        )
        try must("take_up_invitation", "a guest is nothing else", try membership(asked, "roles = '{guest}'"))
        try must("invite_carer", "not twice", try failure(asking, ask(anew(asked))) == "23505")
        let guest = try scene.somebody(["guest"], in: north)
        try scene.reach(north.ben, by: guest, as: "share", in: north)
        try grant("a guest reads", asks("record.read", guest, about: north.ben))
        try refuse("a guest reads nobody else's", asks("record.read", guest), as: "out of reach")
        for act in ["record.create", "patient.everything", "trail.read", "reach.share", "reach.team"] {
            try refuse("a guest does not: \(act)", asks(act, guest, about: north.ben), as: "no permission")
        }
        try shareAgain(with: guest)
    }

    /// Whoever is a guest already is let in to another record like anybody who belongs.
    private func shareAgain(with guest: Someone) throws {
        let sharing = try grant("a pass to share", asks("reach.share"))
        let member = try scene.somebody(["member"], in: north)
        let share = { (someone: Someone) -> SQL in
            """
            insert into care.reach (organization_id, patient_id, account_id, kind, until)
            values (\(north.organization), \(north.ada.patient), \(someone.account), 'share', now() + interval '1 day')
            """
        }
        try must("reach", "shared with a guest", try failure(sharing, share(guest)) == nil)
        try must("reach", "shared with no other member", try failure(sharing, share(member)) == "42501")
    }

    /// Whoever stops sharing means it: no older link lets the same person in again.
    private func stoppingTakesBack() throws {
        let one = try guardian()
        let asking = try pass("guest.invite", one)
        let (doctor, other) = (
            try scene.somebody(["clinician"], in: north), try scene.somebody(["clinician"], in: north)
        )
        let elsewhere = try grant("a pass to ask for another's record", asks("guest.invite"))
        let asked = Asked(doctor)
        try must("invite_carer", "for one record", try failure(asking, ask(asked)) == nil)
        let (theirs, another) = (Asked(other), Asked(doctor))
        try must("invite_carer", "somebody else", try failure(asking, ask(theirs)) == nil)
        try must("invite_carer", "for another record", try failure(elsewhere, ask(another)) == nil)
        let cares = try scene.somebody(["clinician"], in: north)
        let caring = Asked(cares)
        try must(
            "invite_carer",
            "to care",
            try failure(pass("carer.invite", one), invite(caring, "carer-reading")) == nil
        )
        for someone in [doctor, cares] {
            try scene.reach(north.ben, by: someone, as: "share", in: north)
            try must(
                "take_back_with_share",
                "not before",
                try isLinked(someone.account == doctor.account ? asked : caring)
            )
            let stop: SQL = """
                update care.reach set withdrawn_at = now()
                 where organization_id = \(north.organization) and account_id = \(someone.account) and kind = 'share'
                """
            try must("reach", "stopped", try failure(pass("reach.withdraw", one), stop) == nil)
        }
        try must(
            "take_back_with_share",
            "their invitation to read",
            try !isLinked(asked) && !works(join(asked, as: doctor))
        )
        try must("take_back_with_share", "nobody else's", try isLinked(theirs))
        try must("take_back_with_share", "to no other record", try isLinked(another))
        try must("take_back_with_share", "to care for it stands", try isLinked(caring))
    }

    /// Whoever holds the link gets no role that was given since.
    private func rolesOfWaiting() throws {
        let asked = Asked()
        try must("invite_carer", "waits", try failure(pass("guest.invite", guardian()), ask(asked)) == nil)
        let changing = try grant("a pass that changes roles", asks("member.change-roles"))
        let change: SQL = "select care.change_roles(\(asked.account), '{clinician,guest}', '{}')"
        try must("change_roles", "of who waits", try failure(changing, change) == nil)
        try must("change_roles", "the link that was handed over ends", try !isLinked(asked) && !works(use(asked)))
    }

    private func guestsWhoBelong() throws {
        let asking = try pass("guest.invite", try guardian())
        let carer = try guardian()
        let blindToo = try scene.somebody(["researcher"], in: north)
        try must(
            "invite_carer",
            "who keeps the record is no guest of it",
            try failure(asking, ask(Asked(carer))) == "23505"
        )
        let (reads, blind) = (try scene.somebody(["member"], in: north), try scene.somebody(["researcher"], in: north))
        for (someone, roles) in [(reads, "'{member}'"), (blind, "'{researcher,guest}'")] as [(Someone, SQL)] {
            let asked = Asked(someone)
            try must("invite_carer", "who belongs is asked", try failure(asking, ask(asked)) == nil)
            try must("join_organization", "and comes", try works(join(asked, as: someone)))
            try must(
                "take_up_invitation",
                "as what they were, if that can read",
                try membership(asked, "roles = \(roles)")
            )
        }
        let looksOn = try scene.somebody(["researcher"], in: north)
        let reading = Asked(looksOn)
        let inviting = try pass("carer.invite", try guardian())
        try must("invite_carer", "to read", try failure(inviting, invite(reading, "carer-reading")) == nil)
        try must("join_organization", "to read, they come", try works(join(reading, as: looksOn)))
        try must(
            "take_up_invitation",
            "who could not read can",
            try membership(reading, "roles = '{researcher,member}'")
        )
        let others: SQL = """
            select 1 from care.membership
             where organization_id = \(north.organization) and account_id = \(blindToo.account) and roles = '{researcher}'
            """
        try must("take_up_invitation", "and nobody else can", try scene.admin.query(others).count == 1)
        let shared = try scene.somebody(["clinician"], in: north)
        try scene.reach(north.ben, by: shared, as: "share", in: north)
        try must(
            "invite_carer",
            "with whom it is shared may come to look after it",
            try failure(inviting, invite(Asked(shared), "carer-reading")) == nil
        )
    }

    /// Nobody stays a guest with whom nothing is shared any more.
    private func guestsWhoGo() throws {
        let long: SQL = "since = clock_timestamp() - interval '40 days'"
        let guest = { (roles: [String], reach: SQL?) throws -> Someone in
            let one = try scene.somebody(roles, in: north)
            if let reach {
                try scene.reach(north.ben, by: one, as: "share", in: north)
                try setReach(one, reach)
            }
            try setMembership(one, long)
            return one
        }
        let ended: SQL = "since = now() - interval '40 days', until = now() - interval '31 days'"
        let gone = [
            try guest(["guest"], nil), try guest(["guest"], ended),
            try guest(["guest"], "since = now() - interval '40 days', withdrawn_at = now() - interval '31 days'"),
        ]
        let fresh = try scene.somebody(["guest"], in: north)
        let (came, comes) = (Asked(), Asked())
        for asked in [came, comes] {
            try must("invite_carer", "never came", try failure(pass("guest.invite", guardian()), ask(asked)) == nil)
        }
        try scene.admin.query(
            "update care.invitation set made_at = now() - interval '31 days' where organization_id = \(north.organization) and account_id = \(came.account)"
        )
        let waits = try guest(["guest"], nil)
        try must(
            "invite_carer",
            "asked again",
            try failure(pass("guest.invite", guardian()), ask(Asked(waits))) == nil
        )
        let staying = [
            ("who reads still", try guest(["guest"], "until = now() + interval '1 day'")),
            (
                "who read a while ago",
                try guest(["guest"], "since = now() - interval '40 days', until = now() - interval '29 days'")
            ),
            ("who is something else, too", try guest(["guest", "member"], nil)),
            ("who is none", try guest(["member"], nil)),
            ("who has just come", fresh), ("who is asked again", waits),
        ]
        _ = try answer(Int32.self, nil, "select care.sweep_memberships()")
        let belongs = { (someone: Someone) throws -> Bool in
            try scene.admin.query(
                """
                select from care.membership
                 where organization_id = \(north.organization) and account_id = \(someone.account) and until is null
                """
            ).count == 1
        }
        try must("sweep_memberships", "guests go with whom nothing is shared", try !gone.contains(where: belongs))
        try must("sweep_memberships", "who never came goes", try membership(came, "until is not null"))
        try must(
            "sweep_memberships",
            "who may come stays",
            try membership(comes, "until is null and since = 'infinity'")
        )
        try must("off_board", "the link of who never came ends", try !isLinked(came))
        for (who, one) in staying { try must("sweep_memberships", "not \(who)", try belongs(one)) }
        let theirs = try scene.somebody(["guest"], in: south)
        try scene.admin.query(
            """
            update care.membership set \(long) where organization_id = \(south.organization) and account_id = \(theirs.account)
            """
        )
        try scene.join(theirs, ["guest"], to: north)
        try scene.reach(north.ben, by: theirs, as: "share", in: north)
        _ = try answer(Int32.self, nil, "select care.sweep_memberships()")
        let stays = try scene.admin.query(
            """
            select from care.membership
             where organization_id = \(south.organization) and account_id = \(theirs.account) and until is null
            """
        ).count
        try must("sweep_memberships", "what is shared elsewhere keeps nobody here", stays == 0)
    }
}
