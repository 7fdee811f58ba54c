import Crypto
public import FoundationEssentials
public import Postgres
import Synchronization

/// Hands out keys, to those who show a pass.
///
/// Everything it needs to open the key store is in here, so that one day it can be a process of its own: nothing outside
/// asks for a key by an id alone, and nothing outside sees a key that wraps others.
public final class Keykeeper: Sendable {
    private let root: RootKey
    private let store: KeyStore
    private let voucher: any Voucher
    private let randomness: Randomness
    private let subjects: KeyCache<Subject, Held>
    private let rings: KeyCache<RingID, WrappingKey>
    private let indexes: KeyCache<RingID, OrganizationKey>
    private let refusals = Atomic<Int>(0)

    /// A subject's key, and whether the database has ever vouched for somebody who asked for it.
    private final class Held: Sendable {
        let key: SubjectKey
        let isVouchedFor: Atomic<Bool>

        init(_ key: SubjectKey) {
            self.key = key
            isVouchedFor = Atomic(false)
        }
    }

    /// An organisation's key of one epoch, or (nil) the one in use.
    private struct RingID: Hashable {
        let organization: UUID
        let purpose: Purpose
        let epoch: Int32?
    }

    /// An organisation's key, open. The cipher's own class wipes it when the last copy goes.
    private struct OrganizationKey {
        let key: SymmetricKey
        let epoch: Int32
    }

    /// What an organisation's keys are for.
    private enum Purpose: String {
        case wrap, index
        case signIn = "sign-in"
    }

    /// - Parameters:
    ///   - root: the key above all others.
    ///   - store: the key store, connected as `carekeep_keykeeper`.
    ///   - voucher: the records database's word on passes.
    ///   - limits: how many subjects' keys are held, and how long.
    public convenience init(
        root: RootKey,
        store: Store,
        voucher: any Voucher,
        limits: CacheLimits = .standard
    ) {
        self.init(root: root, store: store, voucher: voucher, limits: limits, randomness: .system, now: { .now })
    }

    init(
        root: RootKey,
        store: Store,
        voucher: any Voucher,
        limits: CacheLimits,
        randomness: Randomness,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.root = root
        self.store = KeyStore(store: store)
        self.voucher = voucher
        self.randomness = randomness
        subjects = KeyCache(limits, now: now)
        rings = KeyCache(limits, now: now)
        indexes = KeyCache(limits, now: now)
    }

    // MARK: Subjects

    /// The key of a subject that the pass covers.
    public func key(for subject: Subject, under pass: some PassProof) async throws(SealError) -> SubjectKey {
        try check(pass, covers: subject)
        if let key = vouchedFor(subject) { return key }
        try await ask(pass, about: [subject])
        return vouched(try await held(subject))
    }

    /// The keys of several subjects of one organisation and use, all of which the pass covers: one question to each
    /// database, however many. Erased and fenced ones are left out.
    /// - Throws: `.noKey` if a subject has none and never was erased: the key store lost it.
    public func keys(for wanted: [Subject], under pass: some PassProof) async throws(SealError) -> [Subject: SubjectKey]
    {
        var keys: [Subject: SubjectKey] = [:]
        for subject in wanted {
            guard subject.use == wanted[0].use else { throw refused() }
            try check(pass, covers: subject)
            keys[subject] = vouchedFor(subject)
        }
        let missing = wanted.filter { keys[$0] == nil }
        guard let first = missing.first else { return keys }
        try await ask(pass, about: missing)
        for held in try await held(missing, like: first) { keys[held.key.subject] = vouched(held) }
        return keys
    }

    /// The key of a subject that may be new: made if there is none, and durable before it is handed out.
    ///
    /// Of several who make one at the same time all get the same. For a fenced or erased subject none is made.
    public func make(for subject: Subject, under pass: some PassProof) async throws(SealError) -> SubjectKey {
        try check(pass, covers: subject)
        if let key = vouchedFor(subject) { return key }
        try await ask(pass, about: [subject])
        return vouched(try await made(subject))
    }

    /// A subject's key for sealing only, under a pass that is announced and not yet committed.
    ///
    /// So that opening a pass and writing under it can travel together. It opens nothing, and what is sealed with it
    /// reaches a row only if the database grants the pass.
    public func sealer(for subject: Subject, announcing pass: some PassProof) async throws(SealError) -> Sealer {
        try check(pass, covers: subject)
        return Sealer(try await held(subject).key)
    }

    /// The key for one year's access metadata, for sealing only: an entry is written before there is a pass, and when one
    /// is refused. Reading it back takes ``key(for:under:)``.
    public func auditSealer(of organization: UUID, year: Int16) async throws(SealError) -> Sealer {
        let subject = Subject.audit(of: organization, year: year)
        if let held = subjects.find(subject) { return Sealer(held.key) }
        return Sealer(try await made(subject).key)
    }

