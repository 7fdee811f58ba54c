-- The way back. Whoever was told is told once more by a later release; nothing else is lost.

alter table care.growing_up drop column told_of;
