import Foundation

/// A route of the front door: a method, and an address in which `{…}` stands for what differs.
///
/// Declared here once more, so that checks go through every one of them: a test compares these with what the server serves.
public struct FrontDoorRoute: Sendable, Hashable, CustomStringConvertible {
    /// Who gets in there.
    public enum Door: Sendable, Hashable {
        /// Anybody.
        case open
        /// People who are signed in, by their cookie.
        case pages
        /// Programs, by their token.
        case programs
    }

    /// `GET`.
    public let method: String
    /// `/patients/{patient}`.
    public let path: String
    public let door: Door

    /// `GET /patients/{patient}`.
    public var description: String { "\(method) \(path)" }

    /// The route with something in every place: what is named here, and else an id that nobody has.
    func question(
        _ values: [String: String] = [:],
        headers: [(name: String, value: String)] = []
    ) -> DoorQuestion {
        let filled = path.replacing(/{([a-z]+)}/) { place in
            values[String(place.1)] ?? Self.stand[String(place.1)] ?? UUID().uuidString.lowercased()
        }
        return DoorQuestion(filled, method: method, headers: headers)
    }

    private static let stand = ["type": "Patient", "promise": "ENC-1"]

    /// All of them, but for the style sheet and the mark.
    public static let all: [FrontDoorRoute] =
        routes(
            .open,
            """
            GET / /.well-known/security.txt /address /fhir/metadata /forgot /health /health/live /health/ready /password
            GET /security/follow /security/policy /security/report /security/report/{token}
            GET /sign-in /sign-in/at/{organization} /sign-in/back/{provider} /sign-in/leave/{provider} /sign-in/with/{provider}
            GET /trust /trust.json
            POST /address /api/session /api/session/refresh /forgot /invitation/decline /join /password
            POST /security/follow /security/report /security/write
            POST /sign-in /sign-in/back/{provider} /sign-in/link/{provider} /sign-in/logout/{provider}
            """
        )
        + routes(
            .pages,
            """
            GET /account /account/activity /account/activity/report /account/address /account/password /account/pin
            GET /account/providers /account/providers/link/{provider} /account/second-factor /account/second-factor/new
            GET /account/sessions /agreements /emergency /emergency/reviews /emergency/reviews/{emergency} /leave
            GET /members /members/{member} /organizations /overview /patients /patients/{patient} /patients/{patient}/carers
            GET /patients/{patient}/carers/{account}/pause /patients/{patient}/growing-up /patients/{patient}/looks
            GET /patients/{patient}/note /patients/{patient}/own-account /patients/{patient}/records/{record}
            GET /patients/{patient}/records/{record}/sign /patients/{patient}/records/{record}/versions/{version}
            GET /patients/{patient}/sharing /patients/{patient}/team /practitioners /reports /roles /roles/{role} /second-factor
            GET /settings /settings/agreements /settings/agreements/{agreement} /settings/providers
            GET /settings/providers/new /step-up
            GET /trust/details /trust/vouch /trust/vouch/{promise} /trust/vouch/{promise}/evidence/{attestation}
            POST /account/activity/report /account/address /account/password /account/pin /account/pin/remove
            POST /account/providers /account/providers/link/{provider} /account/second-factor /account/second-factor/codes
            POST /account/second-factor/new /account/second-factor/remove /account/sessions /agreements
            POST /emergency /emergency/reviews/{emergency} /leave /members/{member} /members/{member}/end
            POST /organizations /overview /patients /patients/{patient}/carers /patients/{patient}/carers/end /patients/{patient}/carers/keep
            POST /patients/{patient}/carers/resume /patients/{patient}/carers/withdraw
            POST /patients/{patient}/carers/{account}/pause /patients/{patient}/note /patients/{patient}/own-account
            POST /patients/{patient}/records/{record}/sign /patients/{patient}/sharing /patients/{patient}/sharing/invite
            POST /patients/{patient}/sharing/stop /patients/{patient}/sharing/withdraw /patients/{patient}/team
            POST /patients/{patient}/team/end /practitioners
            POST /reports/{concern} /roles /roles/{role} /roles/{role}/end /second-factor
            POST /settings /settings/agreements /settings/agreements/{agreement} /settings/providers
            POST /settings/providers/new /sign-out /step-up
            POST /trust/vouch/{promise} /trust/vouch/{promise}/review /trust/vouch/{promise}/withdraw
            """
        )
        + routes(
            .programs,
            """
            GET /api/agreements /api/members /api/overview /api/patients/{patient}/records/{record}/signatures /api/practitioners
            GET /api/patients/{patient}/records/{record}/signatures/offer /api/patients/{patient}/team /api/roles
            GET /fhir/{type} /fhir/{type}/_history /fhir/{type}/{id} /fhir/{type}/{id}/$everything
            GET /fhir/{type}/{id}/_history /fhir/{type}/{id}/_history/{version}
            POST /api/agreements /api/agreements/{agreement}/answers /api/agreements/{agreement}/versions /api/members
            POST /api/patients/{patient}/records/{record}/signatures /api/patients/{patient}/team /api/roles
            POST /api/overview /api/session/step-up /fhir /fhir/{type} /fhir/{type}/$merge /fhir/{type}/$validate
            POST /fhir/{type}/_search /fhir/{type}/{id}/$move /fhir/{type}/{id}/$validate
            PUT /api/members/{member}/roles /api/practitioners /api/roles/{role} /fhir/{type} /fhir/{type}/{id}
            DELETE /api/members/{member} /api/members/{member}/sessions /api/patients/{patient}/team/{reach}
            DELETE /api/roles/{role} /api/session /fhir/{type} /fhir/{type}/{id}
            """
        )

    private static func routes(_ door: Door, _ text: String) -> [FrontDoorRoute] {
        text.split(separator: "\n").flatMap { line in
            let words = line.split(separator: " ").map(String.init)
            return words.dropFirst().map { FrontDoorRoute(method: words[0], path: $0, door: door) }
        }
    }
}

extension FrontDoor {
    /// Asks; and whoever asked too often for now waits as long as they are told, up to a minute, and asks again.
    func askPatiently(_ question: DoorQuestion) async throws -> DoorAnswer {
        let answer = try await ask(question)
        guard answer.status == 429, let seconds = answer["retry-after"].flatMap(Int.init), seconds <= 61 else {
            return answer
        }
        try await Task.sleep(for: .seconds(seconds))
        return try await ask(question)
    }
}