    /// Has no key made for a person any more, nor handed out. The first half of ``erase(_:under:)``, for when the second
    /// must wait. Only a patient or an account can be fenced.
    public func fence(_ subject: Subject, under pass: some PassProof) async throws(SealError) {
        guard subject.use.isOnePerson else { throw refused() }
        try check(pass, covers: subject)
        try await ask(pass, about: [subject])
        try await store.fence(subject)
        forget(subject)
    }

    /// Destroys a subject's key in the key store, for good, and wipes what this process holds of it.
    ///
    /// A person is fenced, and loses the keys of every use. Other processes forget within their cache's lifetime. Answers
    /// how many keys there were.
    @discardableResult
    public func erase(_ subject: Subject, under pass: some PassProof) async throws(SealError) -> Int {
        try check(pass, covers: subject)
        try await ask(pass, about: [subject])
        let count = try await store.erase(subject)
        forget(subject)
        return count
    }

    // MARK: Organisations

    /// Makes the keys of a new organisation: what wraps its subjects' keys, its blind index, its directory.
    ///
    /// What is there stays, so it may be called again. Keys of an organisation are made here and nowhere else: a store
    /// that lost them is an error, never an occasion for new ones.
    public func establish(organization: UUID) async throws(SealError) {
        try await establish(organization, .wrap)
        try await establish(organization, .index)
        _ = try await made(.directory(of: organization))
    }

    /// The blind index of an organisation, of the epoch in use or of an earlier one.
    ///
    /// Tokens are needed before a pass is committed and open nothing, so the announced pass is enough.
    public func index(
        of organization: UUID,
        epoch: Int32? = nil,
        announcing pass: some PassProof
    ) async throws(SealError) -> BlindIndex {
        guard pass.organization == organization else { throw refused() }
        let index = try await organizationKey(cached: RingID(organization: organization, purpose: .index, epoch: epoch))
        return BlindIndex(index.key, epoch: index.epoch)
    }

    /// Makes the keys of the installation if there are none.
    public func establishInstallation() async throws(SealError) {
        try await establish(Installation.id, .wrap)
        try await establish(Installation.id, .signIn)
        _ = try await made(.installation)
    }

    /// What seals and finds accounts. Needed before anybody has signed in, so no pass is asked for; it holds no record.
    public func installation() async throws(SealError) -> Installation {
        let key = try await held(.installation).key
        let index = try await organizationKey(
            cached: RingID(organization: Installation.id, purpose: .signIn, epoch: nil)
        )
        return Installation(key: key, signIn: SignInIndex(index.key))
    }

    // MARK: Housekeeping

    /// What the cache of subjects' keys did.
    public var counts: CacheCounts { subjects.counts }

    /// How often a key was refused for want of a pass that covers it.
    public var refusalCount: Int { refusals.load(ordering: .relaxed) }

    /// Forgets every key but the root.
    public func forgetAll() {
        subjects.removeAll()
        rings.removeAll()
        indexes.removeAll()
    }
}

/// What belongs to no organisation: accounts.
public struct Installation: Sendable {
    /// Stands where an organisation's id would.
    public static let id = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    /// Seals names and addresses of accounts.
    public let key: SubjectKey
    /// Finds an account by its address.
    public let signIn: SignInIndex
}

// MARK: - Passes

extension Keykeeper {
    private func check(_ pass: some PassProof, covers subject: Subject) throws(SealError) {
        guard pass.organization == subject.organization, pass.vouches(for: subject) else { throw refused() }
    }

    /// Asks the database about subjects of one organisation and use. Each must be covered.
    private func ask(_ pass: some PassProof, about subjects: [Subject]) async throws(SealError) {
        let ids = subjects.map(\.id)
        let covered: [UUID]
        do {
            covered = try await voucher.vouch(
                passHash: pass.passHash,
                organization: pass.organization,
                use: subjects[0].use,
                subjects: ids
            )
        } catch {
            throw .storeUnavailable
        }
        guard Set(covered).isSuperset(of: ids) else { throw refused() }
    }

    private func vouchedFor(_ subject: Subject) -> SubjectKey? {
        guard let held = subjects.find(subject), held.isVouchedFor.load(ordering: .acquiring) else { return nil }
        return held.key
    }

    private func vouched(_ held: Held) -> SubjectKey {
        held.isVouchedFor.store(true, ordering: .releasing)
        return held.key
    }

    private func refused() -> SealError {
        refusals.add(1, ordering: .relaxed)
        return .notVouched
    }
}

// MARK: - Keys

extension Keykeeper {
    private func held(_ subject: Subject) async throws(SealError) -> Held {
        try await cached(in: subjects, subject) { subject in
            let answers = try await self.store.find([subject.id], of: subject.organization, use: subject.use)
            guard let answer = answers[subject.id] else { throw SealError.noKey }
            return Held(try await self.opened(answer, of: subject))
        }
    }

