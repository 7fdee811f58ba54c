-- The way back. Overviews that were taken are lost with it, so this refuses while there is any, unless the session says that this is
-- meant: set carekeep.destroy_overviews = 'yes' (as in PGOPTIONS='-c carekeep.destroy_overviews=yes').

do $$
begin
    if exists (select from care.overview) and current_setting('carekeep.destroy_overviews', true) is distinct from 'yes' then
        raise exception 'overviews_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.overview_cell, care.overview;
