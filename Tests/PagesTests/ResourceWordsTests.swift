import FHIR
import Testing

@testable import Portal

@Suite struct `A resource in words` {
    private func told(_ json: String, _ audience: Audience = .family) throws -> RecordInWords {
        RecordInWords(try #require(JSON(parsing: json).object), words: Words(audience))
    }

    private func sentence(_ json: String, _ audience: Audience = .family) throws -> String {
        try self.told(json, audience).sentence(in: Words(audience))
    }

    @Test func `says pain out of ten`() throws {
        let json = """
            {"resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-03-03T07:20:00+01:00",
             "code": {"coding": [{"system": "http://loinc.org", "code": "72514-3", "display": "Pain severity - 0-10"}]},
             "valueQuantity": {"value": 4, "unit": "{score}", "code": "{score}"},
             "bodySite": {"text": "left shin"}, "note": [{"text": "Woke at three."}]}
            """
        let told = try self.told(json)
        #expect(told.sentence(in: Words(.family)) == "Pain: 4 out of 10, on Tuesday 3 March 2026, 07:20.")
        #expect(told.facts.contains(Fact("Where on the body", "left shin")))
        #expect(told.notes == ["Woke at three."])
        #expect(told.kind == .measurement)
    }

    @Test func `says a value with its unit, its range there and the mark that was put on it`() throws {
        let told = try self.told(
            """
            {"resourceType": "Observation", "status": "preliminary", "effectiveDateTime": "2026-03",
             "code": {"coding": [{"system": "http://loinc.org", "code": "1988-5"}]},
             "valueQuantity": {"value": 12.50, "comparator": "<", "unit": "milligram per liter", "code": "mg/L"},
             "interpretation": [{"coding": [{"code": "H", "display": "High"}]}],
             "referenceRange": [{"low": {"value": 0, "unit": "mg/L"}, "high": {"value": 5.0, "unit": "mg/L"}}]}
            """
        )
        #expect(told.sentence(in: Words(.family)) == "C-reactive protein (CRP): less than 12.50 mg/L, in March 2026.")
        #expect(
            told.facts == [
                Fact("Result", "less than 12.50 mg/L"), Fact("Usual range there", "0 mg/L to 5.0 mg/L"),
                Fact("The laboratory or clinic marked it", "high"), Fact("State", "first result, not final"),
            ]
        )
    }

