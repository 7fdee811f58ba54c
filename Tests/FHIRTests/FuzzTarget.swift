#if !FUZZING  // where the fuzzer is built, this file is a part of the module
    @testable import FHIR
#endif

/// What is given bytes that nobody has checked, and what must be true of it whatever the bytes are.
///
/// `make fuzz` feeds each target with bytes that it makes up; `FuzzCorpusTests` with a few that were of interest before.
enum FuzzTarget: String, CaseIterable, Sendable {
    /// A JSON text: read, written, read again.
    case json
    /// A resource: validated, searched, tokenised.
    case resource
    /// A transaction, batch or file of resources.
    case bundle
    /// A search, as in `Patient?name=anna`, among a few people.
    case search
    /// The XHTML of a narrative.
    case narrative
    /// A search by date, a space, and a date of birth: `ge1984-03 1984-03-09`.
    case date
    /// A stored search card.
    case card

    /// A rule that did not hold. It may name values: there are no records here.
    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    /// Throws if a rule does not hold for these bytes; traps if the code does.
    func run(_ bytes: [UInt8]) throws {
        switch self {
        case .json: try Self.json(bytes)
        case .resource: try Self.resource(bytes)
        case .bundle: try Self.bundle(bytes)
        case .search: try Self.search(String(decoding: bytes, as: UTF8.self))
        case .narrative: try Self.narrative(bytes)
        case .date: try Self.date(String(decoding: bytes, as: UTF8.self))
        case .card: try Self.card(bytes)
        }
    }

    private static func hold(_ rule: String, _ isTrue: Bool) throws {
        if !isTrue { throw Broken(description: rule) }
    }
}

// MARK: JSON

extension FuzzTarget {
    private static func json(_ bytes: [UInt8]) throws {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: bytes)
        } catch {
            try hold("an error is within the text", (0...bytes.count).contains(error.offset))
            try hold("a place repeats no text", isTame(error.expression))
            return
        }
        let written = json.serialized()
        try hold("what is written reads as the same", try JSON(parsing: written) == json)
        try hold("what is read again is written the same", try JSON(parsing: written).serialized() == written)
        // Where nothing is escaped, the text goes out as it came in, but for white space.
        if !bytes.contains(UInt8(ascii: "\\")) { try hold("order, digits, bytes stay", written == compact(bytes)) }
    }

    /// A JSON text without the white space between its parts.
    private static func compact(_ bytes: [UInt8]) -> [UInt8] {
        var isInString = false
        return bytes.filter { byte in
            if byte == UInt8(ascii: "\"") { isInString.toggle() }
            return isInString || ![0x20, 0x09, 0x0A, 0x0D].contains(byte)
        }
    }

    /// Whether a place is written with names that FHIR could have, and nothing else.
    private static func isTame(_ place: String) -> Bool {
        place.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "?"),
                UInt8(ascii: "["), UInt8(ascii: "]"):
                true
            default: false
            }
        }
    }
}

// MARK: Resources

extension FuzzTarget {
    private static func resource(_ bytes: [UInt8]) throws {
        let resource: Resource
        do throws(Outcome) {
            resource = try Resource(parsing: bytes)
        } catch {
            return try tame(error.issues)
        }
        try tame(Validator.validate(resource))
        try hold("an outcome is a sound resource", sound(Outcome(Validator.validate(resource)).json()))
        _ = Compartment.membership(of: resource)
        try references(resource)
        let card = SearchCard(of: resource, id: resource.id ?? "", lastUpdated: "2026-11-22T05:40:00Z")
        try hold("a card is bounded", card.values.count <= 4000)
        try hold("a card is read as it was written", try SearchCard(decoding: card.encoded()) == card)
        try hold("tokens are bounded", PatientSearchValues(of: resource).values.count <= 10_000)
    }

    private static func tame(_ issues: [Issue]) throws {
        try hold("there are no more issues than anybody reads", issues.count <= 101)
        for issue in issues {
            try hold("a place repeats no text", isTame(issue.expression?.text ?? ""))
            try hold("a rule is ours", issue.rule.utf8.count < 4000 && issue.rule.utf8.allSatisfy { $0 < 0x80 })
        }
    }

