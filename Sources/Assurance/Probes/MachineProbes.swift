import Foundation
import Postgres

/// Probes that look at the machine under an installation: its disks, files, accounts, network and clock.
extension Probe {
    // ENC-4
    static let rootKey = Probe(
        .rootKey,
        .host,
        tries: "looks where the root key is, and what opens it",
        remedy:
            "Name a passphrase by root_key.passphrase_file, on another file system such as a credential of systemd's; stop the server, and run carekeep root-key seal."
    ) { ground in
        guard let isClear = try ground.hasClearRootKey() else {
            throw ProbeTrouble.cannotBeTold("the root key's file cannot be read")
        }
        if isClear {
            let isApart = try ground.knownDeployment().map { deployment in
                areApart(deployment.layout.rootKeyFile, deployment.layout.dataFolders, on: deployment.machine)
            }
            return .fallsShort(
                "The root key lies in clear beside the data.",
                isApart == true ? ["it is on another file system than the data, and this machine reads both"] : []
            )
        }
        if let (machine, layout) = try ground.knownDeployment() {
            guard let file = layout.passphraseFile else {
                throw ProbeTrouble.cannotBeTold(
                    "the root key is sealed by a passphrase from the environment, and where that comes from is not seen"
                )
            }
            guard machine.file(file) != nil else {
                throw ProbeTrouble.cannotBeTold("the passphrase's file is not there")
            }
            if !areApart(file, layout.dataFolders, on: machine) {
                return .fallsShort(
                    "The passphrase of the root key lies on the disk that the data are on.",
                    ["whoever takes that disk has both"]
                )
            }
        }
        return .kept("The root key's file is sealed, and the passphrase does not lie with it.")
    }

    // ENC-4
    static let diskEncryption = Probe(
        .diskEncryption,
        .host,
        tries: "follows the folders of the data down to the disks, and looks for encryption on the way",
        remedy:
            "Put the data on a device that is encrypted (cryptsetup, LUKS)."
    ) { ground in
        let (machine, layout) = try ground.deployment()
        let places = layout.dataFolders + [layout.rootKeyFile]
        return try judged(
            places.map { ($0, DiskEncryption.of($0, on: machine)) },
            kept: "Everything that is written for the data and the keys goes through encryption first."
        ) { "\($0) is written to \($1) as it is; what the disk or the provider does below cannot be seen from here" }
    }

    // ENC-4
    static let swap = Probe(
        .swap,
        .host,
        tries: "looks where the kernel puts memory that is not at hand",
        remedy:
            "Switch swap off (swapoff -a, and take it out of /etc/fstab), or encrypt it (/etc/crypttab, option swap)."
    ) { ground in
        let (machine, _) = try ground.deployment()
        guard let table = machine.text("/proc/swaps").flatMap(SwapTable.init) else {
            throw ProbeTrouble.cannotBeTold("the list of swap areas cannot be read")
        }
        guard !table.areas.isEmpty else { return .kept("There is no swap: keys in memory stay in memory.") }
        return try judged(
            table.areas.map { ($0.path, SwapTable.encryption(of: $0, on: machine)) },
            kept: "Swap is encrypted, or stays in memory."
        ) { area, _ in "keys in memory can be written to \(area) in clear" }
    }

    // ENC-4
    static let coreDumps = Probe(
        .coreDumps,
        .host,
        tries: "looks whether the memory of a program that crashes is written down",
        remedy:
            "Start Carekeep with LimitCORE=0, and set kernel.core_pattern to a file's name or to systemd-coredump, which obeys that."
    ) { ground in
        let (machine, layout) = try ground.deployment()
        guard let pattern = machine.text("/proc/sys/kernel/core_pattern") else {
            throw ProbeTrouble.cannotBeTold("the kernel does not say what it does with crashed programs")
        }
        var wrong =
            CoreDumps.takesAll(pattern)
            ? ["the kernel hands the memory of every crashed program to another program"] : []
        let ids = layout.clusterFolders.compactMap { folder in
            machine.text("\(folder)/postmaster.pid")?.split(separator: "\n").first
        }
        let limits = ids.map { machine.text("/proc/\($0)/limits").flatMap(CoreDumps.limit) }
        if limits.contains(where: { $0 != nil && $0 != "0" }) {
            wrong.append("a database's program may write its memory to a file when it crashes")
        }
        if wrong.isEmpty {
            guard ids.count == layout.clusterFolders.count else {
                throw ProbeTrouble.cannotBeTried("the databases do not run")
            }
            guard !limits.contains(nil) else { throw ProbeTrouble.cannotBeTold("the databases' limits cannot be read") }
        }
        return .judged(
            "The memory of a database that crashes is written nowhere.",
            wrong: wrong
        )
    }

