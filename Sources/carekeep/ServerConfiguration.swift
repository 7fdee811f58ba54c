import Assurance
import Foundation
import Glibc
import People
import Portal
import Postgres
import Yams

/// What an operator decides: one YAML file, every key of which may be left out. `docs/configuration.md` explains them.
struct ServerConfiguration: Sendable, Equatable {
    /// Where the clusters, the root key and the certificates are.
    var dataFolder: String
    /// Where the databases' sockets are; nil for a place that suits the data folder.
    var socketFolder: String?
    /// Where the server listens.
    var https: Address
    /// Where it listens to send callers to `https`; nil if it does not.
    var http: Address?
    /// Where Prometheus may ask for metrics; nil for nowhere.
    var metrics: Address?
    /// The names under which people reach the server, besides `localhost`.
    var publicNames: [String]
    /// Where the certificate comes from.
    var certificate: CertificateSource
    /// The oldest TLS that is spoken.
    var minimumTLS: TLSVersion
    /// Where the sealed records are.
    var records: StoreLocation
    /// Where the keys are.
    var keys: StoreLocation
    /// Where the root key is, and what opens it.
    var rootKey: RootKey
    /// What is refused for being too large.
    var limits: Limits
    /// How long someone stays signed in.
    var sessions: Sessions
    /// How much one may ask for, by the minute or the hour.
    var rateLimits: [RouteClass: Int]
    /// Who is told of errors.
    var reports: ErrorReports
    /// Who takes letters; nil for nobody, and then links are handed over.
    var mail: Mail?
    /// When promises are tried without being asked.
    var promises: Trying
    /// Ids of promises that the public page counts and does not show.
    var withheldPromises: [String]
    /// What is said to whoever reports a weakness.
    var security: Security
    /// Whether people may sign in at providers on this very machine, without HTTPS.
    var localProviders: LocalProviders
    /// Every key in force with its value, for people to read; secrets are left out.
    var effective: [Setting]

    /// A host and a port.
    struct Address: Sendable, Equatable {
        /// A name or an IP address; `0.0.0.0` or `::` for every network.
        var host: String
        /// From 1 to 65535.
        var port: Int
    }

    /// Where the server's certificate comes from.
    enum CertificateSource: Sendable, Equatable {
        /// From the authority that Carekeep makes at its first start.
        case localAuthority
        /// From PEM files: the certificate with its chain, and its key.
        case files(certificate: String, key: String)
    }

    /// A version of TLS.
    enum TLSVersion: String, Sendable, CaseIterable {
        // As TLS writes its own versions.
        // swift-format-ignore: AlwaysUseLowerCamelCase
        case v1_2 = "1.2"
        // swift-format-ignore: AlwaysUseLowerCamelCase
        case v1_3 = "1.3"
    }

    /// Where a store is.
    enum StoreLocation: Sendable, Equatable {
        /// In a private cluster in the data folder.
        case ownCluster
        /// On a server of the operator's: as whom the server signs in, migrations, and the keykeeper.
        case url(server: String, migrate: String, keykeeper: String)
    }

    /// The key that opens all others.
    struct RootKey: Sendable, Equatable {
        /// Nil for `root.key` in the server's folder.
        var file: String?
        /// What opens the file.
        var passphrase: Passphrase
    }

    /// Where the root key's passphrase comes from.
    enum Passphrase: Sendable, Equatable {
        /// The key lies there in clear; then the encryption promises are shown as falling short.
        case none
        /// A file, such as one of systemd's credentials.
        case file(String)
        /// A variable of the environment, which is removed once read.
        case environment(String)
    }

    /// Sizes.
    struct Limits: Sendable, Equatable {
        /// Of a request's body, in bytes.
        var bodyBytes: Int
        /// Of a bundle, in bytes.
        var bundleBytes: Int
    }

