extension DeclaredGrants {
    /// What is asked of members, and what they answer.
    static let agreements = """

        act agreement.answer: organization, carries agreement.answer, agreement.read; before agreeing
        act agreement.count: organization, asks for settings.read, carries agreement.count
        act agreement.list: organization, carries agreement.read; before agreeing
        act agreement.publish: organization, asks for settings.administer, carries agreement.count, agreement.publish; after stepping up
        carekeep_gate may select on agreement
        carekeep_gate may insert on agreement
        carekeep_gate may delete on agreement
        carekeep_gate may select on agreement_answer
        carekeep_gate may insert on agreement_answer
        carekeep_gate may delete on agreement_answer
        carekeep_gate may select on agreement_version
        carekeep_gate may insert on agreement_version
        carekeep_gate may delete on agreement_version
        carekeep_server may execute agreement_counts()
        carekeep_server may execute answer_agreement(uuid,integer,text,text)
        carekeep_server may execute own_agreements()
        carekeep_server may execute publish_agreement(uuid,text,text,text,text,text,timestamp with time zone)
        carekeep_server may execute translate_agreement(uuid,text,text,text,text)
        """
}
