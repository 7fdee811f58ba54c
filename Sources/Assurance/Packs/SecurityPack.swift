public import Foundation
public import Paper

/// What somebody who examines us gets: where we stand, answers to the usual questions, maps of frameworks, and every promise. (GOV-5)
///
/// It is made from a signed `/trust.json` and from lists of the release, and from nothing else; so nobody's record can be in it, and
/// it claims what was seen and no more.
public struct SecurityPack {
    private let trust: TrustFile.Contents
    private let at: Date
    private let rows: [String: TrustFile.Row]
    private let frameworks: [Framework]
    private let questionnaire: Questionnaire

    /// From a file that was verified.
    public init(_ trust: TrustFile.Contents, at now: Date) throws {
        self.trust = trust
        at = now
        rows = Dictionary(trust.rows.map { ($0.id, $0) }) { first, _ in first }
        frameworks = try Framework.all.get()
        questionnaire = try Questionnaire.release.get()
    }

    /// All of it. The same file and time give the same document.
    public var document: Document {
        var document = Document(
            title: "Security review pack of \(trust.installation)",
            author: trust.installation,
            date: trust.issued,
            foot: "\(trust.installation) · as of \(Self.day(trust.issued))"
        )
        document.blocks = about + standing + overview + answers + maps + promises
        return document
    }

    // MARK: Where a promise stands

    /// Where it stands at the pack's time: a result that ran out since the file was signed counts no more.
    func word(of row: TrustFile.Row) -> String {
        // An end that cannot be read has come.
        let hasEnded = { (until: String) in ((try? Date(until, strategy: .iso8601)) ?? .distantPast) < at }
        if row.standing.hasPrefix("vouched"), row.vouched.map({ hasEnded($0.until) }) ?? true {
            return "vouching ended"
        }
        guard row.standing.hasPrefix("checked") else { return row.standing }
        return row.checks.compactMap(\.until).contains(where: hasEnded) ? "out of date" : row.standing
    }

    /// Whether something is not as promised, today.
    static func isShort(_ word: String) -> Bool { word == "falls short" || word == "vouching ended" }

    /// The answer that promises give together: never better than the worst of them.
    func answer(_ ids: [String]) -> String {
        let words = ids.map { rows[$0].map(word) ?? (trust.withheld > 0 ? "withheld" : "not promised") }
        if words.contains(where: Self.isShort) { return "Not today: it falls short." }
        if words.contains("withheld") { return "Not told: those who run it chose not to publish it." }
        if words.allSatisfy({ $0 == "checked" }) { return "Yes, checked." }
        if words.allSatisfy({ $0.hasPrefix("vouched for") }) { return "Yes: people vouch for it." }
        if words.allSatisfy({ $0 == "checked" || $0.hasPrefix("vouched for") }) {
            return "Yes: checked, and vouched for by people."
        }
        if words.allSatisfy({ $0 == "not built" || $0 == "not promised" }) { return "No. It is not built yet." }
        if words.allSatisfy({ $0 == "nobody has vouched" }) {
            return "Not shown: people do it, and nobody has vouched for it."
        }
        if words.allSatisfy({ $0 == "not checked" || $0 == "out of date" }) { return "Not shown: not checked lately." }
        if words.contains(where: { $0 == "not checked" || $0 == "out of date" }) {
            return "Not shown in full: some of it was not checked lately."
        }
        return "In part."
    }

    private func standing(of id: String) -> [Document.Span] {
        guard let row = rows[id] else {
            return [.init("\(id): \(trust.withheld > 0 ? "not published" : "not promised")")]
        }
        return [.init(id, .plain, link: .place(id)), .init(": \(phrase(row))")]
    }

    private func phrase(_ row: TrustFile.Row) -> String {
        let day = row.time.map(Self.day)
        switch word(of: row) {
        case "checked": return "checked \(day ?? "")"
        case "checked in part": return "checked \(day ?? ""), in part"
        case "falls short": return "falls short since \(day ?? "")"
        case "out of date": return "not checked since \(day ?? "")"
        case "not checked": return "not checked yet"
        case "not built": return "not built yet"
        case "vouched for", "vouched for, due": return "vouched for until \(day ?? "")"
        case "vouching ended": return "falls short: nobody vouches for it any more"
        case let other: return other
        }
    }

    private func together(_ ids: [String]) -> [Document.Span] {
        ids.enumerated().flatMap { ($0.offset == 0 ? [] : ["; "]) + standing(of: $0.element) }
    }

    /// `2026-11-22` of a time in ISO 8601.
    private static func day(_ time: String) -> String { String(time.prefix(10)) }

    // MARK: Parts

