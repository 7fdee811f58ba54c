extension DeclaredGrants {
    /// Reach by appointment, and which member a practitioner of the directory is.
    static let appointments = """

        act practitioner.link: organization, asks for member.administer, carries practitioner.link; after stepping up
        act practitioner.list: organization, asks for member.read, carries directory.read, member.read, practitioner.read
        carekeep_gate may insert on practitioner
        carekeep_gate may select on practitioner
        carekeep_gate may update on practitioner (until)
        carekeep_server may select on practitioner
        carekeep_server may execute link_practitioner(bytea,uuid)
        carekeep_server may execute keep_appointment(uuid,bytea[],timestamp with time zone,timestamp with time zone)
        """
}
