/// A place on this server, written as a literal path whose interpolations are percent-encoded.
///
/// Addresses carry ids and never health data: they end up in histories, bookmarks and the logs of proxies.
struct Address: Sendable, Equatable, ExpressibleByStringInterpolation {
    let text: String

    init(stringLiteral literal: StaticString) {
        self.text = literal.description
    }

    init(stringInterpolation pieces: Pieces) {
        self.text = pieces.path
    }

    /// A path that came with the request (where to go after signing in), if it is one of this server.
    ///
    /// `//elsewhere` and `/\elsewhere` are other people's servers to a browser.
    init?(returningTo path: String) {
        let bytes = Array(path.utf8)
        guard bytes.first == UInt8(ascii: "/"), bytes.count <= 512 else { return nil }
        guard bytes.count == 1 || (bytes[1] != UInt8(ascii: "/") && bytes[1] != UInt8(ascii: "\\")) else { return nil }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else { return nil }
        self.text = path
    }

    /// What an address literal is taken apart into.
    struct Pieces: StringInterpolationProtocol {
        fileprivate var path = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            self.path.reserveCapacity(literalCapacity + interpolationCount * 36)
        }

        mutating func appendLiteral(_ literal: StaticString) {
            self.path += literal.description
        }

        mutating func appendInterpolation(_ id: String) {
            for byte in id.utf8 {
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    self.path.unicodeScalars.append(Unicode.Scalar(byte))
                default:
                    let digits = String(byte, radix: 16, uppercase: true)
                    self.path += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
                }
            }
        }
    }
}

/// The map of the pages: what the routes answer and what the pages link to.
extension Address {
    static let home: Address = "/"
    /// GET shows the form; POST has `csrf`, `next`, `email`, `password`.
    static let signIn: Address = "/sign-in"
    static let join: Address = "/join"
    /// POST, with `csrf`.
    static let signOut: Address = "/sign-out"
    /// GET shows the choice; POST has `csrf`, `organization`, `next`.
    /// GET lists where one belongs; POST goes to another one, with `csrf`, `organization`.
    static let chooseOrganization: Address = "/organizations"

    /// The form to sign in to one organisation of several.
    static func signIn(to organization: String) -> Address { "/sign-in?to=\(organization)" }
    /// POST, with `csrf`, `token`, `password`, `again`.
    static let setPassword: Address = "/password"
    /// GET asks for a code; POST has `csrf`, `code` or `recovery`, `next`.
    static let secondFactor: Address = "/second-factor"
    /// GET asks again who is there; POST has `csrf`, `code`, `recovery` or `password`, `next`.
    static let stepUp: Address = "/step-up"
    /// One's own code app.
    static let ownSecondFactor: Address = "/account/second-factor"
    static let removedSecondFactor: Address = "/account/second-factor?done=removed"
    /// POST, with `csrf`, `next`: the same path as ``ownSecondFactor``.
    static let offerSecondFactor: Address = "/account/second-factor"
    /// GET shows the secret to the app; POST has `csrf`, `code`, `next`.
    static let newSecondFactor: Address = "/account/second-factor/new"
    /// POST, with `csrf`.
    static let recoveryCodes: Address = "/account/second-factor/codes"
    /// POST, with `csrf`.
    static let removeSecondFactor: Address = "/account/second-factor/remove"

    /// Where one is signed in: GET lists; POST has `csrf`, `session` (an id, or `others`).
    static let devices: Address = "/account/sessions"

    /// The same, when so many were signed out.
    static func devices(ended: Int) -> Address { "/account/sessions?ended=\(String(ended))" }

    static func ownSecondFactor(next: Address?) -> Address {
        next.map { "/account/second-factor?next=\($0.text)" } ?? .ownSecondFactor
    }

    static func newSecondFactor(next: Address?) -> Address {
        next.map { "/account/second-factor/new?next=\($0.text)" } ?? .newSecondFactor
    }

