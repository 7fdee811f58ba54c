/// The gate: passes, what they open, what is told of them.
extension FunctionMutants {
    static let acting: [Damage] = [
        ("acting", "if shown is null or shown = '' then", "if shown is null then"),
        ("acting", "shown !~ '^v1\\.[0-9a-f]{32}$'", "false"),
        ("acting", "'^v1\\.[0-9a-f]{32}$'", "'v1\\.[0-9a-f]{32}'"),
        ("acting", "secret_sha256 = sha256(decode(substr(shown, 4), 'hex'))", "secret_sha256 = secret_sha256"),
        (
            "acting", "if not found or found_pass.until",
            "if found_pass.until"
        ),
        (
            "acting", "or found_pass.until <= clock_timestamp() + (select clock_offset from care.guard)",
            ""
        ),
        ("acting", "+ (select clock_offset from care.guard)", "- interval '1 hour'"),
        ("acting", "if found_pass.opened_in = pg_current_xact_id_if_assigned() then", "if false then"),
        ("acting_organization", "(care.acting()).organization_id", "'00000000-0000-0000-0000-000000000000'::uuid"),
        ("acting_account", "(care.acting()).account_id", "gen_random_uuid()"),
        ("acting_opening", "(care.acting()).opening_id", "gen_random_uuid()"),
        ("acting_may", "power = any (shown.powers) and", "true and"),
        ("acting_may", "(shown.directory or shown.scope in ('directory', 'organization'))", "true"),
        ("acting_may", "false);", "true);"),
        ("acting_patients", "if power = any (shown.powers) then", "if true then"),
        ("acting_new_patients", "if power = any (shown.powers) then", "if true then"),
        ("acting_new_patients", "return shown.new_patients;", "return shown.patients;"),
        ("acting_roster", "shown.scope is distinct from 'roster' or", ""),
        ("acting_roster", "or not power = any (shown.powers)", ""),
        ("acting_roster", "r.organization_id = shown.organization_id", "true"),
        ("acting_roster", "and r.account_id = shown.account_id", ""),
        ("acting_roster", "and r.withdrawn_at is null", ""),
        ("acting_roster", "and r.since <= at", ""),
        ("acting_roster", "and (r.until is null or r.until > at)", ""),
        ("acting_may_see_members", "'member.read' = any ((care.acting()).powers)", "care.acting() is not null"),
        ("acting_may_see_members", "false);", "true);"),
        ("acting_on", "r.organization_id = care.acting_organization() and", ""),
        ("acting_on", "r.id = record", "true"),
        ("acting_on", "and r.patient_id is not distinct from patient", ""),
        ("clock", "+ (select clock_offset from care.guard)", ""),
        ("unknown_references", "'record.write' = any (shown.powers) or", "'record.read' = any (shown.powers) or"),
        ("unknown_references", "false) then", "true) then"),
        ("unknown_references", "r.organization_id = shown.organization_id and", ""),
        ("unknown_references", "r.patient_id is null or r.patient_id = any (shown.patients)", "true"),
        ("unknown_references", "r.patient_id is null or", ""),
        ("require_references", "> 0", "> 1"),
    ]

    static let vouching: [Damage] = [
        ("vouch", "if not found then\n        return null;\n    end if;", ""),
        ("vouch", "p.until <= at or", ""),
        ("vouch", "p.opened_in = pg_current_xact_id_if_assigned()", "false"),
        ("vouch", "p.organization_id is distinct from organization", "false"),
        (
            "vouch", "where secret_sha256 = pass_sha256",
            "where secret_sha256 = pass_sha256 or secret_sha256 = sha256(pass_sha256)"
        ),
        ("vouch", "p.powers && '{record.read,record.write}' and", ""),
        ("vouch", "s.subject = any (p.patients)", "true"),
        ("vouch", "p.scope = 'roster' and", ""),
        ("vouch", "r.organization_id = p.organization_id and r.account_id", "r.account_id"),
        ("vouch", "and r.account_id = p.account_id", ""),
        ("vouch", "and r.patient_id = s.subject", ""),
        ("vouch", "and r.withdrawn_at is null", ""),
        ("vouch", "and r.since <= at", ""),
        ("vouch", "and (r.until is null or r.until > at)", ""),
        ("vouch", "s.subject = p.organization_id and p.directory", "p.directory"),
        ("vouch", "s.subject = p.organization_id and p.directory", "s.subject = p.organization_id"),
        ("vouch", "s.subject = p.organization_id and 'entry.read' = any (p.powers)", "'entry.read' = any (p.powers)"),
        ("vouch", "and 'entry.read' = any (p.powers)", ""),
        ("vouch", "else false", "else true"),
    ]

