import Care
import FHIR
import Foundation
import Postgres
import Records
import Seals
import Trail

/// Probes that sign in as the synthetic members: passwords, sessions, other people's records, the trail.
extension Probe {
    // ACC-2
    static let weakPasswords = Probe(
        .weakPasswords,
        .live,
        tries: "sets bad passwords by a one-time link, and then a good one"
    ) {
        ground in
        let (door, canary) = (try ground.door(), try ground.canaries().south)
        let path = "/password?link=\(canary.link)"
        let form = try await DoorVisitor.form(of: DoorQuestion(path), at: door)
        let set = { (password: String) in
            let fields = [("csrf", form.secret), ("token", canary.link), ("password", password), ("again", password)]
            return try await door.ask(.form("/password", fields, headers: form.cookie)).status
        }
        let bad = [
            "", "a", "1234567", "short 1", "12345678", "aaaaaaaaaaaa", "password", "Password1", "qwertyuiop",
            "abcdefgh", "Dragon2026!", "P@ssw0rd1", "carekeep 2026",
        ]
        var wrong: [String] = []
        for (number, password) in bad.enumerated() {
            let status = try await set(password)
            if status != 422 { wrong.append("bad password no. \(number + 1) is answered with \(status)") }
        }
        guard try await set("\(canary.password) too") == 303 else {
            throw ProbeTrouble.controlFailed("a good password was refused")
        }
        return .judged("\(bad.count) bad passwords were refused, and a good one taken.", wrong: wrong)
    }

    // ACC-3
    static let sessionEnd = Probe(
        .sessionEnd,
        .live,
        tries:
            "signs in as a program and as a browser, signs out, here and from another device, and shows the old sessions again"
    ) {
        ground in
        let (door, canary) = (try ground.door(), try ground.canaries().north)
        let body = "{\"email\": \"\(canary.address)\", \"password\": \"\(canary.password)\"}"
        let begun = try await door.ask(.json("/api/session", body))
        let answer = try JSON(parsing: begun.body)
        guard begun.status == 201, let token = answer["token"]?.string else {
            throw ProbeTrouble.controlFailed("the synthetic member cannot sign in: \(begun.status)")
        }
        let record = DoorQuestion("/fhir/Patient/\(canary.patient)", headers: DoorQuestion.bearer(token))
        guard try await door.ask(record).status == 200 else {
            throw ProbeTrouble.controlFailed("the session opens nothing")
        }
        var wrong: [String] = []
        let seconds = answer["refresh_expires_in"]?.integer ?? .max
        if seconds > 86_400 { wrong.append("a program's session lasts longer than a day") }
        let end = DoorQuestion("/api/session", method: "DELETE", headers: DoorQuestion.bearer(token))
        guard try await door.ask(end).status == 204 else { throw ProbeTrouble.controlFailed("signing out was refused") }
        let replayed = try await door.ask(record)
        if replayed.status != 401 { wrong.append("a session that ended is answered with \(replayed.status)") }
        let visitor = try await DoorVisitor(door, signingInAs: canary)
        guard try await visitor.get("/patients").status == 200 else {
            throw ProbeTrouble.controlFailed("a browser's session opens nothing")
        }
        wrong += try await endedFromAfar(by: visitor, as: canary, at: door)
        try await visitor.signOut()
        let again = try await visitor.get("/patients").status
        if again != 303 { wrong.append("a browser's session that ended is answered with \(again)") }
        return .judged(
            "Three sessions were refused at the next request after they ended, one of them by its owner's other device.",
            wrong: wrong
        )
    }

