import FHIR

/// A record that a family keeps: some years of a child's life with a chronic illness, the last of them day by day.
struct FamilyRecord {
    let child: Person
    let guardians: [SyntheticPatient.Guardian]
    let illness: Illness

    private let source: Source
    /// The years before the family wrote down every day, and the days since.
    private let before: Course
    private let course: Course
    private let visits: [Day]
    private let growth: Growth
    private var draft: Draft
    private var subject: JSON = nil
    private var mother: JSON = nil
    private var diagnosis: JSON = nil

    private static let zone = Zone.newYork
    private var specialist: JSON { .named(illness.specialist) }

    init(_ source: Source) {
        var chance = source.chance("who")
        let isFemale = chance.happens(60)
        let given = Names.american.given(female: isFemale, &chance)
        let family = chance.pick(Names.american.family)
        let first = source.today - chance.number(200...430)
        self.source = source
        illness = Illness.allCases[source.index % Illness.allCases.count]
        child = Person(
            given: given,
            family: family,
            isFemale: isFemale,
            birthday: first - chance.number(7 * 365...15 * 365),
            recordNumber: source.recordNumber("FAM-"),
            ownScript: nil
        )
        guardians = Self.guardians(family, besides: given, &chance)
        chance = source.chance("course")
        course = Course(of: illness, from: first, to: source.today, &chance)
        let recent = Self.visits(from: first, to: source.today, &chance)
        chance = source.chance("history")
        let diagnosed = first - chance.number(300...1_060)
        before = Course(calm: illness, from: diagnosed, to: first, &chance)
        visits = [Self.weekday(diagnosed)] + Self.visits(from: diagnosed + 70, to: first - 40, &chance) + recent
        growth = Growth(of: child, &chance)
        draft = Draft(source.chance("ids"))
    }

    /// A mother, and often a father or a grandmother; no two people of the family share a name.
    private static func guardians(
        _ family: String,
        besides child: String,
        _ chance: inout Chance
    ) -> [SyntheticPatient.Guardian] {
        let women = chance.pick(2, of: Names.american.female.filter { $0 != child })
        let man = chance.pick(Names.american.male.filter { $0 != child })
        let mother = SyntheticPatient.Guardian(given: women[0], family: family, relationship: "mother")
        guard chance.happens(70) else { return [mother] }
        let other = chance.happens(85) ? (man, "father") : (women[1], "grandmother")
        return [mother, SyntheticPatient.Guardian(given: other.0, family: family, relationship: other.1)]
    }

    /// Every twelve weeks or so, on a weekday.
    private static func visits(from first: Day, to end: Day, _ chance: inout Chance) -> [Day] {
        var days: [Day] = []
        var day = first + chance.number(6...20)
        while day < end {
            days.append(weekday(day))
            day = day + chance.middling(70...105)
        }
        return days
    }

    /// The day, or the Thursday or Friday before a weekend.
    private static func weekday(_ day: Day) -> Day { day.weekday > 4 ? day - 2 : day }

    /// How bad a day was, 0 to 100.
    private func activity(on day: Day) -> Int { before.activity(on: day) + course.activity(on: day) }

    private func flare(on day: Day) -> Course.Flare? { before.flare(on: day) ?? course.flare(on: day) }

    private var flares: [Course.Flare] { before.flares + course.flares }

    mutating func write() -> JSON {
        writePeople()
        writeImmunizations()
        writeDiagnosis()
        writeVisits()
        writeFlares()
        writeSecondLine()
        writeCheckIns()
        return draft.bundle
    }

    // MARK: Who

    private mutating func writePeople() {
        var chance = source.chance("people")
        let town = chance.pick(["Marlow Falls", "Easterbrook", "Port Linden", "Halden"])
        subject = draft.add(
            "Patient",
            child.patient + [
                "address": [["use": "home", "city": .string(town), "state": "VT", "country": "US"]]
            ]
        )
        for (number, guardian) in guardians.enumerated() {
            let reference = draft.add("RelatedPerson", relatedPerson(guardian, number, &chance))
            if number == 0 { mother = reference }
        }
        if chance.happens(40) { draft.add("AllergyIntolerance", allergy(&chance)) }
    }

