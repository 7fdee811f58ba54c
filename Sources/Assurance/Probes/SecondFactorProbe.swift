import FHIR
import Foundation

extension Probe {
    // ACC-1
    static let secondFactor = Probe(
        .secondFactor,
        .live,
        tries:
            "signs in as a clinic's owner with the password alone, by form and as a program, and asks for what the owner may see"
    ) { ground in
        let (door, canary) = (try ground.door(), try ground.canaries().south)
        let record = DoorQuestion("/fhir/Patient/\(canary.patient)", headers: DoorQuestion.bearer(canary.token))
        guard try await door.ask(record).status == 200 else {
            throw ProbeTrouble.controlFailed("a session that has shown its second factor opens nothing")
        }
        var wrong: [String] = []
        let body = "{\"email\": \"\(canary.address)\", \"password\": \"\(canary.password)\"}"
        let program = try await door.ask(.json("/api/session", body))
        if program.status != 401 { wrong.append("a program with a password alone is answered with \(program.status)") }
        if program.text.contains("\"token\"") { wrong.append("a program with a password alone got a token") }
        let visitor = try await DoorVisitor(door, signingInAs: canary)
        let pages = ["/patients", "/patients/\(canary.patient)", "/patients/\(canary.patient)/looks", "/trust/vouch"]
        for page in pages {
            let answer = try await visitor.get(page)
            let leads = answer.status == 303 && answer["location"]?.hasPrefix("/second-factor") == true
            if !leads { wrong.append("a page with a password alone is answered with \(answer.status)") }
        }
        let form = try await DoorVisitor.form(of: DoorQuestion("/second-factor", headers: visitor.cookie), at: door)
        let guess = [("csrf", form.secret), ("code", "a guess")]
        let guessed = try await door.ask(.form("/second-factor", guess, headers: visitor.cookie))
        if guessed.status != 401 { wrong.append("a wrong code is answered with \(guessed.status)") }
        let after = try await visitor.get("/patients")
        if after.status != 303 { wrong.append("after a wrong code, a page is answered with \(after.status)") }
        return .judged("\(pages.count) pages led to where a code is asked for, and no token was given.", wrong: wrong)
    }
}
