/// Damages to the functions of emergencies.
extension FunctionMutants {
    static let emergencies: [Damage] = [
        ("break_glass_terms", "care.acting_may('break-glass.offer') and", ""),
        ("break_glass_terms", "and 'clinician' = any ((care.acting_member()).roles)", ""),
        ("break_glass_terms", "care.setting_of(care.acting_organization(), 'break-glass.writes') = '1'", "true"),
        ("break_glass_minutes", "coalesce(care.setting_of(organization, 'break-glass.minutes')::integer, 0)", "60"),
        ("break_glass", "if not coalesce('break-glass.open' = any (shown.powers), false) then", "if false then"),
        ("break_glass", "minutes = 0 or", ""),
        ("break_glass", "or not 'clinician' = any ((care.acting_member()).roles)", ""),
        ("break_glass", "if opened >= most or missed >= 4 * most then", "if missed >= 4 * most then"),
        ("break_glass", "if opened >= most or missed >= 4 * most then", "if opened >= most then"),
        ("break_glass", "and b.account_id = shown.account_id and b.since > at", "and b.since > at"),
        ("break_glass", "and b.since > at - interval '1 day'", ""),
        ("break_glass", "where t.organization_id = shown.organization_id and t.value", "where t.value"),
        ("break_glass", "and t.epoch = token_epoch", ""),
        ("break_glass", "having count(distinct t.value) = (select count(distinct x) from unnest(tokens) x)", ""),
        ("break_glass", "if cardinality(found_patients) <> 1 then", "if cardinality(found_patients) = 0 then"),
        (
            "break_glass", "r.account_id = shown.account_id and r.patient_id = patient\n           and r.withdrawn_at",
            "r.patient_id = patient\n           and r.withdrawn_at"
        ),
        (
            "break_glass", "r.account_id = shown.account_id and r.patient_id = patient\n           and r.withdrawn_at",
            "r.account_id = shown.account_id\n           and r.withdrawn_at"
        ),
        (
            "break_glass",
            "and r.withdrawn_at is null and r.paused_at is null and r.since <= at and (r.until is null or r.until > at)) then",
            "and r.paused_at is null and r.since <= at and (r.until is null or r.until > at)) then"
        ),
        (
            "break_glass",
            "and r.withdrawn_at is null and r.paused_at is null and r.since <= at and (r.until is null or r.until > at)) then",
            "and r.withdrawn_at is null and r.paused_at is null and (r.until is null or r.until > at)) then"
        ),
        (
            "break_glass",
            "and r.withdrawn_at is null and r.paused_at is null and r.since <= at and (r.until is null or r.until > at)) then",
            "and r.withdrawn_at is null and r.paused_at is null and r.since <= at) then"
        ),
        ("break_glass", "lasting := at + make_interval(mins => minutes);", "lasting := at + interval '1 hour';"),
        ("break_glass", "= '1' then 'break-glass-write'", "= '0' then 'break-glass-write'"),
        ("break_glass", "perform care.write_entry(shown, patient, null, null, key_epoch, salt, sealed, at);", ""),
        (
            "break_glass",
            "perform care.write_entry(shown, null, null, 'more than a day''s emergencies', key_epoch, salt, sealed, at);",
            ""
        ),
        ("break_glass", "and r.kind in ('guardian', 'self')", ""),
        (
            "break_glass",
            "and r.kind in ('guardian', 'self')\n           and r.withdrawn_at is null and r.paused_at is null",
            "and r.kind in ('guardian', 'self')\n           and r.withdrawn_at is null"
        ),
        (
            "break_glass",
            "and r.withdrawn_at is null and r.paused_at is null and r.since <= at and (r.until is null or r.until > at)) then",
            "and r.withdrawn_at is null and r.since <= at and (r.until is null or r.until > at)) then"
        ),
        ("break_glass", "coalesce(cardinality(letters), 0) < least(cardinality(told), 8)", "false"),
        ("break_glass", "(select g.mails_links from care.guard g)\n       and", ""),
        ("break_glass", "for i in 1 .. least(cardinality(told), cardinality(letters)) loop", "for i in 1 .. 0 loop"),
        ("is_of_an_emergency", "care.acting_may('break-glass.read') and", ""),
        ("is_of_an_emergency", "b.organization_id = care.acting_organization() and", ""),
        ("is_of_an_emergency", "and b.account_id = account", ""),
        ("is_of_an_emergency", "and b.patient_id = patient", ""),
        ("is_of_an_emergency", "and b.since <= done_at", ""),
        ("is_of_an_emergency", "and b.until >= done_at", ""),
        (
            "review_break_glass", "if not coalesce('break-glass.review' = any (shown.powers), false) then",
            "if false then"
        ),
        ("review_break_glass", "b.organization_id = shown.organization_id and b.id = reviewed", "b.id = reviewed"),
        ("review_break_glass", "and b.id = reviewed", ""),
        ("review_break_glass", "and b.until <= at", ""),
        ("review_break_glass", "and b.account_id <> shown.account_id", ""),
        ("review_break_glass", "and b.reviewed_at is null", ""),
        ("review_break_glass", "if not found then", "if false then"),
        (
            "review_break_glass", "perform care.write_entry(shown, patient, null, null, key_epoch, salt, sealed, at);",
            ""
        ),
    ]
}
