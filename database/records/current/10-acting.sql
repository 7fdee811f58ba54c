-- What policies read: the pass that this transaction shows, and nothing else.
--
-- A pass is shown by the transaction-local setting care.pass = 'v1.' || hex of its 128-bit secret. No setting, or '' (which
-- is what a used-up local setting reads as): no pass, no rows. Anything else that is not an open pass: an error.

grant usage on schema care to carekeep_gate, carekeep_server, carekeep_keykeeper;

create function care.clock() returns timestamptz
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    -- The offset moves time in tests; it is zero elsewhere, and the guard's row is shown to operators.
    return clock_timestamp() + (select clock_offset from care.guard);
end
$$;

-- The pass that is shown. Called by the functions below and by nobody else, as their owner and on their search path: looking
-- up both again cost a fifth of what policies cost a read, so it has none of its own. (docs/decisions/15)
create function care.acting() returns care.pass
    language plpgsql stable
as $$
declare
    shown text := current_setting('care.pass', true);
    found_pass care.pass;
begin
    if shown is null or shown = '' then
        return null;
    end if;
    if shown !~ '^v1\.[0-9a-f]{32}$' then
        raise exception using errcode = '42501', message = 'pass is not valid', constraint = 'pass_is_valid';
    end if;
    select * into found_pass from care.pass where secret_sha256 = sha256(decode(substr(shown, 4), 'hex'));
    if not found or found_pass.until <= clock_timestamp() + (select clock_offset from care.guard) then
        raise exception using errcode = '42501', message = 'pass is not valid', constraint = 'pass_is_valid';
    end if;
    -- A pass opened here and rolled back with what it read would leave no entry.
    if found_pass.opened_in = pg_current_xact_id_if_assigned() then
        raise exception using errcode = '42501', message = 'pass is not committed', constraint = 'pass_is_committed';
    end if;
    return found_pass;
end
$$;

create function care.acting_organization() returns uuid
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return (care.acting()).organization_id;
end
$$;

create function care.acting_account() returns uuid
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return (care.acting()).account_id;
end
$$;

-- Whether the pass carries the power, for what belongs to no patient.
create function care.acting_may(power text) returns boolean
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    return coalesce(power = any (shown.powers) and (shown.directory or shown.scope in ('directory', 'organization')), false);
end
$$;

-- The patients whom the pass names, if it carries the power; else none.
create function care.acting_patients(power text) returns uuid[]
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if power = any (shown.powers) then
        return shown.patients;
    end if;
    return '{}';
end
$$;

-- Records about these patients that stand with another one, if the pass carries the power; else none.
create function care.acting_shared(power text) returns uuid[]
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if power = any (shown.powers) then
        return array(
            select s.record_id from care.record_subject s
             where s.organization_id = shown.organization_id and s.patient_id = any (shown.patients));
    end if;
    return '{}';
end
$$;

-- Those among them who did not exist when the pass was opened.
create function care.acting_new_patients(power text) returns uuid[]
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if power = any (shown.powers) then
        return shown.new_patients;
    end if;
    return '{}';
end
$$;

-- The opening whose announced act a change row confirms.
create function care.acting_opening() returns uuid
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return (care.acting()).opening_id;
end
$$;

-- Whom the acting member may reach, for a pass of the scope `roster`.
create function care.acting_roster(power text) returns setof uuid
    language plpgsql stable security definer set search_path = care, pg_temp rows 100
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
begin
    if shown.scope is distinct from 'roster' or not power = any (shown.powers) then
        return;
    end if;
    return query
        select distinct r.patient_id
          from care.reach r
         where r.organization_id = shown.organization_id
           and r.account_id = shown.account_id
           and r.withdrawn_at is null
           and r.paused_at is null
           and r.since <= at
           and (r.until is null or r.until > at);
end
$$;

-- The keykeeper's question: for which of these subjects was this committed pass opened? `use` is what their keys are for:
-- patients; the directory or a year's audit key of the organisation, which then is the subject itself.
create function care.vouch(pass_sha256 bytea, organization uuid, use text, subjects uuid[]) returns uuid[]
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    p care.pass;
    at timestamptz := care.clock();
begin
    select * into p from care.pass where secret_sha256 = pass_sha256;
    -- Nothing is known of it: a crash ends all passes. That is no answer, and whoever asks may try again.
    if not found then
        return null;
    end if;
    if p.until <= at or p.opened_in = pg_current_xact_id_if_assigned()
       or p.organization_id is distinct from organization then
        return '{}';
    end if;
    return array(
        select s.subject
          from unnest(subjects) s (subject)
         where case
               when use = 'patient' then
                    -- A pass that shares or lists members names a patient too, and has nothing to unseal.
                    (p.powers && '{record.read,record.write}' and s.subject = any (p.patients))
                    or (p.scope = 'roster' and exists (
                            select from care.reach r
                             where r.organization_id = p.organization_id and r.account_id = p.account_id
                               and r.patient_id = s.subject and r.withdrawn_at is null and r.paused_at is null
                               and r.since <= at and (r.until is null or r.until > at)))
               when use = 'directory' then s.subject = p.organization_id and p.directory
               when use like 'audit-%' then s.subject = p.organization_id and 'entry.read' = any (p.powers)
               else false
               end);
end
$$;

grant execute on function
    care.acting_organization(), care.acting_account(), care.acting_may(text), care.acting_patients(text),
    care.acting_shared(text), care.acting_new_patients(text), care.acting_opening(), care.acting_roster(text)
    to carekeep_server;
grant execute on function care.vouch(bytea, uuid, text, uuid[]) to carekeep_keykeeper;
