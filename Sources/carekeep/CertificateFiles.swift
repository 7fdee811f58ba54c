import Crypto
import Foundation
import NIOSSL
import Synchronization

/// The certificate and key that an operator brings and renews: looked at each day, so that a server that read the old ones is started
/// again.
final class CertificateFiles: Sendable {
    private let certificate: String
    private let key: String
    /// The hash of what the server that runs has read; nil before there was one.
    private let served = Mutex<[UInt8]?>(nil)

    /// The files of a configuration; nil where the local authority signs.
    init?(_ configured: ServerConfiguration.CertificateSource) {
        guard case .files(let certificate, let key) = configured else { return nil }
        (self.certificate, self.key) = (certificate, key)
    }

    /// Notes what a server that is about to start will read. What cannot be read it says itself.
    func note() {
        served.withLock { $0 = try? read().hash }
    }

    /// Whether there are others than those that were noted, with which a server can start.
    ///
    /// - Throws: `ConfigurationError` where one cannot be read or they do not go together: the server goes on with what it has.
    func areNew() throws -> Bool {
        let files = try read()
        guard served.withLock({ $0 != files.hash }) else { return false }
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(files.certificate))
            let key = try NIOSSLPrivateKey(bytes: Array(files.key), format: .pem)
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) },
                    privateKey: .privateKey(key)
                )
            )
        } catch {
            throw ConfigurationError(
                file: "configuration",
                problems: ["tls.certificate and tls.key must be in PEM and go together"]
            )
        }
        return true
    }

    private func read() throws -> (certificate: Data, key: Data, hash: [UInt8]) {
        let manager = FileManager.default
        guard let certificate = manager.contents(atPath: self.certificate), let key = manager.contents(atPath: self.key)
        else {
            throw ConfigurationError(
                file: "configuration",
                problems: ["tls.certificate or tls.key names a file that cannot be read"]
            )
        }
        let hash = SHA256.hash(data: Data(SHA256.hash(data: certificate)) + Data(SHA256.hash(data: key)))
        return (certificate, key, Array(hash))
    }
}
