import Care
import Foundation

/// A provider as somebody types it in: on the host, or as an owner on a page. Checked here, in words for whoever typed it.
public struct ProviderDraft: Sendable {
    /// Whose it is: of the first two all but who we are there is known.
    public enum Kind: String, Sendable, CaseIterable {
        case google, apple, other
    }

    public var kind: Kind
    /// What stands on the button, after "Sign in with". Of another one.
    public var name = ""
    /// `https://…`, to the letter as its tokens have it. Of another one.
    public var issuer = ""
    /// Who we are there.
    public var clientID = ""
    /// The secret that it gave; Apple's key (the `.p8` file).
    public var secret = ""
    /// The id of Apple's team.
    public var team = ""
    /// The id of Apple's key.
    public var keyID = ""
    /// Domains of the addresses that it may vouch for; none for all.
    public var domains: [String] = []
    /// The claim that says what somebody is.
    public var claim = ""
    /// `VALUE=ROLE` each: the role that a value of the claim stands for.
    public var roles: [String] = []

    /// An empty one.
    public init(_ kind: Kind) {
        self.kind = kind
    }

    /// What is wrong, by field: `name`, `issuer`, `client`, `secret`, `team`, `key`, `domains`, `claim`, `roles`. Nothing that was typed
    /// stands in it.
    public func rules(mayBeLocal: Bool) -> [String: String] {
        var rules: [String: String] = [:]
        if kind == .other {
            if !Self.isLine(name, atMost: 60) {
                rules["name"] = "Please enter what stands on the button, at most 60 characters."
            }
            if WebAddress(issuer + "/", mayBeLocal: mayBeLocal) == nil || issuer.contains("?") {
                rules["issuer"] = "Please enter the issuer's address. It begins with https:// and has no ? in it."
            }
        }
        if !Self.isLine(clientID, atMost: 255) {
            rules["client"] = "Please enter the id by which the provider knows this server."
        }
        if secret.isEmpty || secret.utf8.count > 8192 {
            rules["secret"] =
                kind == .apple ? "Please paste Apple's key." : "Please enter the secret that the provider gave."
        }
        if kind == .apple {
            let isID = { (text: String) in text.wholeMatch(of: /[A-Z0-9]{10}/) != nil }
            if !isID(team) { rules["team"] = "Please enter the team's id: ten capital letters and digits." }
            if !isID(keyID) { rules["key"] = "Please enter the key's id: ten capital letters and digits." }
            if !settings.canSign { rules["secret"] = "That is no key of Apple's. It is the text of the .p8 file." }
        }
        if domains.count > 20 || domains.contains(where: { $0.wholeMatch(of: /[a-z0-9-]+(\.[a-z0-9-]+)+/) == nil }) {
            rules["domains"] = "Please enter domains as example.org, twenty at most."
        }
        if !claim.isEmpty, !Self.isLine(claim, atMost: 100) { rules["claim"] = "Please enter the name of one claim." }
        if roles.count > 50 || mappings.count != roles.count {
            rules["roles"] = "Please write each as value = role. The role is one of those here, and no owner's."
        } else if roles.isEmpty != claim.isEmpty {
            rules[claim.isEmpty ? "claim" : "roles"] =
                "A claim and its values go together: please fill in both, or neither."
        }
        return rules
    }

    /// What is kept of it.
    public var settings: ProviderSettings {
        var settings: ProviderSettings
        switch kind {
        case .google: settings = .google(clientID: clientID, secret: secret)
        case .apple: settings = .apple(clientID: clientID, team: team, key: keyID, pem: secret)
        case .other:
            settings = ProviderSettings(
                name: name,
                issuer: issuer,
                clientID: clientID,
                credential: .secret(secret),
                scopes: ["openid", "email", "profile"]
            )
        }
        settings.domains = domains
        settings.claim = claim.isEmpty ? nil : claim
        settings.mappings = mappings
        return settings
    }

    private var mappings: [ProviderSettings.Mapping] {
        roles.compactMap { text in
            let parts = text.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2, Self.isLine(parts[0], atMost: 200), let role = Role(rawValue: parts[1]),
                role != .owner
            else { return nil }
            return ProviderSettings.Mapping(value: parts[0], role: role)
        }
    }

    private static func isLine(_ text: String, atMost length: Int) -> Bool {
        (1...length).contains(text.unicodeScalars.count)
            && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
            && !text.allSatisfy(\.isWhitespace)
    }
}
