-- The way back. Who is who at a provider is lost with it, whoever has no password needs a new link, and an organisation that lets in by its
-- own provider alone is open to passwords: so this refuses while there are identities, providers or such rules, unless the session says that this is meant: set carekeep.destroy_identities = 'yes'
-- (as in PGOPTIONS='-c carekeep.destroy_identities=yes').

do $$
begin
    if (exists (select from care.identity) or exists (select from care.provider) or exists (select from care.sign_in_rule))
       and current_setting('carekeep.destroy_identities', true) is distinct from 'yes' then
        raise exception 'identities_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.federated_session, care.sign_in_flow, care.identity, care.provider, care.sign_in_rule;
