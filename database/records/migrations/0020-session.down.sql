-- The way back. Which device a session is on is lost; the session goes on.

drop table care.session_limit;
alter table care.session
    drop constraint session_device_is_short,
    drop column sealed_device;
