import FoundationEssentials
import Postgres
import Seals

/// Two houses with people and rows in them, made for one run by the superuser, and the connections of that run.
///
/// Both houses have patients of the same ids, so that nothing but the organisation tells their rows apart.
final class Scene {
    let admin: AdminConnection
    let server: AdminConnection
    let keykeeper: AdminConnection
    /// A connection on which no setting was ever made.
    let untouched: AdminConnection
    /// Where the rows are that somebody wants.
    let north: House
    /// Whose people want them.
    let south: House
    /// Ids that nobody has.
    let nowhere = House(ada: Kept(), ben: Kept())
    /// Acts by name, with their scope.
    let acts: [(name: String, scope: String)]

    init(_ ways: UnauthorisedPerson.Ways) throws {
        admin = try AdminConnection(ways.superuser, applicationName: "unauthorised person")
        server = try AdminConnection(ways.server, applicationName: "unauthorised person")
        keykeeper = try AdminConnection(ways.keykeeper, applicationName: "unauthorised person")
        untouched = try AdminConnection(ways.server, applicationName: "unauthorised person")
        let (ada, ben) = (Kept(), Kept())
        north = House(ada: ada, ben: ben)
        south = House(ada: ada.namesake(), ben: ben.namesake())
        acts = try admin.query("select name, scope from care.act order by name").map {
            (try $0.decode(String.self, at: 0), try $0.decode(String.self, at: 1))
        }
        try make(north)
        try make(south)
    }

    /// Somebody new in a house, who belonged to another before, if it is named.
    func somebody(_ roles: [String], in house: House, after earlier: (house: House, roles: [String])? = nil) throws
        -> Someone
    {
        let someone = Someone()
        try add(someone, roles, to: house, after: earlier)
        return someone
    }

    // MARK: Passes

    /// What an opening answered.
    struct Opened {
        let outcome: Int32?
        let context: [UInt8]?
        let patients: [UUID?]
        let records: [UUID?]
        let roles: [String]
        let secret: [UInt8]
        let newPatients: [UUID]
        /// The error, if it was one.
        let error: PostgresError?

        /// What is shown to use it.
        var setting: String { Self.setting(of: secret) }
        var sha256: [UInt8] { Primitive.sha256(secret) }
    }

    /// What somebody asks the gate for. Each part can be wrong by itself.
    struct Request {
        var organization: UUID
        var session: [UInt8]
        var act: String?
        var targets: [[UInt8]?] = []
        var newPatients: [UUID] = []
        var use = "api"
        var secret: [UInt8]? = Primitive.freshBytes(16)
        var purpose: String? = "care"
        /// Finds the entries that it leaves.
        let salt = Primitive.freshBytes(32)

        init(_ act: String?, by someone: Someone, of house: House, targets: [[UInt8]?] = [], newPatients: [UUID] = []) {
            organization = house.organization
            session = someone.session
            self.act = act
            self.targets = targets
            self.newPatients = newPatients
        }

        var statement: SQL {
            """
            select outcome, context, patients, records, roles from care.open_pass(
                \(organization), \(session), \(secret), \(use), \(act), \(targets), \(newPatients), \(purpose),
                1, \(salt), \([UInt8]([0])))
            """
        }
    }

    /// Asks, in a transaction of its own.
    func open(_ request: Request) -> Opened {
        var row: Row?
        var failure: PostgresError?
        do { row = try server.query(request.statement).first } catch { failure = error }
        return opened(row, for: request, failure: failure)
    }

    private func opened(_ row: Row?, for request: Request, failure: PostgresError?) -> Opened {
        // Where there is no row, or one that cannot be read, nothing was answered: the checks compare with that.
        Opened(
            outcome: try? row?.decode(Int32?.self, at: 0),
            context: try? row?.decode([UInt8]?.self, at: 1),
            patients: (try? row?.decode([UUID?].self, at: 2)) ?? [],
            records: (try? row?.decode([UUID?].self, at: 3)) ?? [],
            roles: (try? row?.decode([String].self, at: 4)) ?? [],
            secret: request.secret ?? [],
            newPatients: request.newPatients,
            error: failure
        )
    }

