import FoundationEssentials
import Postgres
import Seals

extension Specimen {
    /// PINs, and what was signed by them: opened by functions alone.
    static let countersigning: [Specimen] = [
        Specimen(
            name: "pin",
            table: "pin",
            match: { "organization_id = \($0.house.organization) and account_id = \($0.house.other.account)" },
            row: { victim, existing in
                [
                    of(victim),
                    ("account_id", "\(existing ? victim.house.other.account : victim.house.keeper.account)"),
                    ("hash", "\(Scene.hash)"), ("set_at", "now()"),
                ]
            },
            change: "set_at = now()",
            isOfPatient: false
        ),
        Specimen(
            name: "countersignature",
            table: "countersignature",
            match: { "organization_id = \($0.house.organization) and record_id = \($0.house.ada.weight.id)" },
            row: { victim, existing in
                [
                    of(victim), ("record_id", "\(victim.house.ada.weight.id)"), ("version", existing ? "1" : "2"),
                    ("written_by", "\(victim.house.keeper.account)"), ("signed_by", "\(victim.house.other.account)"),
                    ("session_id", "\(UUID())"), ("opening_id", "\(UUID())"), ("at", "now()"),
                ]
            },
            change: "version = 3",
            isOfPatient: false
        ),
    ]
}

extension Scene {
    /// A PIN of the other one's, and something that they signed.
    func countersign(in house: House) throws {
        try givePIN(to: house.other, in: house)
        try admin.query(
            """
            insert into care.countersignature (
                organization_id, record_id, version, written_by, signed_by, session_id, opening_id, at)
            values (\(house.organization), \(house.ada.weight.id), 1, \(house.keeper.account), \(house.other.account), \(UUID()),
                    \(UUID()), now())
            """
        )
    }

    /// The PIN that everybody has is the password that everybody has.
    func givePIN(to someone: Someone, in house: House) throws {
        try admin.query(
            """
            insert into care.pin (organization_id, account_id, hash, set_at)
            values (\(house.organization), \(someone.account), \(Self.hash), now())
            """
        )
    }

    /// A record that somebody has just written, with its change and its entry.
    func write(
        of kept: Kept,
        by writer: Someone,
        in house: House,
        granted: Bool = true,
        as kind: String = "MedicationAdministration",
        isDeleted: Bool = false,
        isAboutSeveral: Bool = false,
        ago: SQL = "interval '0'"
    ) throws -> Sealed {
        let (record, opening) = (Sealed(), UUID())
        try admin.query(
            """
            insert into care.record (
                organization_id, id, patient_id, kind, version, tag, sealed, card, is_about_several, is_deleted, written_at)
            values (\(house.organization), \(record.id), \(kept.patient), \(kind), 1, \(record.tag), '\\x00', '\\x00',
                    \(isAboutSeveral), \(isDeleted), clock_timestamp() - \(ago))
            """
        )
        try writeDown(record, 1, of: kept, by: writer, in: house, opening: opening, granted: granted)
        return record
    }

    /// That somebody wrote a version.
    func writeDown(
        _ record: Sealed,
        _ version: Int32,
        of kept: Kept,
        by writer: Someone,
        in house: House,
        opening: UUID,
        granted: Bool = true
    ) throws {
        try admin.query(
            """
            insert into care.change (organization_id, opening_id, record_id, patient_id, version, sealed_diff)
            values (\(house.organization), \(opening), \(record.id), \(kept.patient), \(version), '\\x00')
            """
        )
        try admin.query(
            """
            insert into care.entry (
                organization_id, id, opening_id, at, opened_in, account_id, act, patient_id, granted, refusal, key_epoch, salt, sealed)
            values (\(house.organization), \(UUID()), \(opening), clock_timestamp(), pg_current_xact_id(), \(writer.account),
                    'record.create', \(kept.patient), \(granted), case when not \(granted) then 'so' end, 1,
                    \(Primitive.freshBytes(32)), '\\x00')
            """
        )
    }

