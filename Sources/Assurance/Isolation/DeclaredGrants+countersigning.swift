extension DeclaredGrants {
    /// Two people on one device: the second one's PIN, and what they sign.
    static let countersigning = """

        act countersign.offer: patient, asks for record.write, carries countersign.offer; reached as assignment, care-team, guardian
        act countersign.sign: patient, asks for record.write, carries countersign.sign; reached as assignment, care-team, guardian
        carekeep_gate may select on countersignature
        carekeep_gate may insert on countersignature
        carekeep_gate may select on pin
        carekeep_gate may insert on pin
        carekeep_gate may delete on pin
        carekeep_server may execute countersign(bytea,integer,uuid,text,uuid,bytea,integer,bytea,bytea)
        carekeep_server may execute countersignatures(bytea)
        carekeep_server may execute offer_countersigning(bytea)
        carekeep_server may execute own_pin(uuid,bytea,text)
        carekeep_server may execute set_pin(uuid,bytea,text,text,integer,bytea,bytea)
        """
}
