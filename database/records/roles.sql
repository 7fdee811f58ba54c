-- The roles of the records store. Run before every migration; creates what is missing and repairs attributes.
--
-- carekeep_owner      owns the tables, cannot sign in, has no policy: FORCE binds it, so it sees no row.
-- carekeep_gate       owns the functions that decide, cannot sign in, does not bypass row security.
-- carekeep_server     the web server's. Reads nothing without a pass.
-- carekeep_keykeeper  the keykeeper's. May ask whether a pass vouches for a subject, and nothing else.

do $$
declare
    wanted text;
begin
    foreach wanted in array array['carekeep_owner', 'carekeep_gate', 'carekeep_server', 'carekeep_keykeeper'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            execute format('create role %I', wanted);
        end if;
    end loop;
end
$$;

alter role carekeep_owner nologin nosuperuser nobypassrls nocreatedb nocreaterole noreplication noinherit;
alter role carekeep_gate nologin nosuperuser nobypassrls nocreatedb nocreaterole noreplication noinherit;
alter role carekeep_server login nosuperuser nobypassrls nocreatedb nocreaterole noreplication noinherit;
alter role carekeep_keykeeper login nosuperuser nobypassrls nocreatedb nocreaterole noreplication noinherit;
