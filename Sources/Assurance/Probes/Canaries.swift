import Care
import FHIR
public import Foundation
import People
public import Postgres
import Records
import Seals
import Trail

/// One synthetic organisation while a run lasts: its one person, and what opens their record.
public struct Canary: Sendable {
    public let organization: UUID
    /// What its only member signs in with; good until the run ends.
    public let address: String
    public let password: String
    /// An access token of the API, as the member. It lasts ten minutes: who needs it comes early in a run.
    public let token: String
    /// The text of a link with which the member could set another password. Whoever uses it ends the session.
    public let link: String
    let caller: Caller
    /// The ids of the patient and of an observation of theirs, as FHIR has them.
    public let patient: String
    public let observation: String
    /// Words that stand in this record and nowhere else: family name, given name, diagnosis, note.
    public let words: [String]
    /// The birth date that stands in this record, as it is written: of a century of which nobody's does.
    public let born: String
}

/// The two synthetic organisations, for the length of a run.
public struct Lent: Sendable {
    public let north: Canary
    public let south: Canary

    /// Every word that must be found nowhere in clear.
    public var words: [String] { north.words + south.words }

    /// What else stands in the records alone.
    public var dates: [String] { [north.born, south.born] }
}

/// Whether there is somebody to try things with.
enum Waking: Sendable {
    case awake(Lent)
    /// Nobody could be woken, and this is what whoever asks for somebody is told.
    case asleep(ProbeTrouble)
}

/// What a run is lent, one run at a time: a lock in the store says that one is under way, and ends with its connection.
public enum Loans {
    /// Begins a run, and ends what one that was killed was lent. False where another is under way.
    static func begin(over admin: AdminConnection) throws -> Bool {
        guard try admin.query("select pg_try_advisory_lock(\(lock))")[0].decode(Bool.self, at: 0) else { return false }
        try admin.query("select care.recall_canaries()")
        return true
    }

    /// Ends a run and what it was lent.
    static func end(over admin: AdminConnection) throws {
        try admin.query("select care.recall_canaries()")
        let left = try Canaries.lentOut(over: admin)
        try admin.query("select pg_advisory_unlock(\(lock))")
        guard left == 0 else { throw ProbeTrouble.controlFailed("ending what was lent to the probes") }
    }

    /// Ends what a run was lent that was killed, as whoever starts the databases or stopped a run does. One that is under way is waited
    /// for a moment, and then left alone: it ends its own.
    public static func clear(over admin: AdminConnection) throws {
        try admin.query("set lock_timeout = '5s'")
        do { try admin.query("select pg_advisory_lock(\(lock))") } catch {
            guard error.sqlState == "55P03" else { throw error }
            return
        }
        try end(over: admin)
    }

    private static let lock: SQL = "hashtextextended('carekeep prove', 0)"
}

/// The synthetic organisations of an installation. Each has a member whom nobody is, and one patient of unique words. They appear
/// in no list: nobody belongs to them.
///
/// The words are made from the installation's own keys, so that they stand in no file, and are the same each time. Names and addresses
/// are sealed like everybody's.
struct Canaries {
    let home: Home
    let admin: AdminConnection

    private static let origin = AccessNote(address: "", device: "carekeep prove", request: "")

    /// Makes what is missing, and lends the member's password and a session to this run.
    func lend() async throws -> Lent {
        let known = try all()
        let north = try await lend(known.first, .family, "north")
        let south = try await lend(known.dropFirst().first, .clinic, "south")
        return Lent(north: north, south: south)
    }

    /// Ends what was lent. From then on nobody can sign in.
    func recall() throws {
        try admin.query("select care.recall_canaries()")
    }

    /// The organisations there are, in the order in which they were made.
    func all() throws -> [UUID] { try Self.all(over: admin) }

    private static func all(over admin: AdminConnection) throws -> [UUID] {
        try admin.query("select * from care.canaries()").map { try $0.decode(UUID.self, at: 0) }
    }

    /// How many sessions, devices, links, passwords, second factors, letters and their jobs, agreements and reports that are none are
    /// left of what was lent.
    func lentOut() throws -> Int { try Self.lentOut(over: admin) }

