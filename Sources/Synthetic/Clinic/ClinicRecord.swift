import FHIR

/// A record that a clinic in India keeps of an adult: visits over a year or two, each with a prescription.
struct ClinicRecord {
    let person: Person

    private let source: Source
    private let complaints: [Complaint]
    private let doctor: JSON
    /// Where they live, and go to the clinic's branch.
    private let town: String
    private let state: String
    private var draft: Draft
    private var subject: JSON = nil

    private static let zone = Zone.kolkata

    init(_ source: Source) {
        var chance = source.chance("who")
        let pool = chance.pick(Names.indian)
        let isFemale = chance.happens(52)
        let (given, family) = (chance.pick(isFemale ? pool.female : pool.male), chance.pick(pool.family))
        self.source = source
        person = Person(
            given: given.latin,
            family: family.latin,
            isFemale: isFemale,
            birthday: source.today - chance.middling(19 * 365...84 * 365),
            recordNumber: source.recordNumber("OPD-"),
            ownScript: Person.OwnScript(name: "\(given.own) \(family.own)", language: pool.language)
        )
        let age = person.birthday.age(on: source.today) - 2
        let possible = Complaint.all.filter { $0.ages.contains(max(age, 18)) }
        complaints = chance.pick(chance.pick([1, 1, 2, 2, 3]), of: possible)
        (town, state) = chance.pick(Self.towns[pool.language] ?? [("Pune", "MH")])
        doctor = .named(chance.pick(["Dr. Ketaki Varunkar", "Dr. Sudhir Aranyapur", "Dr. Anbuselvan Meenkadal"]))
        draft = Draft(source.chance("ids"))
    }

    private static let towns = [
        "mr": [("Pune", "MH"), ("Nagpur", "MH"), ("Nashik", "MH")], "hi": [("Bhopal", "MP"), ("Indore", "MP")],
        "ta": [("Madurai", "TN"), ("Salem", "TN")],
    ]

    var about: String { complaints.map(\.code.display).joined(separator: ", ") }

    mutating func write() -> JSON {
        var chance = source.chance("record")
        writePatient(&chance)
        for complaint in complaints {
            let start = source.today - chance.number(complaint.isChronic ? 150...700 : 10...300)
            writeHistory(of: complaint, from: start, &chance)
        }
        writeAppointments(&chance)
        return draft.bundle
    }

    private mutating func writePatient(_ chance: inout Chance) {
        // Numbers that begin with 5 are not given out to mobile telephones in India.
        let phone = "+91 5\(chance.number(1000...9999)) \(chance.number(10_000...99_999))"
        subject = draft.add(
            "Patient",
            person.patient + [
                "telecom": [["system": "phone", "value": .string(phone), "use": "mobile"]],
                "address": [["use": "home", "city": .string(town), "state": .string(state), "country": "IN"]],
                "communication": [
                    [
                        "language": [
                            "coding": [
                                ["system": "urn:ietf:bcp:47", "code": .string(person.ownScript?.language ?? "en")]
                            ]
                        ],
                        "preferred": true,
                    ]
                ],
            ]
        )
        if chance.happens(15) {
            draft.add(
                "AllergyIntolerance",
                [
                    "clinicalStatus": ["coding": [Code.hl7("allergyintolerance-clinical", "active", "Active").coding]],
                    "code": .words(chance.pick(["Sulfa medicines", "Penicillin", "Shellfish", "Diclofenac"])),
                    "patient": subject,
                ]
            )
        }
    }

    // MARK: A complaint and its visits

    private mutating func writeHistory(of complaint: Complaint, from start: Day, _ chance: inout Chance) {
        let isOver = !complaint.isChronic && source.today - start > 30
        let condition = draft.add(
            "Condition",
            conditionStatus(clinical: isOver ? "resolved" : "active", verified: "confirmed") + [
                "category": [Code.hl7("condition-category", "problem-list-item", "Problem List Item").concept],
                "code": complaint.code.concept, "subject": subject,
                "onsetDateTime": .day(start - chance.number(2...40)),
                "abatementDateTime": isOver ? .day(start + 20) : nil, "recordedDate": .day(start), "asserter": doctor,
            ]
        )
        let count = complaint.isChronic ? (source.today - start) / 60 + 1 : chance.number(1...2)
        var day = start
        for number in 0..<count {
            if day.weekday == 6 { day = day + 1 }
            guard day < source.today else { break }
            // People miss visits too; then there is nothing of that day.
            if number == 0 || chance.happens(85) { writeVisit(for: complaint, condition, on: day, number, &chance) }
            day = day + (complaint.isChronic ? chance.middling(38...85) : 7)
        }
    }

