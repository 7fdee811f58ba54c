import Foundation
import Seals
import Trail

extension Keykeeper {
    /// What an entry says of who ran a command on the host: no address, and in place of a device the words given. Sealed under the
    /// organisation's key; under the installation's where the entry is of no organisation.
    func operatorsSeal(
        of organization: UUID = Installation.id,
        as device: String = "operator on the host"
    ) async throws -> AuditSeal {
        let note = AccessNote(address: "", device: device, request: "")
        let year = AuditSeal.year(of: Date())
        return try AuditSeal(note, with: try await auditSealer(of: organization, year: year), year: year)
    }
}
