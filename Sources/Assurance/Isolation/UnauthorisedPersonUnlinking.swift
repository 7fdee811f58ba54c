import FoundationEssentials
import Postgres
import Seals

// MARK: - Taking back where else one signs in

extension GateChecks {
    /// `own_identities`, `unlink_identity`, `is_let_in_without`.
    func unlinking() throws {
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        let (here, there) = (try addProvider(to: north.organization), try addProvider(to: north.organization))
        let everybody = try addProvider(to: UUID.nobody)
        for provider in [here, there] { try know(one, at: provider, of: north.organization) }
        try know(one, at: everybody, of: UUID.nobody)
        try know(other, at: here, of: north.organization)
        try listing(one, other, at: here, [here, there, everybody])
        try refusing(one, other, here)
        try lastWays(one, here: here, there: there, everybody: everybody)
        try ending(other, here, beside: there)
        for provider in [here, there, everybody] {
            try scene.admin.query("update care.provider set until = clock_timestamp() where id = \(provider)")
        }
    }

    private func addProvider(to organization: UUID) throws -> UUID {
        let id = UUID()
        try scene.admin.query(
            """
            insert into care.provider (organization_id, id, sealed, since)
            values (\(organization), \(id), '\\x00', clock_timestamp())
            """
        )
        return id
    }

    private func know(_ one: Someone, at provider: UUID, of organization: UUID) throws {
        try scene.admin.query(
            """
            insert into care.identity (organization_id, provider_id, subject_token, account_id, since)
            values (\(organization), \(provider), \(Primitive.freshBytes(32)), \(one.account), clock_timestamp())
            """
        )
    }

    private func knows(_ one: Someone, _ provider: UUID) throws -> Bool {
        try !scene.admin.query(
            "select from care.identity where account_id = \(one.account) and provider_id = \(provider)"
        ).isEmpty
    }

    private func unlink(_ one: Someone, _ provider: UUID, by session: [UInt8]? = nil, salt: [UInt8]? = nil) throws
        -> Int32?
    {
        try answer(
            Int32.self,
            nil,
            """
            select care.unlink_identity(
                \(north.organization), \(session ?? one.pageSession), \(provider), 1, \(salt ?? Primitive.freshBytes(32)), '\\x00')
            """
        )
    }

    private func listing(_ one: Someone, _ other: Someone, at here: UUID, _ providers: Set<UUID>) throws {
        let list = { (one: Someone) in
            Set(
                try scene.server.query(
                    "select provider from care.own_identities(\(north.organization), \(one.pageSession))"
                ).map { try $0.decode(UUID.self, at: 0) }
            )
        }
        try must("own_identities", "one's own, and no others", try list(one) == providers && list(other).count == 1)
        try scene.admin.query(
            "update care.session set second_factor_at = null, second_factor_is_due = true where account_id = \(other.account)"
        )
        try must("own_identities", "not before the second factor", try list(other).isEmpty)
        try must("unlink_identity", "nor unlinked", try unlink(other, here) == 1)
        try scene.admin.query(
            "update care.session set second_factor_at = clock_timestamp() where account_id = \(other.account)"
        )
        for provider in providers {
            try scene.admin.query("update care.provider set until = clock_timestamp() where id = \(provider)")
            let rest = try list(one)
            try must("own_identities", "not of a provider that ended", rest == providers.subtracting([provider]))
            try scene.admin.query("update care.provider set until = null where id = \(provider)")
        }
    }

    private func refusing(_ one: Someone, _ other: Someone, _ here: UUID) throws {
        let nobody = Primitive.freshBytes(32)
        try must("unlink_identity", "not by another secret", try unlink(one, here, by: nobody) == 1)
        try must("unlink_identity", "not by a program", try unlink(one, here, by: one.session) == 1)
        try must("unlink_identity", "not what is not linked", try unlink(one, UUID()) == 1)
        try scene.admin.query(
            "update care.session set stepped_up_at = clock_timestamp() - interval '301 seconds' where account_id = \(one.account)"
        )
        try must("unlink_identity", "takes stepping up", try unlink(one, here) == 6)
        try scene.admin.query(
            "update care.session set stepped_up_at = clock_timestamp() where account_id = \(one.account)"
        )
        let stays = try knows(one, here) && knows(other, here)
        try must("unlink_identity", "and nothing was unlinked", stays)
    }

