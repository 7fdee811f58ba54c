import FHIR
import Synthetic
import Testing

private let today = Day(2026, 11, 21)

/// All the people that these tests look at.
private let crowd: [SyntheticPatient] = SyntheticPatient.Profile.allCases.flatMap { profile in
    (0..<24).map { SyntheticPatient(seed: 7, index: $0, profile: profile, today: today) }
}

extension SyntheticPatient {
    fileprivate var entries: [JSON] { bundle["entry"]?.array ?? [] }
    fileprivate var resources: [JSON] { entries.compactMap { $0["resource"] } }

    fileprivate func resources(_ type: String) -> [JSON] {
        resources.filter { $0["resourceType"]?.string == type }
    }

    /// The observations with a LOINC code.
    fileprivate func observations(_ code: String) -> [JSON] {
        resources("Observation").filter { $0["code"]?["coding"]?[0]?["code"]?.string == code }
    }

    fileprivate var painDays: [(day: String, pain: Int)] {
        observations("72514-3").compactMap { observation in
            guard let time = observation["effectiveDateTime"]?.string,
                let pain = observation["valueQuantity"]?["value"]?.integer
            else { return nil }
            return (String(time.prefix(10)), pain)
        }
    }
}

/// Every string in a value, however deep.
private func strings(_ value: JSON) -> [String] {
    switch value {
    case .string(let text): [text]
    case .array(let values): values.flatMap(strings)
    case .object(let object): object.members.flatMap { strings($0.value) }
    default: []
    }
}

/// Every number in a value, as it is written.
private func numbers(_ value: JSON) -> [String] {
    switch value {
    case .number(let text): [text]
    case .array(let values): values.flatMap(numbers)
    case .object(let object): object.members.flatMap { numbers($0.value) }
    default: []
    }
}

/// Whether a text begins as a date does.
private func isDate(_ text: String) -> Bool {
    let bytes = Array(text.utf8.prefix(10))
    guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return false }
    return bytes.indices.allSatisfy { $0 == 4 || $0 == 7 || (0x30...0x39).contains(bytes[$0]) }
}

@Suite struct `Synthetic patients` {
    @Test func `the same seed gives the same record, to the byte`() {
        for patient in crowd.prefix(60).indices {
            let known = crowd[patient]
            let again = SyntheticPatient.bundle(seed: 7, index: patient % 24, profile: known.profile, today: today)
            #expect(again.serialized() == known.bundle.serialized())
        }
    }

    @Test func `a record stays what it was in earlier releases`() {
        // Demo, tests and benchmarks talk about these people by name. A change here is a change of world.
        let names = SyntheticPatient.Profile.allCases.map {
            SyntheticPatient(seed: 42, index: 0, profile: $0, today: today).person.name
        }
        #expect(names == ["Cyrus Dawnfield", "Nila Kaarmugil", "Fergus Elderscar"])
    }

    @Test func `another seed, index or profile gives somebody else`() {
        let bundles = Set(crowd.map { $0.bundle.serialized() })
        #expect(bundles.count == crowd.count)
        let other = SyntheticPatient(seed: 8, index: 0, profile: .family, today: today)
        #expect(other.bundle != crowd[0].bundle)
    }

    @Test func `record numbers differ between all patients`() {
        #expect(Set(crowd.map(\.person.recordNumber)).count == crowd.count)
    }

    @Test func `every resource is valid R4`() throws {
        for resource in crowd.flatMap(\.resources) { try Validator.check(Resource(resource)) }
    }

    /// Of many seeds, the bundle as a whole and each resource: no errors, and no warnings either.
    @Test(arguments: SyntheticPatient.Profile.allCases)
    func `our own validator finds nothing, in any world`(profile: SyntheticPatient.Profile) throws {
        for seed in 0..<(profile == .family ? 12 : 60) as Range<UInt64> {
            let patient = SyntheticPatient(seed: seed &* 7_919, index: Int(seed), profile: profile, today: today)
            let issues = try ([patient.bundle] + patient.resources).flatMap { Validator.validate(try Resource($0)) }
            #expect(issues == [], "seed \(seed)")
        }
    }

