import FHIR

extension RecordInWords {
    /// A FHIR resource as a person would read it out.
    ///
    /// Types that people meet have words of their own; every other is walked through member by member. Nothing is taken
    /// from the narrative (`text`), which is markup somebody else wrote.
    init(_ resource: JSONObject, words: Words) {
        let value = FHIRValue(object: resource, words: words)
        let type = value.string("resourceType") ?? ""
        var teller = Teller(value)
        switch type {
        case "Patient": teller.tellPatient()
        case "Observation": teller.tellObservation()
        case "Condition": teller.tellCondition()
        case "Encounter": teller.tellEncounter()
        case "MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense":
            teller.tellMedication(type)
        case "Immunization": teller.tellImmunization()
        case "Procedure": teller.tellProcedure()
        case "DiagnosticReport": teller.tellReport()
        case "AllergyIntolerance": teller.tellAllergy()
        case "CarePlan": teller.tellCarePlan()
        case "Goal": teller.tellGoal()
        case "Claim", "ExplanationOfBenefit": teller.tellBill(type)
        case "DocumentReference": teller.tellDocument()
        case "Appointment": teller.tellAppointment()
        case "QuestionnaireResponse": teller.tellAnswers()
        default: teller.tellAnything(type)
        }
        self = teller.record(RecordKind(resourceType: type))
    }
}

/// Collects what is told of one resource and remembers which elements have been told.
private struct Teller {
    let value: FHIRValue
    var title = ""
    var event: String?
    var gist: String?
    var when: Moment?
    var whenInWords: String?
    var facts: [Fact] = []
    var told: Set<String> = ["subject", "patient", "note"]

    init(_ value: FHIRValue) { self.value = value }

    func record(_ kind: RecordKind) -> RecordInWords {
        let mistake = FHIRValue(object: self.value.object, words: self.value.words)
        let isMistake =
            mistake.string("status") == "entered-in-error"
            || mistake.codes(mistake["verificationStatus"]).contains("entered-in-error")
        let forbids = Modifiers.forbids(self.value.object) ? kind == .medicine ? "given" : "done" : nil
        let title = self.title.isEmpty ? kind.label : self.title.sentenceCased
        let gist = [forbids.map { "must not be \($0)" }, self.gist].compactMap(\.self).joined(separator: ", ")
        return RecordInWords(
            kind: kind,
            title: forbids.map { "Not to be \($0): \(title)" } ?? title,
            event: self.event,
            gist: gist.isEmpty ? nil : gist,
            when: self.when,
            whenInWords: self.whenInWords,
            facts: self.facts,
            notes: self.value.notes,
            more: self.value.everything(but: self.told),
            isMistake: isMistake,
            hasUnreadModifier: Modifiers.hasUnread(self.value.object)
        )
    }

    mutating func add(_ label: String, _ value: String?) {
        if let value, !value.isEmpty { self.facts.append(Fact(label, value)) }
    }

    mutating func add(_ label: String, _ values: [String]) {
        let different = values.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        if !different.isEmpty { self.facts.append(Fact(label, different)) }
    }

    /// Takes an element as told, whether or not it had anything to say.
    mutating func took(_ keys: String...) { self.told.formUnion(keys) }

    /// The facts of several elements that need no words of their own.
    mutating func add(elements: [(label: String, key: String)]) {
        for (label, key) in elements {
            self.took(key)
            self.add(label, self.value.items(key).compactMap { self.value.text($0, named: key) })
        }
    }

    mutating func addStatus(usually usual: String...) {
        self.took("status")
        guard let status = self.value.string("status"), !usual.contains(status) else { return }
        self.add("State", Terms.code(status))
    }

    /// The elements of the kind `onset[x]`, taken as told.
    mutating func addChoice(_ label: String, _ stem: String) {
        for member in self.value.object.members where member.key.hasPrefix(stem) { self.told.insert(member.key) }
        self.add(label, self.value.choice(stem))
    }
}

// MARK: Person

