import Assurance
import CLinux
import Crypto
import Foundation
import Glibc
import Postgres
import Seals

extension Machine {
    /// The machine that this process runs on.
    static let here = Machine(
        // What may not be read is not told, whatever the reason.
        text: { try? ClusterFiles.read($0) },
        names: { path in
            guard let folder = opendir(path) else { return nil }
            defer { closedir(folder) }
            var names: [String] = []
            while let entry = readdir(folder) { names.append(ClusterFiles.name(of: entry)) }
            return names.filter { $0 != "." && $0 != ".." }
        },
        real: { path in
            guard let found = realpath(path, nil) else { return nil }
            defer { free(found) }
            return String(cString: found)
        },
        file: { path in
            ClusterFiles.facts(path).map { FileFacts(owner: $0.owner, mode: $0.mode, device: $0.device) }
        },
        output: { name, arguments in
            let folders = ["/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"]
            guard let path = folders.map({ $0 + name }).first(where: { access($0, X_OK) == 0 }) else { return nil }
            // A program that cannot be started tells nothing.
            guard let result = try? Program(path, arguments).run(within: 10), result.status == 0 else { return nil }
            return result.output
        },
        clock: {
            var error = 0
            let isKept = carekeep_clock_is_kept(&error)
            return isKept < 0 ? nil : KernelClock(isSynchronised: isKept == 1, maximumError: error)
        }
    )
}

extension Machine {
    /// The files that servers of this program write their logs to, whoever started them. A terminal, a pipe and the journal are none.
    func logFiles(ofProgram program: String) -> [String] {
        guard let own = real(program) else { return [] }
        let servers = (names("/proc") ?? []).filter { id in
            guard Int(id) != nil, real("/proc/\(id)/exe") == own else { return false }
            return text("/proc/\(id)/cmdline")?.split(separator: "\0").dropFirst().first == "serve"
        }
        let files = servers.flatMap { id in ["1", "2"].compactMap { real("/proc/\(id)/fd/\($0)") } }
        return Set(files.filter { !$0.hasPrefix("/dev/") }).sorted()
    }
}

extension ReleaseFolder {
    /// Beside the program that this process runs.
    static let here = ReleaseFolder(
        results: {
            let folder = URL(filePath: Supervisor.thisProgram).resolvingSymlinksInPath().deletingLastPathComponent()
            return FileManager.default.contents(atPath: folder.appending(path: "release-results.json").path).map(
                Array.init
            )
        },
        sha256: {
            // The file that is executed, also if another one has taken its name meanwhile.
            guard let file = FileHandle(forReadingAtPath: "/proc/self/exe") else { return nil }
            var hash = SHA256()
            // What cannot be read to its end has no hash.
            while let bytes = try? file.read(upToCount: 1 << 20), !bytes.isEmpty { hash.update(data: bytes) }
            return Array(hash.finalize()).hexadecimal
        }
    )
}

extension InstallationPaths {
    /// How this installation lies on its machine.
    ///
    /// - `file`: the configuration's file, if there is one.
    /// - `hasAccounts`: whether the accounts are there, and not yet to be made.
    func layout(_ stores: [InstalledStore], file: String?, hasAccounts: Bool = true) -> Layout {
        let clusters = stores.compactMap(\.cluster)
        var passphraseFile: String?
        if case .file(let path) = configuration.rootKey.passphrase { passphraseFile = path }
        return Layout(
            dataFolders: [configuration.dataFolder] + clusters.map(\.dataFolder),
            clusterFolders: clusters.map(\.dataFolder),
            rootKeyFile: rootKeyFile,
            passphraseFile: passphraseFile,
            files: ours(clusters) + operators(file, passphraseFile),
            publicPorts: [configuration.https, configuration.http].compactMap { $0.map { UInt16(clamping: $0.port) } },
            plainPorts: [configuration.metrics].compactMap { $0.map { UInt16(clamping: $0.port) } },
            accounts: hasAccounts
                ? Layout.Accounts(server: Layout.Account(accounts.server), database: Layout.Account(accounts.database))
                : nil
        )
    }

    /// What Carekeep makes.
    private func ours(_ clusters: [Cluster]) -> [Layout.KeptFile] {
        let (server, database) = (accounts.server.uid, accounts.database.uid)
        return [
            Layout.KeptFile(rootKeyFile, "the root key", owners: [server, owner.uid], closed: 0o077),
            Layout.KeptFile(configuration.dataFolder, "the data folder", owners: [owner.uid], closed: 0o022),
            Layout.KeptFile(serverFolder, "the server's folder", owners: [server], closed: 0o077),
            Layout.KeptFile(tlsFolder + "/authority.key", "the authority's key", owners: [owner.uid], closed: 0o077),
            Layout.KeptFile(tlsFolder + "/server.key", "the certificate's key", owners: [server], closed: 0o077),
        ]
            + clusters.flatMap { cluster in
                [
                    Layout.KeptFile(
                        cluster.dataFolder,
                        "the \(cluster.name) database",
                        owners: [database],
                        closed: 0o077
                    ),
                    Layout.KeptFile(
                        cluster.socketFolder,
                        "the folder of the \(cluster.name) database's socket",
                        owners: [database],
                        closed: 0o022
                    ),
                ]
            }
    }

    /// What the operator puts there.
    private func operators(_ file: String?, _ passphraseFile: String?) -> [Layout.KeptFile] {
        let trusted = [0, owner.uid, accounts.server.uid]
        var files = [Layout.KeptFile(Supervisor.thisProgram, "the program", owners: [0, owner.uid], closed: 0o022)]
        if let file { files.append(Layout.KeptFile(file, "the configuration", owners: [0, owner.uid], closed: 0o022)) }
        if let passphraseFile {
            files.append(Layout.KeptFile(passphraseFile, "the passphrase's file", owners: trusted, closed: 0o077))
        }
        if case .files(_, let key) = configuration.certificate {
            files.append(Layout.KeptFile(key, "the certificate's key", owners: trusted, closed: 0o027))
        }
        if let address = configuration.reports.addressFile {
            files.append(Layout.KeptFile(address, "the file of the collector's DSN", owners: trusted, closed: 0o027))
        }
        return files
    }
}

extension Layout.Account {
    fileprivate init(_ account: Account) { self.init(name: account.name, number: account.uid) }
}

extension Site.Host {
    /// An installation's, as its configuration has it.
    init(_ paths: InstallationPaths, _ stores: [InstalledStore], layout: Layout) {
        let configuration = paths.configuration
        self.init(
            dataFolders: stores.compactMap { $0.cluster?.dataFolder },
            logFiles: { Machine.here.logFiles(ofProgram: "/proc/self/exe") },
            // What lies there, and not what was configured. A file that cannot be read tells nothing, and the probe says so.
            hasClearRootKey: (try? RootKey.isSealed(at: paths.rootKeyFile)).map { !$0 },
            allowsTLS12: configuration.minimumTLS == .v1_2,
            hasOwnClusters: stores.allSatisfy { $0.cluster != nil },
            deployment: Deployment(machine: .here, layout: layout),
            release: .here
        )
    }
}
