public import Postgres

/// The least that each database role needs, and that each act carries, as data. Whatever differs from it, in either direction,
/// is named: what somebody may is written down twice, and changed twice.
///
/// Owners' own privileges are not listed; who may own what is a lint (``SQLLint``). Months of the trail are one table,
/// `entry_MONTH`.
public struct DeclaredGrants: Sendable {
    /// The schema that it is about.
    public let schema: String
    /// One line for each privilege, role and membership: `carekeep_server may select on record`.
    public let lines: Set<String>

    /// What the records store's roles may.
    public static let records = DeclaredGrants(
        schema: "care",
        """
        act attestation.evidence: installation, carries attestation.file; being auditor, steward
        act attestation.list: installation, carries attestation.read; being auditor, steward
        act attestation.make: installation, carries attestation.make; being steward; after stepping up
        act attestation.review: installation, carries attestation.review; being steward; after stepping up
        act attestation.withdraw: installation, carries attestation.withdraw; being steward
        act bundle.write: patients, asks for record.write, carries patient.write, reach.write, record.change, \
        record.delete, record.read, record.write; of the directory asks for directory.write, carries \
        directory.change, directory.read, directory.write; reached as appointment, assignment, care-team, carer, guardian, self
        act directory.browse: directory, asks for directory.read, carries directory.read, version.read
        act directory.create: directory, asks for directory.write, carries directory.write
        act directory.history: directory, asks for directory.read, carries directory.read, version.read
        act directory.read: directory, asks for directory.read, carries directory.read
        act directory.search: directory, asks for directory.read, carries directory.read
        act member.add: organization, asks for member.administer, carries member.add, member.read; after stepping up
        act member.change-roles: organization, asks for member.administer, carries member.change, member.read, role.read; after stepping up
        act member.end-sessions: organization, asks for member.administer, carries member.read, session.end
        act member.list: organization, asks for member.read, carries member.read, role.read
        act member.end: organization, asks for member.administer, carries member.end, member.read; after stepping up
        act member.leave: organization, carries member.leave; before agreeing
        act notice.list: organization, asks for member.administer, carries member.read, notice.read
        act settings.change: organization, asks for settings.administer, carries settings.change, settings.read; after stepping up
        act settings.list: organization, asks for settings.read, carries settings.read
        act patient.browse: roster, asks for record.read, carries roster.read, version.read
        act patient.create: patients, asks for record.write, carries patient.write, reach.write, record.write
        act patient.everything: patient, asks for record.export, carries directory.read, record.read; reached \
        as appointment, assignment, care-team, carer, carer-reading, guardian, self, share; after stepping up
        act patient.history: patient, asks for record.read, carries record.read, version.read; reached as \
        appointment, assignment, break-glass, break-glass-write, care-team, carer, carer-reading, guardian, self, share
        act patient.list: roster, asks for record.read, carries roster.read
        act patient.merge: patients, asks for record.administer, carries patient.merge, record.change, record.move, \
        record.read, record.write, version.read; reached as assignment, care-team, guardian, self; after stepping up
        act patient.search: roster, asks for record.read, carries roster.read
        act reach.end: patient, asks for sharing.write, carries member.read, reach.end; reached as assignment, care-team, guardian
        act reach.give: patient, asks for sharing.write, carries member.read, reach.give; reached as assignment, care-team, guardian
        act reach.team: patient, asks for sharing.read, carries member.read, reach.read; \
        reached as appointment, assignment, care-team, guardian, self
        act reach.read: patient, asks for sharing.read, carries carer.read, entry.read, member.read, reach.read, record.read; reached \
        as guardian, self
        act reach.share: patient, asks for sharing.write, carries member.read, reach.read, reach.share; reached as \
        guardian, self; after stepping up
        act reach.withdraw: patient, asks for sharing.write, carries member.read, reach.read, reach.withdraw; reached as \
        guardian, self
        act record.browse: patient, asks for record.read, carries directory.read, record.read, version.read; \
        reached as appointment, assignment, break-glass, break-glass-write, care-team, carer, carer-reading, guardian, self, share
        act record.create: patient, asks for record.write, carries record.write; reached as appointment, assignment, break-glass-write, \
        care-team, carer, guardian, self
        act record.create.several: patients, asks for record.write, carries record.write; reached as \
        appointment, assignment, care-team, carer, guardian, self
        act record.delete: patient, asks for record.write, carries record.change, record.delete, record.read, \
        record.write; of the directory asks for directory.write, carries directory.change, directory.read, \
        directory.write, record.delete; reached as appointment, assignment, care-team, carer, guardian, self
        act record.history: patient, asks for record.read, carries record.read, version.read; of the directory \
        asks for directory.read, carries directory.read, version.read; reached as appointment, assignment, break-glass, break-glass-write, care-team, carer, \
        carer-reading, guardian, self, share
        act record.move: patients, asks for record.administer, carries record.change, record.move, record.read, \
        record.write, version.read; reached as assignment, care-team, guardian, self; after stepping up
        act record.read: patient, asks for record.read, carries record.read; of the directory asks for \
        directory.read, carries directory.read; reached as appointment, assignment, break-glass, break-glass-write, care-team, carer, carer-reading, \
        guardian, self, share
        act record.search: patient, asks for record.read, carries record.read; reached as appointment, assignment, break-glass, break-glass-write, \
        care-team, carer, carer-reading, guardian, self, share
        act record.update: patient, asks for record.write, carries record.change, record.read, record.write; of \
        the directory asks for directory.write, carries directory.change, directory.read, directory.write; \
        reached as appointment, assignment, break-glass-write, care-team, carer, guardian, self
        act role.change: organization, asks for role.administer, carries role.change, role.read; after stepping up
        act role.end: organization, asks for role.administer, carries role.end, role.read; after stepping up
        act role.make: organization, asks for role.administer, carries role.make, role.read; after stepping up
        act trail.read: patient, asks for trail.read, carries entry.read, member.read, record.read; reached as guardian, \
        self
        being admin in family (offered in family): directory.read, directory.write, member.administer, \
        member.read, overview.administer, overview.read, record.administer, record.export, record.read, \
        record.write, role.administer, settings.administer, settings.read, sharing.read, sharing.write, sign-in.read, \
        trail.read
        being auditor in clinic, family, operations (offered in clinic, operations): member.read, \
        overview.read, settings.read, trail.administer, trail.read
        being caregiver in clinic, family, operations (offered in family): directory.read, directory.write, member.read, \
        record.administer, record.export, record.read, record.write, sharing.read, sharing.write, trail.read
        being clinician in family (offered in family): directory.read, \
        directory.write, member.read, record.administer, record.export, record.read, record.write, sharing.read, \
        sharing.write, trail.read
        being data-governance-officer in clinic, family, operations (offered in family): \
        overview.administer, overview.read, research.administer, research.read, settings.read
        being member in clinic, family, operations (offered in clinic, family, operations): directory.read, member.read, \
        record.export, record.read, sharing.read, sharing.write, trail.read
        being owner in family (offered in family): directory.read, directory.write, member.administer, \
        member.read, overview.administer, overview.read, record.administer, record.export, record.read, \
        record.write, role.administer, settings.administer, settings.read, sharing.read, sharing.write, sign-in.administer, sign-in.read, \
        trail.administer, trail.read
        being patient in clinic, family, operations (offered in clinic, family): directory.read, member.read, \
        record.export, record.read, record.write, sharing.read, sharing.write, trail.read
        being principal-investigator in clinic, family, operations (offered in family): research.read, research.write
        being privacy-officer in family (offered in family): member.read, \
        settings.read, sharing.read, trail.administer, trail.read
        being researcher in clinic, family, operations (offered in family): research.read
        being safety-monitor in clinic, family, operations (offered in family): research.read
        being staff in clinic, family, operations (offered in clinic, operations): directory.read, directory.write, \
        member.read, record.administer, record.export, record.read, record.write, sharing.read, sharing.write, trail.read
        being teen in clinic, family, operations (offered in family): directory.read, member.read, record.export, \
        record.read, record.write, sharing.read, sharing.write, trail.read
        act probe.read: installation, carries probe.read; being auditor, steward
        job families.remind: by itself
        job housekeeping: by itself
        job mail.send: asked for with mail.send
        job pass.sweep: by itself
        job stewards.remind: by itself
        role carekeep_gate
        role carekeep_keykeeper: login
        role carekeep_owner
        role carekeep_server: login
        carekeep_gate may usage on schema care
        carekeep_gate may select on account
        carekeep_gate may insert on account
        carekeep_gate may update on account (password_at, password_hash, sealed_address, sign_in_token)
        carekeep_gate may select on act
        carekeep_gate may select on address_change
        carekeep_gate may insert on address_change
        carekeep_gate may delete on address_change
        carekeep_gate may select on attestation
        carekeep_gate may insert on attestation
        carekeep_gate may select on attestation_review
        carekeep_gate may insert on attestation_review
        carekeep_gate may select on attestation_withdrawal
        carekeep_gate may insert on attestation_withdrawal
        carekeep_gate may select on canary
        carekeep_gate may insert on canary
        carekeep_gate may select on change (id, opening_id, organization_id, patient_id, record_id, version)
        carekeep_gate may update on change (patient_id, sealed_diff)
        carekeep_gate may insert on entry
        carekeep_gate may select on guard
        carekeep_gate may update on guard (expected, inspected_at, mails_links, seen)
        carekeep_gate may select on job
        carekeep_gate may insert on job
        carekeep_gate may update on job \
        (attempts, done_at, failed_at, fence, last_error, leased_until, run_at, state)
        carekeep_gate may delete on job
        carekeep_gate may select on job_kind
        carekeep_gate may select on letter
        carekeep_gate may insert on letter
        carekeep_gate may delete on letter
        carekeep_gate may update on letter (account_id, attempts, last_error, sealed, sealed_address, settled_at, state)
        carekeep_gate may select on link
        carekeep_gate may insert on link
        carekeep_gate may delete on link
        carekeep_gate may update on link (invited_by, used_at)
        carekeep_gate may delete on link
        carekeep_gate may select on membership
        carekeep_gate may insert on membership
        carekeep_gate may update on membership (agree_by, custom_roles, permits, roles, sealed_name, since, until)
        carekeep_gate may insert on reach
        carekeep_gate may update on reach (paused_at, until, withdrawn_at)
        carekeep_gate may select on setting
        carekeep_gate may select on organization_setting
        carekeep_gate may insert on organization_setting
        carekeep_gate may update on organization_setting (changed_at, value)
        carekeep_gate may delete on organization_setting
        carekeep_gate may select on disclosed
        carekeep_gate may insert on disclosed
        carekeep_gate may delete on disclosed
        carekeep_gate may insert on notice
        carekeep_gate may select on permission
        carekeep_gate may select on built_in_role
        carekeep_gate may select on role
        carekeep_gate may insert on role
        carekeep_gate may update on role (ended_at, permissions)
        carekeep_gate may select on office
        carekeep_gate may insert on office
        carekeep_gate may update on office (until)
        carekeep_gate may select on organization
        carekeep_gate may insert on organization
        carekeep_gate may select on pass
        carekeep_gate may insert on pass
        carekeep_gate may delete on pass
        carekeep_gate may select on patient
        carekeep_gate may select on federated_session
        carekeep_gate may insert on federated_session
        carekeep_gate may select on identity
        carekeep_gate may insert on identity
        carekeep_gate may delete on identity
        carekeep_gate may select on provider
        carekeep_gate may insert on provider
        carekeep_gate may update on provider (admits, sealed, until)
        carekeep_gate may select on sign_in_flow
        carekeep_gate may insert on sign_in_flow
        carekeep_gate may update on sign_in_flow (done_at, returned_at, subject_token)
        carekeep_gate may delete on sign_in_flow
        carekeep_gate may select on sign_in_rule
        carekeep_gate may insert on sign_in_rule
        carekeep_gate may delete on sign_in_rule
        carekeep_gate may select on probe_result
        carekeep_gate may insert on probe_result
        carekeep_gate may select on reach
        carekeep_gate may select on record
        carekeep_gate may select on record_subject
        carekeep_gate may insert on record_subject (organization_id, patient_id, record_id)
        carekeep_gate may delete on record_subject
        carekeep_gate may update on patient (merged_into)
        carekeep_gate may update on record (card, is_about_several, patient_id, sealed, version)
        carekeep_gate may delete on recovery_code
        carekeep_gate may insert on recovery_code
        carekeep_gate may select on recovery_code
        carekeep_gate may update on recovery_code
        carekeep_gate may delete on second_factor
        carekeep_gate may insert on second_factor
        carekeep_gate may select on second_factor
        carekeep_gate may update on second_factor
        carekeep_gate may delete on second_factor_offer
        carekeep_gate may insert on second_factor_offer
        carekeep_gate may select on second_factor_offer
        carekeep_gate may update on second_factor_offer
        carekeep_gate may select on session
        carekeep_gate may delete on sign_in_try
        carekeep_gate may insert on sign_in_try
        carekeep_gate may select on sign_in_try
        carekeep_gate may update on sign_in_try
        carekeep_gate may insert on session
        carekeep_gate may delete on session
        carekeep_gate may update on session \
        (access_until, ended_at, idle, sealed_device, second_factor_at, second_factor_is_due, secret_sha256, seen_at, stepped_up_at, \
        tries, tries_wait_until, until)
        carekeep_gate may delete on session
        carekeep_gate may delete on spending
        carekeep_gate may insert on spending
        carekeep_gate may select on spending
        carekeep_gate may update on spending (period, spent, until)
        carekeep_gate may delete on token
        carekeep_gate may select on token
        carekeep_gate may delete on vulnerability
        carekeep_gate may insert on vulnerability
        carekeep_gate may select on vulnerability
        carekeep_gate may insert on vulnerability_act
        carekeep_gate may select on vulnerability_act
        carekeep_gate may insert on version
        carekeep_gate may select on version (organization_id, patient_id, record_id, version)
        carekeep_gate may update on version (patient_id, sealed)
        carekeep_keykeeper may connect on the database
        carekeep_keykeeper may usage on schema care
        carekeep_keykeeper may execute vouch(bytea,uuid,text,uuid[])
        carekeep_owner may execute clock()
        carekeep_server may connect on the database
        carekeep_server may usage on schema care
        carekeep_server may execute accepted_attestations()
        carekeep_server may execute account_of_link(uuid,bytea)
        carekeep_server may execute account_to_add(bytea)
        carekeep_server may execute acting_account()
        carekeep_server may execute acting_maker_of(uuid)
        carekeep_server may execute acting_may(text)
        carekeep_server may execute acting_may_see_members()
        carekeep_server may execute acting_new_patients(text)
        carekeep_server may execute acting_on(uuid,uuid)
        carekeep_server may execute acting_opening()
        carekeep_server may execute acting_organization()
        carekeep_server may execute acting_patients(text)
        carekeep_server may execute acting_roster(text)
        carekeep_server may execute acting_shared(text)
        carekeep_server may execute add_member(uuid,bytea,bytea,bytea,text[],bytea)
        carekeep_server may execute add_months()
        carekeep_server may execute address_link_works(bytea)
        carekeep_server may execute ask_for_address(uuid,bytea,text,bytea,bytea,bytea,uuid,bytea,integer,bytea,bytea)
        carekeep_server may execute ask_for_link(bytea,uuid,bytea,bytea,integer,bytea,bytea)
        carekeep_server may execute change_address(bytea,uuid,bytea,integer,bytea,bytea)
        carekeep_server may execute change_password(uuid,bytea,text,text,uuid,bytea,integer,bytea,bytea)
        carekeep_server may execute attest(uuid,text,uuid,text,text,text,bytea,text,bytea,timestamp with time zone,timestamp with time zone)
        carekeep_server may execute attestation_file(uuid)
        carekeep_server may execute attestations()
        carekeep_server may execute attestations_waiting()
        carekeep_server may execute review_attestation(uuid,boolean,text)
        carekeep_server may execute withdraw_attestation(uuid,text)
        carekeep_server may execute change_role(uuid,text[])
        carekeep_server may execute change_roles(uuid,text[],uuid[])
        carekeep_server may execute change_setting(text,text)
        carekeep_server may execute settings()
        carekeep_server may execute end_membership(uuid,timestamp with time zone,uuid,integer,bytea,bytea)
        carekeep_server may execute give_reach(uuid,uuid,text,timestamp with time zone)
        carekeep_server may execute end_reach(uuid)
        carekeep_server may execute end_role(uuid)
        carekeep_server may execute make_role(uuid,text,text[])
        carekeep_server may execute roles_offered()
        carekeep_server may execute begin_session(bytea,text,uuid,text,bytea,interval,interval,text,integer,bytea,bytea,bytea)
        carekeep_server may execute begin_federated_session\
        (uuid,bytea,bytea,bytea,bytea,text[],uuid,bytea,bytea,bytea,interval,interval,integer,bytea,bytea)
        carekeep_server may execute begin_flow(uuid,bytea)
        carekeep_server may execute end_federated_sessions(uuid,bytea,bytea,timestamp with time zone,integer,bytea,bytea)
        carekeep_server may execute link_identity(uuid,bytea,uuid,bytea,integer,bytea,bytea)
        carekeep_server may execute own_identities(uuid,bytea)
        carekeep_server may execute unlink_identity(uuid,bytea,uuid,integer,bytea,bytea)
        carekeep_server may execute provider_of_session(uuid,bytea)
        carekeep_server may execute providers(uuid)
        carekeep_server may execute refuse_flow(uuid,text,integer,bytea,bytea)
        carekeep_server may execute return_flow(uuid,bytea)
        carekeep_server may execute count_reach_of_merged(uuid)
        carekeep_server may execute disclose(uuid[],integer,bytea,bytea)
        carekeep_server may execute end_session(uuid,bytea,integer,bytea,bytea)
        carekeep_server may execute enqueue_job(text,uuid,uuid,uuid)
        carekeep_server may execute extend_job(uuid,uuid,bigint)
        carekeep_server may execute fail_job(uuid,uuid,bigint,text)
        carekeep_server may execute finish_job(uuid,uuid,bigint)
        carekeep_server may execute forget_tokens(uuid,integer,bigint[])
        carekeep_server may execute give_back_job(uuid,uuid,bigint)
        carekeep_server may execute inspect()
        carekeep_server may execute job_counts()
        carekeep_server may execute job_holds(uuid,uuid,bigint)
        carekeep_server may execute join_organization(uuid,bytea,bytea,text,integer,bytea,bytea)
        carekeep_server may execute letter_counts()
        carekeep_server may execute link_of(uuid,bytea)
        carekeep_server may execute mail_link(uuid,bytea,uuid,text,bytea)
        carekeep_server may execute note_probe(uuid,text,text,text,text,text[],text,integer,interval,integer,bytea,bytea)
        carekeep_server may execute probe_failures(integer)
        carekeep_server may execute probe_results(integer)
        carekeep_server may execute merge_patients(uuid,uuid)
        carekeep_server may execute move_records(uuid,uuid,uuid[],bytea[],bytea[],uuid[],integer[],bytea[],uuid[],bytea[])
        carekeep_server may execute move_shared_record(uuid,uuid,uuid,bytea,bytea,integer[],bytea[],uuid[],bytea[])
        carekeep_server may execute open_letter(uuid,uuid,bigint)
        carekeep_server may execute open_pass(uuid,bytea,bytea,text,text,bytea[],uuid[],text,integer,bytea,bytea)
        carekeep_server may execute open_passes(uuid[],bytea[],bytea[],text[],text[],bytea[],text[],integer[],bytea[],bytea[])
        carekeep_server may execute own_account(uuid,bytea)
        carekeep_server may execute password_setting(bytea)
        carekeep_server may execute raise_cost(bytea,text,text)
        carekeep_server may execute report_vulnerability(uuid,bytea,boolean,interval,interval,bytea,integer,bytea,bytea)
        carekeep_server may execute vulnerability_counts()
        carekeep_server may execute vulnerability_of(bytea,integer,bytea,bytea)
        carekeep_server may execute write_on_vulnerability(bytea,uuid,bytea,integer,bytea,bytea)
        carekeep_server may execute require_references(bytea[])
        carekeep_server may execute session_of(uuid,bytea)
        carekeep_server may execute try_sign_in(bytea,text,bytea)
        carekeep_server may execute forgive_sign_in(bytea,text,bytea)
        carekeep_server may execute sweep_sign_in_tries()
        carekeep_server may execute note_device(uuid,bytea,text,bytea)
        carekeep_server may execute own_organizations(uuid,bytea,text)
        carekeep_server may execute own_sessions(uuid,bytea,text)
        carekeep_server may execute end_own_sessions(uuid,bytea,text,uuid,integer,bytea,bytea)
        carekeep_server may execute end_member_sessions(uuid,integer,bytea,bytea)
        carekeep_server may execute second_factor_of(uuid,bytea,text)
        carekeep_server may execute show_second_factor(uuid,bytea,text,bigint,bytea,bytea,integer,bytea,bytea)
        carekeep_server may execute own_password_setting(uuid,bytea,text)
        carekeep_server may execute step_up_by_password(uuid,bytea,text,text,bytea,integer,bytea,bytea)
        carekeep_server may execute offer_second_factor(uuid,bytea,text,bytea)
        carekeep_server may execute confirm_second_factor(uuid,bytea,text,bigint,bytea[],bytea,integer,bytea,bytea)
        carekeep_server may execute renew_recovery_codes(uuid,bytea,text,bytea[],integer,bytea,bytea)
        carekeep_server may execute remove_second_factor(uuid,bytea,text,integer,bytea,bytea)
        carekeep_server may execute settle_letter(uuid,uuid,bigint,text,text)
        carekeep_server may execute settle_spending(bytea[],bigint[],integer[],integer[])
        carekeep_server may execute sweep_jobs()
        carekeep_server may execute sweep_letters()
        carekeep_server may execute sweep_links()
        carekeep_server may execute sweep_memberships()
        carekeep_server may execute sweep_passes()
        carekeep_server may execute sweep_sessions()
        carekeep_server may execute sweep_spending()
        carekeep_server may execute take_job(text[])
        carekeep_server may execute tell_of_link(uuid,bytea,uuid,bytea)
        carekeep_server may execute unknown_references(bytea[])
        carekeep_server may execute use_link(uuid,bytea,text,integer,bytea,bytea)
        carekeep_server may select on change
        carekeep_server may insert on change \
        (opening_id, organization_id, patient_id, record_id, sealed_diff, version)
        carekeep_server may select on entry \
        (account_id, act, actor_organization_id, at, granted, id, key_epoch, on_device_of, opening_id, organization_id, patient_id, \
        purpose, record_id, salt, scope, sealed)
        carekeep_server may select on membership (account_id, custom_roles, organization_id, roles, sealed_name, since, until)
        carekeep_server may select on patient
        carekeep_server may insert on patient (id, organization_id)
        carekeep_server may select on reach
        carekeep_server may insert on reach (account_id, kind, kinds, organization_id, patient_id, purpose, until)
        carekeep_server may update on reach (withdrawn_at)
        carekeep_server may select on record
        carekeep_server may insert on record \
        (card, id, is_about_several, kind, organization_id, patient_id, private_to, sealed, tag, version)
        carekeep_server may select on record_subject
        carekeep_server may insert on record_subject (organization_id, patient_id, record_id)
        carekeep_server may update on record (card, is_deleted, sealed, version)
        carekeep_server may select on notice
        carekeep_server may select on role
        carekeep_server may select on token
        carekeep_server may insert on token (epoch, organization_id, patient_id, value)
        carekeep_server may select on version
        """
            + agreements + activity + overviews + appointments + providerDesk + telling + ofTokens + countersigning
            + "\n"
            + emergencies + "\n"
            + family
    )

