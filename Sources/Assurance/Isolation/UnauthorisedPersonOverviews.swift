import FoundationEssentials
import Postgres
import Seals

extension Specimen {
    /// An overview and one of its numbers: opened by functions alone.
    static let overviews: [Specimen] = [
        Specimen(
            name: "overview",
            table: "overview",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.overview)" },
            row: { victim, existing in
                [
                    ("organization_id", "\(victim.house.organization)"),
                    ("id", "\(existing ? victim.house.overview : UUID())"), ("opening_id", "\(UUID())"),
                    ("account_id", "\(victim.house.keeper.account)"), ("taken_at", "now()"), ("smallest", "10"),
                ]
            },
            change: "smallest = 5",
            isOfPatient: false
        ),
        Specimen(
            name: "overview_cell",
            table: "overview_cell",
            match: { "organization_id = \($0.house.organization) and overview_id = \($0.house.overview)" },
            row: { victim, existing in
                [
                    ("organization_id", "\(victim.house.organization)"),
                    ("overview_id", "\(victim.house.overview)"), ("subject", "'people'"),
                    ("line", existing ? "''" : "'more'"), ("heading", "''"), ("position", "0"), ("shown", "25"),
                ]
            },
            change: "shown = 30",
            isOfPatient: false
        ),
    ]
}

extension Scene {
    /// An overview taken long ago.
    func overview(in house: House) throws {
        try admin.query(
            """
            insert into care.overview (organization_id, id, opening_id, account_id, taken_at, smallest)
            values (\(house.organization), \(house.overview), \(UUID()), \(house.keeper.account), '2020-01-01', 10)
            """
        )
        try admin.query(
            """
            insert into care.overview_cell (organization_id, overview_id, subject, line, heading, position, shown)
            values (\(house.organization), \(house.overview), 'people', '', '', 0, 25)
            """
        )
    }

    /// A number of an overview: `nil` where it is withheld.
    struct OverviewCell {
        let subject: String
        let line: String
        let shown: Int32?
    }

    /// People in a house: five lines of three numbers, as an overview counts them.
    ///
    /// Whoever is looked after by nobody has ways of reaching that are over, taken back or to come. All but the last line have a
    /// document; the first ones of all an immunisation, too, and the second column a condition, and
    /// a procedure that is kept private.
    func populate(_ house: House, _ counts: [Int32], seed: String = "overview") throws {
        let people: SQL = """
            with person as (
                select (i - 1)::integer as i, k, md5(\(seed) || '.' || i || '.' || k)::uuid as id
                  from unnest(\(counts)) with ordinality x (c, i), generate_series(1, c) k)
            """
        try admin.query(
            """
            \(people) insert into care.patient (organization_id, id) select \(house.organization), id from person
            """
        )
        try admin.query(
            """
            \(people)
            insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, created_at)
            select \(house.organization), md5(kind || id)::uuid, id, kind, 1, decode(md5(kind || id), 'hex'), '\\x00', '\\x00',
                   care.clock() - (array['1 day', '60 days', '200 days', '400 days'])[i / 3 + 1]::interval
              from person, unnest(array['DocumentReference', 'Immunization', 'Condition']) kind
             where (kind = 'DocumentReference' and i < 12) or (kind = 'Immunization' and i = 0 and k <= 3)
                or (kind = 'Condition' and i < 12 and i % 3 = 1)
            """
        )
        try admin.query(
            """
            \(people)
            insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card)
            select \(house.organization), md5('p' || id)::uuid, id, 'Patient', 1, decode(md5('p' || id), 'hex'), '\\x00', '\\x00'
              from person
            """
        )
        try admin.query(
            """
            \(people)
            insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, private_to)
            select \(house.organization), md5('own' || id)::uuid, id, 'Procedure', 1, decode(md5('own' || id), 'hex'), '\\x00', '\\x00',
                   \(house.keeper.account)
              from person where i % 3 = 1
            """
        )
        try admin.query(
            """
            \(people)
            insert into care.reach (organization_id, patient_id, account_id, kind, since, until, withdrawn_at)
            select \(house.organization), id, \(house.keeper.account),
                   case when i % 3 = 1 then 'care-team' when i % 3 = 2 and k % 2 = 0 then 'care-team' else 'guardian' end,
                   care.clock() + case when i % 3 = 2 and k % 3 = 0 then interval '1 day' else '-2 days' end,
                   case when i % 3 = 2 and k % 3 = 1 then care.clock() - interval '1 day' end,
                   case when i % 3 = 2 and k % 3 = 2 then care.clock() end
              from person
            """
        )
    }

