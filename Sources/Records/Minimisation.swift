public import Care
public import FHIR

/// What an organisation's profile keeps out of its records: only what is needed is collected. (MIN-1)
///
/// | | family | clinic | operations |
/// |---|---|---|---|
/// | social security numbers | – | – | – |
/// | advertising ids | – | – | – |
/// | bank account and card numbers | – | – | – |
/// | driving licence, passport | – | – | staff's alone |
/// | coordinates of people's homes | – | – | kept |
///
/// The pages name advertising ids, precise location, social security and bank numbers (family) and card numbers (clinic).
/// The other dashes follow from the same sentence: nothing that a clinic or a service does needs an American social
/// security number, and nobody is treated by the number of their passport. A service needs to find the job, so it keeps
/// coordinates, and checks its staff's licences, so it keeps a Practitioner's. Where a hospital stands is no secret.
///
/// Names, dates and addresses are kept: care needs them. So is free text in clinical records, which nobody can sort by
/// rules; a narrative goes when it repeats a number that was taken out.
public enum Minimisation {
    /// Takes out of a resource what the profile forbids, and says what, by element and rule. Never with a value.
    public static func minimise(_ resource: inout Resource, to profile: Organization.Profile) -> [Issue] {
        var pruning = Pruning(profile: profile, type: resource.type)
        resource.object = pruning.resource(resource.object)
        return pruning.issues
    }

    /// Refuses a resource that holds what the profile forbids.
    public static func check(_ resource: Resource, profile: Organization.Profile) throws(Outcome) {
        var copy = resource
        let issues = minimise(&copy, to: profile)
        guard !issues.isEmpty else { return }
        throw Outcome(issues.map { Issue(.error, .businessRule, at: $0.expression, $0.rule) })
    }

    /// Takes out what the profile forbids, for a report that counts: each element without its indices, and the rule.
    public static func drop(from resource: inout Resource, profile: Organization.Profile) -> [String] {
        minimise(&resource, to: profile).map { issue in
            let element = issue.expression?.text.replacing(/\[[0-9]+\]/, with: "") ?? ""
            return "\(element): \(issue.rule)"
        }
    }
}

/// What may be forbidden.
private enum Forbidden {
    case socialSecurity, identityDocument, advertising, bankAccount, paymentCard, coordinates, narrative

    var rule: String {
        switch self {
        case .socialSecurity: "a social security number is not kept"
        case .identityDocument: "the number of a driving licence or passport is not kept"
        case .advertising: "an advertising id is not kept"
        case .bankAccount: "a bank account number is not kept"
        case .paymentCard: "a card number is not kept"
        case .coordinates: "the coordinates of a person's address are not kept"
        case .narrative: "the narrative repeats a number that is not kept"
        }
    }
}

/// One walk through a resource that leaves out what is forbidden, and what would be empty without it.
private struct Pruning {
    private enum Step {
        case child(String)
        case index(Int)
    }

    private(set) var issues: [Issue] = []
    private let profile: Organization.Profile
    private let root: Expression
    /// The type of the resource around, contained ones included.
    private var type: String
    private var steps: [Step] = []
    /// Numbers that were taken out, to look for in the narrative. They leave this walk for nowhere.
    private var removed: [String] = []

    init(profile: Organization.Profile, type: String) {
        self.profile = profile
        self.type = type
        root = Expression(type)
    }

    mutating func resource(_ object: JSONObject) -> JSONObject {
        let outer = type
        type = object["resourceType"]?.string ?? outer
        defer { type = outer }
        var kept = members(object)
        if let text = kept["text"]?["div"]?.string, isRepeated(in: text) {
            steps.append(.child("text"))
            note(.narrative)
            steps.removeLast()
            kept["text"] = nil
        }
        return kept
    }

    private mutating func members(_ object: JSONObject) -> JSONObject {
        var kept: [(key: String, value: JSON)] = []
        kept.reserveCapacity(object.members.count)
        for (key, value) in object.members {
            steps.append(.child(key))
            if let value = self.value(value, key) { kept.append((key, value)) }
            steps.removeLast()
        }
        return JSONObject(kept)
    }