    static func lentOut(over admin: AdminConnection) throws -> Int {
        let ids = try all(over: admin)
        return try admin.query(
            """
            select (select count(*) from care.session where organization_id = any (\(ids)))
                 + (select count(*) from care.link where organization_id = any (\(ids)))
                 + (select count(*) from care.account_device where organization_id = any (\(ids)))
                 + (select count(*) from care.agreement where organization_id = any (\(ids)))
                 + (select count(*) from care.agreement_version where organization_id = any (\(ids)))
                 + (select count(*) from care.agreement_answer where organization_id = any (\(ids)))
                 + (select count(*) from care.vulnerability where is_test)
                 + (select count(*) from care.second_factor f join care.membership m on m.account_id = f.account_id
                     where m.organization_id = any (\(ids)))
                 + (select count(*) from care.second_factor_offer f join care.membership m on m.account_id = f.account_id
                     where m.organization_id = any (\(ids)))
                 + (select count(*) from care.recovery_code f join care.membership m on m.account_id = f.account_id
                     where m.organization_id = any (\(ids)))
                 + (select count(*) from care.account a join care.membership m on m.account_id = a.id
                     where m.organization_id = any (\(ids)) and a.password_hash is not null)
                 + (select count(*) from care.letter l
                     where exists (select from care.membership m join care.account a on a.id = m.account_id
                                    where m.organization_id = any (\(ids))
                                      and (l.account_id = a.id or l.sign_in_token = a.sign_in_token)))
                 + (select count(*) from care.job j join care.membership m on m.account_id = j.account_id
                     where m.organization_id = any (\(ids)) and j.kind = 'mail.send')
            """
        )[0].decode(Int.self, at: 0)
    }

    private func lend(_ known: UUID?, _ profile: Organization.Profile, _ name: String) async throws -> Canary {
        let words = try await words(name)
        let address = "\(words[0].lowercased())@canary.invalid"
        let founding = Founding(keys: home.keys)
        let password = try await password()
        let invitation: Invitation
        let organization: UUID
        if let known {
            guard let link = try await founding.renewLink(for: address, in: Organization.ID(known), over: admin) else {
                throw ProbeTrouble.cannotBeTried("a synthetic organisation has lost its member")
            }
            (organization, invitation) = (known, link)
        } else {
            let plan = Founding.Plan(
                name: "Synthetic \(words[0])",
                profile: profile,
                country: "GB",
                timeZone: "UTC",
                owner: Members.Newcomer(
                    name: "Nobody \(words[1])",
                    address: address,
                    roles: profile == .family ? [.owner, .caregiver] : [.owner, .clinician]
                )
            )
            let (made, link) = try await founding.found(plan, over: admin)
            try admin.query("select care.adopt_canary(\(made.uuid))")
            (organization, invitation) = (made.uuid, link)
        }
        try await home.signIn.setPassword(password, link: invitation.link, origin: Self.origin)
        if name == "north" { try age(password, in: organization) }
        let token = try await home.signIn.begin(
            address: address,
            password: password,
            organization: Organization.ID(organization),
            use: .api,
            origin: Self.origin
        )
        let caller = try await complete(Caller(token: token, use: .api, origin: Self.origin))
        try await agree(caller)
        let (patient, observation, born) = try await record(words, try await birthDate(name), for: caller)
        let spare = try await founding.renewLink(for: address, in: Organization.ID(organization), over: admin)
        let issued = try await home.signIn.tokens.issue(for: caller)
        return Canary(
            organization: organization,
            address: address,
            password: password,
            token: issued.access,
            link: spare?.link.text ?? "",
            caller: Caller(token: issued.session, use: .api, origin: Self.origin),
            patient: patient,
            observation: observation,
            words: words,
            born: born
        )
    }

    /// Stores the password as a release with a lower cost would have, so that the first sign-in has something to raise.
    private func age(_ password: String, in organization: UUID) throws {
        guard let hash = Password(password)?.hash(setting: "$2b$10$" + String(repeating: "k", count: 22)) else {
            throw ProbeTrouble.cannotBeTried("a password cannot be hashed")
        }
        try admin.query(
            """
            update care.account a set password_hash = \(hash) from care.membership m
             where m.organization_id = \(organization) and a.id = m.account_id and a.password_hash is not null
            """
        )
    }

