extension DeclaredGrants {
    /// Where an organisation's members sign in, as its owners say.
    static let providerDesk = """

        act provider.change: organization, asks for sign-in.administer, carries provider.change, provider.read; after stepping up
        act provider.list: organization, asks for sign-in.read, carries provider.read
        carekeep_server may execute name_provider(uuid,bytea,text[])
        carekeep_server may execute own_providers()
        carekeep_server may execute require_providers(boolean)
        carekeep_server may execute stop_provider(uuid)
        """
}
