import CarekeepTesting
import FHIR
import Foundation
import Paper
import Seals
import Testing

@testable import Assurance

@Suite struct `The security review pack` {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func row(
        _ id: String,
        _ standing: String,
        until: TimeInterval = 3600,
        clauses: [String] = [],
        missing: String? = nil,
        unvouched: String? = nil,
        vouchedFor: TimeInterval? = nil
    ) -> TrustFile.Row {
        let check = TrustFile.Check(
            tries: "tries",
            class: "live",
            outcome: "kept",
            at: now.formatted(.iso8601),
            until: now.addingTimeInterval(until).formatted(.iso8601),
            seen: "seen"
        )
        return TrustFile.Row(
            id: id,
            promise: "A promise",
            how: "How",
            standing: standing,
            time: now.formatted(.iso8601),
            missing: missing,
            unvouched: unvouched,
            vouched: vouchedFor.map { left in
                TrustFile.Vouched(
                    by: "Asha Rao, head of security",
                    words: "All disks are looked at.",
                    until: now.addingTimeInterval(left).formatted(.iso8601),
                    link: nil,
                    withdrawn: nil
                )
            },
            kinds: ["enforced"],
            clauses: clauses,
            checks: [check]
        )
    }

    private func pack(_ rows: [TrustFile.Row], withheld: Int = 0) throws -> SecurityPack {
        try SecurityPack(contents(rows, withheld: withheld), at: now)
    }

    private func contents(_ rows: [TrustFile.Row], withheld: Int = 0) throws -> TrustFile.Contents {
        TrustFile.Contents(
            key: try #require(NoteVerifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")),
            issued: now.formatted(.iso8601),
            until: now.addingTimeInterval(86_400).formatted(.iso8601),
            counts: [],
            installation: "care.example",
            release: "1",
            withheld: withheld,
            rows: rows
        )
    }

    @Test(arguments: [
        (["checked"], "Yes, checked."), (["checked", "checked"], "Yes, checked."),
        (["checked", "checked in part"], "In part."),
        (["checked", "not built"], "In part."), (["not built", "not built"], "No. It is not built yet."),
        (["checked", "falls short"], "Not today: it falls short."),
        (["not built", "falls short"], "Not today: it falls short."),
        (["nobody has vouched"], "Not shown: people do it, and nobody has vouched for it."),
        (["checked", "nobody has vouched"], "In part."), (["not checked"], "Not shown: not checked lately."),
        (["checked", "out of date"], "Not shown in full: some of it was not checked lately."),
        (["checked", "something new"], "In part."),
        (["checked", "vouching ended"], "Not today: it falls short."),
        (["vouching ended"], "Not today: it falls short."),
    ])
    func `answers no better than the worst promise behind it`(standings: [String], answer: String) throws {
        let rows = standings.enumerated().map { row("ENC-\($0.offset + 1)", $0.element) }
        #expect(try pack(rows).answer(rows.map(\.id)) == answer)
    }

    @Test func `answers nothing from a promise that is not there`() throws {
        #expect(try pack([row("ENC-1", "checked")]).answer(["ENC-1", "ENC-2"]) == "In part.")
        #expect(try pack([]).answer(["ENC-1"]) == "No. It is not built yet.")
    }

    @Test func `counts people's word until it ends, and says whose it is`() throws {
        let rows = [
            row("GOV-4", "vouched for", vouchedFor: 3600), row("GOV-1", "vouched for", vouchedFor: -1),
            row("ENC-1", "checked"),
        ]
        let pack = try pack(rows)
        #expect(pack.answer(["GOV-4"]) == "Yes: people vouch for it.")
        #expect(pack.answer(["GOV-4", "ENC-1"]) == "Yes: checked, and vouched for by people.")
        #expect(pack.answer(["GOV-1"]) == "Not today: it falls short.")
        #expect(try self.pack([row("GOV-4", "vouched for")]).answer(["GOV-4"]) == "Not today: it falls short.")
        let html = pack.document.html()
        #expect(html.contains("<a href=\"#GOV-1\">GOV-1</a>: falls short: nobody vouches for it any more"))
        #expect(html.contains("Vouched for by Asha Rao, head of security, until 2027-01-15"))
        for (word, count) in [("checked", 1), ("vouched for", 1), ("vouching ended", 1), ("falls short", 0)] {
            #expect(html.contains("<td>\(word)</td><td>\(count)</td>"), "\(word)")
        }
    }

