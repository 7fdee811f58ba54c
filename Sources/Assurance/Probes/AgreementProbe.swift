import FHIR
import Foundation

extension Probe {
    // GOV-9
    static let agreements = Probe(
        .agreements,
        .live,
        tries:
            "publishes something for a synthetic family to agree to, and asks for its record before and after its member agreed"
    ) { ground in
        let (door, canary) = (try ground.door(), try ground.canaries().north)
        var reader = try await AgreementReader(door, canary)
        guard try await reader.record() == 200 else {
            throw ProbeTrouble.controlFailed("the record is not shown to who has agreed to everything")
        }
        var wrong: [String] = []
        for round in ["the first", "the next"] {
            let version = try await reader.publish()
            let asked = try await reader.record()
            if asked != 403 { wrong.append("\(round) version: a record is answered with \(asked) before agreeing") }
            let other = try await door.ask(
                DoorQuestion("/fhir/Patient/\(canary.patient)", headers: DoorQuestion.bearer(canary.token))
            )
            if other.status != 403 {
                wrong.append("\(round) version: another session is answered with \(other.status)")
            }
            let page = try await DoorVisitor(door, signingInAs: canary).get("/patients")
            let leads = page.status == 303 && page["location"]?.hasPrefix("/agreements") == true
            if !leads { wrong.append("\(round) version: a page is answered with \(page.status) before agreeing") }
            if version > 1 {
                let old = try await reader.accept(version - 1)
                if old != 409 { wrong.append("\(round) version: agreeing to the old one is answered with \(old)") }
                let still = try await reader.record()
                if still != 403 { wrong.append("\(round) version: the old one lets in") }
            }
            guard try await reader.accept(version) == 204, try await reader.record() == 200 else {
                throw ProbeTrouble.controlFailed("who agreed is not let in")
            }
        }
        return .judged(
            "Nothing opened before the version that counts was agreed to, twice; then everything did.",
            wrong: wrong
        )
    }
}

/// The synthetic member in a session of its own, which has just shown who is there: publishing takes that.
private struct AgreementReader {
    private let door: any FrontDoor
    private let token: String
    private let patient: String
    /// What it agrees to, once that was published.
    private var agreement: String?

    init(_ door: any FrontDoor, _ canary: Canary) async throws {
        let body = "{\"email\": \"\(canary.address)\", \"password\": \"\(canary.password)\"}"
        let begun = try await door.ask(.json("/api/session", body))
        guard begun.status == 201, let token = try JSON(parsing: begun.body)["token"]?.string else {
            throw ProbeTrouble.controlFailed("the synthetic member cannot sign in: \(begun.status)")
        }
        let all = try await door.ask(DoorQuestion("/api/agreements", headers: DoorQuestion.bearer(token)))
        guard all.status == 200 else {
            throw ProbeTrouble.controlFailed("what is asked is answered with \(all.status)")
        }
        self.door = door
        self.token = token
        patient = canary.patient
        agreement = try JSON(parsing: all.body)[0]?["id"]?.string
    }

    /// How a record is answered.
    func record() async throws -> Int {
        try await door.ask(DoorQuestion("/fhir/Patient/\(patient)", headers: DoorQuestion.bearer(token))).status
    }

    /// Publishes the next version, or the first; which it is.
    mutating func publish() async throws -> Int {
        let words = """
            "language": "en", "title": "Synthetic terms", "text": "Nobody is asked this.", "changes": "A check was made."
            """
        let question: DoorQuestion =
            if let id = agreement {
                .json("/api/agreements/\(id)/versions", "{\(words)}", token: token)
            } else {
                .json("/api/agreements", "{\"kind\": \"terms\", \(words)}", token: token)
            }
        let answer = try await door.ask(question)
        guard answer.status == 201, let version = try JSON(parsing: answer.body)["version"]?.integer else {
            throw ProbeTrouble.controlFailed("publishing is answered with \(answer.status)")
        }
        if let id = try JSON(parsing: answer.body)["id"]?.string { agreement = id }
        return version
    }

    /// How agreeing to a version is answered.
    func accept(_ version: Int) async throws -> Int {
        let body = "{\"version\": \(version), \"language\": \"en\", \"answer\": \"accepted\"}"
        return try await door.ask(.json("/api/agreements/\(agreement ?? "none")/answers", body, token: token)).status
    }
}
