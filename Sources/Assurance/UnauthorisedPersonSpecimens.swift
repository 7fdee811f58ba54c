import FoundationEssentials
import Postgres
import Seals

/// Whose rows somebody wants.
struct Victim {
    let house: House
    let kept: Kept
    /// The id of a patient who is to be made.
    var newPatient = UUID()
}

/// What a row of a table is, and which acts open it: the one place where a new table says so.
///
/// A table may have several, where its rows are opened by different acts.
struct Specimen: Sendable {
    /// As failures name it.
    let name: String
    let table: String
    /// Finds the row that is there; `nil` where none is yet.
    let match: (@Sendable (Victim) -> SQL)?
    /// A row that could be there; with its key taken from one that is, or with a key of its own.
    let row: @Sendable (Victim, _ existing: Bool) -> [(column: String, value: SQL)]
    /// What an update changes.
    var change: SQL?
    /// What has to be there before the row can be, for controls.
    var before: (@Sendable (Victim) -> SQL)?
    /// The acts that open it, for each command. What is not here is opened by none.
    var opened: [Command.Base: Set<String>] = [:]
    /// Whether its rows belong to patients.
    var isOfPatient = true

    /// The specimens of a kind of table.
    static func of(_ table: String) -> [Specimen] { all.filter { $0.table == table } }

    static let all =
        people + [patient] + reaches + records + subjects + [
            version, patientVersion, sharedVersion, directoryVersion, token, patientChange, directoryChange,
            entry("entry"),
            entry("entry_MONTH"),
        ]
        + programTokens
        + installation
        + agreements + concerns + devices + emergencies + family

    // MARK: Who opens what

    private static let seeMembers: Set<String> = [
        "trail.read", "reach.read", "reach.share", "reach.withdraw", "member.list", "member.add",
        "member.change-roles", "member.end", "member.end-sessions", "notice.list", "reach.team", "reach.give",
        "reach.end", "concern.list", "break-glass.list",
    ]
    private static let seeRoles: Set<String> = [
        "member.list", "member.change-roles", "role.make", "role.change", "role.end",
    ]
    private static let readRecords: Set<String> = [
        "record.read", "record.search", "record.browse", "record.history", "record.update", "record.delete",
        "patient.history",
        "patient.everything", "bundle.write", "trail.read", "reach.read", "record.move", "patient.merge",
    ]
    private static let changeRecords: Set<String> = [
        "record.update", "record.delete", "bundle.write", "record.move", "patient.merge",
    ]
    private static let deleteRecords: Set<String> = ["record.delete", "bundle.write"]
    private static let readVersions: Set<String> = [
        "record.history", "patient.history", "record.browse", "record.move", "patient.merge",
    ]
    private static let readRoster: Set<String> = ["patient.list", "patient.search", "patient.browse"]
    private static let readReach: Set<String> = ["reach.read", "reach.share", "reach.withdraw", "reach.team"]
    private static let writeRecords: Set<String> = [
        "record.create", "record.create.several", "record.update", "record.delete", "bundle.write", "record.move",
        "patient.merge",
    ]
    private static let makePatients: Set<String> = ["patient.create", "bundle.write"]
    private static let readDirectory: Set<String> = [
        "record.read/directory", "record.history/directory", "record.update/directory", "record.delete/directory",
        "patient.everything", "bundle.write", "directory.read", "directory.search", "directory.browse",
        "directory.history", "record.browse",
    ]
    private static let writeDirectory: Set<String> = [
        "directory.create", "record.update/directory", "record.delete/directory", "bundle.write",
    ]
    private static let changeDirectory: Set<String> = [
        "record.update/directory", "record.delete/directory", "bundle.write",
    ]

    // MARK: Patients, reach

    private static let patient = Specimen(
        name: "patient",
        table: "patient",
        match: { "organization_id = \($0.house.organization) and id = \($0.kept.patient)" },
        row: { victim, existing in
            [of(victim), ("id", "\(existing ? victim.kept.patient : victim.newPatient)")]
        },
        opened: [.select: readRoster.union(["record.move", "patient.merge"]), .insert: makePatients]
    )