    private func relatedPerson(
        _ guardian: SyntheticPatient.Guardian,
        _ number: Int,
        _ chance: inout Chance
    ) -> JSONObject {
        let codes = ["mother": "MTH", "father": "FTH", "grandmother": "GRMTH"]
        return [
            "active": true,
            "patient": subject,
            "relationship": [
                Code.hl7("v3-RoleCode", codes[guardian.relationship] ?? "PRN", guardian.relationship).concept
            ],
            "name": [["family": .string(guardian.family), "given": [.string(guardian.given)]]],
            "telecom": [
                [
                    "system": "phone", "value": .string("+1 802 555 01\(twoDigits(chance.number(0...99)))"),
                    "use": "mobile",
                ],
                [
                    "system": "email",
                    "value": .string("\(child.recordNumber.lowercased())-\(number + 1)@example.org"),
                ],
            ],
        ]
    }

    private func allergy(_ chance: inout Chance) -> JSONObject {
        let (what, how) = chance.pick([
            ("Amoxicillin", "rash"), ("Peanut", "hives"), ("Cat hair", "sneezing"), ("Adhesive tape", "blisters"),
        ])
        return [
            "clinicalStatus": ["coding": [Code.hl7("allergyintolerance-clinical", "active", "Active").coding]],
            "verificationStatus": [
                "coding": [Code.hl7("allergyintolerance-verification", "confirmed", "Confirmed").coding]
            ],
            "code": .words(what), "patient": subject,
            "reaction": [["manifestation": [.words(how)]]],
        ]
    }

    /// What children of their country are given, at about the age that it is given. All of it before the illness is live.
    private mutating func writeImmunizations() {
        var chance = source.chance("immunizations")
        guard chance.happens(96) else { return }
        for (code, name, months) in Self.immunizations {
            for month in months {
                writeImmunization(code, name, on: child.birthday + month * 304 / 10 + chance.number(0...25))
            }
        }
        for year in 1...3 where chance.happens(70) {
            let autumn = Day(source.today.date.year - year, 10, 1)
            writeImmunization("150", "Influenza", on: autumn + chance.number(0...40))
        }
    }

    /// By CDC's code of the vaccine: name, and ages in months.
    private static let immunizations: [(code: String, name: String, months: [Int])] = [
        ("08", "Hepatitis B", [0, 2, 6]), ("20", "DTaP", [2, 4, 6, 15, 48]),
        ("10", "Polio, inactivated", [2, 4, 6, 48]),
        ("03", "MMR", [12, 48]), ("21", "Varicella", [12, 48]), ("115", "Tdap", [133]), ("165", "HPV", [133, 140]),
        ("114", "Meningococcal ACWY", [133]),
    ]

    private mutating func writeImmunization(_ code: String, _ name: String, on day: Day) {
        let day = day.weekday > 4 ? day + 2 : day
        guard day < source.today, day >= child.birthday else { return }
        let vaccine = Code(system: "http://hl7.org/fhir/sid/cvx", code: code, display: name)
        draft.add(
            "Immunization",
            [
                "status": "completed", "vaccineCode": vaccine.concept, "patient": subject,
                "occurrenceDateTime": .day(day), "primarySource": false,
                "reportOrigin": .words("The parents' vaccination card"),
            ]
        )
    }

    private mutating func writeDiagnosis() {
        diagnosis = draft.add(
            "Condition",
            conditionStatus(clinical: "active", verified: "confirmed") + [
                "category": [Code.hl7("condition-category", "problem-list-item", "Problem List Item").concept],
                "code": illness.code.concept, "subject": subject, "onsetDateTime": .day(before.firstDay - 60),
                "recordedDate": .day(before.firstDay), "asserter": specialist,
            ]
        )
    }

    // MARK: What doctors did

    private mutating func writeVisits() {
        var chance = source.chance("visits")
        for (number, day) in visits.enumerated() {
            let (encounter, start) = writeVisit(day, isFirst: number == 0, &chance)
            let observing = Observing(subject: subject, encounter: encounter)
            writeGrowth(at: start, observing, &chance)
            writeBloods(on: day, observing, &chance)
            if number % 2 == 0 { writeScan(on: day + 7, encounter, &chance) }
            if illness == .jia { writeJoints(at: start, withEyes: number % 2 == 0, observing, &chance) }
        }
        writeNextVisit(&chance)
    }

