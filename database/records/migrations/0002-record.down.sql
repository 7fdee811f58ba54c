drop table care.change, care.token, care.record, care.reach, care.patient;
