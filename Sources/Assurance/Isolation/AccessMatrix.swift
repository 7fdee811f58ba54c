public import Postgres

/// Who may do what, as the database's own tables have it: which role opens which act, by which ways of reaching a patient, in each
/// kind of organisation. (ROL-6, ROL-7)
public struct AccessMatrix: Sendable {
    /// A role as one kind of organisation has it.
    public struct Role: Sendable {
        public let profile: String
        public let name: String
        /// Whether it is offered there.
        public let isOffered: Bool
        public let permissions: Set<String>
    }

    /// An act of an organisation; acts of the installation take an office, and no role.
    public struct Act: Sendable {
        /// `record.read`; of a record of the directory, `record.read/directory`.
        public let name: String
        /// What it asks for; `nil` for nothing but belonging.
        public let permission: String?
        /// Whether it is about a patient, who must be reached.
        public let isAboutPatient: Bool
        /// The ways of reaching that it accepts.
        public let reach: Set<String>
    }

    /// A permission that the release lists.
    public struct Permission: Sendable {
        public let name: String
        public let module: String
        /// Whether some act asks for it. What is not built, nobody has.
        public let isBuilt: Bool
    }

    /// The ways of reaching a patient, in the order in which they are told.
    public static let ways = [
        "guardian", "self", "share", "care-team", "assignment", "break-glass", "break-glass-write", "carer",
        "carer-reading", "appointment",
    ]

    public let roles: [Role]
    public let acts: [Act]
    public let permissions: [Permission]

    /// Reads it.
    public init(over connection: AdminConnection) throws {
        roles = try connection.query(
            "select profile, name, is_offered, permissions from care.built_in_role order by profile, name"
        ).map { row in
            Role(
                profile: try row.decode(String.self, at: 0),
                name: try row.decode(String.self, at: 1),
                isOffered: try row.decode(Bool.self, at: 2),
                permissions: Set(try row.decode([String].self, at: 3))
            )
        }
        acts = try connection.query(
            """
            select name, permission, scope in ('patient', 'patients') and reach <> '{}', reach
              from care.act where scope <> 'installation'
            union all
            select name || '/directory', directory_permission, false, '{}'
              from care.act where scope = 'patient' and directory_powers <> '{}'
             order by 1
            """
        ).map { row in
            Act(
                name: try row.decode(String.self, at: 0),
                permission: try row.decode(String?.self, at: 1),
                isAboutPatient: try row.decode(Bool.self, at: 2),
                reach: Set(try row.decode([String].self, at: 3))
            )
        }
        permissions = try connection.query(
            """
            select p.name, p.module,
                   exists (select from care.act a where p.name in (a.permission, a.directory_permission))
              from care.permission p order by p.module, p.action
            """
        ).map { row in
            Permission(
                name: try row.decode(String.self, at: 0),
                module: try row.decode(String.self, at: 1),
                isBuilt: try row.decode(Bool.self, at: 2)
            )
        }
    }

    /// The permissions that some act asks for.
    public var built: [String] { permissions.filter(\.isBuilt).map(\.name) }

    /// Modules of which nothing is built yet.
    public var unbuiltModules: [String] {
        let built = Set(permissions.filter(\.isBuilt).map(\.module))
        return Set(permissions.map(\.module)).subtracting(built).sorted()
    }

    /// Whether somebody who has these permissions, and reaches the patient in this way, is let in.
    public static func isOpen(_ act: Act, to permissions: Set<String>, by way: String?) -> Bool {
        guard act.permission.map(permissions.contains) ?? true else { return false }
        return !act.isAboutPatient || way.map(act.reach.contains) ?? false
    }

    /// The ways in which an act is tried: by each way of reaching and by none, or once where it is about no patient.
    public static func ways(of act: Act) -> [String?] { act.isAboutPatient ? [nil] + ways.map(Optional.some) : [nil] }

    /// The ways by which a role opens an act; `nil` if by none.
    public func opening(_ act: Act, by role: Role) -> [String]? {
        let open = Self.ways(of: act).filter { Self.isOpen(act, to: role.permissions, by: $0) }
        return open.isEmpty ? nil : open.compactMap(\.self)
    }

    /// How many cells there are, and how many of them are open.
    public var counts: (cells: Int, open: Int) {
        roles.reduce(into: (0, 0)) { counts, role in
            for act in acts {
                for way in Self.ways(of: act) {
                    counts.0 += 1
                    if Self.isOpen(act, to: role.permissions, by: way) { counts.1 += 1 }
                }
            }
        }
    }
}
