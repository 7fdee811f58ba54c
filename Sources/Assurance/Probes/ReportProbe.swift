import Care
import FHIR
import Foundation
import Postgres

/// The probe that looks into what would be told of errors to whoever collects them.
extension Probe {
    // LOG-2
    static let errorReports = Probe(
        .errorReports,
        .live,
        tries:
            "lets errors come about that carry words of the synthetic patients, and searches what would be reported of them"
    ) { ground in
        let (lent, server) = (try ground.canaries(), try ground.server())
        let report = try ground.report()
        let secrets = lent.words + lent.dates + [lent.north.address, lent.north.password, lent.north.token]
        var wrong: [String] = []
        var made = 0
        for (number, secret) in secrets.enumerated() {
            for (kind, error) in try errors(about: secret, over: server) {
                let bytes = report(error)
                // A report that does not say what it is about is no report, and its silence is none.
                guard bytes.contains(Array("\(type(of: error))".utf8)) else {
                    throw ProbeTrouble.controlFailed("a report of \(kind) does not name its kind")
                }
                made += 1
                if bytes.contains(Array(secret.utf8)) {
                    wrong.append("word no. \(number + 1) stands in the report of \(kind)")
                }
            }
        }
        return .judged(
            "\(made) reports of errors that carried words, addresses and secrets named the errors' kinds, and none of what they carried.",
            wrong: wrong
        )
    }

    /// Errors as programs meet them, each with a text in it.
    private static func errors(about text: String, over server: AdminConnection) throws -> [(String, any Error)] {
        var errors: [(String, any Error)] = [
            ("an error with a text", Telling(what: text)),
            ("an error of the system's", NSError(domain: text, code: 7, userInfo: [NSLocalizedDescriptionKey: text])),
            ("a file that is not there", CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "/" + text])),
            (
                "a value that cannot be read",
                DecodingError.dataCorrupted(DecodingError.Context(codingPath: [], debugDescription: text))
            ),
        ]
        // PostgreSQL quotes the value in its message.
        do { try server.query("select \(text)::text::int") } catch {
            errors.append(("a value that the database refuses", error))
        }
        do { _ = try JSON(parsing: Array("{\"\(text)\": ".utf8)) } catch {
            errors.append(("text that is no JSON", error))
        }
        return errors
    }

    /// Says what it holds wherever it is asked.
    private struct Telling: Error, CustomStringConvertible, LocalizedError {
        let what: String
        var description: String { what }
        var errorDescription: String? { what }
    }
}
