public import FHIR

/// A patient who does not exist, and a record of their health that could be somebody's.
///
/// The same seed, index, profile and day give the same record, to the byte. Nothing is dated on `today` or later but
/// appointments. Everything that could reach somebody is out of use: telephone numbers come from ranges kept for fiction
/// or never given out, addresses of mail end in `example.org`, NHS numbers begin with 999.
public struct SyntheticPatient: Sendable {
    public let profile: Profile
    /// Who it is. An ambulance's patient whom nobody could identify has a person too; the record does not tell.
    public let person: Person
    /// Who looks after a child, with the words for what they are to it; empty for adults.
    public let guardians: [Guardian]
    /// In a few words, what the record is about.
    public let about: String
    /// The record, as a FHIR R4 transaction: all entries are POST and refer to one another by `urn:uuid`.
    public let bundle: JSON

    /// A parent or other carer.
    public struct Guardian: Sendable, Equatable {
        public let given: String
        public let family: String
        /// `mother`, `father` or `grandmother`.
        public let relationship: String

        public var name: String { "\(given) \(family)" }
    }

    /// What kind of organisation keeps the record.
    public enum Profile: String, Sendable, CaseIterable {
        /// A child with a chronic illness over some years: flares, courses of medicine, visits, growth, blood tests,
        /// scans, vaccinations, and daily check-ins in the last of them.
        case family
        /// An adult seen by a clinic in India: visits, prescriptions, appointments.
        case clinic
        /// Somebody of any age seen by an ambulance crew in Britain: one report or a few.
        case operations
    }

    /// The patient of a number, from 0, in the world of a seed. The record ends on the day before `today`.
    public init(seed: UInt64, index: Int, profile: Profile, today: Day) {
        let source = Source(seed: seed, index: index, today: today, profile: profile)
        self.profile = profile
        switch profile {
        case .family:
            var record = FamilyRecord(source)
            (person, guardians, about) = (record.child, record.guardians, record.illness.about)
            bundle = record.write()
        case .clinic:
            var record = ClinicRecord(source)
            (person, guardians, about) = (record.person, [], record.about)
            bundle = record.write()
        case .operations:
            var record = OperationsRecord(source)
            (person, guardians, about) = (record.person, [], record.about)
            bundle = record.write()
        }
    }

    /// Who it is alone, without their record, which takes longer to write.
    public static func person(seed: UInt64, index: Int, profile: Profile, today: Day) -> Person {
        let source = Source(seed: seed, index: index, today: today, profile: profile)
        switch profile {
        case .family: return FamilyRecord(source).child
        case .clinic: return ClinicRecord(source).person
        case .operations: return OperationsRecord(source).person
        }
    }

    /// The record alone.
    public static func bundle(seed: UInt64, index: Int, profile: Profile, today: Day) -> JSON {
        SyntheticPatient(seed: seed, index: index, profile: profile, today: today).bundle
    }
}

/// What a record is made from.
struct Source {
    let seed: UInt64
    let index: Int
    let today: Day
    let profile: SyntheticPatient.Profile

    func chance(_ purpose: String) -> Chance {
        Chance(seed: seed, index: index, purpose: "\(profile.rawValue)/\(purpose)")
    }

    /// A number nobody else of the organisation has: it carries the index.
    func recordNumber(_ prefix: String) -> String {
        let digits = String(index + 1)
        return prefix + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}
