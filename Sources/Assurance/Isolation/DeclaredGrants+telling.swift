extension DeclaredGrants {
    /// Letters that tell what happened to an account.
    static let telling = """

        carekeep_gate may select on account_device
        carekeep_gate may delete on account_device
        carekeep_gate may insert on account_device
        carekeep_gate may insert on reminder
        carekeep_gate may select on reminder
        carekeep_server may execute remind_families(uuid,uuid,bigint,uuid[],bytea[])
        carekeep_server may execute remind_stewards(uuid,uuid,bigint,uuid[],bytea[])
        carekeep_server may execute tell_of_change(uuid,bytea,text,uuid,bytea)
        carekeep_server may execute tell_of_concern(uuid,uuid[],bytea[])
        carekeep_server may execute tell_of_device(uuid,uuid,bytea,uuid,bytea)
        """
}