    /// The session, with a code app set up for this run where the member needs one.
    private func complete(_ caller: Caller) async throws -> Caller {
        guard try await home.signIn.secondFactor(of: caller).isRequired else { return caller }
        try await home.signIn.offerSecondFactor(for: caller)
        guard let secret = try await home.signIn.secondFactor(of: caller).offer,
            case .confirmed(let token, codes: _) = try await home.signIn.confirmSecondFactor(
                secret.code(of: OneTimeSecret.step(at: Date())),
                for: caller
            )
        else { throw ProbeTrouble.cannotBeTried("a synthetic member cannot set up a code app") }
        return Caller(token: token, use: .api, origin: caller.origin)
    }

    /// Agrees to what a run that broke off left to agree to.
    private func agree(_ caller: Caller) async throws {
        for agreement in try await home.members.agreements(for: caller) where agreement.isDue {
            guard let asked = agreement.asked else { continue }
            let language = asked.text(in: nil).language
            try await home.members.answer(
                agreement.id,
                version: asked.number,
                language: language,
                .accepted,
                for: caller
            )
        }
    }

    /// The patient and the observation; made if they are missing. The observation was changed once, so that it has two versions.
    ///
    /// One that was made by an earlier release has another birth date; what is searched for is what stands there.
    private func record(_ words: [String], _ birthDate: String, for caller: Caller) async throws
        -> (patient: String, observation: String, born: String)
    {
        let records = home.records
        let patient: String
        var born = birthDate
        if let found = try await records.people(limit: 1, for: caller).people.first {
            patient = found.id
            guard let kept = try found.resource.json["birthDate"]?.string else {
                throw ProbeTrouble.cannotBeTried("a synthetic patient has lost the birth date")
            }
            born = kept
        } else {
            patient = try await records.create(Resource(Self.person(words, birthDate)), for: caller).id
            _ = try await records.create(Resource(Self.diagnosis(words, of: patient)), for: caller)
        }
        let found = try await records.search("Observation", [("patient", patient)], for: caller).records
            .first
        if let found, found.version > 1 { return (patient, found.id, born) }
        let id: String
        if let found {
            id = found.id
        } else {
            id = try await records.create(Resource(Self.observation(words, of: patient, 3)), for: caller).id
        }
        var changed = Self.observation(words, of: patient, 4)
        changed["id"] = .string(id)
        _ = try await records.update(Resource(changed), id: id, for: caller)
        return (patient, id, born)
    }

    private static func person(_ words: [String], _ birthDate: String) -> JSON {
        [
            "resourceType": "Patient", "name": [["family": .string(words[0]), "given": [.string(words[1])]]],
            "birthDate": .string(birthDate),
        ]
    }

    private static func diagnosis(_ words: [String], of patient: String) -> JSON {
        [
            "resourceType": "Condition", "subject": ["reference": .string("Patient/\(patient)")],
            "code": ["text": .string(words[2])],
        ]
    }

    private static func observation(_ words: [String], of patient: String, _ value: Int) -> JSON {
        [
            "resourceType": "Observation", "status": "final", "code": ["text": "Synthetic"],
            "subject": ["reference": .string("Patient/\(patient)")], "valueInteger": .number("\(value)"),
            "note": [["text": .string(words[3])]],
        ]
    }

    /// Four words of twelve letters that nobody else can know.
    private func words(_ name: String) async throws -> [String] {
        let index = try await home.keys.installation().signIn
        return (0..<4).map { number in
            let bytes = index.token(email: "\(name)-\(number)@words.canary.invalid").prefix(12)
            let letters = String(decoding: bytes.map { UInt8(ascii: "a") + $0 % 26 }, as: UTF8.self)
            return letters.prefix(1).uppercased() + letters.dropFirst()
        }
    }

    /// A day of the years 1601 to 1899, which nobody else can know.
    private func birthDate(_ name: String) async throws -> String {
        let bytes = try await home.keys.installation().signIn.token(email: "\(name)-born@words.canary.invalid")
        let number = { (from: Int) in Int(bytes[from]) << 8 | Int(bytes[from + 1]) }
        let parts = [1601 + number(0) % 299, 1 + number(2) % 12, 1 + number(4) % 28]
        return parts.map { ($0 < 10 ? "0" : "") + String($0) }.joined(separator: "-")
    }

    private func password() async throws -> String {
        let bytes = Primitive.freshBytes(24).map { UInt8(ascii: "a") + $0 % 26 }
        return "4 " + String(decoding: bytes, as: UTF8.self)
    }
}
