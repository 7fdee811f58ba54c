extension DeclaredGrants {
    /// Overviews: what was counted is read by functions alone.
    static let overviews = """

        act overview.read: organization, asks for overview.read, carries overview.read
        act overview.take: organization, asks for overview.administer, carries overview.read, overview.take
        carekeep_gate may insert on overview
        carekeep_gate may insert on overview_cell
        carekeep_gate may select on overview
        carekeep_gate may select on overview_cell
        carekeep_server may execute latest_overview()
        carekeep_server may execute take_overview(uuid)
        """
}
