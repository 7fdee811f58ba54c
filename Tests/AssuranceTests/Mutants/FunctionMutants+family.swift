/// Damages to what keeps kinds of record apart, and to how carers are asked and paused.
extension FunctionMutants {
    static let family: [Damage] = kinds + inviting + invited + guests + pausing + paused + ageRules

    private static let kinds: [Damage] = [
        ("acting_kinds", "return (care.acting()).kinds;", "return null;"),
        ("kinds_reached", "r.organization_id = organization and", ""),
        ("kinds_reached", "and r.account_id = account", ""),
        ("kinds_reached", "and r.patient_id = patient", ""),
        ("kinds_reached", "and r.kind = any (ways)", ""),
        ("kinds_reached", "and r.withdrawn_at is null", ""),
        ("kinds_reached", "and r.since <= at", ""),
        ("kinds_reached", "and (r.until is null or r.until > at)", ""),
        ("kinds_reached", "and r.kinds is null", ""),
        ("kinds_reached", "intersect", "union"),
        ("open_pass", "and r.kinds is null", ""),
        (
            "open_pass", "coalesce(target_kinds[i] = any (care.kinds_reached(",
            "coalesce('Patient' = any (care.kinds_reached("
        ),
        ("open_pass", "at)), false);\n                is_narrowed := true;", "at)), false);"),
        ("open_pass", "is_narrowed := true;\n                if 'record.change'", "if 'record.change'"),
        ("open_pass", "and (r.kinds is null or target_kinds[i] = any (r.kinds))", ""),
        ("open_pass", "where not x = any (p.new_patients)", ""),
        ("open_pass", "p.stepped_up_at, p.kinds);", "p.stepped_up_at, null);"),
        ("unknown_references", "shown.kinds is null or r.kind = any (shown.kinds) or r.patient_id is null", "true"),
        (
            "unknown_references", "or r.kind = any (shown.kinds) or r.patient_id is null",
            "or r.kind = any (shown.kinds)"
        ),
    ]

    private static let inviting: [Damage] = [
        ("may_invite", "r.organization_id = organization and", ""),
        ("may_invite", "and r.account_id = account", ""),
        ("may_invite", "and r.patient_id = patient", ""),
        (
            "may_invite",
            "and (r.kind = 'guardian' or r.kind = 'self' and may_invite.kind not in ('guardian', 'self'))", ""
        ),
        ("may_invite", "or r.kind = 'self' and may_invite.kind not in ('guardian', 'self')", ""),
        ("may_invite", "and may_invite.kind not in ('guardian', 'self')", ""),
        ("may_invite", "and r.withdrawn_at is null", ""),
        ("may_invite", "and r.since <= at", ""),
        ("may_invite", "r.until >= lasting\n", "true\n"),
        ("may_invite", "and m.since <= at", ""),
        ("may_invite", "and (m.until is null or m.until > at)", ""),
        ("may_invite", "and m.roles && string_to_array(care.setting_of(organization, 'carer.invited-by'), ',')", ""),
        (
            "invite_carer",
            "if not coalesce(case kind when 'share' then 'guest.invite' else 'carer.invite' end = any (shown.powers), false) then",
            "if false then"
        ),
        (
            "invite_carer",
            "not care.may_invite(shown.organization_id, shown.account_id, patient, kind, lasting, at)\n       or",
            ""
        ),
        ("invite_carer", "or account = shown.account_id", ""),
        ("invite_carer", "or coalesce(lasting <= at, false)", ""),
        ("invite_carer", "when 'carer-reading' then 'member'", ""),
        ("invite_carer", "when 'self' then 'teen'", ""),
        ("invite_carer", "else 'caregiver' end", "else 'member' end"),
        ("invite_carer", "perform care.require_may_give(care.acting_member(), array[role], '{}');", ""),
        (
            "invite_carer",
            "if not 'record.write' = any (m.permits) then\n            perform care.require_may_give(care.acting_member(), array[role], '{}');\n        end if;",
            ""
        ),
        (
            "take_up_invitation", "and i.kind not in ('carer-reading', 'self', 'share')",
            "and i.kind not in ('self', 'share')"
        ),
        ("take_up_invitation", "and not 'record.write' = any (m.permits)", ""),
        ("take_up_invitation", "|| '{caregiver}'::text[]", ""),
        (
            "invite_carer",
            "update care.membership x set since = 'infinity'\n         where x.organization_id = shown.organization_id and x.account_id = invite_carer.account;",
            ""
        ),
        ("invite_carer", "and a.sign_in_token = address_token", ""),
        ("invite_carer", "and r.account_id = m.account_id", ""),
        ("invite_carer", "and r.patient_id = patient\n", ""),
        (
            "invite_carer",
            "and (r.kind in ('guardian', 'self', 'carer', 'carer-reading') or r.kind = 'share' and invite_carer.kind = 'share')",
            "and false"
        ),
        ("invite_carer", "and r.withdrawn_at is null", ""),
        ("invite_carer", "and a.password_hash is null", ""),
        ("invite_carer", "if m.since = 'infinity' then", "if true then"),
        ("invite_carer", "perform care.require_may_give(care.acting_member(), m.roles, m.custom_roles);", ""),
        ("invite_carer", "link_sha256, at + lasts);", "link_sha256, at + interval '7 days');"),
        ("change_roles", "perform care.settle_invitations(shown.organization_id, array(", "perform concat(array("),
        ("change_roles", "taker.since = 'infinity' or", ""),
        ("change_roles", "and i.account_id = change_roles.account and i.outcome is null", "and i.outcome is null"),
        (
            "change_roles", "or not exists (\n        select from care.membership m",
            "or exists (\n        select from care.membership m"
        ),
        (
            "end_membership",
            "where p.account_id = shown.account_id and p.ended_at is null)", "where false)"
        ),
        ("end_membership", "p.account_id = shown.account_id and p.ended_at is null", "p.account_id = shown.account_id"),
        ("end_membership", "and p.patient_id = x.patient_id", ""),
        (
            "admit_identity",
            "and not exists (\n                select from care.invitation i\n                 where i.organization_id = l.organization_id and i.link_sha256 = l.secret_sha256)",
            ""
        ),
        ("invite_carer", "and o.organization_id <> shown.organization_id", "and false"),
        ("invite_carer", "i.account_id = invite_carer.account or", ""),
        (
            "invite_carer", "(i.account_id = invite_carer.account or i.kind = 'self' and invite_carer.kind = 'self')",
            "true"
        ),
        ("invite_carer", "or i.kind = 'self' and invite_carer.kind = 'self'", ""),
        ("invite_carer", "i.kind = 'self' and invite_carer.kind = 'self'", "invite_carer.kind = 'self'"),
        ("invite_carer", "and i.patient_id = patient", ""),
        ("invite_carer", "perform care.settle_invitations(shown.organization_id, array(", "perform concat(array("),
    ]