    /// What the key store's roles may.
    public static let keys = DeclaredGrants(
        schema: "keys",
        """
        role carekeep_gate
        role carekeep_keykeeper: login
        role carekeep_owner
        carekeep_gate may usage on schema keys
        carekeep_gate may select on organization_key
        carekeep_gate may insert on organization_key (epoch, organization_id, purpose, wrapped)
        carekeep_gate may update on organization_key (ended_at)
        carekeep_gate may select on subject
        carekeep_gate may insert on subject (fenced_at, id, organization_id)
        carekeep_gate may update on subject (fenced_at)
        carekeep_gate may select on subject_key
        carekeep_gate may insert on subject_key (class, epoch, organization_id, subject_id, wrapped)
        carekeep_gate may update on subject_key (erased_at, fingerprint, state, wrapped)
        carekeep_keykeeper may connect on the database
        carekeep_keykeeper may usage on schema keys
        carekeep_keykeeper may execute erase(uuid,text,uuid)
        carekeep_keykeeper may execute fence(uuid,uuid)
        carekeep_keykeeper may execute find(uuid,text,uuid[])
        carekeep_keykeeper may execute find_organization(uuid,text,integer)
        carekeep_keykeeper may execute make(uuid,text,uuid,integer,bytea)
        carekeep_keykeeper may execute make_organization(uuid,text,bytea)
        """
    )

