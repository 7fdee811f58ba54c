/// Words for codes, units and names that software writes.
enum Terms {
    /// Names of measurements that people use, by LOINC code.
    static let measurements: [String: String] = [
        "72514-3": "Pain", "38208-5": "Pain", "38221-8": "Pain",
        "8302-2": "Height", "29463-7": "Weight", "3141-9": "Weight", "39156-5": "Body mass index",
        "59576-9": "Body mass index for age", "77606-2": "Weight for height", "8289-1": "Head size for age",
        "9843-4": "Head size", "8287-5": "Head size", "8310-5": "Temperature", "8331-1": "Temperature",
        "8867-4": "Heart rate", "9279-1": "Breaths per minute", "2708-6": "Oxygen in the blood",
        "59408-5": "Oxygen in the blood", "85354-9": "Blood pressure", "55284-4": "Blood pressure",
        "8480-6": "Upper value (systolic)", "8462-4": "Lower value (diastolic)", "72166-2": "Smoking",
        "4548-4": "Long-term sugar (HbA1c)", "2339-0": "Blood sugar", "718-7": "Haemoglobin",
        "6690-2": "White blood cells", "789-8": "Red blood cells", "777-3": "Platelets", "4544-3": "Haematocrit",
        "1988-5": "C-reactive protein (CRP)", "30341-2": "Sedimentation rate (ESR)",
        "4537-7": "Sedimentation rate (ESR)",
        "2160-0": "Creatinine", "33914-3": "Kidney function (eGFR)", "2093-3": "Cholesterol",
        "18262-6": "LDL cholesterol", "2085-9": "HDL cholesterol", "2571-8": "Triglycerides",
        "58410-2": "Blood count", "51990-0": "Basic blood chemistry", "57698-3": "Blood fats",
        "93025-5": "Questions about living and safety",
    ]

    /// LOINC codes of pain from 0 to 10.
    static let painCodes: Set = ["72514-3", "38208-5", "38221-8"]

    /// A term without what only a coder needs: "Asthma (disorder)", "Hemoglobin [Mass/volume] in Blood".
    static func tidied(_ text: String) -> String {
        var text = text
        while let open = text.firstIndex(of: "["), let close = text[open...].firstIndex(of: "]") {
            text.removeSubrange(open...close)
        }
        for kind in [
            "disorder", "finding", "procedure", "situation", "regime/therapy", "observable entity", "substance",
            "event",
            "qualifier value", "product", "morphologic abnormality", "body structure", "environment", "person",
        ] where text.hasSuffix(" (\(kind))") {
            text.removeLast(kind.count + 3)
        }
        let tidy = text.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        return tidy.isEmpty ? text : tidy
    }

    /// A number for reading. What was measured to six decimals stays; what a machine computed to fifteen is rounded. Never for doses.
    static func rounded(_ number: String) -> String {
        guard let point = number.firstIndex(of: "."), !number.contains(where: { $0 == "e" || $0 == "E" }) else {
            return number
        }
        let decimals = number.distance(from: point, to: number.endIndex) - 1
        guard decimals > 6, let value = Double(number), abs(value) < 1e12 else { return number }
        // Small values need their digits: 0.00042 must not become 0.
        guard abs(value) >= 1 else { return number }
        let hundredths = Int((abs(value) * 100).rounded())
        let sign = value < 0 && hundredths > 0 ? "-" : ""
        let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
        guard rest > 0 else { return "\(sign)\(whole)" }
        return "\(sign)\(whole).\(rest % 10 == 0 ? String(rest / 10) : rest.twoDigits)"
    }

    private static let units: [String: String] = [
        "mm[Hg]": "mmHg", "Cel": "°C", "[degF]": "°F", "/min": "per minute", "{Beats}/min": "per minute",
        "kg/m2": "kg/m²", "10*3/uL": "thousand per µL", "10*6/uL": "million per µL", "10*9/L": "×10⁹/L", "uL": "µL",
        "ug": "µg", "ug/L": "µg/L", "mL/min/{1.73_m2}": "mL/min per 1.73 m²", "{score}": "", "1": "",
        "[in_i]": "inches",
        "[lb_av]": "pounds", "a": "years", "mo": "months", "wk": "weeks", "d": "days", "h": "hours", "min": "minutes",
        "umol/L": "µmol/L", "mEq/L": "mEq/L", "{nominal}": "", "{#}": "",
        "kg": "kg", "g": "g", "mg": "mg", "cm": "cm", "mm": "mm", "m": "m", "mL": "mL", "L": "L", "mmol/L": "mmol/L",
        "mg/dL": "mg/dL", "g/dL": "g/dL", "g/L": "g/L", "%": "%", "mm/h": "mm/h", "mg/L": "mg/L", "U/L": "U/L",
    ]

    /// A unit as people write it. Its code (UCUM) is surer than its name, which is "kilogram" here and "kg" there.
    static func unit(_ unit: String, code: String?) -> String {
        if let known = code.flatMap({ Terms.units[$0] }) ?? Terms.units[unit] { return known }
        guard unit.hasPrefix("{"), unit.hasSuffix("}") else { return unit }
        return String(unit.dropFirst().dropLast())
    }

