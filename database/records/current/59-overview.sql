-- Overviews: an organisation in numbers, of which none is anybody. (ROL-4)
--
-- Only what the database knows without a key is counted: that there are people, entries of which kind and when, who looks after whom, and
-- members' roles. What somebody keeps to themselves is not counted, and is no change that another overview could be taken for. What is
-- counted is withheld or rounded before it is kept, in the transaction that counts it; no role reads the tables but the gate, and the
-- gate's functions answer what is kept and nothing else. What keeps a small number from being found:
--
-- - below the organisation's number (10 at first, 5 at least) nothing is shown, zeros included; of a kind of entry that nearly everybody
--   has, neither, since the rest would be a small number;
-- - in the table with two directions more is withheld until each small number could be another one by as much as the organisation's
--   number, even for somebody who knows all exact sums and all shown numbers exactly; if that is not possible, the whole table is;
-- - what is shown is rounded to fives, and no sums of lines or columns are shown;
-- - between two overviews some days pass, and something about as many people as the number changes, or none is taken.

do $$
declare
    t text;
begin
    foreach t in array array['overview', 'overview_cell'] loop
        execute format('alter table care.%I enable row level security', t);
        execute format('alter table care.%I force row level security', t);
        execute format('revoke all on care.%I from carekeep_server, carekeep_keykeeper', t);
        execute format('grant select, insert on care.%I to carekeep_gate', t);
        execute format('create policy %I on care.%I for select to carekeep_gate using (true)', t || '_read_by_the_gate', t);
        execute format(
            'create policy %I on care.%I for insert to carekeep_gate with check (true)', t || '_added_by_the_gate', t);
    end loop;
end
$$;

alter table care.act no force row level security;
insert into care.act (name, scope, permission, powers) values
    ('overview.read', 'organization', 'overview.read', '{overview.read}'),
    ('overview.take', 'organization', 'overview.administer', '{overview.read,overview.take}');
alter table care.act force row level security;

-- Which cells of a table are withheld. `counts` are its lines one after the other, each `width` long, none negative.
--
-- A small cell keeps company: three others, so that the four are the corners of a rectangle, all withheld. Whatever the sums, one may be
-- taken off two corners and put on the others; how often is the room there is for guessing. Where no rectangle has
-- room for as many as `smallest`, all is withheld.
create function care.withheld(counts integer[], width integer, smallest integer) returns boolean[]
    language plpgsql immutable set search_path = care, pg_temp
as $$
declare
    hidden boolean[] := array(select c < smallest from unnest(counts) with ordinality x (c, i) order by i);
    beside integer;
    below integer;
    across integer;
    cost integer;
    best integer[];
    best_cost integer;
begin
    for cell in 1 .. cardinality(counts) loop
        continue when counts[cell] >= smallest;
        best := null;
        for other in 0 .. cardinality(counts) - 1 loop
            continue when other / width = (cell - 1) / width or other % width = (cell - 1) % width;
            across := other + 1;
            beside := (cell - 1) / width * width + other % width + 1;
            below := other / width * width + (cell - 1) % width + 1;
            continue when least(counts[beside], counts[below]) + least(counts[cell], counts[across]) < smallest;
            select coalesce(sum(counts[x]), 0) into cost
              from unnest(array[beside, below, across]) x where not hidden[x];
            if best is null or cost < best_cost then
                best := array[beside, below, across];
                best_cost := cost;
            end if;
        end loop;
        if best is null then
            return array_fill(true, array[cardinality(counts)]);
        end if;
        hidden[best[1]] := true;
        hidden[best[2]] := true;
        hidden[best[3]] := true;
    end loop;
    return hidden;
end
$$;

-- A number as it is shown: to the nearest five, or none.
create function care.shown_count(counted integer, is_withheld boolean) returns integer
    language plpgsql immutable set search_path = care, pg_temp
as $$
begin
    return case when not is_withheld then (counted + 2) / 5 * 5 end;
end
$$;

-- The condition that an overview may be taken now: enough days after the last one, and enough people about whom anything changed.
create function care.require_overview_is_due(organization uuid, at timestamptz, smallest integer) returns void
    language plpgsql stable set search_path = care, pg_temp
as $$
declare
    last timestamptz;
    changed integer;
begin
    select max(o.taken_at) into last from care.overview o where o.organization_id = organization;
    if last is null then
        return;
    end if;
    if last > at - care.time_set(organization, 'overview.every') then
        raise exception using errcode = '23514', message = 'too soon', constraint = 'overviews_are_days_apart';
    end if;
    select count(distinct x.id) into changed from (
        select p.id from care.patient p where p.organization_id = organization and p.created_at > last
        union all
        select r.patient_id from care.record r where r.organization_id = organization and r.created_at > last and r.private_to is null) x (id);
    if changed < smallest then
        raise exception using errcode = '23514', message = 'too little changed', constraint = 'overviews_differ_by_many';
    end if;
