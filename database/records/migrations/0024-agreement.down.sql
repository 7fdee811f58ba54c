-- The way back. What was published and who agreed to it is lost with it, so this refuses while there is any, unless the session says
-- that this is meant: set carekeep.destroy_agreements = 'yes' (as in PGOPTIONS='-c carekeep.destroy_agreements=yes').

do $$
begin
    if exists (select from care.agreement) and current_setting('carekeep.destroy_agreements', true) is distinct from 'yes' then
        raise exception 'agreements_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.agreement_answer, care.agreement_version, care.agreement;
alter table care.membership drop column agree_by;
alter table care.act drop column before_agreeing;