    /// Makes those who are in a house count as merged into one of them.
    func empty(_ house: House) throws {
        // Triggers keep such a merge from being written by hand.
        try admin.query("set local session_replication_role = replica")
        try admin.query(
            """
            update care.patient set merged_into = \(house.third)
             where organization_id = \(house.organization) and id <> \(house.third)
            """
        )
        try admin.query("set local session_replication_role = origin")
    }

    /// Something new about everybody in a house, kept private.
    func keepPrivate(_ house: House) throws {
        try admin.query(
            """
            insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, private_to)
            select \(house.organization), gen_random_uuid(), id, 'Procedure', 1, decode(md5('kept' || id), 'hex'), '\\x00', '\\x00',
                   \(house.keeper.account)
              from care.patient where organization_id = \(house.organization) and merged_into is null
            """
        )
    }

    /// Takes an overview under a pass.
    func takeOverview(_ opened: Opened, _ id: UUID = UUID()) throws {
        try admin.query("select set_config('care.pass', \(opened.setting), true)")
        try admin.query("select care.take_overview(\(id))")
    }

    /// What a pass shows of the latest one.
    func latestOverview(_ opened: Opened) throws -> [OverviewCell] {
        try admin.query("select set_config('care.pass', \(opened.setting), true)")
        return try admin.query("select subject, line, shown from care.latest_overview()").map {
            OverviewCell(
                subject: try $0.decode(String.self, at: 0),
                line: try $0.decode(String.self, at: 1),
                shown: try $0.decode(Int32?.self, at: 2)
            )
        }
    }

    /// Which cells of a table are withheld.
    func withheld(_ counts: [Int32], width: Int32, smallest: Int32) throws -> [Bool] {
        try admin.query("select care.withheld(\(counts), \(width), \(smallest))")[0].decode([Bool].self, at: 0)
    }

    /// Does something and undoes it.
    func undone<Result>(_ work: () throws -> Result) throws -> Result {
        try admin.query("begin")
        do {
            let result = try work()
            try admin.query("rollback")
            return result
        } catch {
            try admin.query("rollback")
            throw error
        }
    }
}

/// What somebody can work out of a table who knows every sum of a line and column, and every shown number, exactly.
struct TableAttack {
    let counts: [Int]
    let width: Int
    let hidden: [Bool]

    /// For each withheld cell the smallest and largest number that it could be, by trying all.
    func bounds() -> [Int: ClosedRange<Int>] {
        let open = counts.indices.filter { hidden[$0] }
        var lines = Array(repeating: 0, count: counts.count / width)
        var columns = Array(repeating: 0, count: width)
        for cell in open {
            lines[cell / width] += counts[cell]
            columns[cell % width] += counts[cell]
        }
        var found: [Int: ClosedRange<Int>] = [:]
        var tried = counts
        func go(_ place: Int) {
            guard place < open.count else {
                for cell in open {
                    let old = found[cell] ?? tried[cell]...tried[cell]
                    found[cell] = min(old.lowerBound, tried[cell])...max(old.upperBound, tried[cell])
                }
                return
            }
            let cell = open[place]
            let later = open[(place + 1)...]
            let (line, column) = (lines[cell / width], columns[cell % width])
            let isLastOfLine = !later.contains { $0 / width == cell / width }
            let isLastOfColumn = !later.contains { $0 % width == cell % width }
            guard line >= 0, column >= 0 else { return }
            let most = min(line, column)
            let least = max(isLastOfLine ? line : 0, isLastOfColumn ? column : 0)
            guard least <= most else { return }
            for value in least...most {
                tried[cell] = value
                lines[cell / width] -= value
                columns[cell % width] -= value
                go(place + 1)
                lines[cell / width] += value
                columns[cell % width] += value
            }
        }
        go(0)
        return found
    }
}