extension Teller {
    mutating func tellPatient() {
        self.took("name", "birthDate", "gender", "deceasedBoolean", "deceasedDateTime", "active")
        let names = self.value.items("name").compactMap(self.value.name)
        self.title = names.first ?? "Person"
        self.add("Also called", Array(names.dropFirst()))
        self.add("Born", self.value.date(self.value["birthDate"]))
        self.add("Died", self.value.date(self.value["deceasedDateTime"]))
        if self.value["deceasedBoolean"]?.bool == true { self.add("Died", "yes, date not entered") }
        self.add("Sex", self.value.string("gender").map(Terms.code))
        self.took("address", "telecom", "identifier", "contact", "communication")
        self.add("Lives at", self.value.items("address").compactMap(self.value.address))
        self.add("Contact", self.value.items("telecom").compactMap(self.value.contact))
        self.add("Speaks", self.value.items("communication").compactMap { self.value.concept($0["language"]) })
        self.add("Numbers", self.value.items("identifier").compactMap(self.value.identifier))
        self.add("People to call", self.value.items("contact").compactMap(self.contactPerson))
    }

    private func contactPerson(_ contact: JSON) -> String? {
        let name = self.value.name(contact["name"])
        let relation = self.value.concept(contact["relationship"]?[0])
        let phones = (contact["telecom"]?.array ?? []).compactMap(self.value.contact)
        let parts = [name, relation].compactMap(\.self) + phones
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}

// MARK: Measurements and reports

extension Teller {
    mutating func tellObservation() {
        self.took("code", "category", "issued", "component", "referenceRange", "interpretation", "dataAbsentReason")
        self.took("effectiveDateTime", "effectivePeriod", "effectiveInstant")
        self.when = self.value.moment("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")
        let written = self.value.concept("code")
        self.title = self.measurement(self.value["code"]) ?? "Measurement"
        let result = self.result(of: self.value)
        self.addChoice("Result", "value")
        if result == nil, self.value.items("component").isEmpty { self.add("Result", "not entered") }
        for component in self.value.items("component") { self.addComponent(component) }
        self.gist = self.pain(result) ?? result ?? self.pressure ?? self.componentGist
        self.add("Usual range there", self.value.items("referenceRange").compactMap(self.range))
        self.add("The laboratory or clinic marked it", self.value.items("interpretation").compactMap(self.mark))
        self.addStatus(usually: "final")
        self.add(elements: [
            ("Where on the body", "bodySite"), ("How", "method"), ("Measured with", "device"), ("By", "performer"),
        ])
        if let written, written != self.title, !self.value.codes(self.value["code"]).contains(written) {
            self.add("Name at the source", written)
        }
    }

    /// The everyday name of what was measured.
    private func measurement(_ code: JSON?) -> String? {
        self.value.codes(code).lazy.compactMap { Terms.measurements[$0] }.first ?? self.value.concept(code)
    }

    /// "4 out of 10", which says more than "4".
    private func pain(_ result: String?) -> String? {
        guard let result, Double(result) != nil else { return nil }
        return self.value.codes(self.value["code"]).contains(where: Terms.painCodes.contains)
            ? "\(result) out of 10" : nil
    }

    private func result(of part: FHIRValue) -> String? {
        part.choice("value") ?? part.concept("dataAbsentReason").map { "not available (\($0.lowercased()))" }
    }

    private mutating func addComponent(_ component: JSON) {
        guard let object = component.object else { return }
        let part = FHIRValue(object: object, words: self.value.words)
        let marks = part.items("interpretation").compactMap(self.mark)
        var text = self.result(of: part) ?? "not entered"
        if let range = part.items("referenceRange").compactMap(self.range).first { text += ", usual range \(range)" }
        if !marks.isEmpty { text += ", marked \(self.value.words.list(marks))" }
        self.add(self.measurement(part["code"]) ?? "Part", text)
    }

    /// "high", by whoever measured; never by us.
    private func mark(_ interpretation: JSON) -> String? {
        self.value.codes(interpretation).lazy.compactMap(Terms.interpretation).first
            ?? self.value.concept(interpretation)
    }

    /// "118/76 mmHg", as everybody says it.
    private var pressure: String? {
        func part(_ code: String) -> JSON? {
            self.value.items("component").first { self.value.codes($0["code"]).contains(code) }?["valueQuantity"]
        }
        guard let upper = part("8480-6"), let lower = part("8462-4") else { return nil }
        guard let high = upper["value"]?.number, let low = self.value.quantity(lower) else { return nil }
        return "\(Terms.rounded(high))/\(low)"
    }

    private var componentGist: String? {
        let count = self.value.items("component").count
        return count == 0 ? nil : self.value.words.count(count, "value", "values")
    }

    private func range(_ range: JSON) -> String? {
        let text = range["text"]?.string ?? self.value.quantity(range)
        let group = self.value.concept(range["type"])
        guard let text, let group else { return text }
        return "\(text) (\(group.lowercased()))"
    }

