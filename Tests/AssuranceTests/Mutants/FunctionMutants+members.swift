/// Members: invitations, roles, settings, leaving, the team of a patient.
extension FunctionMutants {
    static let members: [Damage] = [
        ("add_member", "not coalesce('member.add' = any (shown.powers), false)", "false"),
        (
            "add_member", "not coalesce('member.add' = any (shown.powers), false)",
            "not 'member.add' = any (shown.powers)"
        ),
        ("add_member", "perform care.require_may_give(care.acting_member(), roles, '{}');", ""),
        (
            "account_to_add",
            "if not coalesce((care.acting()).powers && '{member.add,carer.invite,guest.invite}', false) then",
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
        ("add_member", "set invited_by = shown.account_id", "set invited_by = l.account_id"),
        ("add_member", "and l.secret_sha256 = link_sha256", ""),
        ("off_board", "account in (l.account_id, l.invited_by)", "l.account_id = account"),
        ("admit", "begins timestamptz := 'infinity';", "begins timestamptz := clock_timestamp();"),
    ]

    static let links: [Damage] = [
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

    static let joining: [Damage] = [
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

    static let renewing: [Damage] = [
        ("renew_link", "membership.organization_id = organization and", ""),
        ("renew_link", "and membership.account_id = account", ""),
        ("renew_link", "and (membership.until is null or membership.until > care.clock())", ""),
        ("renew_link", "m.since = 'infinity'", "false"),
        ("renew_link", "where link.organization_id = organization and", "where"),
        ("renew_link", "and link.account_id = account", ""),
        ("renew_link", "perform care.write_sign_in(organization, account", "perform care.write_sign_in(null, account"),
    ]

    static let roles: [Damage] = [
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

    static let changingRoles: [Damage] = [
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

    static let leaving: [Damage] = [
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
            "off_board",
            "where l.organization_id = organization and account in (l.account_id, l.invited_by) and l.used_at is null;",
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
            "and o.kind not in ('share', 'carer', 'carer-reading', 'break-glass', 'break-glass-write', 'appointment')",
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

    static let settingThings: [Damage] = [
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

    static let team: [Damage] = [
        ("may_let_in_until", "r.organization_id = shown.organization_id and r.account_id", "r.account_id"),
        ("may_let_in_until", "and r.account_id = shown.account_id", ""),
        ("may_let_in_until", "and r.patient_id = patient", ""),
        ("may_let_in_until", "and r.kind = any (ways)", ""),
        ("may_let_in_until", "and r.withdrawn_at is null", ""),
        ("may_let_in_until", "and r.paused_at is null", ""),
        ("may_let_in_until", "and r.since <= at", ""),
        ("may_let_in_until", "and (r.until is null or r.until > at)", ""),
        ("may_let_in_until", "r.until is null or r.until > at", "r.until is null"),
        ("may_let_in_until", "and r.kinds is null", ""),
        ("may_let_in_until", "max(coalesce(r.until, 'infinity'))", "max(r.until)"),
        ("require_may_let_in", "if kind = 'assignment' then", "if true then"),
        ("require_may_let_in", "if kind = 'assignment' then", "if false then"),
        ("require_may_let_in", ">= coalesce(lasting, 'infinity')", ">= coalesce(lasting, '-infinity')"),
        ("require_may_let_in", ">= coalesce(lasting, 'infinity')", "is not null"),
        ("require_may_let_in", "'infinity'), false)", "'infinity'), true)"),
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
}
