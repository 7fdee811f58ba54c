drop table care.link, care.session, care.membership, care.account, care.organization;
drop schema care;
