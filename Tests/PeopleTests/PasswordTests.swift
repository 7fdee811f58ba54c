import Testing

@testable import People

@Suite struct `A password that somebody wants to set` {
    private let ada = PersonalWords(["ada.okafor@example.org", "Ada Okafor", "Sunrise Clinics"])

    @Test(arguments: [
        "password1", "Password123", "P@ssw0rd1", "1q2w3e4r5t", "Dragon2026!", "dr4g0n99!", "!!Summer2026", "Autumn2026",
        "Qwerty!2345", "correct horse battery staple", "passwordpassword", "Iloveyou2", "Trustno1!", "carekeep1",
        "Hospital123", "Patient-2026", "LETMEIN1!", "1234567890123456", "administrator1", "liverpool1", "Pune1234",
    ])
    func `is refused if it is common, or made of one that is`(typed: String) {
        #expect(Password.weakness(of: typed) == .tooCommon)
    }

    @Test(arguments: [
        "seven lamps on the quay", "a long walk to the sea", "kestrel-9-harbour", "grey horse, 3 clouds", "xK7#pq9ZwL",
        "Regenschirm 44 Tee", "दो नदियाँ और एक पुल",
    ])
    func `is taken if it is not`(typed: String) {
        #expect(Password.weakness(of: typed, personal: ada) == nil)
    }

    @Test(arguments: [
        "Ada.Okafor1", "okafor-2026", "SunriseClinics1", "ada.okafor@example.org", "okafor okafor 1", "Example.Org1",
    ])
    func `is refused if it is made of what others know`(typed: String) {
        #expect(Password.weakness(of: typed, personal: ada) == .tooPersonal)
        #expect(Password.weakness(of: typed, personal: PersonalWords([])) != .tooPersonal)
    }

    @Test func `may have a name in it, with enough besides`() {
        #expect(Password.weakness(of: "okafor by 7 lamps", personal: ada) == nil)
        #expect(Password.weakness(of: "ann 7 lamps, quay", personal: PersonalWords(["Ann Lee"])) == nil)
    }

    @Test(arguments: [("short 1", Password.Weakness.tooShort), ("abcdefghijk", .tooSimple)])
    func `is refused by length and kind`(typed: String, weakness: Password.Weakness) {
        #expect(Password.weakness(of: typed) == weakness)
    }

    @Test func `is compared with thousands`() {
        let words = "\(commonPasswordList)".split { $0 == " " || $0 == "\n" }
        #expect(words.count == 30_000 && Set(words).count == 30_000)
        // Whatever of it passes the other rules is refused by this one.
        #expect(words.allSatisfy { Password.weakness(of: String($0)) != nil })
        #expect(words.count { $0.count >= 8 && Password.weakness(of: $0.uppercased()) == .tooCommon } > 10_000)
    }
}
