-- Mail: letters to people who sign in, each queued by the transaction that it follows from and sent once.
--
-- Only adds. The previous release sends none, and leaves those that wait alone.

set local role carekeep_owner;
set local search_path = care;

create table letter (
    organization_id uuid        not null,
    id              uuid        not null,
    account_id      uuid        not null,
    template        text        not null,
    language        text        not null,
    sealed          bytea,
    sealed_address  bytea,
    state           text        not null default 'waiting',
    attempts        integer     not null default 0,
    queued_at       timestamptz not null,
    until           timestamptz not null,
    settled_at      timestamptz,
    last_error      text,

    primary key (organization_id, id),
    constraint letter_is_to_an_account foreign key (account_id) references account,
    constraint letter_template_is_a_name check (template ~ '^[a-z]+(-[a-z]+)*$'),
    constraint letter_language_is_a_code check (language ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),
    constraint letter_has_a_known_state check (state in ('waiting', 'sent', 'refused', 'expired')),
    constraint letter_is_emptied_when_it_is_settled check (
        (state = 'waiting') = (sealed is not null) and (state = 'waiting') = (settled_at is null)
        and (state = 'waiting' or sealed_address is null)),
    constraint letter_is_tried_for_a_while check (until > queued_at and until <= queued_at + interval '8 days'),
    constraint letter_is_short check (octet_length(sealed) <= 8192 and octet_length(sealed_address) <= 2048),
    constraint letter_error_is_a_code check (last_error ~ '^[A-Za-z0-9_.]{1,60}$')
);
comment on table letter is
    'Mail to an account: which template, and its values sealed under the installation''s key, emptied once it is sent or given up. '
    'The address is the account''s, unless one is sealed here. The nil organisation has what concerns the account alone.';
