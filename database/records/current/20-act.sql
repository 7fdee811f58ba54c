-- What can be done. `powers` are what policies ask for; `reach` and `permission` are what the gate asks for; `roles` are offices,
-- for the scope `installation` alone. What each role permits stands in 25-role.sql.
-- A share reads, and so does a carer who is let in to read; guardians, the patients themselves, other carers, and those who treat them
-- also write. (ROL-1, ROL-2, ROL-3)

delete from care.act;
insert into care.act (name, scope, permission, powers, reach) values
    ('record.read', 'patient', 'record.read', '{record.read}', '{guardian,self,share,care-team,assignment,carer,carer-reading}'),
    ('record.history', 'patient', 'record.read', '{record.read,version.read}', '{guardian,self,share,care-team,assignment,carer,carer-reading}'),
    ('record.search', 'patient', 'record.read', '{record.read}', '{guardian,self,share,care-team,assignment,carer,carer-reading}'),
    -- A search's further pages, which go by what records were at the first one; and what it includes of the directory.
    ('record.browse', 'patient', 'record.read', '{record.read,version.read,directory.read}',
        '{guardian,self,share,care-team,assignment,carer,carer-reading}'),
    ('record.create', 'patient', 'record.write', '{record.write}', '{guardian,self,care-team,assignment,carer}'),
    -- By whom it is about, for themselves.
    ('record.keep-private', 'patient', 'record.write', '{record.write,record.keep-private}', '{self}'),
    ('record.create.several', 'patients', 'record.write', '{record.write}', '{guardian,self,care-team,assignment,carer}'),
    ('record.update', 'patient', 'record.write', '{record.read,record.write,record.change}',
        '{guardian,self,care-team,assignment,carer}'),
    ('record.delete', 'patient', 'record.write', '{record.read,record.write,record.change,record.delete}',
        '{guardian,self,care-team,assignment,carer}'),
    ('patient.history', 'patient', 'record.read', '{record.read,version.read}', '{guardian,self,share,care-team,assignment,carer,carer-reading}'),
    ('patient.everything', 'patient', 'record.export', '{record.read,directory.read}',
        '{guardian,self,share,care-team,assignment,carer,carer-reading}'),
    ('patient.create', 'patients', 'record.write', '{record.write,patient.write,reach.write}', '{}'),
    ('bundle.write', 'patients', 'record.write',
        '{record.read,record.write,record.change,record.delete,patient.write,reach.write}',
        '{guardian,self,care-team,assignment,carer}'),
    -- A record to another patient; and all of them, of somebody who turns out to be somebody else.
    ('record.move', 'patients', 'record.administer', '{record.read,version.read,record.write,record.change,record.move}',
        '{guardian,self,care-team,assignment}'),
    ('patient.merge', 'patients', 'record.administer',
        '{record.read,version.read,record.write,record.change,record.move,patient.merge}',
        '{guardian,self,care-team,assignment}'),
    ('patient.list', 'roster', 'record.read', '{roster.read}', '{}'),
    ('patient.search', 'roster', 'record.read', '{roster.read}', '{}'),
    ('patient.browse', 'roster', 'record.read', '{roster.read,version.read}', '{}'),
    ('trail.read', 'patient', 'trail.read', '{entry.read,member.read,record.read}', '{guardian,self}'),
    ('reach.read', 'patient', 'sharing.read', '{carer.read,reach.read,member.read,record.read,entry.read}', '{guardian,self}'),
    ('reach.share', 'patient', 'sharing.write', '{reach.read,reach.share,member.read}', '{guardian,self}'),
    ('reach.withdraw', 'patient', 'sharing.write', '{reach.read,reach.withdraw,member.read}', '{guardian,self}'),
    -- Whoever keeps a record asks somebody to be a carer, too.
    ('carer.invite', 'patient', 'sharing.write', '{carer.invite}', '{guardian,self}'),
    ('carer.withdraw', 'patient', 'sharing.write', '{carer.withdraw}', '{guardian,self}'),
    -- And a clinician of elsewhere to read it.
    ('guest.invite', 'patient', 'sharing.write', '{guest.invite}', '{guardian,self}'),
    -- Whoever it is about lets somebody who looked after them go on when they are grown up.
    ('carer.keep', 'patient', 'sharing.write', '{carer.keep}', '{self}'),
    -- For a safeguarding reason: at once, and so without showing again who is there. To let in again takes that.
    ('carer.pause', 'patient', 'sharing.write', '{carer.pause}', '{guardian,self}'),
    ('carer.resume', 'patient', 'sharing.write', '{carer.resume}', '{guardian,self}'),
    -- Who treats somebody lets colleagues in, and out.
    ('reach.team', 'patient', 'sharing.read', '{reach.read,member.read}', '{guardian,self,care-team,assignment}'),
    ('reach.give', 'patient', 'sharing.write', '{reach.give,member.read}', '{guardian,care-team,assignment}'),
    ('reach.end', 'patient', 'sharing.write', '{reach.end,member.read}', '{guardian,care-team,assignment}'),
    ('directory.read', 'directory', 'directory.read', '{directory.read}', '{}'),
    ('directory.search', 'directory', 'directory.read', '{directory.read}', '{}'),
    ('directory.browse', 'directory', 'directory.read', '{directory.read,version.read}', '{}'),
    ('directory.history', 'directory', 'directory.read', '{directory.read,version.read}', '{}'),
    ('directory.create', 'directory', 'directory.write', '{directory.write}', '{}'),
    ('member.list', 'organization', 'member.read', '{member.read,role.read}', '{}'),
    ('member.add', 'organization', 'member.administer', '{member.read,member.add}', '{}'),
    ('member.change-roles', 'organization', 'member.administer', '{member.read,role.read,member.change}', '{}'),
    ('member.end', 'organization', 'member.administer', '{member.read,member.end}', '{}'),
    ('member.end-sessions', 'organization', 'member.administer', '{member.read,session.end}', '{}'),
    -- Everybody may leave.
    ('member.leave', 'organization', null, '{member.leave}', '{}'),
    -- Which member a Practitioner of the directory is.
    ('practitioner.list', 'organization', 'member.read', '{practitioner.read,member.read,directory.read}', '{}'),
    ('practitioner.link', 'organization', 'member.administer', '{practitioner.link}', '{}'),
    -- Where members may sign in besides by password.
    ('provider.list', 'organization', 'sign-in.read', '{provider.read}', '{}'),
    ('provider.change', 'organization', 'sign-in.administer', '{provider.read,provider.change}', '{}'),
    ('notice.list', 'organization', 'member.administer', '{notice.read,member.read}', '{}'),
    ('settings.list', 'organization', 'settings.read', '{settings.read}', '{}'),
    ('settings.change', 'organization', 'settings.administer', '{settings.read,settings.change}', '{}'),
    -- In an emergency: to be told the terms, to open a record, to see what others opened, and to say whether it was right.
    ('break-glass.offer', 'organization', 'emergency.write', '{break-glass.offer}', '{}'),
    ('break-glass.open', 'organization', 'emergency.write', '{break-glass.open}', '{}'),
    ('break-glass.list', 'organization', 'emergency.administer', '{break-glass.read,entry.read,member.read}', '{}'),
    ('break-glass.review', 'organization', 'emergency.administer', '{break-glass.review}', '{}'),
    -- The organisation's own roles.
    ('role.make', 'organization', 'role.administer', '{role.read,role.make}', '{}'),
    ('role.change', 'organization', 'role.administer', '{role.read,role.change}', '{}'),
    ('role.end', 'organization', 'role.administer', '{role.read,role.end}', '{}');

