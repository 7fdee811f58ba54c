public import Assurance
import Care
import Foundation
import Hummingbird
import HummingbirdHTTP2
import HummingbirdTLS
import NIOSSL
public import People
public import Records

/// A release of the program, as it is told to clients.
public struct PublishedRelease: Sendable {
    /// Its number: `0.1.0`.
    public let version: String
    /// The day on which it came out: `2026-11-22`.
    public let date: String

    /// Names a release.
    public init(version: String, date: String) {
        self.version = version
        self.date = date
    }
}

/// What the portal serves from: the parts of a running Carekeep.
public struct Services: Sendable {
    /// Passwords, second factors, sessions.
    public let signIn: SignIn
    /// Signing in at somebody else's.
    public let federated: FederatedSignIn
    /// Patients and their records.
    public let records: PatientRecords
    /// Who belongs to organisations.
    public let members: Members
    /// What is told of promises.
    public let trust: TrustDesk
    /// Where stewards vouch.
    public let attestations: AttestationDesk
    /// Where weaknesses are reported.
    public let vulnerabilities: VulnerabilityDesk
    /// What is said about reporting them.
    public let security: SecurityNotice
    /// How much may be asked for.
    public let rates: RateLimits
    /// Which release this is.
    public let release: PublishedRelease
    /// Whether the stores answer.
    public let isReady: @Sendable () async -> Bool
    /// What they count, for the metrics.
    public let measures: @Sendable () async -> [Measure]

    /// Puts them together.
    public init(
        signIn: SignIn,
        federated: FederatedSignIn,
        records: PatientRecords,
        members: Members,
        trust: TrustDesk,
        attestations: AttestationDesk,
        vulnerabilities: VulnerabilityDesk,
        security: SecurityNotice,
        rates: RateLimits,
        release: PublishedRelease,
        isReady: @escaping @Sendable () async -> Bool,
        measures: @escaping @Sendable () async -> [Measure] = { [] }
    ) {
        self.signIn = signIn
        self.federated = federated
        self.records = records
        self.members = members
        self.trust = trust
        self.attestations = attestations
        self.vulnerabilities = vulnerabilities
        self.security = security
        self.rates = rates
        self.release = release
        self.isReady = isReady
        self.measures = measures
    }
}

/// Every route the server has, in one screen: what is open, what needs a session, and at which door.
func portal(
    _ services: Services,
    limits: Limits,
    baseURL: String,
    underway: Underway,
    metrics: Metrics,
    log: Log
) -> Router<Visit> {
    let router = Router(context: Visit.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: underway)
    router.add(middleware: RequestLog(log, metrics))
    router.add(middleware: SecurityHeaders())
    router.add(middleware: ServedMethods())
    router.add(middleware: AnswerFailures(log: log, signIn: services.signIn))
    router.add(middleware: LimitRates(limits: services.rates, tokens: services.signIn.tokens))

    let tokens = services.signIn.tokens
    let signing = SigningRoutes(signIn: services.signIn, federated: services.federated)
    let secondFactor = SecondFactorRoutes(signIn: services.signIn, federated: services.federated)
    let sessions = SessionRoutes(signIn: services.signIn, members: services.members)
    let fhir = FHIRRoutes(
        records: services.records,
        limits: limits,
        rates: services.rates,
        baseURL: baseURL + "/fhir",
        release: services.release
    )
    let charts = ChartRoutes(
        records: services.records,
        attestations: services.attestations,
        trust: services.trust
    )

    let open = router.group()
    HealthRoutes(isReady: services.isReady).add(to: open)
    AssetRoutes().add(to: open)
    signing.add(toOpen: open)
    let carers = CarerRoutes(records: services.records, signIn: services.signIn, charts: charts, baseURL: baseURL)
    let growingUp = GrowingUpRoutes(records: services.records, charts: charts, baseURL: baseURL)
    carers.add(toOpen: open)
    ProviderRoutes(federated: services.federated, signIn: services.signIn, limits: services.rates).add(toOpen: open)
    let accounts = AccountRoutes(signIn: services.signIn)
    accounts.add(toOpen: open)
    fhir.add(toOpen: open)
    TrustRoutes(desk: services.trust, signIn: services.signIn).add(toOpen: open)
    VulnerabilityRoutes(desk: services.vulnerabilities, notice: services.security, limits: services.rates).add(
        toOpen: open
    )

    let pages = router.group().add(middleware: PageDoor(signIn: services.signIn)).group(context: PageVisit.self)
    charts.add(to: pages)
    carers.add(to: pages)
    SharingRoutes(records: services.records, charts: charts, baseURL: baseURL).add(to: pages)
    CareTeamRoutes(records: services.records, charts: charts).add(to: pages)
    growingUp.add(to: pages)
    NoteRoutes(records: services.records, charts: charts).add(to: pages)
    signing.add(toPages: pages)
    secondFactor.add(toPages: pages)
    accounts.add(toPages: pages)
    LinkedProviderRoutes(federated: services.federated, signIn: services.signIn).add(to: pages)
    ProviderDeskRoutes(federated: services.federated, baseURL: baseURL).add(to: pages)
    sessions.add(toPages: pages)
    VouchRoutes(attestations: services.attestations, trust: services.trust).add(to: pages)
    MemberPageRoutes(members: services.members).add(to: pages)
    ActivityRoutes(activity: Activity(members: services.members)).add(to: pages)
    let practitioners = PractitionerRoutes(records: services.records)
    practitioners.add(toPages: pages)
    let overviews = OverviewRoutes(overviews: Overviews(members: services.members))
    overviews.add(toPages: pages)
    let agreements = AgreementRoutes(members: services.members)
    agreements.add(toPages: pages)
    EmergencyRoutes(records: services.records).add(to: pages)
    let countersigning = CountersignRoutes(records: services.records, signIn: services.signIn, charts: charts)
    countersigning.add(toPages: pages)

    let api = router.group().add(middleware: APIDoor(tokens: tokens)).group(context: APIVisit.self)
    fhir.add(to: api)
    signing.add(toAPI: api)
    secondFactor.add(toAPI: api)
    sessions.add(toAPI: api)
    MemberRoutes(members: services.members).add(to: api)
    RoleRoutes(members: services.members).add(to: api)
    TeamRoutes(records: services.records).add(to: api)
    practitioners.add(toAPI: api)
    agreements.add(toAPI: api)
    countersigning.add(toAPI: api)
    overviews.add(toAPI: api)
    return router
}

/// Whether the process lives, and whether it can serve.
struct HealthRoutes {
    let isReady: @Sendable () async -> Bool

    func add(to open: RouterGroup<Visit>) {
        open.get("health") { _, _ in Response(status: .ok) }
        open.get("health/live") { _, _ in Response(status: .ok) }
        open.get("health/ready") { _, _ in Response(status: await isReady() ? .ok : .serviceUnavailable) }
    }
}

/// The stylesheet and the mark. Their names change with their content, so browsers may keep them.
struct AssetRoutes {
    func add(to open: RouterGroup<Visit>) {
        open.get(RouterPath(Stylesheet.path)) { _, _ in
            Self.file(Array(Stylesheet.text.utf8), "text/css; charset=utf-8")
        }
        open.get(RouterPath(Mark.address.text)) { _, _ in Self.file(Mark.file.bytes, "image/svg+xml") }
    }

    private static func file(_ bytes: [UInt8], _ type: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: type, .cacheControl: "public, max-age=31536000, immutable"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}
