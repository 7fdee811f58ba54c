import FHIR
import Foundation
import People
import Seals

extension Probe {
    // ACC-4
    static let programTokens = Probe(
        .programTokens,
        .live,
        tries:
            "signs in as a program, refreshes, shows a used refresh token again, and shows access tokens that it made itself"
    ) { ground in
        let (door, canary) = (try ground.door(), try ground.canaries().north)
        let program = TokenProbe(door: door, canary: canary)
        var wrong = try await program.refreshing()
        wrong += try await program.forging()
        return .judged(
            "The access token lasts ten minutes at most, a lost answer was given again, a used refresh token ended all that came of it, and "
                + "\(TokenProbe.forgeries.count) tokens that were not ours were refused.",
            wrong: wrong
        )
    }
}

/// A program at the front door.
private struct TokenProbe {
    let door: any FrontDoor
    let canary: Canary

    struct Tokens {
        let access: String
        let refresh: String
        let seconds: Int
    }

    // MARK: Refreshing

    func refreshing() async throws -> [String] {
        var wrong: [String] = []
        let first = try await signIn()
        if first.seconds > 600 { wrong.append("an access token is said to last longer than ten minutes") }
        if try lifetime(of: first.access) > 600 {
            wrong.append("an access token says that it lasts longer than ten minutes")
        }
        guard try await opens(first.access) else { throw ProbeTrouble.controlFailed("an access token opens nothing") }
        let start = ContinuousClock.now
        guard let second = try await refresh(first.refresh) else {
            throw ProbeTrouble.controlFailed("a refresh token that nobody used was refused")
        }
        let again = try await refresh(first.refresh)
        // On a machine that took so long nothing is known of it.
        if ContinuousClock.now - start < .seconds(8), again?.refresh != second.refresh {
            wrong.append("a program that lost an answer does not get the same again")
        }
        if try await opens(first.access) { wrong.append("an access token is good after it was replaced") }
        guard again != nil, try await opens(second.access), let third = try await refresh(second.refresh) else {
            throw ProbeTrouble.controlFailed("what came of a refresh token was refused")
        }
        if try await refresh(first.refresh) != nil { wrong.append("a refresh token works a second time") }
        if try await opens(third.access) { wrong.append("after a replay the access token goes on") }
        if try await refresh(third.refresh) != nil { wrong.append("after a replay the last refresh token goes on") }
        return wrong
    }

    // MARK: Forging

    /// Header, claims and signature of a token that is good, made into one that is not.
    static let forgeries: [(name: String, forge: @Sendable ([String]) throws -> String)] = [
        ("without a signature", { try "\(head($0, "none")).\($0[1])." }),
        ("of another algorithm", { try "\(head($0, "HS256")).\($0[1]).\($0[2])" }),
        (
            "signed with another key",
            { parts in
                let text = "\(parts[0]).\(parts[1])"
                return "\(text).\(Base64URL.text(try TokenSigner().signature(of: Array(text.utf8))))"
            }
        ),
        (
            "that lasts longer than it did",
            { parts in
                var claims = try json(parts[1])
                claims["exp"] = .number("\((claims["exp"]?.integer ?? 0) + 60)")
                return "\(parts[0]).\(Base64URL.text(claims.serialized())).\(parts[2])"
            }
        ),
        ("cut short", { "\($0[0]).\($0[1]).\($0[2].dropLast(4))" }),
    ]

    func forging() async throws -> [String] {
        let tokens = try await signIn()
        let parts = tokens.access.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { return ["an access token is not signed"] }
        var wrong: [String] = []
        for forgery in Self.forgeries where try await opens(forgery.forge(parts)) {
            wrong.append("a token \(forgery.name) is taken")
        }
        if try await opens(tokens.refresh) { wrong.append("a refresh token opens records") }
        guard try await opens(tokens.access) else { throw ProbeTrouble.controlFailed("an access token opens nothing") }
        let end = DoorQuestion("/api/session", method: "DELETE", headers: DoorQuestion.bearer(tokens.access))
        guard try await door.ask(end).status == 204 else { throw ProbeTrouble.controlFailed("signing out was refused") }
        if try await opens(tokens.access) { wrong.append("an access token goes on after signing out") }
        if try await refresh(tokens.refresh) != nil { wrong.append("a refresh token goes on after signing out") }
        return wrong
    }

    private static func head(_ parts: [String], _ algorithm: String) throws -> String {
        var header = try json(parts[0])
        header["alg"] = .string(algorithm)
        return Base64URL.text(header.serialized())
    }

    private static func json(_ part: String) throws -> JSON {
        guard let bytes = Base64URL.bytes(part) else {
            throw ProbeTrouble.controlFailed("an access token cannot be read")
        }
        return try JSON(parsing: bytes)
    }

    // MARK: At the door

    private func signIn() async throws -> Tokens {
        let body = "{\"email\": \"\(canary.address)\", \"password\": \"\(canary.password)\"}"
        let answer = try await door.ask(.json("/api/session", body))
        guard answer.status == 201, let tokens = try tokens(answer) else {
            throw ProbeTrouble.controlFailed("the synthetic member cannot sign in: \(answer.status)")
        }
        return tokens
    }

    private func refresh(_ token: String) async throws -> Tokens? {
        let answer = try await door.ask(.json("/api/session/refresh", "{\"refresh_token\": \"\(token)\"}"))
        return answer.status == 200 ? try tokens(answer) : nil
    }

    private func tokens(_ answer: DoorAnswer) throws -> Tokens? {
        let body = try JSON(parsing: answer.body)
        guard let access = body["token"]?.string, let refresh = body["refresh_token"]?.string,
            let seconds = body["expires_in"]?.integer
        else { return nil }
        return Tokens(access: access, refresh: refresh, seconds: seconds)
    }

    private func lifetime(of token: String) throws -> Int {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3 else { return .max }
        let claims = try Self.json(parts[1])
        guard let made = claims["iat"]?.integer, let ends = claims["exp"]?.integer else { return .max }
        return ends - made
    }

    private func opens(_ token: String) async throws -> Bool {
        let record = DoorQuestion("/fhir/Patient/\(canary.patient)", headers: DoorQuestion.bearer(token))
        return try await door.ask(record).status == 200
    }
}
