import FHIR

/// Takes from FHIR resources what a `TimelinePicture` draws.
enum PictureFacts {
    /// A picture of these resources. Entries marked as mistakes are left out.
    static func picture(
        of resources: some Sequence<JSONObject>,
        words: Words,
        span: TimelinePicture.Span? = nil,
        offersSpans: Bool = true
    ) -> TimelinePicture {
        var pain: [TimelinePicture.Pain] = []
        var medicines: [TimelinePicture.Medicine] = []
        var visits: [TimelinePicture.Visit] = []
        for resource in resources {
            pain += PictureFacts.pain(resource, words: words)
            if let medicine = PictureFacts.medicine(resource, words: words) { medicines.append(medicine) }
            if let visit = PictureFacts.visit(resource, words: words) { visits.append(visit) }
        }
        return TimelinePicture(pain: pain, medicines: medicines, visits: visits, span: span, offersSpans: offersSpans)
    }

    /// The pain an `Observation` tells of: from 0 to 10, nothing else. An answer that is missing is no point.
    static func pain(_ resource: JSONObject, words: Words) -> [TimelinePicture.Pain] {
        let value = FHIRValue(object: resource, words: words)
        guard value.string("resourceType") == "Observation", isTold(value),
            let when = value.moment("effectiveDateTime", "effectivePeriod", "effectiveInstant")
        else { return [] }
        let parts = [resource] + value.items("component").compactMap(\.object)
        return parts.compactMap { part in
            isPain(FHIRValue(object: part, words: words)) ? number(part) : nil
        }
        .filter { (0...10).contains($0) }
        .map { TimelinePicture.Pain(when: when, value: $0) }
    }

    private static func isPain(_ value: FHIRValue) -> Bool {
        guard let code = value["code"] else { return false }
        if value.codes(code).contains(where: Terms.painCodes.contains) { return true }
        let names = [code["text"]?.string] + (code["coding"]?.array ?? []).map { $0["display"]?.string }
        return names.contains { $0?.lowercased().contains("pain severity") ?? false }
    }

    private static func number(_ part: JSONObject) -> Double? {
        (part["valueQuantity"]?["value"]?.number ?? part["valueInteger"]?.number ?? part["valueDecimal"]?.number)
            .flatMap(Double.init)
    }

    /// One time of taking a medicine.
    static func medicine(_ resource: JSONObject, words: Words) -> TimelinePicture.Medicine? {
        let value = FHIRValue(object: resource, words: words)
        let types = ["MedicationRequest", "MedicationStatement", "MedicationAdministration"]
        guard let type = value.string("resourceType"), types.contains(type), isTold(value),
            !["not-taken", "not-done", "cancelled", "draft", "intended"].contains(value.string("status") ?? ""),
            !Modifiers.forbids(resource), isMeant(value),
            let name = medicineName(value),
            let from = value.moment("effectivePeriod", "effectiveDateTime", "authoredOn", "dateAsserted")?.day
        else { return nil }
        return TimelinePicture.Medicine(name: name, from: from, end: end(of: value, type: type, from: from))
    }

    /// Whether it was ordered or taken: a proposal, an option and a plan that nobody has told of as followed are neither.
    private static func isMeant(_ value: FHIRValue) -> Bool {
        switch value.string("intent") {
        case "proposal", "option": false
        case "plan": value["reportedBoolean"]?.bool == true || value["reportedReference"] != nil
        default: true
        }
    }

    private static func end(of value: FHIRValue, type: String, from: Day) -> TimelinePicture.Medicine.End {
        if value.string("status") == "on-hold" { return .paused }
        let bounds = (value["dosageInstruction"] ?? value["dosage"])?[0]?["timing"]?["repeat"]?["boundsPeriod"]
        let supply = value["dispenseRequest"]?["validityPeriod"]
        let text = value["effectivePeriod"]?["end"]?.string ?? bounds?["end"]?.string ?? supply?["end"]?.string
        if let end = text.flatMap(Day.init(fhir:)), end >= from { return .on(end) }
        if type == "MedicationAdministration" { return .on(from) }
        switch value.string("status") {
        case "active", "in-progress": return .ongoing
        case "completed", "stopped": return .notEntered
        default: return .notKnown
        }
    }

    static func medicineName(_ value: FHIRValue) -> String? {
        value.concept("medicationCodeableConcept") ?? value.reference(value["medicationReference"])
    }

    /// A visit that took place.
    static func visit(_ resource: JSONObject, words: Words) -> TimelinePicture.Visit? {
        let value = FHIRValue(object: resource, words: words)
        guard value.string("resourceType") == "Encounter", isTold(value),
            !["planned", "cancelled"].contains(value.string("status") ?? ""), let when = value.moment("period")
        else { return nil }
        let told = RecordInWords(resource, words: words)
        return TimelinePicture.Visit(
            when: when,
            words: [told.title, told.gist].compactMap(\.self).joined(separator: ": ")
        )
    }

    /// Whether it can be drawn: it is no mistake, and nothing in it changes its meaning in a way that is not read here.
    private static func isTold(_ value: FHIRValue) -> Bool {
        value.string("status") != "entered-in-error" && !Modifiers.hasUnread(value.object)
    }
}

/// JSON for people who want to see it: exact, and with a line for each member.
enum TechnicalForm {
    static func text(_ json: JSON) -> String {
        var text = ""
        TechnicalForm.write(json, indent: 0, to: &text)
        return text
    }

    private static func write(_ json: JSON, indent: Int, to text: inout String) {
        let inner = "\n" + String(repeating: "  ", count: indent + 1)
        let outer = "\n" + String(repeating: "  ", count: indent)
        switch json {
        case .object(let object) where !object.isEmpty:
            text += "{"
            for (index, member) in object.members.enumerated() {
                text += (index == 0 ? "" : ",") + inner + TechnicalForm.plain(.string(member.key)) + ": "
                TechnicalForm.write(member.value, indent: indent + 1, to: &text)
            }
            text += outer + "}"
        case .array(let items) where !items.isEmpty:
            text += "["
            for (index, item) in items.enumerated() {
                text += (index == 0 ? "" : ",") + inner
                TechnicalForm.write(item, indent: indent + 1, to: &text)
            }
            text += outer + "]"
        default: text += TechnicalForm.plain(json)
        }
    }

    private static func plain(_ json: JSON) -> String { String(decoding: json.serialized(), as: UTF8.self) }
}
