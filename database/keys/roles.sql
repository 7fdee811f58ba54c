-- The roles of the key store. May be run any number of times, before the first migration, by whoever may make roles.
--
-- carekeep_owner owns the tables, carekeep_gate the functions; neither signs in, and neither passes row-level security.
-- carekeep_keykeeper signs in, and may do nothing but call those functions.

do $$
declare
    missing text;
begin
    for missing in
        select name
          from unnest(array['carekeep_owner', 'carekeep_gate', 'carekeep_keykeeper']) as name
         where not exists (select from pg_catalog.pg_roles where rolname = name)
    loop
        begin
            execute format('create role %I', missing);
        exception
            when duplicate_object or unique_violation then null;  -- Two stores of one cluster, set up side by side.
        end;
    end loop;
end
$$;

alter role carekeep_owner     nologin noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role carekeep_gate      nologin noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role carekeep_keykeeper login   noinherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls;

-- A key is durable before the first record it seals, whatever the server's default; and nobody waits long for one.
alter role carekeep_keykeeper set synchronous_commit = on;
alter role carekeep_keykeeper set statement_timeout = '5s';
alter role carekeep_keykeeper set lock_timeout = '2s';
alter role carekeep_keykeeper set idle_in_transaction_session_timeout = '5s';

-- Only the keykeeper comes in.
do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to carekeep_keykeeper', current_database());
end
$$;

revoke all on schema public from public;
