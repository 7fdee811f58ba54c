/// What can be searched across patients: a few declared values, each of which the caller turns into a blind token.
///
/// A blind token shows equality and nothing else, so that every question must be asked as equalities: the beginnings of
/// names are values of their own, and so are the decade, year, month and day of a birth date. Tokens only narrow down;
/// whether a patient matches is decided on the opened resource (`PatientQuery.matches`).
public struct PatientSearchValues: Sendable, Equatable {
    /// A value to look for, exactly.
    public struct Value: Sendable, Hashable {
        /// `name`, `family`, `given`, `identifier` or `birthdate`.
        public let parameter: String
        public let text: String

        public init(_ parameter: String, _ text: String) {
            self.parameter = parameter
            self.text = text
        }
    }

    /// The values, each once.
    public let values: [Value]

    /// The values of a Patient; none for resources of other types.
    public init(of patient: Resource) {
        guard patient.type == "Patient" else {
            values = []
            return
        }
        var seen: Set<Value> = []
        values = (Self.names(patient.json) + Self.identifiers(patient.json) + Self.birthDate(patient.json))
            .filter { seen.insert($0).inserted }
    }

    /// Letters from which on the beginning of a name can be searched. Shorter names are found whole.
    static let shortestPrefix = 3
    /// Letters after which the beginnings of a name are no longer told apart by tokens.
    static let longestPrefix = 20

    /// The values under which a folded word is found: its beginnings.
    static func prefixes(of word: String) -> [String] {
        let letters = word.unicodeScalars
        guard letters.count > shortestPrefix else { return [word] }
        return (shortestPrefix...min(letters.count, longestPrefix)).map {
            String(String.UnicodeScalarView(letters.prefix($0)))
        }
    }

    /// The value under which the words that begin like this one are found.
    static func token(for word: String) -> String {
        String(String.UnicodeScalarView(word.unicodeScalars.prefix(longestPrefix)))
    }

    private static func names(_ patient: JSON) -> [Value] {
        let names = patient["name"]?.array ?? []
        let family = names.compactMap { $0["family"]?.string }
        let given = names.flatMap { ($0["given"]?.array ?? []).compactMap(\.string) }
        let text = names.compactMap { $0["text"]?.string }
        func values(_ parameter: String, _ texts: [String]) -> [Value] {
            texts.prefix(mostWords).flatMap { Folding.words(String($0.prefix(longestText))) }
                .prefix(mostWords).flatMap(prefixes).map { Value(parameter, $0) }
        }
        return values("family", family) + values("given", given) + values("name", family + given + text)
    }

    /// Words of one patient's names that are found. Nobody has more; a forged record might.
    private static let mostWords = 60
    /// Characters of one part of a name.
    private static let longestText = 300

    private static func identifiers(_ patient: JSON) -> [Value] {
        (patient["identifier"]?.array ?? []).prefix(mostWords).flatMap { identifier -> [Value] in
            guard let value = identifier["value"]?.string else { return [] }
            let system = identifier["system"]?.string ?? ""
            return [Value("identifier", "|\(value)")]
                + (system.isEmpty ? [] : [Value("identifier", "\(system)|\(value)")])
        }
    }

    private static func birthDate(_ patient: JSON) -> [Value] {
        guard let date = patient["birthDate"]?.string.flatMap({ DateTime($0, as: .date) }) else { return [] }
        return BirthDate.values(of: date).map { Value("birthdate", $0) }
    }
}

/// A search for patients: conditions that blind tokens can narrow down, and the whole of it to check on what was opened.
public struct PatientQuery: Sendable {
    /// Values of which one at least must be a patient's.
    public struct Clause: Sendable, Equatable {
        public let anyOf: [PatientSearchValues.Value]
    }

    /// What every patient searched for has: one of each clause. Empty if the search has no condition that a token can
    /// answer; the caller then looks through all patients within reach, or refuses.
    public let clauses: [Clause]
    /// The parameters that tokens can answer; `birthdate` but for `ne`.
    public static let narrowing = ["birthdate", "family", "given", "identifier", "name"]

    /// The whole search, for opened resources: all parameters, order and count.
    public let query: SearchQuery

    /// Reads the parameters of a search for patients, already free of their URL encoding.
    public init(parsing parameters: [(name: String, value: String)]) throws(Outcome) {
        query = try SearchQuery(parsing: parameters, type: "Patient")
        var clauses: [Clause] = []
        var births: [BirthDate.Range] = []
        for (name, value) in parameters {
            let texts = SearchText.split(value, at: ",")
            switch name {
            case "name", "family", "given":
                clauses += try Self.nameClauses(name, texts)
            case "name:exact", "family:exact", "given:exact":
                clauses += try Self.nameClauses(String(name.dropLast(":exact".count)), texts)
            case "identifier":
                clauses.append(Clause(anyOf: try texts.map { text throws(Outcome) in try Self.identifier(text) }))
            case "birthdate":
                let ranges = texts.compactMap(BirthDate.Range.init(searching:))
                guard ranges.count == texts.count else { continue }
                if ranges.count == 1 { births += ranges } else { clauses.append(BirthDate.clause(ranges)) }
            default: break
            }
        }
        // Two bounds given apart are one range, which takes fewer values than each bound alone.
        if let first = births.first {
            clauses.append(BirthDate.clause([births.dropFirst().reduce(first) { $0.intersection($1) }]))
        }
        self.clauses = clauses
    }

    /// Whether an opened patient is one that is searched for.
    public func matches(_ patient: Resource) -> Bool {
        query.matches(SearchCard(of: patient, id: patient.id ?? "", lastUpdated: Self.lastUpdated(patient)))
    }

    private static func lastUpdated(_ patient: Resource) -> String {
        patient.json["meta"]?["lastUpdated"]?.string ?? ""
    }

    /// All words of a value must be found. With several values, one word of each stands for it.
    private static func nameClauses(_ parameter: String, _ texts: [String]) throws(Outcome) -> [Clause] {
        let alternatives = texts.map { Folding.words(SearchText.unescaped($0)) }
        guard alternatives.allSatisfy({ !$0.isEmpty }) else {
            throw Outcome(.value, "\(parameter) must have a letter or digit")
        }
        func value(_ word: String) -> PatientSearchValues.Value {
            .init(parameter, PatientSearchValues.token(for: word))
        }
        if alternatives.count == 1 { return alternatives[0].map { Clause(anyOf: [value($0)]) } }
        return [Clause(anyOf: alternatives.map { words in value(words.max { $0.count < $1.count } ?? "") })]
    }

    private static func identifier(_ text: String) throws(Outcome) -> PatientSearchValues.Value {
        let parts = SearchText.split(text, at: "|").map(SearchText.unescaped)
        guard let value = parts.last, !value.isEmpty else {
            throw Outcome(.notSupported, "identifier must have a value; a system alone cannot be searched")
        }
        return .init("identifier", parts.count == 2 && !parts[0].isEmpty ? "\(parts[0])|\(value)" : "|\(value)")
    }
}
