import Crypto
import Foundation
import Synchronization
import Testing

@testable import Postgres
@testable import Seals

// One after another: a test has up to three pools, and the cluster of a test run has few connections.
@Suite("The keykeeper", .serialized) struct KeykeeperTests {
    let database: KeyDatabase
    let folder: RootKeyTests.Folder
    let voucher = TestVoucher()
    let keykeeper: Keykeeper
    let ada = Subject.patient(.of("2"), of: clinic)
    let bo = Subject.patient(.of("3"), of: clinic)
    let content = Array("asthma".utf8)

    init() async throws {
        database = try KeyDatabase()
        folder = try RootKeyTests.Folder()
        _ = try RootKey.create(at: folder.file)
        keykeeper = try await Self.keykeeper(database, folder, voucher)
        try await keykeeper.establish(organization: clinic)
    }

    private static func keykeeper(
        _ database: KeyDatabase,
        _ folder: RootKeyTests.Folder,
        _ voucher: TestVoucher,
        limits: CacheLimits = .standard
    ) async throws -> Keykeeper {
        Keykeeper(root: try .load(at: folder.file), store: try await database.store(), voucher: voucher, limits: limits)
    }

    /// Another process with the same root key.
    private func second() async throws -> Keykeeper {
        try await Self.keykeeper(database, folder, voucher)
    }

    // MARK: Passes

    @Test func `makes a key under a pass, and another process opens with it what was sealed`() async throws {
        let message = try await keykeeper.make(for: ada, under: TestPass.for(ada)).seal(content, for: .observation)
        let key = try await second().key(for: ada, under: TestPass.for(ada))
        #expect(try key.open(message, for: .observation) == content)
    }

    @Test func `hands out no key that the pass does not cover, and asks nobody`() async throws {
        _ = try await keykeeper.make(for: ada, under: TestPass.for(ada))
        let asked = voucher.questions.withLock(\.count)
        var foreign = TestPass.for(ada)
        foreign.organization = abroad
        for pass in [TestPass.for(bo), TestPass(), foreign] {
            #expect(await eventualFailure { try await keykeeper.key(for: ada, under: pass) } == .notVouched)
            #expect(await eventualFailure { try await keykeeper.make(for: ada, under: pass) } == .notVouched)
            #expect(await eventualFailure { try await keykeeper.keys(for: [ada], under: pass) } == .notVouched)
            #expect(await eventualFailure { try await keykeeper.sealer(for: ada, announcing: pass) } == .notVouched)
            #expect(await eventualFailure { try await keykeeper.erase(ada, under: pass) } == .notVouched)
            #expect(await eventualFailure { try await keykeeper.fence(ada, under: pass) } == .notVouched)
        }
        #expect(voucher.questions.withLock(\.count) == asked)
        #expect(keykeeper.refusalCount == 18)
        #expect(await eventualFailure { try await keykeeper.key(for: ada, under: TestPass.for(ada)) } == nil)
    }

