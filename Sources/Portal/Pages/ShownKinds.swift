/// What of a record somebody is let in to: boxes to tick, all of them ticked at first.
struct ShownKinds: Sendable {
    /// The names of what is ticked.
    var chosen: Set<String> = Self.all
    var error: String?

    /// What there is to tick: the groups of a timeline, and the rest.
    static let boxes: [(name: String, label: String)] =
        RecordKind.Group.allCases.map { ($0.rawValue, $0.label) } + [(rest, "Everything else")]

    private static let rest = "rest"
    private static let all = Set(boxes.map(\.name))

    /// Everything.
    init() {}

    /// What was ticked, by the names of the fields.
    init(where isTicked: (String) -> Bool) {
        self.chosen = Set(Self.boxes.map(\.name).filter { isTicked("see-\($0)") })
        if self.chosen.isEmpty { self.error = "Please tick at least one kind of entry." }
    }

    /// The box under which a type of resource stands.
    private static func box(of resourceType: String) -> String {
        RecordKind(resourceType: resourceType).group?.rawValue ?? rest
    }

    /// Whether it is the whole record.
    private var isWhole: Bool { self.chosen == Self.all }

    /// The types out of all these that are shown, who it is about among them; `nil` for the whole record.
    func types(of all: Set<String>) -> [String]? {
        guard !self.isWhole else { return nil }
        return all.filter { $0 == "Patient" || self.chosen.contains(Self.box(of: $0)) }.sorted()
    }

    /// What types are shown, in words: "medicines, results".
    static func words(_ types: [String]) -> String {
        let shown = Set(types.filter { $0 != "Patient" }.map(box))
        let words = boxes.filter { shown.contains($0.name) }.map { $0.label.lowercased() }
        return words.isEmpty ? "nothing but the name" : words.joined(separator: ", ")
    }

    var html: HTML { self.html() }

    /// The boxes; `suffix` tells those of several forms of a page apart.
    func html(suffix: String = "") -> HTML {
        let (hint, error) = ("see-hint\(suffix)", "see-error\(suffix)")
        return """
            <fieldset class="ticks\(" wrong", if: self.error != nil)" aria-describedby="\(hint)\(" \(error)", if: self.error != nil)">
            <legend>What they may see</legend>
            <p class="hint" id="\(hint)">Take away what they should not see. Name and birth date are always seen.</p>
            \(self.error.map { "<p class=\"error\" id=\"\(error)\">\($0)</p>" as HTML })
            \(Self.boxes.map {
                Tick(name: "see-\($0.name)", suffix: suffix, label: $0.label, isChosen: self.chosen.contains($0.name)).html
            })
            </fieldset>
            """
    }
}
