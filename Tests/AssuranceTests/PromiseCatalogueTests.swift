import Assurance
import Foundation
import Testing

@Suite struct `The catalogue of promises` {
    private func catalogue() throws -> PromiseCatalogue { try PromiseCatalogue.release.get() }

    /// What was promised: the id, on whose page (family, clinic, operations), and who keeps it (software, deployment, people).
    private func mission() throws -> [(id: String, from: Set<Promise.Profile>, kinds: Set<Promise.Kind>)] {
        let profiles: [Character: Promise.Profile] = ["F": .family, "P": .clinic, "W": .operations]
        let kinds: [Character: Promise.Kind] = ["E": .enforced, "D": .deployment, "A": .attested]
        return try String(contentsOf: Self.repository.appending(path: "scripts/promise-ids.txt"), encoding: .utf8)
            .split(separator: "\n").map { line in
                let parts = line.split(separator: " ")
                try #require(parts.count == 3, "\(line)")
                return (
                    String(parts[0]), Set(try parts[1].map { try #require(profiles[$0]) }),
                    Set(try parts[2].map { try #require(kinds[$0]) })
                )
            }
    }

    @Test func `is read, and has every promise once`() throws {
        #expect(try catalogue().promises.map(\.id).sorted() == mission().map(\.id).sorted())
    }

    /// Where the machine has a part in it too, it may say so; what software has to show is not left to people.
    @Test func `promises to whom it was promised, and no less strictly`() throws {
        for (id, from, kinds) in try mission() {
            let promise = try #require(try catalogue()[id])
            #expect(promise.sources == from, "\(id)")
            #expect(promise.kinds.subtracting([.deployment]) == kinds.subtracting([.deployment]), "\(id)")
            #expect(promise.kinds.isSuperset(of: kinds), "\(id)")
        }
    }

    @Test func `has, for what software enforces, a probe or an open gap with a reason`() throws {
        // What people alone keep needs their word, which is no part of a release.
        for promise in try catalogue().promises where promise.probes.isEmpty && promise.kinds != [.attested] {
            #expect(promise.missing != nil, "\(promise.id)")
        }
    }

    @Test func `leaves no probe without a promise`() throws {
        let named = Set(try catalogue().promises.flatMap(\.probes))
        #expect(named == Set(ProbeName.allCases))
    }

    @Test func `uses no word that the page is spared`() throws {
        for promise in try catalogue().promises {
            let text = [promise.words, promise.mechanism, promise.missing ?? ""].joined(separator: " ").lowercased()
            for word in ["compliant", "compliance", "tamper-proof", "military", "100 %", "anonymi", "guarantee"] {
                #expect(!text.contains(word), "\(promise.id): \(word)")
            }
        }
    }

    @Test(arguments: [
        ("clauses: HIPAA 164.999(z)", "t.txt, ENC-1: there is no clause «HIPAA 164.999(z)»"),
        ("clauses: ASVS V99.1.1; CSF PR.DS-01", "t.txt, ENC-1: there is no clause «ASVS V99.1.1»"),
        ("clauses: none\nprobes: wishful-thinking", "t.txt, ENC-1: there is no probe «wishful-thinking»"),
        ("clauses: none\nfrom: heaven", "t.txt:7: from is there already"),
        ("clauses: none\nwhy: because", "t.txt:7: there is no field «why»"),
        ("clauses: none\n\nENC-1", "t.txt:8: ENC-1 is there already"),
        ("clauses: none\nand so on", "t.txt:7: is neither an id, a field nor a line that goes on"),
        ("how: said twice\nclauses: none", "t.txt:6: how is there already"),
        ("clauses:", "t.txt, ENC-1: clauses is missing"),
    ])
    func `names what is wrong with a file`(ending: String, problem: String) {
        let text = "theme: Test\nENC-1\npromise: A\nhow: B\nfrom: family\nkind: enforced\nmissing: C\n"
        let lines = text.split(separator: "\n")
        let body = (lines.prefix(5) + [Substring(ending)]).joined(separator: "\n") + "\nkind: enforced\nmissing: C"
        let error = #expect(throws: PromiseFileError.self) {
            try PromiseCatalogue(files: [("t.txt", body)])
        }
        #expect(error?.problems.contains(problem) == true, "\(error?.problems ?? [])")
    }

    @Test func `names a promise that nothing shows and that admits no gap`() {
        let text = "theme: T\nENC-1\npromise: A\nhow: B\nfrom: family\nkind: enforced\nclauses: none"
        let error = #expect(throws: PromiseFileError.self) { try PromiseCatalogue(files: [("t.txt", text)]) }
        #expect(error?.problems == ["t.txt, ENC-1: has neither a probe nor a word on what is missing"])
    }

    private static let repository = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