    mutating func tellReport() {
        self.took("code", "category", "effectiveDateTime", "effectivePeriod", "issued", "result", "presentedForm")
        self.title = self.measurement(self.value["code"]) ?? "Report"
        self.when = self.value.moment("effectiveDateTime", "effectivePeriod", "issued")
        let results = self.value.items("result")
        self.gist = results.isEmpty ? nil : self.value.words.count(results.count, "result", "results")
        self.add(elements: [("What it says", "conclusion"), ("Findings", "conclusionCode")])
        self.add("Results", self.value.references("result"))
        self.add(
            "Files",
            self.value.items("presentedForm").compactMap { $0["title"]?.string ?? $0["contentType"]?.string }
        )
        self.add("Made known", self.value.date(self.value["issued"]))
        self.addStatus(usually: "final")
        self.add(elements: [("By", "performer"), ("Read by", "resultsInterpreter")])
    }
}

// MARK: Illness and treatment

extension Teller {
    mutating func tellCondition() {
        self.took("code", "clinicalStatus", "verificationStatus", "category", "recordedDate")
        self.title = self.value.concept("code") ?? "Diagnosis"
        self.when = self.value.moment("onsetDateTime", "onsetPeriod", "recordedDate")
        self.tellState()
        self.addChoice("Began", "onset")
        self.addChoice("Ended", "abatement")
        self.add(elements: [("Where on the body", "bodySite"), ("How bad", "severity")])
        self.add("Written down", self.value.date(self.value["recordedDate"]))
        self.add(elements: [("By", "recorder"), ("Said by", "asserter")])
    }

    /// Since when, how it is now and how sure that is, of a condition or an allergy.
    private mutating func tellState() {
        let state = self.codeOrText("clinicalStatus").map(self.state)
        let certainty = self.codeOrText("verificationStatus").map(Terms.code)
        let isPlain = certainty == "confirmed" || certainty == "entered by mistake"
        let gist = [state, isPlain ? nil : certainty].compactMap(\.self).joined(separator: ", ")
        self.gist = gist.isEmpty ? nil : gist
        let began = self.value.choice("onset")
        self.event = began == nil ? (self.value["recordedDate"] == nil ? nil : "written down") : "began"
        self.whenInWords = self.when == nil ? began : nil
        self.add("Now", state)
        self.add("How sure", certainty)
    }

    mutating func tellAllergy() {
        self.took(
            "code",
            "clinicalStatus",
            "verificationStatus",
            "type",
            "category",
            "criticality",
            "recordedDate",
            "reaction"
        )
        self.title = "Allergy: \(self.value.concept("code") ?? "not named")"
        self.when = self.value.moment("onsetDateTime", "recordedDate")
        self.tellState()
        self.add("Kind", self.value.string("type").map(Terms.code))
        self.add("To", self.value.items("category").compactMap { $0.string.map(Terms.code) })
        self.add("Danger of a bad reaction", self.value.string("criticality").map(Terms.code))
        self.add("Reactions", self.value.items("reaction").compactMap(self.reaction))
        self.addChoice("Began", "onset")
        self.add(elements: [("By", "recorder"), ("Said by", "asserter")])
    }