    /// A value without what is forbidden; `nil` if nothing of it is left.
    private mutating func value(_ json: JSON, _ key: String) -> JSON? {
        switch json {
        case .array(let values):
            var kept: [JSON] = []
            for (index, value) in values.enumerated() {
                steps.append(.index(index))
                if let value = self.value(value, key) { kept.append(value) }
                steps.removeLast()
            }
            return kept.isEmpty && !values.isEmpty ? nil : .array(kept)
        case .object(let object):
            if let forbidden = forbidden(object, key) {
                remember(object)
                note(forbidden)
                return nil
            }
            if object["resourceType"] != nil { return .object(resource(object)) }
            let kept = members(object)
            return kept.isEmpty && !object.isEmpty ? nil : .object(kept)
        case .string(let text) where Self.mayHoldCards(key, in: type) && PaymentNumber.holdsCard(text):
            note(.paymentCard)
            return nil
        default: return json
        }
    }

    // MARK: What is forbidden

    private func forbidden(_ object: JSONObject, _ key: String) -> Forbidden? {
        if key == "extension" || key == "modifierExtension" { return forbidden(extension: object) }
        let isIdentifier = key == "identifier" || key.hasSuffix("Identifier")
        return isIdentifier ? forbidden(identifier: object) : nil
    }

    private func forbidden(extension object: JSONObject) -> Forbidden? {
        guard let url = object["url"]?.string else { return nil }
        if url == "http://hl7.org/fhir/StructureDefinition/geolocation", !keepsCoordinates { return .coordinates }
        return Self.namesAdvertising(url) ? .advertising : nil
    }

    private var keepsCoordinates: Bool {
        profile == .operations || type == "Location" || type == "Organization" || type == "HealthcareService"
    }

    private func forbidden(identifier: JSONObject) -> Forbidden? {
        let system = identifier["system"]?.string ?? ""
        let value = identifier["value"]?.string ?? ""
        let codes = (identifier["type"]?["coding"]?.array ?? []).compactMap { $0["code"]?.string }
        if Self.socialSecuritySystems.contains(system) || codes.contains("SS")
            || (system.isEmpty && Self.looksLikeSocialSecurity(value))
        {
            return .socialSecurity
        }
        if codes.contains(where: Self.documentCodes.contains), !(profile == .operations && type == "Practitioner") {
            return .identityDocument
        }
        if Self.namesAdvertising(system) { return .advertising }
        if codes.contains(where: Self.cardCodes.contains) { return .paymentCard }
        if (system.isEmpty || Self.isAboutMoney(type)) && PaymentNumber.holdsCard(value) { return .paymentCard }
        if codes.contains("BA") || PaymentNumber.isIBAN(value) { return .bankAccount }
        return nil
    }

    private static let socialSecuritySystems: Set<String> = [
        "http://hl7.org/fhir/sid/us-ssn", "urn:oid:2.16.840.1.113883.4.1",
    ]

    /// Codes of HL7's table 0203: driving licence, passport, diplomatic passport.
    private static let documentCodes: Set<String> = ["DL", "PPN", "DP"]

    /// Codes of HL7's table 0203: bank card, and the brands of cards it knows.
    private static let cardCodes: Set<String> = ["BC", "AM", "DI", "DS", "MS", "VS"]

    /// Three, two and four digits with hyphens between.
    private static func looksLikeSocialSecurity(_ value: String) -> Bool {
        let parts = value.split(separator: "-", omittingEmptySubsequences: false)
        return parts.map(\.utf8.count) == [3, 2, 4] && parts.allSatisfy { $0.utf8.allSatisfy { $0 &- 0x30 < 10 } }
    }

    /// Whether one of the words of a URL is a name for advertising ids.
    private static func namesAdvertising(_ url: String) -> Bool {
        let words = url.lowercased().split { !$0.isLetter }
        return words.contains { ["idfa", "gaid", "aaid", "adid", "advertising", "advertisingid"].contains($0) }
    }

    private static func isAboutMoney(_ type: String) -> Bool {
        [
            "Account", "ChargeItem", "Claim", "ClaimResponse", "Coverage", "ExplanationOfBenefit", "Invoice",
            "PaymentNotice", "PaymentReconciliation",
        ].contains(type)
    }

    /// Texts of records about money. Ids and addresses are made by machines, and by chance look like anything.
    private static func mayHoldCards(_ key: String, in type: String) -> Bool {
        isAboutMoney(type) && !["id", "reference", "url", "system", "fullUrl"].contains(key)
    }

    // MARK: Notes

