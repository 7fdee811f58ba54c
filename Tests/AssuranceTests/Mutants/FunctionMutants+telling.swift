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
    ]
}
