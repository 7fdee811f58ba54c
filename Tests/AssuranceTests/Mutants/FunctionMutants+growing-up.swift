/// Damages to how a child is asked to have an account of their own, and to how their record is handed over to them.
extension FunctionMutants {
    static let growingUp: [Damage] = asked + planned + handedOver + goingOn + kept

    private static let asked: [Damage] = [
        (
            "may_invite",
            "or may_invite.kind = 'self' and exists (",
            "or exists ("
        ),
        (
            "may_invite", "and g.patient_id = r.patient_id and g.hands_over_at = r.until",
            "and g.patient_id = r.patient_id"
        ),
        ("may_invite", "may_invite.kind = 'self' and exists (", "false and exists ("),
        (
            "invitation_stands",
            "i.kind = 'self' and not care.may_have_own_account(i.organization_id, i.patient_id, at)\n                or",
            ""
        ),
        ("invitation_stands", "i.kind = 'self' and not care.may_have_own_account", "not care.may_have_own_account"),
        (
            "invite_carer", "if kind = 'self' and not care.may_have_own_account(",
            "if false and not care.may_have_own_account("
        ),
        ("invite_carer", "if kind = 'self' and not care.may_have_own_account(", "if not care.may_have_own_account("),
        ("take_up_invitation", "|| '{teen}'::text[]", ""),
        ("take_up_invitation", "and i.kind = 'self'\n", "\n"),
        ("take_up_invitation", "if i.kind = 'self' then", "if true then"),
        ("take_up_invitation", "if i.kind = 'self' then", "if false then"),
        ("may_have_own_account", "g.organization_id = organization and g.patient_id = patient", "true"),
        ("may_have_own_account", "r.organization_id = organization and", ""),
        ("may_have_own_account", "and r.patient_id = patient", ""),
        ("may_have_own_account", "and r.kind = 'self'", ""),
        ("may_have_own_account", "and r.withdrawn_at is null", ""),
    ]

    private static let kept: [Damage] = [
        ("acting_private_patients", "'record.keep-private' = any (shown.powers) and", ""),
        ("acting_private_patients", "and o.profile = 'family'", ""),
        ("acting_private_patients", "o.organization_id = shown.organization_id and", ""),
        ("keep_version", "old.written_in, old.private_to);", "old.written_in, null);"),
        ("acting_on", "and (r.private_to is null or r.private_to = care.acting_account())", ""),
        ("acting_on", "or r.private_to = care.acting_account()", ""),
        (
            "unknown_references",
            "and (r.private_to is null or r.private_to = shown.account_id and 'record.keep-private' = any (shown.powers))",
            ""
        ),
        ("unknown_references", "r.private_to = shown.account_id and 'record.keep-private'", "'record.keep-private'"),
        ("unknown_references", "and 'record.keep-private' = any (shown.powers)", ""),
        ("unknown_references", "or r.private_to = shown.account_id and 'record.keep-private' = any (shown.powers)", ""),
        ("move_records", "and r.private_to is null", ""),
        ("open_pass", "if target_private <> p.account_id then", "if false then"),
        ("open_pass", "if target_private <> p.account_id then", "if target_private is not null then"),
        ("open_pass", "kept_private[i] := target_private;", ""),
        ("open_pass", "kept_private[1] := p.account_id;", ""),
        (
            "open_pass", "if refused is null and 'record.keep-private' = any (p.powers) then",
            "if 'record.keep-private' = any (p.powers) then"
        ),
        ("open_pass", "if refused is null and 'record.keep-private' = any (p.powers) then", "if refused is null then"),
        ("open_pass", "sealed, at, kept_private[i]);", "sealed, at);"),
        ("write_entry", "sealed, private_to);", "sealed, null);"),
    ]

    private static let planned: [Damage] = [
        ("plan_growing_up", "if not coalesce('carer.invite' = any (shown.powers), false) then", "if false then"),
        ("plan_growing_up", "if not care.may_invite(", "if false and care.may_invite("),
        (
            "plan_growing_up", "if not coalesce(\n            care.birthday_begins(",
            "if false and coalesce(\n            care.birthday_begins("
        ),
        ("plan_growing_up", "<= at, false)", "<= at, true)"),
        ("plan_growing_up", "if care.may_have_own_account(shown.organization_id, patient, at) then", "if true then"),
        ("plan_growing_up", "if care.may_have_own_account(shown.organization_id, patient, at) then", "if false then"),
        ("plan_growing_up", "and g.patient_id = patient", ""),
        ("birthday", "then day + 1 else", "then day else"),
        ("birthday", "extract(day from day) < extract(day from born)", "extract(day from day) <> 29"),
        ("account_from", "greatest(set_to, r.age)", "r.age"),
        ("account_from", "greatest(set_to, r.age)", "set_to"),
        ("account_from", "r.country in ('*', o.country)", "r.country = '*'"),
        ("account_from", "and r.opens_account", ""),
        ("account_from", "and set_to is not null", ""),
        ("account_from", "order by r.country desc", "order by r.country"),
        ("grown_up_from", "r.country in ('*', o.country)", "r.country = '*'"),
        ("grown_up_from", "and r.hands_over", ""),
        ("grown_up_from", "order by r.country desc", "order by r.country"),
        ("birthday_begins", "at time zone o.time_zone", "at time zone 'UTC'"),
        ("birthday_begins", "where o.organization_id = organization", ""),
    ]

