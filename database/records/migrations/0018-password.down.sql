-- The way back. Changes of address that wait are dropped: whoever wants one asks again. So are letters to addresses.

set local role carekeep_owner;
set local search_path = care;

drop table address_change;
delete from job j using letter l
 where j.kind = 'mail.send' and j.organization_id = l.organization_id and j.about_id = l.id and l.account_id is null;
delete from letter where account_id is null;
alter table guard drop column mails_links;
alter table letter
    drop constraint letter_is_to_an_account_or_an_address,
    drop constraint letter_brings_a_link_to_an_address,
    drop column sign_in_token,
    drop column link_sha256,
    alter column account_id set not null;