    private mutating func note(_ forbidden: Forbidden) {
        let place = steps.reduce(root) { place, step in
            switch step {
            case .child(let name): place.child(name)
            case .index(let index): place[index]
            }
        }
        issues.append(Issue(.warning, .businessRule, at: place, forbidden.rule))
    }

    /// Keeps the number of an identifier in mind, for the narrative.
    private mutating func remember(_ object: JSONObject) {
        guard let value = object["value"]?.string, value.utf8.count >= 6, removed.count <= Self.mostRemoved else {
            return
        }
        removed.append(value)
    }

    /// Whether a narrative repeats what was taken out. With more numbers than anybody has, it is not read but dropped.
    private func isRepeated(in text: String) -> Bool {
        removed.count > Self.mostRemoved || removed.contains(where: text.contains)
    }

    private static let mostRemoved = 50
}

/// Numbers by which people pay.
private enum PaymentNumber {
    /// Whether a text has, anywhere, a card number: 13 to 19 digits by themselves, together or in the groups in which
    /// cards show them, that begin like those of a brand and end in Luhn's check. Digits inside a longer word, as in
    /// UUIDs, are none.
    static func holdsCard(_ text: String) -> Bool {
        var groups: [[UInt8]] = [[]]
        for byte in Array(text.utf8) + [0x2E] {
            switch byte {
            case 0x30...0x39: groups[groups.count - 1].append(byte - 0x30)
            case 0x20, 0x2D: groups.append([])
            case 0x41...0x5A, 0x61...0x7A, 0x80...: groups[groups.count - 1].append(letter)
            default:
                if holdsCard(groups) { return true }
                groups = [[]]
            }
        }
        return false
    }

    /// Stands for a letter among digits.
    private static let letter: UInt8 = 10

    private static func holdsCard(_ groups: [[UInt8]]) -> Bool {
        groups.indices.contains { start in
            if isCard(groups[start]) { return true }
            guard groups[start].count == 4 else { return false }
            return (3...5).contains { count in
                guard start + count <= groups.count else { return false }
                let parts = groups[start..<(start + count)]
                let sizes = parts.map(\.count)
                let isShown = sizes == [4, 6, 5] || sizes == [4, 6, 4] || sizes.dropLast().allSatisfy { $0 == 4 }
                return isShown && isCard(parts.flatMap(\.self))
            }
        }
    }

    private static func isCard(_ digits: [UInt8]) -> Bool {
        guard (13...19).contains(digits.count), !digits.contains(letter), isIssued(digits) else { return false }
        var sum = 0
        for (index, digit) in digits.reversed().enumerated() {
            let value = index % 2 == 0 ? Int(digit) : Int(digit) * 2
            sum += value > 9 ? value - 9 : value
        }
        return sum % 10 == 0
    }

    /// The beginnings that ISO 7812 gave to Visa, Mastercard, American Express, Diners, JCB, Discover, Maestro, RuPay and
    /// UnionPay.
    private static func isIssued(_ digits: [UInt8]) -> Bool {
        let two = Int(digits[0]) * 10 + Int(digits[1])
        let four = two * 100 + Int(digits[2]) * 10 + Int(digits[3])
        if two / 10 == 4 || (51...55).contains(two) || (2221...2720).contains(four) { return true }
        return [30, 34, 35, 36, 37, 38, 39, 50, 56, 57, 58, 60, 62, 63, 64, 65, 67, 68, 69, 81, 82].contains(two)
    }

    /// Whether a text is an IBAN: of a country's length, with the check digits of ISO 7064.
    static func isIBAN(_ text: String) -> Bool {
        let bytes = text.utf8.filter { $0 != 0x20 }
        guard bytes.count > 4, let length = lengths[String(decoding: bytes.prefix(2), as: UTF8.self)],
            bytes.count == length
        else { return false }
        var remainder = 0
        for byte in bytes.dropFirst(4) + bytes.prefix(4) {
            switch byte {
            case 0x30...0x39: remainder = (remainder * 10 + Int(byte - 0x30)) % 97
            case 0x41...0x5A: remainder = (remainder * 100 + Int(byte - 0x41) + 10) % 97
            default: return false
            }
        }
        return remainder == 1
    }

    private static let lengths: [String: Int] = [
        "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
        "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26,
        "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25,
        "RO": 24, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29,
    ]
}
