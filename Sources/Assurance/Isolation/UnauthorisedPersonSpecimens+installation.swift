import FoundationEssentials
import Postgres
import Seals

/// What belongs to the installation, and to no patient.
extension Specimen {
    private static let letter = Specimen(
        name: "letter",
        table: "letter",
        match: { "organization_id = \($0.house.organization) and id = \($0.house.letter)" },
        row: { victim, existing in
            [
                of(victim), ("id", "\(existing ? victim.house.letter : UUID())"),
                ("account_id", "\(victim.house.keeper.account)"), ("template", "'set-password'"), ("language", "'en'"),
                ("sealed", "\([UInt8]([0]))"), ("queued_at", "now()"), ("until", "now() + interval '1 day'"),
            ]
        },
        change: "sealed = '\\x01'",
        isOfPatient: false
    )

    private static let addressChange = Specimen(
        name: "address_change",
        table: "address_change",
        match: { "account_id = \($0.house.clinician.account)" },
        row: { victim, existing in
            [
                ("account_id", "\((existing ? victim.house.clinician : victim.house.keeper).account)"),
                ("sign_in_token", "\(Primitive.freshBytes(32))"), ("sealed_address", "\([UInt8]([0]))"),
                ("secret_sha256", "\(Primitive.freshBytes(32))"), ("until", "now() + interval '1 day'"),
            ]
        },
        change: "until = 'infinity'",
        isOfPatient: false
    )

    private static let spending = Specimen(
        name: "spending",
        table: "spending",
        match: nil,
        row: { _, _ in
            [
                ("bucket", "\(Primitive.freshBytes(16))"), ("period", "1"), ("spent", "1"),
                ("until", "now() + interval '1 minute'"),
            ]
        },
        change: "spent = 1000000",
        isOfPatient: false
    )

