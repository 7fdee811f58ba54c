import FoundationEssentials
import Postgres
import Seals

/// Owners who name where people sign in: their own organisation's providers, and no others.
extension GateChecks {
    func providerDesk() throws {
        try forgetProviders()
        try deskOnlyWithAPass()
        try namingProviders()
        try listingProviders()
        try stoppingProviders()
        try holdingToProviders()
        try forgetProviders()
    }

    private func forgetProviders() throws {
        for table in ["identity", "sign_in_flow", "federated_session", "sign_in_rule", "provider"].compactMap(
            SQL.Identifier.init
        ) {
            try scene.admin.query("delete from care.\(table)")
        }
    }

    private func owner(of house: House) throws -> Scene.Opened {
        let owner = try scene.somebody(["owner"], in: house)
        return try grant("an owner changes providers", Scene.Request("provider.change", by: owner, of: house))
    }

    private func name(_ provider: UUID, admitting roles: [String] = []) -> SQL {
        "select care.name_provider(\(provider), '\\x01', \(roles))"
    }

    private func isOn(_ provider: UUID, of house: House) throws -> Bool {
        try !scene.admin.query(
            """
            select from care.provider
             where organization_id = \(house.organization) and id = \(provider) and until is null
            """
        ).isEmpty
    }

    /// A provider that the operator named.
    private func known(at house: House) throws -> UUID {
        try Visits(self, of: house.organization, admits: []).provider
    }

    private func deskOnlyWithAPass() throws {
        let provider = try known(at: north)
        let owner = try scene.somebody(["owner"], in: north)
        let reading = try grant("an owner reads providers", Scene.Request("provider.list", by: owner, of: north))
        let calls: [(String, SQL)] = [
            ("name_provider", name(UUID())),
            ("stop_provider", "select care.stop_provider(\(provider))"),
            ("require_providers", "select care.require_providers(true)"),
        ]
        for (function, call) in calls {
            try must("changing_providers", "not without a pass: \(function)", try isDenied(nil, call))
            try must("changing_providers", "not by a pass that reads: \(function)", try isDenied(reading, call))
        }
        let list: SQL = "select id from care.own_providers()"
        let other = try grant("a list of members", Scene.Request("member.list", by: owner, of: north))
        try must("own_providers", "not without a pass", try isDenied(nil, list))
        try must("own_providers", "not by another pass", try isDenied(other, list))
        let inner: [(String, SQL)] = [
            ("close_provider", "select care.close_provider(\(provider), now())"),
            ("hold_to_providers", "select care.hold_to_providers(\(north.organization), true, now())"),
            ("changing_providers", "select care.changing_providers()"),
        ]
        for (function, call) in inner { try must(function, "not by the server itself", try isDenied(nil, call)) }
    }

    // MARK: Naming

    private func namingProviders() throws {
        try forgetProviders()
        let first = UUID()
        try must(
            "name_provider",
            "an owner names one",
            try failure(owner(of: north), name(first, admitting: ["staff"])) == nil
        )
        let kept = try scene.admin.query(
            """
            select from care.provider
             where organization_id = \(north.organization) and id = \(first) and sealed = '\\x01' and admits = '{staff}' and until is null
            """
        )
        try must("name_provider", "as it was named", kept.count == 1)
        try must("name_provider", "not twice", try failure(owner(of: north), name(first)) == "23505")
        try must("name_provider", "not by the id of another's", try failure(owner(of: south), name(first)) == "23505")
        try must("name_provider", "whose it stays", try isOn(first, of: north) && !isOn(first, of: south))
        try must(
            "name_provider",
            "none that makes owners",
            try failure(owner(of: north), name(UUID(), admitting: ["owner"])) != nil
        )
        try must(
            "require_offered",
            "none that makes what is not offered here",
            try failure(owner(of: north), name(UUID(), admitting: ["teen"])) == "23514"
        )
        // By a role of the organisation's own, somebody who is no owner names them, and gives no more than they have.
        let delegate = try scene.somebody(["member"], in: north)
        try hold(
            delegate,
            [
                "sign-in.read", "sign-in.administer", "record.read", "record.export", "directory.read", "sharing.read",
                "sharing.write", "trail.read", "member.read",
            ]
        )
        let delegated = {
            try grant("a delegate changes providers", Scene.Request("provider.change", by: delegate, of: north))
        }
        try must(
            "require_may_give",
            "no more than one has",
            try failure(delegated(), name(UUID(), admitting: ["admin"])) == "42501"
        )
        try must(
            "require_may_give",
            "what one has",
            try failure(delegated(), name(UUID(), admitting: ["member"])) == nil
        )
        // Ten, and those that ended or are another's do not count.
        try forgetProviders()
        for _ in 0..<4 { _ = try known(at: south) }
        for _ in 0..<3 {
            let ended = try known(at: north)
            try scene.admin.query("update care.provider set until = clock_timestamp() where id = \(ended)")
        }
        for _ in 0..<9 { _ = try known(at: north) }
        try must("name_provider", "a tenth", try failure(owner(of: north), name(UUID())) == nil)
        try must("name_provider", "no eleventh", try failure(owner(of: north), name(UUID())) == "23514")
    }

