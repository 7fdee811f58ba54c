import FHIR
import Foundation

/// Probes that knock at the front door as strangers: TLS, redirects, headers, forms, nonsense.
extension Probe {
    // ENC-1
    static let tlsVersions = Probe(.tlsVersions, .live, tries: "offers the server TLS 1.0, 1.1, 1.2 and 1.3 in turn") {
        ground in
        let door = try ground.door()
        var wrong: [String] = []
        var answers: [String] = []
        for version in DoorTLS.allCases {
            let greeting = try await door.greet(offering: version)
            let isAllowed = try version == .v12 && ground.allowsTLS12()
            if greeting == .accepted, !isAllowed { wrong.append("\(version) is spoken") }
            answers.append("\(version) \(greeting == .accepted ? "is spoken, as the operator allows" : "is refused")")
        }
        try await Self.requireLife(of: door)
        return .judged("\(answers.joined(separator: ", ")); TLS 1.3 works.", wrong: wrong)
    }

    // ENC-2
    static let plainHTTP = Probe(
        .plainHTTP,
        .live,
        tries: "asks for every address over plain HTTP, and reads the rule for browsers at each",
        patience: .seconds(300)
    ) {
        ground in
        let door = try ground.door()
        var wrong: [String] = []
        var (asked, told) = (0, 0)
        for route in FrontDoorRoute.all {
            if let answer = try await door.askPlainly(route.question()) {
                asked += 1
                let leads = answer["location"]?.hasPrefix("https://") == true
                if ![301, 308].contains(answer.status) || !leads || answer["set-cookie"] != nil
                    || answer.body.count > 200
                {
                    wrong.append("\(route) over plain HTTP is answered with \(answer.status)")
                }
            }
            guard route.method == "GET" else { continue }
            told += 1
            let rule = try await door.askPatiently(route.question())["strict-transport-security"] ?? ""
            let age = rule.firstMatch(of: /max-age=([0-9]+)/).flatMap { Int($0.1) } ?? 0
            if age < 180 * 86_400 { wrong.append("\(route) does not tell browsers to remember HTTPS") }
        }
        let bytes = try await door.speakPlainly()
        if String(decoding: bytes.prefix(12), as: UTF8.self).contains(" 200") {
            wrong.append("the HTTPS port answers plain HTTP")
        }
        let plain =
            asked == 0
            ? "Nothing was found that listens for plain HTTP"
            : "\(asked) plain requests, one for each thing that can be asked, got a redirect and nothing else"
        return .judged("\(plain); \(told) addresses tell browsers to use HTTPS alone.", wrong: wrong)
    }

    // APP-3
    static let headers = Probe(
        .headers,
        .live,
        tries: "reads the headers and the pages of every address, as a stranger and signed in",
        patience: .seconds(300)
    ) {
        ground in
        let door = try ground.door()
        var answers: [(String, DoorAnswer)] = [
            ("an address that is none", try await door.ask(DoorQuestion("/nothing-here")))
        ]
        for route in FrontDoorRoute.all {
            answers.append(("\(route)", try await door.askPatiently(route.question())))
        }
        guard !ground.isOutside else { return judged(answers, setting: visitorsCookies(answers)) }
        let canary = try ground.canaries().north
        let values = ["patient": canary.patient, "id": canary.patient]
        let token = DoorQuestion.bearer(canary.token)
        let visitor = try await DoorVisitor(door, signingInAs: canary)
        // Those that have to be there, so that pages are looked at and not refusals alone.
        var shown: Set = [
            "GET /fhir/{type}/{id}", "GET /patients", "GET /patients/{patient}", "GET /patients/{patient}/looks",
            "GET /patients/{patient}/sharing",
        ]
        for route in FrontDoorRoute.all where route.method == "GET" && route.door != .open {
            let headers = route.door == .pages ? visitor.cookie : token
            let answer = try await door.askPatiently(route.question(values, headers: headers))
            if answer.status == 200 { shown.remove("\(route)") }
            answers.append(("\(route), signed in", answer))
        }
        guard shown.isEmpty else {
            throw ProbeTrouble.controlFailed("not shown: \(shown.sorted().joined(separator: ", "))")
        }
        try await visitor.signOut()
        return judged(answers, setting: visitor.cookieFaults)
    }

