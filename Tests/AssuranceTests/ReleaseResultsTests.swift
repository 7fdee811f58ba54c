import CarekeepTesting
import Foundation
import Testing

@testable import Assurance

/// What suites found before the release was given out.
@Suite(.serialized) struct `Results that a release brings along` {
    private static let own = String(repeating: "ab", count: 32)

    private func file(
        sha256: String = own,
        passed: String = "true",
        suite: String = "fuzzing",
        form: String = "carekeep/release-results/v1",
        count: Int = 41,
        whole: String = "true"
    ) -> String {
        """
        {"form": "\(form)", "sha256": "\(sha256)", "suites": [
          {"suite": "\(suite)", "passed": \(passed), "count": \(count), "whole": \(whole), "of": "made up inputs", "at": "2026-11-22T06:12:34Z"}]}
        """
    }

    private func result(_ text: String?, own: String? = Self.own, _ probe: Probe = .fuzzing) async throws
        -> Prover.Result
    {
        let town = try await TestTown()
        var site = try town.site()
        site.host.release = ReleaseFolder(results: { text.map { Array($0.utf8) } }, sha256: { own })
        let results = try await Prover(site, probes: [probe], release: "test").proveAll()
        await town.close()
        return try #require(results.first)
    }

    @Test func `are told for the very program that runs`() async throws {
        let kept = try await result(file())
        #expect(kept.outcome == .kept)
        #expect(
            kept.seen.hasPrefix("41 made up inputs on 2026-11-22, for the program with the SHA-256 abababababababab…")
        )
        let part = try await result(file(whole: "false"))
        #expect(part.outcome == .cannotBeTold && part.seen.contains("41 made up inputs"))
        let failed = try await result(file(passed: "false"))
        #expect(failed.outcome == .fallsShort)
    }

    @Test func `say nothing of another program, and of suites that were not run`() async throws {
        for (text, own) in [
            (nil, Self.own), (file(sha256: String(repeating: "cd", count: 32)), Self.own), (file(), nil),
            (file(suite: "mutants"), Self.own),
        ] {
            #expect(try await result(text, own: own).outcome == .notTried)
        }
    }

    @Test func `are told of each suite by its own probe`() async throws {
        let probes = Probe.all.filter { $0.class == .release }
        #expect(Set(probes.map(\.name)) == [.mutants, .databaseMutants, .killRun, .fuzzing])
        for probe in probes {
            let name = probe.name.rawValue
            #expect(try await result(file(suite: name), probe).outcome == .kept)
            #expect(try await result(file(passed: "false", suite: name), probe).outcome == .fallsShort)
            #expect(
                try await result(file(suite: name == "fuzzing" ? "mutants" : "fuzzing"), probe).outcome == .notTried
            )
        }
    }

    @Test(arguments: ["", "{", "[]", "{\"form\": \"carekeep/release-results/v1\"}"])
    func `that cannot be read are a fault`(text: String) async throws {
        #expect(ReleaseResults(Array(text.utf8)) == nil)
        #expect(try await result(text).outcome == .broken)
    }

    @Test func `are read strictly`() {
        #expect(ReleaseResults(Array(file().utf8))?.suites.first?.count == 41)
        for wrong in [
            file(sha256: "ab"), file(passed: "\"yes\""), file(form: "another"),
            file().replacing("made up inputs", with: "<b>inputs</b>"), file().replacing("41", with: "\"41\""),
            file(count: 0), file(count: -1), file(whole: "\"yes\""),
            file().replacing("2026-11-22T06:12:34Z", with: "yesterday"),
        ] {
            #expect(ReleaseResults(Array(wrong.utf8)) == nil, "\(wrong)")
        }
    }
}