    private mutating func writeVisit(_ day: Day, isFirst: Bool, _ chance: inout Chance) -> (JSON, Moment) {
        let start = Moment(day, chance.number(9...15), chance.pick([0, 15, 30, 45]), Self.zone)
        let encounter = draft.add(
            "Encounter",
            [
                "status": "finished", "class": Code.hl7("v3-ActCode", "AMB", "ambulatory").coding,
                "type": [.words(isFirst ? "First visit" : "Follow-up")], "subject": subject,
                "participant": [["individual": specialist]],
                "period": .period(start, start.later(by: chance.number(15...40))),
                "reasonReference": [diagnosis],
                "serviceProvider": .named("Linden Valley Children's Hospital"),
            ]
        )
        if isFirst {
            draft.add(
                "MedicationRequest",
                prescription(
                    illness.firstLine(growth, on: day),
                    encounter,
                    on: day,
                    note: illness.isOfTheBowel ? nil : "In flares, until two quiet days in a row."
                )
            )
        }
        return (encounter, start)
    }

    private func prescription(_ medicine: Medicine, _ encounter: JSON, on day: Day, note: String?) -> JSONObject {
        [
            "status": "active", "intent": "order", "medicationCodeableConcept": medicine.code.concept,
            "subject": subject, "encounter": encounter, "authoredOn": .day(day), "requester": specialist,
            "reasonReference": [diagnosis], "note": .note(note), "dosageInstruction": [medicine.dosage],
        ]
    }

    private mutating func writeGrowth(at moment: Moment, _ observing: Observing, _ chance: inout Chance) {
        let height = growth.height(on: moment.day) + chance.number(-2...2)
        let weight = growth.weight(on: moment.day) + chance.number(-3...3)
        draft.add(
            "Observation",
            observing.observation(
                .loinc("8302-2", "Body height"),
                ["valueQuantity": Amount(tenths: height, "cm").quantity],
                at: moment,
                category: "vital-signs"
            )
        )
        draft.add(
            "Observation",
            observing.observation(
                .loinc("29463-7", "Body weight"),
                ["valueQuantity": Amount(tenths: weight, "kg").quantity],
                at: moment,
                category: "vital-signs"
            )
        )
    }

    private mutating func writeBloods(on day: Day, _ observing: Observing, _ chance: inout Chance) {
        let activity = activity(on: day)
        let drawn = Moment(day, 8, chance.number(20...55), Self.zone)
        let protein = Amount(hundredths: chance.middling(30...240) + activity * chance.number(8...40), "mg/L")
        let sedimentation = Amount(chance.number(3...13) + activity * chance.number(20...45) / 100, "mm/h")
        let haemoglobin = Amount(tenths: chance.middling(118...142) - activity / 10, "g/dL")
        var values = [
            result(
                .loinc("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma"),
                protein,
                5,
                at: drawn,
                observing
            ),
            result(
                .loinc("4537-7", "Erythrocyte sedimentation rate by Westergren method"),
                sedimentation,
                15,
                at: drawn,
                observing
            ),
            result(.loinc("718-7", "Hemoglobin [Mass/volume] in Blood"), haemoglobin, nil, at: drawn, observing),
        ]
        if illness.isOfTheBowel {
            let calprotectin = Amount(chance.middling(15...95) + activity * chance.number(6...16), "ug/g")
            values.append(
                result(.loinc("38445-3", "Calprotectin [Mass/mass] in Stool"), calprotectin, 50, at: drawn, observing)
            )
        }
        // Whoever is given methotrexate or azathioprine has their liver watched.
        if illness != .crmo, let start = course.secondLineFrom, day > start {
            let alanine = Amount(chance.middling(9...44), "U/L")
            values.append(
                result(
                    .loinc("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"),
                    alanine,
                    40,
                    at: drawn,
                    observing
                )
            )
        }
        let results = values.map { draft.add("Observation", $0) }
        draft.add(
            "DiagnosticReport",
            [
                "status": "final", "category": [Code.hl7("v2-0074", "LAB", "Laboratory").concept],
                "code": .words("Blood tests"), "subject": subject, "encounter": observing.encounter,
                "effectiveDateTime": .moment(drawn), "issued": .moment(drawn.later(by: 300)),
                "performer": [.named("Linden Valley laboratory")], "result": .array(results),
            ]
        )
    }