    // ENC-6
    static let fileModes = Probe(
        .fileModes,
        .host,
        tries:
            "looks whose the root key, the certificates' keys, the configuration and the folders are, and who else may read or change them",
        remedy: "Give each file back to its owner, and close it to others: chown, chmod."
    ) { ground in
        let (machine, layout) = try ground.deployment()
        let found = layout.files.compactMap { file in machine.file(file.path).map { (file, $0) } }
        guard !found.isEmpty else { throw ProbeTrouble.cannotBeTried("none of the files is there yet") }
        let wrong = found.flatMap { file, facts in faults(of: file, facts) }
        return .judged("Each of \(found.count) files and folders is its owner's alone.", wrong: wrong)
    }

    // ISO-5
    static let accounts = Probe(
        .accounts,
        .host,
        tries: "looks at the accounts under which the server and the databases run",
        remedy:
            "Let root start Carekeep, which makes two accounts for it; put nobody into their groups, nor them into others."
    ) { ground in
        let (machine, layout) = try ground.deployment()
        guard let accounts = layout.accounts else { throw ProbeTrouble.cannotBeTried("the accounts are not made yet") }
        guard let passwd = machine.text("/etc/passwd"), let group = machine.text("/etc/group") else {
            throw ProbeTrouble.cannotBeTold("the lists of accounts cannot be read")
        }
        let known = MachineAccounts(passwd: passwd, group: group)
        guard let wrong = known.faults(server: accounts.server.name, database: accounts.database.name) else {
            throw ProbeTrouble.cannotBeTold("the accounts are not in the machine's own list")
        }
        return .judged(
            "The server and the databases run as two accounts, to which nobody can sign in and to whose groups nobody else belongs.",
            wrong: wrong
        )
    }

    // NET-1
    static let listeners = Probe(
        .listeners,
        .host,
        tries: "asks the kernel which ports the network can call",
        remedy: "Let listen.metrics and databases listen on 127.0.0.1 alone, and stop what else runs as these accounts."
    ) { ground in
        let (machine, layout) = try ground.deployment()
        guard let accounts = layout.accounts else { throw ProbeTrouble.cannotBeTried("the accounts are not made yet") }
        guard let four = machine.text("/proc/net/tcp").flatMap(Listener.all) else {
            throw ProbeTrouble.cannotBeTold("the kernel does not list who listens")
        }
        // A machine without IPv6 has no second list.
        let all = four + (machine.text("/proc/net/tcp6").flatMap(Listener.all) ?? [])
        let owners: Set = [accounts.server.number, accounts.database.number]
        let others = Set(all.filter { !$0.isLoopback && !owners.contains($0.owner) }.map(\.port)).count
        return .judged(
            "Of Carekeep's accounts, the network can call the ports of the pages alone. Ports of other programs that it can call: \(others).",
            wrong: Listener.faults(of: all, owners: owners, open: layout.publicPorts, plain: layout.plainPorts)
        )
    }

    // NET-2
    static let firewall = Probe(
        .firewall,
        .host,
        tries: "reads the firewall's rules, and which ports they let in",
        remedy:
            "Drop what comes in by default, over IPv4 and IPv6, and let in the ports of listen.https, listen.http and SSH alone."
    ) { ground in
        let (machine, layout) = try ground.deployment()
        let tables = machine.output("nft", ["-n", "list", "ruleset"])
        let (four, six) = (machine.output("iptables-save", []), machine.output("ip6tables-save", []))
        guard tables != nil || four != nil else {
            throw ProbeTrouble.cannotBeTold(
                "the firewall's rules cannot be read here: it takes root, and the program nft or iptables-save"
            )
        }
        let firewall = HostFirewall(nftables: tables ?? "").joined(
            with: HostFirewall(iptables: four ?? "", ip6tables: six ?? "")
        )
        let ssh = (machine.text("/etc/ssh/sshd_config") ?? "").split(separator: "\n").compactMap { line in
            line.wholeMatch(of: /\s*Port\s+([0-9]+)\s*/).flatMap { UInt16($0.1) }
        }
        var wrong: [String] = []
        if !firewall.closesIPv4 { wrong.append("what no rule names is let in over IPv4") }
        if !firewall.closesIPv6, hasIPv6(machine) { wrong.append("what no rule names is let in over IPv6") }
        if wrong.isEmpty {
            wrong = firewall.unneeded(beside: layout.publicPorts + (ssh.isEmpty ? [22] : ssh))
                .map { "port \($0) is let in, and Carekeep does not need it" }
        }
        return .judged(
            "What is not asked for is dropped; the pages' ports and SSH are let in, and no others.",
            wrong: wrong
        )
    }

