extension FunctionMutants {
    static let programTokens: [Damage] = [
        ("open_pass", "elsif s.access_until <= at then", "elsif false then"),
        ("session_of", "and coalesce(s.access_until > at, true)", ""),
        ("live_session", "and coalesce(x.access_until > at, true)", ""),
        ("access_until", "least(lasting, interval '10 minutes')", "lasting"),
        (
            "access_until", "least(care.clock() + least(lasting, interval '10 minutes'), (s).until)",
            "care.clock() + lasting"
        ),
        ("access_until", ", (s).until)", ", 'infinity')"),
        ("grant_access", "if s.id is null then", "if false then"),
        ("grant_access", "elsif not care.is_open(s) then", "elsif false then"),
        ("grant_access", "refresh_sha256 is not null and exists", "false and exists"),
        ("grant_access", "refresh_sha256 is not null and exists", "exists"),
        ("grant_access", "and r.session_id = s.id", ""),
        ("grant_access", "'api'", "'page'"),
        ("grant_access", "access_until = access_ends", "access_until = null"),
        ("grant_access", "secret_sha256 = next_secret_sha256, access_until", "access_until"),
        ("grant_access", "and x.id = s.id", ""),
        (
            "refresh_access", "where r.organization_id = organization and r.secret_sha256 = shown)",
            "where r.secret_sha256 = shown)"
        ),
        ("refresh_access", "s.ended_at is not null or", ""),
        ("refresh_access", "s.until <= at or", ""),
        ("refresh_access", "or s.seen_at + s.idle <= at", ""),
        ("refresh_access", "and m.since <= at and (m.until is null or m.until > at)", ""),
        ("refresh_access", "elsif t.used_at is null then", "elsif true then"),
        ("refresh_access", "t.used_at > at - interval '10 seconds' and", ""),
        ("refresh_access", "interval '10 seconds'", "interval '1 hour'"),
        ("refresh_access", "interval '10 seconds'", "interval '0'"),
        ("refresh_access", "and n.used_at is null", ""),
        ("refresh_access", "made_of := t.salt", "made_of := new_salt"),
        ("refresh_access", "set ended_at = refresh_access.at", "set seen_at = x.seen_at"),
        ("refresh_access", "secret_sha256 = next_secret_sha256, access_until", "access_until"),
        ("refresh_access", "access_until = access_ends", "access_until = null"),
        ("refresh_access", ", seen_at = refresh_access.at", ""),
        ("refresh_access", "and x.id = s.id", "and x.account_id = s.account_id"),
        ("token_keys", "k.made_at > at - interval '30 days' from", "true from"),
        ("token_keys", "where k.made_at > at - interval '30 days 1 hour'", ""),
        ("token_keys", "order by k.made_at desc", "order by k.made_at"),
        ("add_token_key", "where k.made_at > at - interval '30 days'", ""),
        (
            "add_token_key", "if exists (select from care.token_key k where k.made_at > at - interval '30 days') then",
            "if false then"
        ),
        ("add_token_key", "where k.made_at <= at - interval '30 days 1 hour'", "where false"),
        ("add_token_key", "where k.made_at <= at - interval '30 days 1 hour'", "where true"),
    ]
}
