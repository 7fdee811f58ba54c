import FHIR
import Foundation

/// What is asked of a server that is not ours.
public struct OutsideQuestion: Sendable {
    /// Where.
    public let address: WebAddress
    /// The fields of a form that is posted; `nil` to get.
    public let form: String?
    /// The value of `Authorization`, if there is one.
    public let authorization: String?

    init(_ address: WebAddress, form: String? = nil, authorization: String? = nil) {
        self.address = address
        self.form = form
        self.authorization = authorization
    }
}

/// What it answered. Redirects are not followed: they are an answer like others, and none that is of use.
public struct OutsideAnswer: Sendable {
    /// HTTP's.
    public let status: Int
    /// As it came.
    public let body: [UInt8]

    /// An answer.
    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// The way to servers that are not ours. Throws `SignInTrouble.unreachable`, or `.garbage` for an answer that is too long.
public typealias OutsideDoor = @Sendable (OutsideQuestion) async throws -> OutsideAnswer

/// What providers say of themselves: where they are to be asked what, and the keys that they sign with. Kept for an hour, and not
/// fetched more often than a provider can bear, whatever strangers send us. What is fetched on a stranger's word is counted apart, so
/// that strangers keep nobody from signing in.
actor ProviderDirectory {
    /// A provider's discovery document, as far as it is of use. (OpenID Connect Discovery 1.0)
    struct Document: Sendable {
        let authorization: WebAddress
        let token: WebAddress
        let keys: WebAddress
        let ending: WebAddress?
        /// Whether it names itself in its answers. (RFC 9207)
        let namesItself: Bool
        /// Whether the secret goes into the form: where it takes none in a header.
        let takesSecretInForm: Bool

        init(_ json: JSON, issuer: String, mayBeLocal: Bool) throws(SignInTrouble) {
            let address = { (name: String) in
                json[name]?.string.flatMap { WebAddress($0, mayBeLocal: mayBeLocal) }
            }
            guard json["issuer"]?.string?.utf8.elementsEqual(issuer.utf8) == true,
                let authorization = address("authorization_endpoint"), let token = address("token_endpoint"),
                let keys = address("jwks_uri")
            else { throw .document }
            self.authorization = authorization
            self.token = token
            self.keys = keys
            ending = address("end_session_endpoint")
            namesItself = json["authorization_response_iss_parameter_supported"]?.bool ?? false
            let ways = json["token_endpoint_auth_methods_supported"]?.array?.compactMap(\.string) ?? []
            takesSecretInForm = !ways.isEmpty && !ways.contains("client_secret_basic")
        }
    }

    private struct Known<Value: Sendable> {
        let value: Value
        let since: ContinuousClock.Instant
    }

    /// Who names a key.
    enum Source: Hashable {
        /// The provider itself, in an answer to us.
        case provider
        /// Whoever sends us something, which may be made up.
        case anybody
    }

    /// What is fetched, and on whose word.
    private struct Purpose: Hashable {
        enum Thing: Hashable { case document, keys }
        let issuer: String
        let thing: Thing
        let source: Source
    }

    /// How often something was fetched for one purpose.
    private struct Spent {
        var since: ContinuousClock.Instant
        var count = 0
    }

    private static let lasting = Duration.seconds(3600)
    /// A document that cannot be fetched anew is still good for so long.
    private static let longestLasting = Duration.seconds(86_400)
    private static let span = Duration.seconds(300)
    /// Fetches of one issuer's document in ``span``, and as many of its keys; as many again on strangers' word.
    static let most = 20

    private let door: OutsideDoor
    private let mayBeLocal: Bool
    private let now: @Sendable () -> ContinuousClock.Instant
    private var documents: [String: Known<Document>] = [:]
    private var keys: [String: Known<KeySet>] = [:]
    private var spent: [Purpose: Spent] = [:]
    private var fetching: [Purpose: Task<KeySet, any Error>] = [:]

    /// Tests have a clock of their own.
    init(
        door: @escaping OutsideDoor,
        mayBeLocal: Bool,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.door = door
        self.mayBeLocal = mayBeLocal
        self.now = now
    }

    /// A provider's document, for as long as it cannot be had anew the one that is known.
    ///
    /// - Throws: `SignInTrouble`.
    func document(of issuer: String, for source: Source = .provider) async throws -> Document {
        let known = documents[issuer]
        if let known, known.since + Self.lasting > now() { return known.value }
        let text = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        guard let place = WebAddress(text + "/.well-known/openid-configuration", mayBeLocal: mayBeLocal) else {
            throw SignInTrouble.document
        }
        do {
            guard mayFetch(Purpose(issuer: issuer, thing: .document, source: source)) else {
                throw SignInTrouble.unreachable
            }
            let document = try Document(try await ask(place), issuer: issuer, mayBeLocal: mayBeLocal)
            documents[issuer] = Known(value: document, since: now())
            return document
        } catch let trouble as SignInTrouble where trouble == .unreachable || trouble == .garbage {
            guard let known, known.since + Self.longestLasting > now() else { throw trouble }
            return known.value
        }
    }

    /// The keys, fetched anew where they lack the one that a token names; `source` is who names it.
    ///
    /// - Throws: `SignInTrouble`.
    func keys(of issuer: String, naming id: String?, by source: Source = .provider) async throws -> KeySet {
        if let known = keys[issuer], known.since + Self.lasting > now(), !known.value.lacks(id) { return known.value }
        let purpose = Purpose(issuer: issuer, thing: .keys, source: source)
        if let underway = fetching[purpose] { return try await underway.value }
        guard mayFetch(purpose) else {
            // Somebody sends us names of keys that are not there: the provider is left alone.
            guard let known = keys[issuer] else { throw SignInTrouble.unreachable }
            return known.value
        }
        let task = Task { try await fetchKeys(of: issuer, for: source) }
        fetching[purpose] = task
        defer { fetching[purpose] = nil }
        return try await task.value
    }

    private func fetchKeys(of issuer: String, for source: Source) async throws -> KeySet {
        let place = try await document(of: issuer, for: source).keys
        guard let set = KeySet(try await ask(place)) else { throw SignInTrouble.garbage }
        keys[issuer] = Known(value: set, since: now())
        return set
    }

    private func ask(_ place: WebAddress) async throws -> JSON {
        let answer = try await door(OutsideQuestion(place))
        guard answer.status == 200, let json = Self.json(answer.body) else { throw SignInTrouble.garbage }
        return json
    }

    /// What other people's servers send: short, flat, and an object.
    static func json(_ bytes: [UInt8]) -> JSON? {
        // A provider that answers with no JSON has answered badly, whatever was wrong with it.
        guard let json = try? JSON(parsing: bytes, limits: JSONLimits(bytes: 256 << 10, depth: 20, values: 20_000)),
            json.object != nil
        else { return nil }
        return json
    }

    private func mayFetch(_ purpose: Purpose) -> Bool {
        let time = now()
        var count = spent[purpose] ?? Spent(since: time)
        if count.since + Self.span <= time { count = Spent(since: time) }
        count.count += 1
        spent[purpose] = count
        return count.count <= Self.most
    }
}