    private static func judged(_ answers: [(String, DoorAnswer)], setting cookieFaults: [String]) -> Sighting {
        let wrong = answers.flatMap { name, answer in PageRules.faults(of: answer).map { "\(name): \($0)" } }
        return .judged(
            "\(answers.count) answers carry a policy that lets no script, frame or foreign content run, and the pages hold none.",
            wrong: wrong + cookieFaults
        )
    }

    /// What is wrong with the cookies that visitors get.
    private static func visitorsCookies(_ answers: [(String, DoorAnswer)]) -> [String] {
        answers.flatMap { path, answer in
            answer.headers.filter { $0.name == "set-cookie" }.flatMap { DoorVisitor.faults(ofCookie: $0.value) }
                .map { "\(path): the visitor's cookie \($0)" }
        }
    }

    // APP-2
    static let foreignForms = Probe(.foreignForms, .live, tries: "posts every form as another website would") {
        ground in
        let (door, canary) = (try ground.door(), try ground.canaries().north)
        let visitor = try await DoorVisitor(door, signingInAs: canary)
        var wrong: [String] = []
        let foreign: [(name: String, value: String)] = [
            ("Origin", "https://elsewhere.invalid"), ("Sec-Fetch-Site", "cross-site"),
        ]
        let credentials = [("email", canary.address), ("password", canary.password)]
        let form = try await visitor.freshForm()
        let attempts: [(String, DoorQuestion)] = [
            ("signing in without the form's secret", .form("/sign-in", credentials)),
            (
                "signing in with another form's secret",
                .form("/sign-in", credentials + [("csrf", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")], headers: form.cookie)
            ),
            (
                "signing in from another website",
                .form("/sign-in", credentials + [("csrf", form.secret)], headers: form.cookie + foreign)
            ),
            (
                "setting a password without a secret",
                .form("/password", [("token", "x"), ("password", "y"), ("again", "y")])
            ),
            (
                "reporting a weakness without a secret",
                .form("/security/report", [("what", "a"), ("where", "b"), ("how", "c")])
            ),
            ("joining without a secret", .form("/join", [("token", "x")] + credentials)),
            ("signing out without a secret", .form("/sign-out", [], headers: visitor.cookie)),
        ]
        // And every form of a member's pages, as another website could send it with the member's own cookie.
        let forms = FrontDoorRoute.all.filter { $0.door == .pages && $0.method == "POST" }
        let sent = forms.map { form in
            let headers = Self.contentType(of: form) + visitor.cookie
            var question = form.question(["patient": canary.patient], headers: headers)
            question.body = Array("--edge--\r\n".utf8)
            return ("\(form) without a secret", question)
        }
        for (name, question) in attempts + sent {
            let answer = try await door.ask(question)
            if answer.status != 403 { wrong.append("\(name) is answered with \(answer.status)") }
            let set = answer.headers.filter { $0.name == "set-cookie" }.map(\.value)
            if set.contains(where: { $0.hasPrefix("__Host-carekeep=") && !$0.hasPrefix("__Host-carekeep=;") }) {
                wrong.append("\(name) began a session")
            }
        }
        let byCookie = try await door.ask(DoorQuestion("/api/members", headers: visitor.cookie))
        if byCookie.status != 401 { wrong.append("a browser's cookie opens the way for programs") }
        guard try await visitor.get("/patients").status == 200 else {
            throw ProbeTrouble.controlFailed("the session ended meanwhile")
        }
        try await visitor.signOut()
        return .judged(
            "\(attempts.count + sent.count) forms without their secret, or from elsewhere, were refused; our own worked.",
            wrong: wrong
        )
    }

    // APP-1
    static let malformed = Probe(
        .malformed,
        .live,
        tries: "sends nonsense to every kind of address",
        patience: .seconds(180)
    ) { ground in
        let (door, canary) = (try ground.door(), try ground.canaries().north)
        var wrong: [String] = []
        var count = 0
        for attempt in Nonsense.attempts(for: canary) {
            let answer = try await door.ask(attempt.question)
            count += 1
            if answer.status >= 500 || answer.status < 400 && !attempt.mayWork {
                wrong.append("\(attempt.question.method) of nonsense no. \(count) is answered with \(answer.status)")
            }
        }
        let harmless = DoorQuestion.json("/fhir/Patient/$validate", Nonsense.patient, token: canary.token)
        guard try await door.ask(harmless).status == 200 else {
            throw ProbeTrouble.controlFailed("what is right was refused")
        }
        return .judged(
            "\(count) malformed requests were refused, none broke anything, and nothing was kept.",
            wrong: wrong
        )
    }

    // APP-4
    static let injection = Probe(
        .injection,
        .live,
        tries: "types commands of the database where names and searches go",
        patience: .seconds(180)
    ) { ground in
        let (door, canary) = (try ground.door(), try ground.canaries().north)
        let commands = [
            "' or '1'='1", "'; drop table care.record; --", "\\'; select pg_sleep(30); --", "1) or true --",
            "$1", "%' union select sealed from care.record --", "x'||(select version())||'", "{\"$gt\":\"\"}",
        ]
        let token = DoorQuestion.bearer(canary.token)
        let ways: [(String, (String) -> DoorQuestion)] = [
            ("a search", { DoorQuestion("/fhir/Patient?name=\(DoorQuestion.encoded($0))", headers: token) }),
            (
                "a search in a record",
                {
                    DoorQuestion(
                        "/fhir/Observation?patient=\(canary.patient)&code=\(DoorQuestion.encoded($0))",
                        headers: token
                    )
                }
            ),
            ("an id", { DoorQuestion("/fhir/Observation/\(DoorQuestion.encoded($0))", headers: token) }),
            ("an identifier", { DoorQuestion("/fhir/Patient?identifier=\(DoorQuestion.encoded($0))", headers: token) }),
            ("a link", { DoorQuestion("/password?link=\(DoorQuestion.encoded($0))") }),
            (
                "a name",
                { command in
                    let patient: JSON = ["resourceType": "Patient", "name": [["family": .string(command)]]]
                    let body = String(decoding: patient.serialized(), as: UTF8.self)
                    return .json("/fhir/Patient/$validate", body, token: canary.token)
                }
            ),
        ]
        var wrong: [String] = []
        var count = 0
        for (name, way) in ways {
            let harmless = try await door.ask(way("zebra"))
            for command in commands {
                let start = ContinuousClock.now
                let answer = try await door.ask(way(command))
                count += 1
                if ContinuousClock.now - start > .seconds(25) {
                    wrong.append("\(name), command \(count): it was waited for")
                }
                // Refused as unreadable, or answered like any word that finds nothing.
                let isAlike = answer.status == harmless.status && answer.body.count < harmless.body.count + 400
                if !isAlike, ![400, 404, 422].contains(answer.status) {
                    wrong.append(
                        "\(name), command \(count): answered with \(answer.status), a word with \(harmless.status)"
                    )
                }
            }
        }
        let guess = "{\"email\": \"' or '1'='1\", \"password\": \"' or '1'='1\"}"
        if try await door.ask(.json("/api/session", guess)).status != 401 { wrong.append("a command signs in") }
        let own = try await door.ask(DoorQuestion("/fhir/Patient?name=\(canary.words[0])", headers: token))
        guard own.status == 200, own.text.contains(canary.patient) else {
            throw ProbeTrouble.controlFailed("a search for the synthetic patient finds nobody")
        }
        return .judged("\(count + 1) commands were taken for words, which found nothing.", wrong: wrong)
    }

    /// Of what browsers send for a form: files come along with one of them.
    private static func contentType(of form: FrontDoorRoute) -> [(name: String, value: String)] {
        let bringsFiles = form.path == "/trust/vouch/{promise}"
        return [
            ("Content-Type", bringsFiles ? "multipart/form-data; boundary=edge" : "application/x-www-form-urlencoded")
        ]
    }

    static func requireLife(of door: any FrontDoor) async throws {
        guard try await door.ask(DoorQuestion("/health/live")).status == 200 else {
            throw ProbeTrouble.controlFailed("the server does not say that it lives")
        }
    }
}

/// What every answer must say, and what no page may hold.
enum PageRules {
    static func faults(of answer: DoorAnswer) -> [String] {
        var faults: [String] = []
        let policy = answer["content-security-policy"] ?? ""
        let parts = Dictionary(
            policy.split(separator: ";").map { part in
                let words = part.split(separator: " ").map(String.init)
                return (words.first ?? "", Array(words.dropFirst()))
            }
        ) { first, _ in first }
        if parts["default-src"] != ["'none'"] { faults.append("the policy's default is not to load nothing") }
        if parts["frame-ancestors"] != ["'none'"] { faults.append("it may be framed") }
        if parts["base-uri"] != ["'none'"] { faults.append("its base may be moved") }
        // What more it allows is our own styles, pictures and forms; a directive that is not named here is a hole.
        let ours = ["style-src", "img-src", "form-action"]
        let closed = ["default-src", "frame-ancestors", "base-uri", "require-trusted-types-for"]
        for (directive, sources) in parts
        where !closed.contains(directive) && !(ours.contains(directive) && sources == ["'self'"]) {
            faults.append("the policy has a hole")
        }
        for (name, expected) in [
            ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-origin"),
        ] where answer[name] != expected { faults.append("\(name) is not \(expected)") }
        if answer["x-powered-by"] != nil || answer["server"]?.contains(/[0-9]/) == true {
            faults.append("it tells which software it is")
        }
        if answer["access-control-allow-origin"] != nil { faults.append("other websites may read it") }
        guard answer["content-type"]?.hasPrefix("text/html") == true else { return faults }
        let page = answer.text
        if page.lowercased().contains("<script") { faults.append("it holds a script") }
        if page.contains(/<[^>]*\s(style|on[a-z]+)=/) { faults.append("it holds a style or a script in a tag") }
        // The links of those who vouch lead elsewhere by name, and tell nobody where from. Nothing else may.
        let own = page.replacing(/<a href="https:\/\/[^"]*" rel="noopener noreferrer nofollow">/, with: "<a>")
        if own.contains(/(src|href|action)="([a-z]+:|\/\/)/) { faults.append("it leads elsewhere") }
        return faults
    }
}

/// A browser without a screen: signs in by the form, and keeps its cookie.
final class DoorVisitor: Sendable {
    private let door: any FrontDoor
    /// The session's cookie.
    let cookie: [(name: String, value: String)]
    /// What is wrong with how it was set.
    let cookieFaults: [String]

    /// A form's secret, and the cookie that belongs to it.
    struct Form: Sendable {
        let secret: String
        let cookie: [(name: String, value: String)]
    }

    init(_ door: any FrontDoor, signingInAs canary: Canary) async throws {
        self.door = door
        let form = try await Self.form(of: DoorQuestion("/sign-in"), at: door)
        let fields = [("csrf", form.secret), ("email", canary.address), ("password", canary.password)]
        let answer = try await door.ask(.form("/sign-in", fields, headers: form.cookie))
        let set = answer.headers.filter { $0.name == "set-cookie" }.map(\.value)
        guard answer.status == 303, let session = set.first(where: { $0.contains("=") && !$0.contains("=;") }) else {
            throw ProbeTrouble.controlFailed("the synthetic member cannot sign in: \(answer.status)")
        }
        cookie = [("Cookie", String(session.prefix { $0 != ";" }))]
        cookieFaults = Self.faults(ofCookie: session).map { "the session's cookie \($0)" }
    }

    /// What is wrong with how a cookie is set.
    static func faults(ofCookie set: String) -> [String] {
        let attributes = set.lowercased()
        return ["secure", "httponly", "path=/"].filter { !attributes.contains($0) }.map { "is not \($0)" }
            + (attributes.contains("samesite=lax") || attributes.contains("samesite=strict")
                ? [] : ["is sent from other sites"])
            + (set.hasPrefix("__Host-") ? [] : ["is not bound to this host"])
    }

    func get(_ path: String) async throws -> DoorAnswer { try await door.ask(DoorQuestion(path, headers: cookie)) }

    /// A form of a visitor who is not signed in.
    func freshForm() async throws -> Form { try await Self.form(of: DoorQuestion("/sign-in"), at: door) }

    func signOut() async throws {
        let form = try await Self.form(of: DoorQuestion("/patients", headers: cookie), at: door)
        _ = try await door.ask(.form("/sign-out", [("csrf", form.secret)], headers: cookie))
    }

    /// The secret of the form on a page, and the cookies that the page set.
    static func form(of question: DoorQuestion, at door: any FrontDoor) async throws -> Form {
        let page = try await door.ask(question)
        guard let match = page.text.firstMatch(of: /name="csrf" value="([^"]+)"/) else {
            throw ProbeTrouble.controlFailed("a page has no form")
        }
        let cookies = page.headers.filter { $0.name == "set-cookie" }.map { String($0.value.prefix { $0 != ";" }) }
        let cookie = cookies.isEmpty ? [] : [(name: "Cookie", value: cookies.joined(separator: "; "))]
        return Form(secret: String(match.1), cookie: cookie)
    }
}

/// Requests that mean nothing.
enum Nonsense {
    /// A patient who could be, to be spoiled.
    static let patient =
        #"{"resourceType": "Patient", "name": [{"family": "Nobody", "given": ["Ann"]}], "birthDate": "1990-01-02"}"#

    /// A request, and whether it may be answered as if it worked: a check of what is spoiled may find it right.
    struct Attempt {
        let question: DoorQuestion
        var mayWork = false
    }

    static func attempts(for canary: Canary) -> [Attempt] {
        let token = DoorQuestion.bearer(canary.token)
        let json: [(name: String, value: String)] = token + [("Content-Type", "application/json")]
        var attempts: [Attempt] = []
        for path in ["/fhir/Patient", "/fhir/Observation", "/fhir", "/api/session", "/api/members"] {
            for body in bodies { attempts.append(Attempt(question: .json(path, body, token: canary.token))) }
        }
        attempts.append(
            Attempt(
                question: DoorQuestion("/fhir/Patient", method: "POST", headers: token, body: [0xFF, 0xFE, 0, 0x80])
            )
        )
        let paths = [
            "/fhir/Patient/%00", "/fhir/Patient/..%2F..%2Fetc", "/fhir/Nothing/1",
            "/fhir/Patient/\(String(repeating: "a", count: 3000))", "/fhir/Patient?birthdate=yesterday",
            "/fhir/Patient?_count=-1", "/fhir/Observation?date=gt",
            "/fhir/Observation/\(canary.observation)/_history/many", "/fhir/Patient/%FF%FE", "/fhir/Patient?%ZZ=1",
        ]
        for path in paths { attempts.append(Attempt(question: DoorQuestion(path, headers: token))) }
        for body in spoiled(20) {
            let question = DoorQuestion("/fhir/Patient/$validate", method: "POST", headers: json, body: body)
            attempts.append(Attempt(question: question, mayWork: true))
        }
        return attempts
    }

    private static let bodies = [
        "", "{", "[]", "null", "7", "\"Patient\"", "{\"resourceType\": 7}", "{\"resourceType\": \"Nothing\"}",
        String(repeating: "[", count: 5000), "{\"resourceType\": \"Patient\", \"birthDate\": \"yesterday\"}",
        "{\"resourceType\": \"Patient\", \"name\": \"Ann\"}", "{\"a\": 1, \"a\": 2}",
        "{\"resourceType\": \"Observation\", \"valueInteger\": 1e999999}", "\u{FEFF}{}",
        "{\"resourceType\":\"Patient\",}",
    ]

    /// The patient with a byte changed here and there; the same ones each time.
    private static func spoiled(_ count: Int) -> [[UInt8]] {
        var chance = Chance()
        var spoiled: [[UInt8]] = []
        for _ in 0..<count {
            var bytes = Array(patient.utf8)
            for _ in 0..<3 { bytes[chance.number(below: bytes.count)] = UInt8(chance.number(below: 256)) }
            spoiled.append(bytes)
        }
        return spoiled
    }

    /// Knuth's linear congruential generator: the same numbers each time.
    private struct Chance {
        private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

        mutating func number(below limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
    }
}
