import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
public import People
import Postgres
public import ServiceLifecycle
import Synchronization

/// What somebody can ask for too often. Each kind has a limit of its own, so that one who is refused searches still reads.
public enum RouteClass: String, Sendable, CaseIterable {
    /// Where a password or a PIN is tried.
    case signIn = "sign_in"
    /// Providers that tell who signed out there.
    case logout
    /// One-time links, and asking for them.
    case links
    /// Pages of somebody signed in.
    case pages
    case reads, writes, searches
    /// All of a patient's record.
    case exports
    /// What anybody may see.
    case open
    /// Reports of weaknesses; by the hour.
    case reports
    /// Following one; by the hour.
    case following

    /// Seconds after which counting begins anew.
    var seconds: Int { self == .reports || self == .following ? 3600 : 60 }

    /// Whether a session stands for a person here. Elsewhere the address is all there is.
    var isOfPeople: Bool {
        switch self {
        case .pages, .reads, .writes, .searches, .exports: true
        case .signIn, .logout, .links, .open, .reports, .following: false
        }
    }

    /// What a request is.
    init(_ request: Request) {
        let path = request.uri.path
        let parts = path.split(separator: "/", maxSplits: 5)
        let isRead = request.method == .get || request.method == .head
        switch parts.first {
        case "sign-in" where !isRead && parts.dropFirst().first == "logout": self = .logout
        case "sign-in" where !isRead, "join" where !isRead: self = .signIn
        case "account" where !isRead, "patients" where !isRead && parts.last == "sign": self = .signIn
        case "api":
            // Nobody guesses 256 bits: refreshing is no sign-in.
            let isSignIn = parts.dropFirst().first == "session" && parts.last != "refresh" || parts.last == "signatures"
            self = isSignIn && request.method == .post ? .signIn : isRead ? .reads : .writes
        case "password", "join", "forgot", "address", "invitation": self = .links
        case "fhir": self = Self.ofAPI(parts.dropFirst(), isRead)
        case nil, "sign-in", "trust", "trust.json", "security", ".well-known", "assets", "health": self = .open
        default: self = .pages
        }
    }

    /// What an entry of a bundle is.
    init(_ entry: BundleRequest.Entry) {
        switch (entry.method, entry.target) {
        case (.get, .type), (.get, .search): self = .searches
        case (.get, _), (.head, _): self = .reads
        default: self = .writes
        }
    }

    private static func ofAPI(_ parts: ArraySlice<Substring>, _ isRead: Bool) -> RouteClass {
        if parts.first == "metadata" { return .open }
        if parts.last == "$everything" { return .exports }
        if parts.last == "_search" || parts.count == 1 && isRead { return .searches }
        return isRead ? .reads : .writes
    }
}

/// How much of each kind one person, one address and one organisation may ask for, on all servers together. (NET-3)
///
/// Counted here, and settled with the other servers once a second; so a request costs a look into a table in memory. Whoever is
/// refused is so alone: an address has ten times what a person has, an organisation fifty times, so that one person uses up neither.
public final class RateLimits: Sendable {
    /// Who spends.
    enum Spender: Hashable {
        case address(String)
        case session([UInt8])
        case organization(UUID)

        /// Whom a token stands for.
        static func people(_ token: SessionToken) -> [Spender] {
            [.session(token.secret), .organization(token.organization)]
        }
    }

    private struct Key: Hashable {
        let kind: RouteClass
        let spender: Spender
    }

    private struct Account {
        var period: Int64
        /// On all servers, as far as is known here, with what was spent here since.
        var spent: Int
        /// Of that, what the others have not heard of.
        var untold: Int
    }

    private let limits: [RouteClass: Int]
    private let book: SpendingBook?
    private let accounts = Mutex<[Key: Account]>([:])
    private let refusals = Atomic(0)

    /// More are not kept apart: what was settled longest ago is forgotten.
    private static let most = 50_000