    /// Where somebody shows again who they are, and the way back. `isAgain`: what was sent was not done.
    static func stepUp(next: Address, isAgain: Bool) -> Address {
        isAgain ? "/step-up?next=\(next.text)&again=1" : "/step-up?next=\(next.text)"
    }

    /// GET asks for an address; POST has `csrf`, `email`.
    static let forgot: Address = "/forgot"
    /// How one signs in.
    static let account: Address = "/account"
    /// GET shows the form; POST has `csrf`, `old`, `password`, `again`.
    static let ownPassword: Address = "/account/password"
    /// By what one signs as a second person: GET shows the form; POST has `csrf`, `pin`, `again`.
    static let ownPIN: Address = "/account/pin"
    /// POST, with `csrf`.
    static let removePIN: Address = "/account/pin/remove"
    /// GET shows the form; POST has `csrf`, `email`, `password`.
    static let ownAddress: Address = "/account/address"
    /// GET, behind a letter; POST, with `csrf`, `token`.
    static let confirmAddress: Address = "/address"
    /// GET lists; POST looks for somebody, with `csrf`, `name`, `born`, `identifier`: never in the address.
    static let patients: Address = "/patients"
    /// Who belongs to the organisation, for those who give roles.
    static let members: Address = "/members"
    /// What roles permit, and the organisation's own ones. POST makes one, with `csrf`, `name`, `may-…`.
    static let roles: Address = "/roles"

    /// Which member a practitioner of the directory is: GET lists; POST says so, with `csrf`, `practitioner` (Type/id), `member`.
    static let practitioners: Address = "/practitioners"

    /// One member: GET shows their roles; POST changes them, with `csrf`, `role-…`, `own-…`.
    static func member(_ account: String) -> Address { "/members/\(account)" }

    /// POST ends a membership, with `csrf`, `sure`, and perhaps `until` (yyyy-mm-dd) or `successor`.
    static func endMembership(_ account: String) -> Address { "/members/\(account)/end" }

    /// What was done as oneself.
    static let activity: Address = "/account/activity"
    static let activityReported: Address = "/account/activity?done=1"
    static func activity(page: String) -> Address { "/account/activity?page=\(page)" }

    /// GET shows the form; POST reports, with `csrf`, `entry`, `words`.
    static let reportConcern: Address = "/account/activity/report"
    static func reportConcern(about entry: String) -> Address { "/account/activity/report?entry=\(entry)" }

    /// What members reported, for those who look after it.
    static let concerns: Address = "/reports"

    /// POST answers one, with `csrf`, `words`, `closing` (yes, no).
    static func concern(_ id: String) -> Address { "/reports/\(id)" }

    /// The organisation in numbers: GET shows; POST has them counted anew, with `csrf`.
    static let overview: Address = "/overview"

    /// What one is asked to agree to: GET shows; POST answers, with `csrf`, `agreement`, `version`, `language`, `answer`, `next`.
    static let agreements: Address = "/agreements"

    /// The same with the way back, and in a language.
    static func agreements(next: Address?, language: String) -> Address {
        next.map { "/agreements?language=\(language)&next=\($0.text)" } ?? "/agreements?language=\(language)"
    }

    /// What members are asked, for those who may: GET lists; POST publishes, with `csrf`, `kind`, `language`, `title`, `text`,
    /// `effective` (yyyy-mm-dd).
    static let agreementDesk: Address = "/settings/agreements"
    static let providerDesk: Address = "/settings/providers"
    static func providerDesk(done: String) -> Address { "/settings/providers?done=\(done)" }
    static let newProvider: Address = "/settings/providers/new"
    static func newProvider(_ kind: String) -> Address { "/settings/providers/new?kind=\(kind)" }
    static let agreementDeskDone: Address = "/settings/agreements?done=1"

    /// One of them: GET shows the form; POST publishes, with `csrf`, `as` (next, language) and the same, with `changes`.
    static func agreementDesk(_ agreement: String) -> Address { "/settings/agreements/\(agreement)" }

    /// GET shows what is set; POST sets one thing otherwise, with `csrf`, `name`, `value`.
    static let settings: Address = "/settings"

