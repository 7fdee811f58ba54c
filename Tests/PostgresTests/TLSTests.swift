import Foundation
import Testing

@testable import Postgres

@Suite struct `A remote server` {
    /// A cluster that listens on a port of this machine, and takes nobody there without TLS.
    private let cluster: TestCluster
    private let port = Int.random(in: 20_000...29_999)

    init() {
        cluster = TestCluster(certifiedFor: "localhost")
        cluster.start(["listen_addresses=127.0.0.1", "port=\(port)", "ssl=on"])
    }

    private func conninfo(_ more: String) -> String {
        "host=localhost port=\(port) user=postgres dbname=postgres \(more)"
    }

    @Test func `is spoken to by TLS once it has proved its name`() async throws {
        defer { cluster.stop() }
        let large = [UInt8](repeating: 7, count: 2_000_000)
        let trusted = Store.Configuration(
            conninfo: conninfo("sslrootcert=\(cluster.folder)/server.crt"),
            poolSize: 2
        )
        try await withStore(trusted) { store in
            let rows = try await store.query("select version from pg_stat_ssl where pid = pg_backend_pid() and ssl")
            #expect(try rows[0].decode(String.self, at: 0) == "TLSv1.3")
            let answers = try await store.pipeline([["select \(large)"], ["select \(large)"]])
            for answer in answers { #expect(try answer.get()[0][0].decode([UInt8].self, at: 0) == large) }
            let error = await #expect(throws: PostgresError.self) {
                try await store.pipeline([["select pg_sleep(60)"]], timeout: .milliseconds(100))[0].get()
            }
            #expect(error?.kind == .timeout && store.statistics.lost == 0)
        }
        // Not by another name, not by an unknown authority, not in clear.
        let address = conninfo("sslrootcert=\(cluster.folder)/server.crt hostaddr=127.0.0.1")
            .replacing("host=localhost", with: "host=elsewhere")
        for refused in [address, conninfo(""), conninfo("sslmode=disable")] {
            let error = #expect(throws: PostgresError.self) { try AdminConnection(refused) }
            #expect(error?.kind == .connection)
        }
        #expect(throws: Never.self) { try AdminConnection(address + " sslmode=verify-ca") }
    }
}