    /// Asks for several at once, each with what is sealed for it and its key's epoch; the hashes say whose the answers are.
    func open(together requests: [(request: Request, epoch: Int32, sealed: [UInt8])]) -> [(
        opened: Opened, sha256: [UInt8]?
    )] {
        let all = requests.map(\.request)
        let statement: SQL = """
            select outcome, context, patients, records, roles, secret_sha256 from care.open_passes(
                \(all.map(\.organization)), \(all.map(\.session)), \(all.map(\.secret)), \(all.map(\.use)), \(all.map(\.act)),
                \(all.map { $0.targets[0] }), \(all.map(\.purpose)), \(requests.map(\.epoch)), \(all.map(\.salt)),
                \(requests.map(\.sealed)))
            """
        do {
            let rows = try server.query(statement)
            // An answer that cannot be read names nobody's secret: the checks compare with that.
            return zip(all, rows).map { request, row in
                (opened(row, for: request, failure: nil), try? row.decode([UInt8]?.self, at: 5))
            }
        } catch {
            return all.map { (opened(nil, for: $0, failure: error), nil) }
        }
    }

    /// The request that an act takes, about somebody kept in a house. `act` may name a way of its own: `record.read/directory`.
    func request(_ act: String, by someone: Someone, of house: House, about kept: Kept) -> Request {
        if act.hasSuffix(Self.ofDirectory) {
            let name = String(act.dropLast(Self.ofDirectory.count))
            return Request(name, by: someone, of: house, targets: [house.place.tag])
        }
        switch acts.first(where: { $0.name == act })?.scope {
        case "patient":
            let target = Self.actsOnRecords.contains(act) ? kept.weight : kept.person
            return Request(act, by: someone, of: house, targets: [target.tag])
        case "patients":
            let targets = act == "patient.create" ? [] : [kept.person.tag]
            let new = Self.actsThatMakePatients.contains(act) ? [UUID()] : []
            return Request(act, by: someone, of: house, targets: targets, newPatients: new)
        default:
            return Request(act, by: someone, of: house)
        }
    }

    /// Acts that nobody does about somebody else.
    private static let actsOfOneself: Set = ["carer.keep", "record.keep-private"]

    /// Who may do an act about Ada.
    func rightful(_ act: String, in house: House) -> Someone {
        Self.actsOfOneself.contains(act) ? house.itself : house.keeper
    }

    /// What names an act on a record of the directory, for which the gate narrows it: `record.read/directory`.
    static let ofDirectory = "/directory"
    /// Acts whose target is any record, not the one that says who somebody is.
    private static let actsOnRecords: Set = ["record.read", "record.history", "record.update", "record.delete"]

    /// Acts on several patients that may make some.
    static let actsThatMakePatients: Set = ["patient.create", "bundle.write"]
    /// The act that makes a record about several.
    static let actAboutSeveral = "record.create.several"

    /// Every act, and those on records of the directory.
    var openings: [String] { acts.map(\.name) + Self.actsOnRecords.map { $0 + Self.ofDirectory } }

    /// How many rows a statement of the server's role has under a pass; none if it fails.
    func count(_ statement: SQL, under opened: Opened) throws -> Int {
        try server.query("begin")
        defer { _ = try? server.query("commit") }  // a connection that is gone fails the next statement
        try server.query("select set_config('care.pass', \(opened.setting), true)")
        do { return try server.query(statement).count } catch { return 0 }
    }

    // MARK: Time

    /// Lets the guard look, as a server does: where it has not for five minutes, as in a long run, the gate is shut.
    func lookAgain() throws { try admin.query("select care.inspect()") }

    /// Moves the store's clock for as long as the body lasts.
    @discardableResult
    func later<R>(by offset: Duration, _ body: () throws -> R) throws -> R {
        let seconds = Double(offset.components.seconds) + Double(offset.components.attoseconds) / 1e18
        try admin.query("update care.guard set clock_offset = make_interval(secs => \(seconds))")
        defer { _ = try? admin.query("update care.guard set clock_offset = '0'") }  // what failed is already on its way
        return try body()
    }
}

