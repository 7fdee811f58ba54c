import FoundationEssentials
import Postgres
import Seals

/// Accounts, members, sessions and providers.
extension Specimen {
    static let people = [
        Specimen(
            name: "organization",
            table: "organization",
            match: { "organization_id = \($0.house.organization)" },
            row: { victim, existing in
                [
                    ("organization_id", "\(existing ? victim.house.organization : UUID())"), ("profile", "'family'"),
                    ("country", "'GB'"), ("sealed_name", "\([UInt8]([0]))"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "account",
            table: "account",
            match: { "id = \($0.house.keeper.account)" },
            row: { victim, existing in
                [
                    ("id", "\(existing ? victim.house.keeper.account : UUID())"),
                    ("sign_in_token", "\(Primitive.freshBytes(32))"), ("sealed_address", "\([UInt8]([0]))"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "membership",
            table: "membership",
            match: { "organization_id = \($0.house.organization) and account_id = \($0.house.keeper.account)" },
            row: { victim, existing in
                [
                    of(victim), ("account_id", "\(existing ? victim.house.keeper.account : victim.newPatient)"),
                    ("roles", "'{owner}'"), ("sealed_name", "\([UInt8]([0]))"),
                ]
            },
            before: {
                """
                insert into care.account (id, sign_in_token, sealed_address)
                values (\($0.newPatient), \(Primitive.freshBytes(32)), \([UInt8]([0])))
                """
            },
            opened: [.select: seeMembers],
            isOfPatient: false
        ),
        Specimen(
            name: "role",
            table: "role",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.role)" },
            row: { victim, existing in
                [
                    of(victim), ("id", "\(existing ? victim.house.role : UUID())"), ("name", "'plumber'"),
                    ("permissions", "'{record.read}'"), ("made_at", "now()"),
                ]
            },
            change: "permissions = '{member.administer}'",
            opened: [.select: seeRoles],
            isOfPatient: false
        ),
        Specimen(
            name: "organization_setting",
            table: "organization_setting",
            match: { "organization_id = \($0.house.organization) and name = 'spare'" },
            row: { victim, existing in
                [
                    of(victim), ("name", existing ? "'spare'" : "'disclosure.limit'"), ("value", "'1000000'"),
                    ("changed_at", "now()"),
                ]
            },
            change: "value = '1000000'",
            isOfPatient: false
        ),
        Specimen(
            name: "disclosed",
            table: "disclosed",
            match: { "organization_id = \($0.house.organization) and account_id = \($0.house.other.account)" },
            row: { victim, existing in
                [
                    of(victim), ("account_id", "\(victim.house.other.account)"),
                    ("day", existing ? "'infinity'" : "'2026-01-01'"), ("patient_id", "\(victim.house.third)"),
                ]
            },
            change: "day = '2026-01-02'",
            isOfPatient: false
        ),
        Specimen(
            name: "notice",
            table: "notice",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.notice)" },
            row: { victim, existing in
                [
                    of(victim), ("id", "\(existing ? victim.house.notice : UUID())"), ("at", "now()"),
                    ("day", "'2026-01-02'"), ("kind", "'disclosure-limit'"),
                    ("account_id", "\(victim.house.clinician.account)"),
                ]
            },
            change: "day = '2026-01-02'",
            opened: [.select: ["notice.list"]],
            isOfPatient: false
        ),
        Specimen(
            name: "session",
            table: "session",
            match: { "organization_id = \($0.house.organization) and account_id = \($0.house.keeper.account)" },
            row: { victim, _ in
                [
                    of(victim), ("account_id", "\(victim.house.keeper.account)"), ("used_as", "'api'"),
                    ("secret_sha256", "\(Primitive.freshBytes(32))"), ("created_at", "now()"), ("seen_at", "now()"),
                    ("idle", "interval '1 hour'"), ("until", "now() + interval '1 hour'"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "second_factor",
            table: "second_factor",
            match: { "account_id = \($0.house.keeper.account)" },
            row: { victim, existing in
                [
                    ("account_id", "\(existing ? victim.house.keeper.account : victim.house.clinician.account)"),
                    ("sealed_secret", "\([UInt8]([0]))"), ("last_step", "0"), ("since", "now()"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "second_factor_offer",
            table: "second_factor_offer",
            match: { "account_id = \($0.house.keeper.account)" },
            row: { victim, existing in
                [
                    ("account_id", "\(existing ? victim.house.keeper.account : victim.house.clinician.account)"),
                    ("session_id", "\(UUID())"), ("sealed_secret", "\([UInt8]([0]))"), ("at", "now()"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "recovery_code",
            table: "recovery_code",
            match: { "account_id = \($0.house.keeper.account)" },
            row: { victim, _ in
                [
                    ("account_id", "\(victim.house.keeper.account)"),
                    ("code_sha256", "\(Primitive.freshBytes(32))"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "link",
            table: "link",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.link)" },
            row: { victim, existing in
                [
                    of(victim), ("account_id", "\(victim.house.keeper.account)"), ("purpose", "'set-password'"),
                    ("secret_sha256", "\(Primitive.freshBytes(32))"), ("until", "now() + interval '1 day'"),
                ] + (existing ? [("id", "\(victim.house.link)")] : [])
            },
            isOfPatient: false
        ),
        Specimen(
            name: "provider",
            table: "provider",
            match: nil,
            row: { victim, _ in
                [of(victim), ("id", "\(UUID())"), ("sealed", "'\\x00'"), ("since", "now()")]
            },
            change: "until = null",
            isOfPatient: false
        ),
        Specimen(
            name: "identity",
            table: "identity",
            match: nil,
            row: { victim, _ in
                [
                    of(victim), ("provider_id", "'00000000-0000-0000-0000-0000000a11ce'"),
                    ("subject_token", "\(Primitive.freshBytes(32))"),
                    ("account_id", "\(victim.house.keeper.account)"), ("since", "now()"),
                ]
            },
            change: "since = now()",
            before: provider,
            isOfPatient: false
        ),
        Specimen(
            name: "sign_in_flow",
            table: "sign_in_flow",
            match: nil,
            row: { victim, _ in
                [
                    of(victim), ("provider_id", "'00000000-0000-0000-0000-0000000a11ce'"),
                    ("secret_sha256", "\(Primitive.freshBytes(32))"), ("until", "now() + interval '1 day'"),
                ]
            },
            change: "until = until",
            before: provider,
            isOfPatient: false
        ),
        Specimen(
            name: "federated_session",
            table: "federated_session",
            match: nil,
            row: { victim, _ in
                [
                    of(victim), ("session_id", "'00000000-0000-0000-0000-0000000a11ce'"), ("provider_id", "\(UUID())"),
                    ("subject_token", "\(Primitive.freshBytes(32))"),
                ]
            },
            change: "subject_token = subject_token",
            before: {
                """
                insert into care.session
                    (organization_id, id, account_id, used_as, secret_sha256, created_at, seen_at, idle, until)
                values (\($0.house.organization), '00000000-0000-0000-0000-0000000a11ce', \($0.house.keeper.account), 'page',
                        \(Primitive.freshBytes(32)), now(), now(), '1 hour', now() + interval '1 hour')
                """
            },
            isOfPatient: false
        ),
        Specimen(
            name: "sign_in_rule",
            table: "sign_in_rule",
            match: nil,
            row: { victim, _ in [of(victim), ("since", "now()")] },
            change: "since = now()",
            isOfPatient: false
        ),
    ]

    /// What identities and visits are of.
    private static let provider: @Sendable (Victim) -> SQL = {
        """
        insert into care.provider (organization_id, id, sealed, since)
        values (\($0.house.organization), '00000000-0000-0000-0000-0000000a11ce', '\\x00', now())
        """
    }
}
