import FHIR

/// A record that an ambulance service in Britain keeps: the report of one call, seldom of more.
struct OperationsRecord {
    let person: Person
    let about: String

    private let source: Source
    /// What happened, and the day of each.
    private let incidents: [Incident]
    private var days: [Day]
    /// Whether the crew found out who it was.
    private let isKnown: Bool
    private var draft: Draft
    private var subject: JSON = nil

    private static let zone = Zone.london

    init(_ source: Source) {
        var chance = source.chance("who")
        let isFemale = chance.happens(48)
        self.source = source
        let (children, adults) = (
            Incident.all.filter(\.isOfASmallChild), Incident.all.filter { !$0.isOfASmallChild }
        )
        // One call in nine is to a small child.
        let first = chance.pick(adults + adults + children)
        let age = chance.number(first.ages)
        days = [Self.day(of: first, before: source.today, &chance)]
        person = Person(
            given: Names.british.given(female: isFemale, &chance),
            family: chance.pick(Names.british.family),
            isFemale: isFemale,
            birthday: days[0] - age * 1_461 / 4 - chance.number(0...360),
            recordNumber: source.recordNumber("PRF-"),
            ownScript: nil
        )
        // Small children are never alone.
        isKnown = chance.happens(92) || first.isOfASmallChild
        let others = Incident.all.filter {
            $0.ages.contains(age) && $0.complaint.code != first.complaint.code && !$0.isOfASmallChild
        }
        let second = chance.happens(20) && !others.isEmpty ? [chance.pick(others)] : []
        incidents = [first] + second
        for incident in second { days.append(Self.day(of: incident, before: source.today, &chance)) }
        about = incidents.map(\.complaint.display).joined(separator: ", ")
        draft = Draft(source.chance("ids"))
    }

    mutating func write() -> JSON {
        var chance = source.chance("record")
        subject = draft.add("Patient", isKnown ? knownPatient(&chance) : unknownPatient)
        for (incident, day) in zip(incidents, days) { write(incident, on: day, &chance) }
        return draft.bundle
    }

    /// A day on which it may have happened: the call must be over before today.
    private static func day(of incident: Incident, before today: Day, _ chance: inout Chance) -> Day {
        var day = today - chance.number(2...470)
        while incident.isOfTheSun && !(5...9).contains(day.date.month) { day = day - 30 }
        return day
    }

    // MARK: Who

    private func knownPatient(_ chance: inout Chance) -> JSONObject {
        var patient = person.patient
        if chance.happens(60), let value = Self.nhsNumber(source), case .array(let identifiers) = patient["identifier"]
        {
            let number: JSON = ["system": "https://fhir.nhs.uk/Id/nhs-number", "value": .string(value)]
            patient["identifier"] = .array(identifiers + [number])
        }
        // The range that Ofcom keeps for drama.
        let phone = "07700 900\(chance.number(100...999))"
        return patient + ["telecom": [["system": "phone", "value": .string(phone), "use": "mobile"]]]
    }

    /// Somebody who could not say who they are: an age by looking, no name.
    private var unknownPatient: JSONObject {
        var patient = person.patient
        patient["name"] = [["use": "temp", "text": .string("Unknown \(person.isFemale ? "woman" : "man")")]]
        patient["birthDate"] = .string(String(person.birthday.date.year / 10 * 10))
        return patient
    }

    /// Ten digits, the last of which checks the others; 999 at the start is kept for tests. Nobody else of the first
    /// million has the same; of some the check would be ten, and they have none.
    private static func nhsNumber(_ source: Source) -> String? {
        let place = (UInt64(source.index) &* 613_651 &+ source.seed % 1_000_000) % 1_000_000
        let digits = "999\(place + 1_000_000)".filter(\.isNumber).compactMap(\.wholeNumberValue)
        let nine = Array(digits.prefix(3) + digits.dropFirst(4))
        let sum = zip(nine, (2...10).reversed()).reduce(0) { $0 + $1.0 * $1.1 }
        let check = (11 - sum % 11) % 11
        return check < 10 ? (nine + [check]).map(String.init).joined() : nil
    }

