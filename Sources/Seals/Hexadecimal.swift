extension [UInt8] {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Two small digits a byte.
    package var hexadecimal: String {
        String(decoding: flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Reads two small digits a byte, and nothing else.
    package init?(hexadecimal text: String) {
        let values = text.utf8.map { Self.digits.firstIndex(of: $0) }
        guard values.count.isMultiple(of: 2), !values.contains(nil) else { return nil }
        self = stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0]! << 4 | values[$0 + 1]!) }
    }
}