    private static let guests: [Damage] = [
        ("invite_carer", "case kind when 'share' then 'guest.invite' else 'carer.invite' end", "'carer.invite'"),
        ("invite_carer", "case kind when 'share' then 'guest.invite' else 'carer.invite' end", "'guest.invite'"),
        ("invite_carer", "when 'share' then 'guest' else", "when 'share' then 'member' else"),
        (
            "invite_carer", "if kind = 'share' and lasting > at + interval '1 year 1 day' then",
            "if false then"
        ),
        ("invite_carer", "kind = 'share' and lasting > at", "lasting > at"),
        ("invite_carer", "or r.kind = 'share' and invite_carer.kind = 'share'", ""),
        ("invite_carer", "or r.kind = 'share' and invite_carer.kind = 'share'", "or r.kind = 'share'"),
        ("take_up_invitation", "('carer-reading', 'self', 'share')", "('carer-reading', 'self')"),
        ("take_up_invitation", "case i.kind when 'share' then 'guest' else 'member' end", "'guest'::text"),
        ("take_up_invitation", "case i.kind when 'share' then 'guest' else 'member' end", "'member'::text"),
        ("take_up_invitation", "i.account_id and not 'record.read' = any (m.permits)", "i.account_id"),
        (
            "take_up_invitation", "m.account_id = i.account_id and not 'record.read' = any (m.permits)",
            "not 'record.read' = any (m.permits)"
        ),
        ("take_up_invitation", "i.account_id and not 'record.read' = any (m.permits)", "i.account_id and false"),
        ("take_up_invitation", "coalesce(i.purpose, 'care')", "'care'"),
        ("sweep_memberships", "x.roles = '{guest}' and", ""),
        ("sweep_memberships", "x.roles = '{guest}' and", "'guest' = any (x.roles) and"),
        ("sweep_memberships", "and (x.since <= care.clock() - interval '30 days' or x.since = 'infinity')", ""),
        ("sweep_memberships", "or x.since = 'infinity'", ""),
        (
            "sweep_memberships",
            "and care.is_let_in_nowhere(x.organization_id, x.account_id, care.clock() - interval '30 days')\n         limit 100 for update skip locked\n    loop\n        -- Whoever asked them meanwhile held the row.\n        continue when not care.is_let_in_nowhere(m.organization_id, m.account_id, care.clock() - interval '30 days');",
            "limit 100 for update skip locked\n    loop"
        ),
        ("is_let_in_nowhere", "r.organization_id = organization and", ""),
        ("is_let_in_nowhere", "and r.account_id = account", ""),
        ("is_let_in_nowhere", "least(r.until, r.withdrawn_at)", "r.until"),
        ("is_let_in_nowhere", "least(r.until, r.withdrawn_at)", "r.withdrawn_at"),
        ("is_let_in_nowhere", "'infinity') > since_then)", "'infinity') > care.clock())"),
        ("is_let_in_nowhere", "'infinity') > since_then)", "'infinity') > '-infinity')"),
        ("is_let_in_nowhere", "i.account_id = account", "false"),
        ("is_let_in_nowhere", "and i.account_id = account", ""),
        ("is_let_in_nowhere", "and i.made_at > since_then", ""),
        ("take_back_with_share", "and i.patient_id = new.patient_id", ""),
        ("take_back_with_share", "and i.account_id = new.account_id", ""),
        ("take_back_with_share", "and i.kind = 'share'", ""),
        (
            "take_back_with_share", "perform care.settle_invitations(new.organization_id, array(",
            "perform concat(array("
        ),
        ("sweep_memberships", "perform care.off_board(m.organization_id, m.account_id, care.clock());", ""),
    ]

