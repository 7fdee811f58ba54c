/// Records: what is written, versions, who a record is about.
extension FunctionMutants {
    static let writing: [Damage] = [
        (
            "open_pass",
            "perform care.write_entry(p, patients[i], records[i], refused, key_epoch, salt, sealed, at, kept_private[i]);",
            "if refused is null then perform care.write_entry(p, patients[i], records[i], refused, key_epoch, salt, sealed, at, kept_private[i]); end if;"
        ),
        (
            "open_pass",
            "perform care.write_entry(p, patients[i], records[i], refused, key_epoch, salt, sealed, at, kept_private[i]);",
            "if refused is not null then perform care.write_entry(p, patients[i], records[i], refused, key_epoch, salt, sealed, at, kept_private[i]); end if;"
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

    static let changing: [Damage] = [
        ("keep_version", "if new.version is distinct from old.version + 1 then", "if false then"),
        ("keep_version", "if new.version is distinct from old.version + 1 then", "if new.version <= old.version then"),
        (
            "keep_version",
            """
            insert into care.version (
                    organization_id, record_id, version, patient_id, kind, is_deleted, sealed, written_at, written_in, private_to)
                values (
                    old.organization_id, old.id, old.version, old.patient_id, old.kind, old.is_deleted, old.sealed, old.written_at,
                    old.written_in, old.private_to);
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

    static let aboutSeveral: [Damage] = [
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
}
