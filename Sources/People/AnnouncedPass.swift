public import FoundationEssentials
public import Seals

/// A pass that is announced and not opened yet: enough to seal what will travel with its opening, and to make the tags by which
/// the gate finds what it is about. It opens no key.
public struct AnnouncedPass: PassProof {
    public let organization: UUID
    public let passHash: [UInt8] = []
    private let patients: Set<UUID>
    private let directory: Bool

    /// Announces a pass for these patients, or for the directory.
    public init(for caller: Caller, patients: Set<UUID> = [], directory: Bool = false) {
        organization = caller.organization
        self.patients = patients
        self.directory = directory
    }

    public func vouches(for subject: Subject) -> Bool {
        guard subject.organization == organization else { return false }
        return switch subject.use {
        case .patient: patients.contains(subject.id)
        case .directory: directory
        case .audit, .account, .installation: false
        }
    }
}
