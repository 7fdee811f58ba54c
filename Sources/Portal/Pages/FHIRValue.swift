import FHIR

/// Reads the parts of one FHIR resource and says them in words.
///
/// It takes whatever is there: what is missing or of the wrong type is left out, for a page is no place to validate.
struct FHIRValue {
    let object: JSONObject
    let words: Words

    subscript(_ key: String) -> JSON? { self.object[key] }

    func string(_ key: String) -> String? { self.object[key]?.string }

    func items(_ key: String) -> [JSON] {
        switch self.object[key] {
        case .array(let items): items
        case .some(let item) where !item.isNull: [item]
        default: []
        }
    }

    /// The first of several elements that holds a time: `effectiveDateTime`, or the start of `effectivePeriod`.
    func moment(_ keys: String...) -> Moment? {
        for key in keys {
            if let text = self.string(key) ?? self[key]?["start"]?.string, let moment = Moment(fhir: text) {
                return moment
            }
        }
        return nil
    }

    /// The texts of an element that is a `CodeableConcept`, or several.
    func concepts(_ key: String) -> [String] { self.items(key).compactMap(self.concept) }

    func concept(_ key: String) -> String? { self.concepts(key).first }

    /// The names of what an element refers to.
    func references(_ key: String) -> [String] { self.items(key).compactMap(self.reference) }

    /// What people wrote in `note`.
    var notes: [String] { self.items("note").compactMap { $0["text"]?.string } }
}

// MARK: Data types

extension FHIRValue {
    /// A `CodeableConcept` or `Coding`: what a person wrote, else the name of a code, else the code.
    func concept(_ value: JSON?) -> String? {
        guard let value else { return nil }
        if let text = value["text"]?.string, !text.isEmpty { return Terms.tidied(text) }
        let codings = value["coding"]?.array ?? [value]
        if let display = codings.lazy.compactMap({ $0["display"]?.string }).first(where: { !$0.isEmpty }) {
            return Terms.tidied(display)
        }
        return codings.lazy.compactMap { $0["code"]?.string }.first.map(Terms.code)
    }

    func codes(_ value: JSON?) -> [String] { (value?["coding"]?.array ?? []).compactMap { $0["code"]?.string } }

    /// A `Reference`: what it is called here, or what is said of it inside this very resource.
    func reference(_ value: JSON?) -> String? {
        guard let value else { return nil }
        if let display = value["display"]?.string, !display.isEmpty { return Terms.tidied(display) }
        if let text = value["reference"]?.string, text.hasPrefix("#") {
            return self.contained(String(text.dropFirst()))
        }
        return value["identifier"].flatMap(self.identifier)
    }

    private func contained(_ id: String) -> String? {
        guard let found = self.object["contained"]?.array?.first(where: { $0["id"]?.string == id }) else { return nil }
        let parts = (found["ingredient"]?.array ?? []).compactMap { self.concept($0["itemCodeableConcept"]) }
        return self.concept(found["code"]) ?? found["name"]?.string ?? self.name(found["name"]?[0])
            ?? self.concept(found["type"]) ?? (parts.isEmpty ? nil : self.words.list(parts))
    }

    /// A `Quantity`, `Range`, `Ratio` or `Money`. Of a dose no digit is left out.
    func quantity(_ value: JSON?, isDose: Bool = false) -> String? {
        guard let value else { return nil }
        if let number = value["value"]?.number {
            if let currency = value["currency"]?.string { return Terms.money(number, currency) }
            return self.measure(isDose ? number : Terms.rounded(number), value)
        }
        switch (self.quantity(value["low"], isDose: isDose), self.quantity(value["high"], isDose: isDose)) {
        case (let low?, let high?): return "\(low) to \(high)"
        case (let low?, nil): return "\(low) or more"
        case (nil, let high?): return "up to \(high)"
        case (nil, nil): break
        }
        if let numerator = self.quantity(value["numerator"], isDose: isDose) {
            return self.quantity(value["denominator"], isDose: isDose).map { "\(numerator) per \($0)" } ?? numerator
        }
        return nil
    }

    private func measure(_ number: String, _ value: JSON) -> String {
        let code = value["code"]?.string
        let text = (value["comparator"]?.string.map { "\(Terms.comparator($0)) " } ?? "") + number
        var unit = Terms.unit(value["unit"]?.string ?? code ?? "", code: code)
        if number == "1", ["years", "months", "weeks", "days", "hours", "minutes"].contains(unit) { unit.removeLast() }
        if unit.isEmpty { return text }
        return unit.hasPrefix("%") || unit.hasPrefix("°") ? text + unit : "\(text) \(unit)"
    }

