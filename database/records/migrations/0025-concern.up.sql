-- One's own activity, and what somebody reports about it.
--
-- Only adds. The previous release shows nobody their own entries.

set local role carekeep_owner;
set local search_path = care;

create index entry_by_account on entry (organization_id, account_id, at) where account_id is not null;

create table concern (
    organization_id uuid        not null,
    id              uuid        not null,
    account_id      uuid        not null,
    entry_id        uuid,
    entry_at        timestamptz,
    entry_act       text,
    sealed          bytea       not null,
    at              timestamptz not null,

    primary key (organization_id, id),
    constraint concern_is_a_members
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint concern_is_short check (octet_length(sealed) <= 20000),
    constraint concern_names_an_entry_whole
        check ((entry_id is null) = (entry_at is null) and (entry_id is null) = (entry_act is null))
);
comment on table concern is
    'What somebody reports that looks wrong about their own account: about one entry of theirs, or at large. The words are sealed '
    'under the installation''s key. Added, and neither changed nor removed.';
create index concern_by_account on concern (organization_id, account_id, at);

create table concern_reply (
    organization_id uuid        not null,
    concern_id      uuid        not null,
    number          integer     not null,
    account_id      uuid        not null,
    is_closing      boolean     not null,
    sealed          bytea       not null,
    at              timestamptz not null,

    primary key (organization_id, concern_id, number),
    constraint concern_reply_is_to_a_concern
        foreign key (organization_id, concern_id) references concern (organization_id, id),
    constraint concern_reply_is_by_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint concern_reply_is_short check (octet_length(sealed) <= 20000)
);
comment on table concern_reply is
    'What whoever looks after the trail answered, and whether that closed it. The words are sealed. Added, and neither changed nor '
    'removed.';