    private static let reaches = [
        Specimen(
            name: "reach",
            table: "reach",
            match: theShare,
            row: { victim, existing in
                [
                    of(victim), ("patient_id", "\(victim.newPatient)"),
                    ("account_id", "\(victim.house.keeper.account)"),
                    ("kind", "'guardian'"),
                ] + (existing ? [("id", "\(victim.kept.share)")] : [])
            },
            change: "withdrawn_at = now()",
            before: makeNewPatient,
            opened: [.select: readReach, .insert: makePatients, .update: ["reach.withdraw"]]
        ),
        Specimen(
            name: "reach (a share)",
            table: "reach",
            match: theShare,
            row: { victim, existing in
                [
                    of(victim), ("patient_id", "\(victim.kept.patient)"),
                    ("account_id", "\(victim.house.clinician.account)"),
                    ("kind", "'share'"), ("purpose", "'treatment'"), ("until", "now() + interval '30 days'"),
                ] + (existing ? [("id", "\(victim.kept.share)")] : [])
            },
            change: "withdrawn_at = now()",
            opened: [.select: readReach, .insert: ["reach.share"], .update: ["reach.withdraw"]]
        ),
        Specimen(
            name: "reach (a share with oneself)",
            table: "reach",
            match: nil,
            row: { victim, _ in
                [
                    of(victim), ("patient_id", "\(victim.kept.patient)"),
                    ("account_id", "\(victim.house.keeper.account)"),
                    ("kind", "'share'"), ("until", "now() + interval '30 days'"),
                ]
            }
        ),
        Specimen(
            name: "reach (a share with a caregiver)",
            table: "reach",
            match: nil,
            row: { victim, _ in
                [
                    of(victim), ("patient_id", "\(victim.kept.patient)"),
                    ("account_id", "\(victim.house.other.account)"),
                    ("kind", "'share'"), ("until", "now() + interval '30 days'"),
                ]
            }
        ),
        Specimen(
            name: "reach (a guardian more)",
            table: "reach",
            match: { victim in
                """
                organization_id = \(victim.house.organization) and patient_id = \(victim.kept.patient) and kind = 'guardian'
                """
            },
            row: { victim, _ in
                [
                    of(victim), ("patient_id", "\(victim.kept.patient)"),
                    ("account_id", "\(victim.house.clinician.account)"),
                    ("kind", "'guardian'"),
                ]
            },
            change: "withdrawn_at = now()",
            opened: [.select: readReach]
        ),
    ]

    private static let theShare: @Sendable (Victim) -> SQL = {
        "organization_id = \($0.house.organization) and id = \($0.kept.share)"
    }
    private static let makeNewPatient: @Sendable (Victim) -> SQL = {
        "insert into care.patient (organization_id, id) values (\($0.house.organization), \($0.newPatient))"
    }

    // MARK: Records and what belongs to them

