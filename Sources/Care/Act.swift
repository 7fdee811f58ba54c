/// What can be done. Each act has a row in the database's table `act`, which says how far it reaches, what it may touch
/// and who may do it; a test compares the two lists.
public enum Act: String, Sendable, CaseIterable {
    case readRecord = "record.read"
    case searchRecords = "record.search"
    case createRecord = "record.create"
    case readEverything = "patient.everything"
    case createPatient = "patient.create"
    case writeBundle = "bundle.write"
    case listPatients = "patient.list"
    case searchPatients = "patient.search"
    case readTrail = "trail.read"
    case readReach = "reach.read"
    case share = "reach.share"
    case stopSharing = "reach.withdraw"
    case readDirectory = "directory.read"
    case searchDirectory = "directory.search"
    case createDirectory = "directory.create"
    case listMembers = "member.list"
    case addMember = "member.add"
}
