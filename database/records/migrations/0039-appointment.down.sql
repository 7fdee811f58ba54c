-- The way back. The release before knows no reach by appointment: who was let in so would be in for good or not at all, so what they have
-- ends, and is lost, with who was which Practitioner. So this refuses while there is any of it, unless the session says that this is meant:
-- set carekeep.destroy_appointments = 'yes' (as in PGOPTIONS='-c carekeep.destroy_appointments=yes').

do $$
begin
    if (exists (select from care.practitioner) or exists (select from care.reach where kind = 'appointment'))
       and current_setting('carekeep.destroy_appointments', true) is distinct from 'yes' then
        raise exception 'appointments_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

alter table care.reach no force row level security;
delete from care.reach where kind = 'appointment';
drop index care.reach_by_appointment;
alter table care.reach
    drop constraint reach_is_by_an_appointment_of_here,
    drop constraint reach_by_appointment_lasts_four_months_at_most,
    drop constraint reach_by_appointment_has_an_end,
    drop constraint reach_by_appointment_says_by_which,
    drop constraint reach_has_a_known_kind,
    add constraint reach_has_a_known_kind
        check (kind in ('guardian', 'self', 'share', 'care-team', 'assignment', 'break-glass', 'break-glass-write', 'carer',
                        'carer-reading')),
    drop column appointment_id;
alter table care.reach force row level security;
drop table care.practitioner;
