import Care
public import FoundationEssentials
import Glibc
import Postgres
import Seals
import Trail

/// Too many wrong passwords came from there to that account: the next is looked at from then on.
public struct TooManyTries: Error {
    /// When that is.
    public let until: Date
}

/// Guessing of passwords, made slow without locking anybody out. (ACC-3)
extension SignIn {
    /// A try to sign in, as it is counted.
    struct Try: Sendable {
        let token: [UInt8]
        let network: String
        /// Which known device it comes from.
        let device: [UInt8]?
    }

    /// Counts a try, and waits the moment that guessing costs everybody.
    ///
    /// - Throws: ``TooManyTries``. Nothing is to be looked at then.
    func count(_ address: String, from origin: String, showing device: String?) async throws -> Try? {
        // A command on the host: whoever runs it has the databases.
        guard !origin.isEmpty else { return nil }
        let installation = try await keys.installation()
        let token = installation.signIn.token(email: address)
        let attempt = Try(
            token: token,
            network: Self.network(of: origin),
            device: device.flatMap { Self.open($0, for: token, with: installation.key) }
        )
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select wait_until, extract(epoch from pause)::float8
                  from care.try_sign_in(\(attempt.token), \(attempt.network), \(attempt.device))
                """
            )
        }.first
        guard let row else { throw Refusal.unavailable }
        if let until = try row.decode(Date?.self, at: 0) { throw TooManyTries(until: until) }
        let pause = try row.decode(Double.self, at: 1)
        if pause > 0 { try await Task.sleep(for: .seconds(pause)) }
        return attempt
    }

    /// Takes back what was counted, after a good password.
    func forgive(_ attempt: Try?) async throws {
        guard let attempt else { return }
        _ = try await refusing(at: .gate) {
            try await store.query(
                "select care.forgive_sign_in(\(attempt.token), \(attempt.network), \(attempt.device))"
            )
        }
    }

    // MARK: Known devices

    /// What tells whether a device was seen before, and the letter if it was not. No device for one that shows that it is known, nor for
    /// a command on the host.
    func telling(of origin: AccessNote, _ attempt: Try?) async throws -> (device: [UInt8]?, letter: SealedLetter?) {
        guard let attempt, attempt.device == nil else { return (nil, nil) }
        let words = DeviceName.words(for: origin.device)
        let device = try await keys.installation().signIn.token(
            issuer: "device",
            kind: attempt.token.hexadecimal,
            id: "\(words) \(attempt.network)"
        )
        return (device, try await outbox?.seal(.newDevice(device: words)))
    }

    /// Does something to an account and tells its owner by a letter, both or neither.
    func doing(
        _ statement: SQL,
        tellingOf letter: Letter,
        by token: SessionToken,
        _ use: SessionUse
    ) async throws -> Row? {
        var statements = [statement]
        if let sealed = try await outbox?.seal(letter) {
            statements.append(
                """
                select care.tell_of_change(
                    \(token.organization), \(token.secret), \(use.rawValue), \(sealed.id), \(sealed.sealed))
                """
            )
        }
        let work = statements
        return try await refusing(at: .gate) { try await store.pipeline([work])[0].get() }[0].first
    }

    /// How long a device is known.
    public static let knownDeviceSeconds: Int64 = 180 * 86_400

    /// What a device keeps on which somebody has signed in, so that others' wrong passwords do not make it wait. It opens nothing.
    public func knownDevice(of address: String) async throws -> String {
        let installation = try await keys.installation()
        let token = installation.signIn.token(email: address)
        let now = UInt64(max(0, Date().timeIntervalSince1970))
        let content = withUnsafeBytes(of: now.bigEndian) { Array($0) } + Primitive.freshBytes(16)
        return Base32.text(try installation.key.seal(content, for: Self.binding(ofKnown: token)))
    }

    /// The random part of a known device's text; `nil` for another account's, for one that is too old, and for anything else.
    static func open(_ text: String, for token: [UInt8], with key: SubjectKey) -> [UInt8]? {
        // What does not open is no known device, whatever the reason.
        guard text.utf8.count <= 512, let sealed = Base32.bytes(text),
            let content = try? key.open(sealed, for: binding(ofKnown: token)), content.count == 24
        else { return nil }
        let began = content.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let age = Int64(Date().timeIntervalSince1970) - Int64(clamping: began)
        return (0...knownDeviceSeconds).contains(age) ? Array(content.dropFirst(8)) : nil
    }

    private static func binding(ofKnown token: [UInt8]) -> Binding {
        let id = UUID(uuid: token.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) })
        return Binding(organization: Installation.id, kind: "KnownDevice", id: id, version: 1)
    }

    /// The network of an address: 256 addresses of IPv4; of IPv6 what one household or hospital has (56 bits).
    static func network(of address: String) -> String {
        var four = in_addr()
        if inet_pton(AF_INET, address, &four) == 1 { return network(ofFour: withUnsafeBytes(of: &four) { Array($0) }) }
        var six = in6_addr()
        guard inet_pton(AF_INET6, address, &six) == 1 else { return "unknown" }
        let bytes = withUnsafeBytes(of: &six) { Array($0) }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        if isMapped { return network(ofFour: Array(bytes.suffix(4))) }
        return "6:" + bytes.prefix(7).map { String($0, radix: 16) }.joined(separator: ":")
    }

    private static func network(ofFour bytes: [UInt8]) -> String {
        "4:" + bytes.prefix(3).map { String($0) }.joined(separator: ".")
    }
}
