import FoundationEssentials
import Postgres

/// Probes of overviews in numbers.
extension Probe {
    // ROL-4
    static let overviews = Probe(
        .overviews,
        .twin,
        tries:
            "takes, on a copy, overviews of a town with somebody who is the only one of their kind, and looks for them in the numbers",
        fresh: .seconds(8 * 86_400),
        patience: .seconds(120)
    ) {
        ground in
        try await onThread {
            let (twin, isAlike) = try ground.twin()
            let wrong = try OverviewTrial(scene: Scene(twin.ways)).run()
            return .judged(
                """
                No number of fewer than ten people was shown, none could be worked out of lines and columns, and who was not \
                permitted to saw no overview.
                """,
                wrong: wrong + unlike(isAlike)
            )
        }
    }
}

/// A town in which somebody is alone, counted.
private struct OverviewTrial {
    let scene: Scene

    func run() throws -> [String] {
        var wrong: [String] = []
        let must = { (isSo: Bool, what: String) in if !isSo { wrong.append(what) } }
        let house = scene.south
        let (admin, member) = (try scene.somebody(["admin"], in: house), try scene.somebody(["member"], in: house))
        let pass = { (act: String, one: Someone) in scene.open(scene.request(act, by: one, of: house, about: house.ada))
        }
        for act in ["overview.read", "overview.take"] {
            must(pass(act, member).outcome != 0, "a member without the permission got a pass for \(act)")
        }
        let taking = pass("overview.take", admin)
        guard taking.outcome == 0 else { throw ProbeTrouble.controlFailed("nobody could take an overview") }
        let (counts, cells) = try scene.undone {
            try scene.empty(house)
            try scene.populate(house, GateChecks.town)
            try scene.takeOverview(taking)
            let counts = try scene.admin.query("select care.count_activity(\(house.organization), care.clock())")[0]
                .decode([Int32].self, at: 0)
            return (counts, try scene.latestOverview(taking))
        }
        let shown = cells.filter { $0.subject == "activity" }.map(\.shown)
        guard shown.count == counts.count, shown.contains(where: { $0 != nil }) else {
            throw ProbeTrouble.controlFailed("the overview shows no number at all")
        }
        let exact = cells.contains { $0.shown.map { $0 < 10 || $0 % 5 != 0 } ?? false }
        must(!exact, "a number is small, or exact")
        must(zip(counts, shown).allSatisfy { $0 >= 10 || $1 == nil }, "a number of few people is shown")
        let few = cells.filter { $0.line == "Immunization" }
        must(few.allSatisfy { $0.shown == nil }, "a kind of entry that few have is shown")
        let small = counts.indices.filter { counts[$0] < 10 }
        must(small.allSatisfy { isInCompany($0, shown) }, "a number of few people follows from the sums")
        return wrong
    }

    /// Whether a withheld number is a corner of a rectangle of such.
    private func isInCompany(_ cell: Int, _ shown: [Int32?]) -> Bool {
        shown.indices.contains { other in
            other / 3 != cell / 3 && other % 3 != cell % 3
                && [other, cell / 3 * 3 + other % 3, other / 3 * 3 + cell % 3].allSatisfy { shown[$0] == nil }
        }
    }
}
