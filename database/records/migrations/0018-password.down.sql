-- The way back. Changes of address that wait are dropped: whoever wants one asks again. So are letters to addresses.

drop table care.address_change;
-- Not as the owner, whom forced row security shows no row.
delete from care.job j using care.letter l
 where j.kind = 'mail.send' and j.organization_id = l.organization_id and j.about_id = l.id and l.account_id is null;
delete from care.letter where account_id is null;
alter table care.guard drop column mails_links;
alter table care.letter
    drop constraint letter_is_to_an_account_or_an_address,
    drop constraint letter_brings_a_link_to_an_address,
    drop column sign_in_token,
    drop column link_sha256,
    alter column account_id set not null;
