import CCurl
import Foundation
import Testing

@testable import People
@testable import Portal

private let us = MailAddress("carekeep@example.org")!
private let moment = Date(timeIntervalSince1970: 1_795_351_200)  // 2026-11-22 12:40:00 UTC

private func message(_ subject: MailText = "Hello", _ body: MailText = "Hello,\n\nnothing.") -> String {
    let message = MailMessage(
        subject: subject,
        body: body,
        from: us,
        to: MailAddress("ada@example.org")!,
        id: "1@example.org",
        date: moment
    )
    return String(decoding: message.bytes, as: UTF8.self)
}

@Suite struct `A letter by mail` {
    private let link = AccountLink(organization: UUID()).text

    private func due(_ letter: Letter, organization: OneLine? = OneLine("The Okafors")) -> DueLetter {
        DueLetter(
            id: UUID(),
            letter: letter,
            address: MailAddress("ada@example.org"),
            organization: organization,
            queuedAt: moment
        )
    }

    private func mailOptions(
        host: String = "mail.example.org",
        sealing: MailOptions.Sealing = .starttls,
        base: String = "https://care.example.org"
    ) -> MailOptions? {
        MailOptions(host: host, port: 587, sealing: sealing, account: nil, from: us, authority: nil, base: base)
    }

    @Test func `has the head that mail servers want`() throws {
        let lines = message().components(separatedBy: "\r\n")
        #expect(
            lines.prefix { !$0.isEmpty } == [
                "From: Carekeep <carekeep@example.org>", "To: <ada@example.org>", "Subject: Hello",
                "Date: Sun, 22 Nov 2026 12:40:00 +0000", "Message-ID: <1@example.org>", "MIME-Version: 1.0",
                "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable",
                "Auto-Submitted: auto-generated",
            ]
        )
        #expect(lines.dropFirst(9) == ["", "Hello,", "", "nothing.", ""])
    }

    @Test func `keeps every line short and plain`() throws {
        let long = OneLine(String(repeating: "अ=é ", count: 49))!
        let text = message("\(long)", "\(long) \(long)\n trailing \n")
        for line in text.components(separatedBy: "\r\n") {
            #expect(line.utf8.count <= 76 && line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(line)")
            #expect(line.last != " ")
        }
        #expect(!text.replacing("\r\n", with: "").contains { $0.isNewline })
        let words = text.matches(of: /=\?utf-8\?B\?([A-Za-z0-9+\/=]+)\?=/).map { Data(base64Encoded: String($0.1))! }
        #expect(words.map { String(validating: $0, as: UTF8.self) ?? "a divided character" }.joined() == long.text)
    }

    @Test(arguments: [
        "a@b\r\nBcc: c@d", "a@b\n", "a@b\r", "a b@c", "a@b@c", "@b", "a@", "a@b>", "<a@b>", "a@b c", "a@-b", "a@b-",
        "a..b@c", ".a@c", "a@b,c@d", "a\u{0}@b", "a@b\u{2028}c", "ä@b", "a@ä.example", "\"a b\"@c", "a@[127.0.0.1]", "",
        "a@b\u{0B}", "a(x)@b", "a:b@c", "a;b@c", "a\\b@c",
    ])
    func `goes to no address that could be more than one`(text: String) {
        #expect(MailAddress(text) == nil)
    }

    @Test func `goes to addresses as people have them`() {
        for text in ["ada@example.org", "Ada.O'Hara+care@mail.example-1.org", "a@localhost", "x_y@sub.d.example"] {
            #expect(MailAddress(text)?.text == text)
        }
        #expect(MailAddress(String(repeating: "a", count: 65) + "@b.example") == nil)
        #expect(MailAddress("a@" + String(repeating: "b.", count: 130) + "example") == nil)
    }

    @Test(arguments: [
        "two\r\nlines", "two\nlines", "a\u{85}b", "a\u{2028}b", "a\u{2029}b", "nul\u{0}", "bell\u{7}", "",
        "right\u{202E}left",
        "\u{2066}x", "\u{FEFF}x", String(repeating: "x", count: 201),
    ])
    func `takes no value that would leave its line`(text: String) {
        #expect(OneLine(text) == nil)
    }

    @Test func `takes names as people have them`() {
        for text in ["The Okafors", "सनराइज़ क्लिनिक", "O’Neill & Søn", "क्‍ष"] { #expect(OneLine(text)?.text == text) }
    }

    @Test func `brings a link of ours, and no other`() throws {
        let options = try #require(mailOptions())
        for letter in [Letter.setPassword(link: link), .invitation(link: link)] {
            let text = try #require(LetterWords(due(letter), base: options.base)).body.text
            #expect(text.contains("\nhttps://care.example.org/password?link=\(link)\n"))
            #expect(text.hasPrefix("Hello,\n\nThe Okafors "))
        }
        for wrong in ["", "x", "https://evil.example", link + "\r\n", link + "&x", String(link.dropLast())] {
            #expect(MailMessage(due(.setPassword(link: wrong)), options: options) == nil, "\(wrong)")
        }
    }

    @Test func `does without a name that is none, and says nothing of a device that says too much`() throws {
        let unnamed = try #require(LetterWords(due(.setPassword(link: link), organization: nil), base: "https://x"))
        #expect(unnamed.body.text.contains("Somebody who keeps records there has made"))
        let device = try #require(LetterWords(due(.newDevice(device: "a\r\n\r\nPay here")), base: "https://x"))
        #expect(!device.body.text.contains("Pay here"))
    }

    @Test func `is known by one id in every attempt`() throws {
        let options = try #require(mailOptions())
        let due = due(.setPassword(link: link))
        let (one, two) = (MailMessage(due, options: options), MailMessage(due, options: options))
        #expect(one?.bytes == two?.bytes)
        let text = String(decoding: try #require(one).bytes, as: UTF8.self)
        #expect(text.contains("\r\nMessage-ID: <\(due.id.uuidString.lowercased())@example.org>\r\n"))
    }

    @Test func `goes in the clear to this machine alone`() {
        for host in ["localhost", "127.0.0.1", "[::1]"] { #expect(mailOptions(host: host, sealing: .none) != nil) }
        for host in ["mail.example.org", "127.0.0.1.example.org", "localhost.example.org", "10.0.0.1"] {
            #expect(mailOptions(host: host, sealing: .none) == nil)
            #expect(mailOptions(host: host) != nil)
        }
        for host in ["a/b", "a b", "", "a@b", "a:25", "a\r\nb"] { #expect(mailOptions(host: host) == nil, "\(host)") }
    }

    @Test func `names us as we are called`() {
        #expect(mailOptions()?.url == "smtp://mail.example.org:587/care.example.org")
        #expect(mailOptions(sealing: .implicit)?.url == "smtps://mail.example.org:587/care.example.org")
        #expect(
            mailOptions(base: "https://care.example.org:8443")?.url == "smtp://mail.example.org:587/care.example.org"
        )
        #expect(mailOptions(base: "https://[::1]:8443")?.url == "smtp://mail.example.org:587/localhost")
        #expect(mailOptions(base: "https://192.0.2.1")?.url == "smtp://mail.example.org:587/localhost")
    }

    @Test func `is given up only for what the server says against it`() {
        let delivery = { MailSender.delivery($0, reply: $1, hasBegun: $2) }
        #expect(delivery(CURLE_OK, 250, true) == .sent)
        #expect(delivery(CURLE_SEND_ERROR, 550, false) == .refused(code: "smtp_550"))
        #expect(delivery(CURLE_WEIRD_SERVER_REPLY, 554, true) == .refused(code: "smtp_554"))
        #expect(delivery(CURLE_SEND_ERROR, 450, false) == .failed(code: "smtp_450"))
        #expect(delivery(CURLE_WEIRD_SERVER_REPLY, 451, true) == .failed(code: "smtp_451"))
        // A greeting that sends everybody away, and a demand to sign in, are no fault of the letter's.
        #expect(delivery(CURLE_WEIRD_SERVER_REPLY, 554, false) == .failed(code: "curl_8"))
        #expect(delivery(CURLE_SEND_ERROR, 530, false) == .failed(code: "smtp_530"))
        #expect(delivery(CURLE_LOGIN_DENIED, 535, false) == .failed(code: "login_refused"))
        #expect(delivery(CURLE_USE_SSL_FAILED, 250, false) == .failed(code: "tls_not_offered"))
        #expect(delivery(CURLE_PEER_FAILED_VERIFICATION, 220, false) == .failed(code: "certificate_not_trusted"))
        #expect(delivery(CURLE_COULDNT_CONNECT, 0, false) == .failed(code: "not_reached"))
        #expect(delivery(CURLE_GOT_NOTHING, 0, true) == .failed(code: "curl_52"))
    }
}
