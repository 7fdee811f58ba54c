import Assurance
import FHIR
import Foundation

/// What came of checks, for people in a terminal and for programs.
enum ResultTable {
    /// Prints one result as it comes.
    static func tell(_ result: Prover.Result, in catalogue: PromiseCatalogue) {
        let seconds = Double(result.took.components.seconds) + Double(result.took.components.attoseconds) / 1e18
        let columns = [
            padded(result.probe.name.rawValue, 20), padded(result.probe.class.rawValue, 7),
            padded(result.outcome.rawValue, 14),
            padded(seconds.formatted(.number.precision(.fractionLength(1))) + " s", 8),
            ids(result, in: catalogue).joined(separator: " "),
        ]
        print(columns.joined(separator: " "))
        // What another server answered may stand in it, and is nobody's to write on this terminal.
        print("    It \(result.probe.tries). \(sentence(result.seen.withoutControls))")
        for detail in result.details { print("    - \(detail.withoutControls)") }
        if let remedy = remedy(result) { print("    What to do: \(remedy)") }
        fflush(nil)
    }

    /// Prints how many came out how.
    static func tellCounts(_ results: [Prover.Result]) {
        let counts = Dictionary(grouping: results, by: \.outcome).mapValues(\.count)
        let order: [Prover.Outcome] = [.kept, .fallsShort, .broken, .cannotBeTold, .notTried]
        print(
            order.compactMap { outcome in counts[outcome].map { "\($0) \(outcome.rawValue)" } }.joined(separator: ", ")
        )
    }

    /// Whether something falls short, or a check itself broke.
    static func isBad(_ results: [Prover.Result]) -> Bool {
        results.contains { $0.outcome == .fallsShort || $0.outcome == .broken }
    }

    /// All results as a list in JSON.
    static func json(_ results: [Prover.Result], in catalogue: PromiseCatalogue) -> String {
        let list = JSON.array(
            results.map { result in
                var members: [(key: String, value: JSON)] = [
                    ("check", .string(result.probe.name.rawValue)), ("tries", .string(result.probe.tries)),
                    ("class", .string(result.probe.class.rawValue)), ("outcome", .string(result.outcome.rawValue)),
                    ("seen", .string(result.seen)), ("details", .array(result.details.map { .string($0) })),
                ]
                if let remedy = remedy(result) { members.append(("remedy", .string(remedy))) }
                members.append(("promises", .array(ids(result, in: catalogue).map { .string($0) })))
                return .object(JSONObject(members))
            }
        )
        return String(decoding: list.serialized(), as: UTF8.self)
    }

    private static func remedy(_ result: Prover.Result) -> String? {
        [.fallsShort, .cannotBeTold].contains(result.outcome) ? result.probe.remedy : nil
    }

    private static func ids(_ result: Prover.Result, in catalogue: PromiseCatalogue) -> [String] {
        catalogue.promises.filter { $0.probes.contains(result.probe.name) }.map(\.id)
    }

    private static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
