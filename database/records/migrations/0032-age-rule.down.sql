-- The way back. The rows come with the release, so nothing is lost.

drop table care.age_rule;
