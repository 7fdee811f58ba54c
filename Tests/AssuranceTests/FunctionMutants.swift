import Assurance
import Postgres

/// Damages to the text of the functions that decide: each condition that keeps somebody out is taken away or turned round.
///
/// The text is found in the function as it is; one that is not there any more fails the run, so that the list keeps up.
enum FunctionMutants {
    /// Function, what is found in it, what stands there instead.
    typealias Damage = (function: String, find: String, replace: String)

    static func all(of connection: AdminConnection) throws -> [Mutant] {
        try connection.query("set search_path = pg_catalog")
        return try damages.map { damage in
            let text = try connection.query(
                """
                select pg_get_functiondef(p.oid) from pg_proc p
                 where p.pronamespace = 'care'::regnamespace and p.proname = \(damage.function)
                """
            )[0].decode(String.self, at: 0)
            guard text.contains(damage.find) else { throw Missing(function: damage.function, text: damage.find) }
            return Mutant(
                name: "\(damage.function): «\(damage.find)» → «\(damage.replace)»",
                damage: [text.replacing(damage.find, with: damage.replace)],
                tables: ["record", "record_subject", "patient", "membership", "reach", "change"],
                search: [[.gate], [.detours], [.tables], [.structure, .grants]],
                canBeSeen: unseen.isDisjoint(with: [damage.function, "\(damage.function): \(damage.find)"]),
                equivalentBecause: equivalent["\(damage.function): \(damage.find)"]
            )
        }
    }

    /// The list speaks of a text that the function has no more.
    struct Missing: Error {
        let function: String
        let text: String
    }

    /// Whoever looks cannot be seen by itself. The migrator's `drift` compares these with the release.
    private static let unseen: Set<String> = [
        "inspect", "fingerprint", "open_pass: g.seen is distinct from g.expected",
    ]

    /// Conditions that others repeat: without them the function does the same.
    private static let equivalent: [String: String] = [
        "may_pause: (paused).account_id <> (acting).account_id\n       and": "a constraint of the table says it, too"
    ]

    private static let damages: [Damage] =
        acting + vouching + gate + gateReach + writing + disclosing + signingIn + secondFactors + ownSessions + guessing
        + signedIn
        + members
        + links + joining
        + changing + aboutSeveral + renewing + moving + movingShared + merging
        + months
        + looking + asking + taking + holding + failing + sweeping
        + proving + attesting + reportingWeaknesses + roles + changingRoles + leaving + settingThings
        + federating + obeying + unlinking + writingLetters + changingAccounts + spending + team + waysIn
        + agreeing + activity + telling + programTokens + emergencies + family