    /// With a limit for each kind, by the minute or the hour: of one person, or of one address where nobody signs in. Without a book
    /// nothing is shared.
    public init(_ limits: [RouteClass: Int], book: SpendingBook?) {
        self.limits = limits
        self.book = book
    }

    /// How many requests were refused since the start.
    public var refused: Int { refusals.load(ordering: .relaxed) }

    private func limit(_ kind: RouteClass, _ spender: Spender) -> Int {
        let limit = limits[kind] ?? .max
        switch spender {
        case .session: return limit
        case .address: return kind.isOfPeople ? limit.multipliedReportingOverflow(by: 10).partialValue : limit
        case .organization: return limit.multipliedReportingOverflow(by: 50).partialValue
        }
    }

    /// Seconds to wait, if one of them has spent all it has.
    func wait(_ kind: RouteClass, _ spenders: [Spender], at now: Date = .now) -> Int? {
        guard limits[kind] != nil else { return nil }
        let period = Self.period(kind, now)
        let isSpent = accounts.withLock { accounts in
            spenders.contains { spender in
                guard let account = accounts[Key(kind: kind, spender: spender)], account.period == period else {
                    return false
                }
                return account.spent >= limit(kind, spender)
            }
        }
        guard isSpent else { return nil }
        refusals.add(1, ordering: .relaxed)
        return kind.seconds - Int(now.timeIntervalSince1970) % kind.seconds
    }

    /// Counts a request.
    func count(_ kind: RouteClass, _ spenders: [Spender], at now: Date = .now) {
        guard limits[kind] != nil else { return }
        let period = Self.period(kind, now)
        accounts.withLock { accounts in
            if accounts.count >= Self.most { Self.forget(in: &accounts, now) }
            for spender in spenders {
                let key = Key(kind: kind, spender: spender)
                var account = accounts[key] ?? Account(period: period, spent: 0, untold: 0)
                if account.period != period { account = Account(period: period, spent: 0, untold: 0) }
                account.spent += 1
                account.untold += 1
                accounts[key] = account
            }
        }
    }

    /// Seconds to wait; `nil` if there is nothing to wait for, and then this time is counted.
    func take(_ kind: RouteClass, _ address: SocketAddress?) -> Int? {
        let spender = Spender.address(Self.network(of: address))
        if let seconds = wait(kind, [spender]) { return seconds }
        count(kind, [spender])
        return nil
    }

    private static func period(_ kind: RouteClass, _ now: Date) -> Int64 {
        Int64(now.timeIntervalSince1970) / Int64(kind.seconds)
    }

    private static func forget(in accounts: inout [Key: Account], _ now: Date) {
        accounts = accounts.filter { $0.value.period == period($0.key.kind, now) }
        guard accounts.count >= most else { return }
        // So many in one minute: those who have spent least lose least by it.
        for (key, _) in accounts.sorted(by: { $0.value.spent < $1.value.spent }).prefix(most / 10) {
            accounts[key] = nil
        }
    }

    // MARK: With the other servers

    /// Tells what was spent here, and hears what was spent everywhere.
    func settle(at now: Date = .now) async throws {
        guard let book else { return }
        let told = accounts.withLock { accounts in
            accounts = accounts.filter { $0.value.period == Self.period($0.key.kind, now) || $0.value.untold > 0 }
            // Whoever has spent most first: more than so many are not told in a second.
            let untold = accounts.filter { $0.value.untold > 0 }.sorted { $0.value.spent > $1.value.spent }.prefix(
                5_000
            )
            for (key, _) in untold { accounts[key]?.untold = 0 }
            return Array(untold)
        }
        let items = told.map { key, account in
            SpendingBook.Item(
                name: "\(key.kind.rawValue)/\(Self.name(of: key.spender))",
                period: account.period,
                amount: account.untold,
                seconds: key.kind.seconds
            )
        }
        do {
            let spent = try await book.settle(items)
            accounts.withLock { accounts in
                for ((key, then), everywhere) in zip(told, spent) {
                    guard let account = accounts[key], account.period == then.period else { continue }
                    // What was spent here meanwhile is not among it yet.
                    accounts[key]?.spent = max(account.spent, everywhere + account.untold)
                }
            }
        } catch {
            accounts.withLock { accounts in
                for (key, then) in told where accounts[key]?.period == then.period {
                    accounts[key]?.untold += then.untold
                }
            }
            throw error
        }
    }

