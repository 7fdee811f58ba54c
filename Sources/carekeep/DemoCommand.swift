import ArgumentParser
import Assurance
import Care
import FHIR
import Foundation
import Glibc
import People
import Postgres
import Records
import Seals
import Synthetic
import Trail

/// `carekeep demo`: three pretend organisations, one a profile, with people who do not exist. `carekeep run --demo` runs this first.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Fill an empty installation with three pretend organisations."
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Option(name: .long, help: "A folder of sample FHIR patients; without it, synthetic ones are made.")
    var samples: String = ProcessInfo.processInfo.environment["CAREKEEP_SAMPLES"] ?? ""

    @Option(name: .long, help: "The seed of the synthetic patients.")
    var seed: UInt64 = 42

    func run() async throws {
        try await OpenHome.forCommand(config: config) { open, admin in
            guard access(Self.file(open.paths), F_OK) != 0 else { throw ValidationError("The demo is there already.") }
            guard try Founding.isFirst(over: admin) else {
                throw ValidationError("This installation is in use; the demo needs an empty one.")
            }
            let password = "pretend-\(Primitive.freshBytes(5).hexadecimal)"
            var signIns: [SignInLine] = []
            for cast in [Cast.family(seed: seed), .clinic, .operations] {
                signIns += try await DemoOrganization(cast: cast, password: password, seed: seed, samples: samples)
                    .make(in: open.home, over: admin)
            }
            try Self.write(signIns, open.paths)
        }
    }

    /// Runs the command as a process of its own if this installation has no demo yet.
    static func loadIfMissing(_ paths: InstallationPaths, program: String, options: [String]) throws {
        guard access(file(paths), F_OK) != 0 else { return }
        FileHandle.standardError.write(Data("carekeep: loading three pretend organisations\n".utf8))
        let environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        let result = try Program(program, ["demo"] + options, environment: environment).run(within: 600)
        guard result.status == 0 else { throw ClusterError("the demo could not be loaded: \(result.output)") }
    }

    /// Prints who can sign in, from what the demo left.
    /// `program` is the command that prints a code, but for the address.
    static func printSignIns(_ paths: InstallationPaths, program: String) throws {
        let people = try people(paths)
        var organization = ""
        print("  People of the demo, all with the password  \(people.first?.password ?? "")")
        for person in people {
            if person.organization != organization {
                organization = person.organization
                print("\n  \(organization) (\(person.profile))")
            }
            let padding = String(repeating: " ", count: max(1, 34 - person.email.count))
            print("    \(person.email)\(padding)\(person.name), \(person.role)\(person.secret == nil ? "" : " *")")
        }
        if let staff = people.first(where: { $0.secret != nil }) {
            print("\n  * Staff also need a code. Instead of a phone:  \(program) \(staff.email)")
        }
        print("")
    }

    /// Everybody of the demo; nobody if there is none.
    static func people(_ paths: InstallationPaths) throws -> [SignInLine] {
        guard let data = FileManager.default.contents(atPath: file(paths)) else { return [] }
        return try JSONDecoder().decode([SignInLine].self, from: data)
    }

    /// One person of the demo, as `demo.json` has them.
    struct SignInLine: Codable {
        let organization: String
        let profile: String
        let name: String
        let email: String
        let password: String
        let role: String
        let patients: [String]
        /// The secret of their code app, in base32; `nil` for those who have none.
        let secret: String?
    }

    private static func file(_ paths: InstallationPaths) -> String { paths.configuration.dataFolder + "/demo.json" }

    private static func write(_ people: [SignInLine], _ paths: InstallationPaths) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let created = FileManager.default.createFile(
            atPath: file(paths),
            contents: try encoder.encode(people),
            attributes: [.posixPermissions: 0o600]
        )
        guard created else { throw ClusterError("demo.json cannot be written") }
    }
}

/// Who belongs to a pretend organisation.
private struct Cast {
    struct Player {
        let newcomer: Members.Newcomer
        /// By what right they reach every patient of the demo; `nil` for those who reach nobody.
        let reach: Reach?
        let role: String
    }

