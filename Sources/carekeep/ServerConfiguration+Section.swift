import Assurance
import Foundation
import People
import Portal
import Yams

/// A part of the configuration file while it is read: hands out values key by key, and notes what is wrong with them.
///
/// Reading goes on after a mistake, with the default, so that all mistakes are told together. A key that nobody asked
/// for is unknown, and that is a mistake too.
final class ConfigurationSection {
    private let path: [String]
    private let mapping: Node.Mapping?
    private let notes: Notes
    private var known: Set<String> = []
    private var children: [ConfigurationSection] = []

    /// What the sections of one file gather.
    private final class Notes {
        let file: String
        var problems: [String] = []
        var settings: [ServerConfiguration.Setting] = []

        init(file: String) { self.file = file }
    }

    /// The whole file.
    init(yaml: String, file: String) throws(ConfigurationError) {
        notes = Notes(file: file)
        path = []
        do {
            let node = try Yams.compose(yaml: yaml)
            mapping = node?.mapping
            // An empty file, or one of comments alone, is a file of defaults.
            if let node, mapping == nil, node.null == nil { notes.problems.append("must be a list of keys and values") }
        } catch let error as YamlError {
            throw ConfigurationError(file: file, problems: ["is not YAML: \(Self.place(of: error))"])
        } catch {
            throw ConfigurationError(file: file, problems: ["is not YAML"])
        }
    }

    private init(parent: ConfigurationSection, name: String) {
        path = parent.path + [name]
        notes = parent.notes
        let node = parent.mapping?[name]
        mapping = node?.mapping
        if let node, mapping == nil, node.null == nil { parent.complain(name, "must hold keys of its own") }
    }

    /// A part of this part.
    func section(_ name: String) -> ConfigurationSection {
        known.insert(name)
        let section = ConfigurationSection(parent: self, name: name)
        children.append(section)
        return section
    }

    /// Notes that a key breaks a rule.
    func complain(_ key: String, _ rule: String) {
        let line = mapping?[key]?.mark.map { " (line \($0.line))" } ?? ""
        notes.problems.append("\(name(of: key)) \(rule)\(line)")
    }

    /// Every key with its value, once all have been asked for.
    func finish() throws(ConfigurationError) -> [ServerConfiguration.Setting] {
        complainOfUnknown()
        guard notes.problems.isEmpty else { throw ConfigurationError(file: notes.file, problems: notes.problems) }
        return notes.settings
    }

    private func complainOfUnknown() {
        for (key, _) in mapping ?? [:] {
            let text = key.string ?? "a key that is not a word"
            if !known.contains(text) {
                complain(text, "is not a key; known are \(known.sorted().joined(separator: ", "))")
            }
        }
        for child in children { child.complainOfUnknown() }
    }

    private func name(of key: String) -> String { (path + [key]).joined(separator: ".") }

    /// Where the text stops being YAML; not what stands there.
    private static func place(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem), line \(mark.line)"
        case .duplicatedKeysInMapping(let duplicates, _):
            "the key \(duplicates.joined(separator: ", ")) is given twice"
        default: "it cannot be read"
        }
    }
}

// MARK: - Values

extension ConfigurationSection {
    typealias Address = ServerConfiguration.Address

    /// An absolute path.
    func path(_ key: String, or standard: String) -> String {
        value(
            key,
            or: standard,
            rule: "must be an absolute path",
            show: { $0 },
            parse: { $0.hasPrefix("/") ? $0 : nil }
        )
    }

    /// An absolute path, or nothing.
    func optionalPath(_ key: String) -> String? {
        value(
            key,
            or: nil,
            rule: "must be an absolute path",
            show: { $0 ?? "(none)" },
            parse: { $0.hasPrefix("/") ? .some($0) : nil }
        )
    }

    /// A host and a port, each with its default.
    func address(_ key: String, or standard: Address) -> Address {
        let part = section(key)
        return Address(
            host: part.value(
                "host",
                or: standard.host,
                rule: "must be a host's name or IP address",
                show: { $0 },
                parse: { $0.isEmpty || $0.contains(where: { $0 == "/" || $0.isWhitespace }) ? nil : $0 }
            ),
            port: part.value(
                "port",
                or: standard.port,
                rule: "must be a whole number from 1 to 65535",
                show: { "\($0)" },
                parse: { Int($0).flatMap { (1...65535).contains($0) ? $0 : nil } }
            )
        )
    }