    @Test func `says how much is withheld, and guesses nothing of it`() throws {
        let pack = try pack([row("ENC-1", "checked")], withheld: 2)
        #expect(pack.answer(["ENC-1", "ENC-2"]) == "Not told: those who run it chose not to publish it.")
        #expect(pack.document.html().contains("2 more promises are not published"))
        #expect(try !self.pack([]).document.html().contains("not published"))
    }

    @Test func `says that the clock was wrong`() throws {
        var contents = try contents([row("ENC-1", "checked")])
        let says = { (contents: TrustFile.Contents) in
            try SecurityPack(contents, at: now).document.html().contains("The clock of the server was wrong")
        }
        #expect(try !says(contents))
        contents.clockWasBehind = true
        #expect(try says(contents))
    }

    @Test func `names what nobody vouches for`() throws {
        let words = "Nobody has vouched for what people do of it."
        #expect(try pack([row("GOV-8", "checked in part", unvouched: words)]).document.html().contains(words))
    }

    @Test func `takes no result that ran out`() throws {
        let pack = try pack([
            row("ENC-1", "checked", until: -1), row("ENC-2", "checked in part", until: -1),
            row("ENC-4", "falls short", until: -1),
        ])
        #expect(pack.answer(["ENC-1"]) == "Not shown: not checked lately.")
        #expect(pack.answer(["ENC-2"]) == "Not shown: not checked lately.")
        #expect(pack.answer(["ENC-4"]) == "Not today: it falls short.")
    }

    @Test func `has what falls short, and counts clauses that nobody speaks to`() throws {
        let html = try pack([
            row(
                "ENC-4",
                "falls short",
                clauses: ["HIPAA 164.312(a)", "ASVS V11.3.2"],
                missing: "Files are not searched."
            ),
            row("CDR-1", "not built", clauses: ["MDR reg 19"]),
        ]).document.html()
        #expect(html.contains("<a href=\"#ENC-4\">ENC-4</a>: falls short since 2027-01-15"))
        #expect(html.contains("Files are not searched."))
        let named = "clauses are named by a promise, 0 of them by one that was checked"
        #expect(html.contains("1 of 22 \(named); 21 are not addressed."))
        #expect(html.contains("1 of 345 \(named); 344 are not addressed."))
        #expect(html.contains("0 of 106 \(named); 106 are not addressed."))
        #expect(html.contains("1 of 4 \(named); 3 are not addressed."))
    }