    let name: String
    let profile: Organization.Profile
    let country: String
    let timeZone: String
    /// The owner first.
    let players: [Player]

    /// The family of the first synthetic child: the guardians whom the generator names, and their rheumatologist.
    static func family(seed: UInt64) -> Cast {
        let child = SyntheticPatient(seed: seed, index: 0, profile: .family, today: .today)
        let family = child.person.family
        let domain = "\(family.lowercased().filter { $0.isASCII && $0.isLetter }).example"
        var players = child.guardians.prefix(2).enumerated().map { number, guardian in
            player(
                guardian.name,
                guardian.given,
                domain,
                number == 0 ? [.owner, .caregiver] : [.caregiver],
                reach: .guardian,
                role: guardian.relationship
            )
        }
        players.append(
            player("Dr Imani Bello", "imani", domain, [.clinician], reach: .share, role: "rheumatologist, shared with")
        )
        return Cast(
            name: "The \(family) family",
            profile: .family,
            country: "GB",
            timeZone: "Europe/London",
            players: players
        )
    }

    static let clinic = Cast(
        name: "Sunrise Clinics, Pune",
        profile: .clinic,
        country: "IN",
        timeZone: "Asia/Kolkata",
        players: [
            player(
                "Dr Meera Kulkarni",
                "meera",
                "sunrise.example",
                [.owner, .clinician],
                reach: .careTeam,
                role: "owner, doctor"
            ),
            player("Dr Kabir Shah", "kabir", "sunrise.example", [.clinician], reach: .careTeam, role: "doctor"),
            player(
                "Ravi Patil",
                "ravi",
                "sunrise.example",
                [.staff],
                reach: nil,
                role: "front desk, reaches nobody yet"
            ),
        ]
    )

    static let operations = Cast(
        name: "Northbank Event Medical",
        profile: .operations,
        country: "GB",
        timeZone: "Europe/London",
        players: [
            player(
                "Sam Whitfield",
                "sam",
                "northbank.example",
                [.owner, .staff],
                reach: .assignment,
                role: "owner, operations"
            ),
            player(
                "Priya Nair",
                "priya",
                "northbank.example",
                [.clinician],
                reach: .assignment,
                role: "paramedic on shift"
            ),
            player("Jo Carver", "jo", "northbank.example", [.staff], reach: nil, role: "crew, off shift"),
        ]
    )

    private static func player(
        _ name: String,
        _ given: String,
        _ domain: String,
        _ roles: [Role],
        reach: Reach?,
        role: String
    ) -> Player {
        let local = given.lowercased().filter { $0.isASCII && $0.isLetter }
        return Player(
            newcomer: Members.Newcomer(name: name, address: "\(local)@\(domain)", roles: roles),
            reach: reach,
            role: role
        )
    }
}

/// Makes one pretend organisation: its people, and the patients whom its owner brings in.
private struct DemoOrganization {
    let cast: Cast
    let password: String
    let seed: UInt64
    let samples: String

    func make(in home: Home, over admin: AdminConnection) async throws -> [DemoCommand.SignInLine] {
        let founding = Founding(keys: home.keys)
        let origin = AccessNote(address: "", device: "carekeep demo", request: "")
        let (organization, invitation) = try await founding.found(
            Founding.Plan(
                name: cast.name,
                profile: cast.profile,
                country: cast.country,
                timeZone: cast.timeZone,
                owner: cast.players[0].newcomer
            ),
            over: admin
        )
        var invitations = [invitation]
        for player in cast.players.dropFirst() {
            invitations.append(try await founding.admit(player.newcomer, to: organization, over: admin))
        }
        for invitation in invitations {
            try await home.signIn.setPassword(password, link: invitation.link, origin: origin)
        }
        var present: [(player: Cast.Player, caller: Caller, secret: OneTimeSecret?)] = []
        for player in cast.players {
            let (caller, secret) = try await enter(player, home)
            present.append((player, caller, secret))
        }
        try await bring(into: home, by: present.map { ($0.player, $0.caller) })
        if cast.profile == .operations {
            try await DemoAgreements.publish(in: home.members, by: present.map(\.caller))
        }
        var lines: [DemoCommand.SignInLine] = []
        for (player, caller, secret) in present {
            let people = try await home.records.people(for: caller).people
            lines.append(
                DemoCommand.SignInLine(
                    organization: cast.name,
                    profile: cast.profile.rawValue,
                    name: player.newcomer.name,
                    email: player.newcomer.address,
                    password: password,
                    role: player.role,
                    patients: people.map(\.id),
                    secret: secret?.base32
                )
            )
            try await home.signIn.end(caller)
        }
        return lines
    }

