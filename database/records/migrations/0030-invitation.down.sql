-- The way back. Invitations are lost with it, and carers are let out: the release before knows none. So this refuses while there is one,
-- unless the session says that this is meant: set carekeep.destroy_carers = 'yes' (as in PGOPTIONS='-c carekeep.destroy_carers=yes').
-- Those who keep the record stay.

do $$
begin
    if (exists (select from care.invitation)
        or exists (select from care.reach r where r.kind in ('carer', 'carer-reading') or r.basis is not null))
       and current_setting('carekeep.destroy_carers', true) is distinct from 'yes' then
        raise exception 'carers_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

alter table care.link no force row level security;
alter table care.reach no force row level security;
update care.link l set used_at = clock_timestamp()
  from care.invitation i
 where i.organization_id = l.organization_id and i.link_sha256 = l.secret_sha256 and l.used_at is null;
drop table care.invitation;
delete from care.reach where kind in ('carer', 'carer-reading');
alter table care.reach
    drop constraint reach_has_a_known_basis,
    drop column basis,
    drop constraint reach_has_a_known_kind,
    add constraint reach_has_a_known_kind check (
        kind in ('guardian', 'self', 'share', 'care-team', 'assignment', 'break-glass', 'break-glass-write'));
alter table care.reach force row level security;
alter table care.link force row level security;
