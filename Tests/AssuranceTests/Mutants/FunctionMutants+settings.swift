/// Damage to what obeys settings, and to how a session begins.
extension FunctionMutants {
    static let obeying: [Damage] = [
        ("time_set", "s.kind)::interval", "'minutes')::interval"),
        ("time_set", "on s.profile = o.profile and", "on"),
        ("setting_fits", "string_to_array(coalesce(s.floor, ''), ',') <@ string_to_array(wanted, ',')", "true"),
        ("setting_fits", "string_to_array(wanted, ',') <@ string_to_array(coalesce(s.ceiling, ''), ',')", "true"),
        ("change_setting", "perform care.hold_sessions(shown.organization_id, null);", "null;"),
        ("change_setting", "^(session|second-factor)", "^(session)"),
        ("change_setting", "^(session|second-factor)", "^(second-factor)"),
        ("settings", "care.setting_of(o.organization_id, s.name)", "s.value"),
        ("settings", "case when care.setting_fits(s, x.value) then x.changed_at end", "x.changed_at"),
        ("session_limits", "'session.idle'", "'session.lasting'"),
        (
            "session_limits", "limit_lasting := care.time_set(organization, 'session.lasting')",
            "limit_lasting := '30 days'"
        ),
        ("session_limits", "coalesce(care.time_set(organization, 'session.staff-idle'), limit_idle)", "limit_idle"),
        (
            "session_limits", "coalesce(care.time_set(organization, 'session.staff-lasting'), limit_lasting)",
            "limit_lasting"
        ),
        ("session_limits", "'session.staff-idle'), limit_idle", "'session.staff-idle'), null"),
        ("session_limits", "'session.staff-lasting'), limit_lasting", "'session.staff-lasting'), null"),
        ("session_limits", "if used_as = 'api' then", "if false then"),
        ("session_limits", "if roles = '{}' or not roles", "if not roles"),
        ("session_limits", "or not roles <@ array['patient', 'teen', 'caregiver', 'member']", ""),
        ("session_limits", "'caregiver', 'member']", "'caregiver', 'member', 'clinician']"),
        ("session_limits", "array['patient', 'teen', 'caregiver', 'member']", "array['patient', 'teen', 'member']"),
        ("add_session", "least(lasting, l.limit_lasting)", "lasting"),
        ("add_session", "least(lasting, l.limit_lasting)", "l.limit_lasting"),
        ("add_session", "least(add_session.idle, l.limit_idle)", "add_session.idle"),
        ("add_session", "least(add_session.idle, l.limit_idle)", "l.limit_idle"),
        ("add_session", "has_one or cardinality", "cardinality"),
        ("add_session", "or cardinality(care.offices_of(account)) > 0", ""),
        ("add_session", "or care.is_asked_for_second_factor(organization, add_session.roles)", ""),
        ("add_session", "case when not has_one then at end", "at"),
        ("add_session", "case when not has_one then at end", "null"),
        ("add_session", "o.profile,", "'family',"),
        ("hold_sessions", "idle = least(s.idle, h.limit_idle)", "idle = s.idle"),
        ("hold_sessions", "idle = least(s.idle, h.limit_idle)", "idle = h.limit_idle"),
        ("hold_sessions", "least(s.until, s.created_at + h.limit_lasting)", "s.until"),
        ("hold_sessions", "least(s.until, s.created_at + h.limit_lasting)", "s.created_at + h.limit_lasting"),
        ("hold_sessions", "s.second_factor_is_due or h.is_due", "s.second_factor_is_due"),
        ("hold_sessions", "s.second_factor_is_due or h.is_due", "h.is_due"),
        (
            "hold_sessions", "where s.organization_id = organization and s.id = h.id",
            "where s.organization_id = organization"
        ),
        ("hold_sessions", "x.account_id = hold_sessions.account", "false"),
        ("hold_sessions", "x.account_id = hold_sessions.account", "true"),
        ("change_roles", "perform care.hold_sessions(shown.organization_id, account);", ""),
        ("is_asked_for_second_factor", "roles && string_to_array", "false and roles && string_to_array"),
        ("is_asked_for_second_factor", "roles && string_to_array", "true or roles && string_to_array"),
        ("second_factor_of", "care.is_asked_for_second_factor(m.organization_id, m.roles)", "false"),
        (
            "remove_second_factor", "or (select care.is_asked_for_second_factor",
            "or (select false and care.is_asked_for_second_factor"
        ),
        ("admit", "care.time_set(organization, 'invitation.lasts')", "interval '7 days'"),
        ("renew_link", "care.time_set(organization, 'invitation.lasts')", "interval '7 days'"),
    ]

    /// Damage to taking back where else one signs in.
    static let unlinking: [Damage] = [
        ("own_identities", "if not care.is_open(s) then", "if false then"),
        ("own_identities", "where i.account_id = s.account_id", ""),
        ("own_identities", "and p.until is null", ""),
        ("is_let_in_without", "a.password_hash is not null", "true"),
        ("is_let_in_without", "a.id = (m).account_id and", ""),
        ("is_let_in_without", "and care.password_opens((m).organization_id, (m).roles))\n        or", ")\n        or"),
        ("is_let_in_without", "i.account_id = (m).account_id and", ""),
        ("is_let_in_without", "and p.id <> provider", ""),
        ("is_let_in_without", "and p.until is null", ""),
        ("is_let_in_without", "p.organization_id = (m).organization_id\n", "true\n"),
        ("is_let_in_without", "and care.password_opens((m).organization_id, (m).roles)))", "))"),
        ("unlink_identity", "if not care.is_open(s) then", "if s.id is null then"),
        ("unlink_identity", "elsif not care.is_stepped_up(s) then", "elsif false then"),
        (
            "unlink_identity", "where i.account_id = s.account_id and i.provider_id = unlink_identity.provider) then",
            "where false) then"
        ),
        ("unlink_identity", "and not care.is_let_in_without(unlink_identity.provider, m)", "and false"),
        ("unlink_identity", "m.account_id = s.account_id and", ""),
        ("unlink_identity", "and m.since <= at", ""),
        ("unlink_identity", "and (m.until is null or m.until > at)", ""),
        (
            "unlink_identity", "delete from care.identity i where i.account_id = s.account_id and i.provider_id",
            "delete from care.identity i where i.provider_id"
        ),
        (
            "unlink_identity",
            "delete from care.identity i where i.account_id = s.account_id and i.provider_id = unlink_identity.provider;",
            "delete from care.identity i where i.account_id = s.account_id;"
        ),
        ("unlink_identity", "where x.account_id = s.account_id and x.id <> s.id", "where x.id <> s.id"),
        ("unlink_identity", "and f.provider_id = unlink_identity.provider;", ";"),
        ("unlink_identity", "set ended_at = at from", "set ended_at = null from"),
        ("unlink_identity", "when 2 then 'it is the last way in'", ""),
    ]
}
