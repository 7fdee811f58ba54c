public import Care
import Foundation
public import People

/// What a log line or an error report may say: an id, a count, a time, a code, or a word that stands in the source.
///
/// No text that came about while the program ran fits. The few types below that hold one (``RequestID``, ``RouteTemplate``,
/// ``ServedMethod``, ``Fault``) make it themselves, each in a file of its own, and nobody else can make one. (LOG-1)
public struct LogValue: Sendable, ExpressibleByStringLiteral {
    private enum Form {
        case number(Int)
        case word(StaticString)
        case text(String)
    }

    private let form: Form

    private init(_ form: Form) { self.form = form }

    /// A word of the source. `StaticString` is made by the compiler alone.
    public init(stringLiteral word: StaticString) { self.init(.word(word)) }

    /// How many; also a port, a size in bytes, a line.
    public static func count(_ number: Int) -> LogValue { LogValue(.number(number)) }

    /// An HTTP status.
    public static func status(_ code: Int) -> LogValue { LogValue(.number(code)) }

    /// A duration, in whole microseconds.
    public static func microseconds(_ duration: Duration) -> LogValue {
        let (seconds, attoseconds) = duration.components
        return LogValue(.number(Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)))
    }

    /// Which thing: random, and nobody's name. Not the id of a patient's FHIR address.
    public static func id<Subject>(_ id: Identifier<Subject>) -> LogValue { LogValue(.text(id.description)) }

    /// A case of a closed list, such as an ``Act`` or a ``Refusal``.
    public static func code<Code>(_ code: Code) -> LogValue
    where Code: CaseIterable & RawRepresentable<String> {
        // What is not in the list is not of it, however it was made.
        Code.allCases.contains { $0.rawValue == code.rawValue } ? LogValue(.text(code.rawValue)) : "unlisted"
    }

    /// A job, its kind, which attempt it was and what became of it.
    public static func facts(of run: JobWorker.Run) -> KeyValuePairs<StaticString, LogValue> {
        [
            "id": LogValue(.text(run.job.id.uuidString.lowercased())), "kind": LogValue(.word(run.job.kind.name)),
            "attempt": .count(run.job.attempt), "outcome": LogValue(.word(run.outcome.word)),
        ]
    }

    static func request(_ id: RequestID) -> LogValue { LogValue(.text(id.description)) }
    static func route(_ route: RouteTemplate) -> LogValue { LogValue(.text(route.text)) }
    static func method(_ method: ServedMethod) -> LogValue { LogValue(.text(method.text)) }
    static func type(of fault: Fault) -> LogValue { LogValue(.text(fault.type)) }
    static func code(of fault: Fault) -> LogValue { LogValue(.text(fault.code)) }
    static func constraint(of fault: Fault) -> LogValue? { fault.constraint.map { LogValue(.text($0)) } }
    static func moment(_ moment: LogMoment) -> LogValue { LogValue(.text(moment.text)) }
    static func place(_ place: SourcePlace) -> LogValue { LogValue(.text(place.text)) }
    static func file(of place: SourcePlace) -> LogValue { LogValue(.text(place.file)) }
    static func reportID(_ id: ErrorReport.ID) -> LogValue { LogValue(.text(id.text)) }

    /// The same in quotes, where a number would not do.
    var quoted: LogValue {
        guard case .number(let number) = form else { return self }
        return LogValue(.text(String(number)))
    }

    /// Written as JSON.
    fileprivate func append(to bytes: inout [UInt8]) {
        switch form {
        case .number(let number): bytes.append(contentsOf: String(number).utf8)
        case .word(let word):
            Self.quote(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount), in: &bytes)
        case .text(let text): Self.quote(text.utf8, in: &bytes)
        }
    }

    private static func quote(_ text: some Sequence<UInt8>, in bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0..<32: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

/// JSON of literals and ``LogValue``s: all that a log line and an error report are made of.
struct LogJSON {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init() { bytes.reserveCapacity(256) }

    /// `"key":value`, after a comma where one is due.
    mutating func field(_ key: StaticString, _ value: LogValue) {
        self.key(key)
        value.append(to: &bytes)
        needsComma = true
    }

    /// The same, if there is a value.
    mutating func field(_ key: StaticString, _ value: LogValue?) {
        if let value { field(key, value) }
    }

    /// An object, within the one under way or by itself.
    mutating func object(_ key: StaticString? = nil, _ content: (inout LogJSON) -> Void) {
        nested(key, UInt8(ascii: "{"), UInt8(ascii: "}"), content)
    }

    /// A list.
    mutating func list(_ key: StaticString, _ content: (inout LogJSON) -> Void) {
        nested(key, UInt8(ascii: "["), UInt8(ascii: "]"), content)
    }

    /// A member of a list.
    mutating func item(_ value: LogValue) {
        comma()
        value.append(to: &bytes)
        needsComma = true
    }

    mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    private mutating func nested(
        _ key: StaticString?,
        _ open: UInt8,
        _ close: UInt8,
        _ content: (inout LogJSON) -> Void
    ) {
        if let key { self.key(key) } else { comma() }
        bytes.append(open)
        needsComma = false
        content(&self)
        bytes.append(close)
        needsComma = true
    }

    private mutating func key(_ key: StaticString) {
        comma()
        LogValue(stringLiteral: key).append(to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}
