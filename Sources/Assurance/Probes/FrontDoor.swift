/// The way in that everybody has: the server's address, from outside. Probes knock there as strangers would.
public protocol FrontDoor: Sendable {
    /// The address as people type it: `https://localhost:8443`.
    var address: String { get }
    /// Sends one request over HTTPS, with the newest TLS and a certificate that is checked.
    func ask(_ question: DoorQuestion) async throws -> DoorAnswer
    /// Sends one over plain HTTP, to the port that redirects; `nil` if there is none.
    func askPlainly(_ question: DoorQuestion) async throws -> DoorAnswer?
    /// Sends a plain request to the HTTPS port, and answers with the bytes that came back.
    func speakPlainly() async throws -> [UInt8]
    /// Begins a handshake that offers one version of TLS and none else.
    func greet(offering version: DoorTLS) async throws -> DoorGreeting
}

/// A version of TLS, by its number on the wire.
public enum DoorTLS: UInt16, Sendable, CaseIterable, CustomStringConvertible {
    case v10 = 0x0301
    case v11 = 0x0302
    case v12 = 0x0303

    /// `TLS 1.2`.
    public var description: String {
        switch self {
        case .v10: "TLS 1.0"
        case .v11: "TLS 1.1"
        case .v12: "TLS 1.2"
        }
    }
}

/// What came of a greeting.
public enum DoorGreeting: Sendable, Equatable {
    /// The server goes on with this version.
    case accepted
    /// The server refused with an alert of this number; 70 is "protocol version".
    case refused(alert: UInt8)
    /// The server hung up.
    case hungUp
}

/// A request.
public struct DoorQuestion: Sendable {
    public var method: String
    public var path: String
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    /// A request; without more, `GET`.
    public init(
        _ path: String,
        method: String = "GET",
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.path = path
        self.method = method
        self.headers = headers
        self.body = body
    }

    /// A form that is posted.
    static func form(_ path: String, _ fields: [(String, String)], headers: [(name: String, value: String)] = [])
        -> Self
    {
        let body = fields.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
        return Self(
            path,
            method: "POST",
            headers: [("Content-Type", "application/x-www-form-urlencoded")] + headers,
            body: Array(body.utf8)
        )
    }

    /// JSON that is posted; with a token of the API, if there is one.
    static func json(_ path: String, method: String = "POST", _ body: String, token: String? = nil) -> Self {
        Self(
            path,
            method: method,
            headers: [("Content-Type", "application/json")] + bearer(token),
            body: Array(body.utf8)
        )
    }

    static func bearer(_ token: String?) -> [(name: String, value: String)] {
        token.map { [("Authorization", "Bearer \($0)")] } ?? []
    }

    static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = byte < 128 && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(scalar) : digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
        }.joined()
    }
}

/// An answer.
public struct DoorAnswer: Sendable {
    public let status: Int
    /// Names in lower case.
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]

    /// An answer, as it came.
    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers.map { ($0.name.lowercased(), $0.value) }
        self.body = body
    }

    /// The first value of a header.
    subscript(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    var text: String { String(decoding: body, as: UTF8.self) }
}