    @Test(arguments: SyntheticPatient.Profile.allCases)
    func `among a thousand, names and birthdays repeat as seldom as they do among people`(
        profile: SyntheticPatient.Profile
    ) {
        let people = (0..<1_000).map { SyntheticPatient.person(seed: 7, index: $0, profile: profile, today: today) }
        let names = Dictionary(grouping: people, by: \.name)
        #expect(names.count > 450)
        #expect(names.values.allSatisfy { $0.count <= 12 })
        #expect(Set(people.map { $0.name + $0.birthday.description }).count >= 995)
    }

    @Test func `what is searched for is there: category, code and date of every observation`() {
        for observation in crowd.flatMap({ $0.resources("Observation") }) {
            #expect(observation["category"]?[0]?["coding"]?[0]?["code"]?.string != nil)
            #expect(observation["code"]?["coding"]?[0]?["code"]?.string != nil)
            #expect(observation["effectiveDateTime"]?.string.map { $0.count } == 25)
        }
    }

    @Test func `every entry is a POST of its type under a urn of its own`() {
        var urls: Set<String> = []
        for entry in crowd.flatMap(\.entries) {
            #expect(entry["request"]?["method"] == "POST")
            #expect(entry["request"]?["url"] == entry["resource"]?["resourceType"])
            let url = entry["fullUrl"]?.string ?? ""
            #expect(
                url.wholeMatch(of: /urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/)
                    != nil
            )
            urls.insert(url)
        }
        #expect(urls.count == crowd.flatMap(\.entries).count)
    }

    @Test func `every reference leads to an entry of the same bundle`() {
        for patient in crowd {
            let known = Set(patient.entries.compactMap { $0["fullUrl"]?.string })
            let named = strings(.array(patient.resources)).filter { $0.hasPrefix("urn:uuid:") }
            #expect(Set(named).isSubset(of: known))
        }
    }

    @Test func `there is one patient, and the record is about them`() {
        for patient in crowd {
            #expect(patient.resources("Patient").count == 1)
            let subject = patient.entries.first { $0["resource"]?["resourceType"] == "Patient" }?["fullUrl"]
            for observation in patient.resources("Observation") {
                #expect(observation["subject"]?["reference"] == subject)
            }
        }
    }

    @Test func `nothing but an appointment is dated today or later`() {
        for resource in crowd.flatMap(\.resources) where resource["resourceType"] != "Appointment" {
            for text in strings(resource) where isDate(text) {
                #expect(text.prefix(10) < today.description, "\(resource["resourceType"] as Any)")
            }
        }
    }

    @Test func `it is marked as made up, and reaches nobody`() {
        for patient in crowd {
            let label = patient.resources("Patient").first?["meta"]?["security"]?[0]?["code"]
            #expect(label == "HTEST")
            for contact in patient.resources.flatMap({ $0["telecom"]?.array ?? [] }) {
                let value = contact["value"]?.string ?? ""
                #expect(value.contains(/555 01\d\d$|^\+91 5|^07700 900\d{3}$|@example\.org$/))
            }
            #expect(!strings(patient.bundle).contains { $0.contains("geolocation") || $0.contains("us-ssn") })
        }
    }
}

@Suite struct `A family's record` {
    private let families = crowd.filter { $0.profile == .family }

    @Test func `pain is a number from 0 to 10, and uses most of them`() {
        let pains = families.flatMap(\.painDays).map(\.pain)
        #expect(pains.allSatisfy { (0...10).contains($0) })
        #expect(Set(pains).count >= 9)
    }

    @Test func `days are missing, and no day is written twice`() {
        for family in families {
            let days = family.painDays.map(\.day)
            #expect(Set(days).count == days.count)
            let parts = days[0].split(separator: "-").compactMap { Int($0) }
            let span = today.number - Day(parts[0], parts[1], parts[2]).number
            #expect((0.45...0.97).contains(Double(days.count) / Double(span)))
        }
    }

