-- Rate limits. Each server counts for itself and settles once a second: it tells what was asked for there, and hears what was asked for
-- everywhere. So a limit can be passed by what servers take within a second, and no request waits for the database.

alter table care.spending enable row level security;
alter table care.spending force row level security;
revoke all on care.spending from carekeep_server, carekeep_keykeeper;
create policy spending_kept_by_the_gate on care.spending to carekeep_gate using (true) with check (true);
grant select, insert, delete, update (period, spent, until) on care.spending to carekeep_gate;

-- Adds what was spent to each bucket in its period, and answers what is spent there altogether. A period before the one at hand adds
-- nothing. In order, so that servers who settle at once wait for each other and never in a circle.
create function care.settle_spending(buckets bytea[], periods bigint[], amounts integer[], seconds integer[])
    returns table (bucket bytea, spent integer)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    return query
        insert into care.spending as s (bucket, period, spent, until)
        select b.bucket, b.period, least(b.amount, 1000000), care.clock() + 2 * make_interval(secs => least(b.seconds, 3600))
          from unnest(buckets, periods, amounts, seconds) b (bucket, period, amount, seconds)
         where b.amount > 0
         order by b.bucket
         limit 10000
            on conflict on constraint spending_pkey do update
           set spent = case when excluded.period = s.period then least(s.spent::bigint + excluded.spent, 1000000000)
                            when excluded.period > s.period then excluded.spent
                            else s.spent end,
               period = greatest(s.period, excluded.period),
               until = greatest(s.until, excluded.until)
        returning s.bucket, s.spent;
end
$$;

-- Housekeeping: what is of no period at hand any more, 2,000 rows a call.
create function care.sweep_spending() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    gone integer;
begin
    delete from care.spending where ctid = any (array(
        select s.ctid from care.spending s where s.until <= care.clock()
         limit 2000));
    get diagnostics gone = row_count;
    return gone;
end
$$;

grant execute on function care.settle_spending(bytea[], bigint[], integer[], integer[]), care.sweep_spending()
    to carekeep_server;
