-- Signing in at somebody else's: OpenID Connect providers, who is who there, and the visits to them.
--
-- Only adds.

set local role carekeep_owner;
set local search_path = care;

create table provider (
    organization_id uuid        not null,
    id              uuid        not null,
    sealed          bytea       not null,
    admits          text[]      not null default '{}',
    since           timestamptz not null,
    until           timestamptz,

    primary key (organization_id, id),
    constraint provider_makes_no_owner check (not 'owner' = any (admits)),
    constraint provider_of_everybody_admits_nobody
        check (organization_id <> '00000000-0000-0000-0000-000000000000' or cardinality(admits) = 0),
    constraint provider_is_short check (octet_length(sealed) <= 65536)
);
comment on table provider is
    'Where members may sign in by OpenID Connect, of one organisation or (the nil organisation) of the installation. Its settings and '
    'its secret are sealed under the installation''s key. A provider may make members of the roles in admits, by a claim; of none if empty.';

create table identity (
    organization_id uuid        not null,
    provider_id     uuid        not null,
    subject_token   bytea       not null,
    account_id      uuid        not null,
    since           timestamptz not null,

    primary key (organization_id, provider_id, subject_token),
    constraint identity_is_at_a_provider foreign key (organization_id, provider_id) references provider,
    constraint identity_is_of_an_account foreign key (account_id) references account,
    constraint identity_token_is_32_bytes check (octet_length(subject_token) = 32)
);
comment on table identity is
    'Who somebody is at a provider: a keyed token of issuer and subject, never an e-mail address, and the account that it signs in to.';

create table sign_in_flow (
    organization_id uuid        not null,
    provider_id     uuid        not null,
    secret_sha256   bytea       not null,
    until           timestamptz not null,
    returned_at     timestamptz,
    subject_token   bytea,
    done_at         timestamptz,

    primary key (organization_id, provider_id, secret_sha256),
    constraint sign_in_flow_leads_to_a_provider foreign key (organization_id, provider_id) references provider,
    constraint sign_in_flow_keeps_a_hash_of_its_secret check (octet_length(secret_sha256) = 32),
    constraint sign_in_flow_offers_who_returned check (subject_token is null or returned_at is not null)
);
comment on table sign_in_flow is
    'A visit to a provider: begun, returned from once, and done once, within ten minutes. Its secret is in the visitor''s cookie; here is '
    'its SHA-256. With a subject: nobody was known by it, and it waits for somebody to prove whose it is.';

create table federated_session (
    organization_id uuid  not null,
    session_id      uuid  not null,
    provider_id     uuid  not null,
    subject_token   bytea not null,
    sid_token       bytea,

    primary key (organization_id, session_id),
    constraint federated_session_is_a_session
        foreign key (organization_id, session_id) references session on delete cascade
);
comment on table federated_session is
    'Which sessions were begun at a provider, by whom there and in which of its sessions (keyed tokens), so that it can end them.';
create index federated_session_by_subject on federated_session (provider_id, subject_token);

create table sign_in_rule (
    organization_id uuid        not null,
    since           timestamptz not null,

    primary key (organization_id),
    constraint sign_in_rule_is_of_an_organization foreign key (organization_id) references organization
);
comment on table sign_in_rule is
    'Organisations whose members sign in at its own providers alone. Owners keep their passwords, so that no provider can lock all out.';