    /// GET asks; POST ends one's own membership, with `csrf`, `sure`.
    static let leave: Address = "/leave"

    /// One of the organisation's own roles: GET shows it; POST changes it, with `csrf`, `may-…`.
    static func role(_ id: String) -> Address { "/roles/\(id)" }

    /// POST, with `csrf`.
    static func endRole(_ id: String) -> Address { "/roles/\(id)/end" }

    static let trust: Address = "/trust"
    /// The same as a signed file.
    static let trustFile: Address = "/trust.json"
    /// What is promised to whoever reports a weakness.
    static let securityPolicy: Address = "/security/policy"
    /// For programs (RFC 9116).
    static let securityFile: Address = "/.well-known/security.txt"
    /// GET shows the form; POST has `csrf`, `what`, `where`, `how`, `contact`.
    static let reportWeakness: Address = "/security/report"
    /// GET asks for the code of a report; POST shows it, with `csrf`, `token`.
    static let followWeakness: Address = "/security/follow"
    /// POST, with `csrf`, `token`, `text`.
    static let writeOnWeakness: Address = "/security/write"

    /// A reporter's link. It leads to a form with the code in it, which is sent by POST: opening the link looks nothing up.
    static func weakness(_ token: String) -> Address { "/security/report/\(token)" }

    /// What checks saw where they failed, for stewards and auditors.
    static let failures: Address = "/trust/details"
    /// What people vouch for, for stewards and auditors.
    static let vouching: Address = "/trust/vouch"

    /// One promise: GET shows who vouches; POST vouches (multipart), with `csrf`, `after` and the fields of `AttestationDraft`.
    static func vouching(for promise: String) -> Address { "/trust/vouch/\(promise)" }

    /// The same, when something was done.
    static func vouching(for promise: String, done: VouchPage.Done) -> Address {
        "/trust/vouch/\(promise)?done=\(done.rawValue)"
    }

    /// POST, with `csrf`, `attestation`, `verdict` (accept, decline), `reason`.
    static func review(of promise: String) -> Address { "/trust/vouch/\(promise)/review" }

    /// POST, with `csrf`, `attestation`, `reason`.
    static func withdrawal(of promise: String) -> Address { "/trust/vouch/\(promise)/withdraw" }

    /// The file that came with an attestation.
    static func evidence(of attestation: String, for promise: String) -> Address {
        "/trust/vouch/\(promise)/evidence/\(attestation)"
    }

    /// What is promised to one kind of organisation.
    static func trust(for audience: Audience) -> Address { "/trust?for=\(audience.rawValue)" }

    static func timeline(of patient: String) -> Address { "/patients/\(patient)" }

    /// An older or newer page of the timeline. A page is an opaque token.
    static func timeline(of patient: String, page: String) -> Address { "/patients/\(patient)?page=\(page)" }

    /// The timeline with the picture over another span.
    static func timeline(of patient: String, span: TimelinePicture.Span) -> Address {
        "/patients/\(patient)?span=\(span.rawValue)"
    }

    /// The timeline with one kind of entry alone.
    static func timeline(of patient: String, showing group: RecordKind.Group) -> Address {
        "/patients/\(patient)?show=\(group.rawValue)"
    }

    /// An older or newer page of one kind of entry.
    static func timeline(of patient: String, showing group: RecordKind.Group, page: String) -> Address {
        "/patients/\(patient)?show=\(group.rawValue)&page=\(page)"
    }

    static func record(_ record: String, of patient: String) -> Address { "/patients/\(patient)/records/\(record)" }

    static func record(_ record: String, version: Int, of patient: String) -> Address {
        "/patients/\(patient)/records/\(record)/versions/\(String(version))"
    }

    /// A second person signs: GET shows the form; POST has `csrf`, `version`, `member`, `pin`.
    static func countersign(_ record: String, of patient: String) -> Address {
        "/patients/\(patient)/records/\(record)/sign"
    }

    static func whoLooked(at patient: String) -> Address { "/patients/\(patient)/looks" }

