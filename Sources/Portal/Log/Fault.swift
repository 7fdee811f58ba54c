import Care
import Foundation
import NIOCore
public import People
import Postgres
import Seals

/// What went wrong, as codes: the error's type and a number or a name from a closed list, never its description, which may
/// quote what somebody wrote.
public struct Fault: Sendable, Hashable {
    /// As `PostgresError`.
    let type: String
    /// As `server.23514`, or a number where the type has no list of ours.
    let code: String
    /// The database's rule that was broken, by the name that our schema gives it.
    let constraint: String?

    /// The codes of an error.
    public init(_ error: any Error) {
        type = "\(Swift.type(of: error))"
        constraint = (error as? PostgresError)?.constraint.flatMap(Self.ofTheSchema)
        code =
            switch error {
            case let error as PostgresError: "\(error.kind.rawValue).\(Self.sqlState(error.sqlState))"
            case let error as Refusal: error.rawValue
            case let error as SealError: "\(error)"
            case let error as IOError: "errno.\(error.errnoCode)"
            default: "\((error as NSError).code)"
            }
    }

    /// A server that ended by itself, by its exit code; above 128 it was a signal.
    public init(serverEnded exitCode: Int32) {
        type = "ServerEnded"
        code = exitCode > 128 ? "signal.\(exitCode - 128)" : "exit.\(exitCode)"
        constraint = nil
    }

    /// A job that was not done.
    public init(_ run: JobWorker.Run) {
        type = "Job"
        code = run.code.flatMap { $0.wholeMatch(of: /[A-Za-z0-9_.]{1,60}/) == nil ? nil : $0 } ?? "unknown"
        constraint = nil
    }

    private static func sqlState(_ text: String) -> String {
        text.wholeMatch(of: /[0-9A-Z]{5}/) == nil ? "none" : text
    }

    private static func ofTheSchema(_ name: String) -> String? {
        name.wholeMatch(of: /[a-z0-9_]{1,63}/) == nil ? nil : name
    }
}
