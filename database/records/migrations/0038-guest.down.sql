-- The way back. The release before knows no guests. Invitations to them that wait end, and are lost with those that were answered, and so
-- does what guests can read; so this refuses while there is a guest or such an invitation, unless the session says that this is meant:
-- set carekeep.destroy_guests = 'yes' (as in PGOPTIONS='-c carekeep.destroy_guests=yes').

do $$
begin
    if (exists (select from care.membership where 'guest' = any (roles)) or exists (select from care.invitation where kind = 'share'))
       and current_setting('carekeep.destroy_guests', true) is distinct from 'yes' then
        raise exception 'guests_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

alter table care.link no force row level security;
alter table care.invitation no force row level security;
alter table care.reach no force row level security;
alter table care.session no force row level security;
alter table care.membership no force row level security;
update care.link l set used_at = clock_timestamp()
  from care.invitation i
 where i.organization_id = l.organization_id and i.link_sha256 = l.secret_sha256 and i.kind = 'share' and l.used_at is null;
delete from care.invitation where kind = 'share';
update care.session s set ended_at = clock_timestamp()
  from care.membership m
 where m.organization_id = s.organization_id and m.account_id = s.account_id and m.roles = '{guest}' and s.ended_at is null;
update care.reach r set withdrawn_at = clock_timestamp()
  from care.membership m
 where m.organization_id = r.organization_id and m.account_id = r.account_id and m.roles = '{guest}' and r.withdrawn_at is null;
-- Somebody has to be something: who was a guest alone was a member once.
update care.membership m
   set roles = case when m.roles = '{guest}' then '{member}' else array_remove(m.roles, 'guest') end,
       until = case when m.roles <> '{guest}' or m.until <= clock_timestamp() then m.until
                    else greatest(clock_timestamp(), case when m.since < 'infinity' then m.since end) end,
       since = case when m.roles = '{guest}' then least(m.since, clock_timestamp() - interval '1 second') else m.since end
 where 'guest' = any (m.roles);
alter table care.membership
    drop constraint membership_has_known_roles,
    add constraint membership_has_known_roles check (
        roles <@ array[
            'owner', 'admin', 'member', 'caregiver', 'patient', 'teen', 'clinician', 'staff', 'researcher',
            'data-governance-officer', 'principal-investigator', 'safety-monitor', 'auditor', 'privacy-officer']);
alter table care.role
    drop constraint role_is_not_called_like_a_built_in_one,
    add constraint role_is_not_called_like_a_built_in_one check (
        replace(name, ' ', '-') <> all (array[
            'owner', 'admin', 'member', 'caregiver', 'patient', 'teen', 'clinician', 'staff', 'researcher',
            'data-governance-officer', 'principal-investigator', 'safety-monitor', 'auditor', 'privacy-officer']));
alter table care.invitation
    drop constraint invitation_to_a_guest_has_an_end,
    drop constraint invitation_to_a_carer_says_by_what_right,
    drop constraint invitation_to_a_guest_says_what_for,
    drop constraint invitation_has_a_known_purpose,
    drop constraint invitation_to_ones_own_is_on_that_basis,
    drop constraint invitation_is_of_a_known_kind,
    add constraint invitation_is_to_be_a_carer check (kind in ('guardian', 'carer', 'carer-reading', 'self')),
    add constraint invitation_to_ones_own_is_on_that_basis check ((kind = 'self') = (basis = 'own-record')),
    alter column basis set not null,
    drop column purpose;
comment on table care.invitation is
    'That somebody is asked to be a carer of a patient: as what, for which kinds of record, on what basis, until when. The link that '
    'accepts it stands in `link`; what its page says of names is sealed. (ROL-1)';
alter table care.membership force row level security;
alter table care.session force row level security;
alter table care.reach force row level security;
alter table care.invitation force row level security;
alter table care.link force row level security;
