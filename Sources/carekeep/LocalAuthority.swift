import Crypto
import Foundation
import Glibc
import Postgres
import SwiftASN1
import X509

/// A certificate authority of this installation's own, for those who have no certificate from elsewhere.
///
/// Made at the first start. Its certificate, handed to phones and browsers, says that a server is this one; its key
/// stays with whoever runs Carekeep (root), out of the server's reach. What it signs lasts 397 days at most, which is
/// the most that browsers accept.
struct LocalAuthority: Sendable {
    /// Where certificates and keys are.
    let folder: String
    /// Who owns the authority: the one who runs this process.
    let owner: Account
    /// Who may read the server's key.
    let server: Account
    /// The names of the server besides `localhost` and its addresses.
    let names: [String]

    /// The authority of an installation.
    init(_ paths: InstallationPaths) {
        self.init(
            folder: paths.tlsFolder,
            owner: paths.owner,
            server: paths.accounts.server,
            names: paths.configuration.publicNames
        )
    }

    init(folder: String, owner: Account, server: Account, names: [String]) {
        self.folder = folder
        self.owner = owner
        self.server = server
        self.names = names
    }

    /// What clients trust: `curl --cacert` takes it.
    var authorityFile: String { folder + "/authority.pem" }
    /// What the server shows.
    var certificateFile: String { folder + "/server.pem" }
    /// What the server signs with.
    var keyFile: String { folder + "/server.key" }

    private var authorityKeyFile: String { folder + "/authority.key" }
    private static let lifetime = 397.0 * 86_400
    private static let renewal = 30.0 * 86_400

    /// Makes what is missing, and makes the server's certificate anew when it ends within 30 days or lacks a name.
    ///
    /// True if the server's certificate is a new one.
    @discardableResult
    func prepare(now: Date = Date()) throws -> Bool {
        let authority = try read() ?? make(now: now)
        if let current = try certificate(at: certificateFile), try isKey(of: current),
            current.notValidAfter > now + Self.renewal, try wants(current) == false,
            authority.certificate.publicKey.isValidSignature(current.signature, for: current)
        {
            return false
        }
        try issue(by: authority, now: now)
        return true
    }

    private struct Authority {
        var certificate: Certificate
        var key: P256.Signing.PrivateKey
    }

    private func read() throws -> Authority? {
        guard let certificate = try certificate(at: authorityFile), let key = try ClusterFiles.read(authorityKeyFile)
        else {
            return nil
        }
        return Authority(certificate: certificate, key: try P256.Signing.PrivateKey(pemRepresentation: key))
    }

    /// Whether the server's key is the certificate's: a crash while both were written may have left two that do not go together.
    private func isKey(of certificate: Certificate) throws -> Bool {
        guard let text = try ClusterFiles.read(keyFile),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: text)  // half a key is none
        else { return false }
        return Certificate.PublicKey(key.publicKey) == certificate.publicKey
    }

    private func certificate(at path: String) throws -> Certificate? {
        try ClusterFiles.read(path).map { try Certificate(pemEncoded: $0) }
    }

    private func make(now: Date) throws -> Authority {
        let key = P256.Signing.PrivateKey()
        let name = try DistinguishedName {
            OrganizationName("Carekeep")
            CommonName("Carekeep local authority \(Cluster.shortHash(of: key.publicKey.pemRepresentation))")
        }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key.publicKey),
            notValidBefore: now - 3600,  // for clocks that are slow
            notValidAfter: now + 10 * 365 * 86_400,
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
            },
            issuerPrivateKey: Certificate.PrivateKey(key)
        )
        // The key first: without it the certificate would be of no use, and both are made anew.
        try ClusterFiles.write(key.pemRepresentation, to: authorityKeyFile, mode: 0o600, owner: owner)
        try ClusterFiles.write(
            certificate.serializeAsPEM().pemString,
            to: authorityFile,
            mode: 0o644,
            owner: owner
        )
        return Authority(certificate: certificate, key: key)
    }

    private func issue(by authority: Authority, now: Date) throws {
        let key = P256.Signing.PrivateKey()
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: Certificate.PublicKey(key.publicKey),
            notValidBefore: now - 3600,
            notValidAfter: now - 3600 + Self.lifetime,
            issuer: authority.certificate.subject,
            subject: DistinguishedName { CommonName("Carekeep") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(subjects)
                SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
                AuthorityKeyIdentifier(
                    keyIdentifier: try authority.certificate.extensions.subjectKeyIdentifier?.keyIdentifier
                )
            },
            issuerPrivateKey: Certificate.PrivateKey(authority.key)
        )
        try ClusterFiles.write(key.pemRepresentation, to: keyFile, mode: 0o600, owner: server)
        try ClusterFiles.write(certificate.serializeAsPEM().pemString, to: certificateFile, mode: 0o644, owner: owner)
    }

    /// Whether a certificate lacks a name, or has one too many.
    private func wants(_ certificate: Certificate) throws -> Bool {
        guard let names = try certificate.extensions.subjectAlternativeNames else { return true }
        return Set(names) != Set(subjects)
    }

    private var subjects: [GeneralName] {
        (["localhost", "127.0.0.1", "::1"] + names).reduce(into: []) { subjects, name in
            let subject = Self.address(name).map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
            let fresh = subject ?? .dnsName(name)
            if !subjects.contains(fresh) { subjects.append(fresh) }
        }
    }

    /// The bytes of an IP address; nil for a name.
    private static func address(_ text: String) -> [UInt8]? {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: &six) { Array($0) } }
        return nil
    }
}
