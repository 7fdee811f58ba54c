-- Links: who asked somebody to join, so that what they began ends with them.
--
-- Only adds. The previous release says of nobody who asked; such links go on.

set local role carekeep_owner;
set local search_path = care;

alter table link
    add column invited_by uuid,
    add constraint link_is_from_a_member
        foreign key (organization_id, invited_by) references membership (organization_id, account_id);
comment on column link.invited_by is 'The member who added this one; null if the operator did, or whoever asked for it themselves. (ACC-6)';
create index link_by_inviter on link (organization_id, invited_by) where used_at is null and invited_by is not null;