    private init(schema: String, _ text: String) {
        self.schema = schema
        lines = Set(text.split(separator: "\n").map(String.init))
    }

    /// What is not as declared: `missing: carekeep_server may …`, `unexpected: public may …`.
    public func differences(over connection: AdminConnection) throws -> [String] {
        try connection.query("select set_config('search_path', \(schema), false)")
        defer { _ = try? connection.query("reset search_path") }  // a connection that is gone needs no path
        var found = Set(try connection.query(Self.found(in: schema)).map { try $0.decode(String.self, at: 0) })
        if schema == "care" {
            found.formUnion(try connection.query(Self.acts).map { try $0.decode(String.self, at: 0) })
            found.formUnion(try connection.query(Self.builtInRoles).map { try $0.decode(String.self, at: 0) })
            found.formUnion(try connection.query(Self.jobKinds).map { try $0.decode(String.self, at: 0) })
        }
        return lines.subtracting(found).sorted().map { "missing: \($0)" }
            + found.subtracting(lines).sorted().map { "unexpected: \($0)" }
    }

    private static let acts: SQL = """
        select format('act %s: %s,%s carries %s%s%s%s%s%s', name, scope, ' asks for ' || permission || ',',
                      array_to_string(array(select unnest(powers) order by 1), ', '),
                      case when directory_powers <> '{}' then '; of the directory asks for '
                           || coalesce(directory_permission, 'nothing') || ', carries '
                           || array_to_string(array(select unnest(directory_powers) order by 1), ', ') end,
                      case when reach <> '{}' then '; reached as '
                           || array_to_string(array(select unnest(reach) order by 1), ', ') end,
                      case when roles <> '{}' then '; being '
                           || array_to_string(array(select unnest(roles) order by 1), ', ') end,
                      case when step_up then '; after stepping up' end, case when before_agreeing then '; before agreeing' end)
          from act
        """