    /// A part that the word `off` can stand for.
    func switchable<Value>(_ key: String, _ read: (ConfigurationSection) -> Value) -> Value? {
        guard mapping?[key]?.scalar?.string == "off" else { return read(self) }
        known.insert(key)
        notes.settings.append(.init(key: name(of: key), value: "off"))
        return nil
    }

    /// A part that is off unless it is there.
    func onDemand<Value>(_ key: String, _ read: (ConfigurationSection) -> Value) -> Value? {
        guard let node = mapping?[key], node.scalar?.string != "off" else {
            known.insert(key)
            notes.settings.append(.init(key: name(of: key), value: "off"))
            return nil
        }
        return read(self)
    }

    /// A list of host names.
    func names(_ key: String) -> [String] {
        known.insert(key)
        let rule = "must be a list of host names or IP addresses, as [care.example.org]"
        var names: [String] = []
        if let node = mapping?[key], node.null == nil {
            let items = node.sequence?.compactMap { $0.scalar?.string }
            let plain = items?.filter { !$0.isEmpty && !$0.contains(where: { $0 == "/" || $0.isWhitespace }) }
            if let plain, plain.count == node.sequence?.count { names = plain } else { complain(key, rule) }
        }
        notes.settings.append(.init(key: name(of: key), value: "[\(names.joined(separator: ", "))]"))
        return names
    }

    /// A list of ids of promises of this release.
    func promiseIDs(_ key: String) -> [String] {
        known.insert(key)
        let rule = "must be a list of ids of promises of this release, each once, as [GOV-4]"
        var ids: [String] = []
        if let node = mapping?[key], node.null == nil {
            let items = node.sequence?.compactMap { $0.scalar?.string }
            // A catalogue that cannot be read has no promise; whoever serves says what is wrong with it.
            let catalogue = try? PromiseCatalogue.release.get()
            let there = items?.filter { catalogue?[$0] != nil }
            if let there, there.count == node.sequence?.count, Set(there).count == there.count {
                ids = there
            } else {
                complain(key, rule)
            }
        }
        notes.settings.append(.init(key: name(of: key), value: "[\(ids.joined(separator: ", "))]"))
        return ids
    }

    /// One of few words.
    func choice<Word: RawRepresentable & CaseIterable>(_ key: String, or standard: Word) -> Word
    where Word.RawValue == String {
        let words = Word.allCases.map(\.rawValue).joined(separator: " or ")
        return value(key, or: standard, rule: "must be \(words)", show: { $0.rawValue }, parse: { Word(rawValue: $0) })
    }

