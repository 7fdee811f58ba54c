/// What is declared for families: kinds of record, invitations of carers.
extension DeclaredGrants {
    static let family = """
        act carer.invite: patient, asks for sharing.write, carries carer.invite; reached as guardian, self; after stepping up
        act guest.invite: patient, asks for sharing.write, carries guest.invite; reached as guardian, self; after stepping up
        being guest in clinic, family, operations (offered in ): record.read
        act carer.keep: patient, asks for sharing.write, carries carer.keep; reached as self; after stepping up
        act carer.pause: patient, asks for sharing.write, carries carer.pause; reached as guardian, self
        act carer.resume: patient, asks for sharing.write, carries carer.resume; reached as guardian, self; after stepping up
        act carer.withdraw: patient, asks for sharing.write, carries carer.withdraw; reached as guardian, self
        carekeep_gate may select on age_rule
        carekeep_server may execute age_rules()
        act record.keep-private: patient, asks for record.write, carries record.keep-private, record.write; reached as self
        carekeep_server may execute acting_private_patients()
        carekeep_gate may select on growing_up
        carekeep_gate may insert on growing_up
        carekeep_gate may update on growing_up (grown_up_at, hands_over_at, planned_by, told_of)
        carekeep_server may select on growing_up (grown_up_at, hands_over_at, organization_id, patient_id)
        carekeep_server may execute plan_growing_up(date)
        carekeep_server may execute keep_carer(uuid,text)
        carekeep_gate may select on invitation
        carekeep_gate may insert on invitation
        carekeep_gate may update on invitation (outcome, reach_until, settled_at)
        carekeep_gate may select on pause
        carekeep_gate may insert on pause
        carekeep_gate may update on pause (ended_at, ended_by)
        carekeep_server may select on pause
        carekeep_server may execute own_pauses(uuid,bytea,text)
        carekeep_server may execute pause_carer(uuid,uuid,uuid,bytea,bytea)
        carekeep_server may execute resume_carer(uuid)
        carekeep_server may select on invitation \
        (account_id, basis, id, kind, kinds, made_at, organization_id, outcome, patient_id, purpose, reach_until, settled_at, until)
        carekeep_server may execute acting_kinds()
        carekeep_server may execute decline_invitation(uuid,bytea,integer,bytea,bytea)
        carekeep_server may execute invitation_of(uuid,bytea)
        carekeep_server may execute invite_carer\
        (uuid,uuid,bytea,bytea,bytea,text,text[],text,text,timestamp with time zone,bytea,bytea)
        carekeep_server may execute withdraw_invitation(uuid)
        """
}