    @Test func `there are flares and quiet weeks`() {
        for family in families {
            let days = family.painDays.map(\.pain)
            #expect(days.filter { $0 >= 4 }.count >= 4)
            #expect(days.filter { $0 <= 1 }.count * 2 >= days.count)
            let hasQuietWeek = days.indices.dropLast(6).contains { start in
                days[start..<start + 7].allSatisfy { $0 <= 2 }
            }
            #expect(hasQuietWeek)
        }
    }

    @Test func `blood tests keep the digits they were measured with`() {
        let proteins = families.flatMap { $0.observations("1988-5") }.flatMap { numbers($0["valueQuantity"] ?? nil) }
        #expect(proteins.allSatisfy { $0.wholeMatch(of: /\d+\.\d\d/) != nil })
        #expect(proteins.contains { $0.hasSuffix("0") })
    }

    @Test func `all four illnesses occur, each with its second line of treatment`() {
        let medicines = Set(
            families.flatMap { $0.resources("MedicationRequest") }
                .compactMap { $0["medicationCodeableConcept"]?["text"]?.string }
        )
        let expected = ["Naproxen", "Pamidronic acid", "Methotrexate", "Mesalazine", "Azathioprine"]
        #expect(medicines.isSuperset(of: expected))
        #expect(Set(families.map(\.about)).count == 4)
    }

    /// Painkillers of its kind inflame a bowel that is ill.
    @Test func `no naproxen where the bowel is ill`() {
        for family in families {
            let takes = strings(family.bundle).contains("Naproxen")
            #expect(takes == !["Crohn's disease", "Ulcerative colitis"].contains(family.about))
        }
    }

    @Test func `doses follow the child's weight, and are no more than a doctor gives`() {
        let limits = ["Naproxen": (3, 8, 500), "Azathioprine": (1, 3, 150), "Pamidronic acid": (1, 2, 60)]
        for family in families {
            let weights = family.observations("29463-7").compactMap { $0["valueQuantity"]?["value"]?.number }
                .compactMap { Double($0) }
            for one in family.resources("MedicationRequest") {
                guard let (least, most, limit) = limits[one["medicationCodeableConcept"]?["text"]?.string ?? ""],
                    let dose = one["dosageInstruction"]?[0]?["doseAndRate"]?[0]?["doseQuantity"]?["value"]?.number
                        .flatMap({ Double($0) }),
                    let lightest = weights.min(), let heaviest = weights.max()
                else { continue }
                #expect(dose <= Double(limit) && dose <= heaviest * Double(most))
                #expect(dose == Double(limit) || dose >= lightest * Double(least) * 0.75)
            }
        }
    }

    @Test func `children grow, and do not shrink`() {
        for family in families {
            let heights = family.observations("8302-2").compactMap { $0["valueQuantity"]?["value"]?.number }
                .compactMap { Double($0) }
            #expect(heights.count > 3 && heights.allSatisfy { (85...200).contains($0) })
            #expect(zip(heights, heights.dropFirst()).allSatisfy { $1 > $0 - 0.5 })
            #expect(heights.last ?? 0 > heights.first ?? 0)
        }
    }

    @Test func `a record spans years, and vaccinations were given`() {
        for family in families {
            let first = family.resources("Encounter").compactMap { $0["period"]?["start"]?.string }.min() ?? ""
            #expect(first < Day(number: today.number - 480).description)
        }
        #expect(families.filter { $0.resources("Immunization").count > 15 }.count > 18)
    }

    @Test func `a scan says what was seen`() {
        let reports = families.flatMap { $0.resources("DiagnosticReport") }
        #expect(reports.contains { $0["conclusion"]?.string?.contains("Marrow oedema") == true })
    }

    @Test func `a child has a mother of the same name`() {
        for family in families {
            #expect(family.guardians.first?.relationship == "mother")
            #expect(
                family.guardians.allSatisfy { $0.family == family.person.family && $0.given != family.person.given }
            )
            #expect(family.resources("RelatedPerson").count == family.guardians.count)
        }
    }
}

@Suite struct `A clinic's record` {
    private let patients = crowd.filter { $0.profile == .clinic }

