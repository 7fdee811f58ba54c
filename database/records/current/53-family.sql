-- What of a record somebody is let in to: all of it, or some kinds of entry. (ROL-1, ROL-3)
--
-- The pass carries the kinds, and one restrictive policy for each table that holds records keeps everything else from it. What
-- belongs to the directory is of nobody's record.

-- The kinds of record that somebody reaches of all these patients, by one of these ways; null for every kind, none for whoever is not
-- reached.
create function care.kinds_reached(organization uuid, account uuid, patients uuid[], ways text[], at timestamptz) returns text[]
    language plpgsql stable set search_path = care, pg_temp
as $$
declare
    patient uuid;
    of_one text[];
    of_all text[];
begin
    foreach patient in array patients loop
        continue when exists (
            select from care.reach r
             where r.organization_id = organization and r.account_id = account and r.patient_id = patient
               and r.kind = any (ways) and r.withdrawn_at is null and r.since <= at and (r.until is null or r.until > at)
               and r.kinds is null);
        of_one := array(
            select distinct k from care.reach r cross join unnest(r.kinds) k
             where r.organization_id = organization and r.account_id = account and r.patient_id = patient
               and r.kind = any (ways) and r.withdrawn_at is null and r.since <= at and (r.until is null or r.until > at)
             order by k);
        of_all := case when of_all is null then of_one else array(select unnest(of_all) intersect select unnest(of_one)) end;
    end loop;
    return of_all;
end
$$;

-- The kinds of record that the pass opens; null for every kind.
create function care.acting_kinds() returns text[]
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return (care.acting()).kinds;
end
$$;

do $$
declare
    f regprocedure;
begin
    for f in select oid::regprocedure from pg_proc
              where pronamespace = 'care'::regnamespace and proname in ('kinds_reached', 'acting_kinds') loop
        execute format('alter function %s owner to carekeep_gate', f);
        execute format('revoke all on function %s from public', f);
    end loop;
end
$$;
grant execute on function care.acting_kinds() to carekeep_server;

create policy record_is_of_a_kind_of_the_pass on care.record as restrictive to carekeep_server
    using (coalesce(kind = any ((select care.acting_kinds())::text[]), true) or patient_id is null)
    with check (coalesce(kind = any ((select care.acting_kinds())::text[]), true) or patient_id is null);
create policy version_is_of_a_kind_of_the_pass on care.version as restrictive for select to carekeep_server
    using (coalesce(kind = any ((select care.acting_kinds())::text[]), true) or patient_id is null);
-- Neither says of which kind its record is: a line is there for whoever the record is there for.
create policy record_subject_is_of_a_kind_of_the_pass on care.record_subject as restrictive for select to carekeep_server
    using ((select care.acting_kinds()) is null or record_id in (select r.id from care.record r));
create policy change_is_of_a_kind_of_the_pass on care.change as restrictive for select to carekeep_server
    using ((select care.acting_kinds()) is null or record_id in (select r.id from care.record r));