    /// What signing says as the second person.
    func countersigning(
        _ record: Sealed,
        _ version: Int32 = 1,
        by signer: Someone,
        hash: String? = Scene.hash,
        letter: UUID = UUID(),
        salt: [UInt8] = Primitive.freshBytes(32)
    ) -> SQL {
        """
        select outcome from care.countersign(
            \(record.tag), \(version), \(signer.account), \(hash), \(letter), '\\x00', 1, \(salt), '\\x00')
        """
    }
}

/// Two people on one device: the second signs one thing as themselves, by their PIN, and nothing comes of it for the first.
extension GateChecks {
    /// Two who keep one child's record. The second has a PIN.
    private struct Pair {
        let kept = Kept()
        let first: Someone
        let second: Someone
    }

    private static let wrong = "$2b$12$" + String(repeating: "w", count: 53)

    func countersigning() throws {
        try settingPINs()
        try endingPINs()
        try signing()
        try whatIsSigned()
        try whoSigns()
        try whoAsks()
        try guessingPINs()
        try tellingOfPINs()
        try offeringToSign()
        try readingSignatures()
    }

    private func pair(as way: String = "guardian") throws -> Pair {
        let pair = Pair(
            first: try scene.somebody(["caregiver"], in: north),
            second: try scene.somebody(["caregiver"], in: north)
        )
        try scene.make(pair.kept, keptBy: pair.first, in: north)
        try scene.reach(pair.kept, by: pair.second, as: way, in: north)
        try scene.givePIN(to: pair.second, in: north)
        return pair
    }

    private func open(_ act: String, _ someone: Someone, _ record: Sealed, of house: House? = nil) -> Scene.Opened {
        scene.open(Scene.Request(act, by: someone, of: house ?? north, targets: [record.tag]))
    }

    /// What signing answers, under a pass of its own; `nil` if it is an error.
    private func sign(
        _ pair: Pair,
        _ record: Sealed,
        _ version: Int32 = 1,
        by signer: Someone? = nil,
        hash: String? = Scene.hash,
        letter: UUID = UUID(),
        salt: [UInt8] = Primitive.freshBytes(32)
    ) throws -> Int32? {
        try answer(
            Int32.self,
            open("countersign.sign", pair.first, record),
            scene.countersigning(record, version, by: signer ?? pair.second, hash: hash, letter: letter, salt: salt)
        )
    }

    private func dose(_ pair: Pair) throws -> Sealed { try scene.write(of: pair.kept, by: pair.first, in: north) }

    // MARK: PINs

    private func setPIN(
        _ someone: Someone,
        _ hash: String? = Scene.hash,
        session: [UInt8]? = nil,
        use: String = "api",
        salt: [UInt8] = Primitive.freshBytes(32)
    ) throws -> Int32 {
        try scene.server.query(
            """
            select care.set_pin(\(north.organization), \(session ?? someone.session), \(use), \(hash), 1, \(salt), '\\x00')
            """
        )[0].decode(Int32.self, at: 0)
    }

    private func hasPIN(_ someone: Someone) throws -> Bool {
        try scene.server.query(
            "select from care.own_pin(\(north.organization), \(someone.session), 'api') where since is not null"
        ).count == 1
    }

    private func setSession(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query(
            """
            update care.session set \(assignment)
             where organization_id = \(north.organization) and account_id = \(someone.account)
            """
        )
    }