    private static func sound(_ json: JSON) throws -> Bool {
        !Outcome(Validator.validate(try Resource(json))).isFailure
    }

    private static func references(_ resource: Resource) throws {
        var copy = resource
        try copy.rewriteReferences { $0.text }
        try hold("references written as they were change nothing", copy == resource)
        var count = 0
        try copy.rewriteReferences { _ in
            count += 1
            return "Patient/\(count)"
        }
        try hold("every reference is found", resource.references().count == count && copy.references().count == count)
    }

    private static func bundle(_ bytes: [UInt8]) throws {
        guard let resource = try? Resource(parsing: bytes) else { return }
        for isImport in [false, true] {
            do throws(Outcome) {
                let request = try isImport ? BundleRequest(importing: resource) : BundleRequest(resource)
                _ = request.unresolvedReferences()
                for entry in request.entries {
                    if case .search(_, let query) = entry.target { _ = try? SearchQuery.parameters(ofQuery: query) }
                }
            } catch {
                try hold("a refusal gives a reason", error.isFailure)
                try tame(error.issues)
            }
        }
    }

    private static func card(_ bytes: [UInt8]) throws {
        guard let card = try? SearchCard(decoding: bytes) else { return }
        try hold("a card is read as it was written", try SearchCard(decoding: card.encoded()) == card)
        guard let query = try? SearchQuery(parsing: [("_sort", "_lastUpdated"), ("_id", "1")], type: card.type)
        else { return }
        _ = query.results(among: [card, card])
    }
}

// MARK: Searches