    /// What `security-pack` looks for, taken out one at a time.
    @Test func `security-pack sees what is missing from it`() throws {
        let rows = [row("ENC-4", "falls short", missing: "Files."), row("ACC-2", "kept")]
        let document = try pack(rows).document
        let (page, print, trust) = (document.html(), try document.pdf(), try contents(rows))
        #expect(try Probe.faults(of: page, printed: print, from: trust) == [])
        let faults = { (text: String, other: String) in
            try Probe.faults(of: page.replacing(text, with: other), printed: print, from: trust)
        }
        #expect(try faults("id=\"ACC-2\"", "") == ["ACC-2 is missing"])
        #expect(
            try faults("ENC-4</a>: falls short", "ENC-4</a>: kept") == [
                "ENC-4 falls short, and the pack does not say so"
            ]
        )
        #expect(try faults("OWASP ASVS 5.0.0", "ASVS") == ["there is no map of OWASP ASVS 5.0.0"])
        #expect(try Probe.faults(of: page, printed: [], from: trust) == ["there is no PDF"])
    }

    @Test func `asks only about promises that there are`() throws {
        let catalogue = try PromiseCatalogue.release.get()
        let questions = try Questionnaire.release.get().parts.flatMap(\.questions)
        #expect(questions.count > 40)
        #expect(questions.flatMap(\.ids).filter { catalogue[$0] == nil } == [])
        #expect(questions.allSatisfy { $0.words.hasSuffix("?") && !$0.ids.isEmpty })
    }

    @Test func `speaks to clauses of every framework that is listed`() throws {
        let used = try PromiseCatalogue.release.get().promises.flatMap(\.clauses).map(\.description)
        for framework in try Framework.all.get() {
            #expect(used.contains { $0.hasPrefix(framework.prefix) }, "\(framework.name)")
        }
    }

    /// Counted in the standards: 39 outcomes and the 8 of objective E; a clause that two lists have would be two frameworks'.
    @Test func `has lists in which each clause stands once`() throws {
        let frameworks = try Framework.all.get()
        for framework in frameworks { #expect(Set(framework.clauses.map(\.id)).count == framework.clauses.count) }
        #expect(frameworks.first { $0.prefix == "CAF " }?.clauses.count == 47)
        #expect(Clause.known.count == frameworks.reduce(0) { $0 + $1.clauses.count })
    }

    /// The standards as data: `CAREKEEP_STANDARDS`, or `shared/data/standards` beside the root of the project, wherever the tests are
    /// run from; `nil` where they are not.
    private static let standards: String? = {
        if let folder = ProcessInfo.processInfo.environment["CAREKEEP_STANDARDS"] { return folder + "/" }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return [root, URL(filePath: FileManager.default.currentDirectoryPath)]
            .map {
                $0.deletingLastPathComponent().appending(path: "shared/data/standards").path(percentEncoded: false)
                    + "/"
            }
            .first { FileManager.default.fileExists(atPath: $0) }
    }()

    /// Where the standards are, our lists are compared with them.
    @Test(.enabled(if: standards != nil)) func `knows every clause of the standards`() throws {
        let folder = try #require(Self.standards)
        let frameworks = try Framework.all.get()
        let listed = { (prefix: String) in frameworks.first { $0.prefix == prefix }?.clauses ?? [] }
        let file = { (name: String) in try String(contentsOfFile: folder + name, encoding: .utf8) }
        let subcategories = try file("csf-2.0.tsv").split(whereSeparator: \.isNewline).compactMap {
            $0.split(separator: "\t").first
        }
        .map(String.init).filter { $0.contains("-") }
        #expect(listed("CSF ").map(\.id) == subcategories)
        let standards = try file("hipaa-to-csf2-and-800-53.tsv").split(whereSeparator: \.isNewline).dropFirst()
            .compactMap { $0.split(separator: "\t").first }.map(String.init)
        #expect(listed("HIPAA ").map(\.id) == standards)
        let asvs = try JSON(parsing: Array(Data(contentsOf: URL(filePath: folder + "asvs-5.0.0-en.json"))))
        let items = { (json: JSON?) in json?["Items"]?.array ?? [] }
        let requirements = (asvs["Requirements"]?.array ?? []).flatMap(items).flatMap(items).map {
            "\($0["Shortcode"]?.string ?? "") \($0["L"]?.string ?? "")"
        }
        #expect(listed("ASVS ").map { "\($0.id) \($0.note)" } == requirements)
        #expect(requirements.count == 345)
    }

    @Test func `is made from a file that was verified, and from no other`() async throws {
        let town = try await TestTown()
        let desk = TrustDesk(store: town.home.store, keys: town.home.keys, name: "t", release: "r")
        let file = try await desk.told().file
        let trust = try TrustFile.verify(file, key: nil, at: Date())
        #expect(trust.rows.map(\.id) == (try PromiseCatalogue.release.get().promises.map(\.id)))
        let html = try SecurityPack(trust, at: Date()).document.html()
        #expect(html.contains("nobody has vouched"))
        let forged = Array(
            String(decoding: file, as: UTF8.self).replacing(
                "\"standing\":\"not built\"",
                with: "\"standing\":\"checked\""
            ).utf8
        )
        #expect(throws: TrustFile.Fault.forged) { try TrustFile.verify(forged, key: nil, at: Date()) }
        await town.close()
    }
}
