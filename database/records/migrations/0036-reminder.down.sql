-- The way back. What was told is told once more by a later release; nothing else is lost.

drop table care.reminder;
