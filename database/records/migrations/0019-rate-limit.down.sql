-- The way back. Nothing that anybody misses.

drop table care.spending;
