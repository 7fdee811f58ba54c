/// What R4 says about its types: the facts distilled by `scripts/distil-fhir`, read once when first needed.
///
/// The text has a line for each type, and for each element that has elements of its own:
///
///     Patient D identifier*Identifier active?boolean deceased[x]?boolean|dateTime contact*Patient.contact
///
/// After the base (`R`esource, `D`omainResource, `E`lement, `B`ackboneElement) come the elements: name, cardinality
/// (`?` 0..1, `!` 1..1, `*` 0..*, `+` 1..*) and types. `*` as a type means any; `code=set` is bound to a set of codes,
/// `Reference(A,B)` may point to these. A line that begins with `=` is such a set, with the codes of each system, where
/// `*/*` stands for all media types; with `?`, the search parameters of a type; with `@`, the elements by which a type belongs to a patient.
struct Definitions: Sendable {
    /// R4 (4.0.1).
    static let r4 = Definitions(parsing: definitionsOfR4)

    /// A type, or an element that has elements.
    struct TypeDefinition: Sendable {
        let name: String
        let elements: [Element]
        /// The members that JSON may have: an element's name, or for a choice its name with each of its types.
        let members: MemberTable
        let isResource: Bool
        /// The elements that must be given, a bit for each. No type has as many as 128.
        let required: UInt128

        init(name: String, elements: [Element], members: [String: Member], isResource: Bool) {
            (self.name, self.elements, self.members, self.isResource) = (
                name, elements, MemberTable(members), isResource
            )
            required = elements.indices.reduce(0) { elements[$1].isRequired ? $0 | 1 << UInt128($1) : $0 }
        }
    }

    struct Element: Sendable {
        let name: String
        let isRequired: Bool
        let repeats: Bool
        let isChoice: Bool
        /// The members by which it may be present.
        var keys: [String]
    }

    struct Member: Sendable {
        /// Index of the element in its type.
        let element: Int
        let type: ElementType
        let repeats: Bool
        let isChoice: Bool

        var isPrimitive: Bool { if case .primitive = type { true } else { false } }
    }

    enum ElementType: Sendable {
        case primitive(PrimitiveType, codes: CodeSet?)
        /// Index of the type; the codes that one of its codings must have.
        case complex(Int, codes: CodeSet?)
        /// The types that may be pointed to; empty for all.
        case reference(Int, targets: [String])
        case resource
    }

    /// The codes that an element must choose from.
    final class CodeSet: Sendable {
        let name: String
        let codes: Set<String>
        /// `system|code`.
        private let systemCodes: Set<String>
        /// The system of media types, if any of them is of the set.
        private let systemOfMediaTypes: String?

        init(name: String, codes: Set<String>, systemCodes: Set<String>) {
            self.name = name
            self.codes = codes.subtracting([MediaType.any])
            self.systemCodes = systemCodes
            systemOfMediaTypes = systemCodes.first { $0.hasSuffix("|\(MediaType.any)") }
                .map { String($0.dropLast(MediaType.any.count + 1)) }
        }

        /// Whether a code is of the set, whatever system it is of.
        func contains(_ code: String) -> Bool {
            codes.contains(code) || systemOfMediaTypes != nil && MediaType.isOne(code)
        }

        /// Whether a code of a system is of the set.
        func contains(_ code: String, of system: String) -> Bool {
            systemCodes.contains("\(system)|\(code)") || systemOfMediaTypes == system && MediaType.isOne(code)
        }
    }

    let types: [TypeDefinition]
    let index: [String: Int]
    /// Search parameters by type and name.
    let parameters: [String: [String: SearchParameter]]
    /// By type, the paths to references that make a resource a patient's.
    let compartment: [String: [[String]]]

    subscript(_ name: String) -> TypeDefinition? { index[name].map { types[$0] } }

    init(parsing text: StaticString) {
        let whole = text.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
        var reader = DefinitionReader()
        for line in Substring(whole).parts("\n") { reader.sort(line) }
        types = reader.types()
        index = reader.index
        parameters = reader.parameters
        compartment = reader.compartment
    }
}

/// Reads the text of the definitions. It is a part of the program, so whatever is wrong with it is a defect.
private struct DefinitionReader {
    private var typeLines: [Substring] = []
    private(set) var index: [String: Int] = [:]
    private(set) var parameters: [String: [String: SearchParameter]] = [:]
    private(set) var compartment: [String: [[String]]] = [:]
    private var sets: [Substring: Definitions.CodeSet] = [:]

    /// Puts a line where it belongs.
    mutating func sort(_ line: Substring) {
        switch line.first {
        case "=": addSet(line.dropFirst())
        case "?": addParameters(line.dropFirst())
        case "@": addCompartment(line.dropFirst())
        default:
            index[String(line.parts(" ")[0])] = typeLines.count
            typeLines.append(line)
        }
    }

