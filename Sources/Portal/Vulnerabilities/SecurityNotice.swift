import Foundation

/// What this server says about reporting a weakness: `/.well-known/security.txt` (RFC 9116).
public struct SecurityNotice: Sendable {
    /// Ways to reach those who run the server, as URIs, before the form.
    public var contacts: [String]
    /// The policy's address, where it is not ours.
    public var policy: String?
    /// Codes of languages.
    public var languages: [String]
    /// Who is thanked, as they wanted to be called.
    public var thanked: [String]
    /// Where this server is: `https://care.example.org`.
    public var base: String

    /// Says all of it.
    public init(contacts: [String], policy: String?, languages: [String], thanked: [String] = [], base: String) {
        self.contacts = contacts
        self.policy = policy
        self.languages = languages
        self.thanked = thanked
        self.base = base
    }

    /// How long a text counts; it is made anew each day. RFC 9116 recommends less than a year.
    static let lifetime: TimeInterval = 180 * 86_400

    /// The text as of a time. It is the same for a whole day, in UTC.
    func text(at now: Date) -> String {
        let day = (now.timeIntervalSince1970 / 86_400).rounded(.down) * 86_400
        let expires = Date(timeIntervalSince1970: day).addingTimeInterval(Self.lifetime)
        var lines = contacts.map { "Contact: \($0)" }
        lines += [
            "Contact: \(base)\(Address.reportWeakness.text)",
            "Expires: \(expires.formatted(.iso8601))",
            "Preferred-Languages: \(languages.joined(separator: ", "))",
            "Canonical: \(base)\(Address.securityFile.text)",
            "Policy: \(policy ?? base + Address.securityPolicy.text)",
        ]
        // RFC 9116, section 2.5.1
        if !thanked.isEmpty { lines.append("Acknowledgments: \(base)\(Address.securityPolicy.text)#thanks") }
        return lines.joined(separator: "\n") + "\n"
    }
}
