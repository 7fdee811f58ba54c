extension FunctionMutants {
    /// Two people on one device: the second one's PIN, what they sign, and what the first one may see of it.
    static let countersigning: [Damage] = pins + countersigners + signing + signatures

    private static let pins: [Damage] = [
        ("own_pin", "p.organization_id = s.organization_id and", ""),
        ("own_pin", "and p.account_id = s.account_id", ""),
        ("own_pin", "if since is not null then", "if false then"),
        ("set_pin", "if s.id is null then", "if false then"),
        ("set_pin", "s.second_factor_is_due or exists", "exists"),
        ("set_pin", "and care.needs_second_factor(o.profile, m.roles, m.custom_roles)", "and false"),
        ("set_pin", "m.account_id = s.account_id", "true"),
        ("set_pin", "elsif not care.is_stepped_up(s) then", "elsif false then"),
        ("set_pin", "p.organization_id = s.organization_id and", ""),
        ("set_pin", "and p.account_id = s.account_id", ""),
        (
            "set_pin",
            "delete from care.sign_in_try t where t.key = care.pin_key(s.organization_id, s.account_id, null);", ""
        ),
        ("set_pin", "elsif not is_removed then", "elsif false then"),
        ("pin_key", "uuid_send(organization) || uuid_send(account)", "uuid_send(organization)"),
        ("pin_key", "uuid_send(device_of)", "null"),
        ("off_board", "delete from care.pin p where p.organization_id = organization and p.account_id = account;", ""),
        (
            "off_board", "care.pin p where p.organization_id = organization and p.account_id",
            "care.pin p where p.account_id"
        ),
        (
            "off_board", "care.pin p where p.organization_id = organization and p.account_id = account",
            "care.pin p where p.organization_id = organization"
        ),
        ("end_other_ways_in", "delete from care.pin p where p.account_id = account;", ""),
        ("end_other_ways_in", "care.pin p where p.account_id = account", "care.pin p"),
    ]

    private static let countersigners: [Damage] = [
        ("record_to_sign", "x.organization_id = (shown).organization_id and", ""),
        ("record_to_sign", "and x.tag = record_tag", ""),
        ("record_to_sign", "and x.patient_id = any ((shown).patients)", ""),
        ("record_to_sign", "and ((shown).kinds is null or x.kind = any ((shown).kinds))", ""),
        ("record_to_sign", "(shown).kinds is null or", "(shown).kinds is null and"),
        ("record_to_sign", "if not found or", "if"),
        ("record_to_sign", "or not coalesce(power = any ((shown).powers), false)", ""),
        ("can_be_countersigned", "(r).version = can_be_countersigned.version and", ""),
        ("can_be_countersigned", "and not (r).is_deleted", ""),
        ("can_be_countersigned", "and not (r).is_about_several", ""),
        ("can_be_countersigned", "and (r).kind <> 'Patient'", ""),
        ("can_be_countersigned", "and (r).written_at > at - interval '1 day'", ""),
        ("can_be_countersigned", "interval '1 day'", "interval '12 hours'"),
        ("can_be_countersigned", "and c.record_id = (r).id", ""),
        ("can_be_countersigned", "and c.version = can_be_countersigned.version", ""),
        ("can_be_countersigned", "and e.account_id = writer", ""),
        ("can_be_countersigned", "and e.granted", ""),
        ("can_be_countersigned", "and e.at > (r).written_at - interval '1 hour'", ""),
        ("can_be_countersigned", "s.organization_id = (r).organization_id and", ""),
        ("can_be_countersigned", "and s.record_id = (r).id", ""),
        ("can_be_countersigned", "and s.version = can_be_countersigned.version", ""),
        ("can_be_countersigned", "and not exists", "or not exists"),
        ("countersigners_of", "p.organization_id = (r).organization_id and", ""),
        ("countersigners_of", "and p.account_id <> writer", ""),
        ("countersigners_of", "and m.since <= at", ""),
        ("countersigners_of", "and (m.until is null or m.until > at)", ""),
        ("countersigners_of", "or m.until > at", ""),
        ("countersigners_of", "and 'record.write' = any (m.permits)", ""),
        ("countersigners_of", "and (m.agree_by is null or m.agree_by > at)", ""),
        ("countersigners_of", "or m.agree_by > at", ""),
        ("countersigners_of", "x.organization_id = p.organization_id and", ""),
        ("countersigners_of", "and x.account_id = p.account_id", ""),
        ("countersigners_of", "and x.patient_id = (r).patient_id", ""),
        ("countersigners_of", "and x.kind in ('guardian', 'care-team', 'assignment', 'appointment')", ""),
        ("countersigners_of", "'guardian', ", ""),
        ("countersigners_of", "'care-team', ", ""),
        ("countersigners_of", ", 'assignment'", ""),
        ("countersigners_of", ", 'appointment'", ""),
        ("countersigners_of", "and x.withdrawn_at is null", ""),
        ("countersigners_of", "and x.paused_at is null", ""),
        ("countersigners_of", "and x.since <= at", ""),
        ("countersigners_of", "and (x.until is null or x.until > at)", ""),
        ("countersigners_of", "or x.until > at", ""),
        ("countersigners_of", "and (x.kinds is null or (r).kind = any (x.kinds))", ""),
        ("countersigners_of", "or (r).kind = any (x.kinds)", ""),
        ("offer_countersigning", "'countersign.offer'", "'countersign.sign'"),
        ("offer_countersigning", "care.can_be_countersigned(r, r.version, shown.account_id, at)", "true"),
        ("offer_countersigning", "left join care.countersigners_of", "join care.countersigners_of"),
        ("offer_countersigning", "left(p.hash, 29)", "p.hash"),
    ]

    private static let signing: [Damage] = [
        ("countersign", "'countersign.sign'", "'countersign.offer'"),
        (
            "countersign",
            "delete from care.pass x where x.secret_sha256 = sha256(decode(substr(current_setting('care.pass'), 4), 'hex'));",
            ""
        ),
        ("countersign", "where x.account_id = signer", ""),
        (
            "countersign", "elsif not care.can_be_countersigned(r, countersign.version, shown.account_id, at) then",
            "elsif false then"
        ),
        ("countersign", "care.try_waits(pair, 5)", "care.try_waits(pair, 6)"),
        ("countersign", "care.try_waits(pair, 5)", "care.try_waits(pair, 4)"),
        ("countersign", "care.try_waits(everybody, 20)", "care.try_waits(everybody, 30)"),
        ("countersign", "if wait_until is not null then", "if false then"),
        ("countersign", "greatest(wait_until, of_all_until)", "of_all_until"),
        ("countersign", "greatest(wait_until, of_all_until)", "wait_until"),
        ("countersign", "elsif p.hash is distinct from countersign.hash then", "elsif false then"),
        ("countersign", "p.hash is distinct from countersign.hash", "p.hash <> countersign.hash"),
        ("countersign", "where t.key in (pair, everybody)", "where t.key = pair"),
        ("countersign", "where t.key in (pair, everybody)", "where t.key = everybody"),
        ("countersign", "of_pair + 1 >= 5 or", ""),
        ("countersign", "or of_all + 1 >= 20", ""),
        ("countersign", "of_pair + 1 >= 5", "of_pair + 1 >= 4"),
        ("countersign", "and care.may_tell(signer, 'pin-locked', 3)", ""),
        ("countersign", "care.tell_account(signer,", "care.tell_account(shown.account_id,"),
        ("countersign", "delete from care.sign_in_try t where t.key = pair;", ""),
        ("countersign", "set failures = t.failures / 2", "set failures = t.failures"),
        (
            "countersign", "perform care.write_countersigning(shown, signer, r, null,",
            "perform care.write_entry(shown, null, null, null,"
        ),
        (
            "countersign",
            "perform care.write_countersigning(shown, signer, r, 'wrong pin', key_epoch, salt, sealed, at);", ""
        ),
        (
            "countersign",
            "perform care.write_countersigning(shown, signer, r, 'too many tries', key_epoch, salt, sealed, at);", ""
        ),
        ("write_countersigning", "signer, (shown).session_id", "(shown).account_id, (shown).session_id"),
        ("write_countersigning", "(r).patient_id, (r).id", "null, (r).id"),
        ("write_countersigning", "sealed,\n        (shown).account_id)", "sealed,\n        signer)"),
    ]

    private static let signatures: [Damage] = [
        ("countersignatures", "r.organization_id = shown.organization_id and", ""),
        ("countersignatures", "and r.tag = record_tag", ""),
        ("countersignatures", "and 'record.read' = any (shown.powers)", ""),
        ("countersignatures", "and r.patient_id = any (shown.patients)", ""),
        ("countersignatures", "and (shown.kinds is null or r.kind = any (shown.kinds))", ""),
        ("countersignatures", "or r.kind = any (shown.kinds)", ""),
    ]
}
