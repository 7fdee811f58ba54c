/// The probes there are. A promise can name no other.
public enum ProbeName: String, Sendable, CaseIterable, Comparable {
    case tlsVersions = "tls-versions"
    case plainHTTP = "plain-http"
    case canaryBytes = "canary-bytes"
    case rootKey = "root-key"
    case passwordHashes = "password-hashes"
    case weakPasswords = "weak-passwords"
    case sessionEnd = "session-end"
    case programTokens = "program-tokens"
    case secondFactor = "second-factor"
    case wall
    case guessing
    case asking = "asking-too-much"
    case unauthorisedPerson = "unauthorised-person"
    case unguardedTable = "unguarded-table"
    case `guard`
    case guardNow = "guard-now"
    case grants
    case entries
    case quietLogs = "quiet-logs"
    case errorReports = "error-reports"
    case refusals
    case redirects
    case published
    case sockets
    case diskEncryption = "disk-encryption"
    case swap
    case coreDumps = "core-dumps"
    case fileModes = "file-modes"
    case accounts
    case listeners
    case firewall
    case clock
    case databaseWrites = "database-writes"
    case databaseLogs = "database-logs"
    case malformed
    case foreignForms = "foreign-forms"
    case headers
    case injection
    case drift
    case mutants
    case databaseMutants = "database-mutants"
    case killRun = "kill-run"
    case fuzzing
    case stepsBack = "steps-back"
    case minimum
    case history
    case vulnerabilityReports = "vulnerability-reports"
    case foreignTokens = "foreign-tokens"
    case securityPack = "security-pack"
    case roleMatrix = "role-matrix"
    case leaving
    case agreements
    case emergencies
    case overviews

    public static func < (one: ProbeName, other: ProbeName) -> Bool { one.rawValue < other.rawValue }
}
