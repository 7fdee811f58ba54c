/// Passwords that are tried first.
enum CommonPasswords {
    /// All of the list, and what whoever attacks this product would try.
    private static let all = Set(ranked).union(ours)
    /// Those with which whoever must add a digit makes a password: a word, and then some.
    private static let stems = Set(ranked.prefix(10_000).filter { $0.count >= 4 }).union(words)

    private static let ranked: [String] = commonPasswordList.withUTF8Buffer { bytes in
        bytes.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }.map { String(decoding: $0, as: UTF8.self) }
    }
    private static let words: Set<String> = [
        "carekeep", "hospital", "clinic", "medical", "medicine", "doctor", "nurse", "patient", "health", "ambulance",
        "administrator", "spring", "summer", "autumn", "winter", "london", "mumbai", "pune", "delhi", "india",
        "england",
        "arsenal", "chelsea", "liverpool",
    ]
    private static let ours: Set<String> = [
        "correcthorsebatterystaple", "correct horse battery staple", "passwordpassword", "qwertyuiopasdfgh",
        "1234567890123456", "testtest1",
    ]

    /// Whether a password is on the list, or one of it with up to six digits and signs before or behind it, or with letters written
    /// as digits and signs that look alike.
    static func contains(_ typed: String) -> Bool {
        let folded = typed.lowercased()
        let stem = stem(of: folded)
        if all.contains(folded) || all.contains(plain(folded)) { return true }
        return folded.count - stem.count <= 6 && (stems.contains(stem) || stems.contains(plain(stem)))
    }

    /// Without what stands before the first letter and behind the last.
    private static func stem(of text: String) -> String {
        String(text.drop { !$0.isLetter }.reversed().drop { !$0.isLetter }.reversed())
    }

    /// With letters for what stands for them.
    private static func plain(_ text: String) -> String {
        let letters: [Character: Character] = [
            "@": "a", "4": "a", "0": "o", "1": "i", "!": "i", "3": "e", "5": "s", "$": "s", "7": "t",
        ]
        return String(text.map { letters[$0] ?? $0 })
    }
}

/// Words that whoever knows somebody would try: their name, their address, where they belong, and this product.
public struct PersonalWords: Sendable {
    private let words: Set<String>

    /// From texts in which such words stand, as a name or an e-mail address. Those of fewer than four letters are too short to matter.
    public init(_ texts: [String]) {
        words = Set(
            (texts + ["carekeep"]).flatMap { text in
                let folded = text.lowercased()
                return folded.split { !$0.isLetter && !$0.isNumber }.map(String.init) + [folded.filter { $0 != " " }]
            }.filter { $0.count >= 4 }
        )
    }

    /// Whether a password is made of them: what is left without them is fewer than four letters, and not long.
    func make(_ typed: String) -> Bool {
        let folded = typed.lowercased()
        var left = folded
        for word in words.sorted(by: { ($0.count, $0) > ($1.count, $1) }) { left = left.replacing(word, with: "") }
        return left.count < folded.count && left.count <= 8 && left.filter(\.isLetter).count < 4
    }
}
