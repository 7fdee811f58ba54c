import FHIR
public import Foundation
public import Seals

/// The report as a file that can be checked anywhere: `/trust.json`.
///
/// ```
/// {"trust":{…},"key":"NAME+HASH+KEY","signature":"— NAME BASE64"}
/// ```
///
/// The signature is that of a signed note whose text is the member `trust`, in compact JSON (no white space, members in their order,
/// no escapes but those that JSON demands), and a new line.
public enum TrustFile {
    /// What is wrong with a file.
    public enum Fault: Error, Equatable, CustomStringConvertible {
        /// It is not JSON of this form.
        case unreadable
        /// It bears no signature.
        case unsigned
        /// Its key is not the one that was asked for.
        case ofAnotherKey
        /// Something in it was changed since it was signed, or it was signed by somebody else.
        case forged
        /// It says that it counted until this time.
        case expired(String)
        /// It says that it is of a later time than now: a clock is wrong, here or there.
        case fromTheFuture(String)

        public var description: String {
            switch self {
            case .unreadable: "this is not a file of /trust.json"
            case .unsigned: "it bears no signature"
            case .ofAnotherKey: "it is signed by another key than the one asked for"
            case .forged: "it was changed since it was signed, or signed by somebody else"
            case .expired(let until): "it counted until \(until); fetch a new one"
            case .fromTheFuture(let issued):
                "it was issued at \(issued), later than now: a clock is wrong, here or there"
            }
        }
    }

    /// What a good file says.
    public struct Contents: Sendable {
        /// Who signed it. Compare it with a key that you got another way.
        public let key: NoteVerifier
        public let issued: String
        public let until: String
        /// How many promises stand where.
        public let counts: [(standing: String, count: Int)]
        /// Under which name the installation signs.
        public let installation: String
        public let release: String
        /// How many promises the operator chose not to publish.
        public let withheld: Int
        /// Whether something there was noted at a later time than the file was signed: nobody can tell what had ended.
        public var clockWasBehind = false
        /// Every promise that is published.
        public let rows: [Row]
    }

    /// A promise as the file has it.
    public struct Row: Sendable {
        public let id: String
        public let promise: String
        public let how: String
        /// ``Standing/word``.
        public let standing: String
        /// When it was checked, or since when it falls short, in ISO 8601.
        public let time: String?
        public let missing: String?
        /// That nobody vouches for what people do of it.
        public let unvouched: String?
        /// Who vouches for it.
        public let vouched: Vouched?
        public let kinds: [String]
        public let clauses: [String]
        public let checks: [Check]
    }

    /// Somebody's word for what people do.
    public struct Vouched: Sendable {
        public let by: String
        public let words: String
        public let until: String
        public let link: String?
        /// When it was withdrawn, if it was.
        public let withdrawn: String?
    }

    /// A check of a promise, and its last result. Where the promise falls short, the result is not told.
    public struct Check: Sendable {
        public let tries: String
        public let `class`: String
        public let outcome: String?
        public let at: String?
        public let until: String?
        public let seen: String?
    }

    /// How long a file counts: a day.
    public static let lifetime: TimeInterval = 86_400

    /// Signs a report.
    public static func signed(_ report: TrustReport, by signer: NoteSigner, release: String) throws -> [UInt8] {
        let trust = statement(report, name: signer.verifier.name, release: release)
        let file: JSON = [
            "trust": trust, "key": .string("\(signer.verifier)"),
            "signature": .string(try signer.signature(of: text(of: trust))),
        ]
        return file.serialized() + [0x0A]
    }

    /// Checks a file, and says what is wrong with it.
    ///
    /// - `key`: whose it must be; without one, whoever it names.
    public static func verify(_ bytes: [UInt8], key wanted: NoteVerifier?, at now: Date) throws(Fault) -> Contents {
        // What cannot be read is a fault of its own, whatever kept it from being read.
        guard let file = try? JSON(parsing: bytes), let trust = file["trust"], trust["form"]?.string == form,
            let issued = trust["issued"]?.string, let from = try? Date(issued, strategy: .iso8601),
            let until = trust["until"]?.string, let end = try? Date(until, strategy: .iso8601)
        else { throw .unreadable }
        guard let line = file["signature"]?.string else { throw .unsigned }
        guard let named = file["key"]?.string.flatMap({ NoteVerifier($0) }) else { throw .unsigned }
        if let wanted, wanted != named { throw .ofAnotherKey }
        guard named.verifies(line, of: text(of: trust)) else { throw .forged }
        if end < now { throw .expired(time(end)) }
        if from > now.addingTimeInterval(300) { throw .fromTheFuture(time(from)) }
        let counts = Standing.words.map { (standing: $0, count: trust["counts"]?[$0]?.integer ?? 0) }
        return Contents(
            key: named,
            // As they were read, and not as they were written: what stands behind a time is nobody's to print.
            issued: time(from),
            until: time(end),
            counts: counts,
            installation: trust["installation"]?.string ?? "",
            release: trust["release"]?.string ?? "",
            withheld: trust["withheld"]?.integer ?? 0,
            clockWasBehind: trust["clock_is_behind"] == true,
            rows: (trust["promises"]?.array ?? []).map(row)
        )
    }