    @Test func `says blood pressure as everybody does`() {
        let told = RecordInWords(Samples.bloodPressure, words: Words(.clinic))
        #expect(
            told.sentence(in: Words(.clinic)) == "Blood pressure: 108.0/71.24 mmHg, on Tuesday 03-03-2026, 2:05 pm."
        )
        #expect(told.facts.first == Fact("Upper value (systolic)", "108.0 mmHg, marked normal"))
    }

    @Test func `never takes what is missing for zero`() throws {
        let told = try self.told(
            """
            {"resourceType": "Observation", "status": "final", "code": {"text": "Weight"},
             "dataAbsentReason": {"coding": [{"code": "not-performed", "display": "Not Performed"}]}}
            """
        )
        #expect(told.sentence(in: Words(.family)) == "Weight: not available (not performed). The date was not entered.")
        #expect(
            try self.told(#"{"resourceType": "Observation", "code": {"text": "Weight"}}"#).facts == [
                Fact("Result", "not entered")
            ]
        )
    }

    @Test(arguments: [
        (
            #""medicationCodeableConcept": {"text": "Naproxen 250 mg"}, "status": "stopped", "authoredOn": "2025-11-03""#,
            "Naproxen 250 mg: prescribed on Monday 3 November 2025; stopped since."
        ),
        (
            ##""medicationReference": {"reference": "#m"}, "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "Morphine"}}], "status": "active", "authoredOn": "2025-11-03", "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}], "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}, "asNeededBoolean": true}]"##,
            "Morphine: prescribed on Monday 3 November 2025; still current, 5 mg, twice a day, when needed."
        ),
    ])
    func `says what the date of a prescription is the date of`(members: String, words: String) throws {
        #expect(try self.sentence("{\"resourceType\": \"MedicationRequest\", \(members)}") == words)
    }

    @Test func `says when an illness began and how it is now, and promises no family too much`() throws {
        let json = """
            {"resourceType": "Condition", "code": {"text": "CRMO (disorder)"}, "onsetDateTime": "2024-09",
             "clinicalStatus": {"coding": [{"code": "remission"}]}, "verificationStatus": {"coding": [{"code": "provisional"}]}}
            """
        #expect(try self.sentence(json) == "CRMO: began in September 2024; quiet now, not certain yet.")
        #expect(try self.sentence(json, .clinic) == "CRMO: began in September 2024; in remission, not certain yet.")
        let old = #"{"resourceType": "Condition", "code": {"text": "Asthma"}, "onsetString": "about age 4"}"#
        #expect(try self.sentence(old) == "Asthma: began about age 4.")
    }

    @Test(arguments: [
        (
            #"{"resourceType": "Encounter", "status": "finished", "class": {"code": "EMER"}, "period": {"start": "2026-03-03T14:00:00Z", "end": "2026-03-03T15:30:00Z"}, "reasonCode": [{"text": "Fall"}]}"#,
            "Emergency department: Fall, on Tuesday 3 March 2026, 14:00."
        ),
        (
            #"{"resourceType": "Immunization", "status": "completed", "vaccineCode": {"text": "Influenza"}, "occurrenceDateTime": "2026-03-03"}"#,
            "Influenza, on Tuesday 3 March 2026."
        ),
        (
            #"{"resourceType": "Procedure", "status": "not-done", "code": {"text": "Biopsy"}, "performedPeriod": {"start": "2026-03-03"}}"#,
            "Biopsy: not done, on Tuesday 3 March 2026."
        ),
        (
            #"{"resourceType": "DiagnosticReport", "status": "final", "code": {"text": "MRI"}, "effectiveDateTime": "2026-03-03", "result": [{"display": "Left tibia"}], "conclusion": "One lesion"}"#,
            "MRI: 1 result, on Tuesday 3 March 2026."
        ),
        (
            #"{"resourceType": "AllergyIntolerance", "code": {"text": "Peanut"}, "clinicalStatus": {"coding": [{"code": "active"}]}, "recordedDate": "2026-03-03"}"#,
            "Allergy: Peanut: written down on Tuesday 3 March 2026; still active."
        ),
        (
            #"{"resourceType": "CarePlan", "status": "active", "title": "Physiotherapy", "period": {"start": "2026-03-03"}}"#,
            "Physiotherapy: began on Tuesday 3 March 2026; going on."
        ),
        (
            #"{"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Walk to school"}, "startDate": "2026-03-03"}"#,
            "Walk to school: active, on Tuesday 3 March 2026."
        ),
        (
            #"{"resourceType": "ExplanationOfBenefit", "created": "2026-03-03", "payment": {"amount": {"value": 687.275, "currency": "INR"}}, "total": [{"amount": {"value": 984.1, "currency": "INR"}}]}"#,
            "What the insurer paid: ₹687.28, on Tuesday 3 March 2026."
        ),
        (
            #"{"resourceType": "DocumentReference", "type": {"text": "Letter"}, "date": "2026-03-03", "content": [{"attachment": {"title": "school.pdf"}}]}"#,
            "Letter, on Tuesday 3 March 2026."
        ),
        (
            #"{"resourceType": "Appointment", "status": "booked", "description": "Infusion", "start": "2026-03-03T09:00:00Z"}"#,
            "Infusion: booked, on Tuesday 3 March 2026, 09:00."
        ),
        (
            #"{"resourceType": "QuestionnaireResponse", "authored": "2026-03-03", "item": [{"linkId": "1", "text": "Slept well?", "answer": [{"valueBoolean": false}]}]}"#,
            "Answers to questions: 1 answer, on Tuesday 3 March 2026."
        ),
        (
            #"{"resourceType": "Flag", "status": "active", "code": {"text": "Falls"}, "period": {"start": "2026-03-03"}}"#,
            "Falls, on Tuesday 3 March 2026."
        ),
        (
            #"{"resourceType": "Patient", "name": [{"given": ["Ada"], "family": "Berg"}], "birthDate": "2014-06-21"}"#,
            "Ada Berg."
        ),
    ])
    func `has a sentence for each kind`(json: String, words: String) throws {
        #expect(try self.sentence(json) == words)
    }

    @Test func `leaves nothing out that it has no words for, but what only machines read`() throws {
        let told = try self.told(
            """
            {"resourceType": "Condition", "code": {"text": "Fracture"}, "text": {"div": "<div>markup</div>"},
             "identifier": [{"value": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"}, {"type": {"text": "Case"}, "value": "77"}],
             "stage": [{"summary": {"text": "healing"}}], "subject": {"reference": "Patient/1"}}
            """
        )
        #expect(told.more == [Fact("Numbers", "Case 77"), Fact("Stage", "summary: healing")])
    }

    @Test(arguments: [
        ("{}", "Entry. The date was not entered."), (#"{"resourceType": 7}"#, "Entry. The date was not entered."),
        (
            #"{"resourceType": "Observation", "code": [], "valueQuantity": "x", "component": {"code": 1}, "effectiveDateTime": 3}"#,
            "Measurement: x. The date was not entered."
        ),
        (#"{"resourceType": "Patient", "name": "x", "birthDate": {}}"#, "Person."),
        (
            #"{"resourceType": "QuestionnaireResponse", "item": [[[]]]}"#,
            "Answers to questions: 1 answer. The date was not entered."
        ),
    ])
    func `survives whatever it is given`(json: String, words: String) throws {
        #expect(try self.sentence(json) == words)
    }

    @Test func `marks what was entered by mistake`() throws {
        #expect(try self.told(#"{"resourceType": "Observation", "status": "entered-in-error"}"#).isMistake)
        #expect(
            try self.told(
                #"{"resourceType": "Condition", "verificationStatus": {"coding": [{"code": "entered-in-error"}]}}"#
            ).isMistake
        )
    }

    @Test(arguments: [
        ("1.50", "1.50"), ("173.93014137598118", "173.93"), ("0.00042", "0.00042"), ("-2.7182818", "-2.72"),
        ("12", "12"),
        ("5.0001", "5.0001"), ("1e9", "1e9"), ("99.9999999", "100"), ("99.999999", "99.999999"), ("0.1875", "0.1875"),
        ("0.33333333", "0.33333333"),
    ])
    func `rounds only what a machine computed`(number: String, words: String) {
        #expect(Terms.rounded(number) == words)
    }

    @Test(arguments: ["0.1875", "1.23456789", "2.50"])
    func `keeps every digit of a dose`(dose: String) throws {
        let told = try self.told(
            """
            {"resourceType": "MedicationRequest", "status": "active", "medicationCodeableConcept": {"text": "A"},
             "dosageInstruction": [
               {"doseAndRate": [{"doseQuantity": {"value": \(dose), "unit": "mg"}}]},
               {"doseAndRate": [{"doseRange": {"low": {"value": \(dose), "unit": "mg"}}}],
                "timing": {"repeat": {"period": \(dose), "periodUnit": "h"}}}]}
            """
        )
        #expect(
            told.facts.first == Fact("How to take it", ["\(dose) mg", "\(dose) mg or more, every \(dose) hours"])
        )
    }

    @Test(arguments: [
        (
            #""status": "active", "doNotPerform": true, "authoredOn": "2025-11-03""#, "MedicationRequest",
            "Not to be given: Naproxen: written down on Monday 3 November 2025; must not be given, still current."
        ),
        (
            #""status": "active", "intent": "proposal", "authoredOn": "2025-11-03""#, "MedicationRequest",
            "Naproxen: proposed on Monday 3 November 2025; still current."
        ),
        (
            #""status": "active", "intent": "plan", "authoredOn": "2025-11-03""#, "MedicationRequest",
            "Naproxen: planned on Monday 3 November 2025; still current."
        ),
        (
            #""status": "draft", "intent": "order", "authoredOn": "2025-11-03""#, "MedicationRequest",
            "Naproxen: draft, on Monday 3 November 2025."
        ),
        (
            #""status": "not-taken", "effectiveDateTime": "2025-11-03""#, "MedicationStatement",
            "Naproxen: not taken, on Monday 3 November 2025."
        ),
        (
            #""status": "not-done", "effectiveDateTime": "2025-11-03""#, "MedicationAdministration",
            "Naproxen: not done, on Monday 3 November 2025."
        ),
        (
            #""status": "unknown", "effectiveDateTime": "2025-11-03""#, "MedicationStatement",
            "Naproxen: taken on Monday 3 November 2025; nobody entered what became of it."
        ),
    ])
    func `never says that a medicine is taken which is not`(members: String, type: String, words: String) throws {
        let json = """
            {"resourceType": "\(type)", "medicationCodeableConcept": {"text": "Naproxen"}, \(members)}
            """
        #expect(try self.sentence(json) == words)
    }

    @Test func `says of a proposal and of a plan what it is`() throws {
        func isTold(_ intent: String) throws -> Bool {
            try self.told(#"{"resourceType": "MedicationRequest", "intent": "\#(intent)"}"#).facts.contains {
                $0.label == "What it is"
            }
        }
        #expect(try ["proposal", "plan", "option"].allSatisfy(isTold))
        #expect(try !isTold("order"))
        #expect(
            try self.told(#"{"resourceType": "CarePlan", "intent": "proposal"}"#).facts.contains {
                $0.label == "What it is"
            }
        )
    }

    @Test func `says what must not be done, whatever it is`() throws {
        #expect(
            try self.sentence(
                #"{"resourceType": "ServiceRequest", "doNotPerform": true, "code": {"text": "MRI"}, "authoredOn": "2026-03-03"}"#
            ) == "Not to be done: MRI: must not be done, on Tuesday 3 March 2026."
        )
        let plan = try self.told(
            #"{"resourceType": "CarePlan", "activity": [{"detail": {"doNotPerform": true, "description": "Running"}}]}"#
        )
        #expect(plan.facts.contains(Fact("What to do", "not to be done: Running")))
    }

    @Test(arguments: [
        #""modifierExtension": [{"url": "http://example.org/not", "valueBoolean": true}]"#,
        #""component": [{"modifierExtension": [{"url": "http://example.org/not", "valueBoolean": true}]}]"#,
    ])
    func `warns of what changes the meaning and cannot be read`(members: String) throws {
        let plain = #"{"resourceType": "Observation", "code": {"text": "Weight"}"#
        let told = try self.told("\(plain), \(members)}")
        #expect(told.hasUnreadModifier)
        #expect(told.detail?.hasSuffix("a part of it changes what it means: see the entry") == true)
        #expect(try !self.told("\(plain)}").hasUnreadModifier)
    }

    @Test func `keeps every digit in the technical form`() throws {
        let json = try JSON(parsing: #"{"a":1.50,"b":[],"c":[{"d":"x\"y"}],"e":{}}"#)
        #expect(
            TechnicalForm.text(json) == """
                {
                  "a": 1.50,
                  "b": [],
                  "c": [
                    {
                      "d": "x\\"y"
                    }
                  ],
                  "e": {}
                }
                """
        )
    }
}