    private static func name(of spender: Spender) -> String {
        switch spender {
        case .address(let network): "address/\(network)"
        case .session(let secret): "session/\(secret.map { String($0, radix: 16) }.joined(separator: "."))"
        case .organization(let id): "organization/\(id.uuidString)"
        }
    }

    /// An IPv4 address; of an IPv6 address the network, of which one household has all.
    static func network(of address: SocketAddress?) -> String {
        switch address {
        case .v6(let address):
            var bytes = address.address.sin6_addr
            return withUnsafeBytes(of: &bytes) { raw in
                // An IPv4 address in IPv6's form is told apart as a whole.
                let isMapped = raw.prefix(10).allSatisfy { $0 == 0 } && raw[10] == 0xFF && raw[11] == 0xFF
                return raw.prefix(isMapped ? 16 : 8).map { String($0, radix: 16) }.joined(separator: ":")
            }
        default: return address?.ipAddress ?? ""
        }
    }
}

/// Settles once a second while the server runs, and a last time as it stops.
public struct SettlingLimits: Service {
    private let limits: RateLimits
    private let complaints: Complaints

    /// For these limits. What keeps them from being settled is heard there.
    public init(_ limits: RateLimits, _ complaints: Complaints) {
        self.limits = limits
        self.complaints = complaints
    }

    /// Until the server stops.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // While the store is away each server goes by what it knows.
                do { try await limits.settle() } catch { complaints.hear(error) }
                // Ends early when the server stops.
                try? await Task.sleep(for: .seconds(1))
            }
        }
        // Not of this task, which is cancelled.
        await Task { [limits] in try? await limits.settle() }.value
    }
}

/// Refuses what is asked too often, before anything is looked up.
struct LimitRates: RouterMiddleware {
    let limits: RateLimits
    let tokens: ProgramTokens

    func handle(
        _ request: Request,
        context: Visit,
        next: (Request, Visit) async throws -> Response
    ) async throws -> Response {
        let kind = RouteClass(request)
        // Reports of weaknesses are counted where they are taken.
        let address = RateLimits.Spender.address(RateLimits.network(of: context.remoteAddress))
        var visit = context
        if kind.isOfPeople {
            visit.program = try? await tokens.session(presentedBy: request)  // the door says why not
        }
        let token = kind.isOfPeople ? visit.program ?? Cookies.sessionToken(in: request) : nil
        // Whose token it is nobody knows before it has opened something. So only then it is counted: a made-up one uses up nobody's.
        let people = token.map(RateLimits.Spender.people) ?? []
        if let seconds = limits.wait(kind, [address] + people) { return Self.refusal(request, seconds) }
        limits.count(kind, [address])
        // However it ends: what fails before the session was looked up says nothing of it.
        defer { if context.proof.isFound { limits.count(kind, people) } }
        return try await next(request, visit)
    }

    private static func refusal(_ request: Request, _ seconds: Int) -> Response {
        let path = request.uri.path
        var response: Response
        if path.hasPrefix("/fhir") || path.hasPrefix("/api") {
            response = Response(json: Outcome.throttled(seconds).json().serialized(), status: .tooManyRequests)
        } else {
            response = Response(page: Frame(visitorOn: .now).document(NoticePage.tooMany), status: .tooManyRequests)
        }
        response.headers[.retryAfter] = "\(seconds)"
        return response
    }
}

extension Outcome {
    /// What whoever asks too often is told.
    static func throttled(_ seconds: Int) -> Outcome {
        Outcome(.throttled, "too many requests of this kind from here; try again in \(seconds) seconds")
    }
}
