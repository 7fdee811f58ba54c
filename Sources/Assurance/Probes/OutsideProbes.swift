import Foundation

/// Probes that anybody can make with nothing but the address, and compare.
extension Probe {
    /// Those that need the front door alone, the quick ones first.
    public static let fromOutside: [Probe] = [
        tlsVersions, plainHTTP, headers, refusals, redirects, published,
    ]

    // ISO-2
    static let refusals = Probe(
        .refusals,
        .live,
        tries:
            "asks for everything that is not open without signing in, and for people's records with made-up credentials",
        patience: .seconds(300)
    ) { ground in
        let door = try ground.door()
        let nobody = UUID().uuidString.lowercased()
        let paths = [
            "/patients", "/patients/\(nobody)", "/patients/\(nobody)/sharing", "/api/members", "/fhir/Patient",
            "/fhir/Patient/\(nobody)", "/fhir/Patient/\(nobody)/$everything", "/fhir/Observation?patient=\(nobody)",
        ]
        let madeUp = String(repeating: "a1", count: 22)
        // In the form of a session's, and under its cookie's name.
        let session = String(repeating: "a1B2", count: 16)
        let ways: [(String, [(name: String, value: String)])] = [
            ("without signing in", []), ("with a made-up token", DoorQuestion.bearer(madeUp)),
            ("with a made-up session", DoorQuestion.bearer(session)),
            ("with a made-up cookie", [("Cookie", "__Host-carekeep=\(session)")]),
        ]
        var wrong: [String] = []
        var asked = 0
        for route in FrontDoorRoute.all where route.door != .open {
            let answer = try await door.askPatiently(route.question())
            asked += 1
            if !isRefusal(answer) { wrong.append("\(route) without signing in is answered with \(answer.status)") }
        }
        for path in paths {
            for (name, headers) in ways {
                let answer = try await door.askPatiently(DoorQuestion(path, headers: headers))
                asked += 1
                if !isRefusal(answer) {
                    wrong.append("\(path.replacing(nobody, with: "…")) \(name) is answered with \(answer.status)")
                }
                if answer.text.contains("\"resourceType\":\"Bundle\"")
                    || answer.text.contains("\"resourceType\":\"Patient\"")
                {
                    wrong.append("\(path.replacing(nobody, with: "…")) \(name) shows a record")
                }
            }
        }
        try await requireLife(of: door)
        return .judged("\(asked) requests of nobody were refused, and an open address answered.", wrong: wrong)
    }

    /// Whether nobody was let in: refused, or led to the form.
    private static func isRefusal(_ answer: DoorAnswer) -> Bool {
        [401, 403, 404].contains(answer.status)
            || answer.status == 303 && answer["location"]?.hasPrefix("/sign-in") == true
    }