    private static let acting: [Damage] = [
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

    private static let vouching: [Damage] = [
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

    private static let gate: [Damage] = [
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

    private static let gateReach: [Damage] = [
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

    private static let writing: [Damage] = [
        (
            "open_pass", "perform care.write_entry(p, patients[i], records[i], refused, key_epoch, salt, sealed, at);",
            "if refused is null then perform care.write_entry(p, patients[i], records[i], refused, key_epoch, salt, sealed, at); end if;"
        ),
        (
            "open_pass", "perform care.write_entry(p, patients[i], records[i], refused, key_epoch, salt, sealed, at);",
            "if refused is not null then perform care.write_entry(p, patients[i], records[i], refused, key_epoch, salt, sealed, at); end if;"
        ),
        (
            "open_pass", "perform care.write_entry(p, patients[i], records[i]",
            "perform care.write_entry(p, null, records[i]"
        ),
        (
            "open_pass", "perform care.write_entry(p, p.new_patients[i], null, null, key_epoch, salt, sealed, at);",
            "null;"
        ),
        ("open_pass", "sha256(pass_secret), p.organization_id", "pass_secret, p.organization_id"),
        ("open_pass", "pg_current_xact_id(), p.until", "'0', p.until"),
        ("open_pass", "if s.seen_at < at - interval '1 minute' then", "if true then"),
        ("open_pass", "if s.seen_at < at - interval '1 minute' then", "if false then"),
        (
            "open_pass", "own.organization_id = s.organization_id and own.id = s.id",
            "own.organization_id = s.organization_id"
        ),
        ("open_passes", "organizations[i]", "organizations[1]"),
        ("open_passes", "session_secrets[i]", "session_secrets[1]"),
        ("open_passes", "pass_secrets[i], uses", "pass_secrets[1], uses"),
        ("open_passes", "sha256(pass_secrets[i])", "sha256(pass_secrets[1])"),
        ("open_passes", "uses[i]", "uses[1]"),
        ("open_passes", "acts[i]", "acts[1]"),
        ("open_passes", "targets[i : i]", "targets[1 : 1]"),
        ("open_passes", "targets[i : i]", "targets"),
        ("open_passes", "purposes[i]", "purposes[1]"),
        ("open_passes", "key_epochs[i]", "key_epochs[1]"),
        ("open_passes", "salts[i]", "salts[1]"),
        ("open_passes", ", sealed[i]", ", sealed[1]"),
        ("open_passes", "return next;", "if outcome = 0 then return next; end if;"),
        (
            "open_passes", "1 .. cardinality(pass_secrets) loop",
            "1 .. cardinality(pass_secrets) loop exit when outcome > 0;"
        ),
        ("write_entry", "(p).account_id", "null"),
        ("write_entry", "(p).session_id", "null"),
        ("write_entry", "(p).act, ", "'act', "),
        ("write_entry", "(p).purpose", "null"),
        ("write_entry", "refused is null, refused", "true, null"),
        ("write_entry", "    patient, record,", "    null, record,"),
        ("write_entry", "    patient, record,", "    patient, null,"),
    ]

    private static let moving: [Damage] = [
        ("move_records", "'record.move' = any (shown.powers) and", ""),
        ("move_records", "and array[from_patient, to_patient] <@ shown.patients", ""),
        ("move_records", "array[from_patient, to_patient] <@ shown.patients", "from_patient = any (shown.patients)"),
        ("move_records", "array[from_patient, to_patient] <@ shown.patients", "to_patient = any (shown.patients)"),
        ("move_records", "shown.patients, false) then", "shown.patients, true) then"),
        ("move_records", "p.organization_id = shown.organization_id and", ""),
        ("move_records", "and p.id = to_patient", ""),
        ("move_records", "and p.merged_into is null", ""),
        ("move_records", "r.organization_id = shown.organization_id and", ""),
        ("move_records", "r.id = m.id\n       and", ""),
        ("move_records", "and r.patient_id = from_patient", ""),
        ("move_records", "and r.kind <> 'Patient'", ""),
        ("move_records", "and not r.is_about_several", ""),
        ("move_records", "version = r.version + 1, ", ""),
        ("move_records", "card = m.card", "card = r.card"),
        (
            "move_records", "v.organization_id = shown.organization_id and v.record_id = m.record_id",
            "v.record_id = m.record_id"
        ),
        ("move_records", "and v.record_id = m.record_id", ""),
        ("move_records", "and v.version = m.version", ""),
        (
            "move_records", "and v.version = m.version\n       and v.record_id = any (moved)",
            "and v.version = m.version"
        ),
        ("move_records", "c.organization_id = shown.organization_id and c.id = m.id", "c.id = m.id"),
        ("move_records", "c.id = m.id and", ""),
        ("move_records", "c.id = m.id and c.record_id = any (moved)", "c.id = m.id"),
        ("move_records", "records is distinct from cardinality(moved)", "false"),
        ("move_records", "versions is distinct from cardinality(version_records)", "false"),
        ("move_records", "changes is distinct from cardinality(change_ids)", "false"),
        (
            "move_records",
            "where v.organization_id = shown.organization_id and v.record_id = any (moved)\n               and",
            "where v.record_id = any (moved) and"
        ),
        ("move_records", "and v.record_id = any (moved)\n               and", "and"),
        ("move_records", "and v.patient_id is distinct from to_patient", "and false"),
        (
            "move_records",
            "where c.organization_id = shown.organization_id and c.record_id = any (moved)\n               and",
            "where c.record_id = any (moved) and"
        ),
        ("move_records", "and c.record_id = any (moved)\n               and", "and"),
        ("move_records", "and c.patient_id is distinct from to_patient", "and false"),
    ]

    private static let movingShared: [Damage] = [
        ("move_shared_record", "'record.move' = any (shown.powers) and", ""),
        ("move_shared_record", "and to_patient = any (shown.patients)", ""),
        ("move_shared_record", "any (shown.patients), false) then", "any (shown.patients), true) then"),
        ("move_shared_record", "p.organization_id = shown.organization_id and", ""),
        ("move_shared_record", "and p.id = to_patient", ""),
        ("move_shared_record", "and p.merged_into is null", ""),
        ("move_shared_record", "and r.id = moved and r.is_about_several", "and r.is_about_several"),
        ("move_shared_record", "and r.is_about_several for", "for"),
        (
            "move_shared_record", "s.organization_id = shown.organization_id and s.record_id = moved);",
            "s.record_id = moved);"
        ),
        ("move_shared_record", "not others || first_of <@ shown.patients", "not others <@ shown.patients"),
        ("move_shared_record", "not others || first_of <@ shown.patients", "not array[first_of] <@ shown.patients"),
        ("move_shared_record", "when first_of = from_patient then to_patient else first_of", "when true then first_of"),
        (
            "move_shared_record", "when first_of = from_patient then to_patient else first_of",
            "when true then to_patient"
        ),
        (
            "move_shared_record",
            "where s.organization_id = shown.organization_id and s.record_id = moved and s.patient_id in",
            "where s.record_id = moved and s.patient_id in"
        ),
        ("move_shared_record", "and s.record_id = moved and s.patient_id in", "and s.patient_id in"),
        ("move_shared_record", "s.patient_id in (from_patient, to_patient)", "s.patient_id = from_patient"),
        ("move_shared_record", "s.patient_id in (from_patient, to_patient)", "s.patient_id = to_patient"),
        ("move_shared_record", "and s.patient_id in (from_patient, to_patient)", ""),
        ("move_shared_record", "if first_now <> to_patient then", "if true then"),
        ("move_shared_record", "if first_now <> to_patient then", "if false then"),
        (
            "move_shared_record", "values (shown.organization_id, moved, to_patient)",
            "values (shown.organization_id, moved, from_patient)"
        ),
        ("move_shared_record", "set patient_id = first_now, version", "set version"),
        ("move_shared_record", "version = r.version + 1, ", ""),
        ("move_shared_record", "sealed = now_sealed", "sealed = r.sealed"),
        ("move_shared_record", "card = now_card", "card = r.card"),
        ("move_shared_record", "is_about_several = exists (", "is_about_several = true or exists ("),
        ("move_shared_record", "is_about_several = exists (", "is_about_several = not exists ("),
        (
            "move_shared_record", "where r.organization_id = shown.organization_id and r.id = moved;",
            "where r.id = moved;"
        ),
        ("move_shared_record", "and r.id = moved;", ";"),
        ("move_shared_record", "set patient_id = first_now, sealed = m.sealed", "set sealed = m.sealed"),
        ("move_shared_record", "patient_id = first_now, sealed = m.sealed", "patient_id = first_now"),
        (
            "move_shared_record", "v.organization_id = shown.organization_id and v.record_id = moved and v.version",
            "v.record_id = moved and v.version"
        ),
        ("move_shared_record", "and v.record_id = moved and v.version", "and v.version"),
        ("move_shared_record", "and v.version = m.version", ""),
        ("move_shared_record", "set patient_id = first_now, sealed_diff", "set sealed_diff"),
        ("move_shared_record", "patient_id = first_now, sealed_diff = m.diff", "patient_id = first_now"),
        (
            "move_shared_record", "c.organization_id = shown.organization_id and c.record_id = moved and c.id",
            "c.record_id = moved and c.id"
        ),
        ("move_shared_record", "and c.record_id = moved and c.id", "and c.id"),
        ("move_shared_record", "and c.id = m.id", ""),
        ("move_shared_record", "from_patient = to_patient or", ""),
        ("move_shared_record", "not from_patient = any (others || first_of)", "false"),
        ("move_shared_record", "any (others || first_of)", "any (others)"),
        ("move_shared_record", "any (others || first_of)", "any (array[first_of])"),
        ("move_shared_record", "versions is distinct from cardinality(version_numbers)", "false"),
        ("move_shared_record", "changes is distinct from cardinality(change_ids)", "false"),
        (
            "move_shared_record", "v.organization_id = shown.organization_id and v.record_id = moved)::integer",
            "v.record_id = moved)::integer"
        ),
        (
            "move_shared_record", "and v.record_id = moved)::integer",
            "and v.record_id = moved and false)::integer + versions"
        ),
        (
            "move_shared_record", "c.organization_id = shown.organization_id and c.record_id = moved)::integer",
            "c.record_id = moved)::integer"
        ),
        (
            "move_shared_record", "and c.record_id = moved)::integer",
            "and c.record_id = moved and false)::integer + changes"
        ),
    ]

    private static let merging: [Damage] = [
        ("merge_patients", "'patient.merge' = any (shown.powers) and", ""),
        ("merge_patients", "array[source, target] <@ shown.patients", "source = any (shown.patients)"),
        ("merge_patients", "array[source, target] <@ shown.patients", "target = any (shown.patients)"),
        ("merge_patients", "shown.patients, false) then", "shown.patients, true) then"),
        (
            "merge_patients", "p.organization_id = shown.organization_id\n           and (p.id = target",
            "(p.id = target"
        ),
        ("merge_patients", "p.id = target and p.merged_into is not null or", ""),
        ("merge_patients", "p.id = target and", ""),
        ("merge_patients", "or p.id = source and p.merged_into <> target", ""),
        ("merge_patients", "p.id = source and p.merged_into <> target", "p.merged_into <> target"),
        ("merge_patients", "p.id = source and p.merged_into <> target", "p.id = source and p.merged_into is not null"),
        ("merge_patients", "r.organization_id = p.organization_id and", ""),
        ("merge_patients", "and r.patient_id = p.id", ""),
        (
            "merge_patients", "p.organization_id = shown.organization_id and p.merged_into = source",
            "p.merged_into = source"
        ),
        ("merge_patients", "and p.merged_into = source", "and p.merged_into is not null"),
        ("merge_patients", "and r.kind <> 'Patient'", ""),
        ("merge_patients", "target where p.organization_id = shown.organization_id and", "target where"),
        ("merge_patients", "shown.organization_id and p.id = source;", "shown.organization_id;"),
        ("merge_patients", "where t.organization_id = shown.organization_id and", "where"),
        ("merge_patients", "and t.patient_id = source", ""),
        ("merge_patients", "where p.organization_id = shown.organization_id and source", "where source"),
        ("merge_patients", "and source = any (p.patients)", ""),
        ("merge_patients", "and p.powers && '{record.write,reach.share}'", ""),
        ("merge_patients", "'{record.write,reach.share}'", "'{record.write}'"),
        ("merge_patients", "'{record.write,reach.share}'", "'{reach.share}'"),
        ("merge_patients", "and p.secret_sha256 <> shown.secret_sha256", ""),
        ("count_reach_of_merged", "'patient.merge' = any (shown.powers) and", ""),
        ("count_reach_of_merged", "and source = any (shown.patients)", ""),
        ("count_reach_of_merged", "shown.patients), false) then", "shown.patients), true) then"),
        ("count_reach_of_merged", "r.organization_id = shown.organization_id and", ""),
        ("count_reach_of_merged", "and r.patient_id = source", ""),
        ("count_reach_of_merged", "and r.account_id <> shown.account_id", ""),
        ("count_reach_of_merged", "and r.withdrawn_at is null", ""),
        ("count_reach_of_merged", "and r.since <= at", ""),
        ("count_reach_of_merged", "and (r.until is null or r.until > at)", ""),
        (
            "open_pass", "if refused is null and a.powers && '{record.write,reach.share}' and",
            "if a.powers && '{record.write,reach.share}' and"
        ),
        ("open_pass", "a.powers && '{record.write,reach.share}' and", ""),
        ("open_pass", "'{record.write,reach.share}'", "'{record.write}'"),
        ("open_pass", "'{record.write,reach.share}'", "'{reach.share}'"),
        (
            "open_pass", "where x.organization_id = p.organization_id and x.id = any (patients)",
            "where x.id = any (patients)"
        ),
        ("open_pass", "and x.id = any (patients) and x.merged_into is not null", "and x.merged_into is not null"),
        ("open_pass", "and x.merged_into is not null", ""),
        ("open_pass", "'patient.merge' = any (a.powers) and", ""),
        ("open_pass", "and x.merged_into = any (patients))", ")"),
        ("open_pass", "outcome := 4;", ""),
    ]

    private static let renewing: [Damage] = [
        ("renew_link", "membership.organization_id = organization and", ""),
        ("renew_link", "and membership.account_id = account", ""),
        ("renew_link", "and (membership.until is null or membership.until > care.clock())", ""),
        ("renew_link", "m.since = 'infinity'", "false"),
        ("renew_link", "where link.organization_id = organization and", "where"),
        ("renew_link", "and link.account_id = account", ""),
        ("renew_link", "perform care.write_sign_in(organization, account", "perform care.write_sign_in(null, account"),
    ]

    private static let changing: [Damage] = [
        ("keep_version", "if new.version is distinct from old.version + 1 then", "if false then"),
        ("keep_version", "if new.version is distinct from old.version + 1 then", "if new.version <= old.version then"),
        (
            "keep_version",
            """
            insert into care.version (
                    organization_id, record_id, version, patient_id, kind, is_deleted, sealed, written_at, written_in)
                values (
                    old.organization_id, old.id, old.version, old.patient_id, old.kind, old.is_deleted, old.sealed, old.written_at,
                    old.written_in);
            """, ""
        ),
        ("keep_version", "old.written_in", "pg_current_xact_id()"),
        ("keep_version", "new.written_in := pg_current_xact_id();", ""),
        ("forget_tokens", "if not patient = any (care.acting_patients('record.change')) then", "if false then"),
        ("forget_tokens", "care.acting_patients('record.change')", "care.acting_patients('record.write')"),
        ("forget_tokens", "t.organization_id = care.acting_organization() and", ""),
        ("forget_tokens", "and t.patient_id = patient", ""),
        ("forget_tokens", "and t.epoch = of_epoch", ""),
        ("forget_tokens", "and t.value <> all (kept)", ""),
        ("unknown_references", "and not r.is_deleted", ""),
    ]

    private static let aboutSeveral: [Damage] = [
        ("acting_shared", "if power = any (shown.powers) then", "if true then"),
        ("acting_shared", "s.organization_id = shown.organization_id and", ""),
        ("acting_shared", "and s.patient_id = any (shown.patients)", ""),
        ("acting_maker_of", "and r.is_about_several", ""),
        ("acting_maker_of", "and r.version = 1", ""),
        ("acting_maker_of", "and r.written_in = pg_current_xact_id_if_assigned()", ""),
        ("unknown_references", "and s.patient_id = any (shown.patients)", ""),
        ("unknown_references", "s.organization_id = r.organization_id and", ""),
        ("unknown_references", "and s.record_id = r.id", ""),
        ("open_pass", "if i = any (several) then", "if false then"),
        ("open_pass", "reached := reached and cardinality(also_reached) = subjects;", "null;"),
        ("open_pass", "reached and cardinality(also_reached) = subjects", "cardinality(also_reached) = subjects"),
        ("open_pass", "reached and cardinality(also_reached) = subjects", "reached"),
        ("open_pass", "elsif not reached and cardinality(also_reached) > 0 then", "elsif not reached then"),
        ("open_pass", "patients[i] := also_reached[1];", ""),
        ("open_pass", "also_about := also_about || also_reached;", ""),
        ("open_pass", "and r.patient_id = o.patient_id and", "and"),
        (
            "open_pass", "where o.organization_id = p.organization_id and o.record_id = records[i]) x",
            "where o.organization_id = p.organization_id) x"
        ),
        ("open_pass", "union all select stands_with[i] where stands_with[i] <> patients[several[i]]", ""),
        (
            "open_pass",
            "perform care.write_entry(p, subject, records[several[i]], refused, key_epoch, salt, sealed, at);", "null;"
        ),
    ]

    private static let disclosing: [Damage] = [
        ("disclose", "if p.scope is distinct from 'roster' then", "if false then"),
        ("disclose", "if not patient in (select care.acting_roster('roster.read')) then", "if false then"),
        ("disclose", "perform care.write_entry(p, patient, null, null, key_epoch, salt, sealed, at);", ""),
    ]

    private static let federating: [Damage] = [
        ("password_opens", "'owner' = any (roles) or", ""),
        ("password_opens", "where r.organization_id = organization", ""),
        ("password_opens", "or not exists", "or exists"),
        ("begin_session", "and care.password_opens(membership.organization_id, membership.roles)", ""),
        ("providers", "p.until is null and", ""),
        ("providers", "wanted in (p.id, p.organization_id)", "wanted in (p.id)"),
        ("providers", "and wanted in (p.id, p.organization_id)", ""),
        ("begin_flow", "10000 <=", "10001 <="),
        ("begin_flow", "10000 <=", "9999 <="),
        ("begin_flow", "where f.until > at", ""),
        ("begin_flow", "where f.until < at - interval '1 hour'", "where false"),
        ("begin_flow", "interval '10 minutes'", "interval '1 hour'"),
        ("begin_flow", "p.id = provider and", ""),
        ("begin_flow", "and p.until is null", ""),
        ("return_flow", "f.provider_id = provider and", ""),
        ("return_flow", "f.secret_sha256 = flow_sha256 and", ""),
        ("return_flow", "f.returned_at is null and", ""),
        ("return_flow", "and f.until > at", ""),
        ("refuse_flow", "left(reason, 60)", "null"),
        ("refuse_flow", "p.id = provider and", "false and"),
        ("admit_identity", "if address_token is null then", "if false then"),
        ("admit_identity", "where a.sign_in_token = address_token) then", "where false) then"),
        ("admit_identity", "l.organization_id = p.organization_id and", ""),
        ("admit_identity", "and l.account_id = a.id", ""),
        ("admit_identity", "and l.purpose = 'set-password'", ""),
        ("admit_identity", "and l.used_at is null", ""),
        ("admit_identity", "and l.until > at", ""),
        ("admit_identity", "and a.sign_in_token = address_token", ""),
        ("admit_identity", "and a.password_hash is null", ""),
        ("admit_identity", "and a.closed_at is null", ""),
        ("admit_identity", "cardinality(claimed) > 0 and", ""),
        ("admit_identity", "and claimed <@ p.admits", ""),
        ("admit_identity", "claimed <@ p.admits", "claimed && p.admits"),
        ("begin_federated_session", "x.id = provider and", ""),
        ("begin_federated_session", "and x.until is null;", ";"),
        (
            "begin_federated_session",
            "f.organization_id = p.organization_id and f.provider_id = p.id and f.secret_sha256", "f.secret_sha256"
        ),
        ("begin_federated_session", "and f.secret_sha256 = flow_sha256\n       and f.returned_at", "and f.returned_at"),
        ("begin_federated_session", "and f.returned_at is not null", ""),
        ("begin_federated_session", "and f.subject_token is null", ""),
        ("begin_federated_session", "and f.done_at is null", ""),
        ("begin_federated_session", "and f.until > at;", ";"),
        ("begin_federated_session", "i.organization_id = p.organization_id and i.provider_id = p.id and", ""),
        ("begin_federated_session", "and i.subject_token = subject", ""),
        ("begin_federated_session", "and a.closed_at is null", ""),
        ("begin_federated_session", "if who is not null then", "if false then"),
        ("begin_federated_session", "case who when new_account then", "case when true then"),
        ("begin_federated_session", "x.account_id = who and", ""),
        ("begin_federated_session", "and x.since <= at", ""),
        ("begin_federated_session", "and (x.until is null or x.until > at)", ""),
        ("begin_federated_session", "then care.password_opens(x.organization_id, x.roles)", "then true"),
        ("begin_federated_session", "else x.organization_id = p.organization_id end", "else true end"),
        ("begin_federated_session", "'session.begin', refused, key_epoch", "'session.begin', null, key_epoch"),
        (
            "link_identity",
            "x.organization_id in (s.organization_id, '00000000-0000-0000-0000-000000000000')\n       and",
            ""
        ),
        ("link_identity", "x.provider_id = provider and", ""),
        ("link_identity", "and x.secret_sha256 = flow_sha256", ""),
        ("link_identity", "and x.subject_token is not null", ""),
        ("link_identity", "and x.done_at is null", ""),
        ("link_identity", "and x.until > at\n", "\n"),
        ("link_identity", "and p.until is null", ""),
        ("link_identity", "and s.id is not null", ""),
        (
            "link_identity", "on conflict do nothing",
            "on conflict (organization_id, provider_id, subject_token) do update set account_id = s.account_id"
        ),
        ("provider_of_session", "and p.until is null", ""),
        ("provider_of_session", "s.organization_id = organization and", ""),
        ("provider_of_session", "and s.secret_sha256 = sha256(session_secret)", ""),
        ("end_federated_sessions", "f.organization_id = x.organization_id and f.session_id = x.id and", ""),
        ("end_federated_sessions", "and x.ended_at is null", ""),
        ("end_federated_sessions", "and f.provider_id = provider", ""),
        ("end_federated_sessions", "and (subject is not null or sid is not null)", ""),
        ("end_federated_sessions", "and (subject is null or f.subject_token = subject)", ""),
        ("end_federated_sessions", "and (sid is null or f.sid_token = sid)", ""),
        ("end_federated_sessions", "perform care.write_sign_in(", "continue; perform care.write_sign_in("),
        ("end_provider", "x.id = provider and", ""),
        ("end_provider", "and x.until is null", ""),
        ("end_provider", "and f.provider_id = p.id", ""),
        ("end_provider", "f.organization_id = s.organization_id and f.session_id = s.id and", ""),
        ("set_sign_in_rule", "p.organization_id = organization and", ""),
        ("set_sign_in_rule", "if is_only and not exists", "if false and not exists"),
        ("set_sign_in_rule", "where r.organization_id = organization", "where false"),
    ]

    private static let signingIn: [Damage] = [
        ("password_setting", "and closed_at is null", ""),
        ("password_setting", "left(password_hash, 29)", "password_hash"),
        ("password_setting", "g.decoy_secret || token", "g.decoy_secret"),
        ("password_setting", "g.decoy_secret || token", "uuid_send(gen_random_uuid())"),
        ("begin_session", "where sign_in_token = token and closed_at is null", "where sign_in_token = token"),
        ("begin_session", "where sign_in_token = token and", "where"),
        ("begin_session", "or who.password_hash is null", ""),
        ("begin_session", "or who.password_hash is distinct from hash", ""),
        ("begin_session", "or who.password_hash is distinct from hash", "or who.password_hash <> hash"),
        ("begin_session", "where membership.account_id = who.id and", "where"),
        ("begin_session", "and membership.since <= at", ""),
        ("begin_session", "and (membership.until is null or membership.until > at)", ""),
        ("begin_session", "and (wanted is null or membership.organization_id = wanted)", ""),
        ("begin_session", "if refused is null and not found then", "if false then"),
        (
            "begin_session", "perform care.write_sign_in(",
            "if refused is null then return; end if; perform care.write_sign_in("
        ),
        (
            "begin_session", "perform care.write_sign_in(",
            "if refused is not null then return; end if; perform care.write_sign_in("
        ),
        ("write_sign_in", "refused, key_epoch", "null, key_epoch"),
        ("raise_cost", "sign_in_token = token and", ""),
        ("raise_cost", "and password_hash = old_hash", ""),
        ("raise_cost", "and closed_at is null", ""),
        ("raise_cost", "and substr(new_hash, 5, 2)::integer > substr(old_hash, 5, 2)::integer", ""),
        ("raise_cost", "::integer > substr", "::integer >= substr"),
    ]

    private static let secondFactors: [Damage] = [
        ("needs_second_factor", "profile is distinct from 'family'\n       and", ""),
        ("needs_second_factor", "'patient', ", ""),
        ("needs_second_factor", "'teen', ", ""),
        ("needs_second_factor", ", 'caregiver'", ""),
        (
            "needs_second_factor", "roles <@ array['patient', 'teen', 'caregiver']",
            "roles && array['patient', 'teen', 'caregiver']"
        ),
        ("needs_second_factor", "'caregiver']", "'caregiver', 'staff', 'member']"),
        ("open_pass", "elsif s.second_factor_at is null", "elsif false and s.second_factor_at is null"),
        ("open_pass", "elsif s.second_factor_at is null\n              and (", "elsif ("),
        ("open_pass", "s.second_factor_is_due or care.needs", "care.needs"),
        (
            "open_pass", "(s.second_factor_is_due or care.needs_second_factor(s.profile, roles, own_roles))",
            "s.second_factor_is_due"
        ),
        ("open_pass", "select o.profile into s.profile", "select 'family' into s.profile"),
        ("open_pass", "if s.profile is null then", "if false then"),
        ("open_pass", "elsif a.step_up and", "elsif false and"),
        ("open_pass", "elsif a.step_up and", "elsif"),
        ("open_pass", "not care.is_stepped_up(s)", "s.stepped_up_at is null"),
        (
            "give_office",
            "update care.session s set second_factor_is_due = true where s.account_id = account and s.ended_at is null;",
            ""
        ),
        ("give_office", "where s.account_id = account and s.ended_at is null", "where s.ended_at is null"),
        ("has_second_factor", "where f.account_id = account", ""),
        ("live_session", "x.organization_id = organization and", ""),
        ("live_session", "x.secret_sha256 = sha256(session_secret)", "true"),
        ("live_session", "and x.used_as = live_session.used_as", ""),
        ("live_session", "and x.ended_at is null", ""),
        ("live_session", "and x.until > at", ""),
        ("live_session", "and x.seen_at + x.idle > at", ""),
        ("live_session", "and m.since <= at", ""),
        ("live_session", "and (m.until is null or m.until > at)", ""),
        (
            "is_stepped_up", "(s).stepped_up_at > care.clock() - care.time_set((s).organization_id, 'step-up.within')",
            "(s).stepped_up_at is not null"
        ),
        ("is_stepped_up", "care.time_set((s).organization_id, 'step-up.within')", "interval '5 minutes'"),
        ("is_stepped_up", "'step-up.within'), false", "'step-up.within'), true"),
        ("second_factor_of", "where f.account_id = s.account_id", ""),
        ("second_factor_of", "where c.account_id = s.account_id and", "where"),
        (
            "second_factor_of", "o.account_id = s.account_id and o.session_id = s.id and",
            "o.account_id = s.account_id and"
        ),
        ("second_factor_of", "and o.at > care.clock() - interval '15 minutes'", ""),
        ("second_factor_of", "or cardinality(care.offices_of(s.account_id)) > 0", ""),
        ("second_factor_of", "s.second_factor_is_due or is_required", "is_required"),
        ("count_try", "so_far >= 5", "so_far >= 4"),
        ("count_try", "so_far >= 5", "so_far >= 6"),
        ("count_try", "power(2, least(so_far, 10) - 5)", "1"),
        ("count_try", "(s).organization_id and x.id = (s).id", "(s).organization_id and x.account_id = (s).account_id"),
        ("raise_session", "case when by_code then at else x.second_factor_at end", "at"),
        ("raise_session", "stepped_up_at = at,", ""),
        ("raise_session", "tries = 0,", ""),
        (
            "raise_session", "tries_wait_until = null,\n           secret_sha256 = next_secret_sha256",
            "tries_wait_until = null"
        ),
        ("show_second_factor", "if s.tries_wait_until > at then", "if false then"),
        ("show_second_factor", "c.account_id = s.account_id and c.code_sha256", "c.code_sha256"),
        ("show_second_factor", "and c.code_sha256 = recovery_sha256", ""),
        (
            "show_second_factor", "c.code_sha256 = recovery_sha256 and c.used_at is null",
            "c.code_sha256 = recovery_sha256"
        ),
        ("show_second_factor", "elsif f.failures >= 20 and", "elsif false and"),
        (
            "show_second_factor",
            "elsif f.failures >= 20 and f.failed_at between at - interval '30 seconds' and at then",
            "elsif f.failures >= 20 then"
        ),
        ("show_second_factor", "elsif step is null then", "elsif false then"),
        ("show_second_factor", "abs(step - care.code_step()) > 1", "false"),
        ("show_second_factor", "abs(step - care.code_step()) > 1", "abs(step - care.code_step()) > 2"),
        ("show_second_factor", "abs(step - care.code_step()) > 1", "abs(step - care.code_step()) > 0"),
        ("show_second_factor", "elsif step <= f.last_step then", "elsif false then"),
        ("show_second_factor", "elsif step <= f.last_step then", "elsif step < f.last_step then"),
        ("show_second_factor", "last_step = greatest(x.last_step, coalesce(step, x.last_step)), ", ""),
        ("show_second_factor", "perform care.count_try(s);", ""),
        (
            "show_second_factor",
            "update care.second_factor x set failures = x.failures + 1, failed_at = at where x.account_id = s.account_id;",
            ""
        ),
        ("own_password_setting", "left(a.password_hash, 29)", "a.password_hash"),
        ("own_password_setting", "and a.closed_at is null", ""),
        ("step_up_by_password", "if care.has_second_factor(s.account_id) then", "if false then"),
        ("step_up_by_password", "elsif s.tries_wait_until > care.clock() then", "elsif false then"),
        ("step_up_by_password", "kept is null or", ""),
        ("step_up_by_password", "kept is null or kept is distinct from hash", "kept is null"),
        ("step_up_by_password", "kept is distinct from hash", "kept <> hash"),
        ("step_up_by_password", "and a.closed_at is null", ""),
        ("step_up_by_password", "perform care.count_try(s);", ""),
        ("step_up_by_password", "raise_session(s, false,", "raise_session(s, true,"),
        ("offer_second_factor", "elsif not care.is_stepped_up(s) then", "elsif false then"),
        ("confirm_second_factor", "elsif not care.is_stepped_up(s) then", "elsif false then"),
        ("confirm_second_factor", "elsif s.tries_wait_until > at then", "elsif false then"),
        ("confirm_second_factor", "and x.session_id = s.id", ""),
        ("confirm_second_factor", "and x.at > care.clock() - interval '15 minutes'", ""),
        ("confirm_second_factor", "step is null or abs", "abs"),
        ("confirm_second_factor", "step is null or abs(step - care.code_step()) > 1", "step is null"),
        ("confirm_second_factor", "s.account_id, o.sealed_secret, step, at", "s.account_id, o.sealed_secret, 0, at"),
        ("confirm_second_factor", "perform care.count_try(s);", ""),
        ("confirm_second_factor", "delete from care.second_factor_offer x where x.account_id = s.account_id;", ""),
        (
            "confirm_second_factor", "x.account_id = s.account_id and x.id <> s.id and x.ended_at is null",
            "x.id <> s.id and x.ended_at is null"
        ),
        (
            "confirm_second_factor", "update care.session x set ended_at = at where",
            "update care.session x set ended_at = at where false and"
        ),
        ("replace_recovery_codes", "where c.account_id = account", ""),
        ("replace_recovery_codes", "delete from care.recovery_code c where c.account_id = account;", ""),
        ("renew_recovery_codes", "elsif not care.has_second_factor(s.account_id) then", "elsif false then"),
        ("renew_recovery_codes", "elsif not care.is_stepped_up(s) then", "elsif false then"),
        ("remove_second_factor", "elsif not care.is_stepped_up(s) then", "elsif false then"),
        ("remove_second_factor", "second_factor_at = null, stepped_up_at = null,", ""),
        ("remove_second_factor", "cardinality(care.offices_of(s.account_id)) > 0", "false"),
        ("forget_second_factor", "delete from care.recovery_code c where c.account_id = account;", ""),
        (
            "forget_second_factor", "delete from care.recovery_code c where c.account_id = account;",
            "delete from care.recovery_code c;"
        ),
        (
            "forget_second_factor", "delete from care.second_factor f where f.account_id = account;",
            "delete from care.second_factor f;"
        ),
        ("forget_second_factor", "delete from care.second_factor_offer o where o.account_id = account;", ""),
        ("forget_second_factor", "x.account_id = account and x.ended_at", "x.ended_at"),
        ("forget_second_factor", "and x.id is distinct from but_session", ""),
        ("forget_second_factor", "and x.id is distinct from but_session", "and x.id <> but_session"),
        ("reset_second_factor", "if not care.has_second_factor(account) then", "if false then"),
    ]

    private static let ownSessions: [Damage] = [
        ("is_open", "and ((s).second_factor_at is not null", "and (true"),
        ("is_open", "(s).second_factor_is_due\n                    or", "false or"),
        ("is_open", "(s).second_factor_at is not null\n            or not", "not"),
        ("note_device", "and x.sealed_device is null", ""),
        ("note_device", "and x.id = s.id", "and x.account_id = s.account_id"),
        ("own_sessions", "if not care.is_open(s) then", "if false then"),
        ("own_sessions", "x.account_id = s.account_id and", ""),
        ("own_sessions", "and x.ended_at is null", ""),
        ("own_sessions", "and x.until > at", ""),
        ("own_sessions", "and x.seen_at + x.idle > at", ""),
        ("end_own_sessions", "if not care.is_open(s) then", "if false then"),
        ("end_own_sessions", "x.account_id = s.account_id and", ""),
        ("end_own_sessions", "and x.id <> s.id", ""),
        ("end_own_sessions", "or x.id = end_own_sessions.session", "or true"),
        ("end_own_sessions", "end_own_sessions.session is null or", ""),
        ("end_member_sessions", "not coalesce('session.end' = any (shown.powers), false)", "false"),
        ("end_member_sessions", "or ('owner' = any (theirs) and not coalesce('owner' = any (held), false))", ""),
        ("end_member_sessions", "and not coalesce('owner' = any (held), false)", ""),
        ("end_member_sessions", "x.organization_id = shown.organization_id and", ""),
        ("end_member_sessions", "and x.account_id = end_member_sessions.account", ""),
    ]

    private static let guessing: [Damage] = [
        ("try_key", "coalesce(token, '')", "''"),
        ("try_key", "coalesce(place, '')", "''"),
        ("try_waits", "if b.last_at < at - interval '1 day' then", "if false then"),
        ("try_waits", "power(2, least(b.failures - free, 10))", "1"),
        ("try_waits", "b.failures < free or", ""),
        ("try_waits", "or wait_until <= at", ""),
        ("try_sign_in", "care.try_waits(pair, 10)", "care.try_waits(pair, 9)"),
        ("try_sign_in", "care.try_waits(pair, 10)", "care.try_waits(pair, 11)"),
        ("try_sign_in", "care.try_waits(pair, 5)", "care.try_waits(pair, 4)"),
        ("try_sign_in", "care.try_waits(pair, 5)", "care.try_waits(pair, 6)"),
        ("try_sign_in", "care.try_waits(place, 200)", "care.try_waits(place, 199)"),
        ("try_sign_in", "care.try_waits(place, 200)", "care.try_waits(place, 201)"),
        ("try_sign_in", "greatest(try_sign_in.wait_until, w.wait_until)", "try_sign_in.wait_until"),
        ("try_sign_in", "greatest(so_far - 20, 0)", "0"),
        ("try_sign_in", "if wait_until is null then", "if true then"),
        ("try_sign_in", "or device is null and t.key in (place, everybody)", ""),
        ("try_sign_in", "if device is not null then", "if false then"),
        ("forgive_sign_in", "if device is not null then", "if false then"),
        ("forgive_sign_in", "where t.key = care.try_key('network', token, convert_to(network, 'UTF8'))", ""),
        ("sweep_sign_in_tries", "where t.last_at < care.clock() - interval '2 days'", ""),
        ("sweep_sign_in_tries", "interval '2 days'", "interval '5 days'"),
    ]

    private static let signedIn: [Damage] = [
        ("end_session", "session.organization_id = organization and", ""),
        ("end_session", "and session.secret_sha256 = sha256(session_secret)", ""),
        ("end_session", "session.secret_sha256 = sha256(session_secret)", "true"),
        ("end_session", "and session.ended_at is null", ""),
        ("end_session", "if found then", "if false then"),
        ("session_of", "s.organization_id = organization and", ""),
        ("session_of", "and s.secret_sha256 = sha256(session_secret)", ""),
        ("session_of", "and s.ended_at is null", ""),
        ("session_of", "and s.until > at", ""),
        ("session_of", "and s.seen_at + s.idle > at", ""),
        ("session_of", "and m.since <= at", ""),
        ("session_of", "and (m.until is null or m.until > at)", ""),
    ]

    private static let members: [Damage] = [
        ("add_member", "not coalesce('member.add' = any (shown.powers), false)", "false"),
        (
            "add_member", "not coalesce('member.add' = any (shown.powers), false)",
            "not 'member.add' = any (shown.powers)"
        ),
        ("add_member", "perform care.require_may_give(care.acting_member(), roles, '{}');", ""),
        (
            "account_to_add", "if not coalesce((care.acting()).powers && '{member.add,carer.invite}', false) then",
            "if false then"
        ),
        (
            "admit",
            "if not exists (select from care.account a where a.id = account and a.sign_in_token = address_token) then",
            "if false then"
        ),
        ("admit", "a.id = account and a.sign_in_token = address_token", "a.id = account"),
        ("admit", "a.id = account and a.sign_in_token = address_token", "a.sign_in_token = address_token"),
        ("admit", "if found then", "if true then"),
        ("admit", "begins timestamptz := 'infinity';", "begins timestamptz := clock_timestamp();"),
    ]

    private static let roles: [Damage] = [
        ("permits_of", "o.organization_id = organization and b.name = any (roles)", "b.name = any (roles)"),
        ("permits_of", "and b.name = any (roles)", ""),
        ("permits_of", "on b.profile = o.profile", "on true"),
        ("permits_of", "and r.id = any (custom_roles)", ""),
        ("permits_of", "and r.ended_at is null", ""),
        ("keep_permits", "new.permits := care.permits_of(new.organization_id, new.roles, new.custom_roles);", ""),
        (
            "keep_permits_of_members", "m.organization_id = new.organization_id and m.custom_roles @> array[new.id]",
            "false"
        ),
        ("acting_member", "x.organization_id = shown.organization_id and x.account_id", "x.account_id"),
        ("acting_member", "and x.account_id = shown.account_id", ""),
        ("acting_member", "and (x.until is null or x.until > at)", ""),
        ("require_may_give", "if 'owner' = any (giver.roles) then", "if true then"),
        ("require_may_give", "coalesce('owner' = any (roles), true)", "false"),
        (
            "require_may_give",
            "or not coalesce(care.permits_of(giver.organization_id, roles, custom_roles) <@ giver.permits, false)", ""
        ),
        ("require_owner", "if not exists (", "if false and not exists ("),
        ("require_owner", "m.organization_id = organization and 'owner'", "'owner'"),
        ("require_owner", "and 'owner' = any (m.roles)", ""),
        ("require_owner", "and m.since <= care.clock()", ""),
        ("require_owner", "and m.until is null", ""),
        ("require_may_permit", "if not coalesce(permissions <@", "if false and not coalesce(permissions <@"),
        ("require_may_permit", "not ('owner' = any (giver.roles) or permissions <@ giver.permits)", "false"),
        (
            "require_may_permit", "not ('owner' = any (giver.roles) or permissions <@ giver.permits)",
            "not permissions <@ giver.permits"
        ),
    ]

    private static let changingRoles: [Damage] = [
        ("change_roles", "if not coalesce('member.change' = any (shown.powers), false) then", "if false then"),
        ("change_roles", "giver := care.acting_member();", "giver.roles := '{owner}';"),
        (
            "change_roles", "m.organization_id = shown.organization_id and m.account_id = account\n       and",
            "m.account_id = account and"
        ),
        ("change_roles", "and (m.until is null or m.until > care.clock())", ""),
        ("change_roles", "r.organization_id = shown.organization_id and r.id = any", "r.id = any"),
        ("change_roles", "and r.ended_at is null", ""),
        ("change_roles", "perform care.require_may_give(giver, taker.roles, taker.custom_roles);", ""),
        ("change_roles", "perform care.require_may_give(giver, change_roles.roles, change_roles.custom_roles);", ""),
        (
            "change_roles", "where m.organization_id = shown.organization_id and m.account_id = account;",
            "where m.organization_id = shown.organization_id;"
        ),
        ("change_roles", "perform care.require_owner(shown.organization_id);", ""),
        ("make_role", "if not coalesce('role.make' = any (shown.powers), false) then", "if false then"),
        ("make_role", "perform care.require_may_permit(care.acting_member(), permissions);", ""),
        ("role_to_change", "r.organization_id = shown.organization_id and", ""),
        ("role_to_change", "and r.ended_at is null", ""),
        ("role_to_change", "not found_role.permissions <@ giver.permits", "false"),
        ("role_to_change", "or role = any (giver.custom_roles)", ""),
        ("role_to_change", "'owner' = any (m.roles) and role = any (m.custom_roles)", "false"),
        ("change_role", "if not coalesce('role.change' = any (shown.powers), false) then", "if false then"),
        ("change_role", "old := care.role_to_change(shown, giver, role);", "old.id := role;"),
        ("change_role", "perform care.require_may_permit(giver, permissions);", ""),
        ("change_role", "and r.id = old.id", ""),
        ("end_role", "if not coalesce('role.end' = any (shown.powers), false) then", "if false then"),
        ("end_role", "old := care.role_to_change(shown, care.acting_member(), role);", "old.id := role;"),
        ("roles_offered", "if not care.acting_may('role.read') then", "if false then"),
        ("roles_offered", "o.organization_id = care.acting_organization() and", ""),
        ("roles_offered", "on b.profile = o.profile", "on true"),
    ]

    private static let leaving: [Damage] = [
        ("off_board", "s.organization_id = organization and s.kind = 'share'", "s.kind = 'share'"),
        ("off_board", "and s.kind = 'share'", ""),
        ("off_board", "and r.account_id = account and r.patient_id = s.patient_id", "and r.patient_id = s.patient_id"),
        ("off_board", "and r.account_id <> account and r.patient_id = s.patient_id", "and r.account_id <> account"),
        ("off_board", "and (r.until is null or r.until > at)", ""),
        ("off_board", "and (m.until is null or m.until > at)", ""),
        (
            "off_board",
            "where r.organization_id = organization and r.account_id = account and r.withdrawn_at is null;",
            "where false;"
        ),
        (
            "off_board",
            "where r.organization_id = organization and r.account_id = account and r.withdrawn_at is null;",
            "where r.account_id = account and r.withdrawn_at is null;"
        ),
        (
            "off_board", "where s.organization_id = organization and s.account_id = account and s.ended_at is null;",
            "where false;"
        ),
        (
            "off_board", "where s.organization_id = organization and s.account_id = account and s.ended_at is null;",
            "where s.account_id = account and s.ended_at is null;"
        ),
        (
            "off_board", "where l.organization_id = organization and l.account_id = account and l.used_at is null;",
            "where false;"
        ),
        ("off_board", "delete from care.pass p where p.organization_id = organization and p.account_id = account;", ""),
        ("off_board", "p.organization_id = organization and p.account_id = account;", "p.account_id = account;"),
        ("off_board", "where m.organization_id = organization and m.account_id = account;", "where false;"),
        (
            "off_board", "where m.organization_id = organization and m.account_id = account;",
            "where m.account_id = account;"
        ),
        (
            "patients_alone_with",
            "and o.kind not in ('share', 'carer', 'carer-reading', 'break-glass', 'break-glass-write')",
            ""
        ),
        ("patients_alone_with", "and o.withdrawn_at is null", ""),
        ("patients_alone_with", "and (m.until is null or m.until > at)", ""),
        (
            "patients_alone_with", "o.organization_id = organization and o.account_id <> account",
            "o.account_id <> account"
        ),
        (
            "end_membership", "'member.end' = any (shown.powers)\n                    or 'member.leave'",
            "shown is not null or 'member.leave'"
        ),
        ("end_membership", "and account = shown.account_id and successor is null, false)", ", false)"),
        (
            "end_membership", "m.organization_id = shown.organization_id and m.account_id = end_membership.account",
            "m.account_id = end_membership.account"
        ),
        ("end_membership", "perform care.require_may_give(giver, leaver.roles, leaver.custom_roles);", ""),
        ("end_membership", "leaves > at and leaves", "leaves"),
        ("end_membership", "leaves <= at + interval '1 year 1 day' and", ""),
        ("end_membership", "perform care.require_owner(shown.organization_id);", ""),
        ("end_membership", "successor = shown.account_id and not 'owner' = any (giver.roles)", "false"),
        ("end_membership", "or not exists (", "or false and not exists ("),
        ("end_membership", "and 'record.write' = any (m.permits)", ""),
        (
            "end_membership", "perform care.write_entry(shown, r.patient_id, null, null, key_epoch, salt, sealed, at);",
            ""
        ),
        ("end_membership", "perform care.off_board(shown.organization_id, leaver.account_id, at);", ""),
        ("expel", "perform care.require_owner(organization);", ""),
        (
            "expel",
            "perform care.write_sign_in(organization, account, null, 'member.end', null, key_epoch, salt, sealed);", ""
        ),
        ("admit", "where m.until <= care.clock();", ";"),
        ("admit", "since = 'infinity', until = null", "since = care.clock(), until = null"),
        (
            "admit", "where r.organization_id = organization and r.account_id = account and r.withdrawn_at is null;",
            "where false;"
        ),
        (
            "admit", "where s.organization_id = organization and s.account_id = account and s.ended_at is null;",
            "where false;"
        ),
        ("count_disclosed", "if counted <= most then", "if true then"),
        ("count_disclosed", "if counted <= most then", "if counted < most then"),
        ("count_disclosed", "d.account_id = account and d.day = today", "d.day = today"),
        ("count_disclosed", "and d.day = today", ""),
        ("count_disclosed", "union select unnest(patients)", "union all select unnest(patients)"),
        (
            "disclose", "if not care.count_disclosed(p.organization_id, p.account_id, found_patients) then",
            "if false then"
        ),
        (
            "disclose",
            "perform care.write_entry(p, null, null, 'more than a day''s limit', key_epoch, salt, sealed, at);",
            ""
        ),
        ("open_pass", "and not care.count_disclosed(p.organization_id, p.account_id, patients)", "and false"),
    ]

    private static let settingThings: [Damage] = [
        ("setting_of", "case when care.setting_fits(s, x.value) then x.value else s.value end", "s.value"),
        ("setting_of", "when care.setting_fits(s, x.value) then", "when x.value is not null then"),
        ("setting_of", "on s.profile = o.profile and", "on"),
        ("setting_fits", "between coalesce(s.floor::bigint, 0)", "between 0"),
        ("setting_fits", "coalesce(s.ceiling::bigint, 999999999)", "999999999"),
        ("change_setting", "if not coalesce('settings.change' = any (shown.powers), false) then", "if false then"),
        ("change_setting", "and x.is_obeyed", ""),
        ("change_setting", "not coalesce(care.setting_fits(s, value), value is null)", "false"),
        (
            "change_setting", "where x.organization_id = shown.organization_id and x.name = change_setting.name;",
            "where x.name = change_setting.name;"
        ),
        ("settings", "if not care.acting_may('settings.read') then", "if false then"),
        ("settings", "where o.organization_id = care.acting_organization()", ""),
    ]

    private static let team: [Damage] = [
        ("require_may_let_in", "r.organization_id = shown.organization_id and r.account_id", "r.account_id"),
        ("require_may_let_in", "and r.account_id = shown.account_id", ""),
        ("require_may_let_in", "and r.patient_id = patient", ""),
        ("require_may_let_in", "and require_may_let_in.kind = 'assignment'", ""),
        ("require_may_let_in", "and r.withdrawn_at is null", ""),
        ("require_may_let_in", "and r.since <= at", ""),
        ("require_may_let_in", "and (r.until is null or r.until >= lasting)", ""),
        ("give_reach", "if not coalesce('reach.give' = any (shown.powers), false) then", "if false then"),
        ("give_reach", "and lasting <= at + interval '31 days 1 hour'", ""),
        ("give_reach", "or account = shown.account_id", ""),
        ("give_reach", "m.organization_id = shown.organization_id and", ""),
        ("give_reach", "and (m.until is null or m.until > at)", ""),
        ("give_reach", "and 'record.read' = any (m.permits)", ""),
        ("give_reach", "perform care.require_may_let_in(shown, patient, kind, lasting);", ""),
        ("end_reach", "if not coalesce('reach.end' = any (shown.powers), false) then", "if false then"),
        ("end_reach", "and r.patient_id = any (shown.patients)", ""),
        ("end_reach", "and r.kind in ('care-team', 'assignment')", ""),
        ("end_reach", "and r.withdrawn_at is null", ""),
    ]

    private static let links: [Damage] = [
        ("use_link", "where link.organization_id = organization and", "where"),
        ("use_link", "and link.secret_sha256 = sha256(link_secret)", ""),
        ("use_link", "and link.purpose = 'set-password'", ""),
        ("use_link", "and link.used_at is null", ""),
        ("use_link", "and link.until > at", ""),
        (
            "use_link",
            "perform care.write_sign_in(null, null, null, 'password.set', 'no such link', key_epoch, salt, sealed);", ""
        ),
        ("use_link", "where id = l.account_id;", ";"),
        ("use_link", "where account_id = l.account_id and ended_at is null;", "where ended_at is null;"),
        ("use_link", "update care.session set ended_at = at where account_id = l.account_id and ended_at is null;", ""),
        (
            "use_link", "perform care.write_sign_in(l.organization_id, l.account_id",
            "perform care.write_sign_in(null, l.account_id"
        ),
    ]

    private static let joining: [Damage] = [
        ("link_of", "l.organization_id = organization and", ""),
        ("link_of", "and l.secret_sha256 = sha256(link_secret)", ""),
        ("link_of", "and l.used_at is null", ""),
        ("link_of", "and l.until > care.clock()", ""),
        ("join_organization", "where l.organization_id = organization and", "where"),
        ("join_organization", "and l.secret_sha256 = sha256(link_secret)", ""),
        ("join_organization", "and l.purpose = 'join'", ""),
        ("join_organization", "and l.used_at is null", ""),
        ("join_organization", "and l.until > at", ""),
        ("join_organization", "and a.id = l.account_id", ""),
        ("join_organization", "and a.sign_in_token = token", ""),
        ("join_organization", "and a.password_hash = hash", ""),
        ("join_organization", "and a.closed_at is null", ""),
        ("join_organization", "where m.organization_id = used.organization_id and", "where"),
        ("join_organization", "and m.account_id = used.account_id", ""),
        ("join_organization", "perform care.write_sign_in(null,", "return false; perform care.write_sign_in(null,"),
        (
            "join_organization", "perform care.write_sign_in(\n        used.organization_id,",
            "perform care.write_sign_in(null,"
        ),
    ]

    private static let proving: [Damage] = [
        ("note_probe", "if now_at < (", "if false and now_at < ("),
        ("note_probe", "where r.run_id <> all (care.runs_ahead())", ""),
        ("note_probe", "if note_probe.probe = 'clock-was-ahead' then", "if false then"),
        ("note_probe", "if note_probe.outcome <> 'begun' then", "if false then"),
        ("note_probe", "if note_probe.outcome <> 'begun' then", "if true then"),
        (
            "note_probe", "if note_probe.outcome <> 'begun' then",
            "if note_probe.outcome not in ('begun', 'not tried') then"
        ),
        (
            "note_probe", "if note_probe.outcome <> 'begun' then",
            "if note_probe.outcome not in ('begun', 'cannot be told') then"
        ),
        ("runs_ahead", "where r.probe = 'clock-was-ahead'", ""),
        ("note_probe", "nullif(note_probe.outcome, 'kept')", "null"),
        ("probe_results", "case when r.outcome = 'kept' then r.seen end", "r.seen"),
        ("probe_results", "where r.n <= least(each, 100)", ""),
        ("probe_results", "x.outcome in ('kept', 'falls short', 'broken'), ", ""),
        ("probe_results", ", x.outcome = 'cannot be told'", ""),
        ("probe_results", "care.failing_since(r.probe, r.at, ahead)", "r.at"),
        ("probe_results", "case when r.outcome in ('falls short', 'broken') then", "case when true then"),
        ("probe_results", "x.probe <> 'clock-was-ahead' and", ""),
        ("probe_results", "and x.run_id <> all (ahead)", ""),
        ("failing_since", "b.probe = failing and", ""),
        ("failing_since", "and b.outcome in ('falls short', 'broken')", ""),
        ("failing_since", "and b.run_id <> all (ahead)", ""),
        ("failing_since", "and b.at > coalesce", "and b.at <> coalesce"),
        ("failing_since", "k.probe = failing and", ""),
        ("failing_since", "k.outcome = 'kept' and", ""),
        ("failing_since", "and k.at < seen_at", ""),
        ("failing_since", "and k.run_id <> all (ahead)", ""),
        ("note_clock_ahead", "and r.run_id <> all (care.runs_ahead())", ""),
        ("note_clock_ahead", "if last_at is null then", "if false then"),
        ("note_clock_ahead", "where p.at > now_at", ""),
        ("note_clock_ahead", "/ 100 as part", "/ 1000 as part"),
        ("note_clock_ahead", "'promise.clock'", "'promise.prove'"),
        ("adopt_canary", "values (organization)", "select o.organization_id from care.organization o"),
        ("recall_canaries", "where s.organization_id in (select c.organization_id from care.canary c)", ""),
        ("recall_canaries", "where l.organization_id in (select c.organization_id from care.canary c)", ""),
        ("recall_canaries", "where s.organization_id in", "where s.organization_id not in"),
        ("recall_canaries", "where l.organization_id in", "where l.organization_id not in"),
        (
            "recall_canaries", "m.organization_id not in (select c.organization_id from care.canary c)", "false"
        ),
        ("recall_canaries", "where m.account_id = a.id)", "where true)"),
        ("recall_canaries", "delete from care.vulnerability v where v.is_test;", ""),
    ]

    private static let attesting: [Damage] = [
        ("open_pass", "elsif not a.roles && care.offices_of(p.account_id) then", "elsif false then"),
        ("offices_of", "where o.account_id = account and", "where"),
        ("offices_of", "o.since <= at and", ""),
        ("offices_of", "and o.until is null", ""),
        ("offices_of", "and o.until is null", "and (o.until is null or o.until > at)"),
        ("acting_officer", "not coalesce(power = any (shown.powers), false)", "false"),
        ("acting_officer", "not coalesce(power = any (shown.powers), false)", "shown.powers is null"),
        ("acting_officer", "return shown.account_id", "return gen_random_uuid()"),
        ("attest", "'attestation.make'", "'attestation.read'"),
        ("review_attestation", "'attestation.review'", "'attestation.make'"),
        ("review_attestation", "where a.id = attestation", "where a.id <> attestation"),
        ("review_attestation", "and a.until > care.clock()", ""),
        ("review_attestation", "perform care.hold_attestation(attestation);", ""),
        ("withdraw_attestation", "perform care.hold_attestation(attestation);", ""),
        ("hold_attestation", "'carekeep attestation ' || attestation", "gen_random_uuid()::text"),
        (
            "review_attestation",
            "and not exists (select from care.attestation_withdrawal w where w.attestation_id = a.id)", ""
        ),
        ("review_attestation", "if not found then", "if false then"),
        ("review_attestation", "a.account_id, reviewer,", "a.account_id, gen_random_uuid(),"),
        ("withdraw_attestation", "'attestation.withdraw'", "'attestation.make'"),
        ("attestations", "'attestation.read'", "'attestation.make'"),
        ("attestations", "a.account_id = officer", "true"),
        ("attestations", "on one.id = a.account_id", "on one.id <> a.account_id"),
        ("attestations", "on two.id = r.account_id", "on two.id = a.account_id"),
        ("attestations", "on three.id = w.account_id", "on three.id = r.account_id"),
        ("attestations", "a.account_id, one.sealed_address", "officer, one.sealed_address"),
        ("attestations", "r.account_id, two.sealed_address", "a.account_id, two.sealed_address"),
        ("attestations", "w.account_id, three.sealed_address", "r.account_id, three.sealed_address"),
        ("attestation_file", "perform care.acting_officer('attestation.file');", ""),
        ("attestation_file", "where a.id = attestation", ""),
        ("accepted_attestations", "and r.accepted", ""),
        ("accepted_attestations", "r.at, w.at", "r.at, null::timestamptz"),
        ("attestations_waiting", "a.until > care.clock()", "true"),
        (
            "attestations_waiting",
            "and not exists (select from care.attestation_review r where r.attestation_id = a.id)", ""
        ),
        (
            "attestations_waiting",
            "and not exists (select from care.attestation_withdrawal w where w.attestation_id = a.id)", ""
        ),
        ("give_office", "o.account_id = account and", ""),
        ("give_office", "and o.office = give_office.office", ""),
        ("give_office", "and o.until is null", ""),
        ("end_office", "o.account_id = account and", ""),
        ("end_office", "and o.office = end_office.office", ""),
        ("end_office", "if not found then", "if false then"),
        ("office_holders", "where o.until is null", ""),
        ("probe_failures", "perform care.acting_officer('probe.read');", ""),
        ("probe_failures", "x.outcome in ('falls short', 'broken') and", ""),
        ("probe_failures", "and x.run_id <> all (ahead)", ""),
        ("probe_failures", "and k.run_id <> all (ahead)", ""),
        ("probe_failures", "care.failing_since(r.probe, r.at, ahead)", "r.at"),
        ("probe_failures", "where r.n <= least(each, 20)", ""),
        ("probe_failures", "k.outcome = 'kept' and k.at > r.at", "k.outcome = 'kept'"),
        ("probe_failures", "k.outcome = 'kept' and k.at > r.at", "k.at > r.at"),
    ]

    private static let writingLetters: [Damage] = [
        ("mail_link", "x.organization_id = organization and", ""),
        ("mail_link", "and x.secret_sha256 = link_sha256", ""),
        ("mail_link", "and x.used_at is null", ""),
        ("mail_link", "and x.xmin = pg_current_xact_id()::xid", ""),
        ("mail_link", "when 'join' then 'invitation'", "when 'join' then 'set-password'"),
        ("mail_link", "letter, l.account_id,", "letter, (select s.account_id from care.session s limit 1),"),
        ("mail_link", "l.until - care.clock()", "interval '1 day'"),
        (
            "queue_letter", "'mail.send', letter, account, letter, letter,",
            "'mail.send', letter, account, letter, null,"
        ),
        ("open_letter", "x.organization_id = j.organization_id and x.id = j.about_id and", ""),
        ("open_letter", "and j.kind = 'mail.send'", ""),
        ("open_letter", "and x.state = 'waiting'", ""),
        ("open_letter", "coalesce(l.sealed_address, a.sealed_address)", "a.sealed_address"),
        ("open_letter", "a.id = l.account_id and", ""),
        ("open_letter", "and a.closed_at is null", ""),
        ("open_letter", "or l.until <= at", ""),
        ("open_letter", "sealed = null, sealed_address = null, settled_at = at", "settled_at = at, sealed = sealed"),
        ("open_letter", "attempts = x.attempts + 1", "attempts = x.attempts"),
        ("open_letter", "x.attempts + 1 where x.organization_id = l.organization_id and x.id = l.id", "x.attempts + 1"),
        ("settle_letter", "x.organization_id = j.organization_id and x.id = j.about_id and", ""),
        ("settle_letter", "and j.kind = 'mail.send'", ""),
        ("settle_letter", "and x.state = 'waiting'", ""),
        ("settle_letter", "state = outcome, last_error = code", "state = outcome"),
        ("settle_letter", "case when outcome = 'waiting' then x.sealed_address end", "null"),
        ("letter_counts", "on x.state = s.name", "on true"),
        ("sweep_letters", "and x.until <= care.clock()", ""),
        ("sweep_letters", "interval '30 days'", "interval '1 day'"),
        ("sweep_letters", "x.settled_at < care.clock() - interval '30 days'", "false"),
        ("sweep_letters", "x.state = 'waiting' and x.until <= care.clock()", "false"),
    ]

    private static let changingAccounts: [Damage] = [
        ("own_account", "and a.closed_at is null", ""),
        ("own_account", "a.id = s.account_id and", ""),
        ("account_of_link", "l.organization_id = organization and", ""),
        ("account_of_link", "and l.secret_sha256 = sha256(link_secret)", ""),
        ("account_of_link", "and l.purpose = 'set-password'", ""),
        ("account_of_link", "and l.used_at is null", ""),
        ("account_of_link", "and l.until > care.clock()", ""),
        ("change_password", "x.account_id = s.account_id and", ""),
        ("change_password", "and x.id <> s.id", ""),
        ("tell_of_link", "l.organization_id = organization and", ""),
        ("tell_of_link", "l.secret_sha256 = sha256(link_secret) and", ""),
        ("tell_of_link", "and l.used_at is not null", ""),
        ("tell_of_link", "and l.xmin = pg_current_xact_id()::xid", ""),
        ("ask_for_link", "not (select g.mails_links from care.guard g)", "false"),
        ("ask_for_link", "at + interval '30 minutes'", "at + interval '1 day'"),
        ("ask_for_link", "perform care.write_sign_in", "return; perform care.write_sign_in"),
        ("link_for_letter", "a.sign_in_token = (l).sign_in_token and", ""),
        ("link_for_letter", "and a.closed_at is null", ""),
        ("link_for_letter", "and x.since <= at", ""),
        ("link_for_letter", "and (x.until is null or x.until > at)", ""),
        ("link_for_letter", "3 <=", "4 <="),
        ("link_for_letter", "3 <=", "2 <="),
        ("link_for_letter", "x.account_id = m.account_id and", ""),
        ("link_for_letter", "and x.queued_at > at - interval '1 hour'", ""),
        ("link_for_letter", "on conflict do nothing", ""),
        ("ask_for_address", "x.account_id = s.account_id", "false"),
        ("ask_for_address", "'en', letter_sealed, new_address,", "'en', letter_sealed, null,"),
        ("address_link_works", "x.secret_sha256 = sha256(link_secret) and", ""),
        ("address_link_works", "and x.until > care.clock()", ""),
        ("change_address", "x.secret_sha256 = sha256(link_secret) and", ""),
        ("change_address", "and x.until > care.clock()", ""),
        ("change_address", "and a.closed_at is null", ""),
        ("change_address", "a.sign_in_token = c.sign_in_token and", ""),
        ("change_address", "where a.id = c.account_id;", "where true;"),
        ("change_address", "letter_sealed, old)", "letter_sealed, null)"),
    ]

    private static let spending: [Damage] = [
        ("settle_spending", "excluded.period = s.period then", "true then"),
        ("settle_spending", "least(s.spent::bigint + excluded.spent, 1000000000)", "excluded.spent"),
        ("settle_spending", "when excluded.period > s.period then excluded.spent", "when false then 0"),
        ("settle_spending", "else s.spent end", "else excluded.spent end"),
        ("settle_spending", "period = greatest(s.period, excluded.period)", "period = excluded.period"),
        ("settle_spending", "until = greatest(s.until, excluded.until)", "until = s.until"),
        ("settle_spending", "where b.amount > 0", ""),
        ("settle_spending", "least(b.amount, 1000000)", "b.amount"),
        ("settle_spending", "2 * make_interval(secs => least(b.seconds, 3600))", "interval '1 day'"),
        ("sweep_spending", "where s.until <= care.clock()", ""),
        ("sweep_spending", "s.until <= care.clock()", "false"),
    ]

    private static let reportingWeaknesses: [Damage] = [
        ("vulnerabilities_are_full", "200 <=", "201 <="),
        ("vulnerabilities_are_full", "200 <=", "199 <="),
        ("vulnerabilities_are_full", "not v.is_test and", ""),
        ("vulnerabilities_are_full", "and v.at > care.clock() - interval '1 day'", ""),
        ("vulnerability_words_are_full", "200 <=", "201 <="),
        ("vulnerability_words_are_full", "200 <=", "199 <="),
        ("vulnerability_words_are_full", "a.kind = 'written' and", ""),
        ("vulnerability_words_are_full", "and a.at > care.clock() - interval '1 day'", ""),
        ("report_vulnerability", "care.vulnerabilities_are_full() and not test", "false"),
        ("report_vulnerability", "care.vulnerabilities_are_full() and not test", "care.vulnerabilities_are_full()"),
        ("report_vulnerability", "if test then", "if false then"),
        ("report_vulnerability", "coalesce(max(v.number), 0) + 1", "1"),
        (
            "report_vulnerability", "perform care.write_sign_in(null, null, null, 'vulnerability.report'",
            "return n; perform care.write_sign_in(null, null, null, 'vulnerability.report'"
        ),
        ("vulnerability_of", "where x.token_sha256 = sha256(token)", ""),
        ("vulnerability_of", "x.token_sha256 = sha256(token)", "x.token_sha256 in (token, sha256(token))"),
        ("vulnerability_of", "'vulnerability.follow'", "'vulnerability.read'"),
        ("vulnerability_rows", "where v.id = wanted", ""),
        ("vulnerability_rows", "where a.vulnerability_id = wanted", ""),
        ("write_on_vulnerability", "where x.token_sha256 = sha256(token)", ""),
        ("write_on_vulnerability", "x.token_sha256 = sha256(token)", "x.token_sha256 in (token, sha256(token))"),
        ("write_on_vulnerability", "care.vulnerability_words_are_full()", "false"),
        ("write_on_vulnerability", "care.vulnerability_words_are_full()", "care.vulnerabilities_are_full()"),
        ("write_on_vulnerability", "20 <=", "21 <="),
        ("write_on_vulnerability", "20 <=", "19 <="),
        ("write_on_vulnerability", "a.vulnerability_id = v.id and", ""),
        ("write_on_vulnerability", "and a.kind = 'written'", ""),
        ("write_on_vulnerability", "and a.at > now_at - interval '1 day'", ""),
        ("write_on_vulnerability", "'vulnerability.write'", "'vulnerability.read'"),
        ("vulnerabilities", "a.vulnerability_id = v.id and a.kind <> 'written'", "a.vulnerability_id = v.id"),
        ("vulnerabilities", "a.vulnerability_id = v.id and a.kind <> 'written'", "a.kind <> 'written'"),
        ("vulnerabilities", "a.vulnerability_id = v.id and a.kind = 'answered'", "a.kind = 'answered'"),
        ("vulnerabilities", "a.kind = 'answered'", "a.kind in ('answered', 'acknowledged')"),
        ("vulnerabilities", "a.kind = 'answered'", "a.kind in ('answered', 'closed')"),
        ("vulnerabilities", "a.vulnerability_id = v.id and a.kind = 'closed'", "a.kind = 'closed'"),
        ("vulnerabilities", "where not v.is_test", ""),
        ("vulnerabilities", "d.acknowledged_at is null and", ""),
        ("vulnerabilities", "(d.acknowledged_at is null and d.acknowledge_by < care.clock())", "false"),
        ("vulnerabilities", "d.answered_at is null and", ""),
        ("vulnerabilities", "or (d.answered_at is null and d.answer_by < care.clock())", ""),
        ("vulnerabilities", "d.acknowledged_at <= d.acknowledge_by and", ""),
        ("vulnerabilities", "and d.answered_at <= d.answer_by", ""),
        ("vulnerability_counts", "where v.is_overdue", "where not v.is_overdue"),
        ("vulnerability_counts", "where v.is_in_time", "where v.answered_at is not null"),
        ("vulnerability_counts", "where v.closed_at is null", "where v.answered_at is null"),
        ("read_vulnerability", "x.number = wanted and", ""),
        ("read_vulnerability", "and not x.is_test", ""),
        ("read_vulnerability", "a.vulnerability_id = v.id and", ""),
        ("read_vulnerability", "and a.kind <> 'written'", ""),
        ("read_vulnerability", "if not exists (select", "if true or not exists (select"),
        ("read_vulnerability", "'vulnerability.read'", "'vulnerability.follow'"),
        ("act_on_vulnerability", "v.number = wanted and", ""),
        ("act_on_vulnerability", "and not v.is_test", ""),
        ("act_on_vulnerability", "and act_kind in ('answered', 'closed')", ""),
        ("act_on_vulnerability", "if act_kind = 'closed' and not exists", "if false and not exists"),
        ("act_on_vulnerability", "on a.vulnerability_id = v.id", "on true"),
        ("act_on_vulnerability", "and a.kind = 'answered'", ""),
        ("act_on_vulnerability", "when 'answered' then 'answer'", "when 'answered' then 'close'"),
    ]

    private static let months: [Damage] = [
        ("add_months", "perform care.guard_entry(format('care.%I', name)::regclass);", ""),
        ("add_months", "0 .. 2", "0 .. 0"),
        ("guard_entry", "execute format('alter table %s enable row level security', relation);", ""),
        ("guard_entry", "execute format('alter table %s force row level security', relation);", ""),
    ]

    private static let looking: [Damage] = [
        ("inspect", "seen is not distinct from expected", "true"),
        ("inspect", "seen = care.fingerprint()", "seen = expected"),
        ("inspect_after_ddl", "perform care.inspect();", "null;"),
        (
            "fingerprint", "select sha256(convert_to(string_agg(text, E'\\n' order by text collate \"C\"), 'UTF8'))",
            "select '\\x00'::bytea"
        ),
    ]

    private static let asking: [Damage] = [
        ("enqueue_job", "k.power = any (shown.powers)", "k.power is not null"),
        (
            "enqueue_job", "coalesce(k.power = any (shown.powers), false)",
            "coalesce(k.power = any (shown.powers), true)"
        ),
        ("enqueue_job", "patient is null or patient = any (shown.patients)", "true"),
        ("enqueue_job", "shown.organization_id, k.name", "gen_random_uuid(), k.name"),
        ("enqueue_job", "shown.account_id, shown.opening_id", "gen_random_uuid(), shown.opening_id"),
        ("enqueue_job", "shown.account_id, shown.opening_id", "shown.account_id, gen_random_uuid()"),
        ("enqueue_job", "on conflict do nothing", ""),
        ("enqueue_job", "job.organization_id = shown.organization_id and", ""),
        ("retry_job", "and x.state = 'dead'", ""),
        ("retry_job", "attempts = 0", "attempts = attempts"),
    ]

    private static let taking: [Damage] = [
        ("take_job", "w.kind = any (kinds)", "true"),
        ("take_job", "and w.state = 'waiting'", ""),
        ("take_job", "w.run_at <= at\n", "true\n"),
        (
            "take_job",
            "or w.run_at > at + make_interval(secs => 2 * greatest(x.period_seconds, x.longest_pause_seconds))", ""
        ),
        ("take_job", "greatest(x.period_seconds, x.longest_pause_seconds)", "x.lease_seconds"),
        ("take_job", " 2 * greatest(", " greatest("),
        ("take_job", " 2 * x.lease_seconds", " x.lease_seconds"),
        ("take_job", "w.leased_until is null or w.leased_until <= at", "true"),
        ("take_job", "or w.leased_until <= at", ""),
        ("take_job", "or w.leased_until > at + make_interval(secs => 2 * x.lease_seconds)", ""),
        ("take_job", "or w.leased_until > at + make_interval(secs => 2 * x.lease_seconds)", "or w.leased_until > at"),
        ("take_job", "for update of w skip locked", ""),
        ("take_job", "skip locked", ""),
        ("take_job", "j.last_error := 'lease_expired';", ""),
        ("take_job", "exit when j.attempts < k.attempts or k.period_seconds is not null;", "exit;"),
        ("take_job", "or k.period_seconds is not null", ""),
        ("take_job", "fence = j.fence + 1,", ""),
        ("take_job", "attempts = j.attempts + 1,", ""),
        ("take_job", "set leased_until = at + make_interval(secs => k.lease_seconds)", "set leased_until = at"),
    ]

    private static let holding: [Damage] = [
        ("held_job", "x.organization_id = organization and", ""),
        ("held_job", "and x.id = job", ""),
        ("held_job", "and x.fence = held_job.fence", ""),
        ("held_job", "x.fence = held_job.fence", "x.fence >= held_job.fence"),
        ("held_job", "x.fence = held_job.fence", "x.fence <= held_job.fence"),
        ("held_job", "and x.leased_until is not null", ""),
        ("held_job", "for update;", ";"),
        ("held_job", "if not found then", "if false then"),
        ("job_holds", "perform care.held_job(organization, job, fence);", "null;"),
        (
            "extend_job", "set leased_until = care.clock() + make_interval(secs => k.lease_seconds)",
            "set fence = x.fence"
        ),
        (
            "finish_job", "when k.period_seconds is null then 'done' else 'waiting'",
            "when true then 'waiting' else 'waiting'"
        ),
        ("finish_job", "when k.period_seconds is null then 'done' else 'waiting'", "when true then 'done' else 'done'"),
        ("finish_job", "at + make_interval(secs => k.period_seconds)", "at"),
        ("finish_job", "leased_until = null, last_error", "last_error"),
        ("finish_job", "then x.attempts else 0 end", "then x.attempts else x.attempts end"),
        ("give_back_job", "attempts = x.attempts - 1", "attempts = x.attempts"),
        ("give_back_job", "leased_until = null,", ""),
        ("job_counts", "j.leased_until is null or j.leased_until <= at", "true"),
        ("job_counts", "filter (where j.leased_until > at)", ""),
        ("job_counts", "filter (where j.state = 'dead')", ""),
    ]

    private static let failing: [Damage] = [
        ("fail_job", "k.longest_pause_seconds, ", ""),
        ("fail_job", "* 2 ^ least(j.attempts - 1, 30)", ""),
        ("fail_job", "j.attempts >= k.attempts and k.period_seconds is null", "false"),
        ("fail_job", "j.attempts >= k.attempts", "j.attempts > k.attempts"),
        ("fail_job", "and k.period_seconds is null", ""),
        ("fail_job", "run_at = at + make_interval(secs => pause),", ""),
        ("fail_job", "last_error = code,", ""),
    ]

    private static let sweeping: [Damage] = [
        ("sweep_passes", "p.until < care.clock() - interval '1 minute'", "true"),
        ("sweep_passes", "p.until < care.clock() - interval '1 minute'", "false"),
        ("sweep_sessions", "interval '90 days'", "interval '88 days'"),
        ("sweep_sessions", "interval '90 days'", "interval '92 days'"),
        ("sweep_sessions", "s.until, ", ""),
        ("sweep_sessions", "s.seen_at + s.idle, ", ""),
        ("sweep_sessions", ", s.ended_at", ""),
        ("sweep_links", "interval '90 days'", "interval '88 days'"),
        ("sweep_links", "interval '90 days'", "interval '92 days'"),
        ("sweep_links", "l.used_at, ", ""),
        ("sweep_links", ", l.until", ""),
        ("sweep_jobs", "j.state = 'done' and", ""),
        ("sweep_jobs", "interval '30 days'", "interval '28 days'"),
        ("sweep_jobs", "interval '30 days'", "interval '32 days'"),
    ]
}
