import Care
import Foundation
import People

/// An organisation in numbers that are nobody's.
struct OverviewPage: PageBody {
    struct Numbers: Sendable {
        var taken: Moment
        /// Below this number of people none is shown.
        var smallest: Int
        /// Everybody whose record is kept; `nil` where it is withheld, here and below.
        var people: Int?
        /// Who looks after them, by when something was entered last: lines with a number for each column.
        var activity: [(line: String, shown: [Int?])]
        var kinds: [(line: String, shown: Int?)]
        var roles: [(role: Role?, shown: Int?)]
    }

    /// `nil` before anything was counted.
    var numbers: Numbers?
    var mayTake: Bool
    var problem: String?

    var place: Address? { .overview }

    func title(in frame: Frame) -> String { "Numbers" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>Numbers</h1>
        \(self.problem.map { Problem(text: $0).html })
        <p class="lead"><bdi>\(frame.organization ?? "This organisation")</bdi> in numbers: no names, and nothing that is about one person.</p>
        \(self.numbers.map { self.tables($0, in: frame) } ?? "<p class=\"empty\">Nothing was counted yet.</p>" as HTML)
        \(self.form(in: frame), if: self.mayTake)
        """
    }

    private func form(in frame: Frame) -> HTML {
        """
        <form method="post" action="\(Address.overview)">\(frame.csrfField)
        <p class="hint">Counting is noted: who had it done, and when. How often, and below which number nothing is shown, is in
        <a href="\(Address.settings)">Settings</a>.</p>
        <button type="submit">Count again</button></form>
        """
    }

    private func tables(_ numbers: Numbers, in frame: Frame) -> HTML {
        let few = "fewer than \(numbers.smallest)"
        return """
            <p>Counted on \(frame.words.moment(numbers.taken)). Records of <strong>\(self.words(numbers.people))</strong> people are kept here.</p>
            <details><summary>Why is a number “not shown”?</summary>
            <p>If \(few) people are meant, somebody who knows them could tell who it is. So small numbers are not shown, none at all included.
            Sometimes a larger one is left out, too: otherwise the small one could be worked out by taking the others away from a sum.
            All other numbers are rounded to the nearest five. The exact ones are kept nowhere.</p></details>
            \(self.table("People, by who looks after them and when something was entered last",
                ["Last entry", "Family or self", "Care team only", "Nobody"],
                numbers.activity.map { [$0.line] + $0.shown.map(self.words) }))
            \(self.table("People who have entries of a kind", ["Kind", "People"], numbers.kinds.map { [$0.line, self.words($0.shown)] }))
            \(self.table("Members, by role", ["Role", "Members"], numbers.roles.map { [self.name($0.role, in: frame), self.words($0.shown)] }))
            """
    }

    private func name(_ role: Role?, in frame: Frame) -> String {
        role.map { frame.words.name($0).sentenceCased } ?? "Other"
    }

    private func words(_ shown: Int?) -> String { shown.map { "about \($0)" } ?? "not shown" }

    private func table(_ caption: String, _ heads: [String], _ rows: [[String]]) -> HTML {
        """
        <div class="scroll" tabindex="0" role="region" aria-label="\(caption)"><table>
        <caption>\(caption)</caption>
        <thead><tr>\(heads.map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>
        <tbody>\(rows.map { row in
            "<tr><th scope=\"row\">\(row[0])</th>\(row.dropFirst().map { "<td>\($0)</td>" as HTML })</tr>" as HTML
        })</tbody>
        </table></div>
        """
    }
}

extension OverviewPage.Numbers {
    /// The numbers as a page tells them.
    init(_ overview: Overview, zone: TimeZone) {
        let of = { (subject: String) in overview.cells.filter { $0.subject == subject } }
        let activity = of("activity")
        self.init(
            taken: Moment(overview.takenAt, in: zone),
            smallest: overview.smallest,
            people: of("people").first?.shown,
            activity: Self.times.map { time in
                (time.words, activity.filter { $0.line == time.name }.map(\.shown))
            },
            kinds: of("kind").map { (Self.kinds[$0.line] ?? "Other entries", $0.shown) },
            roles: of("role").map { (Role(rawValue: $0.line), $0.shown) }
        )
    }

    private static let times = [
        (name: "month", words: "In the last 30 days"), (name: "quarter", words: "31 to 90 days ago"),
        (name: "year", words: "91 days to a year ago"), (name: "longer", words: "Longer ago"),
        (name: "never", words: "Nothing entered yet"),
    ]

    private static let kinds = [
        "Observation": "Measurements and observations", "Condition": "Conditions",
        "MedicationRequest": "Prescriptions", "MedicationStatement": "Medicines taken",
        "AllergyIntolerance": "Allergies", "Immunization": "Vaccinations", "Procedure": "Procedures",
        "Encounter": "Visits", "DocumentReference": "Documents", "QuestionnaireResponse": "Answered questions",
    ]
}
