/// By what right somebody cares for a patient beside whoever keeps the record, as that one says. The database knows the same words and
/// no others. (FAM-1, ROL-1)
public enum CarerBasis: String, Sendable, CaseIterable {
    case parentalResponsibility = "parental-responsibility"
    case courtOrder = "court-order"
    case fosterCare = "foster-care"
    /// Those who care for the patient agreed on it.
    case agreement
    /// A grandparent for a weekend, a sitter for a while.
    case helpingOut = "helping-out"
    /// They are no carer: it is their own record.
    case ownRecord = "own-record"
}
