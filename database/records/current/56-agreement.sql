-- Agreements: what an organisation asks its members to agree to, and what each answered. (GOV-9)
--
-- What is published is never changed: there is a next version, or another language of this one. Answers are added. Terms and notices
-- are answered by accepting them; a consent also by refusing it, and it can be withdrawn at any time. From the day on which a version
-- counts, whoever has not answered it is let in to nothing but agreeing, and leaving: care.open_pass compares one column of the
-- membership, which the functions here keep.

do $$
declare
    t text;
begin
    foreach t in array array['agreement', 'agreement_version', 'agreement_answer'] loop
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
grant update (agree_by) on care.membership to carekeep_gate;

alter table care.act no force row level security;
insert into care.act (name, scope, permission, powers, step_up, before_agreeing) values
    -- Everybody reads what they are asked, and answers.
    ('agreement.list', 'organization', null, '{agreement.read}', false, true),
    ('agreement.answer', 'organization', null, '{agreement.read,agreement.answer}', false, true),
    ('agreement.count', 'organization', 'settings.read', '{agreement.count}', false, false),
    ('agreement.publish', 'organization', 'settings.administer', '{agreement.count,agreement.publish}', true, false);
-- Whoever does not agree may go.
update care.act set before_agreeing = true where name = 'member.leave';
alter table care.act force row level security;

-- Holds the agreements of an organisation still: alone for whoever publishes, together for those who answer or are new.
create function care.hold_agreements(organization uuid, alone boolean) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    key constant bigint := hashtextextended('agreements' || organization::text, 0);
begin
    if alone then
        perform pg_advisory_xact_lock(key);
    else
        perform pg_advisory_xact_lock_shared(key);
    end if;
end
$$;

-- The version of an agreement that counts now; null for one that does not count yet.
create function care.present_version(organization uuid, agreement uuid) returns integer
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return (
        select max(v.version) from care.agreement_version v
         where v.organization_id = organization and v.agreement_id = agreement and v.effective_at <= care.clock());
end
$$;

-- Up to which version somebody answered an agreement, so that they need not be asked: accepted it or, of a consent, said anything.
-- Zero for none.
create function care.settled_version(organization uuid, account uuid, agreement uuid) returns integer
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    return coalesce((
        select max(x.version)
          from care.agreement_answer x
          join care.agreement g on g.organization_id = x.organization_id and g.id = x.agreement_id
         where x.organization_id = organization and x.account_id = account and x.agreement_id = agreement
           and (x.answer = 'accepted' or g.kind = 'consent')), 0);
end
$$;

-- From when on somebody has to have answered what they have not answered. Volatile: it sees what was committed while it waited.
create function care.agree_by(organization uuid, account uuid) returns timestamptz
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    return (
        select min(v.effective_at) from care.agreement_version v
         where v.organization_id = organization
           and v.version > care.settled_version(organization, account, v.agreement_id));
end
$$;

-- Whoever is new has everything to answer that was published before.
create function care.begin_with_agreements() returns trigger
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    perform care.hold_agreements(new.organization_id, false);
    new.agree_by := care.agree_by(new.organization_id, new.account_id);
    return new;
end
$$;

