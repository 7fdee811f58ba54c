public import Care
public import Foundation
public import Postgres
public import Seals
import Trail

/// Who does what for the installation. For the operator on the host alone: an organisation's administrator is not the installation's.
public struct Offices: Sendable {
    /// Somebody who holds an office.
    public struct Holder: Sendable {
        public let address: String
        public let office: Office
        public let since: Date
    }

    private let keys: Keykeeper

    /// With the keys of the installation.
    public init(keys: Keykeeper) {
        self.keys = keys
    }

    /// Gives an office to whoever signs in by an address. False if they hold it already; `nil` if nobody signs in by it.
    public func give(_ office: Office, to address: String, over admin: AdminConnection) async throws -> Bool? {
        guard let account = try await account(of: address, over: admin) else { return nil }
        let seal = try await keys.operatorsSeal()
        return try admin.query(
            """
            select care.give_office(
                \(account), \(office.rawValue), \(seal.epoch), \(seal.salt), \(seal.sealed))
            """
        )[0].decode(Bool.self, at: 0)
    }

    /// Ends an office. False if they did not hold it; `nil` if nobody signs in by the address.
    public func end(_ office: Office, of address: String, over admin: AdminConnection) async throws -> Bool? {
        guard let account = try await account(of: address, over: admin) else { return nil }
        let seal = try await keys.operatorsSeal()
        return try admin.query(
            """
            select care.end_office(
                \(account), \(office.rawValue), \(seal.epoch), \(seal.salt), \(seal.sealed))
            """
        )[0].decode(Bool.self, at: 0)
    }

    /// Everybody who holds one now.
    public func holders(over admin: AdminConnection) async throws -> [Holder] {
        let names = Names(installation: try await keys.installation())
        return try admin.query("select account_id, office, since, sealed_address from care.office_holders()").compactMap
        {
            row in
            guard let office = Office(rawValue: try row.decode(String.self, at: 1)) else { return nil }
            let account = try row.decode(UUID.self, at: 0)
            return Holder(
                address: try names.openAddress(row.decode([UInt8].self, at: 3), of: account),
                office: office,
                since: try row.decode(Date.self, at: 2)
            )
        }
    }

    private func account(of address: String, over admin: AdminConnection) async throws -> UUID? {
        let token = try await keys.installation().signIn.token(email: address)
        return try admin.query("select care.account_of(\(token))").first?.decode(UUID?.self, at: 0) ?? nil
    }
}