    static let gate: [Damage] = [
        ("context_of", "uuid_send(p.actor_organization_id),", ""),
        ("context_of", "uuid_send(p.organization_id),", ""),
        ("context_of", "uuid_send(p.account_id),", ""),
        ("context_of", "uuid_send(p.session_id),", ""),
        ("context_of", "uuid_send(p.opening_id),", ""),
        ("context_of", "convert_to(p.act, 'UTF8'),", ""),
        ("context_of", "convert_to(p.scope, 'UTF8'),", ""),
        ("context_of", "substr(array_send(p.patients), 21),", ""),
        ("context_of", "convert_to(p.purpose, 'UTF8'),", ""),
        ("context_of", "timestamptz_send(p.until),", ""),
        ("context_of", "convert_to(p.client_scope, 'UTF8'),", ""),
        ("open_pass", "where session.organization_id = organization and", "where"),
        ("open_pass", "session.secret_sha256 = sha256(session_secret)", "session.organization_id = organization"),
        ("open_pass", "and m.account_id = s.account_id", ""),
        ("open_pass", "m.organization_id = s.organization_id and m.account_id", "m.account_id"),
        ("open_pass", "and m.since <= at", ""),
        ("open_pass", "and (m.until is null or m.until > at)", ""),
        ("open_pass", "s.ended_at is not null or", ""),
        ("open_pass", "s.until <= at or", ""),
        ("open_pass", "s.seen_at + s.idle <= at or", ""),
        ("open_pass", "or roles is null", ""),
        ("open_pass", "elsif s.used_as is distinct from open_pass.used_as then", "elsif false then"),
        ("open_pass", "if a.name is null then", "if false then"),
        ("open_pass", "octet_length(pass_secret) is distinct from 16", "false"),
        ("open_pass", "octet_length(pass_secret) is distinct from 16", "octet_length(pass_secret) <> 16"),
        ("open_pass", "asked + cardinality(p.new_patients) > 100", "asked > 100"),
        ("open_pass", "asked + cardinality(p.new_patients) > 100", "cardinality(p.new_patients) > 100"),
        ("open_pass", "asked + cardinality(p.new_patients) > 100", "asked + cardinality(p.new_patients) > 101"),
        ("open_pass", "least(asked, 100)", "asked"),
        ("open_pass", "octet_length(purpose) > 60", "false"),
        ("open_pass", "g.expected is null or", ""),
        ("open_pass", "g.seen is distinct from g.expected", "false"),
        ("open_pass", "or coalesce(g.inspected_at, '-infinity') < clock_timestamp() - interval '5 minutes'", ""),
        ("open_pass", "coalesce(g.inspected_at, '-infinity')", "g.inspected_at"),
        ("open_pass", "r.organization_id = p.organization_id and r.tag = targets[i]", "r.tag = targets[i]"),
        ("open_pass", "if refused is null and target_record is null then", "if false then"),
        ("open_pass", "if n <> 1 or cardinality(p.new_patients) > 0 then", "if n <> 1 then"),
        (
            "open_pass", "if n <> 1 or cardinality(p.new_patients) > 0 then",
            "if n < 1 or cardinality(p.new_patients) > 0 then"
        ),
        (
            "open_pass", "if n <> 1 or cardinality(p.new_patients) > 0 then",
            "if n > 1 or cardinality(p.new_patients) > 0 then"
        ),
        (
            "open_pass",
            "elsif patients[1] is null and cardinality(a.directory_powers) = 0 then\n                refused := 'not a patient';",
            ""
        ),
        ("open_pass", "p.powers := a.directory_powers;", ""),
        ("open_pass", "p.scope := 'directory';", ""),
        ("open_pass", "a.permission := a.directory_permission;", ""),
        ("open_pass", "if a.directory_permission = any (permits) then", "if true then"),
        ("open_pass", "if a.directory_permission = any (permits) then", "if false then"),
        ("open_pass", "if refused is null and not a.permission = any (permits) then", "if false then"),
        (
            "open_pass", "'directory.read' = any (p.powers) and not 'directory.read' = any (permits)",
            "false"
        ),
        ("open_pass", "continue when patients[i] is null and 'directory.change' = any (p.powers);", ""),
        (
            "open_pass", "continue when patients[i] is null and 'directory.change' = any (p.powers);",
            "continue when patients[i] is null;"
        ),
        (
            "open_pass", "continue when patients[i] is null and 'directory.change' = any (p.powers);",
            "continue when 'directory.change' = any (p.powers);"
        ),
        ("open_pass", "where x.organization_id = p.organization_id and x.id = any (p.new_patients)", "where false"),
        ("open_pass", "where x.organization_id = p.organization_id and x.id", "where x.id"),
        (
            "open_pass", "if n > 0 and exists (select from unnest(patients) t (id) where t.id is not null) then",
            "if false then"
        ),
        ("open_pass", "if n > 0 then\n                refused := 'no target is taken';", "if false then"),
        ("open_pass", "cardinality(p.new_patients) > 0 and not 'patient.write' = any (a.powers)", "false"),
        ("open_pass", "p.scope = 'directory' or 'directory.read' = any (p.powers)", "true"),
    ]