    // APP-2
    static let redirects = Probe(
        .redirects,
        .live,
        tries: "asks the server to send a visitor to another website, by the address and by the name asked for"
    ) { ground in
        let door = try ground.door()
        let elsewhere = "elsewhere.invalid"
        let paths = [
            "/sign-in?next=https://\(elsewhere)/", "/sign-in?next=//\(elsewhere)/", "/sign-in?next=%5C%5C\(elsewhere)",
            "/sign-out?next=https://\(elsewhere)/", "//\(elsewhere)/", "/patients?return=https://\(elsewhere)/",
        ]
        var wrong: [String] = []
        for path in paths {
            let answer = try await door.ask(DoorQuestion(path))
            if answer["location"]?.contains(elsewhere) == true, answer["location"]?.hasPrefix("/sign-in?") != true {
                wrong.append("\(path) leads elsewhere")
            }
            if answer.text.contains(/(href|action|value|content)="[^"]*elsewhere\.invalid/) {
                wrong.append("the page of \(path) leads elsewhere")
            }
        }
        let asked = DoorQuestion("/", headers: [("Host", elsewhere), ("X-Forwarded-Host", elsewhere)])
        for (name, answer) in [("HTTPS", try await door.ask(asked)), ("plain HTTP", try await door.askPlainly(asked))] {
            guard let answer else { continue }
            if answer["location"]?.contains(elsewhere) == true || answer.text.contains(elsewhere) {
                wrong.append("over \(name), somebody else's name is taken for the server's")
            }
        }
        try await requireLife(of: door)
        return .judged("\(paths.count) addresses and a foreign name led nowhere else.", wrong: wrong)
    }

    // GOV-5
    static let published = Probe(
        .published,
        .live,
        tries:
            "fetches the signed form of this page, checks its signature, age and key, and reads security.txt where there is one"
    ) { ground in
        let door = try ground.door()
        let (file, page) = (try await door.ask(DoorQuestion("/trust.json")), try await door.ask(DoorQuestion("/trust")))
        guard file.status == 200 else {
            return .fallsShort("There is no signed form.", ["/trust.json is answered with \(file.status)"])
        }
        var wrong: [String] = []
        var promises = 0
        do {
            let contents = try TrustFile.verify(file.body, key: nil, at: Date())
            promises = contents.counts.reduce(0) { $0 + $1.count }
            if promises == 0 { wrong.append("it names no promise") }
            if !page.text.contains("\(contents.key)") {
                wrong.append("the page shows another key than the one that signed")
            }
            // A time that cannot be read is none of this hour.
            let issued = (try? Date(contents.issued, strategy: .iso8601)) ?? .distantPast
            if issued.timeIntervalSinceNow < -3600 { wrong.append("it was issued more than an hour ago") }
        } catch { wrong.append("\(error)") }
        let contact = try await door.ask(DoorQuestion("/.well-known/security.txt"))
        if contact.status == 200 {
            wrong += SecurityText.faults(of: contact, at: Date()).map { "security.txt: \($0)" }
        }
        return .judged(
            "The signature is good, of now, and by the key that the page shows. It speaks of \(promises) promises. "
                + (contact.status == 200
                    ? "security.txt names whom to tell of a weakness." : "There is no security.txt."),
            wrong: wrong
        )
    }
}

/// What a security.txt must say (RFC 9116, section 2.5).
enum SecurityText {
    static func faults(of answer: DoorAnswer, at now: Date) -> [String] {
        var faults: [String] = []
        if answer["content-type"]?.hasPrefix("text/plain") != true { faults.append("it is not plain text") }
        let fields = answer.text.split(whereSeparator: \.isNewline).compactMap {
            line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":"), !line.hasPrefix("#") else { return nil }
            return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        let contacts = fields.filter { $0.name == "contact" }
        if contacts.isEmpty { faults.append("it names no contact") }
        if contacts.contains(where: { !$0.value.contains(/^(https:\/\/|mailto:|tel:)/) }) {
            faults.append("a contact is no address")
        }
        let ends = fields.filter { $0.name == "expires" }
        // What cannot be read says nothing, which is a fault.
        switch (ends.count, ends.first.flatMap({ try? Date($0.value, strategy: .iso8601) })) {
        case (1, let end?): if end < now { faults.append("it has expired") }
        default: faults.append("it does not say when it expires")
        }
        return faults
    }
}

/// Makes the checks that anybody can make, through the front door of an installation that may be anybody's. Keeps nothing.
public struct Outsider: Sendable {
    private let door: any FrontDoor

    /// At this door.
    public init(_ door: any FrontDoor) { self.door = door }

    /// Whether something answers there that calls itself Carekeep. Anything else is nothing to be judged.
    public func isCarekeep() async throws -> Bool {
        TrustFile.isOne(try await door.ask(DoorQuestion("/trust.json")).body)
    }

    /// Runs probes one after another, and tells each result as it comes.
    public func check(_ probes: [Probe] = Probe.fromOutside, tell: (Prover.Result) -> Void = { _ in }) async -> [Prover
        .Result]
    {
        var results: [Prover.Result] = []
        for probe in probes {
            let caught = Caught()
            let (end, took) = await Prover.end(of: probe, on: Ground(door, for: probe, caught: caught))
            let result = Prover.result(of: probe, end, after: took, caught)
            results.append(result)
            tell(result)
        }
        return results
    }
}
