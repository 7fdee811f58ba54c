-- The way back. Whoever had a second factor signs in with the password alone after it, so this refuses while somebody has one,
-- unless the session says that this is meant: set carekeep.destroy_second_factors = 'yes' (as in
-- PGOPTIONS='-c carekeep.destroy_second_factors=yes').

do $$
begin
    if exists (select from care.second_factor)
       and current_setting('carekeep.destroy_second_factors', true) is distinct from 'yes' then
        raise exception 'second_factors_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.recovery_code, care.second_factor_offer, care.second_factor;
alter table care.session
    drop constraint session_counts_its_tries,
    drop column tries_wait_until,
    drop column tries,
    drop column second_factor_at,
    drop column second_factor_is_due,
    drop column profile;
alter table care.act drop column step_up;