    @Test func `a name is written in its own script too`() {
        for patient in patients {
            let own = patient.person.ownScript
            #expect(own.map { ["mr", "hi", "ta"].contains($0.language) } == true)
            #expect(own.map { $0.name.unicodeScalars.allSatisfy { $0.value > 0x7F || $0 == " " } } == true)
            #expect(strings(patient.bundle).contains(own?.name ?? "?"))
        }
    }

    @Test func `every visit has a prescription`() {
        for patient in patients {
            let prescribed = Set(
                patient.resources("MedicationRequest").compactMap { $0["encounter"]?["reference"]?.string }
            )
            #expect(prescribed.count == patient.resources("Encounter").count)
        }
    }

    @Test func `clocks stand at Indian time`() {
        let times = patients.flatMap { $0.resources("Observation") }.compactMap { $0["effectiveDateTime"]?.string }
        #expect(times.allSatisfy { $0.hasSuffix("+05:30") })
    }
}

@Suite struct `An ambulance service's record` {
    private let patients = crowd.filter { $0.profile == .operations }

    @Test func `medicines given name who gave them, who saw it, how much and on what authority`() {
        let given = patients.flatMap { $0.resources("MedicationAdministration") }
        #expect(given.count > 10)
        for one in given {
            #expect(one["performer"]?.array?.count == 2)
            #expect(one["performer"]?[0]?["actor"] != one["performer"]?[1]?["actor"])
            #expect(one["dosage"]?["dose"]?["value"]?.number != nil)
            #expect(one["note"]?[0]?["text"]?.string?.hasPrefix("Authority: ") == true)
        }
    }

    @Test func `the times of a call are in order`() {
        for call in patients.flatMap({ $0.resources("Encounter") }) {
            let periods = call["statusHistory"]?.array?.compactMap { $0["period"] } ?? []
            let times = periods.flatMap { [$0["start"]?.string ?? "", $0["end"]?.string ?? ""] }
            #expect(times.count == 6 && times == times.sorted())
        }
    }

    @Test func `NHS numbers are of the test range and check`() {
        let values = patients.flatMap { $0.resources("Patient") }.flatMap { $0["identifier"]?.array ?? [] }
            .filter { $0["system"] == "https://fhir.nhs.uk/Id/nhs-number" }.compactMap { $0["value"]?.string }
        #expect(!values.isEmpty)
        for value in values {
            let digits = value.compactMap(\.wholeNumberValue)
            let sum = zip(digits, (2...10).reversed()).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(value.hasPrefix("999") && digits.count == 10 && (11 - sum % 11) % 11 == digits[9])
        }
    }

    @Test func `small children have convulsions, and the old fall`() {
        let many = (0..<200).map { SyntheticPatient(seed: 7, index: $0, profile: .operations, today: today) }
        let children = many.filter { $0.person.birthday.number > today.number - 10 * 365 }
        #expect(children.count > 5 && children.allSatisfy { $0.about == "Febrile convulsion" })
        // NEWS2 is not for them.
        #expect(children.allSatisfy { $0.observations("1104051000000101").isEmpty })
        let fallen = many.filter { $0.about.contains("after a fall") }
        #expect(fallen.allSatisfy { $0.person.birthday.number < today.number - 60 * 365 })
    }

    @Test func `no two have the same NHS number`() {
        let numbers = (0..<500).flatMap { index in
            SyntheticPatient(seed: 7, index: index, profile: .operations, today: today).resources("Patient")
                .flatMap { $0["identifier"]?.array ?? [] }.compactMap { $0["value"]?.string }
                .filter { $0.hasPrefix("999") }
        }
        #expect(numbers.count > 150 && Set(numbers).count == numbers.count)
    }

    @Test func `some people could not say who they are`() {
        let many = (0..<60).map { SyntheticPatient(seed: 7, index: $0, profile: .operations, today: today) }
        let unknown = many.filter { $0.resources("Patient")[0]["name"]?[0]?["use"] == "temp" }
        #expect((1...15).contains(unknown.count))
        #expect(unknown.allSatisfy { !strings($0.bundle).contains($0.person.family) })
    }
}
