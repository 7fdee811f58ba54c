/// What is declared for families: kinds of record, invitations, pauses.
extension DeclaredGrants {
    static let family = """
        carekeep_server may execute acting_kinds()
        """
}
