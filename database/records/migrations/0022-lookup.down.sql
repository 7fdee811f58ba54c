-- The way back. Nothing is lost with it.

drop index care.federated_session_by_provider, care.link_by_account, care.letter_by_account, care.session_by_account,
    care.membership_by_account;