/// An organisation with people and rows.
struct House {
    let organization = UUID()
    /// Owner, caregiver and privacy officer: Ada's guardian. Steward and auditor of the installation, too.
    let keeper = Someone()
    /// Caregiver: Ben's guardian.
    let other = Someone()
    /// Clinician, to share with.
    let clinician = Someone()
    /// Ada herself.
    let itself = Someone()
    let ada: Kept
    let ben: Kept
    /// A record of the directory.
    let place = Sealed()
    let link = UUID()
    /// A patient whom nobody reaches, with whom records stand that are about others, too.
    let third = UUID()
    let job = UUID()
    /// A letter that waits, and that nobody sends.
    let letter = UUID()
    /// Under which tries to sign in are counted.
    let tried = Primitive.freshBytes(32)
    /// What the keeper vouched for; it was declined, and withdrawn.
    let attestation = UUID()
    /// A role of its own, which nobody has.
    let role = UUID()
    /// Something that those who run it were told.
    let notice = UUID()
    /// Something to agree to, for the end of days, which the other one answered.
    let agreement = UUID()
    /// Something that the other one reported, and that was answered.
    let concern = UUID()
    /// An overview in numbers, of long ago.
    let overview = UUID()
    /// An emergency of the clinician's with the third patient, which nobody has reviewed.
    let emergency = UUID()
}

/// Somebody with a session for the API and one for pages.
struct Someone {
    let account = UUID()
    let token = Primitive.freshBytes(32)
    let session = Primitive.freshBytes(32)
    let pageSession = Primitive.freshBytes(32)
}

/// Somebody whose record is kept.
struct Kept {
    var patient = UUID()
    /// The record that says who it is.
    var person = Sealed()
    /// A record of theirs.
    var weight = Sealed()
    /// A record that stands with a third patient and is about this one, too.
    var joint = Sealed()
    /// A record that stands with this patient and is about the third one, too.
    var own = Sealed()
    var share = UUID()
    var entry = UUID()
    /// An invitation to care for them, which nobody answers.
    var invitation = UUID()
    /// A pause that has ended, of the clinician; and one of the keeper.
    var pause = UUID()
    var ownPause = UUID()
    var token = Int64.random(in: .min ... .max)

    /// Somebody else, in another organisation, with the same ids.
    func namesake() -> Kept {
        var kept = self
        kept.person.tag = Primitive.freshBytes(16)
        kept.weight.tag = Primitive.freshBytes(16)
        kept.joint.tag = Primitive.freshBytes(16)
        kept.own.tag = Primitive.freshBytes(16)
        return kept
    }
}

/// A record's row.
struct Sealed {
    var id = UUID()
    var tag = Primitive.freshBytes(16)
    var change = UUID()
}

extension Scene {
    private func make(_ house: House) throws {
        try admin.query("begin")
        try admin.query(
            """
            insert into care.organization (organization_id, profile, country, sealed_name)
            values (\(house.organization), 'clinic', 'GB', \([UInt8]([0])))
            """
        )
        try add(house.keeper, ["owner", "caregiver", "privacy-officer"], to: house)
        try add(house.other, ["caregiver"], to: house)
        try add(house.clinician, ["clinician"], to: house)
        try add(house.itself, ["patient"], to: house)
        for office in ["steward", "auditor"] { try give(office, to: house.keeper) }
        try attest(house)
        try admin.query(
            """
            insert into care.link (organization_id, id, account_id, purpose, secret_sha256, until)
            values (\(house.organization), \(house.link), \(house.keeper.account), 'set-password',
                    \(Primitive.freshBytes(32)), clock_timestamp() + interval '1 day')
            """
        )
        try equip(house.keeper)
        try admin.query(
            "insert into care.sign_in_try (key, failures, last_at) values (\(house.tried), 1, clock_timestamp())"
        )
        try admin.query(
            "insert into care.patient (organization_id, id) values (\(house.organization), \(house.third))"
        )
        // Of a kind that nobody takes.
        try admin.query(
            """
            insert into care.job (organization_id, id, kind, key, patient_id, opening_id, enqueued_at, run_at)
            values (\(house.organization), \(house.job), 'suite.kept', \(UUID()), \(house.ada.patient), \(UUID()), now(), now())
            """
        )
        try admin.query(
            """
            insert into care.role (organization_id, id, name, permissions, made_at)
            values (\(house.organization), \(house.role), 'spare', '{record.read}', clock_timestamp())
            """
        )
        try admin.query(
            """
            insert into care.notice (organization_id, id, at, day, kind, account_id)
            values (\(house.organization), \(house.notice), now(), '2026-01-01', 'disclosure-limit', \(house.other.account))
            """
        )
        try admin.query(
            """
            insert into care.organization_setting (organization_id, name, value, changed_at)
            values (\(house.organization), 'spare', '1', now())
            """
        )
        try admin.query(
            """
            insert into care.disclosed (organization_id, account_id, day, patient_id)
            values (\(house.organization), \(house.other.account), 'infinity', \(house.third))
            """
        )
        try admin.query(
            """
            insert into care.letter (organization_id, id, account_id, template, language, sealed, queued_at, until)
            values (\(house.organization), \(house.letter), \(house.keeper.account), 'suite-kept', 'en', '\\x00', now(),
                    now() + interval '1 day')
            """
        )
        try admin.query(
            """
            insert into care.address_change (account_id, sign_in_token, sealed_address, secret_sha256, until)
            values (\(house.clinician.account), \(Primitive.freshBytes(32)), '\\x00', \(Primitive.freshBytes(32)),
                    now() + interval '1 day')
            """
        )
        try publish(in: house)
        try report(in: house)
        try overview(in: house)
        try know(in: house)
        try remember(in: house)
        try makeEmergency(in: house)
        try make(house.ada, keptBy: house.keeper, in: house)
        try reach(house.ada, by: house.itself, as: "self", in: house)
        try make(house.ben, keptBy: house.other, in: house)
        try countersign(in: house)
        try make(house.place, "Location", of: nil, in: house)
        try practise(in: house)
        try admin.query("commit")
    }

