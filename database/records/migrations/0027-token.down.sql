-- The way back. Refresh tokens are lost: programs sign in again once their session is over. Access tokens are no longer taken.

drop table care.token_key;
drop table care.refresh_token;
alter table care.session drop column access_until;
