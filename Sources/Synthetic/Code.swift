import FHIR

/// A thing that has a name in a code system.
struct Code {
    let system: String
    let code: String
    let display: String

    /// As the value of an element of type CodeableConcept.
    var concept: JSON { ["coding": [coding], "text": .string(display)] }

    /// As the value of an element of type Coding.
    var coding: JSON { ["system": .string(system), "code": .string(code), "display": .string(display)] }

    static func loinc(_ code: String, _ display: String) -> Code {
        Code(system: "http://loinc.org", code: code, display: display)
    }

    /// ICD-10 in its international edition.
    static func icd10(_ code: String, _ display: String) -> Code {
        Code(system: "http://hl7.org/fhir/sid/icd-10", code: code, display: display)
    }

    /// The WHO's classification of medicines.
    static func atc(_ code: String, _ display: String) -> Code {
        Code(system: "http://www.whocc.no/atc", code: code, display: display)
    }

    /// A code system of HL7 itself.
    static func hl7(_ system: String, _ code: String, _ display: String) -> Code {
        Code(system: "http://terminology.hl7.org/CodeSystem/\(system)", code: code, display: display)
    }

    /// A question of the family's daily check-in.
    static func checkIn(_ code: String, _ display: String) -> Code {
        Code(system: "urn:carekeep:check-in", code: code, display: display)
    }
}

extension JSON {
    /// A CodeableConcept of words alone.
    static func words(_ text: String) -> JSON { ["text": .string(text)] }

    /// A Reference to somebody of whom nothing is known but a name.
    static func named(_ display: String) -> JSON { ["display": .string(display)] }

    static func day(_ day: Day) -> JSON { .string(day.description) }

    static func moment(_ moment: Moment) -> JSON { .string(moment.description) }

    static func period(_ start: Moment, _ end: Moment?) -> JSON {
        guard let end else { return ["start": .moment(start)] }
        return ["start": .moment(start), "end": .moment(end)]
    }

    static func period(_ start: Day, _ end: Day?) -> JSON {
        guard let end else { return ["start": .day(start)] }
        return ["start": .day(start), "end": .day(end)]
    }

    static func note(_ text: String?) -> JSON { text.map { [["text": .string($0)]] } ?? nil }
}

/// A measured amount, its digits as they were measured.
struct Amount {
    let digits: String
    let unit: String
    /// In UCUM.
    let code: String

    init(_ digits: String, _ unit: String, code: String? = nil) {
        self.digits = digits
        self.unit = unit
        self.code = code ?? unit
    }

    init(_ number: Int, _ unit: String, code: String? = nil) { self.init(String(number), unit, code: code) }

    /// An amount with one decimal, given in tenths: 374 is `37.4`.
    init(tenths: Int, _ unit: String, code: String? = nil) {
        self.init("\(tenths / 10).\(tenths % 10)", unit, code: code)
    }

    /// An amount with two decimals, given in hundredths: 150 is `1.50`, and not `1.5`.
    init(hundredths: Int, _ unit: String, code: String? = nil) {
        self.init("\(hundredths / 100).\(twoDigits(hundredths % 100))", unit, code: code)
    }

    /// As the value of an element of type Quantity.
    var quantity: JSON {
        [
            "value": .number(digits), "unit": .string(unit), "system": "http://unitsofmeasure.org",
            "code": .string(code),
        ]
    }
}
