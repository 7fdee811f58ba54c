-- The way back. Letters that wait are not sent; whoever waits for one asks again, or gets a link by hand.

delete from care.job where kind = 'mail.send';
drop table care.letter;
