/// Moving records to another patient, and merging patients.
extension FunctionMutants {
    static let moving: [Damage] = [
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

    static let movingShared: [Damage] = [
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

    static let merging: [Damage] = [
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
}