    private mutating func writeVisit(
        for complaint: Complaint,
        _ condition: JSON,
        on day: Day,
        _ number: Int,
        _ chance: inout Chance
    ) {
        let start = Moment(day, minute: chance.middling(9 * 60...20 * 60) / 10 * 10, Self.zone)
        let encounter = draft.add(
            "Encounter",
            [
                "status": "finished", "class": Code.hl7("v3-ActCode", "AMB", "ambulatory").coding,
                "type": [.words(number == 0 ? "New patient" : "Follow-up")], "subject": subject,
                "participant": [["individual": doctor]],
                "period": .period(start, start.later(by: chance.number(8...25))),
                "reasonReference": [condition], "serviceProvider": .named("Saptarishi Polyclinic, \(town)"),
            ]
        )
        let observing = Observing(subject: subject, encounter: encounter, performer: .named("Nurse on duty"))
        writeMeasurements(complaint, number, at: start, observing, &chance)
        for medicine in complaint.medicines.prefix(number == 0 ? 1 : 3) {
            draft.add(
                "MedicationRequest",
                [
                    "status": complaint.isChronic && source.today - day < 60 ? "active" : "completed",
                    "intent": "order",
                    "medicationCodeableConcept": medicine.code.concept, "subject": subject, "encounter": encounter,
                    "authoredOn": .moment(start.later(by: 10)), "requester": doctor, "reasonReference": [condition],
                    "dosageInstruction": [["text": .string(medicine.directions)]],
                ]
            )
        }
    }

    private mutating func writeMeasurements(
        _ complaint: Complaint,
        _ number: Int,
        at moment: Moment,
        _ observing: Observing,
        _ chance: inout Chance
    ) {
        let better = min(number, 5) * 2
        let isHigh = complaints.contains { $0.code.code == "I10" }
        let pressure =
            isHigh
            ? (chance.middling(132...172) - better * 2, chance.middling(80...104) - better)
            : (chance.middling(104...138), chance.middling(64...88))
        draft.add(
            "Observation",
            observing.observation(
                .loinc("85354-9", "Blood pressure panel with all children optional"),
                [:],
                at: moment,
                category: "vital-signs",
                more: [
                    "component": [
                        component(.loinc("8480-6", "Systolic blood pressure"), pressure.0),
                        component(.loinc("8462-4", "Diastolic blood pressure"), pressure.1),
                    ]
                ]
            )
        )
        if let laboratory = complaint.laboratory, number % 2 == 0 {
            let value = chance.middling(laboratory.range) - better * laboratory.step
            draft.add(
                "Observation",
                observing.observation(
                    laboratory.code,
                    ["valueQuantity": laboratory.amount(value).quantity],
                    at: moment,
                    category: "laboratory"
                )
            )
        }
        if complaint.hurts {
            draft.add(
                "Observation",
                observing.observation(
                    .loinc("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported"),
                    ["valueQuantity": Amount(max(0, chance.middling(2...9) - number), "{score}").quantity],
                    at: moment,
                    category: "survey"
                )
            )
        }
    }

    private func component(_ code: Code, _ value: Int) -> JSON {
        ["code": code.concept, "valueQuantity": Amount(value, "mmHg", code: "mm[Hg]").quantity]
    }

    // MARK: The diary

    private mutating func writeAppointments(_ chance: inout Chance) {
        if chance.happens(30) { writeAppointment(source.today - chance.number(5...90), status: "noshow", &chance) }
        if chance.happens(65) { writeAppointment(source.today + chance.number(0...30), status: "booked", &chance) }
    }

    private mutating func writeAppointment(_ day: Day, status: String, _ chance: inout Chance) {
        // The clinic is closed on Sundays.
        let start = Moment(
            day.weekday == 6 ? day + 1 : day,
            chance.number(9...19),
            chance.pick([0, 20, 40]),
            Self.zone
        )
        draft.add(
            "Appointment",
            [
                "status": .string(status), "description": "Consultation", "start": .moment(start),
                "end": .moment(start.later(by: 20)), "minutesDuration": 20,
                "participant": [
                    ["actor": subject, "status": status == "noshow" ? "accepted" : "needs-action"],
                    ["actor": doctor, "status": "accepted"],
                ],
            ]
        )
    }
}