    static let gateReach: [Damage] = [
        ("open_pass", "if refused is null and p.scope in ('patient', 'patients') then", "if false then"),
        ("open_pass", "p.scope in ('patient', 'patients')", "p.scope in ('patient')"),
        ("open_pass", "p.scope in ('patient', 'patients')", "p.scope in ('patients')"),
        ("open_pass", "r.organization_id = p.organization_id and r.account_id", "r.account_id"),
        ("open_pass", "and r.account_id = p.account_id", ""),
        ("open_pass", "and r.patient_id = patients[i]", ""),
        ("open_pass", "and r.kind = any (a.reach)", ""),
        ("open_pass", "and r.withdrawn_at is null", ""),
        ("open_pass", "and r.since <= at", ""),
        ("open_pass", "and (r.until is null or r.until > at)", ""),
        ("open_pass", "if not reached then", "if not reached and i = n then"),
        ("open_pass", "if not reached then", "if not reached and i = 1 then"),
        ("open_pass", "interval '60 seconds'", "interval '1 day'"),
        ("open_pass", "if refused is not null then\n        patients", "if false then\n        patients"),
        ("open_pass", "if refused is not null then\n        patients := '{}';", "if refused is not null then"),
        ("open_pass", "records := '{}';", ""),
        ("open_pass", "roles := '{}';", ""),
    ]

    static let disclosing: [Damage] = [
        ("disclose", "if p.scope is distinct from 'roster' then", "if false then"),
        ("disclose", "if not patient in (select care.acting_roster('roster.read')) then", "if false then"),
        ("disclose", "perform care.write_entry(p, patient, null, null, key_epoch, salt, sealed, at);", ""),
    ]

    static let looking: [Damage] = [
        ("inspect", "seen is not distinct from expected", "true"),
        ("inspect", "seen = care.fingerprint()", "seen = expected"),
        ("inspect_after_ddl", "perform care.inspect();", "null;"),
        (
            "fingerprint", "select sha256(convert_to(string_agg(text, E'\\n' order by text collate \"C\"), 'UTF8'))",
            "select '\\x00'::bytea"
        ),
    ]
}
