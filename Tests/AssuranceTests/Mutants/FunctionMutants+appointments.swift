/// Damages to whom an appointment lets in, and to which member a practitioner is.
extension FunctionMutants {
    static let appointments: [Damage] = practitioners + named + keeping + timing + elsewhere

    private static let practitioners: [Damage] = [
        ("end_practitioners", "p.organization_id = organization and p.account_id", "p.account_id"),
        ("end_practitioners", "and p.account_id = account", ""),
        ("end_practitioners", "and p.record_id = coalesce(record, p.record_id)", ""),
        ("end_practitioners", "coalesce(record, p.record_id)", "record"),
        ("end_practitioners", "and p.until is null", ""),
        ("end_practitioners", "r.organization_id = organization and r.account_id", "r.account_id"),
        ("end_practitioners", "and r.account_id = account", ""),
        ("end_practitioners", "and r.kind = 'appointment'", ""),
        ("end_practitioners", "and r.withdrawn_at is null and r.until > at", "and false"),
        ("end_practitioners", "and r.until > at", ""),
        ("link_practitioner", "if not coalesce('practitioner.link' = any (shown.powers), false) then", "if false then"),
        ("link_practitioner", "r.organization_id = shown.organization_id and r.tag", "r.tag"),
        ("link_practitioner", "and r.tag = record_tag", ""),
        ("link_practitioner", "and r.kind in ('Practitioner', 'PractitionerRole')", ""),
        ("link_practitioner", ", 'PractitionerRole'", ""),
        ("link_practitioner", "and r.patient_id is null", ""),
        ("link_practitioner", "or account is not null and d.is_deleted", ""),
        ("link_practitioner", "or account is not null and d.is_deleted", "or d.is_deleted"),
        ("link_practitioner", "m.organization_id = shown.organization_id and m.account_id", "m.account_id"),
        ("link_practitioner", "and m.account_id = link_practitioner.account", ""),
        ("link_practitioner", "and m.since <= at", ""),
        ("link_practitioner", "and (m.until is null or m.until > at)", ""),
        ("link_practitioner", "and 'record.read' = any (m.permits)", ""),
        (
            "link_practitioner",
            "or account = shown.account_id and not 'owner' = any ((care.acting_member()).roles)", ""
        ),
        ("link_practitioner", "and not 'owner' = any ((care.acting_member()).roles)", ""),
        ("link_practitioner", "if was is not null then", "if false then"),
        ("link_practitioner", "was, d.id, at);", "was, null, at);"),
        ("link_practitioner", "p.organization_id = shown.organization_id and p.record_id", "p.record_id"),
        ("off_board", "perform care.end_practitioners(organization, account, null, at);", ""),
        ("admit", "perform care.end_practitioners(organization, account, null, care.clock());", ""),
    ]

    private static let named: [Damage] = [
        ("members_named", "p.organization_id = organization and", ""),
        ("members_named", "d.organization_id = p.organization_id and", ""),
        ("members_named", "m.organization_id = p.organization_id and", ""),
        ("members_named", "p.until is null and", ""),
        ("members_named", "and d.tag = any (practitioners)", ""),
        ("members_named", "and m.since <= at", ""),
        ("members_named", "and (m.until is null or m.until > at)", ""),
        ("members_named", "or m.until > at", ""),
        ("members_named", "and 'record.read' = any (m.permits)", ""),
        ("members_named", "select distinct p.account_id", "select p.account_id"),
    ]