    /// Nobody locks themselves out: of no organisation that they belong to.
    private func lastWays(_ one: Someone, here: UUID, there: UUID, everybody: UUID) throws {
        let salt = Primitive.freshBytes(32)
        try scene.admin.query("update care.account set password_hash = null where id = \(one.account)")
        try must("unlink_identity", "another provider is left", try unlink(one, there, salt: salt) == 0)
        let entry = try entries(salt)
        try must(
            "unlink_identity",
            "an entry says so",
            entry.map(\.act) == ["identity.unlink"] && entry.first?.account == one.account
                && entry.first?.granted == true
        )
        try must(
            "unlink_identity",
            "that one alone",
            try !knows(one, there) && knows(one, here) && knows(one, everybody)
        )
        try must("is_let_in_without", "everybody's is left", try unlink(one, here) == 0)
        let refused = Primitive.freshBytes(32)
        try must("is_let_in_without", "not the last", try unlink(one, everybody, salt: refused) == 2)
        try must(
            "unlink_identity",
            "which is written down",
            try entries(refused).map(\.refusal) == ["it is the last way in"]
        )
        try know(one, at: here, of: north.organization)
        try scene.admin.query("update care.provider set until = clock_timestamp() where id = \(here)")
        try must("is_let_in_without", "one that ended is no way in", try unlink(one, everybody) == 2)
        try scene.admin.query("update care.provider set until = null where id = \(here)")
        try scene.admin.query(
            "insert into care.sign_in_rule (organization_id, since) values (\(north.organization), clock_timestamp())"
        )
        try must("is_let_in_without", "where everybody's does not do, the own one stays", try unlink(one, here) == 2)
        try scene.admin.query("update care.account set password_hash = \(Scene.hash) where id = \(one.account)")
        try must("is_let_in_without", "nor does a password there", try unlink(one, here) == 2)
        try scene.admin.query("delete from care.sign_in_rule where organization_id = \(north.organization)")
        try scene.admin.query("update care.account set password_hash = null where id = \(one.account)")
        try elsewhere(one, here, everybody)
        try scene.admin.query("update care.account set password_hash = \(Scene.hash) where id = \(one.account)")
        try must(
            "is_let_in_without",
            "a password is a way in",
            try unlink(one, everybody) == 0 && unlink(one, here) == 0
        )
    }

    /// In two organisations, one's provider does not let in to the other.
    private func elsewhere(_ one: Someone, _ here: UUID, _ everybody: UUID) throws {
        try scene.join(one, ["caregiver"], to: south)
        try must("is_let_in_without", "another organisation's lets nobody in here", try unlink(one, everybody) == 2)
        let membership: SQL = "organization_id = \(south.organization) and account_id = \(one.account)"
        try scene.admin.query(
            "update care.membership set since = clock_timestamp() - interval '2 days', until = clock_timestamp() where \(membership)"
        )
        try must("unlink_identity", "where one left no way in is needed", try unlink(one, everybody) == 0)
        try scene.admin.query(
            "update care.membership set until = null, since = clock_timestamp() + interval '1 day' where \(membership)"
        )
        try know(one, at: everybody, of: UUID.nobody)
        try must("unlink_identity", "nor where one has not joined", try unlink(one, everybody) == 0)
        try know(one, at: everybody, of: UUID.nobody)
    }

    /// Other sessions that were begun there end; nobody else's do.
    private func ending(_ one: Someone, _ here: UUID, beside there: UUID) throws {
        let beside = try scene.somebody(["caregiver"], in: north)
        let begun: [(Someone, UUID)] = [(one, there), (beside, here)]
        for (someone, provider) in begun {
            try scene.admin.query(
                """
                insert into care.federated_session (organization_id, session_id, provider_id, subject_token)
                select organization_id, id, \(provider), \(Primitive.freshBytes(32)) from care.session
                 where account_id = \(someone.account) and used_as = 'api'
                """
            )
        }
        let open = { (someone: Someone) in
            try scene.admin.query(
                "select used_as from care.session where account_id = \(someone.account) and ended_at is null"
            )
            .map { try $0.decode(String.self, at: 0) }
        }
        try must(
            "unlink_identity",
            "what was begun elsewhere goes on",
            try unlink(one, here) == 0 && open(one).count == 2
        )
        try know(one, at: here, of: north.organization)
        try scene.admin.query("update care.federated_session set provider_id = \(here) where provider_id = \(there)")
        try must("unlink_identity", "is unlinked again", try unlink(one, here) == 0)
        try must("unlink_identity", "what was begun there ends", try open(one) == ["page"])
        try must("unlink_identity", "and nobody else's", try open(beside).count == 2)
    }
}
