-- One's own activity: the entries of one's own account, and what one reports that looks wrong. (FAM-3)
--
-- Whoever is signed in sees what was done as them, in the organisation that they are signed in to, and where somebody tried to be them
-- and nobody knew in which. A report goes to whoever is permitted `trail.administer` there: its owners, privacy officers and auditors.
-- The reporter and they see it, and nobody else.

do $$
declare
    t text;
begin
    foreach t in array array['concern', 'concern_reply'] loop
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
grant select (organization_id, id, at, account_id, session_id, act, patient_id, granted, refusal) on care.entry to carekeep_gate;
-- Of the whole trail alone: a month addressed by itself stays closed.
create policy entry_read_by_the_gate on care.entry for select to carekeep_gate using (true);

alter table care.act no force row level security;
insert into care.act (name, scope, permission, powers) values
    ('activity.read', 'organization', null, '{activity.read,concern.read}'),
    ('concern.report', 'organization', null, '{activity.read,concern.report}'),
    ('concern.list', 'organization', 'trail.administer', '{concern.list,member.read}'),
    ('concern.answer', 'organization', 'trail.administer', '{concern.list,concern.answer}');
alter table care.act force row level security;

-- The entries of the acting account here, and those of nobody's organisation that name it, of 90 days: the newest first, from a place
-- on. With the device of the session that made them, as long as the session is kept.
create function care.own_entries(before_at timestamptz, before_id uuid, most integer)
    returns table (
        id uuid, entry_at timestamptz, act text, granted boolean, refusal text, is_about_somebody boolean, session_id uuid,
        sealed_device bytea, is_this_session boolean
    )
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce('activity.read' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return query
        select e.id, e.at, e.act, e.granted, e.refusal, e.patient_id is not null, s.id, s.sealed_device,
               coalesce(e.session_id = shown.session_id, false)
          from care.entry e
          left join care.session s
            on s.organization_id = e.organization_id and s.id = e.session_id and s.account_id = shown.account_id
         where e.organization_id in (shown.organization_id, '00000000-0000-0000-0000-000000000000')
           and e.account_id = shown.account_id
           and e.at > care.clock() - interval '90 days'
           and (before_at is null or (e.at, e.id) < (before_at, before_id))
         order by e.at desc, e.id desc
         limit least(greatest(most, 0), 200);
end
$$;

-- Reports what looks wrong: about an entry of one's own, or at large. Ten a day at most.
create function care.report_concern(concern uuid, entry uuid, happened timestamptz, sealed bytea) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    report_at timestamptz := care.clock();
    about_id uuid;
    about_at timestamptz;
    about_act text;
begin
    if not coalesce('concern.report' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    if entry is not null then
        select e.id, e.at, e.act into about_id, about_at, about_act from care.entry e
         where e.organization_id in (shown.organization_id, '00000000-0000-0000-0000-000000000000')
           and e.account_id = shown.account_id and e.at = happened and e.id = entry;
        if not found then
            raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
        end if;
    end if;
    -- One report of a member after the other, so that they are counted.
    perform from care.membership m
     where m.organization_id = shown.organization_id and m.account_id = shown.account_id for update;
    if 10 <= (select count(*) from care.concern c
               where c.organization_id = shown.organization_id and c.account_id = shown.account_id
                 and c.at > report_at - interval '1 day') then
        raise exception using errcode = '23514', message = 'too many in a day', constraint = 'concerns_are_few_a_day';
    end if;
    insert into care.concern (organization_id, id, account_id, entry_id, entry_at, entry_act, sealed, at)
    values (shown.organization_id, report_concern.concern, shown.account_id, about_id, about_at, about_act,
            report_concern.sealed, report_at);
end
$$;

-- What was reported, with what was answered; a row for each answer. One's own for whoever asks about their own activity; all of the
-- organisation's for whoever looks after them: those that are open first.
create function care.concerns()
    returns table (
        id uuid, account_id uuid, entry_at timestamptz, entry_act text, sealed bytea, reported_at timestamptz, is_closed boolean,
        number integer, replied_at timestamptz, sealed_reply bytea, is_closing boolean
    )
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    sees_all constant boolean := coalesce('concern.list' = any (shown.powers), false);
begin
    if not (sees_all or coalesce('concern.read' = any (shown.powers), false)) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return query
        select c.id, c.account_id, c.entry_at, c.entry_act, c.sealed, c.at, x.is_closed, r.number, r.at, r.sealed, r.is_closing
          from care.concern c
          cross join lateral (
                select coalesce(bool_or(y.is_closing), false) from care.concern_reply y
                 where y.organization_id = c.organization_id and y.concern_id = c.id) x (is_closed)
          left join care.concern_reply r on r.organization_id = c.organization_id and r.concern_id = c.id
         where c.organization_id = shown.organization_id and (sees_all or c.account_id = shown.account_id)
         order by x.is_closed, c.at desc, c.id, r.number;
end
$$;

-- Answers a report of the acting organisation, and closes it or not. What is closed is not answered again.
create function care.answer_concern(concern uuid, closes boolean, sealed bytea) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    last care.concern_reply;
begin
    if not coalesce('concern.answer' = any (shown.powers), false)
       or not exists (
            select from care.concern c where c.organization_id = shown.organization_id and c.id = answer_concern.concern) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('concern' || answer_concern.concern::text, 0));
    select r.* into last from care.concern_reply r
     where r.organization_id = shown.organization_id and r.concern_id = answer_concern.concern
     order by r.number desc limit 1;
    if last.is_closing then
        raise exception using errcode = '23514', message = 'it is closed', constraint = 'concern_is_open';
    end if;
    insert into care.concern_reply (organization_id, concern_id, number, account_id, is_closing, sealed, at)
    values (shown.organization_id, answer_concern.concern, coalesce(last.number, 0) + 1, shown.account_id, closes,
            answer_concern.sealed, care.clock());
end
$$;

grant execute on function
    care.own_entries(timestamptz, uuid, integer),
    care.report_concern(uuid, uuid, timestamptz, bytea),
    care.concerns(),
    care.answer_concern(uuid, boolean, bytea)
    to carekeep_server;
