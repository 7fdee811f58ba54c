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

    /// Why nothing was counted.
    static let tooSoon = """
        The numbers were counted only a few days ago. Please wait: Settings say after how many days they can be counted again.
        """
    static let tooAlike = "Too little has changed since the last count. Comparing the two could tell who it was about."

    var place: Address? { .overview }

    func title(in frame: Frame) -> String { "Numbers" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>Numbers</h1>
        \(self.problem.map { Problem(text: $0).html })
        <p class="lead">How many people’s records are kept here, and what has been entered. No names, and nothing that is about one person.</p>
        \(self.numbers.map { self.tables($0, in: frame) } ?? "<p class=\"empty\">Nothing was counted yet.</p>" as HTML)
        \(self.form(in: frame), if: self.mayTake)
        """
    }

    private func form(in frame: Frame) -> HTML {
        """
        <form method="post" action="\(Address.overview)">\(frame.csrfField)
        <p class="hint">Counting is noted: who had it done, and when. How often, and below which number nothing is shown, is in
        <a href="\(Address.settings)">Settings</a>.</p>
        <button type="submit">\(self.numbers == nil ? "Count now" : "Count again" as String)</button></form>
        """
    }

    private func tables(_ numbers: Numbers, in frame: Frame) -> HTML {
        """
        <p>\(self.sum(numbers))</p>
        <p class="hint">Counted on \(frame.words.moment(numbers.taken)).</p>
        <details><summary>Why is a number not shown?</summary>
        <p>If it is of fewer than \(numbers.smallest) people, somebody who knows them could tell who they are. So small numbers are not
        shown, and zero is not either. Sometimes a larger number is left out as well: otherwise a small one could be worked out from it.
        All other numbers are rounded to the nearest five. The exact ones are kept nowhere.</p></details>
        \(self.table("People, by who looks after them and when something was entered last",
                ["Last entry", "Family or self", "Care team only", "Nobody"],
                numbers.activity.map { [$0.line] + $0.shown.map(self.words) }))
        \(self.table("People who have entries of a kind", ["Kind", "People"], numbers.kinds.map { [$0.line, self.words($0.shown)] }))
        \(self.table("Members, by role", ["Role", "Members"], numbers.roles.map { [self.name($0.role, in: frame), self.words($0.shown)] }))
        """
    }

    private func sum(_ numbers: Numbers) -> HTML {
        guard let people = numbers.people else {
            return "Records of fewer than \(numbers.smallest) people are kept here."
        }
        return "Records of <strong>about \(people)</strong> people are kept here."
    }

    private func name(_ role: Role?, in frame: Frame) -> String {
        role.map { frame.words.name($0).sentenceCased } ?? "Other"
    }

    private static let notShown = "not shown"

    private func words(_ shown: Int?) -> String { shown.map { "about \($0)" } ?? Self.notShown }

    /// A table; a sentence where every number of it is withheld.
    private func table(_ caption: String, _ heads: [String], _ rows: [[String]]) -> HTML {
        guard rows.contains(where: { $0.dropFirst().contains { $0 != Self.notShown } }) else {
            return "<h2>\(caption)</h2><p class=\"hint\">Too few people for any number to be shown.</p>"
        }
        return """
            <h2>\(caption)</h2>
            <div class="scroll whole" tabindex="0" role="region" aria-label="\(caption)"><table>
            <caption class="hidden">\(caption)</caption>
            <thead><tr>\(heads.map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>
            <tbody>\(rows.map(Self.row))</tbody>
            </table></div>
            """
    }

    private static func row(_ cells: [String]) -> HTML {
        "<tr><th scope=\"row\">\(cells[0])</th>\(cells.dropFirst().map { "<td>\($0)</td>" as HTML })</tr>"
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
