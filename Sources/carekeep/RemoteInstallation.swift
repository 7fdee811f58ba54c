import ArgumentParser
import Assurance
import Foundation
import NIOSSL

/// Somebody's installation, known by its address alone.
struct RemoteInstallation {
    private let door: FrontDoorClient

    /// Reads `https://care.example` or `https://care.example:8443`; anything more or less is refused.
    ///
    /// - `authority`: a PEM file of the authority to trust; the system's without one.
    /// - `plainPort`: where it answers plain HTTP; a guess without one.
    init(_ address: String, authority: String?, plainPort: Int?) throws {
        guard let url = URLComponents(string: address), url.scheme?.lowercased() == "https", let host = url.host,
            !host.isEmpty,
            ["", "/"].contains(url.path), url.user == nil, url.password == nil, url.query == nil, url.fragment == nil,
            (1...65535).contains(url.port ?? 443), (1...65535).contains(plainPort ?? 80)
        else {
            throw ValidationError(
                "--remote must be an address such as https://care.example or https://care.example:8443."
            )
        }
        let name = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        let port = url.port ?? 443
        do {
            door = try FrontDoorClient(
                name: name,
                host: name,
                port: port,
                // Whoever serves HTTPS elsewhere may redirect from anywhere, or nowhere.
                plainPort: plainPort ?? (port == 443 ? 80 : nil),
                authority: authority,
                isGuessing: plainPort == nil
            )
        } catch {
            throw ValidationError(
                authority.map { "--authority: \($0) holds no certificates that can be read." }
                    ?? "The authorities that this machine trusts cannot be read; give one by --authority."
            )
        }
    }

    /// What keeps an address from being judged.
    struct Unfit: Error, CustomStringConvertible {
        let description: String
    }

    /// Makes the checks that anybody can make.
    func prove(_ probes: [Probe], tell: (Prover.Result) -> Void) async throws -> [Prover.Result] {
        let outsider = Outsider(door)
        do {
            guard try await outsider.isCarekeep() else {
                throw Unfit(description: "\(door.address) answers, and is no Carekeep: it has no /trust.json.")
            }
        } catch let unfit as Unfit {
            throw unfit
        } catch let trouble as ProbeTrouble {
            throw Unfit(description: "\(trouble).")
        } catch {
            throw Unfit(description: await why(error))
        }
        return await outsider.check(probes, tell: tell)
    }

    private func why(_ error: any Error) async -> String {
        let words = "\(error)"
        if words.contains("CERTIFICATE_VERIFY_FAILED") || words.contains("unableToValidateCertificate") {
            return
                "\(door.address) shows a certificate that is not good for that name, or of an authority that is not trusted here. "
                + "Give its authority by --authority, if you have it from somebody you trust."
        }
        // Which versions it speaks is asked by hand; what cannot be asked is not spoken.
        let speaksOld = (try? await door.greet(offering: .v12)) == .accepted
        if error is NIOSSLError, speaksOld {
            return "\(door.address) speaks old versions of TLS and not 1.3."
        }
        return "\(door.address) does not answer over HTTPS with TLS 1.3."
    }
}