    private static let records = [
        record("record", \.weight, "'Observation'", select: readRecords, insert: writeRecords),
        record(
            "record (who it is)",
            \.person,
            "'Patient'",
            select: readRecords.union(readRoster),
            insert: writeRecords
        ),
        Specimen(
            name: "record (of a new patient)",
            table: "record",
            match: nil,
            row: { victim, _ in sealed(victim, "\(victim.newPatient)", "'Observation'", nil) },
            before: makeNewPatient,
            opened: [.insert: makePatients]
        ),
        Specimen(
            name: "record (of the directory)",
            table: "record",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.place.id)" },
            row: { victim, existing in sealed(victim, "null", "'Location'", existing ? victim.house.place : nil) },
            change: newVersion,
            opened: [.select: readDirectory, .insert: writeDirectory, .update: changeDirectory],
            isOfPatient: false
        ),
        Specimen(
            name: "record (to be deleted)",
            table: "record",
            match: { "organization_id = \($0.house.organization) and id = \($0.kept.weight.id)" },
            row: { victim, existing in
                sealed(victim, "\(victim.kept.patient)", "'Observation'", existing ? victim.kept.weight : nil)
            },
            change: "version = version + 1, is_deleted = true",
            opened: [.select: readRecords, .insert: writeRecords, .update: deleteRecords]
        ),
        Specimen(
            name: "record (of the directory, to be deleted)",
            table: "record",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.place.id)" },
            row: { victim, existing in sealed(victim, "null", "'Location'", existing ? victim.house.place : nil) },
            change: "version = version + 1, is_deleted = true",
            opened: [
                .select: readDirectory, .insert: writeDirectory,
                .update: ["record.delete/directory", "bundle.write"],
            ],
            isOfPatient: false
        ),
    ]

    // MARK: Records about several

    private static let subjects = [
        Specimen(
            name: "record (about another too)",
            table: "record",
            match: { "organization_id = \($0.house.organization) and id = \($0.kept.joint.id)" },
            row: { victim, existing in
                sealed(victim, "\(victim.house.third)", "'Observation'", existing ? victim.kept.joint : nil)
            },
            change: newVersion,
            opened: [.select: readRecords]
        ),
        Specimen(
            name: "record_subject",
            table: "record_subject",
            match: {
                "(organization_id, record_id, patient_id) = (\($0.house.organization), \($0.kept.joint.id), \($0.kept.patient))"
            },
            row: { victim, existing in
                [
                    of(victim), ("record_id", "\(existing ? victim.kept.joint.id : victim.newPatient)"),
                    ("patient_id", "\(victim.kept.patient)"),
                ]
            },
            before: { makeRecord(for: $0, aboutSeveral: true) },
            opened: [.select: readRecords, .insert: writeRecords]
        ),
        Specimen(
            name: "record_subject (of a record that is about one)",
            table: "record_subject",
            match: nil,
            row: { victim, _ in
                [of(victim), ("record_id", "\(victim.newPatient)"), ("patient_id", "\(victim.kept.patient)")]
            },
            before: { makeRecord(for: $0, aboutSeveral: false) },
            opened: [:]
        ),
        Specimen(
            name: "record_subject (of a record that is there)",
            table: "record_subject",
            match: nil,
            row: { victim, _ in
                [of(victim), ("record_id", "\(victim.kept.own.id)"), ("patient_id", "\(victim.kept.patient)")]
            },
            opened: [:]
        ),
        Specimen(
            name: "record_subject (of a record that was changed just now)",
            table: "record_subject",
            match: nil,
            row: { victim, _ in
                [of(victim), ("record_id", "\(victim.kept.own.id)"), ("patient_id", "\(victim.kept.patient)")]
            },
            before: {
                "update care.record set \(newVersion) where organization_id = \($0.house.organization) and id = \($0.kept.own.id)"
            },
            opened: [:]
        ),
    ]

    private static func makeRecord(for victim: Victim, aboutSeveral: Bool) -> SQL {
        """
        insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, is_about_several)
        values (\(victim.house.organization), \(victim.newPatient), \(victim.kept.patient), 'Observation', 1,
                \(Primitive.freshBytes(16)), \([UInt8]([0])), \([UInt8]([0])), \(aboutSeveral))
        """
    }

    /// Another content, counted as a trigger wants it.
    private static let newVersion: SQL = "version = version + 1, sealed = '\\x01'"

    private static func record(
        _ name: String,
        _ record: @escaping @Sendable (Kept) -> Sealed,
        _ kind: SQL,
        select: Set<String>,
        insert: Set<String>
    ) -> Specimen {
        Specimen(
            name: name,
            table: "record",
            match: { "organization_id = \($0.house.organization) and id = \(record($0.kept).id)" },
            row: { victim, existing in
                sealed(victim, "\(victim.kept.patient)", kind, existing ? record(victim.kept) : nil)
            },
            change: newVersion,
            opened: [.select: select, .insert: insert, .update: changeRecords]
        )
    }

    private static let version = version(
        "version",
        \.kept.weight,
        { "\($0.kept.patient)" },
        readVersions,
        isOfPatient: true
    )
    private static let patientVersion = version(
        "version (of who it is)",
        \.kept.person,
        { "\($0.kept.patient)" },
        readVersions.union(["patient.browse"]),
        isOfPatient: true
    )
    private static let sharedVersion = version(
        "version (about another too)",
        \.kept.joint,
        { "\($0.house.third)" },
        readVersions,
        isOfPatient: true
    )
    private static let directoryVersion = version(
        "version (of the directory)",
        \.house.place,
        { _ in "null" },
        ["record.history/directory", "directory.history", "directory.browse", "record.browse"],
        isOfPatient: false
    )

    private static func version(
        _ name: String,
        _ record: @escaping @Sendable (Victim) -> Sealed,
        _ patient: @escaping @Sendable (Victim) -> SQL,
        _ acts: Set<String>,
        isOfPatient: Bool
    ) -> Specimen {
        Specimen(
            name: name,
            table: "version",
            match: { "organization_id = \($0.house.organization) and record_id = \(record($0).id)" },
            row: { victim, existing in
                [
                    of(victim), ("record_id", "\(record(victim).id)"), ("version", existing ? "0" : "7"),
                    ("patient_id", patient(victim)), ("kind", "'Observation'"), ("is_deleted", "false"),
                    ("sealed", "\([UInt8]([0]))"), ("written_at", "now()"),
                ]
            },
            opened: [.select: acts],
            isOfPatient: isOfPatient
        )
    }

    private static func sealed(_ victim: Victim, _ patient: SQL, _ kind: SQL, _ like: Sealed?) -> [(String, SQL)] {
        let sealed = like ?? Sealed()
        return [
            of(victim), ("id", "\(sealed.id)"), ("patient_id", patient), ("kind", kind), ("version", "1"),
            ("tag", "\(sealed.tag)"), ("sealed", "\([UInt8]([0]))"), ("card", "\([UInt8]([0]))"),
        ]
    }

    private static let token = Specimen(
        name: "token",
        table: "token",
        match: { "organization_id = \($0.house.organization) and value = \($0.kept.token)" },
        row: { victim, existing in
            [
                of(victim), ("value", "\(existing ? victim.kept.token : Int64.random(in: .min ... .max))"),
                ("epoch", "1"),
                ("patient_id", "\(victim.kept.patient)"),
            ]
        },
        opened: [.select: readRoster, .insert: writeRecords]
    )

    private static let patientChange = change(
        "change",
        \.kept.weight,
        { "\($0.kept.patient)" },
        select: readRecords,
        insert: writeRecords,
        isOfPatient: true
    )
    private static let directoryChange = change(
        "change (of the directory)",
        \.house.place,
        { _ in "null" },
        select: [],
        insert: writeDirectory,
        isOfPatient: false
    )

    private static func change(
        _ name: String,
        _ record: @escaping @Sendable (Victim) -> Sealed,
        _ patient: @escaping @Sendable (Victim) -> SQL,
        select: Set<String>,
        insert: Set<String>,
        isOfPatient: Bool
    ) -> Specimen {
        Specimen(
            name: name,
            table: "change",
            match: { "organization_id = \($0.house.organization) and id = \(record($0).change)" },
            row: { victim, existing in
                [
                    of(victim), ("opening_id", "coalesce((select care.acting_opening()), \(UUID()))"),
                    ("record_id", "\(record(victim).id)"), ("patient_id", patient(victim)), ("version", "2"),
                    ("sealed_diff", "\([UInt8]([0]))"),
                ] + (existing ? [("id", "\(record(victim).change)")] : [])
            },
            opened: [.select: select, .insert: insert],
            isOfPatient: isOfPatient
        )
    }

    private static func entry(_ table: String) -> Specimen {
        Specimen(
            name: table,
            table: table,
            match: { "organization_id = \($0.house.organization) and patient_id = \($0.kept.patient)" },
            row: { victim, existing in
                [
                    of(victim), ("id", "\(existing ? victim.kept.entry : UUID())"), ("opening_id", "\(UUID())"),
                    ("at", "clock_timestamp()"), ("opened_in", "pg_current_xact_id()"), ("act", "'record.read'"),
                    ("patient_id", "\(victim.kept.patient)"), ("granted", "true"), ("key_epoch", "1"),
                    ("salt", "\(Primitive.freshBytes(32))"), ("sealed", "\([UInt8]([0]))"),
                ]
            },
            opened: table == "entry" ? [.select: ["trail.read", "reach.read"]] : [:]
        )
    }

    // MARK: People

    private static let people = [
        Specimen(
            name: "organization",
            table: "organization",
            match: { "organization_id = \($0.house.organization)" },
            row: { victim, existing in
                [
                    ("organization_id", "\(existing ? victim.house.organization : UUID())"), ("profile", "'family'"),
                    ("country", "'GB'"), ("sealed_name", "\([UInt8]([0]))"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "account",
            table: "account",
            match: { "id = \($0.house.keeper.account)" },
            row: { victim, existing in
                [
                    ("id", "\(existing ? victim.house.keeper.account : UUID())"),
                    ("sign_in_token", "\(Primitive.freshBytes(32))"), ("sealed_address", "\([UInt8]([0]))"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "membership",
            table: "membership",
            match: { "organization_id = \($0.house.organization) and account_id = \($0.house.keeper.account)" },
            row: { victim, existing in
                [
                    of(victim), ("account_id", "\(existing ? victim.house.keeper.account : victim.newPatient)"),
                    ("roles", "'{owner}'"), ("sealed_name", "\([UInt8]([0]))"),
                ]
            },
            before: {
                """
                insert into care.account (id, sign_in_token, sealed_address)
                values (\($0.newPatient), \(Primitive.freshBytes(32)), \([UInt8]([0])))
                """
            },
            opened: [.select: seeMembers],
            isOfPatient: false
        ),
        Specimen(
            name: "role",
            table: "role",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.role)" },
            row: { victim, existing in
                [
                    of(victim), ("id", "\(existing ? victim.house.role : UUID())"), ("name", "'plumber'"),
                    ("permissions", "'{record.read}'"), ("made_at", "now()"),
                ]
            },
            change: "permissions = '{member.administer}'",
            opened: [.select: seeRoles],
            isOfPatient: false
        ),
        Specimen(
            name: "organization_setting",
            table: "organization_setting",
            match: { "organization_id = \($0.house.organization) and name = 'spare'" },
            row: { victim, existing in
                [
                    of(victim), ("name", existing ? "'spare'" : "'disclosure.limit'"), ("value", "'1000000'"),
                    ("changed_at", "now()"),
                ]
            },
            change: "value = '1000000'",
            isOfPatient: false
        ),
        Specimen(
            name: "disclosed",
            table: "disclosed",
            match: { "organization_id = \($0.house.organization) and account_id = \($0.house.other.account)" },
            row: { victim, existing in
                [
                    of(victim), ("account_id", "\(victim.house.other.account)"),
                    ("day", existing ? "'infinity'" : "'2026-01-01'"), ("patient_id", "\(victim.house.third)"),
                ]
            },
            change: "day = '2026-01-02'",
            isOfPatient: false
        ),
        Specimen(
            name: "notice",
            table: "notice",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.notice)" },
            row: { victim, existing in
                [
                    of(victim), ("id", "\(existing ? victim.house.notice : UUID())"), ("at", "now()"),
                    ("day", "'2026-01-02'"), ("kind", "'disclosure-limit'"),
                    ("account_id", "\(victim.house.clinician.account)"),
                ]
            },
            change: "day = '2026-01-02'",
            opened: [.select: ["notice.list"]],
            isOfPatient: false
        ),
        Specimen(
            name: "session",
            table: "session",
            match: { "organization_id = \($0.house.organization) and account_id = \($0.house.keeper.account)" },
            row: { victim, _ in
                [
                    of(victim), ("account_id", "\(victim.house.keeper.account)"), ("used_as", "'api'"),
                    ("secret_sha256", "\(Primitive.freshBytes(32))"), ("created_at", "now()"), ("seen_at", "now()"),
                    ("idle", "interval '1 hour'"), ("until", "now() + interval '1 hour'"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "second_factor",
            table: "second_factor",
            match: { "account_id = \($0.house.keeper.account)" },
            row: { victim, existing in
                [
                    ("account_id", "\(existing ? victim.house.keeper.account : victim.house.clinician.account)"),
                    ("sealed_secret", "\([UInt8]([0]))"), ("last_step", "0"), ("since", "now()"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "second_factor_offer",
            table: "second_factor_offer",
            match: { "account_id = \($0.house.keeper.account)" },
            row: { victim, existing in
                [
                    ("account_id", "\(existing ? victim.house.keeper.account : victim.house.clinician.account)"),
                    ("session_id", "\(UUID())"), ("sealed_secret", "\([UInt8]([0]))"), ("at", "now()"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "recovery_code",
            table: "recovery_code",
            match: { "account_id = \($0.house.keeper.account)" },
            row: { victim, _ in
                [
                    ("account_id", "\(victim.house.keeper.account)"),
                    ("code_sha256", "\(Primitive.freshBytes(32))"),
                ]
            },
            isOfPatient: false
        ),
        Specimen(
            name: "link",
            table: "link",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.link)" },
            row: { victim, existing in
                [
                    of(victim), ("account_id", "\(victim.house.keeper.account)"), ("purpose", "'set-password'"),
                    ("secret_sha256", "\(Primitive.freshBytes(32))"), ("until", "now() + interval '1 day'"),
                ] + (existing ? [("id", "\(victim.house.link)")] : [])
            },
            isOfPatient: false
        ),
        Specimen(
            name: "provider",
            table: "provider",
            match: nil,
            row: { victim, _ in
                [of(victim), ("id", "\(UUID())"), ("sealed", "'\\x00'"), ("since", "now()")]
            },
            change: "until = null",
            isOfPatient: false
        ),
        Specimen(
            name: "identity",
            table: "identity",
            match: nil,
            row: { victim, _ in
                [
                    of(victim), ("provider_id", "'00000000-0000-0000-0000-0000000a11ce'"),
                    ("subject_token", "\(Primitive.freshBytes(32))"),
                    ("account_id", "\(victim.house.keeper.account)"), ("since", "now()"),
                ]
            },
            change: "since = now()",
            before: provider,
            isOfPatient: false
        ),
        Specimen(
            name: "sign_in_flow",
            table: "sign_in_flow",
            match: nil,
            row: { victim, _ in
                [
                    of(victim), ("provider_id", "'00000000-0000-0000-0000-0000000a11ce'"),
                    ("secret_sha256", "\(Primitive.freshBytes(32))"), ("until", "now() + interval '1 day'"),
                ]
            },
            change: "until = until",
            before: provider,
            isOfPatient: false
        ),
        Specimen(
            name: "federated_session",
            table: "federated_session",
            match: nil,
            row: { victim, _ in
                [
                    of(victim), ("session_id", "'00000000-0000-0000-0000-0000000a11ce'"), ("provider_id", "\(UUID())"),
                    ("subject_token", "\(Primitive.freshBytes(32))"),
                ]
            },
            change: "subject_token = subject_token",
            before: {
                """
                insert into care.session
                    (organization_id, id, account_id, used_as, secret_sha256, created_at, seen_at, idle, until)
                values (\($0.house.organization), '00000000-0000-0000-0000-0000000a11ce', \($0.house.keeper.account), 'page',
                        \(Primitive.freshBytes(32)), now(), now(), '1 hour', now() + interval '1 hour')
                """
            },
            isOfPatient: false
        ),
        Specimen(
            name: "sign_in_rule",
            table: "sign_in_rule",
            match: nil,
            row: { victim, _ in [of(victim), ("since", "now()")] },
            change: "since = now()",
            isOfPatient: false
        ),
    ]

    /// What identities and visits are of.
    private static let provider: @Sendable (Victim) -> SQL = {
        """
        insert into care.provider (organization_id, id, sealed, since)
        values (\($0.house.organization), '00000000-0000-0000-0000-0000000a11ce', '\\x00', now())
        """
    }

    // MARK: The installation

    private static let letter = Specimen(
        name: "letter",
        table: "letter",
        match: { "organization_id = \($0.house.organization) and id = \($0.house.letter)" },
        row: { victim, existing in
            [
                of(victim), ("id", "\(existing ? victim.house.letter : UUID())"),
                ("account_id", "\(victim.house.keeper.account)"), ("template", "'set-password'"), ("language", "'en'"),
                ("sealed", "\([UInt8]([0]))"), ("queued_at", "now()"), ("until", "now() + interval '1 day'"),
            ]
        },
        change: "sealed = '\\x01'",
        isOfPatient: false
    )

    private static let addressChange = Specimen(
        name: "address_change",
        table: "address_change",
        match: { "account_id = \($0.house.clinician.account)" },
        row: { victim, existing in
            [
                ("account_id", "\((existing ? victim.house.clinician : victim.house.keeper).account)"),
                ("sign_in_token", "\(Primitive.freshBytes(32))"), ("sealed_address", "\([UInt8]([0]))"),
                ("secret_sha256", "\(Primitive.freshBytes(32))"), ("until", "now() + interval '1 day'"),
            ]
        },
        change: "until = 'infinity'",
        isOfPatient: false
    )

    private static let spending = Specimen(
        name: "spending",
        table: "spending",
        match: nil,
        row: { _, _ in
            [
                ("bucket", "\(Primitive.freshBytes(16))"), ("period", "1"), ("spent", "1"),
                ("until", "now() + interval '1 minute'"),
            ]
        },
        change: "spent = 1000000",
        isOfPatient: false
    )

    private static let installation = [
        letter, addressChange, spending,
        Specimen(
            name: "permission",
            table: "permission",
            match: { _ in "name = 'record.read'" },
            row: { _, existing in
                let module: SQL = existing ? "'record'" : "'theft'"
                return [("name", "\(module) || '.read'"), ("module", module), ("action", "'read'")]
            },
            change: "action = action",
            isOfPatient: false
        ),
        Specimen(
            name: "setting",
            table: "setting",
            match: { _ in "profile = 'clinic' and name = 'disclosure.limit'" },
            row: { _, existing in
                [
                    ("profile", "'clinic'"), ("name", existing ? "'disclosure.limit'" : "'theft.limit'"),
                    ("kind", "'count'"), ("value", "'1000000'"), ("is_obeyed", "true"), ("source", "'none'"),
                    ("checked_on", "'2026-01-01'"),
                ]
            },
            change: "value = '1000000'",
            isOfPatient: false
        ),
        Specimen(
            name: "built_in_role",
            table: "built_in_role",
            match: { _ in "profile = 'clinic' and name = 'member'" },
            row: { _, existing in
                [
                    ("profile", "'clinic'"), ("name", existing ? "'member'" : "'thief'"), ("is_offered", "true"),
                    ("permissions", "'{record.read}'"),
                ]
            },
            change: "permissions = '{member.administer}'",
            isOfPatient: false
        ),
        Specimen(
            name: "act",
            table: "act",
            match: { _ in "name = 'record.read'" },
            row: { _, existing in
                [
                    ("name", existing ? "'record.read'" : "'record.steal'"), ("scope", "'roster'"),
                    ("powers", "'{record.read}'"),
                ]
            },
            change: "roles = '{member}'",
            isOfPatient: false
        ),
        Specimen(
            name: "sign_in_try",
            table: "sign_in_try",
            match: { "key = \($0.house.tried)" },
            row: { victim, existing in
                [
                    ("key", "\(existing ? victim.house.tried : Primitive.freshBytes(32))"), ("failures", "1"),
                    ("last_at", "now()"),
                ]
            },
            change: "failures = 9",
            isOfPatient: false
        ),
        Specimen(
            name: "guard",
            table: "guard",
            match: { _ in "only_row" },
            row: { _, _ in [("only_row", "true")] },
            change: "clock_offset = '-1 day'",
            isOfPatient: false
        ),
        Specimen(
            name: "pass",
            table: "pass",
            match: { "organization_id = \($0.house.organization)" },
            row: { victim, _ in
                [
                    ("secret_sha256", "\(Primitive.freshBytes(32))"), of(victim),
                    ("actor_organization_id", "\(victim.house.organization)"), ("account_id", "\(UUID())"),
                    ("session_id", "\(UUID())"), ("opening_id", "\(UUID())"), ("act", "'record.read'"),
                    ("scope", "'patient'"), ("powers", "'{record.read}'"), ("patients", "\([victim.kept.patient])"),
                    ("new_patients", "'{}'"), ("directory", "true"), ("opened_in", "'1'"),
                    ("until", "now() + interval '1 day'"),
                ]
            },
            change: "until = 'infinity'",
            isOfPatient: false
        ),
        Specimen(
            name: "job_kind",
            table: "job_kind",
            match: { _ in "name = 'housekeeping'" },
            row: { _, existing in
                [
                    ("name", existing ? "'housekeeping'" : "'theft'"), ("power", "'record.read'"),
                    ("lease_seconds", "60"), ("attempts", "1"), ("pause_seconds", "1"), ("longest_pause_seconds", "1"),
                ]
            },
            change: "attempts = 1000",
            isOfPatient: false
        ),
        Specimen(
            name: "job",
            table: "job",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.job)" },
            row: { victim, existing in
                [
                    of(victim), ("id", "\(existing ? victim.house.job : UUID())"), ("kind", "'housekeeping'"),
                    ("key", "\(UUID())"), ("patient_id", "\(victim.kept.patient)"), ("enqueued_at", "now()"),
                    ("run_at", "now()"),
                ]
            },
            change: "run_at = 'infinity'"
        ),
        Specimen(
            name: "canary",
            table: "canary",
            match: nil,
            row: { victim, _ in [of(victim)] },
            change: "since = now()",
            isOfPatient: false
        ),
        Specimen(
            name: "probe_result",
            table: "probe_result",
            match: nil,
            row: { _, _ in
                [
                    ("run_id", "\(UUID())"), ("probe", "'wall'"), ("class", "'live'"), ("outcome", "'kept'"),
                    ("seen", "'nothing'"), ("release", "'none'"), ("took_ms", "1"), ("at", "now()"),
                    ("until", "now() + interval '1 day'"),
                ]
            },
            change: "outcome = 'kept'",
            isOfPatient: false
        ),
        Specimen(
            name: "office",
            table: "office",
            match: { "account_id = \($0.house.keeper.account) and office = 'steward'" },
            row: { victim, _ in
                [("account_id", "\(victim.house.clinician.account)"), ("office", "'steward'"), ("since", "now()")]
            },
            change: "until = null",
            isOfPatient: false
        ),
        Specimen(
            name: "attestation",
            table: "attestation",
            match: { "id = \($0.house.attestation)" },
            row: { victim, existing in
                [
                    ("id", "\(existing ? victim.house.attestation : UUID())"), ("promise", "'ZZ-9'"),
                    ("account_id", "\(victim.house.keeper.account)"), ("words", "'it was done'"),
                    ("signed_as", "'somebody'"), ("link", "'https://evidence.example'"), ("since", "now()"),
                    ("until", "now() + interval '1 year'"), ("at", "now()"),
                ]
            },
            change: "words = 'all is well'",
            isOfPatient: false
        ),
        Specimen(
            name: "attestation_review",
            table: "attestation_review",
            match: { "attestation_id = \($0.house.attestation)" },
            row: { victim, _ in
                [
                    ("attestation_id", "\(victim.house.attestation)"), ("author_id", "\(victim.house.keeper.account)"),
                    ("account_id", "\(victim.house.other.account)"), ("accepted", "true"), ("at", "now()"),
                ]
            },
            change: "accepted = true",
            isOfPatient: false
        ),
        Specimen(
            name: "attestation_withdrawal",
            table: "attestation_withdrawal",
            match: { "attestation_id = \($0.house.attestation)" },
            row: { victim, _ in
                [
                    ("attestation_id", "\(victim.house.attestation)"), ("account_id", "\(victim.house.other.account)"),
                    ("reason", "'not so'"), ("at", "now()"),
                ]
            },
            change: "reason = 'so'",
            isOfPatient: false
        ),
        Specimen(
            name: "vulnerability",
            table: "vulnerability",
            match: nil,
            row: { _, _ in
                [
                    ("id", "\(UUID())"), ("number", "1000000"), ("token_sha256", "\(Primitive.freshBytes(32))"),
                    ("is_test", "false"), ("at", "now()"), ("acknowledge_by", "now() + interval '1 day'"),
                    ("answer_by", "now() + interval '2 days'"), ("sealed", "'\\x00'"),
                ]
            },
            change: "answer_by = answer_by",
            isOfPatient: false
        ),
        Specimen(
            name: "vulnerability_act",
            table: "vulnerability_act",
            match: nil,
            row: { _, _ in
                [
                    ("vulnerability_id", "'00000000-0000-0000-0000-0000000a11ce'"), ("id", "\(UUID())"),
                    ("at", "now()"),
                    ("kind", "'acknowledged'"),
                ]
            },
            change: "at = now()",
            before: { _ in
                """
                insert into care.vulnerability (id, number, token_sha256, is_test, at, acknowledge_by, answer_by, sealed)
                values ('00000000-0000-0000-0000-0000000a11ce', 1000000, \(Primitive.freshBytes(32)), false, now(),
                        now() + interval '1 day', now() + interval '2 days', '\\x00')
                """
            },
            isOfPatient: false
        ),
        Specimen(
            name: "migration",
            table: "migration",
            match: { _ in "true" },
            row: { _, existing in
                [("name", existing ? "'0001-people'" : "'9999-theft'"), ("sha256", "\(Primitive.freshBytes(32))")]
            },
            isOfPatient: false
        ),
    ]

    static func of(_ victim: Victim) -> (column: String, value: SQL) {
        ("organization_id", "\(victim.house.organization)")
    }
}
