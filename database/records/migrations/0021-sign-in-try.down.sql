-- The way back. Counts of wrong passwords are lost with it: whoever was made to wait no longer waits.

drop table care.sign_in_try;
