-- Whose the functions above are. All do their work as carekeep_gate, which owns nothing else and may sign in nowhere, and PUBLIC may call
-- none; each file says to whom it grants which. Only what adds tables must own them. The guard's own follow in the next file: once it
-- stands, it looks again at each change of the catalogue.

do $$
declare
    f regprocedure;
begin
    for f in select oid::regprocedure from pg_proc where pronamespace = 'care'::regnamespace loop
        execute format('revoke all on function %s from public', f);
        execute format('alter function %s owner to carekeep_gate', f);
    end loop;
end
$$;
alter function care.guard_entry(regclass) owner to carekeep_owner;
alter function care.add_months() owner to carekeep_owner;
