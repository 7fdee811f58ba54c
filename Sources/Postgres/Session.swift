import CPostgres

/// Makes a new connection ready for a store, on a helper thread.
enum Session {
    static func open(
        _ target: ConnectionTarget,
        _ configuration: Store.Configuration
    ) -> Result<LiveConnection, PostgresError> {
        do throws(PostgresError) {
            let connection = try target.open(within: .seconds(10))
            do throws(PostgresError) {
                try prepare(connection.pointer, configuration)
                return .success(connection)
            } catch {
                PQfinish(connection.pointer)
                throw error
            }
        } catch {
            return .failure(error)
        }
    }

    private static func prepare(
        _ connection: OpaquePointer,
        _ configuration: Store.Configuration
    ) throws(PostgresError) {
        let limit = String(Int((configuration.statementTimeout / .milliseconds(1)).rounded(.up)))
        let settings: SQL = """
            select set_config('statement_timeout', \(limit), false),
                   set_config('idle_in_transaction_session_timeout', \(limit), false),
                   set_config('client_min_messages', 'error', false)
            """
        for statement in [settings] + configuration.onConnect {
            _ = try BlockingQuery.run(statement, on: connection)
        }
        guard PQsetnonblocking(connection, 1) == 0, PQenterPipelineMode(connection) == 1 else { throw .client }
    }
}
