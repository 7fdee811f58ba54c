-- The way back. What people reported is lost with it, so this refuses while there is any, unless the session says that this is meant:
-- set carekeep.destroy_concerns = 'yes' (as in PGOPTIONS='-c carekeep.destroy_concerns=yes').

do $$
begin
    if exists (select from care.concern) and current_setting('carekeep.destroy_concerns', true) is distinct from 'yes' then
        raise exception 'concerns_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.concern_reply, care.concern;
drop index care.entry_by_account;
