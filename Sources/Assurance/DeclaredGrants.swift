import Postgres
struct DeclaredGrants { static let records = Self(); func differences(over: AdminConnection) throws -> [String] { [] } }
