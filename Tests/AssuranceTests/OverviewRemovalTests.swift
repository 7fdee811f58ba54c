import CarekeepTesting
import Foundation
import Postgres
import Testing

@testable import Assurance

@Suite(.serialized) struct `Removing what overviews rest on` {
    private func outcome(_ town: TestTown, blinds: String? = nil) async throws -> Prover.Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "release-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Release.folder(of: "records"), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }  // what stays behind hurts nobody
        if let blinds { try Data(blinds.utf8).write(to: folder.appending(path: "current/99-blinds.sql")) }
        var site = try town.site()
        site.release = { _ in folder }
        return try #require(try await Prover(site, probes: [.overviews], release: "test").proveAll().first)
    }

    /// The promise is kept, and with each of these taken from the release that the copy is made from, it is not.
    @Test func `overviews: what is withheld, and who may look`() async throws {
        let town = try await TestTown()
        let kept = try await outcome(town)
        #expect(kept.outcome == .kept, "\(kept.seen) \(kept.details.prefix(5))")
        for (function, text, damage) in [
            ("withheld", "return hidden;", "return array_fill(false, array[cardinality(counts)]);"),
            ("withheld", "continue when counts[cell] >= smallest;", "continue;"),
            ("take_overview", "k.n < smallest or ", "k.n < 3 or "),
            ("open_pass", "if refused is null and not a.permission = any (permits) then", "if false then"),
        ] {
            let blinds = """
                do $$
                begin
                    execute (select replace(pg_get_functiondef(p.oid), '\(text)', '\(damage)')
                               from pg_proc p where p.pronamespace = 'care'::regnamespace and p.proname = '\(function)');
                end $$;

                """
            let result = try await outcome(town, blinds: blinds)
            #expect(result.outcome == .fallsShort, "\(function): \(result.seen)")
            #expect(result.details.count > 1, "\(function)")  // and not only that the copy is another
        }
        await town.close()
    }
}
