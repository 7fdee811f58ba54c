-- The way back. The release before knows no such invitations, and hands nothing over on a day: those that wait end, ends that reach has
-- already stay, and whoever has an account of their own keeps it. When each of them grows up is lost, so this refuses while it is known of
-- anybody, unless the session says that this is meant: set carekeep.destroy_growing_up = 'yes'
-- (as in PGOPTIONS='-c carekeep.destroy_growing_up=yes').

do $$
begin
    if exists (select from care.growing_up)
       and current_setting('carekeep.destroy_growing_up', true) is distinct from 'yes' then
        raise exception 'growing_up_is_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

alter table care.link no force row level security;
alter table care.invitation no force row level security;
alter table care.reach no force row level security;
update care.link l set used_at = clock_timestamp()
  from care.invitation i
 where i.organization_id = l.organization_id and i.link_sha256 = l.secret_sha256 and i.kind = 'self' and l.used_at is null;
delete from care.invitation where kind = 'self';
update care.reach set basis = null where basis = 'own-record';
drop table care.growing_up;
alter table care.invitation
    drop constraint invitation_to_ones_own_is_on_that_basis,
    drop constraint invitation_has_a_known_basis,
    add constraint invitation_has_a_known_basis
        check (basis in ('parental-responsibility', 'court-order', 'foster-care', 'agreement', 'helping-out')),
    drop constraint invitation_to_keep_it_is_whole,
    add constraint invitation_to_keep_it_is_whole check (kinds is null or kind <> 'guardian'),
    drop constraint invitation_is_to_be_a_carer,
    add constraint invitation_is_to_be_a_carer check (kind in ('guardian', 'carer', 'carer-reading'));
alter table care.reach
    drop constraint reach_has_a_known_basis,
    add constraint reach_has_a_known_basis
        check (basis in ('parental-responsibility', 'court-order', 'foster-care', 'agreement', 'helping-out'));
alter table care.age_rule drop column opens_account, drop column hands_over;
alter table care.reach force row level security;
alter table care.invitation force row level security;
alter table care.link force row level security;