    func date(_ value: JSON?) -> String? { value?.string.flatMap(Moment.init(fhir:)).map(self.words.moment) }

    /// A `Period`: "from 3 March 2026 to 9 April 2026", or a day with two times.
    func period(_ value: JSON?) -> String? {
        let start = value?["start"]?.string.flatMap(Moment.init(fhir:))
        let end = value?["end"]?.string.flatMap(Moment.init(fhir:))
        switch (start, end) {
        case (let start?, let end?) where start == end: return self.words.moment(start)
        case (let start?, let end?) where start.day == end.day:
            guard let from = start.minute, let to = end.minute else { return self.words.date(start.day) }
            return "\(self.words.date(start.day)), \(self.words.time(from)) to \(self.words.time(to))"
        case (let start?, let end?): return "\(self.words.date(start.day)) to \(self.words.date(end.day))"
        case (let start?, nil): return "since \(self.words.date(start.day))"
        case (nil, let end?): return "until \(self.words.date(end.day))"
        case (nil, nil): return nil
        }
    }

    /// A `HumanName`.
    func name(_ value: JSON?) -> String? {
        guard let value else { return nil }
        if let text = value["text"]?.string, !text.isEmpty { return text }
        let given = (value["given"]?.array ?? []).compactMap(\.string)
        let parts =
            (value["prefix"]?.array ?? []).compactMap(\.string) + given + [value["family"]?.string].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }

    /// An `Address`.
    func address(_ value: JSON?) -> String? {
        guard let value else { return nil }
        if let text = value["text"]?.string { return text }
        let lines = (value["line"]?.array ?? []).compactMap(\.string)
        let places = ["city", "district", "state", "postalCode", "country"].compactMap { value[$0]?.string }
        let parts = lines + places
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// A `ContactPoint`.
    func contact(_ value: JSON?) -> String? {
        guard let text = value?["value"]?.string else { return nil }
        let use = value?["use"]?.string.map { " (\(Terms.code($0)))" } ?? ""
        return text + use
    }

    /// An `Identifier`, with the name of who gives such numbers if that is known.
    func identifier(_ value: JSON?) -> String? {
        guard let text = value?["value"]?.string, !FHIRValue.isForMachines(text) else { return nil }
        let kind =
            value.flatMap { self.concept($0["type"]) } ?? value?["system"]?.string.flatMap(Terms.identifierSystem)
        return kind.map { "\($0) \(text)" } ?? text
    }

    /// URNs and UUIDs: nobody has them on a card, and the technical form shows them.
    private static func isForMachines(_ text: String) -> Bool {
        let groups = text.split(separator: "-").map(\.utf8.count)
        return text.hasPrefix("urn:") || (groups == [8, 4, 4, 4, 12] && text.allSatisfy { $0.isHexDigit || $0 == "-" })
    }

    /// A `Dosage`: the instruction as written, else put together from its parts.
    func dosage(_ value: JSON?) -> String? {
        guard let value else { return nil }
        if let text = value["text"]?.string ?? value["patientInstruction"]?.string, !text.isEmpty { return text }
        let rate = value["doseAndRate"]?[0]
        let dose = self.quantity(rate?["doseQuantity"] ?? rate?["doseRange"] ?? value["dose"], isDose: true)
        var parts = [dose, self.concept(value["route"]), self.timing(value["timing"])].compactMap(\.self)
        if value["asNeededBoolean"]?.bool == true { parts.append("when needed") }
        if let reason = self.concept(value["asNeededCodeableConcept"]) { parts.append("when needed for \(reason)") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// A `Timing`: "2 times every 8 hours".
    func timing(_ value: JSON?) -> String? {
        guard let value else { return nil }
        if let text = value["code"].flatMap(self.concept) { return text }
        guard let rule = value["repeat"] else { return nil }
        let often = rule["frequency"]?.integer ?? 1
        guard let period = rule["period"]?.number, let unit = rule["periodUnit"]?.string else {
            return self.period(rule["boundsPeriod"])
        }
        let names = ["s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"]
        let name = names[unit] ?? unit
        let each =
            period == "1" ? "a \(name)".replacing("a hour", with: "an hour") : "every \(period) \(name)s"
        return often == 1 && period != "1"
            ? each : "\(often == 1 ? "once" : often == 2 ? "twice" : "\(often) times") \(each)"
    }
}

// MARK: Anything

extension FHIRValue {
    /// The value of an element of the kind `value[x]`, `onset[x]` …, whatever its type.
    func choice(_ stem: String) -> String? {
        for member in self.object.members where member.key.hasPrefix(stem) && member.key.utf8.count > stem.utf8.count {
            let type = member.key.dropFirst(stem.count)
            guard type.first?.isUppercase == true else { continue }
            if let text = self.text(member.value, named: member.key) { return text }
        }
        return nil
    }

    /// Any value in words. `depth` bounds how deep it goes into what it does not know.
    func text(_ value: JSON?, named key: String = "", depth: Int = 0) -> String? {
        switch value {
        case nil, .null?: nil
        case .bool(let truth)?: truth ? "yes" : "no"
        case .number(let number)?: Terms.rounded(number)
        case .string(let string)?: self.plain(string, named: key)
        case .array(let items)?:
            FHIRValue.joined(items.compactMap { self.text($0, named: key, depth: depth) }, by: ", ")
        case .object(let object)?: self.text(object, named: key, depth: depth)
        }
    }

    private func plain(_ string: String, named key: String) -> String? {
        guard !string.isEmpty else { return nil }
        if string.utf8.count > 100, !string.contains(where: \.isWhitespace) { return "see the technical form" }
        let isDate = string.utf8.count == 10 || string.utf8.dropFirst(10).first == UInt8(ascii: "T")
        if isDate, let moment = Moment(fhir: string), moment.day.day != nil { return self.words.moment(moment) }
        return FHIRValue.codeKeys.contains(key) ? Terms.code(string) : string
    }

    /// Elements whose strings are codes and not prose.
    private static let codeKeys: Set = [
        "status", "intent", "priority", "use", "outcome", "criticality", "category", "mode", "gender", "docStatus",
        "kind",
        "lifecycleStatus", "type",
    ]

    private func text(_ object: JSONObject, named key: String, depth: Int) -> String? {
        let value = JSON.object(object)
        if key == "identifier" { return self.identifier(value) }
        if object["coding"] != nil || object["display"] != nil || object["reference"] != nil {
            return self.reference(value) ?? (object["reference"] == nil ? self.concept(value) : nil)
        }
        if let quantity = self.quantity(value) { return quantity }
        if object["start"] != nil || object["end"] != nil, let period = self.period(value) { return period }
        if object["family"] != nil || object["given"] != nil { return self.name(value) }
        if object["line"] != nil || object["postalCode"] != nil { return self.address(value) }
        if object["doseAndRate"] != nil || object["timing"] != nil { return self.dosage(value) }
        if object["repeat"] != nil { return self.timing(value) }
        if object["system"] != nil, object["code"]?.string != nil { return self.concept(value) }
        if object["value"]?.string != nil, object["system"] != nil || object["use"] != nil || object["type"] != nil {
            return self.identifier(value)
        }
        if object["text"] != nil, let text = self.concept(value) { return text }
        guard depth < 3 else { return nil }
        let parts = object.members.compactMap { member -> String? in
            guard !FHIRValue.machinery.contains(member.key) else { return nil }
            return self.text(member.value, named: member.key, depth: depth + 1).map {
                "\(Terms.label(member.key).lowercased()): \($0)"
            }
        }
        return FHIRValue.joined(parts, by: "; ")
    }

    private static func joined(_ parts: [String], by separator: String) -> String? {
        parts.isEmpty ? nil : parts.joined(separator: separator)
    }

    /// Elements that say nothing to a person.
    static let machinery: Set = [
        "resourceType", "id", "meta", "implicitRules", "language", "text", "contained", "extension",
        "modifierExtension",
        "sequence", "linkId", "data",
    ]

    /// Facts about everything but the elements already told.
    func everything(but told: Set<String>) -> [Fact] {
        self.object.members.compactMap { member in
            guard !told.contains(member.key), !FHIRValue.machinery.contains(member.key), !member.key.hasPrefix("_")
            else {
                return nil
            }
            let values = self.items(member.key).compactMap { self.text($0, named: member.key) }
            return values.isEmpty ? nil : Fact(Terms.label(member.key), values)
        }
    }
}