end
$$;

-- Counts the people of an organisation by how long ago something was entered and by who looks after them, line by line: five
-- lines of three.
create function care.count_activity(organization uuid, at timestamptz) returns integer[]
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return array(
        with person as (
            select case when e.latest > at - interval '30 days' then 0
                        when e.latest > at - interval '90 days' then 1
                        when e.latest > at - interval '365 days' then 2
                        when e.latest is not null then 3
                        else 4 end as line,
                   case when w.family then 0 when w.team then 1 else 2 end as col
              from care.patient p
              left join lateral (
                    select max(r.created_at) as latest from care.record r
                     where r.organization_id = p.organization_id and r.patient_id = p.id and r.kind <> 'Patient'
                       and r.private_to is null) e on true
              left join lateral (
                    select bool_or(x.kind in ('guardian', 'self')) as family,
                           bool_or(x.kind in ('care-team', 'assignment')) as team
                      from care.reach x
                     where x.organization_id = p.organization_id and x.patient_id = p.id and x.withdrawn_at is null
                       and x.since <= at and (x.until is null or x.until > at)) w on true
             where p.organization_id = organization and p.merged_into is null)
        select count(person.line)::integer
          from generate_series(0, 4) l (line) cross join generate_series(0, 2) c (col)
          left join person on person.line = l.line and person.col = c.col
         group by l.line, c.col order by l.line, c.col);
end
$$;

-- Takes an overview: counts, withholds, rounds, and keeps only what is left. Its entry is that of the act.
create function care.take_overview(overview uuid) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    smallest integer;
    counts integer[];
    hidden boolean[];
    everybody integer;
begin
    if not coalesce('overview.take' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('overview' || shown.organization_id::text, 0));
    smallest := care.setting_of(shown.organization_id, 'overview.smallest')::integer;
    perform care.require_overview_is_due(shown.organization_id, at, smallest);
    insert into care.overview (organization_id, id, opening_id, account_id, taken_at, smallest)
    values (shown.organization_id, take_overview.overview, shown.opening_id, shown.account_id, at, smallest);

    counts := care.count_activity(shown.organization_id, at);
    select sum(c) into everybody from unnest(counts) c;
    hidden := care.withheld(counts, 3, smallest);
    insert into care.overview_cell (organization_id, overview_id, subject, line, heading, position, shown)
    select shown.organization_id, take_overview.overview, 'activity',
           (array['month', 'quarter', 'year', 'longer', 'never'])[(i - 1) / 3 + 1],
           (array['family', 'team', 'nobody'])[(i - 1) % 3 + 1], i, care.shown_count(counts[i], hidden[i])
      from generate_subscripts(counts, 1) i
    union all
    select shown.organization_id, take_overview.overview, 'people', '', '', 0,
           care.shown_count(everybody, everybody < smallest)
    union all
    select shown.organization_id, take_overview.overview, 'kind', k.kind, '', k.position::integer,
           care.shown_count(k.n, k.n < smallest or everybody - k.n < smallest)
      from (select x.kind, x.position, (
                select count(distinct r.patient_id)::integer
                  from care.record r
                  join care.patient p on p.organization_id = r.organization_id and p.id = r.patient_id
                 where r.organization_id = shown.organization_id and r.kind = x.kind and r.private_to is null
                   and p.merged_into is null) as n
              from unnest(array[
                  'Observation', 'Condition', 'MedicationRequest', 'MedicationStatement', 'AllergyIntolerance', 'Immunization',
                  'Procedure', 'Encounter', 'DocumentReference', 'QuestionnaireResponse']) with ordinality x (kind, position)) k
    union all
    select shown.organization_id, take_overview.overview, 'role', x.name, '', row_number() over (order by x.name)::integer,
           care.shown_count(x.n, x.n < smallest)
      from (select b.name, (
                select count(*)::integer from care.membership m
                 where m.organization_id = shown.organization_id and b.name = any (m.roles)
                   and m.since <= at and (m.until is null or m.until > at)) as n
              from care.organization o join care.built_in_role b on b.profile = o.profile and b.is_offered
             where o.organization_id = shown.organization_id) x;
end
$$;

-- The latest overview of the acting organisation, a row for each number; no row before there is one.
create function care.latest_overview()
    returns table (id uuid, taken_at timestamptz, smallest integer, subject text, line text, heading text, shown integer)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    pass care.pass := care.acting();
begin
    if not coalesce('overview.read' = any (pass.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return query
        select o.id, o.taken_at, o.smallest, c.subject, c.line, c.heading, c.shown
          from care.overview o
          join care.overview_cell c on c.organization_id = o.organization_id and c.overview_id = o.id
         where o.organization_id = pass.organization_id
           and o.taken_at = (select max(x.taken_at) from care.overview x where x.organization_id = pass.organization_id)
         order by c.subject, c.position;
end
$$;

grant execute on function care.take_overview(uuid), care.latest_overview() to carekeep_server;
