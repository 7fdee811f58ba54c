import Foundation
import People

/// A message as it goes over the wire: RFC 5322, plain text in UTF-8, quoted-printable.
struct MailMessage: Sendable {
    let from: MailAddress
    let to: MailAddress
    let bytes: [UInt8]

    /// Writes a letter down; `nil` if it has no address that can be used, or no link that works.
    init?(_ due: DueLetter, options: MailOptions) {
        guard let to = due.address, let words = LetterWords(due, base: options.base) else { return nil }
        self.init(
            words,
            from: options.from,
            to: to,
            id: "\(due.id.uuidString.lowercased())@\(options.from.domain)",
            date: due.queuedAt
        )
    }

    init(_ words: LetterWords, from: MailAddress, to: MailAddress, id: String, date: Date) {
        self.init(subject: words.subject, body: words.body, from: from, to: to, id: id, date: date)
    }

    init(subject: MailText, body: MailText, from: MailAddress, to: MailAddress, id: String, date: Date) {
        (self.from, self.to) = (from, to)
        let head = [
            "From: Carekeep <\(from.text)>",
            "To: <\(to.text)>",
            "Subject: \(Self.encodedWord(subject.text))",
            "Date: \(Self.date(date))",
            "Message-ID: <\(id)>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: quoted-printable",
            // RFC 3834: no out-of-office answers, please.
            "Auto-Submitted: auto-generated",
        ]
        bytes = Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + Self.quotedPrintable(body.text)
    }

    /// A header's text: as it is if it is plain and short, otherwise encoded words (RFC 2047) on lines of their own.
    static func encodedWord(_ text: String) -> String {
        if text.utf8.count <= 66, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }), !text.contains("=?") {
            return text
        }
        var words: [[UInt8]] = [[]]
        for character in text {
            let bytes = Array(String(character).utf8)
            // 76 characters of a line at most, `Subject: ` among them: 36 bytes are 48 in base64. A character is not divided.
            if words[words.count - 1].count + bytes.count > 36 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }

    /// RFC 2045, section 6.7: lines of 76 characters at most, each ended by CRLF.
    static func quotedPrintable(_ text: String) -> [UInt8] {
        var encoded: [UInt8] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var length = 0
            let bytes = Array(line.utf8)
            for (index, byte) in bytes.enumerated() {
                let isLast = index == bytes.count - 1
                let isPlain = byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "=") || byte == 0x20 && !isLast
                let written = isPlain ? [byte] : Array((byte < 16 ? "=0" : "=").utf8) + Self.hex(byte)
                if length + written.count > 75 {
                    encoded += Array("=\r\n".utf8)
                    length = 0
                }
                encoded += written
                length += written.count
            }
            encoded += Array("\r\n".utf8)
        }
        return encoded
    }

    private static func hex(_ byte: UInt8) -> [UInt8] { Array(String(byte, radix: 16, uppercase: true).utf8) }

    // MARK: Times

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func parts(of moment: Date) -> DateComponents {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar.dateComponents([.year, .month, .day, .weekday, .hour, .minute, .second], from: moment)
    }

    /// `Sun, 22 Nov 2026 12:40:00 +0000`
    static func date(_ moment: Date) -> String {
        let parts = parts(of: moment)
        let time = String(format: "%02d:%02d:%02d", parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0)
        return "\(days[(parts.weekday ?? 1) - 1]), \(day(of: moment)) \(time) +0000"
    }

    /// `22 Nov 2026`
    static func day(of moment: Date) -> String {
        let parts = parts(of: moment)
        return "\(parts.day ?? 1) \(months[(parts.month ?? 1) - 1]) \(parts.year ?? 0)"
    }

    /// `22 Nov 2026, 12:40 UTC`
    static func words(of moment: Date) -> String {
        let parts = parts(of: moment)
        return day(of: moment) + String(format: ", %02d:%02d UTC", parts.hour ?? 0, parts.minute ?? 0)
    }
}