    /// Signs somebody in, and sets up a code app where they need one.
    private func enter(_ player: Cast.Player, _ home: Home) async throws -> (caller: Caller, secret: OneTimeSecret?) {
        let caller = try await ImportCommand.signIn(player.newcomer.address, password, home)
        guard try await home.signIn.secondFactor(of: caller).isRequired else { return (caller, nil) }
        try await home.signIn.offerSecondFactor(for: caller)
        guard let secret = try await home.signIn.secondFactor(of: caller).offer,
            case .confirmed(let token, codes: _) = try await home.signIn.confirmSecondFactor(
                secret.code(of: OneTimeSecret.step(at: Date())),
                for: caller
            )
        else { throw Refusal.secondFactorNeeded }
        return (Caller(token: token, use: .api, origin: caller.origin), secret)
    }

    private func bring(into home: Home, by present: [(player: Cast.Player, caller: Caller)]) async throws {
        var reach: [PatientRecords.ImportReach] = []
        for (player, caller) in present.dropFirst() {
            guard let kind = player.reach else { continue }
            guard let person = try await home.signIn.person(caller) else { throw Refusal.signedOut }
            reach.append(
                PatientRecords.ImportReach(
                    account: person.account,
                    kind: kind,
                    until: kind == .share ? Date().addingTimeInterval(90 * 86_400) : nil
                )
            )
        }
        let importer = Importer(home: home, caller: present[0].caller, reach: reach, isQuiet: true)
        let run = PatientRecords.ImportRun()
        for (number, bundle) in try bundles().enumerated() {
            _ = try await importer.take(bundle, named: "\(number)", in: run)
        }
    }

    /// Patients written by others where there are some; people of our own making otherwise, and for the family.
    private func bundles() throws -> [[UInt8]] {
        let folder = URL(filePath: samples)
        switch cast.profile {
        case .family: return synthetic(.family, 0..<1)
        case .clinic:
            let files = Self.files(in: folder.appending(path: "synthea")).filter { !$0.contains("Information") }
            return files.isEmpty
                ? synthetic(.clinic, 0..<8) : try files.prefix(8).map(Self.read) + synthetic(.clinic, 0..<3)
        case .operations:
            let patients = Self.files(in: folder.appending(path: "ukcore-json-converted"))
                .filter { $0.contains("UKCore-Patient") }
            return try patients.prefix(3).map(Self.read) + synthetic(.operations, 0..<10)
        }
    }

    private func synthetic(_ profile: SyntheticPatient.Profile, _ indexes: Range<Int>) -> [[UInt8]] {
        indexes.map { SyntheticPatient.bundle(seed: seed, index: $0, profile: profile, today: .today).serialized() }
    }

    private static func files(in folder: URL) -> [String] {
        let found = try? FileManager.default.contentsOfDirectory(atPath: folder.path)  // there may be no such folder
        return (found ?? []).filter { $0.hasSuffix(".json") }.sorted().map { folder.appending(path: $0).path }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(filePath: path)))
    }
}

extension Synthetic.Day {
    fileprivate static var today: Synthetic.Day { Day(secondsSince1970: Int(Date().timeIntervalSince1970)) }
}
