-- Lookups by account or by a provider's session, which no index served: each read everybody's rows.
--
-- Only adds. None of them tells anybody anything: the gate alone reads these tables across organisations.

set local role carekeep_owner;
set local search_path = care;

create index membership_by_account on membership (account_id);
create index session_by_account on session (account_id) where ended_at is null;
create index letter_by_account on letter (account_id, queued_at) where sign_in_token is not null;
create index link_by_account on link (account_id) where used_at is null;
create index federated_session_by_provider on federated_session (provider_id, sid_token);
