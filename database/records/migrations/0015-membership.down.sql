-- The way back. What organisations set otherwise, and notices, are lost with it, so this refuses while there are some, unless the
-- session says that this is meant: set carekeep.destroy_settings = 'yes' (as in PGOPTIONS='-c carekeep.destroy_settings=yes').

do $$
begin
    if (exists (select from care.organization_setting) or exists (select from care.notice))
       and current_setting('carekeep.destroy_settings', true) is distinct from 'yes' then
        raise exception 'settings_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.notice, care.disclosed, care.organization_setting, care.setting;
