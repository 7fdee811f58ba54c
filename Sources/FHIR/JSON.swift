/// A JSON text, exactly: members keep their order and numbers keep every digit.
///
/// A record of somebody's health must come out as it went in. `1.50` says something that `1.5` does not (how well it was
/// measured), so a number is kept as it was written.
///
/// Equality is exact as well: order of members, digits of numbers and bytes of strings all count.
public enum JSON: Sendable {
    case null
    case bool(Bool)
    /// A number as it was written, in the grammar of RFC 8259.
    case number(String)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

/// The members of a JSON object, in their order.
public struct JSONObject: Sendable {
    public var members: [(key: String, value: JSON)]

    /// An object with these members. Their keys must differ.
    public init(_ members: [(key: String, value: JSON)] = []) {
        self.members = members
    }

    /// The value of a member. Setting `nil` removes it, setting a new key appends it.
    public subscript(_ key: String) -> JSON? {
        get {
            for member in members where member.key == key { return member.value }
            return nil
        }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
        }
    }

    /// The keys, in their order.
    public var keys: [String] { members.map(\.key) }
    public var isEmpty: Bool { members.isEmpty }
}

// MARK: Reading values

extension JSON {
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// The text of a number, as it was written.
    public var number: String? { if case .number(let text) = self { text } else { nil } }
    /// A number that is a whole one and fits.
    public var integer: Int? { if case .number(let text) = self { Int(text) } else { nil } }
    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var array: [JSON]? { if case .array(let values) = self { values } else { nil } }
    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// A member of an object; `nil` for everything that is none.
    public subscript(_ key: String) -> JSON? {
        get { if case .object(let object) = self { object[key] } else { nil } }
        set {
            guard case .object(var object) = self else { return }
            self = .null  // so that the members are changed in place and not copied
            object[key] = newValue
            self = .object(object)
        }
    }

    /// An element of an array; `nil` outside its bounds and for everything that is no array.
    public subscript(_ index: Int) -> JSON? {
        guard case .array(let values) = self, values.indices.contains(index) else { return nil }
        return values[index]
    }
}

// MARK: Equality

extension JSON: Equatable {
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left.hasSameBytes(as: right)
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

extension JSONObject: Equatable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.elementsEqual(right.members) { $0.key.hasSameBytes(as: $1.key) && $0.value == $1.value }
    }
}

extension String {
    /// Whether the two are written with the same bytes; `==` also takes `é` and `e` with an accent for the same.
    func hasSameBytes(as other: String) -> Bool {
        self == other && utf8.elementsEqual(other.utf8)
    }
}

// MARK: Literals

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .number(String(value)) }
    public init(nilLiteral: ()) { self = .null }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { (key: $0.0, value: $0.1) }))
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self.init(elements.map { (key: $0.0, value: $0.1) })
    }
}