    private static let builtInRoles: SQL = """
        select format('being %s in %s (offered in %s): %s', name, string_agg(profile, ', ' order by profile),
                      string_agg(profile, ', ' order by profile) filter (where is_offered),
                      array_to_string(array(select unnest(permissions) order by 1), ', '))
          from built_in_role group by name, permissions
        """

    private static let jobKinds: SQL =
        "select format('job %s: %s', name, coalesce('asked for with ' || power, 'by itself')) from job_kind"

    private static func found(in schema: String) -> SQL {
        """
        with relation as (
            select c.*, regexp_replace(c.relname, '^entry_\\d{6}$', 'entry_MONTH') as known_as
              from pg_class c where c.relnamespace = \(schema)::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        ),
        granted (grantee, may, grantable) as (
            select g.grantee, format('%s on %s', lower(g.privilege_type), r.known_as), g.is_grantable
              from relation r, aclexplode(r.relacl) g where g.grantee <> r.relowner
            union all
            select g.grantee,
                   format('%s on %s (%s)', lower(g.privilege_type), r.known_as, string_agg(a.attname, ', ' order by a.attname)),
                   g.is_grantable
              from relation r join pg_attribute a on a.attrelid = r.oid, aclexplode(a.attacl) g
             group by g.grantee, g.privilege_type, r.oid, r.known_as, g.is_grantable
            union all
            select g.grantee, 'execute ' || p.oid::regprocedure, g.is_grantable
              from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
             where p.pronamespace = \(schema)::regnamespace and g.grantee <> p.proowner
            union all
            select g.grantee, format('%s on schema %s', lower(g.privilege_type), n.nspname), g.is_grantable
              from pg_namespace n, aclexplode(n.nspacl) g
             where g.grantee <> n.nspowner and (n.nspname = \(schema) or n.nspname = 'public' and g.privilege_type = 'CREATE')
            union all
            select g.grantee, format('%s on the database', lower(g.privilege_type)), g.is_grantable
              from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) g
             where d.datname = current_database() and g.grantee <> d.datdba
            union all
            select g.grantee, format('%s by default on %s', lower(g.privilege_type), d.defaclobjtype),
                   g.is_grantable
              from pg_default_acl d, aclexplode(d.defaclacl) g
             where d.defaclnamespace in (0, \(schema)::regnamespace) and g.grantee <> d.defaclrole
        )
        select distinct case grantee when 0 then 'public' else grantee::regrole::text end || ' may ' || may
                        || case when grantable then ' and pass it on' else '' end
          from granted
        union all
        select 'role ' || rolname || coalesce(': ' || nullif(concat_ws(', ',
                   case when rolcanlogin then 'login' end, case when rolsuper then 'superuser' end,
                   case when rolbypassrls then 'bypasses row security' end, case when rolinherit then 'inherits' end,
                   case when rolcreaterole then 'makes roles' end, case when rolcreatedb then 'makes databases' end,
                   case when rolreplication then 'replicates' end), ''), '')
          from pg_roles where rolname like 'carekeep\\_%' and oid <> 10  -- the superuser that a cluster of ours begins with
        union all
        select format('%s is a member of %s', m.member::regrole, m.roleid::regrole)
          from pg_auth_members m
          join pg_roles r on r.oid in (m.member, m.roleid) and r.rolname like 'carekeep\\_%'
         where not exists (select from pg_roles s where s.oid = m.member and s.rolsuper)
        """
    }
}