    private func result(
        _ code: Code,
        _ amount: Amount,
        _ limit: Int?,
        at moment: Moment,
        _ observing: Observing
    ) -> JSONObject {
        let range: JSON = limit.map { [["high": Amount($0, amount.unit).quantity]] } ?? nil
        return observing.observation(
            code,
            ["valueQuantity": amount.quantity],
            at: moment,
            category: "laboratory",
            more: ["referenceRange": range]
        )
    }

    private mutating func writeScan(on day: Day, _ encounter: JSON, _ chance: inout Chance) {
        guard day < course.end else { return }
        let active = (flare(on: day) ?? flares.last { $0.end <= day })?.sites ?? []
        let isRecent = flare(on: day - 25) != nil || flare(on: day) != nil
        let settled = illness.sites.filter { !active.contains($0) }.prefix(1)
        let findings =
            active.map { illness.finding($0, isActive: isRecent) }
            + settled.map { illness.finding($0, isActive: false) }
        let time = Moment(day, chance.number(8...16), 30, Self.zone)
        draft.add(
            "DiagnosticReport",
            [
                "status": "final", "category": [Code.hl7("v2-0074", "RAD", "Radiology").concept],
                "code": illness.scan.concept, "subject": subject, "encounter": encounter,
                "effectiveDateTime": .moment(time), "issued": .moment(time.later(by: 180)),
                "performer": [.named("Dr. Aurelio Brightwater, radiology")],
                "conclusion": .string((findings + [illness.absence]).joined(separator: " ")),
            ]
        )
    }

    /// How many joints are inflamed, and whether the eyes are, which nobody feels.
    private mutating func writeJoints(at moment: Moment, withEyes: Bool, _ observing: Observing, _ chance: inout Chance)
    {
        let joints = flare(on: moment.day)?.sites.count ?? 0
        let count = Code(system: "urn:carekeep:exam", code: "active-joints", display: "Joints with active arthritis")
        let quantity: JSONObject = ["valueQuantity": Amount(joints, "{joints}").quantity]
        draft.add("Observation", observing.observation(count, quantity, at: moment, category: "exam"))
        guard withEyes else { return }
        let lamp = Code(system: "urn:carekeep:exam", code: "slit-lamp", display: "Eyes at the slit lamp")
        let found =
            chance.happens(95) ? "No cells in the anterior chambers." : "A few cells in the left anterior chamber."
        let value: JSONObject = ["valueString": .string(found)]
        draft.add("Observation", observing.observation(lamp, value, at: moment.later(by: 90), category: "exam"))
    }

    private mutating func writeNextVisit(_ chance: inout Chance) {
        let day = source.today + chance.number(6...60)
        let start = Moment(day.weekday > 4 ? day + 2 : day, 10, 30, Self.zone)
        draft.add(
            "Appointment",
            [
                "status": "booked",
                "description": illness.isOfTheBowel ? "Gastroenterology, follow-up" : "Rheumatology, follow-up",
                "start": .moment(start),
                "end": .moment(start.later(by: 30)), "minutesDuration": 30,
                "participant": [
                    ["actor": subject, "status": "accepted"],
                    ["actor": specialist, "status": "accepted"],
                ],
            ]
        )
    }

    // MARK: What happened in between

    private mutating func writeFlares() {
        for flare in flares {
            let isOver = flare.end + 3 < course.end
            let status = conditionStatus(
                clinical: isOver ? "resolved" : "active",
                verified: flare.isConfirmed ? "confirmed" : "provisional"
            )
            let sites = flare.sites.map { JSON.words($0.words) }
            draft.add(
                "Condition",
                status + [
                    "category": [Code.hl7("condition-category", "problem-list-item", "Problem List Item").concept],
                    "code": .words("Flare"), "bodySite": .array(sites), "subject": subject,
                    "onsetDateTime": .day(flare.start), "abatementDateTime": isOver ? .day(flare.end) : nil,
                    "recordedDate": .day(flare.start),
                    "asserter": flare.isConfirmed ? specialist : mother,
                    "note": .note(flare.isConfirmed ? nil : "Noted by the family, not seen by a doctor."),
                ]
            )
            writeMedicine(in: flare, isOver: isOver)
        }
    }