    /// Those of several subjects that have a key, all of the organisation and use of one of them.
    private func held(_ wanted: [Subject], like first: Subject) async throws(SealError) -> [Held] {
        let ticket = subjects.ticket
        let answers = try await store.find(wanted.map(\.id), of: first.organization, use: first.use)
        var found: [Held] = []
        for subject in wanted {
            guard let answer = answers[subject.id] else { throw .noKey }
            guard case .active = answer else { continue }
            let held = Held(try await opened(answer, of: subject))
            guard let adopted = subjects.adopt(held, for: subject, since: ticket) else {
                // Something was forgotten meanwhile, perhaps this very one.
                return try await self.held(wanted, like: first)
            }
            found.append(adopted)
        }
        return found
    }

    /// Makes a key, or fetches the one that somebody else made first.
    private func made(_ subject: Subject) async throws(SealError) -> Held {
        // Once more when the organisation's epoch ended between finding and using its key, or something was forgotten.
        for _ in 0..<3 {
            let ticket = subjects.ticket
            guard let answer = try await answerToMaking(subject) else {
                rings.removeAll { $0.organization == subject.organization && $0.epoch == nil }
                continue
            }
            let held = Held(try await opened(answer, of: subject))
            if let adopted = subjects.adopt(held, for: subject, since: ticket) { return adopted }
        }
        throw .storeUnavailable
    }

    private func answerToMaking(_ subject: Subject) async throws(SealError) -> KeyStore.Answer? {
        let ring = try await ring(of: subject.organization, epoch: nil)
        let wrapped = try ring.wrap(randomness.key(), at: .of(subject), randomness: randomness)
        return try await store.make(subject, wrapped: wrapped)
    }

    private func opened(_ answer: KeyStore.Answer, of subject: Subject) async throws(SealError) -> SubjectKey {
        switch answer {
        case .erased: throw .erased
        case .fenced: throw .fenced
        case .active(let wrapped):
            let ring = try await ring(of: subject.organization, epoch: WrappingKey.epoch(of: wrapped))
            return SubjectKey(DataKey(try ring.unwrap(wrapped, at: .of(subject))), of: subject)
        }
    }

    /// What wraps the keys of an organisation's subjects.
    private func ring(of organization: UUID, epoch: Int32?) async throws(SealError) -> WrappingKey {
        let id = RingID(organization: organization, purpose: .wrap, epoch: epoch)
        return try await cached(in: rings, id) { id in
            let key = try await self.organizationKey(id)
            return WrappingKey(key.key, epoch: key.epoch)
        }
    }

    private func organizationKey(cached id: RingID) async throws(SealError) -> OrganizationKey {
        try await cached(in: indexes, id) { try await self.organizationKey($0) }
    }

    private func organizationKey(_ id: RingID) async throws(SealError) -> OrganizationKey {
        let answer = try await store.findOrganization(id.organization, purpose: id.purpose.rawValue, epoch: id.epoch)
        guard let answer else { throw .noKey }
        return try opened(answer, of: id.organization, id.purpose)
    }

    private func establish(_ organization: UUID, _ purpose: Purpose) async throws(SealError) {
        let place = WrappingKey.Place.of(organization, purpose.rawValue, epoch: 1)
        let wrapped = try root.wrapping.wrap(randomness.key(), at: place, randomness: randomness)
        let answer = try await store.makeOrganization(organization, purpose: purpose.rawValue, wrapped: wrapped)
        guard let answer else { throw .erased }
        // Opened to be sure that it is ours: another root key may have been here first.
        _ = try opened(answer, of: organization, purpose)
    }

    private func opened(
        _ answer: KeyStore.OrganizationAnswer,
        of organization: UUID,
        _ purpose: Purpose
    ) throws(SealError) -> OrganizationKey {
        let place = WrappingKey.Place.of(organization, purpose.rawValue, epoch: answer.epoch)
        return OrganizationKey(key: try root.wrapping.unwrap(answer.wrapped, at: place), epoch: answer.epoch)
    }

    private func cached<ID, Value>(
        in cache: KeyCache<ID, Value>,
        _ id: ID,
        load: @escaping @Sendable (ID) async throws -> Value
    ) async throws(SealError) -> Value {
        do {
            return try await cache.value(for: id) { try await load(id) }
        } catch {
            throw error as? SealError ?? .storeUnavailable
        }
    }

    private func forget(_ subject: Subject) {
        let forgotten = subjects.removeAll { held in
            held == subject
                || subject.use.isOnePerson && held.organization == subject.organization && held.id == subject.id
        }
        for held in forgotten { held.key.wipe() }
    }
}

extension WrappingKey.Place {
    fileprivate static func of(_ subject: Subject) -> Self {
        Self(organization: subject.organization, subject: subject.id, use: subject.use.code, generation: 1)
    }

    fileprivate static func of(_ organization: UUID, _ purpose: String, epoch: Int32) -> Self {
        // "organization-wrap" and the like are no use of a subject, so neither passes for the other.
        Self(organization: organization, subject: organization, use: "organization-\(purpose)", generation: epoch)
    }
}
