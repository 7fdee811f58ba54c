-- Reach that colleagues give: into the team that treats somebody, or for a job. Whoever has the patient lets others in, for as long
-- as they may be there themselves, and no longer. (ROL-3)

-- Until when the acting member may let others in, who has the patient in one of these ways: for as long as they do, and not by what opens
-- some kinds of entry alone. `infinity` for ever, null for not at all.
create function care.may_let_in_until(shown care.pass, patient uuid, ways text[]) returns timestamptz
    language plpgsql stable set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
begin
    return (
        select max(coalesce(r.until, 'infinity')) from care.reach r
         where r.organization_id = shown.organization_id and r.account_id = shown.account_id and r.patient_id = patient
           and r.kind = any (ways)
           and r.withdrawn_at is null and r.paused_at is null and r.since <= at and (r.until is null or r.until > at)
           and r.kinds is null);
end
$$;

-- The condition that the acting member may let somebody in as this, until then: with what they have themselves, which is no share.
create function care.require_may_let_in(shown care.pass, patient uuid, kind text, lasting timestamptz) returns void
    language plpgsql stable set search_path = care, pg_temp
as $$
declare
    ways text[] := '{guardian,care-team}';
begin
    if kind = 'assignment' then
        ways := ways || '{assignment}'::text[];
    end if;
    if not coalesce(care.may_let_in_until(shown, patient, ways) >= coalesce(lasting, 'infinity'), false) then
        raise exception using errcode = '23514', message = 'that is more than they have', constraint = 'reach_is_theirs_to_give';
    end if;
end
$$;

-- Lets a colleague in: into the care team, or for a job, which has an end within 31 days.
create function care.give_reach(id uuid, account uuid, kind text, lasting timestamptz) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    patient uuid := shown.patients[1];
begin
    if not coalesce('reach.give' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    if not coalesce(
            kind = 'care-team' or kind = 'assignment' and lasting <= at + interval '31 days 1 hour', false)
       or account = shown.account_id
       or not exists (
            select from care.membership m
             where m.organization_id = shown.organization_id and m.account_id = give_reach.account
               and m.since <= at and (m.until is null or m.until > at) and 'record.read' = any (m.permits)) then
        raise exception using errcode = '23514', message = 'that cannot be given so', constraint = 'reach_is_theirs_to_give';
    end if;
    perform care.require_may_let_in(shown, patient, kind, lasting);
    insert into care.reach (organization_id, id, patient_id, account_id, kind, since, until)
    values (shown.organization_id, give_reach.id, patient, give_reach.account, give_reach.kind, at, lasting);
end
$$;

-- Ends such a reach, one's own or a colleague's, at once.
create function care.end_reach(reach uuid) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce('reach.end' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    update care.reach r set withdrawn_at = care.clock()
     where r.organization_id = shown.organization_id and r.id = reach and r.patient_id = any (shown.patients)
       and r.kind in ('care-team', 'assignment') and r.withdrawn_at is null;
    if not found then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
end
$$;

grant execute on function care.give_reach(uuid, uuid, text, timestamptz), care.end_reach(uuid) to carekeep_server;