    private func settingPINs() throws {
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["staff"], in: north))
        try scene.join(one, ["caregiver"], to: south)
        try scene.givePIN(to: one, in: south)
        try must("own_pin", "none of elsewhere", try !hasPIN(one))
        try must("set_pin", "not without a session", try setPIN(one, session: Primitive.freshBytes(32)) == 1)
        try must("set_pin", "nor by one of another use", try setPIN(one, use: "page") == 1)
        try must("set_pin", "none is taken away where there is none", try setPIN(one, nil) == 3)
        try setSession(one, "stepped_up_at = null")
        try must("set_pin", "not without stepping up", try setPIN(one) == 6)
        try setSession(one, "stepped_up_at = clock_timestamp(), second_factor_at = null, second_factor_is_due = true")
        try must("set_pin", "not before a code that is due", try setPIN(one) == 5)
        try setSession(one, "second_factor_is_due = false")
        let salt = Primitive.freshBytes(32)
        try must("set_pin", "set", try setPIN(one, salt: salt) == 0 && hasPIN(one))
        try must("set_pin", "an entry says so", try entries(salt).map(\.act) == ["pin.set"])
        try must("set_pin", "for whoever's session it is", try !hasPIN(other))
        try setSession(other, "second_factor_at = null")
        try must("set_pin", "not before a code that what they are asks for", try setPIN(other) == 5)
        try setSession(other, "second_factor_at = clock_timestamp()")
        try must("set_pin", "after it", try setPIN(other) == 0)
        try must("set_pin", "anew", try setPIN(one, Self.wrong) == 0)
        let gone = Primitive.freshBytes(32)
        try must("set_pin", "taken away", try setPIN(one, nil, salt: gone) == 0 && !hasPIN(one))
        try must("set_pin", "an entry says so", try entries(gone).map(\.act) == ["pin.remove"])
        try must("set_pin", "nobody else's", try hasPIN(other))
        try must("set_pin", "nor elsewhere", try pins(one, in: south) == 1)
    }

    private func pins(_ someone: Someone, in house: House) throws -> Int {
        try scene.admin.query(
            "select from care.pin where organization_id = \(house.organization) and account_id = \(someone.account)"
        ).count
    }

    /// A PIN ends with the membership, and with the password.
    private func endingPINs() throws {
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        for someone in [one, other] {
            try scene.join(someone, ["caregiver"], to: south)
            for house in [north, south] { try scene.givePIN(to: someone, in: house) }
        }
        let ending = try grant("a pass that ends", asks("member.end"))
        let end: SQL = """
            select care.end_membership(
                \(one.account), (null)::timestamptz, (null)::uuid, 1, \(Primitive.freshBytes(32)), '\\x00')
            """
        try must("off_board", "ended", try failure(ending, end) == nil)
        try must("off_board", "the PIN is gone", try pins(one, in: north) == 0)
        try must("off_board", "elsewhere it stays", try pins(one, in: south) == 1)
        try must("off_board", "others' stay", try pins(other, in: north) == 1)
        try scene.admin.query("select care.end_other_ways_in(\(one.account), now())")
        try must("end_other_ways_in", "the PIN is gone everywhere", try pins(one, in: south) == 0)
        try must("end_other_ways_in", "others' stay", try pins(other, in: north) == 1)
    }

    // MARK: Signing

    private func signatures(_ record: Sealed, in house: House? = nil) throws -> Int {
        try scene.admin.query(
            """
            select from care.countersignature
             where organization_id = \((house ?? north).organization) and record_id = \(record.id)
            """
        ).count
    }

    private func signing() throws {
        let pair = try pair()
        let record = try dose(pair)
        let (statement, salt) = (scene.countersigning(record, by: pair.second), Primitive.freshBytes(32))
        try must("countersign", "not without a pass", try isDenied(nil, statement))
        for act in ["record.update", "countersign.offer"] {
            let other = open(act, pair.first, record)
            try must("countersign", "not by a pass for \(act)", try isDenied(other, statement))
        }
        let stranger = try grant(
            "a pass for another patient's",
            asks("countersign.sign", north.other, about: north.ben)
        )
        try must("countersign", "nothing of another patient", try isDenied(stranger, statement))
        let opened = open("countersign.sign", pair.first, record)
        try must(
            "countersign",
            "signed",
            try answer(Int32.self, opened, scene.countersigning(record, by: pair.second, salt: salt)) == 0
        )
        let look: SQL = "select care.acting_account()"
        try must("countersign", "the pass ends with it", try isDenied(opened, look))
        let another = try dose(pair)
        try must(
            "countersign",
            "nor does it sign another",
            try isDenied(opened, scene.countersigning(another, by: pair.second))
        )
        let rows = try scene.admin.query(
            """
            select s.written_by, s.signed_by, s.opening_id = e.opening_id, e.account_id, e.on_device_of, e.act, e.granted,
                   e.patient_id, e.record_id, s.session_id = e.session_id
              from care.countersignature s, care.entry e
             where s.organization_id = \(north.organization) and s.record_id = \(record.id) and s.version = 1
               and e.organization_id = s.organization_id and e.salt = \(salt) and e.account_id = \(pair.second.account)
            """
        )
        let isWhole =
            try rows.count == 1
            && rows[0].decode(UUID.self, at: 0) == pair.first.account
            && rows[0].decode(UUID.self, at: 1) == pair.second.account
            && rows[0].decode(Bool.self, at: 2) && rows[0].decode(UUID.self, at: 3) == pair.second.account
            && rows[0].decode(UUID.self, at: 4) == pair.first.account
            && rows[0].decode(String.self, at: 5) == "record.countersign" && rows[0].decode(Bool.self, at: 6)
            && rows[0].decode(UUID.self, at: 7) == pair.kept.patient && rows[0].decode(UUID.self, at: 8) == record.id
            && rows[0].decode(Bool.self, at: 9)
        try must("countersign", "both stand with it, and in the entry", isWhole)
        try must(
            "countersign",
            "nothing is open to the second one by it",
            try scene.admin.query("select from care.pass where account_id = \(pair.second.account)").isEmpty
        )
        try must("countersign", "not twice", try sign(pair, record) == 4)
        try must("countersign", "once by whomever", try signatures(record) == 1)
        let failed = Primitive.freshBytes(32)
        let bad = open("countersign.sign", pair.first, another)
        let statementOfBad = scene.countersigning(another, by: pair.second, hash: Self.wrong, salt: failed)
        try must("countersign", "not by another PIN", try answer(Int32.self, bad, statementOfBad) == 2)
        try must("countersign", "that pass has ended, too", try isDenied(bad, look))
        try must("countersign", "nothing is signed", try signatures(another) == 0)
        try must("countersign", "nor by none", try sign(pair, another, hash: nil) == 2)
        let told = try scene.admin.query(
            """
            select refusal from care.entry
             where organization_id = \(north.organization) and salt = \(failed) and account_id = \(pair.second.account)
               and on_device_of = \(pair.first.account) and not granted
            """
        )
        try must(
            "countersign",
            "an entry of whose PIN it was to be",
            try told.first?.decode(String.self, at: 0) == "wrong pin"
        )
    }

    /// What the first has just written, as it is now.
    private func whatIsSigned() throws {
        let pair = try pair()
        let elsewhere = try scene.write(of: north.ben, by: pair.first, in: north)
        try must("record_to_sign", "nothing of another patient", try sign(pair, elsewhere) == nil)
        let record = try dose(pair)
        for version: Int32 in [0, 2] {
            try must("can_be_countersigned", "the version that it is", try sign(pair, record, version) == 4)
        }
        try scene.writeDown(record, 2, of: pair.kept, by: pair.first, in: north, opening: UUID())
        try must("can_be_countersigned", "none that is to come", try sign(pair, record, 2) == 4)
        try scene.admin.query(
            "update care.record set version = 2 where organization_id = \(north.organization) and id = \(record.id)"
        )
        try must("can_be_countersigned", "none that was", try sign(pair, record, 1) == 4)
        try must("can_be_countersigned", "the one that is", try sign(pair, record, 2) == 0)
        try scene.writeDown(record, 3, of: pair.kept, by: pair.first, in: north, opening: UUID())
        try scene.admin.query(
            "update care.record set version = 3 where organization_id = \(north.organization) and id = \(record.id)"
        )
        try must("can_be_countersigned", "the one after a signed one", try sign(pair, record, 3) == 0)
        let namesake = try dose(pair)
        try sign(namesake, in: south, like: record)
        try must("can_be_countersigned", "whatever is signed elsewhere", try sign(pair, namesake) == 0)
        let others = try scene.write(of: pair.kept, by: pair.second, in: north)
        try must("can_be_countersigned", "nothing that another wrote", try sign(pair, others) == 4)
        let mixed = try scene.write(of: pair.kept, by: pair.second, in: north)
        try scene.writeDown(mixed, 2, of: pair.kept, by: pair.first, in: north, opening: UUID())
        try must("can_be_countersigned", "by the version", try sign(pair, mixed) == 4)
        let refused = try scene.write(of: pair.kept, by: pair.first, in: north, granted: false)
        try must("can_be_countersigned", "nothing that was refused", try sign(pair, refused) == 4)
        let by = (pair.kept, pair.first, north)
        for (what, one) in [
            ("nothing removed", try scene.write(of: by.0, by: by.1, in: by.2, isDeleted: true)),
            ("nothing about several", try scene.write(of: by.0, by: by.1, in: by.2, isAboutSeveral: true)),
            ("not who somebody is", try scene.write(of: by.0, by: by.1, in: by.2, as: "Patient")),
            ("nothing old", try scene.write(of: by.0, by: by.1, in: by.2, ago: "interval '24 hours 1 minute'")),
        ] {
            try must("can_be_countersigned", what, try sign(pair, one) == 4)
        }
        let recent = try scene.write(of: pair.kept, by: pair.first, in: north, ago: "interval '23 hours'")
        try must("can_be_countersigned", "what is 23 hours old", try sign(pair, recent) == 0)
        let old = try dose(pair)
        try scene.admin.query(
            """
            update care.entry set at = at - interval '2 hours'
             where organization_id = \(north.organization) and opening_id = (
                select c.opening_id from care.change c
                 where c.organization_id = \(north.organization) and c.record_id = \(old.id))
            """
        )
        try must("can_be_countersigned", "by an entry of that time", try sign(pair, old) == 4)
    }

    /// A signature under the first version of what has the same id in another house.
    private func sign(_ record: Sealed, in house: House, like other: Sealed) throws {
        try scene.admin.query("begin")
        try scene.admin.query("set local session_replication_role = replica")
        try scene.admin.query(
            """
            insert into care.countersignature
            select (jsonb_populate_record(s, jsonb_build_object(
                'organization_id', \(house.organization), 'record_id', \(record.id), 'version', 1))).*
              from care.countersignature s
             where s.organization_id = \(north.organization) and s.record_id = \(other.id) limit 1
            """
        )
        try scene.admin.query("commit")
    }

    /// Somebody else, who could write it themselves.
    private func whoSigns() throws {
        let pair = try pair()
        let record = try dose(pair)
        try scene.givePIN(to: pair.first, in: north)
        try must("countersigners_of", "not the first themselves", try sign(pair, record, by: pair.first) == 6)
        let others: [(String, Someone)] = [
            ("nobody without a PIN", try scene.somebody(["caregiver"], in: north)),
            ("nobody of another patient", north.other), ("nobody of another organisation", south.other),
        ]
        try scene.reach(pair.kept, by: others[0].1, as: "guardian", in: north)
        try scene.make(pair.kept.namesake(), keptBy: south.other, in: south)
        let astray = try scene.somebody(["caregiver"], in: north)
        try scene.join(astray, ["caregiver"], to: south)
        try scene.reach(pair.kept, by: astray, as: "guardian", in: south)
        try scene.givePIN(to: astray, in: north)
        try must("countersigners_of", "nobody for a namesake elsewhere", try sign(pair, record, by: astray) == 6)
        for (what, someone) in others {
            try must("countersigners_of", what, try sign(pair, record, by: someone) == 6)
        }
        for way in ["self", "share", "carer", "carer-reading", "break-glass-write"] {
            let one = try scene.somebody(["clinician"], in: north)
            try scene.reach(pair.kept, by: one, as: way, in: north)
            try scene.givePIN(to: one, in: north)
            try must("countersigners_of", "not as \(way)", try sign(pair, record, by: one) == 6)
        }
        for (what, member, reach) in [
            (
                "nobody who has left", "since = now() - interval '2 days', until = now() - interval '1 day'",
                "kind = kind"
            ),
            ("nobody who has yet to join", "since = now() + interval '1 day'", "kind = kind"),
            ("nobody who writes nothing", "roles = '{auditor}'", "kind = kind"),
            ("nobody with an agreement to answer", "agree_by = now() - interval '1 minute'", "kind = kind"),
            ("nobody let out", "since = since", "withdrawn_at = clock_timestamp()"),
            ("nobody paused", "since = since", "paused_at = clock_timestamp()"),
            ("nobody too late", "since = since", "since = now() - interval '2 days', until = now() - interval '1 day'"),
            ("nobody too early", "since = since", "since = now() + interval '1 day'"),
            ("nobody for other kinds", "since = since", "kinds = '{Patient,Observation}'"),
        ] as [(String, SQL, SQL)] {
            let one = try scene.somebody(["caregiver"], in: north)
            try scene.reach(pair.kept, by: one, as: "assignment", in: north)
            try scene.givePIN(to: one, in: north)
            try setMembership(one, member)
            try setReach(one, reach)
            try must("countersigners_of", what, try sign(pair, record, by: one) == 6)
        }
        for (way, member, reach) in [
            ("care-team", "until = now() + interval '1 day'", "until = now() + interval '1 day'"),
            ("assignment", "agree_by = now() + interval '1 day'", "kind = kind"),
            ("appointment", "since = since", "kind = kind"),
            ("care-team", "since = since", "kinds = '{Patient,MedicationAdministration}'"),
        ] as [(String, SQL, SQL)] {
            let (one, another) = (try scene.somebody(["clinician"], in: north), try dose(pair))
            try scene.reach(pair.kept, by: one, as: way, in: north)
            try scene.givePIN(to: one, in: north)
            try setMembership(one, member)
            try setReach(one, reach)
            try must("countersigners_of", "as \(way)", try sign(pair, another, by: one) == 0)
        }
        try must("countersigners_of", "the second one, in the end", try sign(pair, record) == 0)
    }

    /// Who asks for it has to write in the record, as one who keeps it or treats the patient.
    private func whoAsks() throws {
        let pair = try pair()
        let record = try dose(pair)
        for way in ["self", "share", "carer", "carer-reading", "break-glass-write"] {
            let one = try scene.somebody(["clinician"], in: north)
            try scene.reach(pair.kept, by: one, as: way, in: north)
            for act in ["countersign.offer", "countersign.sign"] {
                try refuse(
                    "\(act), as \(way)",
                    Scene.Request(act, by: one, of: north, targets: [record.tag]),
                    as: "out of reach"
                )
            }
        }
        // The same id elsewhere is another record.
        let theirs = pair.kept.namesake()
        try scene.make(theirs, keptBy: south.keeper, in: south)
        let namesake = open("countersign.sign", south.keeper, theirs.weight, of: south)
        try must(
            "record_to_sign",
            "of the organisation alone",
            try isDenied(namesake, scene.countersigning(record, by: pair.second))
        )
        let narrowed = open("countersign.sign", pair.first, record)
        try scene.admin.query(
            "update care.pass set kinds = '{Patient,Observation}' where secret_sha256 = \(narrowed.sha256)"
        )
        try must(
            "record_to_sign",
            "of the pass's kinds",
            try isDenied(narrowed, scene.countersigning(record, by: pair.second))
        )
        let fitting = open("countersign.sign", pair.first, record)
        try scene.admin.query(
            "update care.pass set kinds = '{Patient,MedicationAdministration}' where secret_sha256 = \(fitting.sha256)"
        )
        try must(
            "record_to_sign",
            "among them",
            try answer(Int32.self, fitting, scene.countersigning(record, by: pair.second)) == 0
        )
    }

    // MARK: Guessing

    private func letters(to someone: Someone) throws -> Int {
        try scene.admin.query(
            "select from care.letter where account_id = \(someone.account) and template = 'pin-locked'"
        ).count
    }

    /// Wrong PINs wait: on one person's device soon, everywhere at last; how somebody signs in, never.
    private func guessingPINs() throws {
        let pair = try pair()
        let record = try dose(pair)
        for count in 1...5 {
            try must("countersign", "wrong, \(count)", try sign(pair, record, hash: Self.wrong) == 2)
        }
        let salt = Primitive.freshBytes(32)
        try must("countersign", "the sixth waits, right or wrong", try sign(pair, record, salt: salt) == 7)
        let told = try scene.admin.query(
            "select refusal from care.entry where organization_id = \(north.organization) and salt = \(salt) and not granted"
        )
        try must(
            "countersign",
            "an entry says that it waits",
            try told.first?.decode(String.self, at: 0) == "too many tries"
        )
        let third = try scene.somebody(["caregiver"], in: north)
        try scene.reach(pair.kept, by: third, as: "guardian", in: north)
        let theirs = try scene.write(of: pair.kept, by: third, in: north)
        let at = { (record: Sealed, hash: String) in
            try answer(
                Int32.self,
                open("countersign.sign", third, record),
                scene.countersigning(record, by: pair.second, hash: hash)
            )
        }
        try must("pin_key", "not on another's device", try at(theirs, Scene.hash) == 0)
        try scene.givePIN(to: third, in: north)
        try must("pin_key", "nor another's PIN", try sign(pair, record, by: third) == 0)
        let next = try dose(pair)
        try scene.later(by: .seconds(31)) {
            try must("countersign", "after a while it is looked at", try sign(pair, next) == 0)
        }
        try must(
            "countersign",
            "and what was wrong there is forgotten",
            try sign(pair, dose(pair), hash: Self.wrong) == 2
        )
        try must("countersign", "so that a right one works", try sign(pair, dose(pair)) == 0)
        // From many devices together.
        try scene.admin.query(
            "update care.sign_in_try set failures = 0 where key = care.pin_key(\(north.organization), \(pair.second.account), null)"
        )
        for _ in 0..<5 {
            let one = try scene.somebody(["caregiver"], in: north)
            try scene.reach(pair.kept, by: one, as: "guardian", in: north)
            let record = try scene.write(of: pair.kept, by: one, in: north)
            for _ in 0..<4 {
                let opened = open("countersign.sign", one, record)
                _ = try answer(Int32.self, opened, scene.countersigning(record, by: pair.second, hash: Self.wrong))
            }
        }
        let last = try dose(pair)
        try must("countersign", "after twenty it waits everywhere", try sign(pair, last) == 7)
        let waits: SQL =
            "select from care.own_pin(\(north.organization), \(pair.second.session), 'api') where wait_until is not null"
        try must("own_pin", "whose it is sees that", try scene.server.query(waits).count == 1)
        try must("set_pin", "a new one", try setPIN(pair.second) == 0)
        try must("own_pin", "waits no more", try scene.server.query(waits).isEmpty)
        try must("set_pin", "and works at once", try sign(pair, last) == 0)
        let session: SQL = """
            select care.begin_session(
                \(pair.second.token), \(Scene.hash), null, 'api', \(Primitive.freshBytes(32)), interval '1 hour',
                interval '1 day', null, 1, \(Primitive.freshBytes(32)), '\\x00')
            """
        try must("countersign", "signing in is not touched", try !scene.server.query(session).isEmpty)
        try must("countersign", "one right PIN forgives half of all", try forgiven())
    }

    /// Of eight wrong ones in all, four are left after a right one.
    private func forgiven() throws -> Bool {
        let pair = try pair()
        for _ in 0..<4 { _ = try sign(pair, dose(pair), hash: Self.wrong) }
        _ = try sign(pair, dose(pair))
        return try scene.admin.query(
            """
            select from care.sign_in_try
             where key = care.pin_key(\(north.organization), \(pair.second.account), null) and failures = 2
            """
        ).count == 1
    }

    private func tellingOfPINs() throws {
        let pair = try pair()
        let record = try dose(pair)
        for _ in 0..<4 { _ = try sign(pair, record, hash: Self.wrong) }
        try must("countersign", "no letter of four", try letters(to: pair.second) == 0)
        _ = try sign(pair, record, hash: Self.wrong)
        try must("countersign", "a letter of the fifth", try letters(to: pair.second) == 1)
        try must("countersign", "not to the first", try letters(to: pair.first) == 0)
        for _ in 0..<6 {
            try scene.admin.query("update care.sign_in_try set last_at = last_at - interval '2 hours'")
            _ = try sign(pair, record, hash: Self.wrong)
        }
        try must("countersign", "three a day", try letters(to: pair.second) == 3)
        let other = try self.pair()
        let all: SQL = "care.pin_key(\(north.organization), \(other.second.account), null)"
        try scene.admin.query(
            "insert into care.sign_in_try (key, failures, last_at) values (\(all), 19, now() - interval '2 hours')"
        )
        _ = try sign(other, dose(other), hash: Self.wrong)
        try must("countersign", "a letter of the twentieth", try letters(to: other.second) == 1)
    }

    // MARK: Reading

    private func offeringToSign() throws {
        let pair = try pair()
        let record = try dose(pair)
        let offer: SQL = """
            select array_agg(o.account) from care.offer_countersigning(\(record.tag)) o
             where o.can_be_signed and o.version = 1 and o.setting = left(\(Scene.hash), 29)
            """
        try must("offer_countersigning", "not without a pass", try isDenied(nil, offer))
        let signing = open("countersign.sign", pair.first, record)
        try must("offer_countersigning", "not by a pass that signs", try isDenied(signing, offer))
        let shown = { (record: Sealed) in open("countersign.offer", pair.first, record) }
        try must(
            "offer_countersigning",
            "the second one, and what to hash with",
            try answer([UUID?].self, shown(record), offer) == [pair.second.account]
        )
        _ = try sign(pair, record)
        let can: SQL = "select bool_or(can_be_signed) from care.offer_countersigning(\(record.tag))"
        try must("offer_countersigning", "not again", try answer(Bool.self, shown(record), can) == false)
        try scene.admin.query("delete from care.pin where account_id = \(pair.second.account)")
        let alone: SQL = "select count(*)::integer from care.offer_countersigning(\(record.tag)) where account is null"
        try must(
            "offer_countersigning",
            "a row where there is nobody",
            try answer(Int32.self, shown(record), alone) == 1
        )
    }

    private func readingSignatures() throws {
        let pair = try pair()
        let record = try dose(pair)
        _ = try sign(pair, record)
        let list: SQL = """
            select array[written_by, signed_by] from care.countersignatures(\(record.tag)) where version = 1
            """
        let read = { (someone: Someone) in
            try answer([UUID].self, open("record.read", someone, record), list)
        }
        try must(
            "countersignatures",
            "both, for whoever reads it",
            try read(pair.first) == [pair.first.account, pair.second.account]
        )
        try must("countersignatures", "not without a pass", try answer([UUID].self, nil, list) == nil)
        let other = open("countersign.offer", pair.first, record)
        try must("countersignatures", "not by a pass that does not read", try answer([UUID].self, other, list) == nil)
        let stranger = try grant("another patient's", asks("record.read", north.other, about: north.ben))
        try must("countersignatures", "not of another patient", try answer([UUID].self, stranger, list) == nil)
        for (kinds, isThere) in [("{Patient,Observation}", false), ("{MedicationAdministration}", true)] {
            let narrowed = open("record.read", pair.first, record)
            try scene.admin.query(
                "update care.pass set kinds = \(kinds)::text[] where secret_sha256 = \(narrowed.sha256)"
            )
            try must(
                "countersignatures",
                "of the pass's kinds",
                try (answer([UUID].self, narrowed, list) != nil) == isThere
            )
        }
        let theirs = pair.kept.namesake()
        try scene.make(theirs, keptBy: south.keeper, in: south)
        let namesake = open("record.read", south.keeper, theirs.weight, of: south)
        try must("countersignatures", "of the organisation alone", try answer([UUID].self, namesake, list) == nil)
        let another = try dose(pair)
        let none: SQL = "select count(*)::integer from care.countersignatures(\(another.tag))"
        try must(
            "countersignatures",
            "of the record that is named",
            try answer(Int32.self, open("record.read", pair.first, another), none) == 0
        )
    }
}
