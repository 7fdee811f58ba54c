import Crypto
import Foundation
import Postgres
import SwiftASN1
import Testing
import X509

@testable import carekeep

@Suite final class `The local authority` {
    private let folder = FileManager.default.temporaryDirectory.appending(component: "tls-\(UUID())").path()

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func authority(_ names: [String] = []) throws -> LocalAuthority {
        let account = try Account.ofThisProcess()
        return LocalAuthority(folder: folder, owner: account, server: account, names: names)
    }

    private func certificate(_ path: String) throws -> Certificate {
        try Certificate(pemEncoded: String(contentsOfFile: path, encoding: .utf8))
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func `signs a certificate for this server's names that lasts 397 days at most`() async throws {
        let authority = try authority(["care.example.org", "192.0.2.7"])
        #expect(try authority.prepare())
        let leaf = try certificate(authority.certificateFile)
        let root = try certificate(authority.authorityFile)
        #expect(leaf.notValidAfter.timeIntervalSince(leaf.notValidBefore) <= 397 * 86_400)
        var verifier = Verifier(rootCertificates: CertificateStore([root])) {
            RFC5280Policy()
            ServerIdentityPolicy(serverHostname: "care.example.org", serverIP: nil)
        }
        let result = await verifier.validate(leaf: leaf, intermediates: CertificateStore([]))
        guard case .validCertificate = result else {
            Issue.record("\(result)")
            return
        }
        let names = try #require(try leaf.extensions.subjectAlternativeNames)
        #expect(names.count == 5)
    }

    @Test func `keeps its key and the server's to their owners`() throws {
        let authority = try authority()
        try authority.prepare()
        #expect(try mode(folder + "/authority.key") == 0o600)
        #expect(try mode(authority.keyFile) == 0o600)
        #expect(try mode(authority.authorityFile) == 0o644)
    }

    @Test func `leaves a good certificate alone, and makes a new one within 30 days of its end`() throws {
        let authority = try authority()
        try authority.prepare()
        let first = try certificate(authority.certificateFile)
        let root = try certificate(authority.authorityFile)
        #expect(try !authority.prepare())
        #expect(try !authority.prepare(now: first.notValidAfter - 31 * 86_400))
        #expect(try certificate(authority.certificateFile) == first)
        #expect(try authority.prepare(now: first.notValidAfter - 29 * 86_400))
        #expect(try certificate(authority.certificateFile) != first)
        #expect(try certificate(authority.authorityFile) == root)
    }

    @Test(arguments: ["another", "half", "none"])
    func `makes a new certificate when the key beside it is not its own`(key: String) throws {
        let authority = try authority()
        try authority.prepare()
        let first = try certificate(authority.certificateFile)
        let text = try String(contentsOfFile: authority.keyFile, encoding: .utf8)
        switch key {
        case "another": try P256.Signing.PrivateKey().pemRepresentation.write(toFile: authority.keyFile)
        case "half": try String(text.prefix(80)).write(toFile: authority.keyFile)
        default: try FileManager.default.removeItem(atPath: authority.keyFile)
        }
        #expect(try authority.prepare())
        let (fresh, its) = (
            try certificate(authority.certificateFile), try String(contentsOfFile: authority.keyFile, encoding: .utf8)
        )
        #expect(fresh != first)
        #expect(try Certificate.PublicKey(P256.Signing.PrivateKey(pemRepresentation: its).publicKey) == fresh.publicKey)
        #expect(try !authority.prepare())
    }

    @Test func `makes a new certificate when a name is added`() throws {
        try authority().prepare()
        let root = try certificate(folder + "/authority.pem")
        #expect(try authority(["care.example.org"]).prepare())
        #expect(try !authority(["care.example.org"]).prepare())
        #expect(try certificate(folder + "/authority.pem") == root)
    }
}

extension String {
    fileprivate func write(toFile path: String) throws {
        try write(toFile: path, atomically: false, encoding: .utf8)
    }
}
