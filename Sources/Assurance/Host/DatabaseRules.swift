/// What PostgreSQL's settings and its list of who may come in must be, so that nobody else comes in and nothing is lost.
enum DatabaseRules {
    /// A line of `pg_hba.conf` as PostgreSQL read it.
    struct Entrance: Sendable, Equatable {
        /// `local`, `host`, `hostssl` …
        var kind: String
        /// `nil` for sockets.
        var address: String?
        /// `0.0.0.0` for everybody.
        var mask: String?
        /// `nil` for a line that PostgreSQL could not read.
        var method: String?

        var isOfNetwork: Bool { kind != "local" }
    }

    /// Settings without which a power cut or a bad disk loses data in silence, and what each must be.
    static let safe: [(name: String, value: String)] = [
        ("fsync", "on"), ("full_page_writes", "on"), ("data_checksums", "on"), ("zero_damaged_pages", "off"),
        ("ignore_checksum_failure", "off"),
    ]

    /// What is wrong with settings by which data could be lost.
    static func losses(in settings: [String: String]) -> [String] {
        var faults = safe.compactMap { rule in
            settings[rule.name] == rule.value ? nil : "\(rule.name) is \(settings[rule.name] ?? "not there")"
        }
        // Anything but `off` waits for the disk, here or on a standby.
        if settings["synchronous_commit"] == "off" { faults.append("synchronous_commit is off") }
        return faults
    }

    /// What is wrong with where a database listens and whom it lets in.
    ///
    /// - `isOurs`: a cluster of ours, which is meant for sockets alone.
    static func faults(in settings: [String: String], _ entrances: [Entrance], isOurs: Bool) -> [String] {
        let listens = !(settings["listen_addresses"] ?? "").isEmpty
        var faults: [String] = []
        if isOurs, listens { faults.append("it listens on the network") }
        if listens, settings["ssl"] != "on" { faults.append("ssl is off, and it listens on the network") }
        if settings["row_security"] == "off" { faults.append("row_security is off") }
        if listens, settings["password_encryption"] != "scram-sha-256" {
            faults.append("password_encryption is not scram-sha-256")
        }
        return faults + entrances.flatMap { Self.faults(of: $0, isOurs: isOurs) }
    }

    private static func faults(of entrance: Entrance, isOurs: Bool) -> [String] {
        guard let method = entrance.method else { return ["a line of its list of who may come in cannot be read"] }
        if method == "reject" { return [] }
        let line = "it lets in by \(entrance.kind) \(method)"
        if isOurs, entrance.isOfNetwork { return [line] }
        if ["trust", "password", "md5", "ident"].contains(method) { return [line] }
        if entrance.isOfNetwork, isEverybody(entrance) { return ["\(line), from every address"] }
        if ["host", "hostnossl"].contains(entrance.kind), !isLoopback(entrance) {
            return ["\(line), without encryption"]
        }
        return []
    }

    private static func isEverybody(_ entrance: Entrance) -> Bool {
        entrance.address == "all" || ["0.0.0.0", "::"].contains(entrance.mask)
    }

    private static func isLoopback(_ entrance: Entrance) -> Bool {
        guard let address = entrance.address else { return false }
        return address.hasPrefix("127.") || address == "::1" || address == "localhost"
    }
}
