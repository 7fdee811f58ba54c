public import FoundationEssentials

/// The id of a thing of one kind. Ids of different things are different types, so that they cannot be mixed up.
public struct Identifier<Subject>: Hashable, Sendable, LosslessStringConvertible {
    /// The id itself.
    public let uuid: UUID

    /// Names something that has this id.
    public init(_ uuid: UUID) {
        self.uuid = uuid
    }

    /// A new, random id.
    public init() {
        self.init(UUID())
    }

    /// An id as text, in the form of RFC 9562; `nil` if it is none.
    public init?(_ text: String) {
        guard text.utf8.count == 36, let uuid = UUID(uuidString: text) else { return nil }
        self.init(uuid)
    }

    /// In lower case, as FHIR and RFC 9562 write it.
    public var description: String { uuid.uuidString.lowercased() }
}

/// A family, a group of clinics or a service, with everything that is its own.
public enum Organization {
    /// Which organisation.
    public typealias ID = Identifier<Organization>

    /// What kind of organisation it is: whose page its defaults are taken from.
    public enum Profile: String, Sendable, CaseIterable {
        case family, clinic, operations
    }
}

/// Someone who can sign in.
public enum Person {
    /// Whose account.
    public typealias ID = Identifier<Person>
}

/// Someone whose record is kept.
public enum Patient {
    /// Which patient. Known to the server and the database; not the id in a FHIR address.
    public typealias ID = Identifier<Patient>
}

/// What someone is in an organisation. The database knows the same words and no others.
public enum Role: String, Sendable, CaseIterable {
    case owner, admin, member, caregiver, patient, teen, clinician, staff, researcher, auditor
    /// Of elsewhere, to read what is shared with them.
    case guest
    case dataGovernanceOfficer = "data-governance-officer"
    case principalInvestigator = "principal-investigator"
    case safetyMonitor = "safety-monitor"
    case privacyOfficer = "privacy-officer"
}

/// What someone does for the installation, named by its operator. The database knows the same words and no others.
public enum Office: String, Sendable, CaseIterable {
    /// Vouches for what people do, and reviews what other stewards vouch for.
    case steward
    /// Sees what checks saw where they failed, and the evidence of what was vouched for.
    case auditor
}

/// By what right someone reaches a patient. The database knows the same words and no others. (ROL-1, ROL-2, ROL-3)
public enum Reach: String, Sendable, CaseIterable {
    /// Keeps the record of a child or of someone in their care.
    case guardian
    /// It is their own record.
    case `self`
    /// The record was shared with them, for a purpose, until a day.
    case share
    /// Belongs to the team that treats the patient.
    case careTeam = "care-team"
    /// Was sent to the patient's job.
    case assignment
    /// Opened the record in an emergency, to read it, for an hour at most. (ROL-8)
    case breakGlass = "break-glass"
    /// The same, to add and correct besides.
    case breakGlassWrite = "break-glass-write"
    /// Was asked by whoever keeps the record to read and enter, too.
    case carer
    /// Was asked by whoever keeps the record to read, too.
    case carerReading = "carer-reading"
    /// Has an appointment with them: from some days before it to some days after.
    case appointment

    /// The way in which someone of these roles reaches a patient whom they enter.
    public static func ofCreator(holding roles: Set<Role>) -> Reach {
        if roles.contains(.caregiver) { return .guardian }
        if roles.contains(.patient) || roles.contains(.teen) { return .self }
        if roles.contains(.staff) { return .assignment }
        return .careTeam
    }
}

/// Why a record is shared. The database knows the same words and no others.
public enum Purpose: String, Sendable, CaseIterable {
    case care, treatment
    case secondOpinion = "second-opinion"
}