    private func reaction(_ reaction: JSON) -> String? {
        let signs = (reaction["manifestation"]?.array ?? []).compactMap(self.value.concept)
        let parts = signs + [reaction["severity"]?.string, reaction["description"]?.string].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    mutating func tellProcedure() {
        self.took("code", "performer", "category")
        self.title = self.value.concept("code") ?? "Treatment"
        self.when = self.value.moment("performedDateTime", "performedPeriod")
        self.addChoice("When", "performed")
        self.addStatus(usually: "completed")
        self.gist = self.value.string("status") == "completed" ? nil : self.value.string("status").map(Terms.code)
        self.add("Why", self.value.concepts("reasonCode") + self.value.references("reasonReference"))
        self.took("reasonCode", "reasonReference")
        self.add(elements: [("Where on the body", "bodySite"), ("How it went", "outcome"), ("Where", "location")])
        self.add("By", self.value.items("performer").compactMap { self.value.reference($0["actor"]) })
    }

    mutating func tellImmunization() {
        self.took("vaccineCode", "occurrenceDateTime", "occurrenceString", "primarySource", "recorded", "performer")
        self.title = self.value.concept("vaccineCode") ?? "Vaccine"
        self.when = self.value.moment("occurrenceDateTime", "recorded")
        self.gist = self.value.string("status") == "not-done" ? "not given" : nil
        self.add("When", self.value.string("occurrenceString"))
        self.addStatus(usually: "completed")
        self.add(elements: [
            ("Why not", "statusReason"), ("Why", "reasonCode"), ("Dose", "doseQuantity"), ("Batch", "lotNumber"),
            ("Use by", "expirationDate"),
            ("Where on the body", "site"), ("How", "route"), ("Made by", "manufacturer"), ("Where", "location"),
        ])
        self.add("By", self.value.items("performer").compactMap { self.value.reference($0["actor"]) })
        if self.value["primarySource"]?.bool == false { self.add("Source", "told later, not by the one who gave it") }
    }

    /// The code of an element, which we have words for, rather than the name that goes with it.
    private func codeOrText(_ key: String) -> String? {
        self.value.codes(self.value[key]).first ?? self.value.concept(key)
    }

    /// How an illness is now. A family reads "quiet": the other word promises more than anybody knows.
    private func state(_ text: String) -> String {
        switch text.lowercased() {
        case "active": "still active"
        case "resolved": "over now"
        case "remission": self.value.words.audience == .family ? "quiet now" : "in remission"
        case let code: Terms.code(code)
        }
    }
}

// MARK: Visits

extension Teller {
    mutating func tellEncounter() {
        self.took("class", "type", "period", "participant", "length", "location", "statusHistory", "classHistory")
        let place =
            self.value["class"]?["code"]?.string.flatMap(Terms.placeOfVisit) ?? self.value.concept(self.value["class"])
        self.title = self.value.concept("type") ?? self.value.concept("serviceType") ?? place ?? "Visit"
        self.when = self.value.moment("period")
        let reasons = self.value.concepts("reasonCode") + self.value.references("reasonReference")
        self.gist = reasons.first
        self.add("When", self.value.period(self.value["period"]))
        self.add("Kind", place)
        self.took("reasonCode", "reasonReference")
        self.add("Why", reasons)
        self.add("With", self.value.items("participant").compactMap { self.value.reference($0["individual"]) })
        self.add("Place", self.value.items("location").compactMap { self.value.reference($0["location"]) })
        self.add(elements: [("Where", "serviceProvider")])
        self.addStatus(usually: "finished")
    }

    mutating func tellAppointment() {
        self.took(
            "start",
            "end",
            "participant",
            "description",
            "minutesDuration",
            "created",
            "comment",
            "patientInstruction"
        )
        self.title =
            self.value.string("description") ?? self.value.concept("appointmentType")
            ?? self.value.concept("serviceType") ?? "Appointment"
        self.when = self.value.moment("start", "created")
        self.gist = self.value.string("status").map(Terms.code)
        self.took("status")
        self.add(
            "When",
            self.value.period(.object(["start": self.value["start"] ?? .null, "end": self.value["end"] ?? .null]))
        )
        self.add("State", self.gist)
        self.add("With", self.value.items("participant").compactMap { self.value.reference($0["actor"]) })
        self.add("Bring or prepare", self.value.string("patientInstruction"))
        self.add("Remark", self.value.string("comment"))
    }
}

// MARK: Medicines

extension Teller {
    mutating func tellMedication(_ type: String) {
        self.took(
            "medicationCodeableConcept",
            "medicationReference",
            "doNotPerform",
            "dosageInstruction",
            "dosage",
            "category"
        )
        self.took("authoredOn", "effectiveDateTime", "effectivePeriod", "dateAsserted", "reasonCode", "reasonReference")
        self.title = PictureFacts.medicineName(self.value) ?? "Medicine"
        self.when = self.value.moment(
            "effectiveDateTime",
            "effectivePeriod",
            "authoredOn",
            "whenHandedOver",
            "dateAsserted"
        )
        let doses = (self.value.items("dosageInstruction") + self.value.items("dosage")).compactMap(self.value.dosage)
        let status = self.value.string("status")
        self.event = Teller.event(type, self.value)
        let gist = [Teller.outcome(type, status), doses.first].compactMap(\.self).joined(separator: ", ")
        self.gist = gist.isEmpty ? nil : gist
        let isGiven = type == "MedicationAdministration"
        self.add(isGiven ? "Dose" : "How to take it", doses)
        self.add(self.event == "prescribed" ? "Prescribed" : "Written", self.value.date(self.value["authoredOn"]))
        self.addIntent()
        let happened = !["not-taken", "not-done", "intended"].contains(status ?? "")
        self.add(
            !happened ? "When" : isGiven ? "Given" : "Taken",
            self.value.date(self.value["effectiveDateTime"]) ?? self.value.period(self.value["effectivePeriod"])
        )
        self.addStatus()
        self.add(elements: [("Why stopped or changed", "statusReason")])
        self.add("Why", self.value.concepts("reasonCode") + self.value.references("reasonReference"))
        self.add(elements: [("Prescribed by", "requester"), ("Said by", "informationSource")])
    }