    private static let keeping: [Damage] = [
        ("keep_appointment", "r.organization_id = shown.organization_id and r.id", "r.id"),
        ("keep_appointment", "and r.id = record and", "and"),
        ("keep_appointment", "and r.kind = 'Appointment'", ""),
        ("keep_appointment", "and r.written_in = pg_current_xact_id()", ""),
        ("keep_appointment", "and x.patient_id = any (shown.patients)", ""),
        ("keep_appointment", "'record.write' = any (shown.powers) and", ""),
        ("keep_appointment", "cardinality(subjects) > 0", "true"),
        ("keep_appointment", "s.organization_id = r.organization_id and s.record_id = r.id", "false"),
        ("keep_appointment", "{guardian,self,care-team,assignment}", "{self,care-team,assignment}"),
        ("keep_appointment", "{guardian,self,care-team,assignment}", "{guardian,care-team,assignment}"),
        ("keep_appointment", "{guardian,self,care-team,assignment}", "{guardian,self,assignment}"),
        ("keep_appointment", "{guardian,self,care-team,assignment}", "{guardian,self,care-team}"),
        ("keep_appointment", "care-team,assignment}", "care-team,assignment,carer}"),
        ("keep_appointment", "care-team,assignment}", "care-team,assignment,break-glass-write}"),
        ("keep_appointment", "care-team,assignment}", "care-team,assignment,appointment}"),
        ("keep_appointment", "or not 'sharing.write' = any ((care.acting_member()).permits)", ""),
        ("keep_appointment", "continue when lasting is null;", ""),
        ("keep_appointment", "lasting := least(lasting, closes);", "lasting := closes;"),
        ("keep_appointment", "continue when lasting <= opens;", ""),
    ]

    private static let timing: [Damage] = [
        ("keep_appointment", "starts - care.time_set", "starts + care.time_set"),
        ("keep_appointment", "'appointment.reach-before'", "'appointment.reach-after'"),
        ("keep_appointment", "'appointment.reach-after'", "'appointment.reach-before'"),
        ("keep_appointment", "least(ends - starts, interval '7 days')", "(ends - starts)"),
        (
            "keep_appointment", "starts + least(ends - starts, interval '7 days')",
            "least(ends, starts + interval '7 days')"
        ),
        ("keep_appointment", "if not coalesce(closes > at, false) or", "if not coalesce(closes > at, true) or"),
        ("keep_appointment", "opens := greatest(opens, at);", ""),
    ]

    private static let elsewhere: [Damage] = [
        (
            "keep_appointment",
            "where r.organization_id = shown.organization_id and r.appointment_id = record and r.withdrawn_at is null and r.until > at\n",
            "where r.appointment_id = record and r.withdrawn_at is null and r.until > at\n"
        ),
        (
            "keep_appointment", "and r.appointment_id = record and r.withdrawn_at is null and r.until > at\n",
            "and r.kind = 'appointment' and r.withdrawn_at is null and r.until > at\n"
        ),
        (
            "keep_appointment",
            "and r.appointment_id = record and r.withdrawn_at is null and r.until > at\n       and not",
            "and r.appointment_id = record and r.withdrawn_at is null\n       and not"
        ),
        ("keep_appointment", "r.patient_id = any (subjects) and r.account_id", "r.account_id"),
        ("keep_appointment", "and r.account_id = any (named)", ""),
        ("keep_appointment", "and r.since >= opens", ""),
        ("keep_appointment", "and r.until <= closes", ""),
        ("keep_appointment", "r.until <= closes, false)", "r.until <= closes, true)"),
        ("keep_appointment", "and (r.until < lasting or r.since > opens)", "and false"),
        ("keep_appointment", "and (r.until < lasting or r.since > opens)", ""),
        ("keep_appointment", "r.until < lasting or r.since > opens", "r.since > opens"),
        ("keep_appointment", "r.until < lasting or r.since > opens", "r.until < lasting"),
        ("keep_appointment", "and r.account_id = m.account_id", ""),
        (
            "keep_appointment", "and r.account_id = m.account_id and r.withdrawn_at is null and r.until > at",
            "and r.account_id = m.account_id and r.withdrawn_at is null"
        ),
        (
            "keep_appointment", "and r.account_id = m.account_id and r.withdrawn_at is null",
            "and r.account_id = m.account_id"
        ),
        ("move_records", "and r.appointment_id = any (moved)", "and r.appointment_id is not null"),
        ("move_records", "and r.appointment_id = any (moved)", "and false"),
        ("move_shared_record", "and r.appointment_id = moved", "and false"),
        (
            "move_shared_record", "and r.appointment_id = moved and r.patient_id = from_patient",
            "and r.appointment_id = moved"
        ),
        ("patients_alone_with", ", 'appointment')", ")"),
    ]
}