    // MARK: One call

    private mutating func write(_ incident: Incident, on day: Day, _ chance: inout Chance) {
        let call = Call(on: day, incident, &chance)
        let condition = draft.add(
            "Condition",
            conditionStatus(clinical: "active", verified: "provisional") + [
                "category": [Code.hl7("condition-category", "encounter-diagnosis", "Encounter Diagnosis").concept],
                "code": incident.complaint.concept, "subject": subject, "recordedDate": .day(call.called.day),
                "note": .note(incident.story),
            ]
        )
        let encounter = draft.add("Encounter", self.encounter(call, incident, condition))
        let observing = Observing(subject: subject, encounter: encounter, performer: call.attendant)
        for (number, set) in call.sets.enumerated() { write(set, number, incident, observing, &chance) }
        for (number, given) in incident.given.enumerated() {
            draft.add("MedicationAdministration", administration(given, number, call, observing))
        }
    }

    private func encounter(_ call: Call, _ incident: Incident, _ condition: JSON) -> JSONObject {
        let steps = [
            ("planned", call.called, call.onScene), ("arrived", call.onScene, call.withPatient),
            ("in-progress", call.withPatient, call.done),
        ]
        let isConveyed = incident.outcome == .conveyed
        return [
            "identifier": [["system": "urn:carekeep:demo:incident", "value": .string(call.number)]],
            "status": "finished",
            "statusHistory": .array(
                steps.map { ["status": .string($0.0), "period": .period($0.1, $0.2)] }
            ),
            "class": Code.hl7("v3-ActCode", isConveyed ? "EMER" : "FLD", isConveyed ? "emergency" : "field").coding,
            "subject": subject,
            "participant": [["individual": call.attendant], ["individual": call.second]],
            "period": .period(call.called, call.done),
            "diagnosis": [["condition": condition]],
            "hospitalization": isConveyed
                ? [
                    "destination": .named("Merrivale General, emergency department"),
                    "dischargeDisposition": .words(incident.outcome.rawValue),
                ] : ["dischargeDisposition": .words(incident.outcome.rawValue)],
        ]
    }

    private func administration(
        _ given: Incident.Given,
        _ number: Int,
        _ call: Call,
        _ observing: Observing
    ) -> JSONObject {
        [
            "status": "completed", "medicationCodeableConcept": given.code.concept, "subject": subject,
            "context": observing.encounter,
            "effectiveDateTime": .moment(call.withPatient.later(by: 6 + number * 5)),
            "performer": [
                ["function": .words("gave it"), "actor": call.attendant],
                ["function": .words("witness"), "actor": call.second],
            ],
            "note": .note("Authority: \(given.authority)."),
            "dosage": ["route": .words(given.route), "dose": given.amount.quantity],
        ]
    }

    private mutating func writeResponsiveness(_ set: Call.Set, _ observing: Observing) {
        draft.add(
            "Observation",
            observing.observation(
                .loinc("67775-7", "Level of responsiveness"),
                ["valueCodeableConcept": .words(set.values.isAlert ? "Alert" : "Newly confused or drowsy")],
                at: set.time,
                category: "vital-signs"
            )
        )
    }

