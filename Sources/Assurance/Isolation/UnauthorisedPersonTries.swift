import FoundationEssentials
import Postgres
import Seals

// MARK: - Guessing passwords

extension GateChecks {
    func signInTries() throws {
        try oneNetwork()
        try knownDevices()
        try manyNetworks()
        try oneNetworkToAll()
        try oldTries()
    }

    private func oneNetwork() throws {
        let (account, other) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        for _ in 0..<5 { try must("try_sign_in", "five are free", try !attempt(account, "4:192.0.2").waits) }
        try must("try_sign_in", "the sixth waits", try attempt(account, "4:192.0.2").waits)
        try must("try_sign_in", "not from elsewhere", try !attempt(account, "4:198.51.100").waits)
        try must("try_sign_in", "not to another account", try !attempt(other, "4:192.0.2").waits)
        try scene.later(by: .seconds(25)) {
            try must("try_waits", "for half a minute", try attempt(account, "4:192.0.2").waits)
        }
        try scene.later(by: .seconds(35)) {
            try must("try_waits", "and no longer", try !attempt(account, "4:192.0.2").waits)
        }
        // Waiting did not count: the next wait is of a minute, from the try that was let through.
        try scene.later(by: .seconds(35 + 50)) {
            try must("try_waits", "then for a minute", try attempt(account, "4:192.0.2").waits)
        }
        try scene.later(by: .seconds(35 + 65)) {
            try must("try_sign_in", "what waits does not count", try !attempt(account, "4:192.0.2").waits)
        }
        for _ in 0..<5 { _ = try attempt(other, "4:203.0.113") }
        try forgive(account, "4:203.0.113")
        try must("forgive_sign_in", "another account's is not forgiven", try attempt(other, "4:203.0.113").waits)
        try forgive(other, "4:203.0.113")
        try must("forgive_sign_in", "a good one makes it anew", try !attempt(other, "4:203.0.113").waits)
    }

    private func knownDevices() throws {
        let (account, other) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        let (device, lent) = (Primitive.freshBytes(16), Primitive.freshBytes(16))
        for _ in 0..<6 { _ = try attempt(account, "4:192.0.3") }
        for _ in 0..<10 {
            let seen = try attempt(account, "4:192.0.3", device)
            try must("try_sign_in", "a known device waits for nobody, ten times", !seen.waits && seen.pause == 0)
        }
        try must("try_sign_in", "it has its own limit", try attempt(account, "4:192.0.3", device).waits)
        try must("try_sign_in", "another device is another", try !attempt(account, "4:192.0.3", lent).waits)
        try must("try_sign_in", "and to another account", try !attempt(other, "4:192.0.3", device).waits)
        try forgive(account, "4:192.0.3", device)
        try must("forgive_sign_in", "a known device's is forgiven", try !attempt(account, "4:192.0.3", device).waits)
        try must("forgive_sign_in", "the network's is not", try attempt(account, "4:192.0.3").waits)
    }

    /// A thousand wrong passwords from two hundred networks.
    private func manyNetworks() throws {
        let account = Primitive.freshBytes(32)
        var lookedAt: Int64 = 0
        for round in 0..<10 {
            lookedAt += try scene.server.query(
                """
                select count(*) from generate_series(\(round * 100), \(round * 100 + 99)) n,
                       lateral care.try_sign_in(\(account), '4:10.0.' || n % 200, null) t where t.wait_until is null
                """
            )[0].decode(Int64.self, at: 0)
        }
        try must("try_sign_in", "each network has its five", lookedAt == 1_000)
        let owner = try attempt(account, "4:192.0.4")
        try must("try_sign_in", "the owner is let in from elsewhere", !owner.waits)
        try must("try_sign_in", "a little later", owner.pause == 3)
        let known = try attempt(account, "4:10.0.7", Primitive.freshBytes(16))
        try must("try_sign_in", "and from a known device at once", !known.waits && known.pause == 0)
        let fresh = try attempt(Primitive.freshBytes(32), "4:192.0.4")
        try must("try_sign_in", "another account is not slowed down", fresh.pause == 0)
    }

    /// One password for each of many accounts.
    private func oneNetworkToAll() throws {
        for _ in 0..<200 {
            try must(
                "try_sign_in",
                "two hundred accounts are free",
                try !attempt(Primitive.freshBytes(32), "4:192.0.5").waits
            )
        }
        let account = Primitive.freshBytes(32)
        try must("try_sign_in", "the next waits", try attempt(account, "4:192.0.5").waits)
        try must("try_sign_in", "not from elsewhere", try !attempt(account, "4:192.0.6").waits)
        try must(
            "try_sign_in",
            "not a known device",
            try !attempt(account, "4:192.0.5", Primitive.freshBytes(16)).waits
        )
    }

    private func oldTries() throws {
        let account = Primitive.freshBytes(32)
        for _ in 0..<5 { _ = try attempt(account, "4:192.0.7") }
        try scene.later(by: .seconds(86_500)) {
            for _ in 0..<5 {
                try must("try_waits", "after a day it begins anew", try !attempt(account, "4:192.0.7").waits)
            }
        }
        let count = { try self.scene.admin.query("select count(*) from care.sign_in_try")[0].decode(Int64.self, at: 0) }
        let before = try count()
        try scene.server.query("select care.sweep_sign_in_tries()")
        try must("sweep_sign_in_tries", "what is new stays", try count() == before)
        try scene.later(by: .seconds(86_400 * 4)) {
            while try scene.server.query("select care.sweep_sign_in_tries()")[0].decode(Int32.self, at: 0) > 0 {}
        }
        try must("sweep_sign_in_tries", "what is old goes", try count() == 0)
    }

    private func attempt(_ account: [UInt8], _ network: String, _ device: [UInt8]? = nil) throws -> (
        waits: Bool, pause: Double
    ) {
        let row = try scene.server.query(
            """
            select wait_until is not null, extract(epoch from pause)::float8
              from care.try_sign_in(\(account), \(network), \(device))
            """
        )[0]
        return (try row.decode(Bool.self, at: 0), try row.decode(Double.self, at: 1))
    }

    private func forgive(_ account: [UInt8], _ network: String, _ device: [UInt8]? = nil) throws {
        try scene.server.query("select care.forgive_sign_in(\(account), \(network), \(device))")
    }
}
