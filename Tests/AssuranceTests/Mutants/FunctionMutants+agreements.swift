extension FunctionMutants {
    /// What keeps whoever has not agreed from going on.
    static let agreeing: [Damage] = [
        ("open_pass", "elsif agree_by <= at and not a.before_agreeing then", "elsif false then"),
        (
            "open_pass", "elsif agree_by <= at and not a.before_agreeing then",
            "elsif agree_by is not null and not a.before_agreeing then"
        ),
        ("open_pass", "and not a.before_agreeing then", "then"),
        ("hold_agreements", "if alone then", "if not alone then"),
        ("hold_agreements", "if alone then", "if false then"),
        ("hold_agreements", "if alone then", "if true then"),
        ("present_version", "v.organization_id = organization and", ""),
        ("present_version", "and v.agreement_id = agreement", ""),
        ("present_version", "and v.effective_at <= care.clock()", ""),
        ("settled_version", "x.organization_id = organization and", ""),
        ("settled_version", "and x.account_id = account", ""),
        ("settled_version", "and x.agreement_id = agreement", ""),
        ("settled_version", "x.answer = 'accepted' or g.kind = 'consent'", "true"),
        ("settled_version", "x.answer = 'accepted' or g.kind = 'consent'", "x.answer = 'accepted'"),
        ("agree_by", "v.organization_id = organization", "true"),
        ("agree_by", "and v.version > care.settled_version(organization, account, v.agreement_id)", ""),
        ("begin_with_agreements", "perform care.hold_agreements(new.organization_id, false);", ""),
        ("begin_with_agreements", "new.agree_by := care.agree_by(new.organization_id, new.account_id);", ""),
        ("own_agreements", "not coalesce('agreement.read' = any (shown.powers), false)", "false"),
        ("own_agreements", "and a.account_id = shown.account_id", ""),
        ("own_agreements", "where g.organization_id = shown.organization_id", "where true"),
        ("own_agreements", "and v.version >= coalesce(least(p.version, nullif(s.version, 0), x.version), 1)", ""),
        ("own_agreements", "least(p.version, nullif(s.version, 0), x.version)", "p.version"),
        ("answer_agreement", "not coalesce('agreement.answer' = any (shown.powers), false)", "false"),
        ("answer_agreement", "perform care.hold_agreements(shown.organization_id, false);", ""),
        (
            "answer_agreement",
            "x.organization_id = shown.organization_id and x.account_id = shown.account_id and x.agreement_id = g.id",
            "x.organization_id = shown.organization_id and x.agreement_id = g.id"
        ),
        ("answer_agreement", "g.kind = 'consent' and last.answer", "last.answer"),
        ("answer_agreement", "last.answer in ('accepted', 'withdrawn') and", ""),
        ("answer_agreement", "and version = last.version", ""),
        (
            "answer_agreement", "when 'refused' then version >= present and (version = present or settled >= present)",
            "when 'refused' then version >= present"
        ),
        (
            "answer_agreement", "when 'refused' then version >= present and (version = present or settled >= present)",
            "when 'refused' then (version = present or settled >= present)"
        ),
        ("answer_agreement", "and not (last.answer is not distinct from 'accepted' and last.version >= version)", ""),
        (
            "answer_agreement", "when 'accepted' then version >= present and (version = present or settled >= present)",
            "when 'accepted' then version >= present"
        ),
        (
            "answer_agreement", "when 'accepted' then version >= present and (version = present or settled >= present)",
            "when 'accepted' then (version <= present or settled >= present)"
        ),
        ("answer_agreement", "not coalesce(is_right, false) or", ""),
        ("answer_agreement", "and v.version = answer_agreement.version", ""),
        ("answer_agreement", "and v.language = answer_agreement.language", ""),
        ("answer_agreement", "if last.version = version and last.answer = answer then", "if false then"),
        (
            "answer_agreement", "set agree_by = care.agree_by(shown.organization_id, shown.account_id)",
            "set agree_by = null"
        ),
        (
            "answer_agreement", "set agree_by = care.agree_by(shown.organization_id, shown.account_id)",
            "set agree_by = m.agree_by"
        ),
        (
            "answer_agreement",
            "where m.organization_id = shown.organization_id and m.account_id = shown.account_id;\nend",
            "where m.organization_id = shown.organization_id;\nend"
        ),
        ("publish_agreement", "not coalesce('agreement.publish' = any (shown.powers), false)", "false"),
        ("publish_agreement", "perform care.hold_agreements(shown.organization_id, true);", ""),
        ("publish_agreement", "v.organization_id = shown.organization_id and", ""),
        ("publish_agreement", "counts < at or", ""),
        ("publish_agreement", "counts > at + interval '1 year 1 day' or", ""),
        ("publish_agreement", "or counts < last.effective_at", ""),
        ("publish_agreement", "least(m.agree_by, counts)", "counts"),
        ("publish_agreement", "where m.organization_id = shown.organization_id;", ";"),
        ("publish_agreement", "set agree_by = least(m.agree_by, counts)", "set agree_by = m.agree_by"),
        ("translate_agreement", "not coalesce('agreement.publish' = any (shown.powers), false)", "false"),
        ("translate_agreement", "perform care.hold_agreements(shown.organization_id, true);", ""),
        ("translate_agreement", "v.organization_id = shown.organization_id and", ""),
        ("translate_agreement", "last.effective_at, care.clock()", "care.clock(), care.clock()"),
        ("agreement_counts", "not coalesce('agreement.count' = any (shown.powers), false)", "false"),
        ("agreement_counts", "m.organization_id = shown.organization_id and m.since", "m.since"),
        ("agreement_counts", "and (m.until is null or m.until > at)", ""),
        ("agreement_counts", "where g.organization_id = shown.organization_id", "where true"),
        ("agreement_counts", "x.number desc", "x.number"),
    ]
}
