/// Damages to what keeps kinds of record apart.
extension FunctionMutants {
    static let family: [Damage] = kinds

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
        ("open_pass", "is_narrowed := reached or is_narrowed;", ""),
        ("open_pass", "is_narrowed := reached or is_narrowed;", "is_narrowed := reached;"),
        ("open_pass", "is_narrowed := true;", ""),
        ("open_pass", "and (r.kinds is null or target_kinds[i] = any (r.kinds))", ""),
        ("open_pass", "where not x = any (p.new_patients)", ""),
        ("open_pass", "p.stepped_up_at, p.kinds);", "p.stepped_up_at, null);"),
        ("unknown_references", "shown.kinds is null or r.kind = any (shown.kinds) or r.patient_id is null", "true"),
        (
            "unknown_references", "or r.kind = any (shown.kinds) or r.patient_id is null",
            "or r.kind = any (shown.kinds)"
        ),
        ("require_may_let_in", "and r.kinds is null", ""),
    ]
}
