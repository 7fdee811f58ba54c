/// Jobs, months, sweeping.
extension FunctionMutants {
    static let asking: [Damage] = [
        ("enqueue_job", "k.power = any (shown.powers)", "k.power is not null"),
        (
            "enqueue_job", "coalesce(k.power = any (shown.powers), false)",
            "coalesce(k.power = any (shown.powers), true)"
        ),
        ("enqueue_job", "patient is null or patient = any (shown.patients)", "true"),
        ("enqueue_job", "shown.organization_id, k.name", "gen_random_uuid(), k.name"),
        ("enqueue_job", "shown.account_id, shown.opening_id", "gen_random_uuid(), shown.opening_id"),
        ("enqueue_job", "shown.account_id, shown.opening_id", "shown.account_id, gen_random_uuid()"),
        ("enqueue_job", "on conflict do nothing", ""),
        ("enqueue_job", "job.organization_id = shown.organization_id and", ""),
        ("retry_job", "and x.state = 'dead'", ""),
        ("retry_job", "attempts = 0", "attempts = attempts"),
    ]

    static let taking: [Damage] = [
        ("take_job", "w.kind = any (kinds)", "true"),
        ("take_job", "and w.state = 'waiting'", ""),
        ("take_job", "w.run_at <= at\n", "true\n"),
        (
            "take_job",
            "or w.run_at > at + make_interval(secs => 2 * greatest(x.period_seconds, x.longest_pause_seconds))", ""
        ),
        ("take_job", "greatest(x.period_seconds, x.longest_pause_seconds)", "x.lease_seconds"),
        ("take_job", " 2 * greatest(", " greatest("),
        ("take_job", " 2 * x.lease_seconds", " x.lease_seconds"),
        ("take_job", "w.leased_until is null or w.leased_until <= at", "true"),
        ("take_job", "or w.leased_until <= at", ""),
        ("take_job", "or w.leased_until > at + make_interval(secs => 2 * x.lease_seconds)", ""),
        ("take_job", "or w.leased_until > at + make_interval(secs => 2 * x.lease_seconds)", "or w.leased_until > at"),
        ("take_job", "for update of w skip locked", ""),
        ("take_job", "skip locked", ""),
        ("take_job", "j.last_error := 'lease_expired';", ""),
        ("take_job", "exit when j.attempts < k.attempts or k.period_seconds is not null;", "exit;"),
        ("take_job", "or k.period_seconds is not null", ""),
        ("take_job", "fence = j.fence + 1,", ""),
        ("take_job", "attempts = j.attempts + 1,", ""),
        ("take_job", "set leased_until = at + make_interval(secs => k.lease_seconds)", "set leased_until = at"),
    ]

    static let holding: [Damage] = [
        ("held_job", "x.organization_id = organization and", ""),
        ("held_job", "and x.id = job", ""),
        ("held_job", "and x.fence = held_job.fence", ""),
        ("held_job", "x.fence = held_job.fence", "x.fence >= held_job.fence"),
        ("held_job", "x.fence = held_job.fence", "x.fence <= held_job.fence"),
        ("held_job", "and x.leased_until is not null", ""),
        ("held_job", "for update;", ";"),
        ("held_job", "if not found then", "if false then"),
        ("job_holds", "perform care.held_job(organization, job, fence);", "null;"),
        (
            "extend_job", "set leased_until = care.clock() + make_interval(secs => k.lease_seconds)",
            "set fence = x.fence"
        ),
        (
            "finish_job", "when k.period_seconds is null then 'done' else 'waiting'",
            "when true then 'waiting' else 'waiting'"
        ),
        ("finish_job", "when k.period_seconds is null then 'done' else 'waiting'", "when true then 'done' else 'done'"),
        ("finish_job", "at + make_interval(secs => k.period_seconds)", "at"),
        ("finish_job", "leased_until = null, last_error", "last_error"),
        ("finish_job", "then x.attempts else 0 end", "then x.attempts else x.attempts end"),
        ("give_back_job", "attempts = x.attempts - 1", "attempts = x.attempts"),
        ("give_back_job", "leased_until = null,", ""),
        ("job_counts", "j.leased_until is null or j.leased_until <= at", "true"),
        ("job_counts", "filter (where j.leased_until > at)", ""),
        ("job_counts", "filter (where j.state = 'dead')", ""),
    ]

    static let failing: [Damage] = [
        ("fail_job", "k.longest_pause_seconds, ", ""),
        ("fail_job", "* 2 ^ least(j.attempts - 1, 30)", ""),
        ("fail_job", "j.attempts >= k.attempts and k.period_seconds is null", "false"),
        ("fail_job", "j.attempts >= k.attempts", "j.attempts > k.attempts"),
        ("fail_job", "and k.period_seconds is null", ""),
        ("fail_job", "run_at = at + make_interval(secs => pause),", ""),
        ("fail_job", "last_error = code,", ""),
    ]

    static let sweeping: [Damage] = [
        ("sweep_passes", "p.until < care.clock() - interval '1 minute'", "true"),
        ("sweep_passes", "p.until < care.clock() - interval '1 minute'", "false"),
        ("sweep_sessions", "interval '90 days'", "interval '88 days'"),
        ("sweep_sessions", "interval '90 days'", "interval '92 days'"),
        ("sweep_sessions", "s.until, ", ""),
        ("sweep_sessions", "s.seen_at + s.idle, ", ""),
        ("sweep_sessions", ", s.ended_at", ""),
        ("sweep_links", "interval '90 days'", "interval '88 days'"),
        ("sweep_links", "interval '90 days'", "interval '92 days'"),
        ("sweep_links", "l.used_at, ", ""),
        ("sweep_links", ", l.until", ""),
        ("sweep_jobs", "j.state = 'done' and", ""),
        ("sweep_jobs", "interval '30 days'", "interval '28 days'"),
        ("sweep_jobs", "interval '30 days'", "interval '32 days'"),
    ]

    static let months: [Damage] = [
        ("add_months", "perform care.guard_entry(format('care.%I', name)::regclass);", ""),
        ("add_months", "0 .. 2", "0 .. 0"),
        ("guard_entry", "execute format('alter table %s enable row level security', relation);", ""),
        ("guard_entry", "execute format('alter table %s force row level security', relation);", ""),
    ]

    static let spending: [Damage] = [
        ("settle_spending", "excluded.period = s.period then", "true then"),
        ("settle_spending", "least(s.spent::bigint + excluded.spent, 1000000000)", "excluded.spent"),
        ("settle_spending", "when excluded.period > s.period then excluded.spent", "when false then 0"),
        ("settle_spending", "else s.spent end", "else excluded.spent end"),
        ("settle_spending", "period = greatest(s.period, excluded.period)", "period = excluded.period"),
        ("settle_spending", "until = greatest(s.until, excluded.until)", "until = s.until"),
        ("settle_spending", "where b.amount > 0", ""),
        ("settle_spending", "least(b.amount, 1000000)", "b.amount"),
        ("settle_spending", "2 * make_interval(secs => least(b.seconds, 3600))", "interval '1 day'"),
        ("sweep_spending", "where s.until <= care.clock()", ""),
        ("sweep_spending", "s.until <= care.clock()", "false"),
    ]
}