    /// A program's session that the same person ends in a browser: what still opens after that.
    private static func endedFromAfar(by visitor: DoorVisitor, as canary: Canary, at door: any FrontDoor) async throws
        -> [String]
    {
        let body = "{\"email\": \"\(canary.address)\", \"password\": \"\(canary.password)\"}"
        let listed = { () async throws -> Set<String> in
            let page = try await visitor.get("/account/sessions").text
            return Set(page.matches(of: /name="session" value="([-0-9a-f]{36})"/).map { String($0.1) })
        }
        let known = try await listed()
        let answer = try JSON(parsing: try await door.ask(.json("/api/session", body)).body)
        guard let token = answer["token"]?.string, let refresh = answer["refresh_token"]?.string else {
            throw ProbeTrouble.controlFailed("the synthetic member cannot sign in a second time")
        }
        let record = DoorQuestion("/fhir/Patient/\(canary.patient)", headers: DoorQuestion.bearer(token))
        guard try await door.ask(record).status == 200 else {
            throw ProbeTrouble.controlFailed("the second session opens nothing")
        }
        guard let id = try await listed().subtracting(known).first else {
            throw ProbeTrouble.controlFailed("the other device is not listed")
        }
        let form = try await DoorVisitor.form(of: DoorQuestion("/account/sessions", headers: visitor.cookie), at: door)
        let end: DoorQuestion = .form(
            "/account/sessions",
            [("csrf", form.secret), ("session", id)],
            headers: visitor.cookie
        )
        guard try await door.ask(end).status == 303 else {
            throw ProbeTrouble.controlFailed("a device is not signed out")
        }
        var wrong: [String] = []
        let replayed = try await door.ask(record).status
        if replayed != 401 { wrong.append("a session that its owner ended elsewhere is answered with \(replayed)") }
        let refreshed = try await door.ask(.json("/api/session/refresh", "{\"refresh_token\": \"\(refresh)\"}")).status
        if refreshed != 401 { wrong.append("its refresh token is answered with \(refreshed)") }
        return wrong
    }

    // ISO-2
    static let guessing = Probe(
        .guessing,
        .live,
        tries: "asks for another organisation's patient, and for one that nobody has"
    ) {
        ground in
        let (door, lent) = (try ground.door(), try ground.canaries())
        let (here, there) = (lent.north, lent.south)
        let nobody = UUID().uuidString.lowercased()
        let token = DoorQuestion.bearer(here.token)
        let ways: [(String, (String, String) -> String)] = [
            ("reading", { patient, _ in "/fhir/Patient/\(patient)" }),
            ("reading an entry", { _, entry in "/fhir/Observation/\(entry)" }),
            ("former versions", { _, entry in "/fhir/Observation/\(entry)/_history" }),
            ("everything", { patient, _ in "/fhir/Patient/\(patient)/$everything" }),
            ("searching within", { patient, _ in "/fhir/Observation?patient=\(patient)" }),
        ]
        var wrong: [String] = []
        for (name, path) in ways {
            let forbidden = try await door.ask(DoorQuestion(path(there.patient, there.observation), headers: token))
            let unknown = try await door.ask(DoorQuestion(path(nobody, nobody), headers: token))
            let own = try await door.ask(DoorQuestion(path(here.patient, here.observation), headers: token))
            guard own.status == 200 else {
                throw ProbeTrouble.controlFailed("\(name) of one's own is answered with \(own.status)")
            }
            if forbidden.status < 400 { wrong.append("\(name): another organisation's patient is shown") }
            let names = { (answer: DoorAnswer) in answer.headers.map(\.name).sorted() }
            if forbidden.status != unknown.status || forbidden.body != unknown.body
                || names(forbidden) != names(unknown)
            {
                wrong.append("\(name): what exists is answered otherwise than what does not")
            }
        }
        return .judged(
            "In \(ways.count) ways, what is another's was answered to the byte like what does not exist.",
            wrong: wrong
        )
    }