-- What is done for the installation takes an office of it, whatever somebody is in their organisation.
insert into care.act (name, scope, powers, roles) values
    ('attestation.list', 'installation', '{attestation.read}', '{steward,auditor}'),
    ('attestation.evidence', 'installation', '{attestation.file}', '{steward,auditor}'),
    ('attestation.make', 'installation', '{attestation.make}', '{steward}'),
    ('attestation.review', 'installation', '{attestation.review}', '{steward}'),
    ('attestation.withdraw', 'installation', '{attestation.withdraw}', '{steward}'),
    ('probe.read', 'installation', '{probe.read}', '{steward,auditor}');

-- What these acts are when the record is of the directory.
update care.act set directory_powers = '{directory.read}', directory_permission = 'directory.read'
 where name = 'record.read';
update care.act set directory_powers = '{directory.read,version.read}', directory_permission = 'directory.read'
 where name = 'record.history';
update care.act set directory_powers = '{directory.read,directory.write,directory.change}',
                    directory_permission = 'directory.write'
 where name in ('record.update', 'bundle.write');
update care.act set directory_powers = '{directory.read,directory.write,directory.change,record.delete}',
                    directory_permission = 'directory.write'
 where name = 'record.delete';

-- What somebody let in by an emergency may do: read; and, where the organisation says so, add and correct. (ROL-8)
update care.act set reach = reach || '{break-glass,break-glass-write}'
 where name in ('record.read', 'record.history', 'record.search', 'record.browse', 'patient.history');
update care.act set reach = reach || '{break-glass-write}' where name in ('record.create', 'record.update');

-- Whom an appointment lets in may, around it, what the team may, but for moving records. (ROL-3)
update care.act set reach = reach || '{appointment}'
 where name in ('record.read', 'record.history', 'record.search', 'record.browse', 'record.create', 'record.create.several',
                'record.update', 'record.delete', 'patient.history', 'patient.everything', 'bundle.write', 'reach.team');

-- What is grave takes that the session showed within five minutes who is there. (ACC-1)
update care.act set step_up = true
 where name in ('reach.share', 'carer.invite', 'carer.keep', 'carer.resume', 'guest.invite', 'member.add', 'member.change-roles',
                'member.end', 'practitioner.link', 'provider.change', 'role.make', 'role.change', 'role.end', 'settings.change', 'break-glass.offer',
                'break-glass.open', 'record.move', 'patient.merge', 'patient.everything', 'attestation.make', 'attestation.review');

revoke all on care.act from carekeep_server, carekeep_keykeeper;
grant select on care.act to carekeep_gate;
alter table care.act enable row level security;
alter table care.act force row level security;
create policy act_read_by_the_gate on care.act for select to carekeep_gate using (true);