-- What the acting member is asked, and what they answered last: each version from the one that they answered on, in each language.
-- `settled` is up to which they need not be asked.
create function care.own_agreements()
    returns table (
        agreement uuid, kind text, present integer, version integer, language text, title text, body text, changes text,
        effective_at timestamptz, published_at timestamptz, settled integer, answered integer, answer text, answered_in text,
        answered_at timestamptz
    )
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce('agreement.read' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return query
        select g.id, g.kind, p.version, v.version, v.language, v.title, v.body, v.changes, v.effective_at, v.published_at,
               s.version, x.version, x.answer, x.language, x.at
          from care.agreement g
          cross join care.present_version(g.organization_id, g.id) p (version)
          cross join care.settled_version(g.organization_id, shown.account_id, g.id) s (version)
          left join lateral (
                select a.* from care.agreement_answer a
                 where a.organization_id = g.organization_id and a.account_id = shown.account_id and a.agreement_id = g.id
                 order by a.number desc limit 1) x on true
          join care.agreement_version v on v.organization_id = g.organization_id and v.agreement_id = g.id
         where g.organization_id = shown.organization_id
           and v.version >= coalesce(least(p.version, nullif(s.version, 0), x.version), 1)
         order by g.begun_at, g.id, v.version, v.language;
end
$$;

-- Answers one version of an agreement, as the acting member: the one that counts, or one to come when that one is settled. A consent
-- that was given can be withdrawn at any time, whatever was published meanwhile. What was accepted cannot be refused. Saying the same
-- again adds nothing.
create function care.answer_agreement(agreement uuid, version integer, language text, answer text) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    g care.agreement;
    last care.agreement_answer;
    present integer;
    settled integer;
    is_right boolean;
begin
    if not coalesce('agreement.answer' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform care.hold_agreements(shown.organization_id, false);
    -- One answer of a member after the other.
    perform from care.membership m
     where m.organization_id = shown.organization_id and m.account_id = shown.account_id for update;
    select x.* into g from care.agreement x where x.organization_id = shown.organization_id and x.id = agreement;
    select x.* into last from care.agreement_answer x
     where x.organization_id = shown.organization_id and x.account_id = shown.account_id and x.agreement_id = g.id
     order by x.number desc limit 1;
    present := coalesce(care.present_version(shown.organization_id, g.id), 0);
    settled := care.settled_version(shown.organization_id, shown.account_id, g.id);
    is_right := case answer
        when 'withdrawn' then g.kind = 'consent' and last.answer in ('accepted', 'withdrawn') and version = last.version
        when 'refused' then version >= present and (version = present or settled >= present)
                            and not (last.answer is not distinct from 'accepted' and last.version >= version)
        when 'accepted' then version >= present and (version = present or settled >= present)
        end;
    if not coalesce(is_right, false) or not exists (
        select from care.agreement_version v
         where v.organization_id = shown.organization_id and v.agreement_id = g.id and v.version = answer_agreement.version
           and v.language = answer_agreement.language) then
        raise exception using errcode = '23514', message = 'not what is asked now', constraint = 'answer_is_to_what_is_asked';
    end if;
    if last.version = version and last.answer = answer then
        return;
    end if;
    insert into care.agreement_answer (
        organization_id, account_id, agreement_id, number, version, language, answer, at, opening_id)
    values (shown.organization_id, shown.account_id, g.id, coalesce(last.number, 0) + 1, answer_agreement.version,
            answer_agreement.language, answer_agreement.answer, care.clock(), shown.opening_id);
    update care.membership m set agree_by = care.agree_by(shown.organization_id, shown.account_id)
     where m.organization_id = shown.organization_id and m.account_id = shown.account_id;
end
$$;

-- Publishes an agreement, or its next version, in one language. It counts from a time on: now, if none is named; not before the
-- version that it follows, and within a year. Answers which version it is.
create function care.publish_agreement(
    agreement uuid, kind text, language text, title text, body text, changes text, effective timestamptz
) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    counts timestamptz := coalesce(effective, at);
    last care.agreement_version;
begin
    if not coalesce('agreement.publish' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform care.hold_agreements(shown.organization_id, true);
    select v.* into last from care.agreement_version v
     where v.organization_id = shown.organization_id and v.agreement_id = agreement order by v.version desc limit 1;
    if counts < at or counts > at + interval '1 year 1 day' or counts < last.effective_at then
        raise exception using errcode = '23514', message = 'time is not in the year to come',
            constraint = 'agreement_counts_within_a_year';
    end if;
    if last.version is null then
        insert into care.agreement (organization_id, id, kind, begun_at)
        values (shown.organization_id, agreement, publish_agreement.kind, at);
    end if;
    insert into care.agreement_version (
        organization_id, agreement_id, version, language, title, body, changes, effective_at, published_at, account_id)
    values (shown.organization_id, agreement, coalesce(last.version, 0) + 1, publish_agreement.language,
            publish_agreement.title, publish_agreement.body, publish_agreement.changes, counts, at, shown.account_id);
    -- Nobody has answered it yet.
    update care.membership m set agree_by = least(m.agree_by, counts) where m.organization_id = shown.organization_id;
    return coalesce(last.version, 0) + 1;
end
$$;

-- Adds another language to the last version of an agreement. Nobody is asked again for it. Answers which version that is.
create function care.translate_agreement(agreement uuid, language text, title text, body text, changes text) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    last care.agreement_version;
begin
    if not coalesce('agreement.publish' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform care.hold_agreements(shown.organization_id, true);
    select v.* into last from care.agreement_version v
     where v.organization_id = shown.organization_id and v.agreement_id = agreement order by v.version desc limit 1;
    if last.version is null then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    insert into care.agreement_version (
        organization_id, agreement_id, version, language, title, body, changes, effective_at, published_at, account_id)
    values (shown.organization_id, agreement, last.version, translate_agreement.language, translate_agreement.title,
            translate_agreement.body, translate_agreement.changes, last.effective_at, care.clock(), shown.account_id);
    return last.version;
end
$$;

-- Every version of the acting organisation's agreements, and how many of those who belong said what to it. Nobody is named.
create function care.agreement_counts()
    returns table (
        agreement uuid, kind text, version integer, languages text[], title text, effective_at timestamptz,
        members integer, accepted integer, refused integer
    )
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
begin
    if not coalesce('agreement.count' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return query
        with member as (
            select m.account_id from care.membership m
             where m.organization_id = shown.organization_id and m.since <= at and (m.until is null or m.until > at)
        ), said as (
            select distinct on (x.agreement_id, x.version, x.account_id) x.agreement_id, x.version, x.answer
              from care.agreement_answer x join member m on m.account_id = x.account_id
             where x.organization_id = shown.organization_id
             order by x.agreement_id, x.version, x.account_id, x.number desc
        )
        select g.id, g.kind, v.version, array_agg(v.language order by v.published_at, v.language),
               (array_agg(v.title order by v.published_at, v.language))[1], min(v.effective_at),
               (select count(*)::integer from member),
               (select count(*)::integer from said s
                 where s.agreement_id = g.id and s.version = v.version and s.answer = 'accepted'),
               (select count(*)::integer from said s
                 where s.agreement_id = g.id and s.version = v.version and s.answer in ('refused', 'withdrawn'))
          from care.agreement g
          join care.agreement_version v on v.organization_id = g.organization_id and v.agreement_id = g.id
         where g.organization_id = shown.organization_id
         group by g.organization_id, g.id, v.version
         order by g.begun_at, g.id, v.version desc;
end
$$;

grant execute on function
    care.own_agreements(),
    care.answer_agreement(uuid, integer, text, text),
    care.publish_agreement(uuid, text, text, text, text, text, timestamptz),
    care.translate_agreement(uuid, text, text, text, text),
    care.agreement_counts()
    to carekeep_server;

create trigger membership_begins_with_agreements before insert on care.membership
    for each row execute function care.begin_with_agreements();
