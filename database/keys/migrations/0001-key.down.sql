-- The way back: no key store. Every record becomes unreadable for good, so this refuses while a key is left, unless the
-- session says that this is meant: set carekeep.destroy_keys = 'yes'.

set local search_path = keys, pg_temp;

-- Else a forced policy would hide the keys from whoever counts them.
alter table organization_key no force row level security;
alter table organization_key disable row level security;

do $$
begin
    if exists (select from keys.organization_key where wrapped is not null)
       and current_setting('carekeep.destroy_keys', true) is distinct from 'yes'
    then
        raise exception 'key_store_is_not_thrown_away_while_it_holds_a_key'
            using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

-- With what current/key.sql put beside the tables, if it is still there.
drop schema keys cascade;