    /// Says what it is where it is no order.
    mutating func addIntent() {
        self.took("intent")
        switch self.value.string("intent") {
        case "proposal": self.add("What it is", "a proposal, which nobody has ordered yet")
        case "plan": self.add("What it is", "a plan, and no order")
        case "option": self.add("What it is", "one of several options, and no order")
        case "directive": self.add("What it is", "an instruction, and no order")
        default: break
        }
    }

    /// What the date of each is the date of; `nil` where nothing was done, and what was not done is told instead.
    private static func event(_ type: String, _ value: FHIRValue) -> String? {
        if Modifiers.forbids(value.object) { return "written down" }
        switch (type, value.string("status"), value.string("intent")) {
        case ("MedicationRequest", "draft", _): return nil
        case ("MedicationRequest", _, "proposal"): return "proposed"
        case ("MedicationRequest", _, "plan"): return "planned"
        case ("MedicationRequest", _, "option"): return "named as one of several options"
        case ("MedicationRequest", _, _): return "prescribed"
        case ("MedicationStatement", "not-taken", _), ("MedicationStatement", "intended", _): return nil
        case ("MedicationStatement", _, _): return "taken"
        case ("MedicationAdministration", "not-done", _): return nil
        case ("MedicationAdministration", _, _): return "given"
        case ("MedicationDispense", "completed", _), ("MedicationDispense", "stopped", _),
            ("MedicationDispense", nil, _):
            return "handed out"
        default: return nil
        }
    }

    /// What became of it since: the date of that is hardly ever entered, and it is not the date of the entry.
    private static func outcome(_ type: String, _ status: String?) -> String? {
        switch (type, status) {
        case ("MedicationRequest", "active"), ("MedicationStatement", "active"): "still current"
        case ("MedicationRequest", "completed"), ("MedicationStatement", "completed"): "ended since"
        case ("MedicationRequest", "stopped"), ("MedicationStatement", "stopped"): "stopped since"
        case (_, "on-hold"): "paused since"
        case (_, "unknown"): "nobody entered what became of it"
        case (_, "completed"), (_, "in-progress"), (_, nil): nil
        case (_, let status?): Terms.code(status)
        }
    }
}

// MARK: Plans, papers and bills

extension Teller {
    mutating func tellCarePlan() {
        self.took("category", "title", "period", "activity", "created")
        self.addIntent()
        self.title = self.value.string("title") ?? self.value.concepts("category").last ?? "Care plan"
        self.when = self.value.moment("period", "created")
        self.event = "began"
        self.gist = self.value.string("status").map { $0 == "active" ? "going on" : Terms.code($0) }
        self.add("When", self.value.period(self.value["period"]))
        self.addStatus()
        self.add(elements: [("About", "description")])
        self.add("What to do", self.value.items("activity").compactMap(self.activity))
        self.add("For", self.value.references("addresses"))
        self.add("Goals", self.value.references("goal"))
        self.took("addresses", "goal")
        self.add(elements: [("By", "author")])
    }

    private func activity(_ activity: JSON) -> String? {
        let detail = activity["detail"]
        let words =
            self.value.concept(detail?["code"]) ?? detail?["description"]?.string
            ?? self.value.reference(activity["reference"])
        let isForbidden = detail?.object.map(Modifiers.forbids) ?? false
        return words.map { words in
            let told = isForbidden ? "not to be done: \(words)" : words
            return detail?["status"]?.string.map { "\(told) (\(Terms.code($0)))" } ?? told
        }
    }

