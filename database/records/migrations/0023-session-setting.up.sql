-- How long sessions last is a setting among the others: what comes with the release, what an organisation set otherwise within bounds.
--
-- Beside the previous release: its server asks functions, and none of them reads this table any more.

set local role carekeep_owner;
set local search_path = care;

drop table session_limit;
