alter table care.version drop column written_in;
alter table care.record drop column written_in;