    /// A number of bytes: `8 MiB`.
    func size(_ key: String, or standard: Int) -> Int {
        value(
            key,
            or: standard,
            rule: "must be a size from 1 KiB to 1 GiB, as 8 MiB",
            show: { $0 % (1 << 20) == 0 ? "\($0 >> 20) MiB" : "\($0 >> 10) KiB" },
            parse: { text in
                let units = ["KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30]
                guard let match = text.wholeMatch(of: /([0-9]{1,7}) ?([KMG]iB)/), let count = Int(match.1),
                    let unit = units[String(match.2)]
                else { return nil }
                return (1 << 10...1 << 30).contains(count * unit) ? count * unit : nil
            }
        )
    }

    /// A time: `30 minutes`.
    func time(_ key: String, or standard: Duration, atMost longest: Duration) -> Duration {
        let show = { (time: Duration) -> String in
            let seconds = time.components.seconds
            for (unit, length) in [("day", 86_400), ("hour", 3600), ("minute", 60)] where seconds % Int64(length) == 0 {
                let count = seconds / Int64(length)
                return count == 1 ? "1 \(unit)" : "\(count) \(unit)s"
            }
            return "\(seconds) seconds"
        }
        return value(
            key,
            or: standard,
            rule: "must be a time of at most \(show(longest)), as 30 minutes, 12 hours or 7 days",
            show: show,
            parse: { text in
                let units = ["minute": 60, "hour": 3600, "day": 86_400]
                guard let match = text.wholeMatch(of: /([0-9]{1,5}) ?(minute|hour|day)s?/), let count = Int(match.1),
                    let unit = units[String(match.2)], count > 0, Duration.seconds(count * unit) <= longest
                else { return nil }
                return .seconds(count * unit)
            }
        )
    }

    /// A list of words, each of which fits.
    func words(_ key: String, or standard: [String], rule: StaticString, fits: (String) -> Bool) -> [String] {
        known.insert(key)
        var words = standard
        if let node = mapping?[key], node.null == nil {
            let items = (node.sequence.map(Array.init) ?? [node]).map { $0.scalar?.string ?? "" }
            if !items.isEmpty, items.count <= 10, items.allSatisfy(fits) {
                words = items
            } else {
                complain(key, "\(rule)")
            }
        }
        notes.settings.append(.init(key: name(of: key), value: "[\(words.joined(separator: ", "))]"))
        return words
    }

    /// How weaknesses are reported.
    func security() -> ServerConfiguration.Security {
        let web = { (text: String) in text.utf8.count <= 500 && text.wholeMatch(of: /https:\/\/[!-~]+/) != nil }
        let security = ServerConfiguration.Security(
            contacts: words("contact", or: [], rule: "must be URIs: mailto:…, tel:… or https://…") {
                web($0)
                    || $0.utf8.count <= 500 && $0.wholeMatch(of: /(mailto:[!-~]+@[!-~]+|tel:[+0-9][-0-9.()]+)/) != nil
            },
            policy: value(
                "policy",
                or: nil,
                rule: "must be an address that begins with https://",
                show: { $0 ?? "(our own page)" },
                parse: { web($0) ? .some($0) : nil }
            ),
            languages: words("languages", or: ["en"], rule: "must be codes of languages, as [en, de]") {
                $0.wholeMatch(of: /[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}/) != nil
            },
            thanked: words("thanks", or: [], rule: "must be names, of at most 200 bytes and without control characters")
            {
                !$0.isEmpty && $0.utf8.count <= 200
                    && !$0.unicodeScalars.contains { $0.properties.generalCategory == .control }
            },
            acknowledge: term("acknowledge_within", or: .time(.seconds(86_400)), atMost: 30),
            answer: term("answer_within", or: .time(.seconds(30 * 86_400)), atMost: 180)
        )
        if security.answer.longest < security.acknowledge.longest {
            complain("answer_within", "must be no shorter than security.acknowledge_within")
        }
        return security
    }

    /// How much of each kind one may ask for.
    func rateLimits() -> [RouteClass: Int] {
        let usual: [RouteClass: Int] = [
            .signIn: 60, .logout: 600, .links: 60, .pages: 300, .reads: 3_000, .writes: 1_200, .searches: 600,
            .exports: 60,
            .open: 600,
            .reports: 5, .following: 60,
        ]
        var limits: [RouteClass: Int] = [:]
        for kind in RouteClass.allCases {
            limits[kind] = value(
                kind.rawValue,
                or: usual[kind] ?? 600,
                rule: "must be a whole number from 1 to 1000000000",
                show: { "\($0)" },
                parse: { Int($0).flatMap { (1...1_000_000_000).contains($0) ? $0 : nil } }
            )
        }
        return limits
    }

    /// Where letters go.
    func mail() -> ServerConfiguration.Mail? {
        let host: String? = value(
            "host",
            or: nil,
            rule: "must be a host's name or IP address",
            show: { $0 ?? "(none)" },
            parse: { MailOptions.isHost($0) ? .some($0) : nil }
        )
        let sealing: MailOptions.Sealing = choice("tls", or: .starttls)
        let port: Int = value(
            "port",
            or: sealing == .implicit ? 465 : 587,
            rule: "must be a whole number from 1 to 65535",
            show: { "\($0)" },
            parse: { Int($0).flatMap { (1...65535).contains($0) ? $0 : nil } }
        )
        let from: MailAddress? = value(
            "from",
            or: nil,
            rule: "must be an e-mail address, as carekeep@example.org",
            show: { $0?.text ?? "(none)" },
            parse: { MailAddress($0).map { .some($0) } }
        )
        let user: String? = value(
            "user",
            or: nil,
            rule: "must be a name of at most 254 printable letters",
            show: { $0 == nil ? "(none)" : "(hidden)" },
            parse: {
                (1...254).contains($0.utf8.count) && $0.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } ? .some($0) : nil
            }
        )
        let passwordFile = optionalPath("password_file")
        let authorityFile = optionalPath("authority_file")
        if (user == nil) != (passwordFile == nil) {
            complain("user", "and \(name(of: "password_file")) go together: give both or neither")
        }
        guard let host else {
            for key in ["from", "user", "authority_file"] where mapping?[key] != nil {
                complain(key, "is of no use without \(name(of: "host"))")
            }
            return nil
        }
        if sealing == .none, !MailOptions.isThisMachine(host) {
            complain("tls", "may be none for localhost, 127.0.0.1 and [::1] only: letters hold links that sign in")
        }
        guard let from else {
            complain("from", "must be given, as an e-mail address, if \(name(of: "host")) is")
            return nil
        }
        return ServerConfiguration.Mail(
            host: host,
            port: port,
            sealing: sealing,
            user: user,
            passwordFile: passwordFile,
            from: from,
            authorityFile: authorityFile
        )
    }