    private var about: [Document.Block] {
        [
            .heading(level: 1, "About this pack", place: "about"),
            .paragraph([
                "It was made by the program from the installation’s own signed results. Nobody wrote an answer by hand. What falls short, what is not built and what nobody has checked is said as plainly as what holds."
            ]),
            .table(
                [.init("What", share: 0.28), .init("Is", share: 0.72)],
                rows: [
                    [["Installation"], [.init(trust.installation)]], [["Release"], [.init(trust.release)]],
                    [["Results signed at"], [.init(trust.issued)]],
                    [["The signed file counts until"], [.init(trust.until)]],
                    [["Signed by"], [.init("\(trust.key)", .code)]],
                ]
            ),
            .paragraph([
                "To check it: fetch ", .init("/trust.json", .code), " from the installation, and have ",
                .init("carekeep verify trust.json --key KEY", .code),
                " compare it with a key that you got another way. The program with its source makes this pack again from that file: ",
                .init("carekeep pack --trust trust.json --out FOLDER", .code), ".",
            ]),
            .heading(level: 2, "What the words mean", place: "words"),
            .list([
                [
                    .init("Checked", .strong),
                    ": the software tried it on this installation, or on a scratch copy of its release, and it was so.",
                ],
                [
                    .init("Checked, in part", .strong),
                    ": what was tried was so; something that belongs to it is not built or not tried, and is named.",
                ],
                [.init("Falls short", .strong), ": it was tried and was not so, or the check itself broke."],
                [.init("Not checked", .strong), ": nobody tried it lately."],
                [.init("Not built yet", .strong), ": do not rely on it."],
                [
                    .init("Vouched for", .strong),
                    ": people do it. Somebody signed for it until a date, and a second person reviewed that; no software can show it.",
                ],
                [.init("Vouching ended", .strong), ": the date is over, or the word was withdrawn. It falls short."],
                [
                    .init("Nobody has vouched", .strong),
                    ": people do it, no software can show it, and nobody has signed for it.",
                ],
            ]),
        ]
    }

    private var standing: [Document.Block] {
        let words = trust.rows.map(word)
        let short = trust.rows.filter { Self.isShort(word(of: $0)) }
        let withheld: [Document.Block] =
            trust.withheld == 0
            ? []
            : [
                .paragraph([
                    .init(
                        "\(trust.withheld) more \(trust.withheld == 1 ? "promise is" : "promises are") not published",
                        .strong
                    ),
                    ": those who run the installation chose so. Ask them which, and why.",
                ])
            ]
        let clock: [Document.Block] =
            trust.clockWasBehind
            ? [
                .paragraph([
                    .init("The clock of the server was wrong", .strong),
                    " when it signed: something was noted at a later time. No vouching was counted, since nobody can tell what had ended.",
                ])
            ] : []
        let wasTried = words.contains { $0.hasPrefix("checked") }
        let list: Document.Block =
            short.isEmpty
            ? .paragraph([wasTried ? "Nothing that was checked falls short." : "Nothing was checked lately."])
            : .list(short.map { standing(of: $0.id) + [.init(". \($0.promise)")] })
        return [
            .heading(level: 1, "Where we stand", place: "standing"),
            .table(
                [.init("Standing", share: 0.6), .init("Promises", share: 0.4)],
                rows: Standing.words.map { word in [[.init(word)], [.init("\(words.count { $0 == word })")]] }
                    + [[[.init("all", .strong)], [.init("\(words.count)", .strong)]]]
            ),
        ] + clock + withheld + [.heading(level: 2, "What falls short", place: "short"), list]
    }

    private var overview: [Document.Block] {
        let statements: [(String, [String])] = [
            (
                "Carekeep is a self-hosted home for health records, for families, clinics and ambulance teams. Whoever runs it has the data; nothing calls home.",
                ["GOV-3"]
            ),
            (
                "Two databases: sealed records, and the keys to them. Each is meant to be worthless alone.",
                ["ENC-4", "ENC-6"]
            ),
            (
                "To touch a record, a request opens a pass. One function in the database checks session, role and reach, and writes the audit entry before anything can be read.",
                ["AUD-1"]
            ),
            (
                "Row security in the database reads nothing but the pass; without one every table is empty.",
                ["ISO-1", "ISO-2", "ISO-3"]
            ),
            ("The web server’s database role has listed rights and no others, and is no administrator.", ["ISO-5"]),
            ("Somebody’s keys can be destroyed, so that their records are unreadable everywhere.", ["RET-3", "DSR-2"]),
            ("Pages hold no script, and browsers are told to run none.", ["APP-3"]),
            ("Backups, and the way back after a disaster.", ["BAK-1", "BAK-2", "BAK-3"]),
        ]
        return [
            .heading(level: 1, "Overview of the platform", place: "overview"),
            .paragraph(["How it is built. Beside each statement stand the promises that show it, and whether they do."]
            ),
            .table(
                [.init("Statement", share: 0.6), .init("Shown by", share: 0.4)],
                rows: statements.map { [[.init($0.0)], together($0.1)] }
            ),
        ]
    }

