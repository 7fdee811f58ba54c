extension DeclaredGrants {
    /// One's own activity, and what is reported about it.
    static let activity = """

        act activity.read: organization, carries activity.read, concern.read
        act concern.answer: organization, asks for trail.administer, carries concern.answer, concern.list
        act concern.list: organization, asks for trail.administer, carries concern.list, member.read
        act concern.report: organization, carries activity.read, concern.report
        carekeep_gate may select on concern
        carekeep_gate may insert on concern
        carekeep_gate may select on concern_reply
        carekeep_gate may insert on concern_reply
        carekeep_gate may select on entry (account_id, act, at, granted, id, opened_in, opening_id, organization_id, patient_id, refusal, session_id)
        carekeep_server may execute answer_concern(uuid,boolean,bytea)
        carekeep_server may execute concerns()
        carekeep_server may execute own_entries(timestamp with time zone,uuid,integer)
        carekeep_server may execute report_concern(uuid,uuid,timestamp with time zone,bytea)
        """
}