    private func add(
        _ someone: Someone,
        _ roles: [String],
        to house: House,
        after earlier: (house: House, roles: [String])? = nil
    ) throws {
        try admin.query(
            """
            insert into care.account (id, sign_in_token, sealed_address, password_hash, password_at)
            values (\(someone.account), \(someone.token), \([UInt8]([0])), \(Self.hash), clock_timestamp())
            """
        )
        if let earlier { try join(someone, earlier.roles, to: earlier.house) }
        try join(someone, roles, to: house)
        for (use, secret) in [("api", someone.session), ("page", someone.pageSession)] {
            try admin.query(
                """
                insert into care.session
                    (organization_id, account_id, used_as, secret_sha256, created_at, seen_at, idle, until, profile,
                     second_factor_at, stepped_up_at)
                select \(house.organization), \(someone.account), \(use), \(Primitive.sha256(secret)), t, t,
                       interval '1 hour', t + interval '1 day', 'clinic', t, t + interval '1 day'
                  from clock_timestamp() t
                """
            )
        }
    }

    /// The hash that everybody has. No password gives it.
    static let hash = "$2b$12$" + String(repeating: "s", count: 53)

    /// Gives somebody a code app, a recovery code, and a secret on offer.
    private func equip(_ someone: Someone) throws {
        try admin.query(
            """
            insert into care.second_factor (account_id, sealed_secret, last_step, since)
            values (\(someone.account), \([UInt8]([0])), 0, clock_timestamp())
            """
        )
        try admin.query(
            """
            insert into care.second_factor_offer (account_id, session_id, sealed_secret, at)
            values (\(someone.account), \(UUID()), \([UInt8]([0])), clock_timestamp())
            """
        )
        try admin.query(
            "insert into care.recovery_code (account_id, code_sha256) values (\(someone.account), \(Primitive.freshBytes(32)))"
        )
    }

    /// Makes somebody a member.
    func join(_ someone: Someone, _ roles: [String], to house: House) throws {
        try admin.query(
            """
            insert into care.membership (organization_id, account_id, roles, sealed_name)
            values (\(house.organization), \(someone.account), \(roles), \([UInt8]([0])))
            """
        )
    }

    /// An attestation with all that can become of one.
    private func attest(_ house: House) throws {
        try admin.query(
            """
            insert into care.attestation (id, promise, follows, account_id, words, signed_as, link, since, until, at)
            select \(house.attestation), 'ZZ-1', (
                       select a.id from care.attestation a
                        where a.promise = 'ZZ-1' and not exists (select from care.attestation b where b.follows = a.id)),
                   \(house.keeper.account), 'it was done', 'somebody', 'https://evidence.example', t,
                   t + interval '1 year', t
              from clock_timestamp() t
            """
        )
        try admin.query(
            """
            insert into care.attestation_review (attestation_id, author_id, account_id, accepted, reason, at)
            values (\(house.attestation), \(house.keeper.account), \(house.other.account), false, 'why not',
                    clock_timestamp())
            """
        )
        try admin.query(
            """
            insert into care.attestation_withdrawal (attestation_id, account_id, reason, at)
            values (\(house.attestation), \(house.other.account), 'not so', clock_timestamp())
            """
        )
    }

