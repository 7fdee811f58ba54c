import Foundation

/// How fast one core reads records, and how work grows with the input. `bench/read-records` builds and runs this.
@main
private enum Measure {
    static func main() throws {
        let records = try Records.load(CommandLine.arguments.dropFirst().first)
        let bytes = records.reduce(0) { $0 + $1.count }
        print("\(records.count) records, \(bytes / records.count) bytes each")
        fflush(nil)
        let resources = try records.map { try Resource(parsing: $0) }
        report("parse", bytes) { for record in records { _ = try? JSON(parsing: record) } }
        report("parse and validate", bytes) {
            for record in records { _ = (try? Resource(parsing: record)).map(Validator.validate) }
        }
        report("validate alone", bytes) { for resource in resources { _ = Validator.validate(resource) } }
        report("serialise", bytes) { for resource in resources { _ = resource.object.serialized() } }
        HostileShapes.report()
    }

    /// Megabytes a second: the median of nine rounds of a third of a second.
    private static func report(_ name: String, _ bytes: Int, _ work: () -> Void) {
        let rates = (0..<9).map { _ in
            let start = Clock.cpu()
            var rounds = 0.0
            while Clock.cpu() - start < 0.3 {
                work()
                rounds += 1
            }
            return rounds * Double(bytes) / 1e6 / (Clock.cpu() - start)
        }.sorted()
        print("\(name): \(Int(rates[4])) MB/s (\(Int(rates[0])) to \(Int(rates[8])))")
        fflush(nil)
    }
}

enum Clock {
    /// Seconds of processor that this process has used: what else the machine does counts less.
    static func cpu() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

private enum Records {
    /// Every resource of a folder's JSON files, those in bundles one by one; without a folder, of people who do not exist.
    static func load(_ folder: String?) throws -> [[UInt8]] {
        guard let folder else {
            return SyntheticPatient.Profile.allCases.flatMap { profile in
                (0..<20).flatMap { index in
                    parts(SyntheticPatient.bundle(seed: 1, index: index, profile: profile, today: Day(2026, 11, 22)))
                }
            }
        }
        let files = FileManager.default.enumerator(at: URL(filePath: folder), includingPropertiesForKeys: nil)
        return try (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "json" }
            .flatMap { file in (try? JSON(parsing: Array(Data(contentsOf: file)))).map(parts) ?? [] }
    }

    private static func parts(_ json: JSON) -> [[UInt8]] {
        let entries = json["entry"]?.array?.compactMap { $0["resource"] } ?? [json]
        return entries.filter { (try? Resource($0)) != nil }.map { $0.serialized() }
    }
}

/// Shapes that an attacker could send. Twice as much may cost twice as much, and not four times.
private enum HostileShapes {
    static func report() {
        for (name, shape) in shapes {
            let (once, twice) = (seconds(shape, 1), seconds(shape, 2))
            print(
                "\(name): \(String(format: "%.1f", once * 1000)) ms, twice as much \(String(format: "%.2f", twice / once)) times"
            )
            fflush(nil)
        }
    }

    private static func seconds(_ shape: (Int) -> [UInt8], _ factor: Int) -> Double {
        let bytes = shape(factor)
        return (0..<5).map { _ in
            let start = Clock.cpu()
            do throws(Outcome) {
                let resource = try Resource(parsing: bytes)
                _ = Validator.validate(resource)
                _ = resource.references()
                _ = SearchCard(of: resource, id: "1", lastUpdated: "").encoded()
                _ = PatientSearchValues(of: resource).values
            } catch {
                _ = error.issues
            }
            return Clock.cpu() - start
        }.min()!
    }

    private static func patient(_ members: String) -> [UInt8] {
        Array("{\"resourceType\":\"Patient\",\(members)}".utf8)
    }

    private static func list(_ count: Int, _ item: (Int) -> String) -> String {
        (0..<count).map(item).joined(separator: ",")
    }

    private static let shapes: [(String, @Sendable (Int) -> [UInt8])] = [
        ("members that nobody knows", { n in patient(list(40_000 * n) { "\"k\($0)\":1" }) }),
        ("accented members", { n in patient(list(40_000 * n) { "\"k\u{E9}\($0)\":1" }) }),
        (
            "one member with many marks",
            { n in patient("\"a" + String(repeating: "\u{301}\u{316}", count: 100_000 * n) + "\":1") }
        ),
        (
            "two members with many marks",
            { n in
                let marks = String(repeating: "\u{301}\u{316}", count: 100_000 * n)
                return patient("\"a\(marks)\":1,\"a\(marks)b\":1")
            }
        ),
        (
            "names",
            { n in patient("\"name\":[\(list(20_000 * n) { "{\"family\":\"Name\($0)\",\"given\":[\"A\"]}" })]") }
        ),
        (
            "a name with many marks",
            { n in
                patient("\"name\":[{\"family\":\"a" + String(repeating: "\u{301}\u{316}", count: 20_000 * n) + "\"}]")
            }
        ),
        (
            "a name of flags",
            { n in patient("\"name\":[{\"family\":\"" + String(repeating: "\u{1F1E9}", count: 50_000 * n) + "\"}]") }
        ),
        (
            "identifiers",
            { n in patient("\"identifier\":[\(list(20_000 * n) { "{\"system\":\"urn:a\",\"value\":\"\($0)\"}" })]") }
        ),
        ("empty extensions", { n in patient("\"extension\":[\(list(50_000 * n) { _ in "{}" })]") }),
        (
            "codings of one concept",
            { n in
                patient(
                    "\"maritalStatus\":{\"coding\":[\(list(50_000 * n) { "{\"code\":\"\($0)\"}" })],\"text\":\"x\"}"
                )
            }
        ),
        (
            "nulls beside nothing",
            { n in
                patient(
                    "\"name\":[{\"given\":[\(list(50_000 * n) { _ in "null" })],\"_given\":[\(list(50_000 * n) { _ in "null" })]}]"
                )
            }
        ),
        (
            "a narrative of tags",
            { n in
                patient(
                    "\"text\":{\"status\":\"generated\",\"div\":\"<div>"
                        + String(repeating: "<b>x</b>", count: 50_000 * n) + "</div>\"}"
                )
            }
        ),
        (
            "a text of escapes",
            { n in patient("\"language\":\"" + String(repeating: "\\u00e9\\n", count: 100_000 * n) + "\"") }
        ),
        (
            "lists within lists, ended early",
            { n in Array((String(repeating: "[[[[[[[1]]]]]]],", count: 20_000 * n) + "x").utf8) }
        ),
    ]
}
