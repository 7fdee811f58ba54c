-- The way back. What people vouched for is lost with it, so this refuses while there is some, unless the session says that this
-- is meant: set carekeep.destroy_attestations = 'yes' (as in PGOPTIONS='-c carekeep.destroy_attestations=yes'). The trail keeps
-- who vouched and reviewed. The operator names stewards and auditors anew after the next step up.

do $$
begin
    if exists (select from care.attestation) and current_setting('carekeep.destroy_attestations', true) is distinct from 'yes' then
        raise exception 'attestations_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.attestation_withdrawal, care.attestation_review, care.attestation, care.office;

-- Acts come with the release; those of the installation go with this step.
alter table care.act no force row level security;
delete from care.act where scope = 'installation';
alter table care.act force row level security;
alter table care.act
    drop constraint act_has_a_known_scope,
    add constraint act_has_a_known_scope
        check (scope in ('patient', 'patients', 'roster', 'directory', 'organization'));
