extension DeclaredGrants {
    /// What tokens of programs take.
    static let ofTokens = """

        carekeep_gate may select on refresh_token
        carekeep_gate may insert on refresh_token
        carekeep_gate may update on refresh_token (next_sha256, salt, used_at)
        carekeep_gate may select on token_key
        carekeep_gate may insert on token_key
        carekeep_gate may delete on token_key
        carekeep_server may execute grant_access(uuid,bytea,bytea,bytea,interval)
        carekeep_server may execute refresh_access(uuid,bytea,bytea,bytea,bytea,interval,integer,bytea,bytea)
        carekeep_server may execute token_keys()
        carekeep_server may execute add_token_key(uuid,bytea)
        """
}