    // AUD-1
    static let clock = Probe(
        .clock,
        .host,
        tries: "asks the kernel whether its clock is kept in step",
        remedy: "Let chrony or systemd-timesyncd keep the clock: timedatectl set-ntp true."
    ) { ground in
        let (machine, _) = try ground.deployment()
        guard let clock = machine.clock() else {
            throw ProbeTrouble.cannotBeTold("the kernel does not tell of its clock")
        }
        let daemons: Set = ["chronyd", "ntpd", "openntpd", "systemd-timesyn", "ptp4l", "phc2sys"]
        let runs = (machine.names("/proc") ?? []).contains { id in
            Int(id) != nil
                && machine.text("/proc/\(id)/comm").map { daemons.contains($0.trimmingCharacters(in: .newlines)) }
                    == true
        }
        var wrong: [String] = []
        if !clock.isSynchronised {
            wrong.append("nobody keeps the clock in step" + (runs ? ", although a program for it runs" : ""))
        } else if clock.maximumError > 1_000_000 {
            wrong.append("the clock may be wrong by more than a second")
        }
        return .judged(
            "The clock is kept in step, to \(clock.maximumError / 1000) milliseconds at worst.",
            wrong: wrong
        )
    }

    // MARK: What they share

    private static func judged(
        _ places: [(String, DiskEncryption)],
        kept: String,
        open: (_ place: String, _ device: String) -> String
    ) throws -> Sighting {
        var wrong: [String] = []
        var untold: [String] = []
        var devices: Set<String> = []
        for (place, encryption) in places {
            switch encryption {
            case .encrypted, .inMemory: break
            case .open(let device): if devices.insert(device).inserted { wrong.append(open(place, device)) }
            case .unknown(let why): untold.append("\(place): \(why)")
            }
        }
        if wrong.isEmpty, let first = untold.first { throw ProbeTrouble.cannotBeTold(first) }
        return .judged(kept, wrong: wrong + untold)
    }

    private static func faults(of file: Layout.KeptFile, _ facts: FileFacts) -> [String] {
        var faults: [String] = []
        let name = "\(file.what), \(file.path)"
        if !file.owners.contains(facts.owner) { faults.append("\(name), belongs to account no. \(facts.owner)") }
        let open = facts.mode & file.closed
        if open & 0o022 != 0 { faults.append("others may change \(name)") }
        if open & 0o055 != 0 { faults.append("others may read \(name)") }
        return faults
    }

    /// Whether a file is on another file system than each of these folders; false where it is not there.
    private static func areApart(_ file: String, _ folders: [String], on machine: Machine) -> Bool {
        guard let device = machine.file(file)?.device else { return false }
        return folders.allSatisfy { Self.device(under: $0, on: machine) != device }
    }

    /// The file system of a folder; of the nearest one above where it is not there yet.
    private static func device(under folder: String, on machine: Machine) -> UInt64? {
        var parts = folder.split(separator: "/")
        while true {
            if let facts = machine.file("/" + parts.joined(separator: "/")) { return facts.device }
            guard parts.popLast() != nil else { return nil }
        }
    }

    /// Whether the machine has an address that others can reach over IPv6 (`/proc/net/if_inet6`: the fourth column is the scope).
    private static func hasIPv6(_ machine: Machine) -> Bool {
        (machine.text("/proc/net/if_inet6") ?? "").split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            return fields.count > 3 && fields[3] == "00"
        }
    }
}

