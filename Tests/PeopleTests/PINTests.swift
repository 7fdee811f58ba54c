import Testing

@testable import People

@Suite struct `A PIN that somebody chooses` {
    @Test(arguments: ["284915", "730264", "905273", "498136"])
    func `is taken`(typed: String) { #expect(PIN.weakness(of: typed) == nil) }

    @Test(arguments: ["", "12345", "1234567", "12a456", "１２３４５６", " 28491", "28491\u{0}", "284915\n"])
    func `is six digits`(typed: String) { #expect(PIN.weakness(of: typed) == .notSixDigits) }

    @Test(arguments: [
        "000000", "111112", "123456", "654321", "246802", "975319", "123123", "907907", "123321", "112233", "101112",
        "120583",
        "581231", "311299", "123199", "830512", "121983", "198312", "147258", "789456", "314159",
    ])
    func `is refused if it is among the first that somebody would try`(typed: String) {
        #expect(PIN.weakness(of: typed) == .tooSimple)
    }

    @Test func `leaves most PINs to be chosen`() {
        let weak = (0..<1_000_000).lazy.map { String(String($0 + 1_000_000).dropFirst()) }.count {
            PIN.weakness(of: $0) != nil
        }
        #expect(weak < 200_000)
    }
}
