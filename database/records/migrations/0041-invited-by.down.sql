-- The way back. Who asked whom is forgotten; a link that waits goes on when whoever asked leaves.

alter table care.link drop column invited_by;
