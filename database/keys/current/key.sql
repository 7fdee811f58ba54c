-- Who may see and change keys. Every migration applies this file whole, in one transaction.
--
-- carekeep_keykeeper has the functions below and nothing else: it can ask for a key whose full name it knows, and has no
-- way to list, count or overwrite. The functions belong to carekeep_gate, which row-level security binds like everybody.

alter table keys.organization_key enable row level security;
alter table keys.organization_key force row level security;
alter table keys.subject enable row level security;
alter table keys.subject force row level security;
alter table keys.subject_key enable row level security;
alter table keys.subject_key force row level security;

drop policy if exists organization_key_seen_by_the_gate on keys.organization_key;
create policy organization_key_seen_by_the_gate on keys.organization_key for select to carekeep_gate using (true);

drop policy if exists organization_key_made_by_the_gate on keys.organization_key;
create policy organization_key_made_by_the_gate on keys.organization_key for insert to carekeep_gate
    with check (state = 'active');

-- Needed to lock a row against the end of its epoch; no column is granted that changes the key.
drop policy if exists organization_key_held_by_the_gate on keys.organization_key;
create policy organization_key_held_by_the_gate on keys.organization_key for update to carekeep_gate
    using (true) with check (false);

drop policy if exists subject_seen_by_the_gate on keys.subject;
create policy subject_seen_by_the_gate on keys.subject for select to carekeep_gate using (true);

drop policy if exists subject_made_by_the_gate on keys.subject;
create policy subject_made_by_the_gate on keys.subject for insert to carekeep_gate with check (true);

-- A fence can be put up and never be taken down.
drop policy if exists subject_fenced_by_the_gate on keys.subject;
create policy subject_fenced_by_the_gate on keys.subject for update to carekeep_gate
    using (true) with check (fenced_at is not null);

drop policy if exists subject_key_seen_by_the_gate on keys.subject_key;
create policy subject_key_seen_by_the_gate on keys.subject_key for select to carekeep_gate using (true);

drop policy if exists subject_key_made_by_the_gate on keys.subject_key;
create policy subject_key_made_by_the_gate on keys.subject_key for insert to carekeep_gate
    with check (state = 'active');

-- A key can be erased and never be put back or exchanged.
drop policy if exists subject_key_erased_by_the_gate on keys.subject_key;
create policy subject_key_erased_by_the_gate on keys.subject_key for update to carekeep_gate
    using (state = 'active') with check (state = 'erased');

-- Subjects' keys of one class, or why there are none. No row: there never was one.
create or replace function keys.find(of_organization uuid, for_class text, of_subjects uuid[])
    returns table (state text, wrapped bytea, subject_id uuid)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
begin atomic
    select case when k.state = 'erased'      then 'erased'
                when s.fenced_at is not null then 'fenced'
                else                              k.state
           end,
           case when s.fenced_at is null then k.wrapped end,
           s.id
      from keys.subject s
      left join keys.subject_key k
             on k.organization_id = s.organization_id
            and k.subject_id = s.id
            and k.class = for_class
     where s.organization_id = of_organization
       and s.id = any (of_subjects)
       and (k.state is not null or s.fenced_at is not null);
end;

-- Stores a wrapped key unless the subject has one or is fenced, and answers like keys.find: of several callers all get
-- the first one's. No row: the epoch is over, wrap again.
create or replace function keys.make(
    of_organization uuid, for_class text, of_subject uuid, under_epoch integer, new_wrapped bytea
)
    returns table (state text, wrapped bytea)
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    insert into keys.subject (organization_id, id) values (of_organization, of_subject) on conflict do nothing;

    -- Waits for a fence that is being put up, and holds off one that comes now: either way it is seen.
    perform from keys.subject s
      where s.organization_id = of_organization and s.id = of_subject and s.fenced_at is null
        for share;

    if found then
        perform from keys.organization_key o
          where o.organization_id = of_organization and o.purpose = 'wrap' and o.epoch = under_epoch
            and o.state = 'active'
            for share;

        if found then
            insert into keys.subject_key (organization_id, subject_id, class, epoch, wrapped)
            values (of_organization, of_subject, for_class, under_epoch, new_wrapped)
            on conflict do nothing;
        end if;
    end if;

    return query select f.state, f.wrapped from keys.find(of_organization, for_class, array[of_subject]) f;
end
$$;

-- From now on no key is made for this subject, and none handed out.
create or replace function keys.fence(of_organization uuid, of_subject uuid)
    returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    insert into keys.subject as s (organization_id, id, fenced_at)
    values (of_organization, of_subject, clock_timestamp())
    on conflict (organization_id, id) do update set fenced_at = coalesce(s.fenced_at, excluded.fenced_at);
end
$$;

-- Destroys one key, or (no class) fences the subject and destroys them all. Answers how many there were.
create or replace function keys.erase(of_organization uuid, for_class text, of_subject uuid)
    returns integer
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    erased integer;
begin
    if for_class is null then
        perform keys.fence(of_organization, of_subject);
    end if;

    update keys.subject_key k
       set state       = 'erased',
           wrapped     = null,
           erased_at   = clock_timestamp(),
           fingerprint = sha256(k.wrapped)
     where k.organization_id = of_organization
       and k.subject_id = of_subject
       and k.class = coalesce(for_class, k.class)
       and k.state = 'active';

    get diagnostics erased = row_count;
    return erased;
end
$$;

-- An organisation's key of one epoch, or (no epoch) the one in use.
create or replace function keys.find_organization(of_organization uuid, for_purpose text, of_epoch integer)
    returns table (epoch integer, wrapped bytea)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
begin atomic
    select o.epoch, o.wrapped
      from keys.organization_key o
     where o.organization_id = of_organization
       and o.purpose = for_purpose
       and o.wrapped is not null
       and case when of_epoch is null then o.state = 'active' else o.epoch = of_epoch end;
end;

-- Stores an organisation's first key for a purpose unless it ever had one, and answers with the one in use.
create or replace function keys.make_organization(of_organization uuid, for_purpose text, new_wrapped bytea)
    returns table (epoch integer, wrapped bytea)
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    insert into keys.organization_key (organization_id, purpose, epoch, wrapped)
    values (of_organization, for_purpose, 1, new_wrapped)
    on conflict do nothing;

    return query select f.epoch, f.wrapped from keys.find_organization(of_organization, for_purpose, null) f;
end
$$;

alter function keys.find              owner to carekeep_gate;
alter function keys.make              owner to carekeep_gate;
alter function keys.fence             owner to carekeep_gate;
alter function keys.erase             owner to carekeep_gate;
alter function keys.find_organization owner to carekeep_gate;
alter function keys.make_organization owner to carekeep_gate;

revoke all on all functions in schema keys from public, carekeep_keykeeper;
revoke all on all tables in schema keys from public, carekeep_gate, carekeep_keykeeper;
revoke all on schema keys from public, carekeep_gate, carekeep_keykeeper;

grant usage on schema keys to carekeep_gate, carekeep_keykeeper;

grant select,
      insert (organization_id, purpose, epoch, wrapped),
      update (ended_at)
   on keys.organization_key to carekeep_gate;
grant select,
      insert (organization_id, id, fenced_at),
      update (fenced_at)
   on keys.subject to carekeep_gate;
grant select,
      insert (organization_id, subject_id, class, epoch, wrapped),
      update (state, wrapped, erased_at, fingerprint)
   on keys.subject_key to carekeep_gate;

grant execute
   on function keys.find, keys.make, keys.fence, keys.erase, keys.find_organization, keys.make_organization
   to carekeep_keykeeper;
