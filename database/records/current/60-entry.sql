-- The trail: written by the gate alone, read by those whose record it is about. Nobody changes or removes an entry.

revoke all on care.entry from carekeep_server, carekeep_keykeeper;
grant insert on care.entry to carekeep_gate;

-- The parent and each month carry the same row security: the parent's does not hold for a partition addressed directly.
create function care.guard_entry(relation regclass) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    guarded text;
begin
    execute format('alter table %s enable row level security', relation);
    execute format('alter table %s force row level security', relation);
    execute format('create policy entry_written_by_the_gate on %s for insert to carekeep_gate with check (true)', relation);
    execute format(
        'create policy entry_stays_in_its_organization on %s as restrictive to carekeep_server '
        'using (organization_id = (select care.acting_organization())) '
        'with check (organization_id = (select care.acting_organization()))', relation);
    execute format(
        'create policy entry_is_not_private_to_another on %s as restrictive to carekeep_server '
        'using (private_to is null or private_to = (select care.acting_account())) '
        'with check (private_to is null or private_to = (select care.acting_account()))', relation);
    execute format(
        'create policy entry_read_of_the_patient on %s for select to carekeep_server '
        'using (patient_id = any ((select care.acting_patients(''entry.read''))::uuid[]))', relation);
    execute format(
        'create policy entry_read_to_review_an_emergency on %s for select to carekeep_server '
        'using ((select care.acting_may(''break-glass.read'')) and care.is_of_an_emergency(account_id, patient_id, at))',
        relation);
end
$$;

-- Makes the partitions of this month and the next two. Called at start and daily; making one that is there is no error.
create function care.add_months() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    first date;
    name text;
    added integer := 0;
begin
    for i in 0 .. 2 loop
        first := date_trunc('month', care.clock() at time zone 'UTC')::date + make_interval(months => i);
        name := 'entry_' || to_char(first, 'YYYYMM');
        if to_regclass('care.' || name) is null then
            execute format(
                'create table care.%I partition of care.entry for values from (%L) to (%L)',
                name, first::timestamp at time zone 'UTC',
                (first + interval '1 month')::timestamp at time zone 'UTC');
            perform care.guard_entry(format('care.%I', name)::regclass);
            added := added + 1;
        end if;
    end loop;
    return added;
end
$$;

grant execute on function care.add_months() to carekeep_server;
grant execute on function care.clock() to carekeep_owner;

grant select (
    organization_id, id, opening_id, at, actor_organization_id, account_id, act, scope, patient_id, record_id, granted,
    purpose, key_epoch, salt, sealed, on_device_of
) on care.entry to carekeep_server;

do $$
declare
    relation regclass;
begin
    for relation in select 'care.entry'::regclass
                    union all select inhrelid::regclass from pg_inherits where inhparent = 'care.entry'::regclass loop
        perform care.guard_entry(relation);
    end loop;
end
$$;