    /// How long an answer takes: `24 hours`, `3 working days`.
    private func term(_ key: String, or standard: ReplyTerm, atMost days: Int) -> ReplyTerm {
        value(
            key,
            or: standard,
            rule: "must be a time of at most \(days) days, as 24 hours, 2 days or 3 working days",
            show: { "\($0)" },
            parse: { text in
                guard let match = text.wholeMatch(of: /([0-9]{1,4}) ?(hour|day|working day)s?/),
                    let count = Int(match.1),
                    count > 0
                else { return nil }
                let term: ReplyTerm =
                    switch match.2 {
                    case "hour": .time(.seconds(count * 3600))
                    case "day": .time(.seconds(count * 86_400))
                    default: .workingDays(count)
                    }
                return term.longest <= .seconds(days * 86_400) ? term : nil
            }
        )
    }

    /// A store: nothing, or the two URLs.
    ///
    /// The keykeeper signs in to the records by a role of its own, to ask about passes and nothing else.
    func store(_ key: String, hasKeykeeper: Bool) -> ServerConfiguration.StoreLocation {
        let part = section(key)
        let url = part.secretURL("url")
        let migrate = part.secretURL("migrate_url")
        let keykeeper = hasKeykeeper ? part.secretURL("keykeeper_url") : url
        switch (url, migrate, keykeeper) {
        case (nil, nil, nil): return .ownCluster
        case (let url?, let migrate?, let keykeeper?):
            return .url(server: url, migrate: migrate, keykeeper: keykeeper)
        default:
            let others = (hasKeykeeper ? "\(name(of: key)).keykeeper_url and " : "") + "\(name(of: key)).migrate_url"
            part.complain("url", "and \(others) go together: each is another role")
            return .ownCluster
        }
    }

    /// Where a passphrase comes from: nowhere, a file, or a variable.
    func passphrase() -> ServerConfiguration.Passphrase {
        let file = optionalPath("passphrase_file")
        let variable: String? = value(
            "passphrase_environment",
            or: nil,
            rule: "must be a variable's name: capitals, digits and underscores",
            show: { $0 ?? "(none)" },
            parse: { $0.wholeMatch(of: /[A-Z_][A-Z0-9_]*/) != nil ? .some($0) : nil }
        )
        switch (file, variable) {
        case (nil, nil): return .none
        case (let file?, nil): return .file(file)
        case (nil, let variable?): return .environment(variable)
        default:
            complain("passphrase_file", "and root_key.passphrase_environment exclude each other")
            return .none
        }
    }

    private func secretURL(_ key: String) -> String? {
        value(
            key,
            or: nil,
            rule: "must begin with postgresql:// and name a database",
            show: { $0 == nil ? "(none)" : "(hidden)" },
            parse: { text -> String?? in
                let form = /postgres(ql)?:\/\/[^\s]*\/[^\s\/?]+(\?[^\s]*)?/
                return text.wholeMatch(of: form) != nil ? .some(text) : nil
            }
        )
    }

    /// One word of the file. `parse` answers nil for what breaks the rule.
    private func value<Value>(
        _ key: String,
        or standard: Value,
        rule: String,
        show: (Value) -> String,
        parse: (String) -> Value?
    ) -> Value {
        known.insert(key)
        var value = standard
        if let node = mapping?[key], node.null == nil {
            if let text = node.scalar?.string, let parsed = parse(text) {
                value = parsed
            } else {
                complain(key, rule)
            }
        }
        notes.settings.append(.init(key: name(of: key), value: show(value)))
        return value
    }
}
