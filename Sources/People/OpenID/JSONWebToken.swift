public import FHIR
import Foundation
public import Seals

/// Bytes as text without `+`, `/` and padding, as tokens have them. (RFC 4648, section 5)
public enum Base64URL {
    /// The text of some bytes.
    public static func text(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// The bytes of a text; `nil` for anything but the one text that they have.
    public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        guard text.utf8.count % 4 != 1, !text.utf8.contains(where: { $0 == 0x2B || $0 == 0x2F || $0 == 0x3D }) else {
            return nil
        }
        let standard = String(text).replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: standard + padding), Self.text(Array(data)) == text else { return nil }
        return Array(data)
    }
}

/// A signed token in three parts, as it came: nothing of it is to be believed before ``claims(signedBy:)``. (RFC 7515, RFC 7519)
public struct JSONWebToken: Sendable {
    /// Letters of a token, at most. Those that name many groups have tens of thousands.
    public static let longest = 64 << 10

    private static let limits = JSONLimits(bytes: 64 << 10, depth: 20, values: 10_000)

    private let header: JSON
    private let payload: JSON
    private let signed: [UInt8]
    private let signature: [UInt8]

    /// The name of the key that is said to have signed it.
    let keyID: String?
    let algorithm: SignatureKey.Algorithm
    /// What kind of token it says it is, in small letters and without `application/`.
    let type: String?

    /// Takes a token apart.
    ///
    /// - Throws: `SignInTrouble.token` for what is none, and `.algorithm` for an algorithm that is not taken, of which `none` is one.
    public init(_ text: String) throws(SignInTrouble) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.count == 3, let header = Self.json(parts[0]),
            let payload = Self.json(parts[1]), let signature = Base64URL.bytes(parts[2])
        else { throw .token }
        guard let algorithm = header["alg"]?.string.flatMap(SignatureKey.Algorithm.init) else { throw .algorithm }
        // What must be understood and is not, must be refused.
        guard header["crit"] == nil else { throw .token }
        if let id = header["kid"], id.string == nil { throw .token }
        self.header = header
        self.payload = payload
        self.signature = signature
        self.algorithm = algorithm
        signed = Array("\(parts[0]).\(parts[1])".utf8)
        keyID = header["kid"]?.string
        let type = header["typ"]?.string?.lowercased()
        self.type = type.map { $0.hasPrefix("application/") ? String($0.dropFirst(12)) : $0 }
    }

    private static func json(_ part: Substring) -> JSON? {
        // A part that is no JSON is of no token.
        guard let bytes = Base64URL.bytes(part), let json = try? JSON(parsing: bytes, limits: limits),
            json.object != nil
        else { return nil }
        return json
    }

    /// What it says, once it is known who says it.
    ///
    /// - Throws: `SignInTrouble.unknownKey` where the keys have none by its name, `.signature` where it is not that key's.
    public func claims(signedBy keys: KeySet) throws(SignInTrouble) -> JSON {
        let key = try keys.key(named: keyID, for: algorithm)
        guard key.verifies(signature, of: signed, by: algorithm) else { throw .signature }
        return payload
    }

    /// A token signed with ES256.
    public static func signed(header: JSON, claims: JSON, by signer: TokenSigner) throws(SealError) -> String {
        let text = "\(Base64URL.text(header.serialized())).\(Base64URL.text(claims.serialized()))"
        return "\(text).\(Base64URL.text(try signer.signature(of: Array(text.utf8))))"
    }
}

/// The keys that a provider says it signs with: a JSON Web Key Set. (RFC 7517)
public struct KeySet: Sendable {
    private struct Entry: Sendable {
        let id: String?
        let key: SignatureKey
        let algorithms: Set<SignatureKey.Algorithm>
    }

    /// Keys of one provider, at most.
    private static let most = 100

    private let entries: [Entry]

    /// Reads a set; `nil` for what is none. Keys that are for something else, or of a kind that is not taken, are left out.
    public init?(_ json: JSON) {
        guard let keys = json["keys"]?.array, keys.count <= Self.most else { return nil }
        entries = keys.compactMap(Self.entry)
    }

    /// A set of one key.
    public init(_ key: SignatureKey, id: String?) {
        entries = [Entry(id: id, key: key, algorithms: key.algorithms)]
    }

    private static func entry(_ json: JSON) -> Entry? {
        if let use = json["use"], use.string != "sig" { return nil }
        if let operations = json["key_ops"]?.array, !operations.contains("verify") { return nil }
        guard let key = key(json) else { return nil }
        var algorithms = key.algorithms
        if let named = json["alg"]?.string { algorithms = algorithms.filter { $0.rawValue == named } }
        return algorithms.isEmpty ? nil : Entry(id: json["kid"]?.string, key: key, algorithms: algorithms)
    }

    private static func key(_ json: JSON) -> SignatureKey? {
        let bytes = { (name: String) in json[name]?.string.flatMap { Base64URL.bytes($0) } ?? [] }
        return switch (json["kty"]?.string, json["crv"]?.string) {
        case ("RSA"?, _): SignatureKey(modulus: bytes("n"), exponent: bytes("e"))
        case ("EC"?, "P-256"?): SignatureKey(x: bytes("x"), y: bytes("y"))
        case ("OKP"?, "Ed25519"?): SignatureKey(ed25519: bytes("x"))
        default: nil
        }
    }

    /// The key that a token names. A token that names none is taken where there is only one that it could mean.
    func key(named id: String?, for algorithm: SignatureKey.Algorithm) throws(SignInTrouble) -> SignatureKey {
        let named = entries.filter { id == nil || $0.id == id }
        guard !named.isEmpty else { throw .unknownKey }
        let fitting = named.filter { $0.algorithms.contains(algorithm) }
        guard fitting.count == 1 else { throw .algorithm }
        return fitting[0].key
    }

    /// Whether a token names a key that is not here.
    func lacks(_ id: String?) -> Bool { !entries.contains { id == nil || $0.id == id } }
}