    static func whoLooked(at patient: String, page: String) -> Address { "/patients/\(patient)/looks?page=\(page)" }

    /// GET shows who can read; POST shares, with `csrf`, `clinician`, `purpose`, `until` (yyyy-mm-dd).
    static func sharing(of patient: String) -> Address { "/patients/\(patient)/sharing" }

    /// Who treats them. POST lets a colleague in, with `csrf`, `colleague`, `kind`, `until`.
    static func team(of patient: String) -> Address { "/patients/\(patient)/team" }
    static func team(of patient: String, done: String) -> Address { "/patients/\(patient)/team?done=\(done)" }
    /// Ends it. POST, with `csrf`, `reach`, `own`.
    static func endTeam(of patient: String) -> Address { "/patients/\(patient)/team/end" }

    /// The same, when something was done: the id of the account with whom it was shared, or ``SharingPage/Done/stopping``.
    static func sharing(of patient: String, done: String) -> Address { "/patients/\(patient)/sharing?done=\(done)" }

    /// The form with two of its fields filled in.
    static func sharing(of patient: String, clinician: String, until: Day) -> Address {
        "/patients/\(patient)/sharing?clinician=\(clinician)&until=\(until.iso)"
    }

    /// POST asks a clinician of elsewhere, with `csrf`, `name`, `email`, `purpose`, `see-…`, `until`.
    static func inviteGuest(of patient: String) -> Address { "/patients/\(patient)/sharing/invite" }

    /// POST, with `csrf`, `invitation`.
    static func withdrawGuest(of patient: String) -> Address { "/patients/\(patient)/sharing/withdraw" }

    /// Who looks after somebody: GET lists and asks; POST invites, with `csrf`, `name`, `email`, `basis`, `may`, `see-…`, `until`.
    static func carers(of patient: String) -> Address { "/patients/\(patient)/carers" }

    /// POST, with `csrf`, `invitation`.
    static func withdrawInvitation(of patient: String) -> Address { "/patients/\(patient)/carers/withdraw" }

    /// POST, with `csrf`, `reach`.
    static func endCarer(of patient: String) -> Address { "/patients/\(patient)/carers/end" }

    /// What changes as somebody grows up.
    static func growingUp(of patient: String) -> Address { "/patients/\(patient)/growing-up" }

    /// GET says what an account of somebody's own is and asks for their address; POST asks them, with `csrf`, `email`.
    static func ownAccount(of patient: String) -> Address { "/patients/\(patient)/own-account" }

    /// GET has a form for a few words in one's own record; POST writes them, with `csrf`, `text`, `private`.
    static func note(of patient: String) -> Address { "/patients/\(patient)/note" }

    /// Lets a carer go on when somebody decides by themselves. POST, with `csrf`, `account`, `may`.
    static func keepCarer(of patient: String) -> Address { "/patients/\(patient)/carers/keep" }

    /// GET asks why and whom to ask; POST keeps a carer out, with `csrf`, `reason`, `ask`.
    static func pauseCarer(_ account: String, of patient: String) -> Address {
        "/patients/\(patient)/carers/\(account)/pause"
    }

    /// POST, with `csrf`, `pause`.
    static func resumeCarer(of patient: String) -> Address { "/patients/\(patient)/carers/resume" }

    /// Says no to an invitation. POST, with `csrf`, `token`.
    static let declineInvitation: Address = "/invitation/decline"

    /// POST, with `csrf`, `share`.
    static func stopSharing(of patient: String) -> Address { "/patients/\(patient)/sharing/stop" }
}

/// A place on somebody else's server that a steward named as evidence. What leads there says so to the browser (`rel`), and sends it
/// nothing of ours.
struct OutsideLink: Sendable, Equatable {
    let text: String

    /// A link over HTTPS without name and password; `nil` for anything else, whatever a store holds.
    init?(_ text: String) {
        guard text.wholeMatch(of: /https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?(\/[!-~]*)?/) != nil else { return nil }
        self.text = text
    }
}
