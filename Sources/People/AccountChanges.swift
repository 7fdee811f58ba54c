import Care
import Foundation
import Postgres
import Seals
public import Trail

/// What somebody signed in sees of their own account, where they change it.
public struct OwnAccount: Sendable {
    /// Where they sign in.
    public let address: String
    /// Words that make a bad password for them.
    public let words: PersonalWords

    let account: UUID
    let setting: String?
}

/// Changing one's password and address, and the way back in by mail. (ACC-2)
extension SignIn {
    /// Whether letters are sent.
    public var sendsMail: Bool { outbox != nil }

    /// The account of whoever is signed in.
    public func ownAccount(_ caller: Caller) async throws -> OwnAccount {
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select account, sealed_address, sealed_name, sealed_organization, setting
                  from care.own_account(\(caller.organization), \(caller.token.secret))
                """
            )
        }.first
        guard let row,
            let own = try await account(row, in: caller.organization, setting: row.decode(String?.self, at: 4))
        else { throw Refusal.signedOut }
        return own
    }

    /// The account that a link sets the password for; `nil` if it sets none.
    public func account(behind link: AccountLink) async throws -> OwnAccount? {
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select account, sealed_address, sealed_name, sealed_organization
                  from care.account_of_link(\(link.organization), \(link.secret))
                """
            )
        }.first
        guard let row else { return nil }
        return try await account(row, in: link.organization, setting: nil)
    }

    private func account(_ row: Row, in organization: UUID, setting: String?) async throws -> OwnAccount? {
        guard let account = try row.decode(UUID?.self, at: 0) else { return nil }
        let names = Names(installation: try await keys.installation())
        let address = try names.openAddress(row.decode([UInt8].self, at: 1), of: account)
        let name = try names.open(row.decode([UInt8].self, at: 2), of: account, in: organization)
        let organizationName = try names.openOrganization(row.decode([UInt8].self, at: 3), organization)
        return OwnAccount(
            address: address,
            words: PersonalWords([address, name, organizationName]),
            account: account,
            setting: setting
        )
    }

    /// Changes the password of whoever is signed in. This session goes on; every other one of the account ends, and so do links that
    /// set its password, an address that waits for its answer, and sign-ins at providers of the installation.
    ///
    /// - Throws: `Refusal.wrongCredentials` if the old one is another, `.tooManyTries` after five such, `.secondFactorNeeded` while this
    ///   session has to show a code, `.weakPassword`.
    public func changePassword(of own: OwnAccount, from old: String, to new: String, for caller: Caller) async throws {
        guard Password.weakness(of: new, personal: own.words) == nil, let password = Password(new) else {
            throw Refusal.weakPassword
        }
        let oldHash = try await hash(old, of: own)
        guard let newHash = try await hashing.run({ password.newHash() }) else { throw Refusal.weakPassword }
        let letter = try await outbox?.seal(.passwordChanged)
        let seal = try await gate.auditSeal(caller)
        let outcome = try await refusing(at: .gate) {
            try await store.query(
                """
                select care.change_password(
                    \(caller.organization), \(caller.token.secret), \(oldHash), \(newHash), \(letter?.id), \(letter?.sealed),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }
        try Self.judge(outcome)
    }

    /// What became of showing the password to change the account.
    private static func judge(_ rows: Rows) throws {
        switch try rows.first?.decode(Int32.self, at: 0) {
        case 0: return
        case 5: throw Refusal.secondFactorNeeded
        case 7: throw Refusal.tooManyTries
        default: throw Refusal.wrongCredentials
        }
    }

    private func hash(_ typed: String, of own: OwnAccount) async throws -> String? {
        guard let setting = own.setting, let password = Password(typed) else { return nil }
        return try await hashing.run { password.hash(setting: setting) }
    }

    /// Asks for a letter with a link to set the password, to whoever signs in by this address. It takes the same whether or not
    /// anybody does: who it is is looked up when the letter is sent.
    public func askForLink(to address: String, origin: AccessNote) async throws {
        guard let outbox else { throw Refusal.notFound }
        let token = try await keys.installation().signIn.token(email: address)
        // The organisation is put in when the letter is sent.
        let link = AccountLink(organization: Installation.id)
        let letter = try await outbox.seal(.resetPassword(link: link.text))
        let seal = try await gate.auditSeal(origin, organization: Installation.id)
        _ = try await refusing(at: .gate) {
            try await store.query(
                """
                select care.ask_for_link(
                    \(token), \(letter.id), \(letter.sealed), \(Primitive.sha256(link.secret)),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }
    }

    /// Asks for another address to sign in by. A letter with a link goes there; nothing changes before it is followed.
    ///
    /// - Throws: `Refusal.wrongCredentials` if the password is another, `.tooManyTries`, `.secondFactorNeeded`.
    public func askForAddress(_ address: MailAddress, password: String, of own: OwnAccount, for caller: Caller)
        async throws
    {
        guard let outbox else { throw Refusal.notFound }
        let hash = try await hash(password, of: own)
        let installation = try await keys.installation()
        let link = AccountLink(organization: Installation.id)
        let letter = try await outbox.seal(.verifyAddress(link: link.text))
        let sealedAddress = try Names(installation: installation).sealAddress(address.text, of: own.account)
        let seal = try await gate.auditSeal(caller)
        let outcome = try await refusing(at: .gate) {
            try await store.query(
                """
                select care.ask_for_address(
                    \(caller.organization), \(caller.token.secret), \(hash), \(installation.signIn.token(email: address.text)),
                    \(sealedAddress), \(Primitive.sha256(link.secret)), \(letter.id), \(letter.sealed),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }
        try Self.judge(outcome)
    }

    /// Whether a link to another address still works.
    public func addressLinkWorks(_ link: AccountLink) async throws -> Bool {
        try await refusing(at: .gate) {
            try await store.query("select care.address_link_works(\(link.secret))")
        }.first?.decode(Bool.self, at: 0) ?? false
    }

    /// Changes the address by the link that was mailed to the new one. The old one is told.
    ///
    /// - Throws: `Refusal.linkIsUsedUp`; also if somebody else signs in by the new one by now.
    public func changeAddress(by link: AccountLink, origin: AccessNote) async throws {
        let letter = try await outbox?.seal(.addressChanged)
        let seal = try await gate.auditSeal(origin, organization: Installation.id)
        let done = try await refusing(at: .gate) {
            try await store.query(
                """
                select care.change_address(
                    \(link.secret), \(letter?.id), \(letter?.sealed), \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first?.decode(Bool.self, at: 0)
        guard done == true else { throw Refusal.linkIsUsedUp }
    }
}
