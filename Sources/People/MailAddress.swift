/// An e-mail address that mail can be sent to: one `@`, letters, digits and signs of RFC 5321 before it, a host's name behind it.
///
/// Whatever could end a line, a header or a command of SMTP is refused here, and so cannot be in any. Quoted forms, comments, literal IP
/// addresses and letters beyond ASCII are refused too: few servers take them.
public struct MailAddress: Sendable, Hashable, CustomStringConvertible {
    /// As it was given.
    public let text: String

    /// An address; `nil` if it is none of this form.
    public init?(_ text: String) {
        let form =
            /[A-Za-z0-9!#$%&'*+\/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+\/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*/
        guard text.utf8.count <= 254, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            text.wholeMatch(of: form) != nil, text.prefix(while: { $0 != "@" }).utf8.count <= 64
        else { return nil }
        self.text = text
    }

    /// What stands behind the `@`.
    public var domain: Substring { text.drop { $0 != "@" }.dropFirst() }

    /// Whether nobody can ever have it: `.invalid` is kept free of names for good. (RFC 2606, section 2)
    public var isNobodys: Bool { domain.lowercased().split(separator: ".").last == "invalid" }

    /// Nothing of it.
    public var description: String { "(an address)" }
}

/// A text that stays on its line: a name in a letter, say. It holds no line break, no control character, and nothing that turns the
/// direction of what follows.
public struct OneLine: Sendable, Hashable {
    /// As it was given.
    public let text: String

    /// A text of 1 to 200 characters; `nil` if it would not stay on its line.
    public init?(_ text: String) {
        guard (1...200).contains(text.count), text.utf8.count <= 1_000, text.unicodeScalars.allSatisfy(Self.fits) else {
            return nil
        }
        self.text = text
    }

    private static func fits(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        // Joiners of scripts and emoji are formats too; what reorders text is not taken.
        case .format: scalar.value == 0x200C || scalar.value == 0x200D
        default: true
        }
    }
}