    static let installation = [
        letter, addressChange, spending,
        Specimen(
            name: "permission",
            table: "permission",
            match: { _ in "name = 'record.read'" },
            row: { _, existing in
                let module: SQL = existing ? "'record'" : "'theft'"
                return [("name", "\(module) || '.read'"), ("module", module), ("action", "'read'")]
            },
            change: "action = action",
            isOfPatient: false
        ),
        Specimen(
            name: "setting",
            table: "setting",
            match: { _ in "profile = 'clinic' and name = 'disclosure.limit'" },
            row: { _, existing in
                [
                    ("profile", "'clinic'"), ("name", existing ? "'disclosure.limit'" : "'theft.limit'"),
                    ("kind", "'count'"), ("value", "'1000000'"), ("is_obeyed", "true"), ("source", "'none'"),
                    ("checked_on", "'2026-01-01'"),
                ]
            },
            change: "value = '1000000'",
            isOfPatient: false
        ),
        Specimen(
            name: "built_in_role",
            table: "built_in_role",
            match: { _ in "profile = 'clinic' and name = 'member'" },
            row: { _, existing in
                [
                    ("profile", "'clinic'"), ("name", existing ? "'member'" : "'thief'"), ("is_offered", "true"),
                    ("permissions", "'{record.read}'"),
                ]
            },
            change: "permissions = '{member.administer}'",
            isOfPatient: false
        ),
        Specimen(
            name: "act",
            table: "act",
            match: { _ in "name = 'record.read'" },
            row: { _, existing in
                [
                    ("name", existing ? "'record.read'" : "'record.steal'"), ("scope", "'roster'"),
                    ("powers", "'{record.read}'"),
                ]
            },
            change: "roles = '{member}'",
            isOfPatient: false
        ),
        Specimen(
            name: "sign_in_try",
            table: "sign_in_try",
            match: { "key = \($0.house.tried)" },
            row: { victim, existing in
                [
                    ("key", "\(existing ? victim.house.tried : Primitive.freshBytes(32))"), ("failures", "1"),
                    ("last_at", "now()"),
                ]
            },
            change: "failures = 9",
            isOfPatient: false
        ),
        Specimen(
            name: "guard",
            table: "guard",
            match: { _ in "only_row" },
            row: { _, _ in [("only_row", "true")] },
            change: "clock_offset = '-1 day'",
            isOfPatient: false
        ),
        Specimen(
            name: "pass",
            table: "pass",
            match: { "organization_id = \($0.house.organization)" },
            row: { victim, _ in
                [
                    ("secret_sha256", "\(Primitive.freshBytes(32))"), of(victim),
                    ("actor_organization_id", "\(victim.house.organization)"), ("account_id", "\(UUID())"),
                    ("session_id", "\(UUID())"), ("opening_id", "\(UUID())"), ("act", "'record.read'"),
                    ("scope", "'patient'"), ("powers", "'{record.read}'"), ("patients", "\([victim.kept.patient])"),
                    ("new_patients", "'{}'"), ("directory", "true"), ("opened_in", "'1'"),
                    ("until", "now() + interval '1 day'"),
                ]
            },
            change: "until = 'infinity'",
            isOfPatient: false
        ),
        Specimen(
            name: "job_kind",
            table: "job_kind",
            match: { _ in "name = 'housekeeping'" },
            row: { _, existing in
                [
                    ("name", existing ? "'housekeeping'" : "'theft'"), ("power", "'record.read'"),
                    ("lease_seconds", "60"), ("attempts", "1"), ("pause_seconds", "1"), ("longest_pause_seconds", "1"),
                ]
            },
            change: "attempts = 1000",
            isOfPatient: false
        ),
        Specimen(
            name: "job",
            table: "job",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.job)" },
            row: { victim, existing in
                [
                    of(victim), ("id", "\(existing ? victim.house.job : UUID())"), ("kind", "'housekeeping'"),
                    ("key", "\(UUID())"), ("patient_id", "\(victim.kept.patient)"), ("enqueued_at", "now()"),
                    ("run_at", "now()"),
                ]
            },
            change: "run_at = 'infinity'"
        ),
        Specimen(
            name: "canary",
            table: "canary",
            match: nil,
            row: { victim, _ in [of(victim)] },
            change: "since = now()",
            isOfPatient: false
        ),
        Specimen(
            name: "probe_result",
            table: "probe_result",
            match: nil,
            row: { _, _ in
                [
                    ("run_id", "\(UUID())"), ("probe", "'wall'"), ("class", "'live'"), ("outcome", "'kept'"),
                    ("seen", "'nothing'"), ("release", "'none'"), ("took_ms", "1"), ("at", "now()"),
                    ("until", "now() + interval '1 day'"),
                ]
            },
            change: "outcome = 'kept'",
            isOfPatient: false
        ),
        Specimen(
            name: "office",
            table: "office",
            match: { "account_id = \($0.house.keeper.account) and office = 'steward'" },
            row: { victim, _ in
                [("account_id", "\(victim.house.clinician.account)"), ("office", "'steward'"), ("since", "now()")]
            },
            change: "until = null",
            isOfPatient: false
        ),
        Specimen(
            name: "attestation",
            table: "attestation",
            match: { "id = \($0.house.attestation)" },
            row: { victim, existing in
                [
                    ("id", "\(existing ? victim.house.attestation : UUID())"), ("promise", "'ZZ-9'"),
                    ("account_id", "\(victim.house.keeper.account)"), ("words", "'it was done'"),
                    ("signed_as", "'somebody'"), ("link", "'https://evidence.example'"), ("since", "now()"),
                    ("until", "now() + interval '1 year'"), ("at", "now()"),
                ]
            },
            change: "words = 'all is well'",
            isOfPatient: false
        ),
        Specimen(
            name: "attestation_review",
            table: "attestation_review",
            match: { "attestation_id = \($0.house.attestation)" },
            row: { victim, _ in
                [
                    ("attestation_id", "\(victim.house.attestation)"), ("author_id", "\(victim.house.keeper.account)"),
                    ("account_id", "\(victim.house.other.account)"), ("accepted", "true"), ("at", "now()"),
                ]
            },
            change: "accepted = true",
            isOfPatient: false
        ),
        Specimen(
            name: "attestation_withdrawal",
            table: "attestation_withdrawal",
            match: { "attestation_id = \($0.house.attestation)" },
            row: { victim, _ in
                [
                    ("attestation_id", "\(victim.house.attestation)"), ("account_id", "\(victim.house.other.account)"),
                    ("reason", "'not so'"), ("at", "now()"),
                ]
            },
            change: "reason = 'so'",
            isOfPatient: false
        ),
        Specimen(
            name: "vulnerability",
            table: "vulnerability",
            match: nil,
            row: { _, _ in
                [
                    ("id", "\(UUID())"), ("number", "1000000"), ("token_sha256", "\(Primitive.freshBytes(32))"),
                    ("is_test", "false"), ("at", "now()"), ("acknowledge_by", "now() + interval '1 day'"),
                    ("answer_by", "now() + interval '2 days'"), ("sealed", "'\\x00'"),
                ]
            },
            change: "answer_by = answer_by",
            isOfPatient: false
        ),
        Specimen(
            name: "vulnerability_act",
            table: "vulnerability_act",
            match: nil,
            row: { _, _ in
                [
                    ("vulnerability_id", "'00000000-0000-0000-0000-0000000a11ce'"), ("id", "\(UUID())"),
                    ("at", "now()"),
                    ("kind", "'acknowledged'"),
                ]
            },
            change: "at = now()",
            before: { _ in
                """
                insert into care.vulnerability (id, number, token_sha256, is_test, at, acknowledge_by, answer_by, sealed)
                values ('00000000-0000-0000-0000-0000000a11ce', 1000000, \(Primitive.freshBytes(32)), false, now(),
                        now() + interval '1 day', now() + interval '2 days', '\\x00')
                """
            },
            isOfPatient: false
        ),
        Specimen(
            name: "migration",
            table: "migration",
            match: { _ in "true" },
            row: { _, existing in
                [("name", existing ? "'0001-people'" : "'9999-theft'"), ("sha256", "\(Primitive.freshBytes(32))")]
            },
            isOfPatient: false
        ),
    ]
}