    // AUD-1
    static let entries = Probe(
        .entries,
        .live,
        tries: "reads a record and takes a whole one along, tries to read another's, and opens the notes of it"
    ) {
        ground in
        let (door, lent, look) = (try ground.door(), try ground.canaries(), try ground.look())
        let (own, theirs) = (lent.north, lent.south)
        let organization = own.organization
        let count = { (granted: Bool) in
            try look.query(
                """
                select count(*) from care.entry
                 where organization_id = \(organization) and act = 'record.read' and granted = \(granted)
                """
            )[0].decode(Int.self, at: 0)
        }
        let (granted, refused) = (try count(true), try count(false))
        let since = try look.query("select care.clock()")[0].decode(Date.self, at: 0)
        // By this name of a device its notes are told from others, and that a note says from where.
        let device = "carekeep-probe-\(Primitive.freshBytes(8).map { String($0, radix: 16) }.joined())"
        let headers = DoorQuestion.bearer(own.token) + [(name: "User-Agent", value: device)]
        for path in ["Observation/\(own.observation)", "Patient/\(own.patient)/$everything"] {
            let answer = try await door.ask(DoorQuestion("/fhir/\(path)", headers: headers))
            guard answer.status == 200 else {
                throw ProbeTrouble.controlFailed("the synthetic record is answered with \(answer.status)")
            }
        }
        _ = try await door.ask(DoorQuestion("/fhir/Observation/\(theirs.observation)", headers: headers))
        var wrong: [String] = []
        if try count(true) != granted + 1 { wrong.append("a read left \(try count(true) - granted) notes") }
        // It names nobody: who was refused may not learn, and make no list of, whom there is to know.
        if try count(false) != refused + 1 { wrong.append("a refused read left \(try count(false) - refused) notes") }
        let ends = try look.query("select care.clock()")[0].decode(Date.self, at: 0)
        let notes = try await ground.looks(at: own)
            .filter { $0.note?.device == device }
        for act in [Act.readRecord, .readEverything] {
            let found = notes.filter { $0.act == act.rawValue }
            if found.count != 1 {
                wrong.append("\(found.count) notes of \(act.rawValue) open for the patient and say from where")
            }
            for note in found {
                if !note.isReader || !note.granted { wrong.append("a note of \(act.rawValue) names another reader") }
                if note.note?.address.isEmpty != false { wrong.append("a note of \(act.rawValue) names no address") }
                if !(since...ends).contains(note.at) { wrong.append("a note of \(act.rawValue) has another time") }
            }
        }
        return .judged(
            "All were noted when the answer came, and the notes open for whose record it is: who, what, when and from where.",
            wrong: wrong
        )
    }

    // INT-2
    static let history = Probe(.history, .live, tries: "reads a record that was changed, and what stood there before") {
        ground in
        let (door, canary) = (try ground.door(), try ground.canaries().north)
        let token = DoorQuestion.bearer(canary.token)
        let value = { (path: String) async throws -> Int? in
            let question = DoorQuestion("/fhir/Observation/\(canary.observation)\(path)", headers: token)
            let answer = try await door.ask(question)
            guard answer.status == 200 else { return nil }
            return try JSON(parsing: answer.body)["valueInteger"]?.integer
        }
        let (now, before) = (try await value(""), try await value("/_history/1"))
        guard now == 4 else { throw ProbeTrouble.controlFailed("the synthetic record is not as it was left") }
        return .judged(
            "The first version is there, as it was, beside the one that replaced it.",
            wrong: before == 3 ? [] : ["the first version is gone or another"]
        )
    }

    // MIN-1
    static let minimum = Probe(
        .minimum,
        .live,
        tries:
            "enters a social security number, a bank account and an exact place into a family's record, and a card number into a clinic's"
    ) {
        ground in
        let (door, lent) = (try ground.door(), try ground.canaries())
        let canary = lent.north
        let number =
            #"{"resourceType": "Patient", "name": [{"family": "N"}], "identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-12-3456"}]}"#
        let place =
            #"{"resourceType": "Patient", "name": [{"family": "N"}], "address": [{"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/geolocation", "extension": [{"url": "latitude", "valueDecimal": 51.5}, {"url": "longitude", "valueDecimal": -0.1}]}]}]}"#
        let account =
            #"{"resourceType": "Patient", "name": [{"family": "N"}], "identifier": [{"value": "GB82 WEST 1234 5698 7654 32"}]}"#
        let card =
            #"{"resourceType": "Patient", "name": [{"family": "N"}], "identifier": [{"value": "4111 1111 1111 1111"}]}"#
        var wrong: [String] = []
        for (name, body, member) in [
            ("a social security number", number, canary), ("a bank account", account, canary),
            ("an exact place", place, canary), ("a card number", card, lent.south),
        ] {
            let answer = try await door.ask(.json("/fhir/Patient", body, token: member.token))
            if answer.status != 422 { wrong.append("\(name) is answered with \(answer.status)") }
        }
        let harmless = try await door.ask(.json("/fhir/Patient/$validate", Nonsense.patient, token: canary.token))
        guard harmless.status == 200 else { throw ProbeTrouble.controlFailed("what is right was refused") }
        return .judged("All four were refused, with the reason, and nothing was kept.", wrong: wrong)
    }
}
