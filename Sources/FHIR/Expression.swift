/// The place of an element in a resource, in the part of FHIRPath that `OperationOutcome.issue.expression` uses:
/// names, dots and indices, as in `Patient.name[0].family`.
public struct Expression: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// The whole of something: a resource type, or nothing if that is not known.
    public init(_ root: String) { text = root }

    /// A place that was found by `JSONPlace`, and so is well formed.
    init(place text: String) { self.text = text }

    /// An element of this one. A name that no element of FHIR could have is somebody's text and is not repeated.
    public func child(_ name: String) -> Expression {
        let shown = Self.couldBeElement(name) ? name : "?"
        return Expression(place: text.isEmpty ? shown : "\(text).\(shown)")
    }

    /// One of several.
    public subscript(_ index: Int) -> Expression { Expression(place: "\(text)[\(index)]") }

    public var description: String { text }

    /// FHIR's rule for names of elements: a letter, then letters and digits, 64 in all. A `_` goes before a primitive's
    /// extensions.
    static func couldBeElement(_ name: String) -> Bool {
        let letters = name.utf8.first == UInt8(ascii: "_") ? name.utf8.dropFirst() : name.utf8[...]
        guard let first = letters.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20) else {
            return false
        }
        return letters.count <= 64
            && letters.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }
}
