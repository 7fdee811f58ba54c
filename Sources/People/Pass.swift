public import Care
public import FoundationEssentials
public import Postgres
public import Seals

/// A pass that the gate opened: committed, in the trail, good for a minute. Only ``Gate`` makes one.
public struct Pass: Sendable, PassProof {
    /// What it was opened for.
    public let act: Act
    /// The organisation whose data it opens.
    public let organization: UUID
    /// Who holds it.
    public let account: Person.ID
    /// The opening, by which changes refer to its entries.
    public let opening: UUID
    /// The patients whom it names; for the roster, see ``vouches(for:)``.
    public let patients: [UUID]
    /// The record rows that the targets were, in their order; `nil` patients are the directory's.
    public let targets: [(record: UUID, patient: UUID?)]
    /// What they are in the organisation.
    public let roles: Set<Role>
    /// Until when it can be shown.
    public let until: Date
    /// SHA-256 of the secret.
    public let passHash: [UInt8]

    private let scope: String
    private let secret: PassSecret

    init(_ answer: GateAnswer, act: Act, secret: PassSecret) throws(PostgresError) {
        guard let context = answer.context.flatMap(PassContext.init(encoded:)) else {
            throw PostgresError(kind: .decoding, sqlState: "22000")
        }
        self.act = act
        self.secret = secret
        organization = context.organization
        account = Person.ID(context.account)
        opening = context.opening
        patients = context.patients
        scope = context.scope
        until = context.until
        roles = Set(answer.roles.compactMap(Role.init))
        passHash = Primitive.sha256(secret.bytes)
        targets = zip(answer.records, answer.patients).compactMap { record, patient in
            record.map { (record: $0, patient: patient) }
        }
    }

    /// The first statement of a transaction that uses the pass.
    public var shown: SQL { secret.shown }

    /// Whether it was opened for this subject. On the roster anybody may be; there the database's word alone counts.
    public func vouches(for subject: Subject) -> Bool {
        guard subject.organization == organization else { return false }
        return switch subject.use {
        case .patient: patients.contains(subject.id) || scope == "roster"
        case .directory:
            scope == "directory" || [.readEverything, .writeBundle, .browseRecords, .listPractitioners].contains(act)
        case .audit: act == .readTrail || act == .listEmergencies
        case .account, .installation: false
        }
    }
}

/// 128 random bits that open one pass, once, here.
struct PassSecret: Sendable {
    let bytes = Primitive.freshBytes(16)

    /// Shows the pass to the policies for the length of the transaction.
    var shown: SQL {
        let setting = "v1." + bytes.hexadecimal
        return "select set_config('care.pass', \(setting), true)"
    }
}

/// What `care.open_pass` answered.
struct GateAnswer {
    let outcome: Int32
    let context: [UInt8]?
    let patients: [UUID?]
    let records: [UUID?]
    let roles: [String]

    init(_ row: Row) throws(PostgresError) {
        outcome = try row.decode(Int32.self, at: 0)
        context = try row.decode([UInt8]?.self, at: 1)
        patients = try row.decode([UUID?].self, at: 2)
        records = try row.decode([UUID?].self, at: 3)
        roles = try row.decode([String].self, at: 4)
    }
}

/// What a pass carries, in the versioned, length-prefixed form that `care.context_of` writes.
struct PassContext {
    let organization: UUID
    let actorOrganization: UUID
    let account: UUID
    let session: UUID
    let opening: UUID
    let act: String
    let scope: String
    let patients: [UUID]
    let purpose: String?
    let until: Date
    let clientScope: String?
    let steppedUpAt: Date?

    /// Reads version 1; `nil` for anything else.
    init?(encoded bytes: [UInt8]) {
        guard let fields = Self.fields(of: bytes), fields.count == 12,
            let actor = fields[0].flatMap(Self.id), let organization = fields[1].flatMap(Self.id),
            let account = fields[2].flatMap(Self.id), let session = fields[3].flatMap(Self.id),
            let opening = fields[4].flatMap(Self.id), let act = fields[5], let scope = fields[6],
            let until = fields[9].flatMap(Self.date)
        else { return nil }
        actorOrganization = actor
        self.organization = organization
        self.account = account
        self.session = session
        self.opening = opening
        self.act = String(decoding: act, as: UTF8.self)
        self.scope = String(decoding: scope, as: UTF8.self)
        patients = Self.elements(of: fields[7] ?? [])
        purpose = fields[8].map { String(decoding: $0, as: UTF8.self) }
        self.until = until
        clientScope = fields[10].map { String(decoding: $0, as: UTF8.self) }
        steppedUpAt = fields[11].flatMap(Self.date)
    }

    private static func fields(of bytes: [UInt8]) -> [[UInt8]?]? {
        guard bytes.first == 1 else { return nil }
        var fields: [[UInt8]?] = []
        var rest = bytes.dropFirst()
        while let high = rest.popFirst() {
            guard let low = rest.popFirst() else { return nil }
            let length = Int(high) << 8 | Int(low)
            if length == 0xFFFF {
                fields.append(nil)
                continue
            }
            guard length <= rest.count else { return nil }
            fields.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return fields
    }

    /// An array of uuids as PostgreSQL sends its elements: each behind its length in 32 bits.
    private static func elements(of bytes: [UInt8]) -> [UUID] {
        stride(from: 0, to: bytes.count - 19, by: 20).compactMap { id(Array(bytes[($0 + 4)..<($0 + 20)])) }
    }

    private static func id(_ bytes: [UInt8]) -> UUID? {
        guard bytes.count == 16 else { return nil }
        return UUID(uuid: bytes.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) })
    }

    /// Microseconds since 2000-01-01 UTC, 64 bits.
    private static func date(_ bytes: [UInt8]) -> Date? {
        guard bytes.count == 8 else { return nil }
        let microseconds = bytes.reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return Date(timeIntervalSince1970: 946_684_800 + Double(microseconds) / 1_000_000)
    }
}