    /// An amount of money: "₹1250.00".
    static func money(_ number: String, _ currency: String) -> String {
        let signs = ["USD": "$", "GBP": "£", "EUR": "€", "INR": "₹"]
        guard let value = Double(number), abs(value) < 1e12 else { return "\(number) \(currency)" }
        let hundredths = Int((abs(value) * 100).rounded())
        let (whole, rest) = hundredths.quotientAndRemainder(dividingBy: 100)
        let sign = value < 0 ? "−" : ""
        return "\(sign)\(signs[currency] ?? currency + " ")\(whole).\(rest.twoDigits)"
    }

    static func comparator(_ sign: String) -> String {
        switch sign {
        case "<": "less than"
        case "<=": "at most"
        case ">": "more than"
        case ">=": "at least"
        default: sign
        }
    }

    private static let codes: [String: String] = [
        "final": "final", "amended": "changed later", "corrected": "corrected",
        "preliminary": "first result, not final", "registered": "ordered", "cancelled": "cancelled",
        "entered-in-error": "entered by mistake", "active": "active", "completed": "completed", "stopped": "stopped",
        "on-hold": "paused", "draft": "draft", "unknown": "not known", "finished": "over", "in-progress": "going on",
        "planned": "planned", "arrived": "arrived", "not-done": "not done", "intended": "intended",
        "not-taken": "not taken", "confirmed": "confirmed", "unconfirmed": "not confirmed",
        "provisional": "not certain yet",
        "differential": "one of several possibilities", "refuted": "ruled out", "resolved": "over",
        "inactive": "not active now",
        "recurrence": "came back", "relapse": "came back", "remission": "in remission",
        "encounter-diagnosis": "From a visit",
        "problem-list-item": "On the list of problems", "booked": "booked", "fulfilled": "took place",
        "noshow": "did not come", "pending": "not confirmed yet", "proposed": "proposed", "accepted": "agreed",
        "achieved": "reached", "not-achieved": "not reached", "improving": "getting better",
        "worsening": "getting worse",
        "no-change": "no change", "sustaining": "kept up", "rejected": "refused", "low": "low", "high": "high",
        "unable-to-assess": "not known", "male": "male", "female": "female", "other": "other", "mobile": "mobile",
        "home": "home", "work": "work", "institutional": "Hospital or clinic", "professional": "Doctor or therapist",
        "pharmacy": "Pharmacy", "oral": "Dental", "vision": "Eyes", "current": "current", "superseded": "replaced",
    ]

    private static let places: [String: String] = [
        "AMB": "At a clinic", "EMER": "Emergency department", "IMP": "Stay in hospital", "ACUTE": "Stay in hospital",
        "NONAC": "Stay in hospital", "OBSENC": "Under observation", "SS": "Short stay", "VR": "By phone or video",
        "HH": "At home", "FLD": "At the scene", "PRENC": "Before a stay",
    ]

    /// Where a visit took place, by the code of its class.
    static func placeOfVisit(_ code: String) -> String? { Terms.places[code] }

    private static let interpretations: [String: String] = [
        "H": "high", "HH": "very high", "HU": "much higher than before", "L": "low", "LL": "very low", "N": "normal",
        "A": "abnormal", "AA": "very abnormal", "POS": "positive", "NEG": "negative", "DET": "found", "ND": "not found",
        "S": "susceptible", "R": "resistant", "I": "in between", "B": "better", "W": "worse", "IND": "unclear",
    ]

    /// The mark that a laboratory put on a result.
    static func interpretation(_ code: String) -> String? { Terms.interpretations[code] }

    /// A code in words; one that is not known is shown as it is, without the dashes.
    static func code(_ code: String) -> String {
        Terms.codes[code] ?? (code.contains(where: \.isNumber) ? code : code.replacing("-", with: " "))
    }

    /// Whose numbers an identifier's system names.
    static func identifierSystem(_ system: String) -> String? {
        switch system {
        case "https://fhir.nhs.uk/Id/nhs-number": "NHS number"
        case "https://healthid.ndhm.gov.in", "https://healthid.abdm.gov.in": "ABHA number"
        case "http://hl7.org/fhir/sid/us-ssn": "Social security number"
        default: nil
        }
    }

    /// `bodySite` as "Body site".
    static func label(_ key: String) -> String {
        if let known = Terms.labels[key] { return known }
        var words = ""
        for character in key {
            if character.isUppercase, !words.isEmpty { words.append(" ") }
            words.append(contentsOf: character.lowercased())
        }
        return words.sentenceCased
    }

    private static let labels: [String: String] = [
        "identifier": "Numbers", "basedOn": "Ordered as", "partOf": "Part of", "telecom": "Contact",
        "issued": "Made known",
        "recordedDate": "Written down", "authoredOn": "Written", "encounter": "Visit", "performer": "By",
        "requester": "Asked for by", "recorder": "Written down by", "asserter": "Said by", "serviceProvider": "Where",
        "bodySite": "Where on the body", "managingOrganization": "Kept by", "multipleBirthBoolean": "Twin or more",
        "maritalStatus": "Marital status", "communication": "Languages", "generalPractitioner": "Family doctor",
        "primarySource": "From the one who gave it", "lotNumber": "Batch", "expirationDate": "Use by",
        "doseQuantity": "Dose", "occurrenceDateTime": "When", "created": "Made", "period": "When", "start": "From",
        "end": "To", "class": "Kind of visit", "insurance": "Insurance", "item": "For", "total": "Total",
    ]
}