    /// Times.
    struct Sessions: Sendable, Equatable {
        /// Without a request, someone signed in for pages is signed out after this.
        var pageIdle: Duration
        /// And in any case after this.
        var pageLifetime: Duration
        /// An API token ends after this.
        var apiLifetime: Duration
    }

    /// Where error reports go.
    struct ErrorReports: Sendable, Equatable {
        /// A file with the collector's DSN, which holds a key; nil for nobody, and then nothing is sent.
        var addressFile: String?
        /// A PEM file of those who may vouch for the collector; nil for whom the system trusts.
        var authorityFile: String?
        /// What the installation is for.
        var environment: ReportOptions.Environment
    }

    /// Where letters go.
    struct Mail: Sendable, Equatable {
        /// The mail server.
        var host: String
        /// Its port.
        var port: Int
        /// How the way there is sealed.
        var sealing: MailOptions.Sealing
        /// As whom we sign in to it; nil for as nobody.
        var user: String?
        /// A file whose first line is the password.
        var passwordFile: String?
        /// Whom letters are from.
        var from: MailAddress
        /// A PEM file of those who may vouch for the mail server; nil for whom the system trusts.
        var authorityFile: String?
    }

    /// When promises are tried without being asked.
    enum Trying: String, Sendable, CaseIterable {
        case daily, never
    }

    /// Whether people may sign in at providers on this very machine.
    enum LocalProviders: String, Sendable, CaseIterable {
        case refused, allowed
    }

    /// How weaknesses are reported, and what is promised for it.
    struct Security: Sendable, Equatable {
        /// Ways to reach those who run the server, besides the form: URIs.
        var contacts: [String]
        /// The policy's address; nil for our own page.
        var policy: String?
        /// Codes of the languages that they read.
        var languages: [String]
        /// Names of people who reported a weakness and want to be thanked.
        var thanked: [String]
        /// Until somebody has read a report.
        var acknowledge: ReplyTerm
        /// Until there is an answer.
        var answer: ReplyTerm
    }

    /// A key of the file and the value in force.
    struct Setting: Sendable, Equatable {
        /// `listen.https.port`.
        var key: String
        /// As one would write it; `(hidden)` for a secret, `(none)` for nothing.
        var value: String
    }

    /// What holds without a file.
    static func standard() throws(ConfigurationError) -> ServerConfiguration {
        try ServerConfiguration(yaml: "", file: "defaults")
    }