    private static func row(_ json: JSON) -> Row {
        let text = { (name: String) in json[name]?.string }
        let texts = { (name: String) in (json[name]?.array ?? []).compactMap(\.string) }
        return Row(
            id: text("id") ?? "",
            promise: text("promise") ?? "",
            how: text("how") ?? "",
            standing: text("standing") ?? "",
            time: text("checked") ?? text("since") ?? text("until"),
            missing: text("missing"),
            unvouched: text("unvouched"),
            vouched: json["vouched"].map { word in
                let text = { (name: String) in word[name]?.string }
                return Vouched(
                    by: text("by") ?? "",
                    words: text("words") ?? "",
                    until: text("until") ?? "",
                    link: text("link"),
                    withdrawn: text("withdrawn")
                )
            },
            kinds: texts("kind"),
            clauses: texts("clauses"),
            checks: (json["checks"]?.array ?? []).map { check in
                let text = { (name: String) in check[name]?.string }
                return Check(
                    tries: text("tries") ?? "",
                    class: text("class") ?? "",
                    outcome: text("outcome"),
                    at: text("at"),
                    until: text("until"),
                    seen: text("seen")
                )
            }
        )
    }

    /// Whether bytes say that they are such a file, whatever they are worth.
    static func isOne(_ bytes: [UInt8]) -> Bool {
        // What cannot be read is none.
        (try? JSON(parsing: bytes))?["trust"]?["form"]?.string == form
    }

    private static let form = "carekeep/trust/v1"

    private static func text(of trust: JSON) -> [UInt8] { trust.serialized() + [0x0A] }

    private static func statement(_ report: TrustReport, name: String, release: String) -> JSON {
        var statement: JSON = [
            "form": .string(form), "installation": .string(name), "release": .string(release),
            "issued": .string(time(report.at)), "until": .string(time(report.at.addingTimeInterval(lifetime))),
            "counts": .object(
                JSONObject(report.counts().map { (key: $0.standing, value: JSON.number("\($0.count)")) })
            ),
            "withheld": .number("\(report.withheld)"),
            "promises": .array(report.rows.map(promise)),
        ]
        if report.clockIsBehind { statement["clock_is_behind"] = true }
        return statement
    }

    private static func promise(_ row: TrustReport.Row) -> JSON {
        let promise = row.promise
        var members: [(key: String, value: JSON)] = [
            ("id", .string(promise.id)), ("promise", .string(promise.words)), ("how", .string(promise.mechanism)),
            ("profiles", words(promise.profiles)), ("kind", words(promise.kinds)),
            ("clauses", .array(promise.clauses.map { .string("\($0)") })), ("standing", .string(row.standing.word)),
        ]
        switch row.standing {
        case .kept(let at), .partly(let at), .outOfDate(let at): members.append(("checked", .string(time(at))))
        case .fallsShort(let since): members.append(("since", .string(time(since))))
        case .vouched(let until), .vouchingIsDue(let until): members.append(("until", .string(time(until))))
        case .vouchingEnded(let since): members.append(("since", .string(time(since))))
        case .unchecked, .notBuilt, .unvouched: break
        }
        if let attestation = row.attestation { members.append(("vouched", vouched(attestation))) }
        if let missing = promise.missing { members.append(("missing", .string(missing))) }
        if let unvouched = row.unvouched { members.append(("unvouched", .string(unvouched))) }
        if !row.checks.isEmpty {
            members.append(("checks", .array(row.checks.map { check($0, isTold: row.tellsChecks) })))
        }
        return .object(JSONObject(members))
    }

    private static func vouched(_ attestation: AcceptedAttestation) -> JSON {
        var members: [(key: String, value: JSON)] = [
            ("by", .string(attestation.signedAs)), ("words", .string(attestation.words)),
            ("since", .string(time(attestation.since))), ("until", .string(time(attestation.until))),
            ("accepted", .string(time(attestation.acceptedAt))),
        ]
        if let withdrawn = attestation.withdrawnAt { members.append(("withdrawn", .string(time(withdrawn)))) }
        if let link = attestation.link { members.append(("link", .string(link))) }
        if let sha256 = attestation.fileSHA256 { members.append(("file_sha256", .string(sha256.hexadecimal))) }
        return .object(JSONObject(members))
    }

    private static func check(_ check: TrustReport.Check, isTold: Bool) -> JSON {
        var members: [(key: String, value: JSON)] = [
            ("check", .string(check.probe.name.rawValue)), ("tries", .string(check.probe.tries)),
            ("class", .string(check.probe.class.rawValue)),
        ]
        if isTold, let last = check.last, let outcome = last.outcome {
            members += [
                ("outcome", .string(outcome.rawValue)), ("at", .string(time(last.at))),
                ("until", .string(time(last.until))),
                ("release", .string(last.release)),
            ]
            if let seen = last.seen { members.append(("seen", .string(seen))) }
        }
        return .object(JSONObject(members))
    }

    private static func words<Word: RawRepresentable & Hashable>(_ words: Set<Word>) -> JSON
    where Word.RawValue == String {
        .array(words.map(\.rawValue).sorted().map { .string($0) })
    }

    private static func time(_ date: Date) -> String { date.formatted(.iso8601) }
}
