-- What can be done. `powers` are what policies ask for; `reach` and `roles` are what the gate asks for; the roles of the scope
-- `installation` are offices.
-- A share reads; guardians, the patients themselves, and those who care for them also write. (ROL-1, ROL-2, ROL-3)

delete from care.act;
insert into care.act (name, scope, powers, reach, roles) values
    ('record.read', 'patient', '{record.read}', '{guardian,self,share,care-team,assignment}', '{}'),
    ('record.history', 'patient', '{record.read,version.read}', '{guardian,self,share,care-team,assignment}', '{}'),
    ('record.search', 'patient', '{record.read}', '{guardian,self,share,care-team,assignment}', '{}'),
    -- A search's further pages, which go by what records were at the first one; and what it includes of the directory.
    ('record.browse', 'patient', '{record.read,version.read,directory.read}',
        '{guardian,self,share,care-team,assignment}', '{}'),
    ('record.create', 'patient', '{record.write}', '{guardian,self,care-team,assignment}', '{}'),
    ('record.create.several', 'patients', '{record.write}', '{guardian,self,care-team,assignment}',
        '{owner,admin,caregiver,patient,clinician,staff}'),
    ('record.update', 'patient', '{record.read,record.write,record.change}', '{guardian,self,care-team,assignment}', '{}'),
    ('record.delete', 'patient', '{record.read,record.write,record.change,record.delete}',
        '{guardian,self,care-team,assignment}', '{}'),
    ('patient.history', 'patient', '{record.read,version.read}', '{guardian,self,share,care-team,assignment}', '{}'),
    ('patient.everything', 'patient', '{record.read,directory.read}',
        '{guardian,self,share,care-team,assignment}', '{}'),
    ('patient.create', 'patients', '{record.write,patient.write,reach.write}', '{}',
        '{owner,admin,caregiver,patient,clinician,staff}'),
    ('bundle.write', 'patients',
        '{record.read,record.write,record.change,record.delete,patient.write,reach.write}',
        '{guardian,self,care-team,assignment}', '{owner,admin,caregiver,patient,clinician,staff}'),
    -- A record to another patient; and all of them, of somebody who turns out to be somebody else.
    ('record.move', 'patients', '{record.read,version.read,record.write,record.change,record.move}',
        '{guardian,self,care-team,assignment}', '{owner,admin,caregiver,clinician,staff}'),
    ('patient.merge', 'patients', '{record.read,version.read,record.write,record.change,record.move,patient.merge}',
        '{guardian,self,care-team,assignment}', '{owner,admin,caregiver,clinician,staff}'),
    ('patient.list', 'roster', '{roster.read}', '{}', '{}'),
    ('patient.search', 'roster', '{roster.read}', '{}', '{}'),
    ('patient.browse', 'roster', '{roster.read,version.read}', '{}', '{}'),
    ('trail.read', 'patient', '{entry.read,member.read,record.read}', '{guardian,self}', '{}'),
    ('reach.read', 'patient', '{reach.read,member.read,record.read,entry.read}', '{guardian,self}', '{}'),
    ('reach.share', 'patient', '{reach.read,reach.share,member.read}', '{guardian,self}', '{}'),
    ('reach.withdraw', 'patient', '{reach.read,reach.withdraw,member.read}', '{guardian,self}', '{}'),
    ('directory.read', 'directory', '{directory.read}', '{}', '{}'),
    ('directory.search', 'directory', '{directory.read}', '{}', '{}'),
    ('directory.browse', 'directory', '{directory.read,version.read}', '{}', '{}'),
    ('directory.history', 'directory', '{directory.read,version.read}', '{}', '{}'),
    ('directory.create', 'directory', '{directory.write}', '{}', '{owner,admin,caregiver,clinician,staff}'),
    ('member.list', 'organization', '{member.read}', '{}', '{}'),
    ('member.add', 'organization', '{member.read,member.add}', '{}', '{owner,admin}'),
    -- What is done for the installation takes an office of it, whatever somebody is in their organisation.
    ('attestation.list', 'installation', '{attestation.read}', '{}', '{steward,auditor}'),
    ('attestation.evidence', 'installation', '{attestation.file}', '{}', '{steward,auditor}'),
    ('attestation.make', 'installation', '{attestation.make}', '{}', '{steward}'),
    ('attestation.review', 'installation', '{attestation.review}', '{}', '{steward}'),
    ('attestation.withdraw', 'installation', '{attestation.withdraw}', '{}', '{steward}'),
    ('probe.read', 'installation', '{probe.read}', '{}', '{steward,auditor}');

-- What these acts are when the record is of the directory.
update care.act set directory_powers = '{directory.read}' where name = 'record.read';
update care.act set directory_powers = '{directory.read,version.read}' where name = 'record.history';
update care.act set directory_powers = '{directory.read,directory.write,directory.change}',
                    directory_roles = '{owner,admin,caregiver,clinician,staff}'
 where name = 'record.update';
update care.act set directory_powers = '{directory.read,directory.write,directory.change,record.delete}',
                    directory_roles = '{owner,admin,caregiver,clinician,staff}'
 where name = 'record.delete';
update care.act set directory_powers = '{directory.read,directory.write,directory.change}',
                    directory_roles = '{owner,admin,caregiver,clinician,staff}'
 where name = 'bundle.write';

-- What is grave takes that the session showed within five minutes who is there. (ACC-1)
update care.act set step_up = true
 where name in ('reach.share', 'member.add', 'record.move', 'patient.merge', 'attestation.make', 'attestation.review');

revoke all on care.act from carekeep_server, carekeep_keykeeper;
grant select on care.act to carekeep_gate;
alter table care.act enable row level security;
alter table care.act force row level security;
create policy act_read_by_the_gate on care.act for select to carekeep_gate using (true);