/// Overviews: only who is permitted takes and reads them, and no number of few people is shown or can be worked out.
extension GateChecks {
    private func pass(_ act: String, _ someone: Someone) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone))
    }

    func overviews() throws {
        let (officer, reader) = (
            try scene.somebody(["admin"], in: north), try scene.somebody(["auditor"], in: north)
        )
        let (take, read): (SQL, SQL) = ("select care.take_overview(\(UUID()))", "select * from care.latest_overview()")
        try must("take_overview", "not without a pass", try isDenied(nil, take))
        try must("take_overview", "not by one that reads", try isDenied(pass("overview.read", reader), take))
        try must("latest_overview", "not without a pass", try isDenied(nil, read))
        try must("latest_overview", "not by another pass", try isDenied(pass("member.list", reader), read))
        try counting(pass("overview.take", officer), pass("overview.read", reader))
        try often(pass("overview.take", officer))
        try tables()
        // The server's role has no right to what they touch: they have it from their owner. (That it is too soon is another error.)
        let shown = try answer(String.self, pass("overview.read", reader), "select subject from care.latest_overview()")
        try must("latest_overview", "by the server", shown != nil)
        try must("take_overview", "by the server", try !isDenied(pass("overview.take", officer), take))
    }

    static let town: [Int32] = [20, 21, 22, 23, 3, 24, 25, 26, 27, 28, 29, 30, 3, 30, 31]

    private func counted() throws -> [Int32] {
        try scene.admin.query("select care.count_activity(\(north.organization), care.clock())")[0]
            .decode([Int32].self, at: 0)
    }

    private func counting(_ taking: Scene.Opened, _ reading: Scene.Opened) throws {
        try scene.undone {
            try scene.empty(north)
            let before = try counted()
            try scene.populate(north, Self.town)
            try scene.populate(south, Self.town.map { _ in 40 }, seed: "elsewhere")
            let plus = try counted()
            try must(
                "count_activity",
                "everybody once, by when and by whom",
                plus == zip(before, Self.town).map { $0 + $1 }
            )
            try scene.admin.query(
                """
                insert into care.patient (organization_id, id, merged_into)
                select \(north.organization), gen_random_uuid(), \(north.ben.patient) from generate_series(1, 30)
                """
            )
            try must("count_activity", "not who was merged", try counted() == plus)
            let id = UUID()
            try scene.takeOverview(taking, id)
            try scene.admin.query(
                """
                update care.overview set taken_at = (select taken_at from care.overview where id = \(id))
                 where organization_id = \(south.organization)
                """
            )
            let kept = try scene.admin.query(
                """
                select from care.overview o join care.entry e on e.opening_id = o.opening_id and e.act = 'overview.take' and e.granted
                 where o.organization_id = \(north.organization) and o.id = \(id) and o.account_id = e.account_id and o.smallest = 10
                """
            )
            try must("take_overview", "with its entry: who, when, which", kept.count == 1)
            try look(scene.latestOverview(reading), plus)
        }
        try scene.undone {
            try scene.empty(north)
            try scene.populate(north, Self.town.prefix(12) + [1, 1, 1])
            try scene.takeOverview(taking)
            let cells = try scene.latestOverview(reading)
            try must(
                "withheld",
                "all, where a line has few people altogether",
                cells.allSatisfy { $0.subject != "activity" || $0.shown == nil }
            )
            try must(
                "take_overview",
                "a kind that nearly all have is withheld",
                cells.contains { $0.line == "DocumentReference" && $0.shown == nil }
            )
        }
    }

    private func look(_ cells: [Scene.OverviewCell], _ counts: [Int32]) throws {
        let activity = cells.filter { $0.subject == "activity" }.map(\.shown)
        let hidden = try scene.withheld(counts, width: 3, smallest: 10)
        try must("withheld", "a table with many people is shown", hidden.contains(false))
        try must(
            "take_overview",
            "what is not withheld, in fives",
            activity == zip(counts, hidden).map { $1 ? nil : ($0 + 2) / 5 * 5 }
        )
        let all = counts.reduce(0, +)
        try must(
            "take_overview",
            "everybody",
            cells.filter { $0.subject == "people" }.map(\.shown) == [(all + 2) / 5 * 5]
        )
        let kinds = cells.filter { $0.subject == "kind" }
        let lines = Dictionary(uniqueKeysWithValues: kinds.map { ($0.line, $0.shown ?? 0) })
        try must("take_overview", "every kind has its line, used or not", kinds.count == 10)
        try must("take_overview", "a kind that few have is withheld", lines["Immunization"] == 0)
        try must("take_overview", "a kind that most have is shown", lines["DocumentReference"] == 280)
        try must("take_overview", "a kind that some have is shown, of this house", lines["Condition"] == 80)
        try must("take_overview", "what is kept private is not counted", lines["Procedure"] == 0)
        let roles = cells.filter { $0.subject == "role" }
        for cell in roles {
            let holders = try scene.admin.query(
                """
                select from care.membership where organization_id = \(north.organization) and \(cell.line) = any (roles)
                   and since <= care.clock() and (until is null or until > care.clock())
                """
            ).count
            let expected = holders < 10 ? nil : Int32((holders + 2) / 5 * 5)
            try must("take_overview", "members by role", cell.shown == expected)
        }
        try must("take_overview", "only roles that are offered", roles.count > 3 && roles.count < 14)
    }

    private func often(_ taking: Scene.Opened) throws {
        let fails = { (work: () throws -> Void) throws -> Bool in
            try scene.admin.query("savepoint once")
            do {
                try work()
                try scene.admin.query("release savepoint once")
                return false
            } catch let error as PostgresError {
                try scene.admin.query("rollback to savepoint once")
                return error.sqlState == "23514"
            }
        }
        let age = { (days: Int32) in
            try scene.admin.query(
                """
                update care.overview set taken_at = care.clock() - make_interval(days => \(days))
                 where organization_id = \(north.organization)
                """
            )
        }
        try scene.undone {
            try scene.admin.query(
                "update care.overview set taken_at = care.clock() where organization_id = \(south.organization)"
            )
            try scene.populate(north, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40])
            try must("require_overview_is_due", "after many changed", try !fails { try scene.takeOverview(taking) })
            try must("require_overview_is_due", "not twice", try fails { try scene.takeOverview(taking) })
            _ = try age(6)
            try must("require_overview_is_due", "not within days", try fails { try scene.takeOverview(taking) })
            _ = try age(8)
            try must("require_overview_is_due", "but after them", try !fails { try scene.takeOverview(taking) })
            _ = try age(8)
            try scene.admin.query("set local session_replication_role = replica")
            try scene.admin.query(
                "update care.patient set created_at = '2020-01-01' where organization_id = \(north.organization)"
            )
            try scene.admin.query(
                "update care.record set created_at = '2020-01-01' where organization_id = \(north.organization)"
            )
            try scene.admin.query("set local session_replication_role = origin")
            try scene.populate(south, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40], seed: "south")
            try must("require_overview_is_due", "not when nobody changed", try fails { try scene.takeOverview(taking) })
            try scene.keepPrivate(north)
            try must("require_overview_is_due", "nor for what is private", try fails { try scene.takeOverview(taking) })
            try scene.populate(north, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9], seed: "nine")
            try must("require_overview_is_due", "nor nine", try fails { try scene.takeOverview(taking) })
            try scene.populate(north, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], seed: "ten")
            try must("require_overview_is_due", "but ten", try !fails { try scene.takeOverview(taking) })
        }
        try scene.undone {
            try scene.empty(north)
            try scene.admin.query("delete from care.overview_cell where organization_id = \(north.organization)")
            try scene.admin.query("delete from care.overview where organization_id = \(north.organization)")
            try must("require_overview_is_due", "the first at any time", try !fails { try scene.takeOverview(taking) })
            try must(
                "take_overview",
                "and of few nothing",
                try scene.latestOverview(taking).allSatisfy { $0.subject == "role" || $0.shown == nil }
            )
        }
    }

    /// Tables of every make: whatever somebody knows besides, a small number could be as many others as are too few to be shown.
    private func tables() throws {
        var random = SeededGenerator(state: 20_261_123)
        for number in 0..<150 {
            let (width, height) = number % 3 == 0 ? (3, 2) : number % 3 == 1 ? (2, 3) : (2, 2)
            let most = [7, 12, 20][number / 3 % 3]
            let counts = (0..<width * height).map { _ in Int(random.next() % UInt64(most + 1)) }
            try attack(counts, width: width)
        }
        for counts in [[6, 3, 9, 8, 7, 9, 9, 8, 6], [0, 9, 6, 9, 6, 7, 6, 7, 3], [2, 7, 7, 7, 2, 7, 7, 7, 2]] {
            try attack(counts, width: 3)
        }
        let free = try scene.withheld([5, 9, 9, 9], width: 2, smallest: 5)
        try must("withheld", "nothing where nothing is small", free == [false, false, false, false])
        let alone = try scene.withheld([1, 9, 9, 9, 9, 9, 9, 9, 9], width: 3, smallest: 5)
        try must("withheld", "no more than it takes", alone.count { $0 } == 4)
        let shared = try scene.withheld([1, 30, 30, 30, 2, 6, 30, 6, 6], width: 3, smallest: 5)
        try must("withheld", "small ones keep each other company", shared.count { $0 } == 4)
        let cheap = try scene.withheld([1, 90, 9, 90, 90, 90, 9, 90, 9], width: 3, smallest: 5)
        try must(
            "withheld",
            "the least of people",
            cheap == [true, false, true, false, false, false, true, false, true]
        )
    }

    private func attack(_ counts: [Int], width: Int) throws {
        let hidden = try scene.withheld(counts.map { Int32($0) }, width: Int32(width), smallest: 5)
        try must("withheld", "each small one", zip(counts, hidden).allSatisfy { $0 >= 5 || $1 })
        guard hidden.contains(false) else { return }
        let bounds = TableAttack(counts: counts, width: width, hidden: hidden).bounds()
        try must(
            "withheld",
            "none can be worked out",
            counts.indices.allSatisfy { cell in
                counts[cell] >= 5 || bounds[cell].map { $0.upperBound - $0.lowerBound >= 5 } == true
            }
        )
    }
}

/// Numbers that are the same in each run: SplitMix64.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