    /// Reads the file given, or the one in its usual place, or none.
    ///
    /// In a server that has given up its privileges it is what was read before: what is usual for root is not for it.
    static func load(from path: String? = nil) throws(ConfigurationError) -> ServerConfiguration {
        if let belongings = ServerProcess.belongings { return belongings.paths.configuration }
        guard let path = file(given: path) else { return try standard() }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(file: path, problems: ["it cannot be read: \(String(cString: strerror(errno)))"])
        }
        let configuration = try ServerConfiguration(yaml: String(decoding: bytes, as: UTF8.self), file: path)
        if configuration.holdsPasswords, ClusterFiles.isOpenToAll(path) {
            throw ConfigurationError(
                file: path,
                problems: ["it holds a password, so others may not read it: chmod 640"]
            )
        }
        return configuration
    }

    /// The file that is read: the one given, or the one in its usual place if it is there.
    static func file(given path: String?) -> String? {
        let usual = geteuid() == 0 ? "/etc/carekeep/carekeep.yaml" : home(".config/carekeep/carekeep.yaml")
        return path ?? (access(usual, F_OK) == 0 ? usual : nil)
    }

    /// Reads a text. Tells all that is wrong with it at once.
    init(yaml: String, file: String) throws(ConfigurationError) {
        let top = try ConfigurationSection(yaml: yaml, file: file)

        dataFolder = top.path("data_folder", or: Self.usualDataFolder)
        socketFolder = top.optionalPath("socket_folder")

        let listen = top.section("listen")
        https = listen.address("https", or: Address(host: "127.0.0.1", port: 8443))
        http = listen.switchable("http") { $0.address("http", or: Address(host: "127.0.0.1", port: 8080)) }
        metrics = listen.onDemand("metrics") { $0.address("metrics", or: Address(host: "127.0.0.1", port: 9464)) }
        publicNames = top.names("public_names")

        let tls = top.section("tls")
        let certificate = tls.optionalPath("certificate")
        let key = tls.optionalPath("key")
        minimumTLS = tls.choice("minimum_version", or: .v1_3)
        switch (certificate, key) {
        case (nil, nil): self.certificate = .localAuthority
        case (let certificate?, let key?): self.certificate = .files(certificate: certificate, key: key)
        default:
            self.certificate = .localAuthority
            tls.complain("certificate", "and tls.key go together: give both or neither")
        }

        let stores = top.section("stores")
        records = stores.store("records", hasKeykeeper: true)
        keys = stores.store("keys", hasKeykeeper: false)
        if records == keys, records != .ownCluster {
            stores.complain("keys", "must be another database than stores.records: each is worthless alone")
        }

        let root = top.section("root_key")
        rootKey = RootKey(file: root.optionalPath("file"), passphrase: root.passphrase())

        let limits = top.section("limits")
        let body = limits.size("body", or: 8 << 20)
        self.limits = Limits(bodyBytes: body, bundleBytes: limits.size("bundle", or: max(64 << 20, body)))

        rateLimits = top.section("rate_limits").rateLimits()

        let sessions = top.section("sessions")
        self.sessions = Sessions(
            pageIdle: sessions.time("page_idle", or: .seconds(7 * 86_400), atMost: .seconds(7 * 86_400)),
            pageLifetime: sessions.time("page_lifetime", or: .seconds(30 * 86_400), atMost: .seconds(30 * 86_400)),
            apiLifetime: sessions.time("api_lifetime", or: .seconds(86_400), atMost: .seconds(86_400))
        )
        let reports = top.section("reports")
        self.reports = ErrorReports(
            addressFile: reports.optionalPath("dsn_file"),
            authorityFile: reports.optionalPath("authority_file"),
            environment: reports.choice("environment", or: .production)
        )
        mail = top.section("mail").mail()
        let promises = top.section("promises")
        self.promises = promises.choice("tried", or: .daily)
        withheldPromises = promises.promiseIDs("withheld")
        security = top.section("security").security()
        localProviders = top.section("sign_in").choice("local_providers", or: .refused)
        effective = []
        effective = try top.finish()
    }

    /// Where people reach the server, by its first name: `https://care.example.org`.
    var publicAddress: String {
        let name = publicNames.first ?? "localhost"
        let host = name.contains(":") ? "[\(name)]" : name
        return https.port == 443 ? "https://\(host)" : "https://\(host):\(https.port)"
    }

    private var holdsPasswords: Bool {
        [records, keys].contains { store in
            guard case .url(let server, let migrate, let keykeeper) = store else { return false }
            return [server, migrate, keykeeper].contains { url in
                url.contains("password=") || url.split(separator: "@").first?.contains(/:\/\/[^\/]*:/) == true
            }
        }
    }

    private static var usualDataFolder: String {
        geteuid() == 0 ? "/var/lib/carekeep" : home(".local/share/carekeep")
    }

    private static func home(_ path: String) -> String {
        let account = FileManager.default.homeDirectoryForCurrentUser.path(percentEncoded: false)
        let home = ProcessInfo.processInfo.environment["HOME"] ?? account
        return URL(filePath: home, directoryHint: .isDirectory).appending(path: path).path(percentEncoded: false)
    }
}

/// What is wrong with a configuration file: each key with the rule it breaks, and never a value.
struct ConfigurationError: Error, CustomStringConvertible, Equatable {
    /// The file's name.
    var file: String
    /// One sentence each.
    var problems: [String]

    var description: String {
        problems.count == 1
            ? "\(file): \(problems[0])"
            : "\(file):\n" + problems.map { "  - \($0)" }.joined(separator: "\n")
    }
}
