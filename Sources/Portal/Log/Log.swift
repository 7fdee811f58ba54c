import Glibc

/// The server's log: one line of JSON for each thing that happens, with a time, a level, what happened, and which request it
/// happened to.
///
/// What happened and the names of fields are literals, the rest are ``LogValue``s: somebody's text does not compile. (LOG-1)
public struct Log: Sendable {
    /// How much it matters.
    enum Level: String, Sendable, CaseIterable {
        case info, warning, error
    }

    private let reports: Reports?
    private let write: @Sendable ([UInt8]) -> Void

    /// A log on standard output. What is an error is told to `reports` as well.
    public init(reports: Reports? = nil) {
        self.init(reports: reports, write: Self.toStandardOutput)
    }

    init(reports: Reports? = nil, write: @escaping @Sendable ([UInt8]) -> Void) {
        self.reports = reports
        self.write = write
    }

    /// Something that is as it should be.
    public func info(_ event: StaticString, _ facts: KeyValuePairs<StaticString, LogValue> = [:]) {
        write(line(.info, event, nil, nil, facts))
    }

    /// Something that may need somebody.
    public func warning(
        _ event: StaticString,
        _ fault: Fault? = nil,
        _ facts: KeyValuePairs<StaticString, LogValue> = [:]
    ) {
        write(line(.warning, event, fault, nil, facts))
    }

    /// Something that went wrong and should not have: a line, and a report where the operator wants reports.
    public func error(
        _ event: StaticString,
        _ fault: Fault,
        _ facts: KeyValuePairs<StaticString, LogValue> = [:],
        file: StaticString = #fileID,
        line: Int = #line
    ) {
        error(event, fault, of: nil, facts, file: file, line: line)
    }

    /// A request that was answered.
    func info(_ event: StaticString, of request: RequestNote, _ facts: KeyValuePairs<StaticString, LogValue>) {
        write(line(.info, event, nil, request, facts))
    }

    /// A request that went wrong.
    func error(
        _ event: StaticString,
        _ fault: Fault,
        of request: RequestNote?,
        _ facts: KeyValuePairs<StaticString, LogValue> = [:],
        file: StaticString = #fileID,
        line number: Int = #line
    ) {
        write(line(.error, event, fault, request, facts))
        let place = SourcePlace(file, number)
        reports?.offer(ErrorReport(event: event, fault: fault, request: request, facts: facts, place: place))
    }

    /// A line of a library, of which only its place in the source is known to be a literal.
    func libraryLine(_ level: Level, _ label: StaticString, at place: SourcePlace, _ fault: Fault?) {
        write(line(level, "library", fault, nil, ["label": LogValue(stringLiteral: label), "place": .place(place)]))
    }

    private func line(
        _ level: Level,
        _ event: StaticString,
        _ fault: Fault?,
        _ request: RequestNote?,
        _ facts: KeyValuePairs<StaticString, LogValue>
    ) -> [UInt8] {
        var json = LogJSON()
        json.object { json in
            json.field("time", .moment(.now))
            json.field("level", .code(level))
            json.field("event", LogValue(stringLiteral: event))
            if let request {
                json.field("request", .request(request.id))
                json.field("method", .method(request.method))
                json.field("route", .route(request.route))
                json.field("status", .status(request.status))
            }
            if let fault {
                json.field("error", .type(of: fault))
                json.field("code", .code(of: fault))
                json.field("constraint", .constraint(of: fault))
            }
            for (key, value) in facts { json.field(key, value) }
        }
        json.endLine()
        return json.bytes
    }

    /// One call, so that lines of several threads do not mix. A line that cannot be written is lost; a request is not held up.
    private static func toStandardOutput(_ line: [UInt8]) {
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// A place in the source.
struct SourcePlace: Sendable {
    let file: String
    let line: Int

    var text: String { "\(file):\(line)" }

    /// As the compiler has it.
    init(_ file: StaticString, _ line: Int) {
        self.file = "\(file)"
        self.line = line
    }

    /// As a library says it is: `other` where that does not look like one.
    init(library file: String, line: UInt) {
        let isOne = file.wholeMatch(of: /[A-Za-z0-9_]{1,60}\/[A-Za-z0-9_+.]{1,80}\.swift/) != nil
        self.file = isOne ? file : "other"
        self.line = Int(clamping: line)
    }
}