    private static let invited: [Damage] = [
        ("invitation_stands", "i.link_sha256 = invitation_stands.link_sha256", "true"),
        ("invitation_stands", "i.reach_until <= at\n                or", ""),
        (
            "invitation_stands",
            "or not care.may_invite(i.organization_id, i.invited_by, i.patient_id, i.kind, i.reach_until, at)", ""
        ),
        ("use_link", "and care.invitation_stands(link.organization_id, link.secret_sha256, at)", ""),
        ("use_link", "perform care.take_up_invitation(l, at, key_epoch, salt, sealed);", ""),
        ("join_organization", "and care.invitation_stands(l.organization_id, l.secret_sha256, at)", ""),
        ("join_organization", "perform care.take_up_invitation(used, at, key_epoch, salt, sealed);", ""),
        ("link_of", "and care.invitation_stands(l.organization_id, l.secret_sha256, care.clock())", ""),
        ("settle_invitations", "and x.id = any (invitations)", ""),
        (
            "settle_invitations", "l.organization_id = i.organization_id and l.secret_sha256 = i.link_sha256 and",
            "false and"
        ),
        ("withdraw_invitation", "not coalesce('carer.withdraw' = any (shown.powers), false)\n       or", ""),
        ("withdraw_invitation", "and i.patient_id = any (shown.patients)", ""),
        ("withdraw_invitation", "and i.outcome is null", ""),
        ("invitation_of", "i.organization_id = organization and", ""),
        ("invitation_of", "and i.link_sha256 = sha256(link_secret)", ""),
        ("invitation_of", "and l.used_at is null", ""),
        ("invitation_of", "and l.until > at", ""),
        ("invitation_of", "and care.invitation_stands(i.organization_id, i.link_sha256, at)", ""),
        ("take_up_invitation", "and x.link_sha256 = (used).secret_sha256", ""),
        (
            "take_up_invitation",
            "where m.organization_id = i.organization_id and m.account_id = i.account_id and m.since = 'infinity';",
            "where false;"
        ),
        ("take_up_invitation", "i.kind, i.kinds, i.basis", "i.kind, null, i.basis"),
        (
            "take_up_invitation", "coalesce(i.purpose, 'care'), at, i.reach_until)",
            "coalesce(i.purpose, 'care'), at, null)"
        ),
        ("take_up_invitation", "perform care.write_for_patient(", "perform concat("),
        ("write_for_patient", "perform care.write_entry(p, patient,", "perform care.write_entry(p, null,"),
        ("write_for_patient", "p.account_id := account;", ""),
        ("decline_invitation", "x.organization_id = organization and", ""),
        ("decline_invitation", "and x.link_sha256 = sha256(link_secret)", ""),
        ("decline_invitation", "and l.used_at is null", ""),
        ("decline_invitation", "and l.until > at", ""),
        ("decline_invitation", "perform care.settle_invitations(", "perform concat("),
    ]

