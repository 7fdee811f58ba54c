extension FunctionMutants {
    /// Letters that tell what happened to an account.
    static let telling: [Damage] = [
        ("may_tell", "l.account_id = account and", ""),
        ("may_tell", "l.template = may_tell.template and", ""),
        ("may_tell", "and l.queued_at > care.clock() - interval '1 day'", ""),
        ("tell_of_device", "x.organization_id = organization and", ""),
        ("tell_of_device", "and x.xmin = pg_current_xact_id()::xid", ""),
        ("tell_of_device", "or device is null", ""),
        (
            "tell_of_device", "d.organization_id = m.organization_id and d.account_id = m.account_id",
            "d.account_id <> m.account_id"
        ),
        ("tell_of_device", "where m.account_id = s.account_id", ""),
        (
            "tell_of_device", "where m.account_id = s.account_id",
            "where m.account_id = s.account_id and m.organization_id = s.organization_id"
        ),
        ("tell_of_device", "if cardinality(known) > 0 and", "if"),
        ("tell_of_device", "and device <> all (known)", ""),
        ("tell_of_device", "and care.may_tell(s.account_id, 'new-device', 3)", ""),
        ("tell_of_change", "e.account_id = s.account_id and", ""),
        ("tell_of_change", "and e.opened_in = pg_current_xact_id()", ""),
        ("tell_of_change", "and e.granted", ""),
        ("tell_of_change", "and e.act in ('second-factor.set', 'second-factor.remove', 'identity.link')", ""),
        ("tell_of_change", "and care.may_tell(s.account_id, template, 5)", ""),
        ("reminders_due", "where a.until > now_at", "where true"),
        (
            "reminders_due", "and not exists (select from care.attestation_withdrawal w where w.attestation_id = a.id)",
            ""
        ),
        ("reminders_due", "from care.vulnerability v where not v.is_test", "from care.vulnerability v"),
        ("reminders_due", "and x.kind <> 'written'", ""),
        ("reminders_due", "and x.kind = 'answered'", ""),
        ("reminders_due", "where one.accepted and", "where"),
        ("reminders_due", "and one.until < now_at + interval '30 days'", ""),
        ("reminders_due", "other.promise = one.promise and", ""),
        ("reminders_due", "other.promise = one.promise and other.accepted", "other.promise = one.promise"),
        ("reminders_due", "and other.until > one.until", "and other.id <> one.id"),
        ("reminders_due", "where not one.reviewed", ""),
        ("reminders_due", "from reported v where not v.is_read", "from reported v"),
        ("reminders_due", "and now_at > v.acknowledge_by - (v.acknowledge_by - v.at) / 4", ""),
        ("reminders_due", "where not v.is_read and now_at", "where now_at"),
        ("reminders_due", "and now_at > v.answer_by - (v.answer_by - v.at) / 4", ""),
        ("reminders_due", "where not v.is_answered and now_at", "where now_at"),
        ("reminders_due", "m.kind = d.kind and", ""),
        ("reminders_due", "and m.about_id = d.about", ""),
        ("remind_stewards", "if j.kind <> 'stewards.remind' then", "if false then"),
        ("remind_stewards", "if not (select g.mails_links from care.guard g) then", "if false then"),
        ("remind_stewards", "o.office = 'steward' and", ""),
        ("remind_stewards", "and o.until is null", ""),
        ("remind_stewards", "and a.closed_at is null", ""),
        ("remind_stewards", "or needed > coalesce(cardinality(letters), 0)", ""),
        ("remind_stewards", "or needed > coalesce(cardinality(sealed_letters), 0)", ""),
    ]
}