    func types() -> [Definitions.TypeDefinition] {
        typeLines.map { type($0) }
    }

    // MARK: Types

    private static let common: [Substring: [Substring]] = [
        "R": ["id?id", "meta?Meta", "implicitRules?uri", "language?code"],
        "D": [
            "id?id", "meta?Meta", "implicitRules?uri", "language?code", "text?Narrative", "contained*Resource",
            "extension*Extension", "modifierExtension*Extension",
        ],
        "E": ["id?string", "extension*Extension"],
        "B": ["id?string", "extension*Extension", "modifierExtension*Extension"],
    ]

    /// The types of an element that may be of any type (R4, 2.24.0.1: open type element).
    private static let anyType: [Substring] =
        """
        base64Binary boolean canonical code date dateTime decimal id instant integer markdown oid positiveInt string time \
        unsignedInt uri url uuid Address Age Annotation Attachment CodeableConcept Coding ContactPoint Count Distance \
        Duration HumanName Identifier Money Period Quantity Range Ratio Reference SampledData Signature Timing \
        ContactDetail Contributor DataRequirement Expression ParameterDefinition RelatedArtifact TriggerDefinition \
        UsageContext Dosage Meta
        """.split(separator: " ")

    private func type(_ line: Substring) -> Definitions.TypeDefinition {
        let words = line.parts(" ")
        let isResource = words[1] == "R" || words[1] == "D"
        var elements: [Definitions.Element] = []
        var members: [String: Definitions.Member] = [:]
        for word in Self.common[words[1]]! + words[2...] {
            add(word, to: &elements, &members)
        }
        return Definitions.TypeDefinition(
            name: String(words[0]),
            elements: elements,
            members: members,
            isResource: isResource
        )
    }

    private func add(
        _ word: Substring,
        to elements: inout [Definitions.Element],
        _ members: inout [String: Definitions.Member]
    ) {
        let cardinality = word.utf8.firstIndex { "?!*+".utf8.contains($0) }!
        let isChoice = word[..<cardinality].hasSuffix("[x]")
        let name = String(isChoice ? word[..<cardinality].dropLast(3) : word[..<cardinality])
        let repeats = word[cardinality] == "*" || word[cardinality] == "+"
        let isRequired = word[cardinality] == "!" || word[cardinality] == "+"
        let list = word[word.index(after: cardinality)...]
        let types = list == "*" ? Self.anyType : list.parts("|")
        var element = Definitions.Element(
            name: name,
            isRequired: isRequired,
            repeats: repeats,
            isChoice: isChoice,
            keys: []
        )
        for type in types {
            let plain = type.parts("(")[0].parts("=")[0]
            let key = isChoice ? name + plain.prefix(1).uppercased() + plain.dropFirst() : name
            element.keys.append(key)
            members[key] = Definitions.Member(
                element: elements.count,
                type: self.elementType(type),
                repeats: repeats,
                isChoice: isChoice
            )
        }
        elements.append(element)
    }

    private func elementType(_ text: Substring) -> Definitions.ElementType {
        if text == "Resource" { return .resource }
        if text.hasPrefix("Reference") {
            let targets = text.dropFirst("Reference(".count).dropLast().parts(",").map(String.init)
            return .reference(index["Reference"]!, targets: targets)
        }
        let parts = text.parts("=")
        let codes = parts.count > 1 ? sets[parts[1]] : nil
        if let primitive = PrimitiveType(rawValue: String(parts[0])) { return .primitive(primitive, codes: codes) }
        return .complex(index[String(parts[0])]!, codes: codes)
    }

    // MARK: Sets, search parameters, compartment

    private mutating func addSet(_ line: Substring) {
        let words = line.parts(" ")
        var codes: Set<String> = []
        var systemCodes: Set<String> = []
        var system: Substring = ""
        for word in words.dropFirst() {
            if word.hasPrefix("|") {
                system = word.dropFirst()
            } else {
                codes.insert(String(word))
                systemCodes.insert("\(system)|\(word)")
            }
        }
        sets[words[0]] = Definitions.CodeSet(name: String(words[0]), codes: codes, systemCodes: systemCodes)
    }

    private mutating func addParameters(_ line: Substring) {
        let words = line.parts(" ")
        var found: [String: SearchParameter] = [:]
        for word in words.dropFirst() {
            let parameter = SearchParameter(distilled: word)
            found[parameter.name] = parameter
        }
        parameters[String(words[0])] = found
    }

    private mutating func addCompartment(_ line: Substring) {
        let words = line.parts(" ")
        compartment[String(words[0])] = words.dropFirst().map { $0.parts(".").map(String.init) }
    }
}

extension Substring {
    /// The parts between separators, found by bytes, which is much faster than by characters.
    func parts(_ separator: Unicode.Scalar) -> [Substring] {
        utf8.split(separator: UInt8(ascii: separator)).map { Substring($0) }
    }
}