    private static let handedOver: [Damage] = [
        ("is_handed_over", "'guardian', ", ""),
        ("is_handed_over", "'carer', ", ""),
        ("is_handed_over", "'carer-reading', ", ""),
        ("is_handed_over", "'care-team', ", ""),
        ("is_handed_over", "'assignment')", "'assignment', 'self')"),
        ("is_handed_over", "'assignment')", "'assignment', 'share')"),
        ("begin_handover", "greatest(g.grown_up_at, at)", "g.grown_up_at"),
        ("begin_handover", "greatest(g.grown_up_at, at)", "at"),
        ("begin_handover", "where r.organization_id = organization and", "where"),
        ("begin_handover", "and r.patient_id = patient", ""),
        ("begin_handover", "and care.is_handed_over(r.kind)", ""),
        ("begin_handover", "and r.since < ends", ""),
        ("begin_handover", "and (r.until is null or r.until > ends or r.until = g.hands_over_at)", ""),
        ("begin_handover", "r.until > ends or", ""),
        ("begin_handover", "or r.until = g.hands_over_at", ""),
        ("begin_handover", "set hands_over_at = ends where", "set hands_over_at = ends where false and"),
        (
            "begin_handover", "update care.invitation i set reach_until = ends\n     where",
            "update care.invitation i set reach_until = ends\n     where false and"
        ),
        ("begin_handover", "and i.patient_id = patient", ""),
        ("begin_handover", "i.organization_id = organization and", ""),
        (
            "begin_handover", "(i.reach_until is null or i.reach_until > ends or i.reach_until = g.hands_over_at)",
            "true"
        ),
        ("begin_handover", "i.reach_until > ends or", ""),
        ("keep_handover", "if care.is_handed_over(new.kind) then", "if true then"),
        ("keep_handover", "if care.is_handed_over(new.kind) then", "if false then"),
        ("keep_handover", "g.organization_id = new.organization_id and", ""),
        ("keep_handover", "and g.patient_id = new.patient_id", ""),
        ("keep_handover", "if new.since < ends then", "if ends is not null then"),
        ("keep_handover", "least(new.until, ends)", "ends"),
    ]

    private static let goingOn: [Damage] = [
        ("keep_carer", "if not coalesce('carer.keep' = any (shown.powers), false) then", "if false then"),
        ("keep_carer", "x.organization_id = shown.organization_id and", ""),
        ("keep_carer", "and x.patient_id = patient", ""),
        ("keep_carer", "kind in ('carer', 'carer-reading') and", ""),
        ("keep_carer", "and g.hands_over_at - review <= at, false)", "and g.hands_over_at is not null, false)"),
        ("keep_carer", "g.hands_over_at - review <= at, false)", "g.hands_over_at - review <= at, true)"),
        (
            "keep_carer",
            "and r.account_id = carer\n               and care.is_handed_over(r.kind) and r.withdrawn_at is null and r.paused_at",
            "and r.withdrawn_at is null and r.paused_at"
        ),
        ("keep_carer", "and r.paused_at is null", ""),
        ("keep_carer", "and r.withdrawn_at is null and r.paused_at", "and r.paused_at"),
        ("keep_carer", "and r.until = g.hands_over_at", ""),
        ("keep_carer", "and m.since <= at", ""),
        ("keep_carer", "and (m.until is null or m.until > at)", ""),
        (
            "keep_carer",
            "and r.account_id = carer\n           and care.is_handed_over(r.kind) and r.withdrawn_at is null and (r.until is null or",
            "and care.is_handed_over(r.kind) and r.withdrawn_at is null and (r.until is null or"
        ),
        ("keep_carer", "and r.withdrawn_at is null and (r.until is null or r.until > g.hands_over_at)", "and false"),
        ("keep_carer", "'agreement', greatest(at, g.hands_over_at)", "'agreement', at"),
        ("keep_carer", "'agreement', greatest(at, g.hands_over_at)", "'agreement', g.hands_over_at"),
        ("keep_carer", "carer, keep_carer.kind, 'agreement'", "carer, 'carer', 'agreement'"),
    ]
}