    /// Gives somebody an office of the installation.
    func give(_ office: String, to someone: Someone) throws {
        try admin.query(
            "insert into care.office (account_id, office, since) values (\(someone.account), \(office), clock_timestamp())"
        )
    }

    /// Somebody more whose record is kept.
    func make(_ kept: Kept, keptBy guardian: Someone, in house: House) throws {
        try admin.query(
            "insert into care.patient (organization_id, id) values (\(house.organization), \(kept.patient))"
        )
        try reach(kept, by: guardian, as: "guardian", in: house)
        try admin.query(
            """
            insert into care.reach (organization_id, id, patient_id, account_id, kind, until)
            values (\(house.organization), \(kept.share), \(kept.patient), \(house.clinician.account), 'share',
                    clock_timestamp() + interval '90 days')
            """
        )
        try invite(to: kept, by: guardian, in: house)
        try pause(kept, in: house)
        try planGrowingUp(of: kept, by: guardian, in: house)
        try make(kept.person, "Patient", of: kept.patient, in: house)
        try make(kept.weight, "Observation", of: kept.patient, in: house)
        try make(kept.joint, "Observation", of: house.third, in: house, alsoAbout: kept.patient)
        try make(kept.own, "Observation", of: kept.patient, in: house, alsoAbout: house.third)
        try admin.query(
            """
            insert into care.token (organization_id, value, epoch, patient_id)
            values (\(house.organization), \(kept.token), 1, \(kept.patient))
            """
        )
        try admin.query(
            """
            insert into care.entry (
                organization_id, id, opening_id, at, opened_in, act, patient_id, granted, key_epoch, salt, sealed)
            select \(house.organization), \(kept.entry), \(UUID()), month at time zone 'UTC', pg_current_xact_id(),
                   'record.read', \(kept.patient), true, 1, \(Primitive.freshBytes(32)), \([UInt8]([0]))
              from (select to_date(right(inhrelid::regclass::text, 6), 'YYYYMM') + time '12:00'
                      from pg_inherits where inhparent = 'care.entry'::regclass) x (month)
            """
        )
    }

    /// Lets somebody reach somebody.
    func reach(_ kept: Kept, by someone: Someone, as kind: String, in house: House) throws {
        try admin.query(
            """
            insert into care.reach (organization_id, patient_id, account_id, kind, appointment_id, until)
            values (\(house.organization), \(kept.patient), \(someone.account), \(kind),
                    case when \(kind) = 'appointment' then \(kept.weight.id)::uuid end,
                    case when \(kind) in ('share', 'appointment') then clock_timestamp() + interval '90 days'
                         when \(kind) like 'break-glass%' then clock_timestamp() + interval '50 minutes' end)
            """
        )
    }

    private func make(
        _ record: Sealed,
        _ kind: String,
        of patient: UUID?,
        in house: House,
        alsoAbout other: UUID? = nil
    ) throws {
        try admin.query(
            """
            insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, is_about_several)
            values (\(house.organization), \(record.id), \(patient), \(kind), 1, \(record.tag),
                    \([UInt8]([0])), \([UInt8]([0])), \(other != nil))
            """
        )
        if let other {
            try admin.query(
                """
                insert into care.record_subject (organization_id, record_id, patient_id)
                values (\(house.organization), \(record.id), \(other))
                """
            )
        }
        try admin.query(
            """
            insert into care.version (organization_id, record_id, version, patient_id, kind, is_deleted, sealed, written_at)
            values (\(house.organization), \(record.id), 0, \(patient), \(kind), false, \([UInt8]([0])), now())
            """
        )
        try admin.query(
            """
            insert into care.change (organization_id, id, opening_id, record_id, patient_id, version, sealed_diff)
            values (\(house.organization), \(record.change), \(UUID()), \(record.id), \(patient), 1, \([UInt8]([0])))
            """
        )
    }
}
