drop table care.entry, care.pass, care.guard, care.act;