    // MARK: Listing

    private func listingProviders() throws {
        try forgetProviders()
        let (first, second, ended, theirs) = (
            try known(at: north), try known(at: north), try known(at: north), try known(at: south)
        )
        try scene.admin.query("update care.provider set since = since - interval '1 hour' where id = \(first)")
        try scene.admin.query("update care.provider set until = clock_timestamp() where id = \(ended)")
        for (house, provider) in [(north, first), (north, second), (north, second), (south, theirs)] {
            try scene.admin.query(
                """
                insert into care.identity (organization_id, provider_id, subject_token, account_id, since)
                values (\(house.organization), \(provider), \(Primitive.freshBytes(32)),
                        \(scene.somebody(["caregiver"], in: house).account), now())
                """
            )
        }
        // The same id, known elsewhere: as the operator might have named it.
        try scene.admin.query(
            """
            insert into care.provider (organization_id, id, sealed, admits, since)
            values (\(south.organization), \(first), '\\x01', '{}', now())
            """
        )
        try scene.admin.query(
            """
            insert into care.identity (organization_id, provider_id, subject_token, account_id, since)
            values (\(south.organization), \(first), \(Primitive.freshBytes(32)), \(south.other.account), now())
            """
        )
        try scene.admin.query(
            "insert into care.sign_in_rule (organization_id, since) values (\(south.organization), now())"
        )
        let owner = try scene.somebody(["owner"], in: north)
        let shown = {
            try answer(
                String.self,
                grant("an owner reads providers", Scene.Request("provider.list", by: owner, of: north)),
                """
                select string_agg(format('%s %s %s', id, linked, is_only), ', ' order by nr)
                  from care.own_providers() with ordinality x (organization_id, id, sealed, since, linked, is_only, nr)
                """
            )
        }
        let told = { (isOnly: String) in
            [(first, 1), (second, 2)].map { "\($0.0.uuidString.lowercased()) \($0.1) \(isOnly)" }.joined(
                separator: ", "
            )
        }
        try must(
            "own_providers",
            "its own, and how many sign in there; another's rule is not its",
            try shown() == told("f")
        )
        try scene.admin.query(
            "insert into care.sign_in_rule (organization_id, since) values (\(north.organization), now())"
        )
        try must("own_providers", "its own rule", try shown() == told("t"))
    }

    // MARK: Ending

    private func stoppingProviders() throws {
        try forgetProviders()
        let (one, other, ended, theirs) = (
            try known(at: north), try known(at: north), try known(at: north), try known(at: south)
        )
        try scene.admin.query("update care.provider set until = clock_timestamp() where id = \(ended)")
        let stop = { (provider: UUID) in
            try answer(Int32.self, owner(of: north), "select care.stop_provider(\(provider))")
        }
        try must("stop_provider", "not another's", try stop(theirs) == 1 && isOn(theirs, of: south))
        try must("stop_provider", "not one that ended", try stop(ended) == 1)
        try must("stop_provider", "not one that nobody knows", try stop(UUID()) == 1)
        // What another organisation holds to is nothing here.
        try scene.admin.query(
            "insert into care.sign_in_rule (organization_id, since) values (\(south.organization), now())"
        )
        try must("stop_provider", "its own", try stop(one) == 0 && !isOn(one, of: north) && isOn(other, of: north))
        try must(
            "stop_provider",
            "the last one, where a password opens",
            try stop(other) == 0 && !isOn(other, of: north)
        )
        let (last, spare) = (try known(at: north), try known(at: north))
        try scene.admin.query(
            "insert into care.sign_in_rule (organization_id, since) values (\(north.organization), now())"
        )
        try must("stop_provider", "one of two, where none does", try stop(spare) == 0)
        try must("stop_provider", "never the last one then", try stop(last) == 2 && isOn(last, of: north))
    }

    // MARK: The only way in

    private func holdingToProviders() throws {
        try forgetProviders()
        let holds = {
            try !scene.admin.query("select from care.sign_in_rule where organization_id = \(north.organization)")
                .isEmpty
        }
        let hold = { (isOnly: Bool) in
            try answer(Bool.self, owner(of: north), "select care.require_providers(\(isOnly))")
        }
        _ = try known(at: south)
        try must("require_providers", "not without one of its own", try hold(true) == false && !holds())
        _ = try known(at: north)
        try sparingSessions {
            try must("require_providers", "with one", try hold(true) == true && holds())
            try must("require_providers", "taken back", try hold(false) == true && !holds())
        }
    }

    /// Whoever is signed out meanwhile is signed in again afterwards.
    private func sparingSessions(_ work: () throws -> Void) throws {
        let before = try scene.admin.query("select clock_timestamp()")[0].decode(Date.self, at: 0)
        try work()
        try scene.admin.query(
            "update care.session set ended_at = null where organization_id = \(north.organization) and ended_at >= \(before)"
        )
    }
}