    mutating func tellGoal() {
        self.took(
            "description",
            "lifecycleStatus",
            "achievementStatus",
            "startDate",
            "startCodeableConcept",
            "statusDate",
            "target"
        )
        self.title = self.value.concept("description") ?? "Goal"
        self.when = self.value.moment("startDate", "statusDate")
        let reached = self.value.concept("achievementStatus").map { Terms.code($0.lowercased()) }
        self.gist = reached ?? self.value.string("lifecycleStatus").map(Terms.code)
        self.add("State", self.value.string("lifecycleStatus").map(Terms.code))
        self.add("How far", reached)
        self.add("Since", self.value.date(self.value["startDate"]))
        self.add("Aim", self.value.items("target").compactMap { self.value.text($0) })
        self.add("For", self.value.references("addresses"))
        self.took("addresses")
    }

    mutating func tellBill(_ type: String) {
        self.took(
            "type",
            "use",
            "billablePeriod",
            "created",
            "item",
            "total",
            "provider",
            "insurer",
            "insurance",
            "payment"
        )
        self.took("priority", "diagnosis", "careTeam", "contained", "outcome", "claim", "referral", "facility")
        self.took("supportingInfo", "procedure", "prescription", "identifier")
        self.title = type == "Claim" ? "Bill to the insurer" : "What the insurer paid"
        self.when = self.value.moment("billablePeriod", "created")
        let totals = self.value.items("total").compactMap { self.value.quantity($0["amount"] ?? $0) }
        let paid = self.value.quantity(self.value["payment"]?["amount"])
        self.gist = paid ?? totals.first
        self.add("Total", totals)
        self.add("Paid", paid)
        self.add("Kind", self.value.concept("type"))
        let items = self.value.items("item").compactMap { self.value.concept($0["productOrService"]) }
        self.add("For", items.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
        self.add("From", self.value.references("provider"))
        self.add(
            "Insurer",
            self.value.references("insurer")
                + self.value.items("insurance").compactMap { self.value.reference($0["coverage"]) }
        )
        self.addStatus(usually: "active")
    }

    mutating func tellDocument() {
        self.took("type", "date", "content", "description", "author", "docStatus", "category")
        self.title = self.value.string("description") ?? self.value.concept("type") ?? "Document"
        self.when = self.value.moment("date")
        let files = self.value.items("content").compactMap { $0["attachment"] }
        self.add("Kind", self.value.concept("type"))
        self.add("Files", files.compactMap { $0["title"]?.string ?? $0["contentType"]?.string })
        self.add("Written by", self.value.references("author"))
        self.add("When", self.value.date(self.value["date"]))
        self.addStatus(usually: "current")
    }

    mutating func tellAnswers() {
        self.took("questionnaire", "authored", "item", "author", "source")
        self.title = self.value.string("title") ?? "Answers to questions"
        self.when = self.value.moment("authored")
        for item in self.value.items("item") { self.addAnswers(item, depth: 0) }
        self.gist = self.facts.isEmpty ? nil : self.value.words.count(self.facts.count, "answer", "answers")
        self.addStatus(usually: "completed")
        self.add("Answered by", self.value.references("source") + self.value.references("author"))
    }

    private mutating func addAnswers(_ item: JSON, depth: Int) {
        guard depth < 8 else { return }
        let question = item["text"]?.string ?? item["linkId"]?.string ?? "Question"
        let answers = (item["answer"]?.array ?? []).compactMap { answer in
            answer.object.flatMap { FHIRValue(object: $0, words: self.value.words).choice("value") }
        }
        let nested = (item["item"]?.array ?? []) + (item["answer"]?.array ?? []).flatMap { $0["item"]?.array ?? [] }
        if !answers.isEmpty { self.add(question, answers) } else if nested.isEmpty { self.add(question, "not entered") }
        for item in nested { self.addAnswers(item, depth: depth + 1) }
    }

    /// Whatever it is: a title from the elements that usually name things, and all the rest.
    mutating func tellAnything(_ type: String) {
        let names = ["code", "title", "name", "description", "type", "category", "vaccineCode"]
        let value = self.value
        let name = names.lazy.compactMap { key in
            value.string(key) ?? value.concept(key) ?? value.name(value.items(key).first)
        }.first
        self.title = name ?? Terms.label(type)
        self.when = self.value.moment(
            "effectiveDateTime",
            "performedDateTime",
            "occurrenceDateTime",
            "period",
            "start",
            "started",
            "authoredOn",
            "authored",
            "date",
            "recorded",
            "recordedDate",
            "issued",
            "created",
            "sent"
        )
        self.facts = self.value.everything(but: self.told)
        self.told.formUnion(self.value.object.keys)
    }
}