    private var answers: [Document.Block] {
        [
            .heading(level: 1, "Questionnaire", place: "questionnaire"),
            .paragraph([
                "Questions of the kind that CAIQ and SIG ask, in our own words. No answer is better than the worst promise behind it."
            ]),
        ]
            + questionnaire.parts.enumerated().flatMap { number, part -> [Document.Block] in
                [
                    .heading(level: 2, part.name, place: "questions-\(number + 1)"),
                    .table(
                        [.init("Question", share: 0.4), .init("Answer", share: 0.25), .init("From", share: 0.35)],
                        rows: part.questions.map {
                            [[.init($0.words)], [.init(answer($0.ids), .strong)], together($0.ids)]
                        }
                    ),
                ]
            }
    }

    private var maps: [Document.Block] {
        [
            .heading(level: 1, "Maps of frameworks", place: "frameworks"),
            .paragraph([
                "Which promises speak to which clause, and where they stand. To speak to a clause is not to fulfil all of it, and no map is a certificate."
            ]),
        ] + frameworks.flatMap(map) + [
            .heading(level: 2, "No map yet", place: "no-map"),
            .paragraph(["No promise names a clause of these yet, so nothing is said of them:"]),
            .list(Framework.unmapped.map { [.init($0)] }),
        ]
    }

    private func map(_ framework: Framework) -> [Document.Block] {
        let named = Dictionary(
            grouping: trust.rows.flatMap { row in row.clauses.map { (clause: $0, row: row.id) } }.filter {
                $0.clause.hasPrefix(framework.prefix)
            },
            by: { String($0.clause.dropFirst(framework.prefix.count)) }
        ).mapValues { $0.map(\.row) }
        let all = framework.clauses
        let spoken = all.filter { named[$0.id] != nil }
        let silent = all.filter { named[$0.id] == nil }
        let tried = spoken.count { clause in
            (named[clause.id] ?? []).contains { id in rows[id].map(word)?.hasPrefix("checked") == true }
        }
        var blocks: [Document.Block] = [
            .heading(level: 2, framework.name, place: "map-\(framework.prefix)"),
            .paragraph([
                .init(
                    "\(spoken.count) of \(all.count) clauses are named by a promise, \(tried) of them by one that was checked; \(silent.count) are not addressed."
                )
            ]),
            .table(
                [.init("Clause", share: 0.3), .init("Promises", share: 0.7)],
                rows: spoken.map { [[.init(Self.name($0, framework))], together(named[$0.id] ?? [])] }
            ),
        ]
        if !silent.isEmpty {
            blocks += [
                .heading(
                    level: 3,
                    "Not addressed by any promise (\(silent.count))",
                    place: "silent-\(framework.prefix)"
                ),
                .paragraph([.init(silent.map { Self.name($0, framework) }.joined(separator: ", "), .soft)]),
            ]
        }
        return blocks
    }

    private static func name(_ clause: (id: String, note: String), _ framework: Framework) -> String {
        if clause.note.isEmpty { return clause.id }
        return framework.prefix == "ASVS " ? "\(clause.id) (L\(clause.note))" : "\(clause.id) \(clause.note)"
    }

    private var promises: [Document.Block] {
        [
            .heading(level: 1, "Every promise", place: "promises"),
            .paragraph(["As the page /trust has them, with what the last checks saw."]),
        ]
            + trust.rows.flatMap { row -> [Document.Block] in
                var lines: [[Document.Span]] = [[.init("Standing: ", .strong), .init(phrase(row))]]
                let isAhead = row.standing == "not built" || row.standing == "nobody has vouched"
                lines.append([.init(isAhead ? "How it will be kept: " : "How it is kept: ", .strong), .init(row.how)])
                for missing in [row.missing, row.unvouched].compactMap(\.self) {
                    lines.append([.init("What is missing: ", .strong), .init(missing)])
                }
                if let vouched = row.vouched {
                    let end =
                        vouched.withdrawn.map { "withdrawn on \(Self.day($0))" } ?? "until \(Self.day(vouched.until))"
                    lines.append([
                        .init("Vouched for by \(vouched.by), \(end): ", .strong), .init("“\(vouched.words)”"),
                    ])
                }
                lines += row.checks.map { check in
                    let seen = check.seen.map { " Seen: \($0)" } ?? ""
                    let last =
                        check.at.map { " Last \(Self.day($0)): \(check.outcome ?? "")." }
                        ?? (row.standing == "falls short" ? "" : " Never made.")
                    return [.init("A check (\(check.class)): ", .strong), .init("it \(check.tries).\(last)\(seen)")]
                }
                if !row.clauses.isEmpty {
                    lines.append([.init("Speaks to: ", .strong), .init(row.clauses.joined(separator: ", "))])
                }
                return [.heading(level: 3, "\(row.id) \(row.promise)", place: row.id), .list(lines)]
            }
    }
}
