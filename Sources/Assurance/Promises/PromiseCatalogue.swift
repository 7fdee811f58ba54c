public import Foundation

/// Every promise, by theme, as the release's files have them: `Promises/catalogue/*.txt`.
///
/// A file begins with `theme:` and has a paragraph for each promise: its id, then fields. A line that begins with spaces goes on
/// with the field before it.
///
/// ```
/// ENC-1
/// promise: What travels between you and this server is encrypted.
/// how: The server speaks TLS 1.3 alone.
/// from: family clinic operations
/// profiles: family                  for whom it holds; everybody if it is left out
/// kind: enforced deployment
/// probes: tls-versions
/// missing: what is not built, or not shown, yet
/// clauses: HIPAA 164.312(e)(1); ASVS V12.1.1
/// ```
public struct PromiseCatalogue: Sendable {
    /// Promises that belong together on the page.
    public struct Theme: Sendable {
        public let name: String
        public let promises: [Promise]
    }

    public let themes: [Theme]

    /// Every promise, in the page's order.
    public var promises: [Promise] { themes.flatMap(\.promises) }

    /// The promise of an id.
    public subscript(id: String) -> Promise? { promises.first { $0.id == id } }

    /// The release's.
    public static let release: Result<PromiseCatalogue, any Error> = Result {
        try PromiseCatalogue(folder: Bundle.module.bundleURL.appending(path: "catalogue"))
    }

    /// Reads the files of a folder, in the order of their names. Tells all that is wrong with them at once.
    public init(folder: URL) throws {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "txt" }
            .sorted { $0.path < $1.path }
        try self.init(
            files: files.map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
        )
    }

    /// Reads texts, each with the name of its file.
    public init(files: [(name: String, text: String)]) throws(PromiseFileError) {
        var reader = PromiseReader()
        var themes: [Theme] = []
        for file in files { themes.append(reader.theme(file.text, of: file.name)) }
        guard reader.problems.isEmpty else { throw PromiseFileError(problems: reader.problems) }
        self.themes = themes
    }
}

/// What is wrong with promise files: file, line or promise, and the rule that is broken.
public struct PromiseFileError: Error, Equatable, CustomStringConvertible {
    public let problems: [String]

    public var description: String { problems.joined(separator: "\n") }
}

/// Reads files of promises and notes what is wrong with them.
private struct PromiseReader {
    var problems: [String] = []
    private var seen: Set<String> = []

    /// A promise as it stands in its file.
    private struct Paragraph {
        let id: String
        var fields: [(name: String, value: String)] = []
    }

    private static let fields = ["promise", "how", "from", "profiles", "kind", "probes", "missing", "clauses"]

    mutating func theme(_ text: String, of file: String) -> PromiseCatalogue.Theme {
        var name = ""
        var paragraphs: [Paragraph] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let place = "\(file):\(number + 1)"
            let words = line.trimmingCharacters(in: .whitespaces)
            if words.isEmpty { continue }
            if line.first == " " {
                if paragraphs.last?.fields.isEmpty ?? true {
                    complain(place, "goes on with nothing")
                } else {
                    paragraphs[paragraphs.count - 1].fields[paragraphs[paragraphs.count - 1].fields.count - 1].value +=
                        " " + words
                }
            } else if let colon = line.firstIndex(of: ":") {
                let field = (
                    String(line[..<colon]), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                )
                if paragraphs.isEmpty, field.0 == "theme" { name = field.1 } else { add(field, to: &paragraphs, place) }
            } else if words.wholeMatch(of: /[A-Z]{2,3}-[1-9][0-9]?/) != nil {
                if !seen.insert(words).inserted { complain(place, "\(words) is there already") }
                paragraphs.append(Paragraph(id: words))
            } else {
                complain(place, "is neither an id, a field nor a line that goes on")
            }
        }
        if name.isEmpty { complain(file, "names no theme") }
        return PromiseCatalogue.Theme(name: name, promises: paragraphs.compactMap { promise($0, of: file) })
    }

    private mutating func add(_ field: (String, String), to paragraphs: inout [Paragraph], _ place: String) {
        guard !paragraphs.isEmpty else { return complain(place, "stands before the first promise") }
        guard Self.fields.contains(field.0) else { return complain(place, "there is no field «\(field.0)»") }
        if paragraphs[paragraphs.count - 1].fields.contains(where: { $0.name == field.0 }) {
            complain(place, "\(field.0) is there already")
        }
        paragraphs[paragraphs.count - 1].fields.append((name: field.0, value: field.1))
    }

    private mutating func promise(_ paragraph: Paragraph, of file: String) -> Promise? {
        let place = "\(file), \(paragraph.id)"
        let found = Dictionary(paragraph.fields.map { ($0.name, $0.value) }) { first, _ in first }
        for field in ["promise", "how", "from", "kind", "clauses"] where found[field, default: ""].isEmpty {
            complain(place, "\(field) is missing")
        }
        let sources: [Promise.Profile] = words(found["from"], "source", place)
        let profiles: [Promise.Profile] = words(found["profiles"], "profile", place)
        let kinds: [Promise.Kind] = words(found["kind"], "kind", place)
        let probes: [ProbeName] = words(found["probes"], "probe", place)
        let missing = found["missing"].flatMap { $0.isEmpty ? nil : $0 }
        if kinds.contains(.enforced) || kinds.contains(.deployment), probes.isEmpty, missing == nil {
            complain(place, "has neither a probe nor a word on what is missing")
        }
        return Promise(
            id: paragraph.id,
            words: found["promise"] ?? "",
            mechanism: found["how"] ?? "",
            sources: Set(sources),
            profiles: profiles.isEmpty ? Set(Promise.Profile.allCases) : Set(profiles),
            kinds: Set(kinds),
            probes: probes,
            missing: missing,
            clauses: clauses(found["clauses"] ?? "", place)
        )
    }

    private mutating func words<Word: RawRepresentable>(_ text: String?, _ what: String, _ place: String) -> [Word]
    where Word.RawValue == String {
        (text ?? "").split(separator: " ").compactMap { word in
            if let known = Word(rawValue: String(word)) { return known }
            complain(place, "there is no \(what) «\(word)»")
            return nil
        }
    }

    private mutating func clauses(_ text: String, _ place: String) -> [Clause] {
        guard text != "none" else { return [] }
        return text.split(separator: ";").compactMap { part in
            let name = part.trimmingCharacters(in: .whitespaces)
            if let clause = Clause(name) { return clause }
            complain(place, "there is no clause «\(name)»")
            return nil
        }
    }

    private mutating func complain(_ place: String, _ problem: String) {
        problems.append("\(place): \(problem)")
    }
}