    private mutating func writeMedicine(in flare: Course.Flare, isOver: Bool) {
        let start = flare.start + 1
        let medicine = illness.inFlare(isConfirmed: flare.isConfirmed, growth, on: start)
        // A steroid is taken in smaller and smaller doses, for eight weeks.
        if illness.isOfTheBowel, flare.isConfirmed {
            let end = start + 56
            draft.add("MedicationStatement", statement(medicine, start, end < course.end ? end : nil))
        } else {
            draft.add("MedicationStatement", statement(medicine, start, isOver ? flare.end + 2 : nil))
        }
    }

    private func statement(_ medicine: Medicine, _ start: Day, _ end: Day?) -> JSONObject {
        [
            "status": end == nil ? "active" : "completed", "medicationCodeableConcept": medicine.code.concept,
            "subject": subject, "effectivePeriod": .period(start, end), "informationSource": mother,
            "reasonReference": [diagnosis], "dosage": [medicine.dosage],
        ]
    }

    private mutating func writeSecondLine() {
        guard let start = course.secondLineFrom.map(Self.weekday) else { return }
        let encounter = draft.add(
            "Encounter",
            [
                "status": "finished", "class": Code.hl7("v3-ActCode", "AMB", "ambulatory").coding,
                "type": [.words("Visit to discuss treatment")], "subject": subject,
                "participant": [["individual": specialist]],
                "period": .period(Moment(start, 14, 0, Self.zone), Moment(start, 14, 45, Self.zone)),
                "reasonReference": [diagnosis],
            ]
        )
        let medicine = illness.secondLine(growth, on: start)
        draft.add("MedicationRequest", prescription(medicine, encounter, on: start, note: nil))
        if illness == .crmo {
            writeInfusions(from: start + 4)
        } else if start + 1 < course.end {
            draft.add("MedicationStatement", statement(medicine, start + 1, nil))
        }
    }

    /// Three infusions, a month apart.
    private mutating func writeInfusions(from start: Day) {
        var chance = source.chance("infusions")
        for day in [start, start + 30, start + 61].map({ $0.weekday > 4 ? $0 + 2 : $0 }) where day < course.end {
            let medicine = Medicine.pamidronate(growth, on: day)
            let begin = Moment(day, 9, chance.number(0...50), Self.zone)
            draft.add(
                "MedicationAdministration",
                [
                    "status": "completed", "medicationCodeableConcept": medicine.code.concept,
                    "subject": subject, "effectivePeriod": .period(begin, begin.later(by: 240)),
                    "performer": [["actor": .named("Day unit, Linden Valley Children's Hospital")]],
                    "reasonReference": [diagnosis],
                    "note": .note(chance.pick([nil, "Fever in the evening, gone by morning.", "Well tolerated."])),
                    "dosage": [
                        "text": .string(medicine.directions), "route": .words("into a vein"),
                        "dose": medicine.amount.quantity,
                    ],
                ]
            )
        }
    }

    // MARK: Every day, or nearly

    private mutating func writeCheckIns() {
        var chance = source.chance("check-ins")
        let observing = Observing(subject: subject, performer: mother)
        let diligence = chance.number(62...92)
        var awayUntil = course.firstDay
        for number in 0..<(course.end - course.firstDay) {
            let day = course.firstDay + number
            let checkIn = CheckIn(day, in: course, illness, &chance)
            let minute = chance.middling(17 * 60...22 * 60)
            if chance.happens(1) { awayUntil = day + chance.number(3...11) }
            let eager = course.activity(on: day) > 30 ? 12 : 0
            let busy = day.weekday > 4 ? 8 : 0
            guard chance.happens(diligence + eager - busy), day >= awayUntil else { continue }
            draft.add("Observation", checkIn.observation(observing, at: Moment(day, minute: minute, Self.zone)))
        }
    }
}
