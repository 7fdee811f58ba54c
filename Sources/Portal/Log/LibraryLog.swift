// The only file that may import Logging (scripts/check-imports): a line of swift-log is free text.
import Logging

/// What a library is handed to log through.
typealias LibraryLogger = Logger

/// Takes the lines of the libraries below us. Their words may quote a client, so that a line keeps its level, where it stands in
/// the library's source, and the codes of its error: enough to look it up.
struct LibraryLog: LogHandler {
    let label: StaticString
    let log: Log

    // Metadata is kept nowhere.
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level = .notice

    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    /// What a library logs through.
    static func logger(_ label: StaticString, to log: Log) -> Logger {
        Logger(label: "\(label)") { _ in LibraryLog(label: label, log: log) }
    }

    func log(event: LogEvent) {
        let level: Log.Level =
            switch event.level {
            case .trace, .debug, .info, .notice: .info
            case .warning: .warning
            case .error, .critical: .error
            }
        let place = SourcePlace(library: event.file, line: event.line)
        log.libraryLine(level, label, at: place, event.error.map(Fault.init))
    }
}