extension FuzzTarget {
    private static func search(_ text: String) throws {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return }
        let parameters: [(name: String, value: String)]
        do throws(Outcome) {
            parameters = try SearchQuery.parameters(ofQuery: parts[1])
        } catch {
            return try tame(error.issues)
        }
        do {
            let query = try SearchQuery(parsing: parameters, type: parts[0])
            let results = query.results(among: cards)
            try hold("the order is the results' own", query.results(among: cards.reversed()) == results)
        } catch let error as Outcome {
            try hold("a refusal gives a reason", error.isFailure)
        }
        guard let query = try? PatientQuery(parsing: parameters) else { return }
        for patient in people where query.matches(patient) {
            let tokens = Set(PatientSearchValues(of: patient).values)
            try hold(
                "whom the search finds, their tokens find",
                query.clauses.allSatisfy { $0.anyOf.contains(where: isBeginning) || !tokens.isDisjoint(with: $0.anyOf) }
            )
        }
    }

    /// Whether a value is so short that it finds whole names only, as is documented.
    private static func isBeginning(_ value: PatientSearchValues.Value) -> Bool {
        ["name", "family", "given"].contains(value.parameter)
            && value.text.unicodeScalars.count < PatientSearchValues.shortestPrefix
    }

    /// People whose names and dates are as awkward as names and dates are.
    private static let people: [Resource] = [
        #"{"resourceType":"Patient","id":"1","name":[{"family":"O'Brien","given":["Anna","Maria"]}],"birthDate":"1984-03-09"}"#,
        #"{"resourceType":"Patient","id":"2","name":[{"text":"İpek Ğül","family":"Ğül"}],"birthDate":"1984"}"#,
        #"{"resourceType":"Patient","id":"3","name":[{"family":"Straße","given":["Jo"]}],"birthDate":"2000-02"}"#,
        #"{"resourceType":"Patient","id":"4","name":[{"text":"प्रिया शर्मा"}],"gender":"female","active":true}"#,
        #"{"resourceType":"Patient","id":"5","identifier":[{"system":"urn:a|b","value":"7,7"}],"birthDate":"1869-12-31"}"#,
        #"{"resourceType":"Patient","id":"6","name":[{"family":"Wolfeschlegelsteinhausenbergerdorff"}],"birthDate":"2110-01-01"}"#,
    ].map { try! Resource(parsing: Array($0.utf8)) }

    private static let cards: [SearchCard] =
        (people + others).map { SearchCard(of: $0, id: $0.id ?? "", lastUpdated: "2026-11-22T05:40:00Z") }

    private static let others: [Resource] = [
        #"""
        {"resourceType":"Observation","id":"7","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4",
        "display":"Heart rate"}],"text":"Pulse"},"subject":{"reference":"Patient/1"},"effectivePeriod":
        {"start":"2026-11-22T05:40:00Z"},"valueQuantity":{"value":72.50,"unit":"/min"}}
        """#,
        #"""
        {"resourceType":"Condition","id":"8","code":{"text":"Asthma"},"subject":{"reference":"Patient/2/_history/3"},
        "onsetDateTime":"2001-05","recordedDate":"2001-05-06T07:08:09+05:30"}
        """#,
        #"""
        {"resourceType":"ValueSet","id":"9","status":"draft","url":"http://example.org/a/b","name":"A","date":"2020"}
        """#,
    ].map { try! Resource(parsing: Array($0.utf8)) }
}

// MARK: Dates

extension FuzzTarget {
    private static func date(_ text: String) throws {
        let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        for word in words {
            let readings = [DateTime.Grammar.date, .dateTime, .search].map { DateTime(word, as: $0) }
            for reading in readings.compactMap({ $0 }) {
                try hold("a date is a while", reading.start < reading.end)
                try hold("a date is of the calendar", 1...9999 ~= reading.year && 1...12 ~= reading.month)
            }
            // Each grammar takes what the one before it takes, for the same.
            for (narrow, wide) in zip(readings, readings.dropFirst()) {
                try hold("grammars agree", narrow == nil || narrow == wide)
            }
            let instant = DateTime(word, as: .instant)
            try hold("grammars agree", instant == nil || instant == readings[1])
        }
        try births(words)
    }

    private static func births(_ words: [String]) throws {
        guard words.count == 2, let range = BirthDate.Range(searching: words[0]) else { return }
        try hold("a range has few values", range.values.count <= 80)
        guard let birth = DateTime(words[1], as: .date) else { return }
        let (prefix, rest) = DatePrefix.taken(from: words[0])
        guard let wanted = DateTime(rest, as: .search), let prefix,
            prefix.holds(start: birth.start, end: birth.end, wanted, slack: 0)
        else { return }
        try hold(
            "whom the search finds, a value finds",
            !Set(range.values).isDisjoint(with: BirthDate.values(of: birth))
        )
    }
}

// MARK: Narratives

extension FuzzTarget {
    private static func narrative(_ bytes: [UInt8]) throws {
        guard bytes.withUnsafeBufferPointer(Narrative.isSafe) else { return }
        // Read once more, by other means: cut at every `<`, which stands nowhere but at the front of a tag.
        let parts = String(decoding: bytes, as: UTF8.self).lowercased().unicodeScalars.split(
            separator: "<",
            omittingEmptySubsequences: false
        )
        try hold("nothing but space comes first", parts[0].allSatisfy(\.properties.isWhitespace))
        var depth = 0
        for part in parts.dropFirst() {
            let tag = outsideQuotes(part)
            let name = String(String.UnicodeScalarView(tag.drop { $0 == "/" }.prefix { $0.properties.isAlphabetic }))
            try hold("a tag is no \(name)", !dangerous.contains(name) && !name.isEmpty)
            try hold("a tag has no handler", !String(String.UnicodeScalarView(tag)).contains(" on"))
            depth += tag.first == "/" ? -1 : tag.last == "/" ? 0 : 1
        }
        try hold("tags are balanced", depth == 0)
    }

    /// A tag up to its `>`, with its attributes' values taken out.
    private static func outsideQuotes(_ part: Substring.UnicodeScalarView.SubSequence) -> [Unicode.Scalar] {
        var quote: Unicode.Scalar?
        var found: [Unicode.Scalar] = []
        for scalar in part {
            if quote == nil, scalar == ">" { break }
            if let open = quote {
                if scalar == open { quote = nil }
            } else if scalar == "\"" || scalar == "'" {
                quote = scalar
                found.append(" ")
            } else {
                found.append(scalar.properties.isWhitespace ? " " : scalar)
            }
        }
        return found
    }

    private static let dangerous: Set<String> = [
        "script", "style", "iframe", "object", "embed", "form", "input", "button", "link", "meta", "base", "svg",
        "math",
        "template", "textarea", "select", "frame", "frameset", "applet", "audio", "video", "html", "body", "head",
    ]
}
