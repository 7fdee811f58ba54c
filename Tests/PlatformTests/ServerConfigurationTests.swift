import Assurance
import Foundation
import Portal
import Testing

@testable import carekeep

@Suite struct `The configuration file` {
    private func problems(_ yaml: String) -> [String] {
        do {
            _ = try ServerConfiguration(yaml: yaml, file: "test.yaml")
            return []
        } catch {
            return error.problems
        }
    }

    @Test(arguments: ["", "# nothing\n", "listen:\n"])
    func `may be empty, and then what is safe holds`(yaml: String) throws {
        let configuration = try ServerConfiguration(yaml: yaml, file: "test.yaml")
        #expect(configuration.https == .init(host: "127.0.0.1", port: 8443))
        #expect(configuration.http == .init(host: "127.0.0.1", port: 8080))
        #expect(configuration.minimumTLS == .v1_3)
        #expect(configuration.certificate == .localAuthority)
        #expect(configuration.records == .ownCluster)
        #expect(configuration.limits.bodyBytes == 8 << 20)
        #expect(configuration.rootKey.passphrase == .none)
        #expect(configuration.reports == .init(addressFile: nil, authorityFile: nil, environment: .production))
    }

    @Test func `says how weaknesses are reported`() throws {
        let usual = try ServerConfiguration(yaml: "", file: "test.yaml").security
        #expect(usual.contacts == [] && usual.policy == nil && usual.languages == ["en"])
        #expect(usual.acknowledge == .time(.seconds(86_400)) && usual.answer == .time(.seconds(30 * 86_400)))
        let own = try ServerConfiguration(
            yaml: """
                security:
                  contact: ["mailto:security@example.org", "https://example.org/report", "tel:+44-20-7946-0000"]
                  policy: https://example.org/policy
                  languages: [en, de-CH]
                  thanks: ["Ada Okafor", "0x51"]
                  acknowledge_within: 3 working days
                  answer_within: 10 days
                """,
            file: "test.yaml"
        ).security
        #expect(
            own.contacts.count == 3 && own.policy == "https://example.org/policy" && own.languages == ["en", "de-CH"]
        )
        #expect(usual.thanked == [] && own.thanked == ["Ada Okafor", "0x51"])
        #expect(own.acknowledge == .workingDays(3) && own.answer == .time(.seconds(10 * 86_400)))
    }

    @Test(arguments: [
        "contact: [security@example.org]", "contact: ['javascript:alert(1)']", "contact: [\"mailto:a@b\\nExpires: x\"]",
        "policy: http://example.org", "languages: [english language]", "languages: []", "acknowledge_within: soon",
        "acknowledge_within: 0 days", "acknowledge_within: 31 days", "acknowledge_within: 40 working days",
        "answer_within: 1 hour", "answer_within: 181 days", "contacts: []", "thanks: [\"a\\nb\"]", "thanks: ['']",
    ])
    func `refuses nonsense about them, by the key`(line: String) {
        let problems = problems("security: {\(line)}")
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("security.\(line.prefix { $0 != ":" }) ") == true)
    }

    @Test func `says who takes letters`() throws {
        #expect(try ServerConfiguration(yaml: "", file: "test.yaml").mail == nil)
        let short = "mail: {host: mail.example.org, from: carekeep@example.org}"
        let mail = try #require(try ServerConfiguration(yaml: short, file: "test.yaml").mail)
        #expect(mail.port == 587 && mail.sealing == .starttls && mail.user == nil && mail.passwordFile == nil)
        let long = """
            mail: {host: "127.0.0.1", port: 25, tls: none, from: a@b.example, user: x, password_file: /p, authority_file: /a}
            """
        let own = try ServerConfiguration(yaml: long, file: "test.yaml")
        #expect(own.mail?.sealing == MailOptions.Sealing.none && own.mail?.authorityFile == "/a")
        #expect(own.effective.contains(.init(key: "mail.user", value: "(hidden)")))
        let implicit = "mail: {host: m.example, tls: implicit, from: a@b.example}"
        #expect(try ServerConfiguration(yaml: implicit, file: "test.yaml").mail?.port == 465)
    }

    @Test(arguments: [
        ("{host: m.example, tls: none, from: a@b.example}", "mail.tls may be none for localhost"),
        ("{host: m.example, tls: maybe, from: a@b.example}", "mail.tls must be starttls or implicit or none"),
        ("{host: m.example}", "mail.from must be given"),
        ("{from: a@b.example}", "mail.from is of no use without mail.host"),
        ("{host: m.example, from: nobody}", "mail.from must be an e-mail address"),
        ("{host: m.example, from: \"a@b.example>\\r\\nRCPT TO:<c@d\"}", "mail.from must be an e-mail address"),
        ("{host: m.example, from: a@b.example, user: x}", "mail.user and mail.password_file go together"),
        ("{host: \"m.example/x\", from: a@b.example}", "mail.host must be a host's name"),
        ("{host: m.example, from: a@b.example, port: 0}", "mail.port must be a whole number"),
    ])
    func `refuses mail that would go astray`(yaml: String, complaint: String) {
        let found = problems("mail: \(yaml)")
        #expect(found.contains { $0.contains(complaint) }, "\(found)")
    }

    @Test func `says everything that can be said`() throws {
        let configuration = try ServerConfiguration(
            yaml: """
                data_folder: /srv/care
                socket_folder: /run/care
                listen:
                  https: {host: "::", port: 443}
                  http: off
                public_names: [care.example.org, 192.0.2.7]
                tls:
                  certificate: /etc/ssl/care.pem
                  key: /etc/ssl/care.key
                  minimum_version: 1.2
                stores:
                  records:
                    url: postgresql://carekeep_server@db/records
                    keykeeper_url: postgresql://carekeep_keykeeper@db/records
                    migrate_url: postgresql://carekeep_owner@db/records?sslmode=verify-full
                root_key:
                  file: /etc/care/root.key
                  passphrase_file: /run/credentials/passphrase
                reports: {dsn_file: /etc/care/dsn, authority_file: /etc/care/authority.pem, environment: staging}
                limits: {body: 1 MiB, bundle: 256 MiB}
                sessions: {page_idle: 10 minutes, page_lifetime: 1 day, api_lifetime: 2 hours}
                """,
            file: "test.yaml"
        )
        #expect(configuration.dataFolder == "/srv/care")
        #expect(configuration.https == .init(host: "::", port: 443))
        #expect(configuration.http == nil)
        #expect(configuration.publicNames == ["care.example.org", "192.0.2.7"])
        #expect(configuration.certificate == .files(certificate: "/etc/ssl/care.pem", key: "/etc/ssl/care.key"))
        #expect(configuration.minimumTLS == .v1_2)
        let location = ServerConfiguration.StoreLocation.url(
            server: "postgresql://carekeep_server@db/records",
            migrate: "postgresql://carekeep_owner@db/records?sslmode=verify-full",
            keykeeper: "postgresql://carekeep_keykeeper@db/records"
        )
        #expect(configuration.records == location)
        #expect(configuration.keys == .ownCluster)
        #expect(configuration.rootKey.passphrase == .file("/run/credentials/passphrase"))
        #expect(
            configuration.reports
                == .init(addressFile: "/etc/care/dsn", authorityFile: "/etc/care/authority.pem", environment: .staging)
        )
        #expect(configuration.limits == .init(bodyBytes: 1 << 20, bundleBytes: 256 << 20))
        #expect(configuration.sessions.pageIdle == .seconds(600))
        #expect(configuration.sessions.pageLifetime == .seconds(86_400))
    }

    @Test(
        arguments: [
            ("colour: red", "colour is not a key; known are data_folder"),
            ("listen: {https: {prot: 1}}", "listen.https.prot is not a key; known are host, port"),
            ("listen: {https: {port: 70000}}", "listen.https.port must be a whole number from 1 to 65535 (line 1)"),
            ("listen: 8443", "listen must hold keys of its own"),
            ("data_folder: here", "data_folder must be an absolute path"),
            ("data_folder: [a]", "data_folder must be an absolute path"),
            ("public_names: a b", "public_names must be a list of host names"),
            ("tls: {certificate: /a}", "tls.certificate and tls.key go together"),
            ("tls: {minimum_version: 1.1}", "tls.minimum_version must be 1.2 or 1.3"),
            ("limits: {body: 8}", "limits.body must be a size from 1 KiB to 1 GiB"),
            ("sessions: {page_idle: 8 days}", "sessions.page_idle must be a time of at most 7 days"),
            ("stores: {keys: {url: postgresql://h/k}}", "stores.keys.url and stores.keys.migrate_url go together"),
            ("stores: {keys: {url: mysql://h/k}}", "stores.keys.url must begin with postgresql://"),
            ("root_key: {passphrase_environment: a-b}", "root_key.passphrase_environment must be a variable's name"),
            ("root_key: {passphrase_environment: A, passphrase_file: /a}", "exclude each other"),
            ("promises: {withheld: GOV-4}", "promises.withheld must be a list of ids of promises of this release"),
            ("promises: {withheld: [GOV-4, gov-5]}", "promises.withheld must be a list of ids of promises"),
            ("promises: {withheld: [GOV-4, GOV-4]}", "promises.withheld must be a list of ids of promises"),
            ("listen: {}\nlisten: {}", "is not YAML: the key listen is given twice"),
            ("listen: [", "is not YAML"),
            ("- a", "must be a list of keys and values"),
        ])
    func `is refused by key and rule`(yaml: String, complaint: String) {
        let found = problems(yaml)
        #expect(found.contains { $0.contains(complaint) }, "\(found)")
    }

    @Test func `is refused for all its mistakes at once, without showing a value`() {
        let found = problems("data_folder: s3cret\nstores: {records: {url: s3cret, migrate_url: s3cret}}\ns3: x")
        #expect(found.count == 4)
        #expect(!found.joined().contains("s3cret"))
    }

    @Test func `is shown in force, without its secrets`() throws {
        let configuration = try ServerConfiguration(
            yaml: """
                stores:
                  keys: {url: "postgresql://u:hunter2@h/k", migrate_url: "postgresql://o:hunter2@h/k"}  # not a secret
                """,
            file: "test.yaml"
        )
        #expect(configuration.effective.contains(.init(key: "stores.keys.url", value: "(hidden)")))
        #expect(configuration.effective.contains(.init(key: "listen.https.port", value: "8443")))
        #expect(configuration.effective.contains(.init(key: "sessions.page_lifetime", value: "30 days")))
        #expect(configuration.effective.contains(.init(key: "limits.body", value: "8 MiB")))
        #expect(!"\(configuration.effective)".contains("hunter2"))
    }

    @Test func `withholds the promises that it names`() throws {
        let configuration = try ServerConfiguration(yaml: "promises: {withheld: [GOV-4, ENC-1]}", file: "test.yaml")
        #expect(configuration.withheldPromises == ["GOV-4", "ENC-1"])
        #expect(try ServerConfiguration.standard().withheldPromises == [])
    }

    @Test func `with a password in it is closed to others`() throws {
        let file = FileManager.default.temporaryDirectory.appending(component: "\(UUID()).yaml").path()
        let url = "\"postgresql://u:p@h/k\""  // not a secret
        let yaml = "stores: {keys: {url: \(url), migrate_url: \(url)}}"
        #expect(FileManager.default.createFile(atPath: file, contents: Data(yaml.utf8)))
        defer { try? FileManager.default.removeItem(atPath: file) }
        chmod(file, 0o644)
        #expect(throws: ConfigurationError.self) { try ServerConfiguration.load(from: file) }
        chmod(file, 0o640)
        #expect(throws: Never.self) { try ServerConfiguration.load(from: file) }
    }

    @Test func `that is named and missing is an error`() {
        #expect(throws: ConfigurationError.self) { try ServerConfiguration.load(from: "/nowhere/carekeep.yaml") }
    }

    @Test func `has a page that explains every key`() throws {
        let page = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/configuration.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        for setting in try ServerConfiguration.standard().effective {
            #expect(text.contains("`\(setting.key)`"), "\(setting.key) is not explained")
        }
    }
}