    private mutating func write(
        _ set: Call.Set,
        _ number: Int,
        _ incident: Incident,
        _ observing: Observing,
        _ chance: inout Chance
    ) {
        var values: [(Code, Amount)] = [
            (.loinc("9279-1", "Respiratory rate"), Amount(set.values.respirations, "/min")),
            (
                .loinc("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
                Amount(set.values.saturation, "%")
            ),
            (.loinc("8867-4", "Heart rate"), Amount(set.values.pulse, "/min")),
            (.loinc("8310-5", "Body temperature"), Amount(tenths: set.values.temperature, "Cel")),
        ]
        if !incident.isOfASmallChild {
            values.append(
                (.loinc("8480-6", "Systolic blood pressure"), Amount(set.values.systolic, "mmHg", code: "mm[Hg]"))
            )
            values.append(
                (
                    Code(
                        system: "http://snomed.info/sct",
                        code: "1104051000000101",
                        display: "Royal College of Physicians NEWS2 (National Early Warning Score 2) total score"
                    ),
                    Amount(set.values.score, "{score}")
                )
            )
        }
        if let glucose = incident.glucose {
            let now = glucose < 40 ? glucose + number * 15 : glucose - number
            values.append(
                (
                    .loinc("14743-9", "Glucose [Moles/volume] in Capillary blood by Glucometer"),
                    Amount(tenths: now, "mmol/L")
                )
            )
        }
        writeResponsiveness(set, observing)
        // A crew with its hands full does not write down everything every time.
        for (code, amount) in values where number == 0 || chance.happens(94) {
            draft.add(
                "Observation",
                observing.observation(
                    code,
                    ["valueQuantity": amount.quantity],
                    at: set.time,
                    category: "vital-signs"
                )
            )
        }
        if let pain = set.pain {
            draft.add(
                "Observation",
                observing.observation(
                    .loinc("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported"),
                    ["valueQuantity": Amount(pain, "{score}").quantity],
                    at: set.time,
                    category: "survey"
                )
            )
        }
    }
}

/// The times of one call and what was measured when.
private struct Call {
    let number: String
    let called: Moment
    let onScene: Moment
    let withPatient: Moment
    let done: Moment
    let attendant: JSON
    let second: JSON
    let sets: [Set]

    struct Set {
        let time: Moment
        let values: EarlyWarning
        let pain: Int?
    }

    init(on day: Day, _ incident: Incident, _ chance: inout Chance) {
        called = Moment(day, minute: chance.number(incident.isOfTheSun ? 660...1_020 : 0...1_439), .london)
        onScene = called.later(by: chance.number(3...19))
        withPatient = onScene.later(by: chance.number(1...6))
        let count = incident.outcome == .conveyed ? 4 : 2
        let first = withPatient.later(by: 3)
        done = first.later(by: count * 12 + chance.number(10...35))
        let year = String(day.date.year)
        number = "INC-\(year)-\(chance.number(10_000...99_999))"
        let crew = chance.pick(
            2,
            of: [
                "Paramedic Rowena Thackwell", "Paramedic Idwal Pengarth", "Technician Solomon Achterby",
                "Nurse Perpetua Lindqvist", "Paramedic Marguerite Osei-Holt",
            ]
        )
        (attendant, second) = (.named(crew[0]), .named(crew[1]))
        var sets: [Set] = []
        for number in 0..<count {
            sets.append(
                Set(
                    time: first.later(by: number * 12),
                    values: incident.first.eased(by: number, incident, &chance),
                    pain: incident.pain.map { max(0, $0 - number * chance.number(1...2)) }
                )
            )
        }
        self.sets = sets
    }
}

extension EarlyWarning {
    /// What is measured after so many sets: every value on its way back to what is usual.
    fileprivate func eased(by steps: Int, _ incident: Incident, _ chance: inout Chance) -> EarlyWarning {
        func toward(_ usual: Int, _ value: Int, _ spread: Int) -> Int {
            value + (usual - value) * steps / 5 + chance.middling(-spread...spread)
        }
        let isGivenOxygen = incident.given.contains { $0.code.code == "V03AN01" }
        return EarlyWarning(
            respirations: toward(incident.isOfASmallChild ? 26 : 15, respirations, 2),
            saturation: min(100, toward(98, saturation, 1)),
            hasOxygen: steps > 0 && isGivenOxygen,
            systolic: toward(incident.isOfASmallChild ? 94 : 124, systolic, 6),
            pulse: toward(incident.isOfASmallChild ? 120 : 76, pulse, 5),
            isAlert: isAlert || steps > 0,
            temperature: toward(368, temperature, 2)
        )
    }
}
