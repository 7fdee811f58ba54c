import Care
public import Foundation
public import Seals

/// Names and addresses of members, and names of organisations, sealed under the installation's key.
struct Names: Sendable {
    let installation: Installation

    func seal(_ name: String, of account: UUID, in organization: UUID) throws(SealError) -> [UInt8] {
        // Bound to both: a name moved to another member, or to another organisation, does not open.
        let bound = Primitive.sha256(Self.bytes(account) + Self.bytes(organization))
        return try installation.key.seal(Array(name.utf8), for: Self.binding("MemberName", Self.id(bound)))
    }

    func open(_ sealed: [UInt8], of account: UUID, in organization: UUID) throws(SealError) -> String {
        let bound = Primitive.sha256(Self.bytes(account) + Self.bytes(organization))
        let name = try installation.key.open(sealed, for: Self.binding("MemberName", Self.id(bound)))
        return String(decoding: name, as: UTF8.self)
    }

    func sealOrganization(_ name: String, _ organization: UUID) throws(SealError) -> [UInt8] {
        try installation.key.seal(Array(name.utf8), for: Self.binding("OrganizationName", organization))
    }

    func openOrganization(_ sealed: [UInt8], _ organization: UUID) throws(SealError) -> String {
        let name = try installation.key.open(sealed, for: Self.binding("OrganizationName", organization))
        return String(decoding: name, as: UTF8.self)
    }

    func sealAddress(_ address: String, of account: UUID) throws(SealError) -> [UInt8] {
        try installation.key.seal(Array(address.utf8), for: Self.binding("Address", account))
    }

    func openAddress(_ sealed: [UInt8], of account: UUID) throws(SealError) -> String {
        let address = try installation.key.open(sealed, for: Self.binding("Address", account))
        return String(decoding: address, as: UTF8.self)
    }

    /// What an invitation says to whoever has its link: bound to the invitation, so that it opens in no other.
    func sealInvitation(_ text: [UInt8], _ invitation: UUID) throws(SealError) -> [UInt8] {
        try installation.key.seal(text, for: Self.binding("Invitation", invitation))
    }

    func openInvitation(_ sealed: [UInt8], _ invitation: UUID) throws(SealError) -> [UInt8] {
        try installation.key.open(sealed, for: Self.binding("Invitation", invitation))
    }

    /// Why somebody is kept out of a record; and whose it is, for them.
    func sealPause(_ text: String, _ part: PausePart, of pause: UUID) throws(SealError) -> [UInt8] {
        try installation.key.seal(Array(text.utf8), for: Self.binding(part.rawValue, pause))
    }

    func openPause(_ sealed: [UInt8], _ part: PausePart, of pause: UUID) throws(SealError) -> String {
        let text = try installation.key.open(sealed, for: Self.binding(part.rawValue, pause))
        return String(decoding: text, as: UTF8.self)
    }

    enum PausePart: String {
        case reason = "PauseReason"
        case patient = "PausePatient"
    }

    private static func binding(_ kind: String, _ id: UUID) -> Binding {
        Binding(organization: Installation.id, kind: kind, id: id, version: 1)
    }

    private static func bytes(_ id: UUID) -> [UInt8] {
        withUnsafeBytes(of: id.uuid) { Array($0) }
    }

    private static func id(_ hash: [UInt8]) -> UUID {
        UUID(uuid: hash.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) })
    }
}

/// Addresses with which people sign in, as the store has them: sealed, each for its account.
public struct Addresses: Sendable {
    private let names: Names

    /// Under the installation's key.
    public init(installation: Installation) {
        names = Names(installation: installation)
    }

    /// The address of an account.
    public func open(_ sealed: [UInt8], of account: UUID) throws(SealError) -> String {
        try names.openAddress(sealed, of: account)
    }
}
