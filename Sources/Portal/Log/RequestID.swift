/// Names a request in logs, in the trail and to whoever reports a fault. Random; says nothing.
public struct RequestID: Sendable, Hashable, CustomStringConvertible {
    private let number: UInt64

    /// A new one.
    public init() { number = .random(in: .min ... .max) }

    /// Digits and small letters.
    public var description: String { String(number, radix: 36) }
}
