import Foundation

/// A framework that promises speak to, and every clause of it where we know them all.
struct Framework: Sendable {
    let name: String
    /// How its clauses begin in the catalogue: `ASVS `.
    let prefix: String
    /// Every clause that a promise could speak to, in its own order, with a word on each.
    let clauses: [(id: String, note: String)]

    /// Those whose clauses the catalogue may name.
    static let all: Result<[Framework], any Error> = Result {
        [
            Framework(name: "HIPAA Security Rule (45 CFR 164)", prefix: "HIPAA ", clauses: try list("hipaa-security")),
            Framework(name: "OWASP ASVS 5.0.0", prefix: "ASVS ", clauses: try list("asvs-5.0.0")),
            Framework(name: "NIST Cybersecurity Framework 2.0", prefix: "CSF ", clauses: try list("csf-2.0")),
            Framework(
                name: "NCSC Cyber Assessment Framework 3.2, as in the NHS Data Security and Protection Toolkit",
                prefix: "CAF ",
                clauses: try list("caf-dspt")
            ),
            Framework(name: "EU GDPR and UK GDPR", prefix: "GDPR ", clauses: try list("gdpr")),
            Framework(
                name: "Misuse of Drugs Regulations 2001 (UK)",
                prefix: "MDR ",
                clauses: [
                    (id: "reg 19", note: "the register and its columns"),
                    (id: "reg 20", note: "form and time of entries"),
                    (id: "reg 23", note: "how long it is kept"), (id: "reg 27", note: "destruction before a witness"),
                ]
            ),
        ]
    }

    /// Those that buyers ask for and no promise names a clause of yet.
    static let unmapped = [
        "ISO/IEC 27001", "SOC 2", "Cyber Essentials", "CQC", "DPDP (India)", "CCPA and VCDPA",
    ]

    /// Lines `id note` of a file; lines that begin with `#` say what it is.
    private static func list(_ name: String) throws -> [(id: String, note: String)] {
        let file = Bundle.module.bundleURL.appending(path: "frameworks/\(name).txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }.map {
            let parts = $0.split(separator: " ", maxSplits: 1).map(String.init)
            return (id: parts[0], note: parts.count > 1 ? parts[1] : "")
        }
    }
}

/// Questions of buyers, and the promises that answer each: `Packs/questionnaire.txt`.
struct Questionnaire: Sendable {
    struct Question: Sendable {
        let words: String
        let ids: [String]
    }

    let parts: [(name: String, questions: [Question])]

    static let release: Result<Questionnaire, any Error> = Result {
        try Questionnaire(
            String(contentsOf: Bundle.module.bundleURL.appending(path: "questionnaire.txt"), encoding: .utf8)
        )
    }

    init(_ text: String) {
        var parts: [(name: String, questions: [Question])] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("part: ") {
                parts.append((name: String(line.dropFirst(6)), questions: []))
            } else if let sign = line.range(of: " = ", options: .backwards), !parts.isEmpty {
                let ids = line[sign.upperBound...].split(separator: " ").map(String.init)
                parts[parts.count - 1].questions.append(Question(words: String(line[..<sign.lowerBound]), ids: ids))
            }
        }
        self.parts = parts
    }
}