/// What the kernel does with the memory of programs that crash.
enum CoreDumps {
    /// Whether a pattern hands it to a program that does not ask for the limit.
    static func takesAll(_ pattern: String) -> Bool {
        pattern.hasPrefix("|") && !pattern.contains("/systemd-coredump ") && !pattern.hasPrefix("|/bin/false")
    }

    /// The soft limit in bytes, or `unlimited`, of a text of `/proc/…/limits`.
    static func limit(_ text: String) -> String? {
        let name = "Max core file size"
        return text.split(separator: "\n").first { $0.hasPrefix(name) }?.dropFirst(name.count)
            .split(separator: " ").first.map(String.init)
    }
}

/// Probes that read both databases' settings, as their administrator, and change nothing.
extension Probe {
    // NET-1
    static let sockets = Probe(
        .sockets,
        .host,
        tries: "asks the databases where they listen and whom they let in",
        remedy:
            "Let each database listen where only the server reaches it, over TLS, and let in by scram-sha-256, peer or a certificate alone."
    ) { ground in
        var wrong: [String] = []
        let isOurs = try ground.hasOwnClusters()
        for (name, look) in [("records", try ground.look()), ("keys", try ground.lookAtKeys())] {
            let (isSocket, isEncrypted) = try look.query(
                """
                select inet_server_addr() is null,
                       coalesce((select s.ssl from pg_stat_ssl s where s.pid = pg_backend_pid()), false)
                """
            )[0].decode((Bool, Bool).self)
            if !isSocket, !isEncrypted { wrong.append("\(name): the way there is not encrypted") }
            let faults = DatabaseRules.faults(
                in: try settings(of: look),
                try entrances(of: look),
                isOurs: isOurs
            )
            wrong += faults.map { "\(name): \($0)" }
        }
        let seen =
            isOurs
            ? "Both databases listen on sockets inside the machine alone, where the kernel says who is calling."
            : "The ways to both databases are sockets or encrypted, and their lists let nobody in without a proof."
        return .judged(seen, wrong: wrong)
    }

    // INT-1
    static let databaseWrites = Probe(
        .databaseWrites,
        .host,
        tries: "asks both databases whether what they confirm is on the disk, and whether damage would be noticed",
        remedy:
            "Set fsync, full_page_writes and synchronous_commit to on; switch checksums on with pg_checksums --enable while the database is stopped."
    ) { ground in
        let wrong = try [("records", try ground.look()), ("keys", try ground.lookAtKeys())].flatMap { name, look in
            DatabaseRules.losses(in: try settings(of: look)).map { "\(name): \($0)" }
        }
        return .judged("What is confirmed is on the disk, and every page has a checksum.", wrong: wrong)
    }

    // LOG-1
    static let databaseLogs = Probe(
        .databaseLogs,
        .host,
        tries: "asks both databases for settings by which people's data would get into logs",
        remedy: "Take the setting back: alter system reset, or the line in local.conf."
    ) { ground in
        let wrong = try [("records", try ground.look()), ("keys", try ground.lookAtKeys())].flatMap { name, look in
            try Cluster.leaks(over: look).map { "\(name): \($0)" }
        }
        return .judged("Neither database logs statements, values or details of errors.", wrong: wrong)
    }

    private static func settings(of look: AdminConnection) throws -> [String: String] {
        let rows = try look.query("select name, setting from pg_catalog.pg_settings").map {
            (try $0.decode(String.self, at: 0), try $0.decode(String.self, at: 1))
        }
        return Dictionary(rows) { first, _ in first }
    }

    private static func entrances(of look: AdminConnection) throws -> [DatabaseRules.Entrance] {
        let rows: Rows
        do {
            rows = try look.query(
                "select coalesce(type, ''), address, netmask, case when error is null then auth_method end from pg_hba_file_rules"
            )
        } catch {
            guard error.sqlState == "42501" else { throw error }
            throw ProbeTrouble.cannotBeTold("this account may not read whom the databases let in")
        }
        return try rows.map {
            DatabaseRules.Entrance(
                kind: try $0.decode(String.self, at: 0),
                address: try $0.decode(String?.self, at: 1),
                mask: try $0.decode(String?.self, at: 2),
                method: try $0.decode(String?.self, at: 3)
            )
        }
    }
}
