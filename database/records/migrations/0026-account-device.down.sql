-- The way back. Which devices were seen is lost with it: the next sign-in counts as the first.

drop table care.account_device;
