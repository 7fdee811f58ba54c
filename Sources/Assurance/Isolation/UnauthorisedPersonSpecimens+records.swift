import FoundationEssentials
import Postgres
import Seals

/// What is kept of records: what stands in their rows, and which acts open them.
extension Specimen {
    // MARK: Records and what belongs to them

    static let records = [
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

    static let subjects = [
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

    static let version = version(
        "version",
        \.kept.weight,
        { "\($0.kept.patient)" },
        readVersions,
        isOfPatient: true
    )
    static let patientVersion = version(
        "version (of who it is)",
        \.kept.person,
        { "\($0.kept.patient)" },
        readVersions.union(["patient.browse"]),
        isOfPatient: true
    )
    static let sharedVersion = version(
        "version (about another too)",
        \.kept.joint,
        { "\($0.house.third)" },
        readVersions,
        isOfPatient: true
    )
    static let directoryVersion = version(
        "version (of the directory)",
        \.house.place,
        { _ in "null" },
        ["record.history/directory", "directory.history", "directory.browse", "record.browse"],
        isOfPatient: false
    )

    static func version(
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

    static let token = Specimen(
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

    static let patientChange = change(
        "change",
        \.kept.weight,
        { "\($0.kept.patient)" },
        select: readRecords,
        insert: writeRecords,
        isOfPatient: true
    )
    static let directoryChange = change(
        "change (of the directory)",
        \.house.place,
        { _ in "null" },
        select: [],
        insert: writeDirectory,
        isOfPatient: false
    )

    static func change(
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

    static func entry(_ table: String) -> Specimen {
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
}
