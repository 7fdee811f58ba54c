import FoundationEssentials
import Postgres

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
        + agreements + concerns + practitioners + overviews + devices + reminders + emergencies + family
        + countersigning

    // MARK: Who opens what

    static let seeMembers: Set<String> = [
        "trail.read", "reach.read", "reach.share", "reach.withdraw", "member.list", "member.add",
        "member.change-roles", "member.end", "member.end-sessions", "notice.list", "reach.team", "reach.give",
        "reach.end", "concern.list", "break-glass.list", "practitioner.list",
    ]
    static let seeRoles: Set<String> = [
        "member.list", "member.change-roles", "role.make", "role.change", "role.end",
    ]
    static let readRecords: Set<String> = [
        "record.read", "record.search", "record.browse", "record.history", "record.update", "record.delete",
        "patient.history",
        "patient.everything", "bundle.write", "trail.read", "reach.read", "record.move", "patient.merge",
    ]
    static let changeRecords: Set<String> = [
        "record.update", "record.delete", "bundle.write", "record.move", "patient.merge",
    ]
    static let deleteRecords: Set<String> = ["record.delete", "bundle.write"]
    static let readVersions: Set<String> = [
        "record.history", "patient.history", "record.browse", "record.move", "patient.merge",
    ]
    static let readRoster: Set<String> = ["patient.list", "patient.search", "patient.browse"]
    private static let readReach: Set<String> = ["reach.read", "reach.share", "reach.withdraw", "reach.team"]
    static let writeRecords: Set<String> = [
        "record.create", "record.keep-private", "record.create.several", "record.update", "record.delete",
        "bundle.write",
        "record.move",
        "patient.merge",
    ]
    static let makePatients: Set<String> = ["patient.create", "bundle.write"]
    static let readDirectory: Set<String> = [
        "record.read/directory", "record.history/directory", "record.update/directory", "record.delete/directory",
        "patient.everything", "bundle.write", "directory.read", "directory.search", "directory.browse",
        "directory.history", "record.browse", "practitioner.list",
    ]
    static let writeDirectory: Set<String> = [
        "directory.create", "record.update/directory", "record.delete/directory", "bundle.write",
    ]
    static let changeDirectory: Set<String> = [
        "record.update/directory", "record.delete/directory", "bundle.write",
    ]

    // MARK: Patients, reach

    static let patient = Specimen(
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
    static let makeNewPatient: @Sendable (Victim) -> SQL = {
        "insert into care.patient (organization_id, id) values (\($0.house.organization), \($0.newPatient))"
    }

    static func of(_ victim: Victim) -> (column: String, value: SQL) {
        ("organization_id", "\(victim.house.organization)")
    }
}
