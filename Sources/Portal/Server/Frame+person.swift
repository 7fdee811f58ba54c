import Care
import FHIR
import Foundation
import People
import Records

extension Frame {
    /// What surrounds a page of somebody signed in: in the words of their organisation's profile.
    init(_ person: SignedInPerson, csrf: String) {
        let zone = TimeZone(identifier: person.timeZone) ?? .gmt
        self.init(
            words: Words(person: person),
            today: .today(in: zone),
            organization: person.organizationName,
            signedIn: SignedIn(
                name: person.name,
                csrf: csrf,
                hasOtherOrganizations: person.belongsElsewhere,
                isOfficer: !person.offices.isEmpty,
                managesPeople: person.permits.contains("member.administer"),
                answersReports: person.permits.contains("trail.administer"),
                agreeBy: person.agreeBy.flatMap { $0 > Date() ? Moment($0, in: zone) : nil },
                // A family is too few people for it to be more than in the way there: Settings lead to it.
                seesOverview: person.permits.contains("overview.read") && person.profile != .family,
                reviewsEmergencies: person.permits.contains("emergency.administer")
            )
        )
    }

    /// What surrounds a visitor's page.
    init(visitorOn now: Date) {
        self.init(words: Words(.family), today: .today(now, in: .gmt))
    }
}

extension Words {
    init(person: SignedInPerson) {
        let audience: Audience =
            switch person.profile {
            case .family: .family
            case .clinic: .clinic
            case .operations: .operations
            }
        self.init(audience, dates: person.country == "IN" ? .india : .inWords)
    }

    /// What somebody is in an organisation, as colleagues say it.
    func role(_ roles: Set<Role>) -> String {
        let told: [(Role, String)] = [
            (.clinician, audience == .operations ? "clinician" : "doctor or nurse"), (.caregiver, "family"),
            (.patient, "the person themselves"), (.teen, "the person themselves"),
            (.staff, audience == .operations ? "crew" : "staff"),
            (.owner, "owner"),
            (.admin, "administrator"), (.member, "member"), (.guest, "guest"),
        ]
        return told.first { roles.contains($0.0) }?.1 ?? roles.map(name).sorted().first ?? "member"
    }

    /// A role's name, where roles are given.
    func name(_ role: Role) -> String {
        switch role {
        case .owner: "owner"
        case .admin: "administrator"
        case .member: "member"
        case .caregiver: "parent or carer"
        case .patient: audience == .family ? "adult with their own record" : "patient"
        case .teen: "young person with their own record"
        case .clinician: audience == .operations ? "clinician" : "doctor or nurse"
        case .staff: audience == .operations ? "crew" : "staff"
        case .researcher: "researcher"
        case .dataGovernanceOfficer: "data governance officer"
        case .principalInvestigator: "principal investigator"
        case .safetyMonitor: "safety monitor"
        case .auditor: "auditor"
        case .privacyOfficer: "privacy officer"
        case .guest: "guest"
        }
    }
}

/// What of a Patient resource stands at the head of their pages.
struct PatientFacts {
    let name: String
    let shortName: String
    let born: Day?
    let died: Day?
    /// Whether it is known that they died, whenever that was.
    let isDead: Bool
    let identifiers: [String]

    init(_ resource: Resource, words: Words) {
        let value = FHIRValue(object: resource.object, words: words)
        let names = value.items("name")
        let chosen = ["official", "usual"].lazy.compactMap { use in names.first { $0["use"]?.string == use } }.first
        let shown = chosen ?? names.first
        name = value.name(shown) ?? "Name not entered"
        shortName = shown?["given"]?[0]?.string ?? name
        born = value.string("birthDate").flatMap(Day.init(fhir:))
        died = value.string("deceasedDateTime").flatMap(Day.init(fhir:))
        isDead = value["deceasedDateTime"] != nil || value["deceasedBoolean"]?.bool == true
        identifiers = value.items("identifier").compactMap(value.identifier).prefix(3).map { $0 }
    }

    func card(id: String, mayShare: Bool) -> PatientCard {
        PatientCard(
            id: id,
            name: name,
            shortName: shortName,
            born: born,
            died: died,
            isDead: isDead,
            identifiers: identifiers,
            mayShare: mayShare,
            maySeeLooks: mayShare
        )
    }
}