    private static let pausing: [Damage] = [
        ("may_pause", "(paused).account_id <> (acting).account_id\n       and", ""),
        ("may_pause", "and (not keeps or (acting).roles && '{owner,admin}')", ""),
        ("may_pause", "and (not 'owner' = any ((paused).roles) or 'owner' = any ((acting).roles))", ""),
        ("pause_carer", "if not coalesce('carer.pause' = any (shown.powers), false) then", "if false then"),
        (
            "pause_carer",
            "r.organization_id = shown.organization_id and r.account_id = m.account_id and r.patient_id = patient\n       and care.is_paused_with",
            "r.organization_id = shown.organization_id and r.account_id = m.account_id\n       and care.is_paused_with"
        ),
        ("pause_carer", "and care.is_paused_with(r.organization_id, r.kind)", ""),
        ("is_paused_with", "'guardian', 'carer', 'carer-reading', 'share'", "'guardian', 'carer', 'carer-reading'"),
        ("is_paused_with", "kind in ('care-team', 'assignment')\n           and", ""),
        ("is_paused_with", "o.organization_id = organization and", ""),
        ("is_paused_with", "and o.profile = 'family'", ""),
        ("keep_paused", "and care.is_paused_with(new.organization_id, new.kind)", ""),
        ("pause_carer", "and r.withdrawn_at is null", ""),
        ("pause_carer", "and (r.until is null or r.until > at)", ""),
        ("pause_carer", "and r.paused_at is null", ""),
        ("pause_carer", "not care.may_pause(care.acting_member(), m, 'guardian' = any (ways))\n       or", ""),
        ("pause_carer", "'guardian' = any (ways)", "false"),
        ("pause_carer", "x.organization_id = shown.organization_id and x.account_id = ask", "x.account_id = ask"),
        ("pause_carer", "and x.account_id <> m.account_id", ""),
        ("pause_carer", "and x.since <= at", ""),
        ("pause_carer", "and (x.until is null or x.until > at)", ""),
        ("pause_carer", "and p.account_id = m.account_id and patient", "and patient"),
        ("pause_carer", "and patient = any (p.patients)", ""),
        (
            "pause_carer", "delete from care.pass p\n     where p.organization_id = shown.organization_id",
            "delete from care.pass p where false"
        ),
    ]

    private static let paused: [Damage] = [
        ("resume_carer", "if not coalesce('carer.resume' = any (shown.powers), false) then", "if false then"),
        ("resume_carer", "and x.patient_id = any (shown.patients)", ""),
        ("resume_carer", "and x.ended_at is null", ""),
        ("resume_carer", "p.id is null or", ""),
        ("resume_carer", "and r.kind = 'guardian'", ""),
        ("resume_carer", "and r.kind = 'guardian'", "and false"),
        (
            "resume_carer", "and r.account_id = p.account_id and r.patient_id = p.patient_id;",
            "and r.account_id = p.account_id;"
        ),
        (
            "resume_carer", "and r.account_id = p.account_id and r.patient_id = p.patient_id;",
            "and r.patient_id = p.patient_id;"
        ),
        ("keep_paused", "p.organization_id = new.organization_id and", ""),
        ("keep_paused", "and p.patient_id = new.patient_id", ""),
        ("keep_paused", "and p.account_id = new.account_id", ""),
        ("keep_paused", "and p.ended_at is null", ""),
        ("own_pauses", "if not care.is_open(s) then\n        return;\n    end if;", ""),
        ("own_pauses", "p.organization_id = s.organization_id and", ""),
        ("own_pauses", "and p.account_id = s.account_id", ""),
        ("own_pauses", "and p.ended_at is null", ""),
        ("acting_roster", "and r.paused_at is null", ""),
        ("vouch", "and r.paused_at is null", ""),
        ("open_pass", "and r.paused_at is null", ""),
        ("kinds_reached", "and r.paused_at is null", ""),
        ("may_invite", "and r.paused_at is null", ""),
        ("patients_alone_with", "and o.paused_at is null", ""),
    ]

    private static let ageRules: [Damage] = [
        ("age_rules", "if not coalesce('record.read' = any (shown.powers), false) then", "if false then"),
        ("age_rules", "r.country in ('*', o.country)", "true"),
        ("age_rules", "r.country in ('*', o.country)", "r.country = o.country"),
        ("age_rules", "r.country desc", "r.country"),
    ]
}
