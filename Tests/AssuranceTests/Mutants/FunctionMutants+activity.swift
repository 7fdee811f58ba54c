extension FunctionMutants {
    /// Whose activity somebody sees, and whom a report reaches.
    static let activity: [Damage] = [
        ("own_entries", "not coalesce('activity.read' = any (shown.powers), false)", "false"),
        ("own_entries", "and e.account_id = shown.account_id\n           and e.at", "and e.at"),
        (
            "own_entries",
            "e.organization_id in (shown.organization_id, '00000000-0000-0000-0000-000000000000')", "true"
        ),
        (
            "own_entries",
            "e.organization_id in (shown.organization_id, '00000000-0000-0000-0000-000000000000')",
            "e.organization_id = shown.organization_id"
        ),
        ("own_entries", "and (before_at is null or (e.at, e.id) < (before_at, before_id))", ""),
        ("own_entries", "limit least(greatest(most, 0), 200)", ""),
        ("own_entries", "coalesce(e.session_id = shown.session_id, false)", "true"),
        ("report_concern", "not coalesce('concern.report' = any (shown.powers), false)", "false"),
        ("report_concern", "and e.account_id = shown.account_id", ""),
        (
            "report_concern",
            "e.organization_id in (shown.organization_id, '00000000-0000-0000-0000-000000000000')", "true"
        ),
        (
            "report_concern",
            "e.organization_id in (shown.organization_id, '00000000-0000-0000-0000-000000000000')",
            "e.organization_id = shown.organization_id"
        ),
        ("report_concern", "e.at = happened and", ""),
        ("report_concern", "and e.id = entry", ""),
        ("report_concern", "if not found then", "if false then"),
        ("report_concern", "if 10 <=", "if 11 <="),
        ("report_concern", "if 10 <=", "if 9 <="),
        (
            "report_concern", "c.organization_id = shown.organization_id and c.account_id = shown.account_id",
            "c.organization_id = shown.organization_id"
        ),
        ("report_concern", "and c.at > report_at - interval '1 day'", ""),
        ("concerns", "not (sees_all or coalesce('concern.read' = any (shown.powers), false))", "false"),
        ("concerns", "'concern.list' = any (shown.powers)", "true"),
        ("concerns", "'concern.list' = any (shown.powers)", "false"),
        ("concerns", "and (sees_all or c.account_id = shown.account_id)", ""),
        ("concerns", "c.organization_id = shown.organization_id and", ""),
        ("answer_concern", "not coalesce('concern.answer' = any (shown.powers), false)", "false"),
        ("answer_concern", "where c.organization_id = shown.organization_id and c.id", "where c.id"),
        ("answer_concern", "and c.id = answer_concern.concern", ""),
        ("answer_concern", "if last.is_closing then", "if false then"),
    ]
}