    @Test func `asks the database when it does not hold the key, and takes no for an answer`() async throws {
        _ = try await keykeeper.make(for: ada, under: TestPass.for(ada))
        voucher.refused.withLock { $0 = [ada.id] }
        let fresh = try await second()
        #expect(await eventualFailure { try await fresh.key(for: ada, under: TestPass.for(ada)) } == .notVouched)
        #expect(await eventualFailure { try await fresh.make(for: bo, under: TestPass.for(bo)) } == nil)
        #expect(
            await eventualFailure { try await fresh.keys(for: [ada, bo], under: TestPass.for(ada, bo)) } == .notVouched
        )
        #expect(await eventualFailure { try await fresh.erase(ada, under: TestPass.for(ada)) } == .notVouched)
        #expect(fresh.counts.entries == 1)
    }

    @Test func `hands out nothing when the database does not answer`() async throws {
        voucher.isDown.withLock { $0 = true }
        #expect(
            await eventualFailure { try await keykeeper.make(for: ada, under: TestPass.for(ada)) } == .storeUnavailable
        )
    }

    @Test func `holds a key without asking again, until it is forgotten`() async throws {
        _ = try await keykeeper.make(for: ada, under: TestPass.for(ada))
        for _ in 0..<10 { _ = try await keykeeper.key(for: ada, under: TestPass.for(ada)) }
        #expect(voucher.questions.withLock(\.count) == 1)
        #expect(keykeeper.counts.hits == 10)
        keykeeper.forgetAll()
        _ = try await keykeeper.key(for: ada, under: TestPass.for(ada))
        #expect(voucher.questions.withLock(\.count) == 2)
    }

    @Test func `asks before it hands out a key that it only held for sealing`() async throws {
        _ = try await keykeeper.make(for: ada, under: TestPass.for(ada))
        let fresh = try await second()
        let sealer = try await fresh.sealer(for: ada, announcing: TestPass.for(ada))
        let message = try sealer.seal(content, for: .observation)
        voucher.refused.withLock { $0 = [ada.id] }
        #expect(await eventualFailure { try await fresh.key(for: ada, under: TestPass.for(ada)) } == .notVouched)
        voucher.refused.withLock { $0 = [] }
        let key = try await fresh.key(for: ada, under: TestPass.for(ada))
        #expect(try key.open(message, for: .observation) == content)
    }

    @Test func `fetches many keys with one question, and leaves out those that were erased`() async throws {
        let patients = (0..<20).map { _ in Subject.patient(UUID(), of: clinic) }
        let pass = TestPass(subjects: Set(patients))
        for patient in patients { _ = try await keykeeper.make(for: patient, under: pass) }
        try await keykeeper.erase(patients[0], under: pass)
        try await keykeeper.fence(patients[1], under: pass)
        let fresh = try await second()
        _ = try await fresh.key(for: patients[2], under: pass)
        let asked = voucher.questions.withLock(\.count)
        let keys = try await fresh.keys(for: patients, under: pass)
        #expect(Set(keys.keys) == Set(patients.dropFirst(2)))
        #expect(voucher.questions.withLock(\.count) == asked + 1)
        #expect(voucher.questions.withLock { $0.last?.count } == 19)
        #expect(try await fresh.keys(for: [], under: pass).isEmpty)
    }

    @Test func `answers no question about keys of two uses`() async throws {
        let account = Subject.account(.of("2"), of: clinic)
        let pass = TestPass.for(ada, account)
        _ = try await keykeeper.make(for: ada, under: pass)
        _ = try await keykeeper.make(for: account, under: pass)
        #expect(await eventualFailure { try await keykeeper.keys(for: [ada, account], under: pass) } == .notVouched)
        #expect(try await keykeeper.keys(for: [ada], under: pass).count == 1)
    }

    @Test func `does not take a lost key for an erased one`() async throws {
        let patients = (0..<3).map { _ in Subject.patient(UUID(), of: clinic) }
        let pass = TestPass(subjects: Set(patients))
        for patient in patients.dropLast() { _ = try await keykeeper.make(for: patient, under: pass) }
        #expect(await eventualFailure { try await keykeeper.keys(for: patients, under: pass) } == .noKey)
        #expect(try await keykeeper.keys(for: patients.dropLast(), under: pass).count == 2)
    }

    // MARK: Making

    @Test func `gives all who make a key at the same time the same one`() async throws {
        let keepers = [keykeeper, try await second(), try await second()]
        let ids = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for index in 0..<40 {
                group.addTask { [ada] in
                    try await keepers[index % 3].make(for: ada, under: TestPass.for(ada)).key.id
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        let rows = try database.connection().query("select from keys.subject_key where class = 'patient'")
        #expect(rows.count == 1)
    }

    @Test func `has no key for whom none was made, and makes none by asking`() async throws {
        #expect(await eventualFailure { try await keykeeper.key(for: ada, under: TestPass.for(ada)) } == .noKey)
        #expect(await eventualFailure { try await keykeeper.sealer(for: ada, announcing: TestPass.for(ada)) } == .noKey)
        #expect(try database.connection().query("select from keys.subject_key where class = 'patient'").isEmpty)
    }

    @Test func `makes no key in an organisation that was never established`() async throws {
        let stranger = Subject.patient(.of("2"), of: abroad)
        #expect(
            await eventualFailure { try await keykeeper.make(for: stranger, under: TestPass.for(stranger)) } == .noKey
        )
        #expect(await eventualFailure { try await keykeeper.auditSealer(of: abroad, year: 2026) } == .noKey)
        #expect(
            await eventualFailure { try await keykeeper.index(of: abroad, announcing: TestPass(organization: abroad)) }
                == .noKey
        )
    }

    @Test func `gives each subject and each use a key of its own`() async throws {
        let subjects = [
            ada, bo, .account(ada.id, of: clinic), .directory(of: clinic), .audit(of: clinic, year: 2026),
            .audit(of: clinic, year: 2027),
        ]
        var ids: Set<[UInt8]> = []
        for subject in subjects {
            ids.insert(try await keykeeper.make(for: subject, under: TestPass.for(subject)).key.id)
        }
        #expect(ids.count == subjects.count)
    }

    @Test func `notices a key exchanged in the store`() async throws {
        for subject in [ada, bo] { _ = try await keykeeper.make(for: subject, under: TestPass.for(subject)) }
        try database.connection().query(
            """
            update keys.subject_key k
               set wrapped = (select o.wrapped from keys.subject_key o
                               where o.class = k.class and o.subject_id <> k.subject_id)
             where class = 'patient'
            """
        )
        let fresh = try await second()
        #expect(await eventualFailure { try await fresh.key(for: ada, under: TestPass.for(ada)) } == .notAuthentic)
    }

    @Test func `is of no use with another root key, and does not make new keys over the old`() async throws {
        _ = try await keykeeper.make(for: ada, under: TestPass.for(ada))
        let other = try RootKeyTests.Folder()
        _ = try RootKey.create(at: other.file)
        let stranger = try await Self.keykeeper(database, other, voucher)
        #expect(await eventualFailure { try await stranger.key(for: ada, under: TestPass.for(ada)) } == .notAuthentic)
        #expect(await eventualFailure { try await stranger.make(for: bo, under: TestPass.for(bo)) } == .notAuthentic)
        #expect(await eventualFailure { try await stranger.establish(organization: clinic) } == .notAuthentic)
    }

    // MARK: Forgetting

    @Test func `erases a key for good, in its cache and for every process`() async throws {
        let pass = TestPass.for(ada)
        let key = try await keykeeper.make(for: ada, under: pass)
        let message = try key.seal(content, for: .observation)
        #expect(try await keykeeper.erase(ada, under: pass) == 1)
        #expect(failure { try key.open(message, for: .observation) } == .wiped)
        for keeper in [keykeeper, try await second()] {
            #expect(await eventualFailure { try await keeper.key(for: ada, under: pass) } == .erased)
            #expect(await eventualFailure { try await keeper.make(for: ada, under: pass) } == .erased)
            #expect(await eventualFailure { try await keeper.sealer(for: ada, announcing: pass) } == .erased)
        }
        #expect(try await keykeeper.erase(ada, under: pass) == 0)
    }

    @Test func `makes no key of any use for a person who is fenced, and hands none out`() async throws {
        let account = Subject.account(ada.id, of: clinic)
        let pass = TestPass.for(ada, account, bo)
        _ = try await keykeeper.make(for: ada, under: pass)
        try await keykeeper.fence(ada, under: pass)
        try await keykeeper.fence(bo, under: pass)
        for subject in [ada, account, bo] {
            #expect(await eventualFailure { try await keykeeper.make(for: subject, under: pass) } == .fenced)
            #expect(await eventualFailure { try await keykeeper.key(for: subject, under: pass) } == .fenced)
        }
        #expect(try await keykeeper.erase(ada, under: pass) == 1)
        #expect(await eventualFailure { try await keykeeper.key(for: ada, under: pass) } == .erased)
        #expect(await eventualFailure { try await keykeeper.make(for: account, under: pass) } == .fenced)
    }

    @Test func `erases everything of one person, and nothing of anybody else`() async throws {
        let account = Subject.account(ada.id, of: clinic)
        let pass = TestPass.for(ada, account, bo)
        for subject in [ada, account, bo] { _ = try await keykeeper.make(for: subject, under: pass) }
        #expect(try await keykeeper.erase(ada, under: pass) == 2)
        #expect(await eventualFailure { try await keykeeper.key(for: account, under: pass) } == .erased)
        #expect(await eventualFailure { try await keykeeper.key(for: bo, under: pass) } == nil)
    }

    @Test func `makes no key of another use for a person who was erased`() async throws {
        let (account, stranger) = (Subject.account(ada.id, of: clinic), Subject.patient(UUID(), of: clinic))
        let pass = TestPass.for(ada, account, stranger)
        _ = try await keykeeper.make(for: ada, under: pass)
        #expect(try await keykeeper.erase(ada, under: pass) == 1)
        #expect(try await keykeeper.erase(stranger, under: pass) == 0)
        for subject in [account, stranger] {
            #expect(await eventualFailure { try await keykeeper.make(for: subject, under: pass) } == .fenced)
        }
    }

    @Test func `erases one year's audit key and neither the next nor the directory's`() async throws {
        let (old, new) = (Subject.audit(of: clinic, year: 2026), Subject.audit(of: clinic, year: 2027))
        let directory = Subject.directory(of: clinic)
        let pass = TestPass.for(old, new, directory)
        for year: Int16 in [2026, 2027] { _ = try await keykeeper.auditSealer(of: clinic, year: year) }
        #expect(try await keykeeper.erase(old, under: pass) == 1)
        #expect(await eventualFailure { try await keykeeper.auditSealer(of: clinic, year: 2026) } == .erased)
        for subject in [new, directory] {
            #expect(await eventualFailure { try await keykeeper.key(for: subject, under: pass) } == nil)
        }
        #expect(await eventualFailure { try await keykeeper.fence(directory, under: pass) } == .notVouched)
    }

    @Test func `brings nobody back when erasing and making meet`() async throws {
        let keepers = [keykeeper, try await second()]
        for _ in 0..<20 {
            let subject = Subject.patient(UUID(), of: clinic)
            let pass = TestPass.for(subject)
            await withTaskGroup(of: Void.self) { group in
                for keeper in keepers {
                    group.addTask { _ = try? await keeper.make(for: subject, under: pass) }  // Either may win.
                }
                group.addTask { [keykeeper] in _ = try? await keykeeper.erase(subject, under: pass) }  // Likewise.
            }
            let rows = try database.connection().query(
                "select from keys.subject_key where subject_id = \(subject.id) and state = 'active'"
            )
            #expect(rows.isEmpty)
            let error = await eventualFailure { try await keykeeper.key(for: subject, under: pass) }
            #expect(error == .erased || error == .fenced)
        }
    }

    // MARK: Organisations and the installation

    @Test func `seals access metadata before there is a pass, and opens it under one`() async throws {
        let binding = Binding(organization: clinic, kind: "Meta", id: .of("6"), version: 1)
        let sealed = try await keykeeper.auditSealer(of: clinic, year: 2026).seal(content, for: binding)
        let audit = Subject.audit(of: clinic, year: 2026)
        voucher.refused.withLock { $0 = [clinic] }
        #expect(
            await eventualFailure { try await keykeeper.key(for: audit, under: TestPass.for(audit)) } == .notVouched
        )
        voucher.refused.withLock { $0 = [] }
        let key = try await second().key(for: audit, under: TestPass.for(audit))
        #expect(try key.open(sealed, for: binding) == content)
    }

    @Test func `establishes an organisation once, however often it is told to`() async throws {
        let index = try await keykeeper.index(of: clinic, announcing: TestPass())
        let fresh = try await second()
        try await fresh.establish(organization: clinic)
        let again = try await fresh.index(of: clinic, announcing: TestPass())
        #expect(index.epoch == 1 && again.epoch == 1)
        #expect(index.tag(kind: "Patient", id: "1") == again.tag(kind: "Patient", id: "1"))
        let first = try await fresh.index(of: clinic, epoch: 1, announcing: TestPass())
        #expect(first.tag(kind: "Patient", id: "1") == index.tag(kind: "Patient", id: "1"))
        #expect(await eventualFailure { try await fresh.index(of: clinic, epoch: 2, announcing: TestPass()) } == .noKey)
    }

    @Test func `gives each organisation an index of its own, and only to its own passes`() async throws {
        try await keykeeper.establish(organization: abroad)
        let here = try await keykeeper.index(of: clinic, announcing: TestPass())
        let there = try await keykeeper.index(of: abroad, announcing: TestPass(organization: abroad))
        #expect(here.tag(kind: "Patient", id: "1") != there.tag(kind: "Patient", id: "1"))
        #expect(await eventualFailure { try await keykeeper.index(of: abroad, announcing: TestPass()) } == .notVouched)
    }

    @Test func `keeps the accounts of the installation`() async throws {
        #expect(await eventualFailure { try await keykeeper.installation() } == .noKey)
        try await keykeeper.establishInstallation()
        let binding = Binding(organization: Installation.id, kind: "Account", id: .of("7"), version: 1)
        let installation = try await keykeeper.installation()
        let sealed = try installation.key.seal(content, for: binding)
        let fresh = try await second()
        try await fresh.establishInstallation()
        let again = try await fresh.installation()
        #expect(try again.key.open(sealed, for: binding) == content)
        #expect(again.signIn.token(email: "a@b.example") == installation.signIn.token(email: "A@B.example"))
        #expect(failure { try again.key.open(sealed, for: .observation) } == .otherOrganization)
    }

    @Test func `fails closed when the key store is gone`() async throws {
        _ = try await keykeeper.make(for: ada, under: TestPass.for(ada))
        try database.connection().query("drop schema keys cascade")
        #expect(await eventualFailure { try await keykeeper.key(for: ada, under: TestPass.for(ada)) } == nil)
        #expect(
            await eventualFailure { try await keykeeper.key(for: bo, under: TestPass.for(bo)) } == .storeUnavailable
        )
        #expect(
            await eventualFailure { try await keykeeper.make(for: bo, under: TestPass.for(bo)) } == .storeUnavailable
        )
    }
}
