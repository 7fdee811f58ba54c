/// What PostgreSQL's settings must be so that nobody's data end up in its logs.
///
/// A value travels as a parameter and a statement is a literal, so a log can show data in these ways only: parameters
/// printed beside a statement, a row quoted in an error's detail, a value quoted in an error's message, plans and
/// parse trees, and statements typed by hand. Each is one of the rules.
enum ClusterSettings {
    /// One setting and what it may be.
    struct Rule: Sendable {
        var name: String
        var allowed: [String]
        /// What the setting would print.
        var why: String
    }

    static let rules: [Rule] = [
        Rule(name: "log_error_verbosity", allowed: ["terse"], why: "details of errors quote rows"),
        Rule(name: "log_parameter_max_length", allowed: ["0"], why: "parameters are printed beside statements"),
        Rule(
            name: "log_parameter_max_length_on_error",
            allowed: ["0"],
            why: "parameters are printed beside errors"
        ),
        Rule(name: "log_statement", allowed: ["none"], why: "statements are printed"),
        Rule(name: "log_min_duration_statement", allowed: ["-1"], why: "slow statements are printed"),
        Rule(name: "log_min_duration_sample", allowed: ["-1"], why: "slow statements are printed"),
        Rule(name: "log_transaction_sample_rate", allowed: ["0"], why: "statements are printed"),
        Rule(
            name: "log_min_error_statement",
            allowed: ["panic", "fatal"],
            why: "statements that fail are printed"
        ),
        Rule(
            name: "log_min_messages",
            allowed: ["log", "fatal", "panic"],
            why: "messages of errors quote values"
        ),
        Rule(name: "debug_print_parse", allowed: ["off"], why: "parse trees hold values"),
        Rule(name: "debug_print_rewritten", allowed: ["off"], why: "parse trees hold values"),
        Rule(name: "debug_print_plan", allowed: ["off"], why: "plans hold values"),
        Rule(name: "pgaudit.log_parameter", allowed: ["off"], why: "parameters are printed"),
    ]

    /// Libraries that print statements with their values; where one is loaded, its settings appear.
    static let refusedLibraries = ["auto_explain"]

    /// A setting as the server has it, and where it holds: for this session, or for a role or database by
    /// `alter role … set`.
    struct Found: Sendable, Equatable {
        var name: String
        var value: String
        var scope: String?
    }

    /// What is wrong with the settings found, one sentence each, with the remedy.
    static func complaints(about settings: [Found]) -> [String] {
        var complaints: [String] = []
        for found in settings {
            if let rule = rules.first(where: { $0.name == found.name }), !rule.allowed.contains(found.value) {
                let scope = found.scope.map { " for \($0)" } ?? ""
                complaints.append("\(rule.name) is \(found.value)\(scope) (\(rule.why)); set it to \(rule.allowed[0])")
            }
            for library in refusedLibraries where found.name.hasPrefix(library + ".") || loads(library, found) {
                let complaint = "\(library) is loaded (it prints plans with values); take it out of *_preload_libraries"
                if !complaints.contains(complaint) { complaints.append(complaint) }
            }
        }
        return complaints
    }

    private static func loads(_ library: String, _ found: Found) -> Bool {
        found.name.hasSuffix("preload_libraries") && found.value.contains(library)
    }

    /// The settings of the session, and those that a role or database brings along.
    ///
    /// A role without `pg_read_all_settings` does not see which libraries are preloaded; a loaded one's own settings
    /// it does see.
    static func read(from connection: AdminConnection) throws -> [Found] {
        let effective = try connection.query(
            """
            select name, setting, null::text from pg_catalog.pg_settings
             where name like 'log\\_%' or name like 'debug\\_%' or name like '%preload\\_libraries'
                or name like 'auto\\_explain.%' or name like 'pgaudit.%'
            union all
            select split_part(entry, '=', 1), substr(entry, strpos(entry, '=') + 1),
                   concat_ws(' in ', coalesce('role ' || r.rolname, 'every role'), 'database ' || d.datname)
              from pg_catalog.pg_db_role_setting s
              cross join unnest(s.setconfig) entry
              left join pg_catalog.pg_roles r on r.oid = s.setrole
              left join pg_catalog.pg_database d on d.oid = s.setdatabase
             where (s.setdatabase = 0 or d.datname = current_database())
               and (s.setrole = 0 or r.rolname = session_user or r.rolname like 'carekeep\\_%')
            """
        )
        return try effective.map {
            Found(
                name: try $0.decode(String.self, at: 0),
                value: try $0.decode(String.self, at: 1),
                scope: try $0.decode(String?.self, at: 2)
            )
        }
    }
}

extension Cluster {
    /// Refuses a server that is too old or whose settings would print people's data in its logs.
    ///
    /// To be asked of every server before it is used, our own and those given by URL: through a connection as the
    /// very role that will be used, since settings can be a role's.
    ///
    /// - `connection`: to the server in question.
    /// - `place`: what to call it in the message; never a URL with a password.
    public static func requireSafe(_ connection: AdminConnection, at place: String) throws {
        try ClusterBinaries.requireSupported(version: connection.serverVersion, at: place)
        let complaints = try leaks(over: connection)
        guard complaints.isEmpty else {
            throw ClusterError(
                "\(place) would print people's data in its logs, so Carekeep does not use it:\n"
                    + complaints.map { "  - \($0)" }.joined(separator: "\n")
            )
        }
    }

    /// The settings of a server that would print people's data in its logs, one sentence each, with what to set them to.
    public static func leaks(over connection: AdminConnection) throws -> [String] {
        ClusterSettings.complaints(about: try ClusterSettings.read(from: connection))
    }
}
