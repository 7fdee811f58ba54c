/// Where a request came from and what it asked: the part of an audit entry that is sealed, since it may hold health data
/// (a query) or tell on somebody (an address).
///
/// Encoded as a version byte and five UTF-8 texts, each behind its length in 16 bits: address, device, request, query, reason.
public struct AccessNote: Sendable, Equatable {
    /// The client's IP address.
    public var address: String
    /// What the client says it is (`User-Agent`), cut at 200 bytes.
    public var device: String
    /// The request's id, as in the logs.
    public var request: String
    /// The query, of a search.
    public var query: String
    /// Why, in the person's own words, where an act asks for it.
    public var reason: String

    /// Notes where a request came from.
    public init(address: String, device: String, request: String, query: String = "", reason: String = "") {
        self.address = address
        self.device = device
        self.request = request
        self.query = query
        self.reason = reason
    }

    /// The note as bytes.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = [1]
        for (text, limit) in [(address, 64), (device, 200), (request, 64), (query, 2000), (reason, 2000)] {
            let cut = Self.cut(text, to: limit)
            bytes.append(UInt8(cut.count >> 8))
            bytes.append(UInt8(cut.count & 0xFF))
            bytes.append(contentsOf: cut)
        }
        return bytes
    }

    /// Reads what ``encoded`` wrote; `nil` for anything else.
    public init?(encoded bytes: [UInt8]) {
        guard bytes.first == 1 else { return nil }
        var texts: [String] = []
        var rest = bytes.dropFirst()
        while let high = rest.popFirst() {
            guard let low = rest.popFirst() else { return nil }
            let length = Int(high) << 8 | Int(low)
            guard length <= rest.count else { return nil }
            texts.append(String(decoding: rest.prefix(length), as: UTF8.self))
            rest = rest.dropFirst(length)
        }
        guard texts.count == 5 else { return nil }
        self.init(address: texts[0], device: texts[1], request: texts[2], query: texts[3], reason: texts[4])
    }

    /// The longest beginning of at most `limit` bytes that ends between two characters.
    private static func cut(_ text: String, to limit: Int) -> ArraySlice<UInt8> {
        let utf8 = Array(text.utf8)
        guard utf8.count > limit else { return utf8[...] }
        var end = limit
        while end > 0, utf8[end] & 0xC0 == 0x80 { end -= 1 }
        return utf8[..<end]
    }
}
