-- The way back. What second persons signed is lost with it, so this refuses while there is some, unless the session says that this is
-- meant: set carekeep.destroy_countersignatures = 'yes' (as in PGOPTIONS='-c carekeep.destroy_countersignatures=yes'). PINs go, too, and
-- are chosen anew; entries of the trail stay, but no longer say on whose device it was.

do $$
begin
    if exists (select from care.countersignature)
       and current_setting('carekeep.destroy_countersignatures', true) is distinct from 'yes' then
        raise exception 'countersignatures_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.countersignature;
drop table care.pin;
alter table care.entry drop column on_device_of;
