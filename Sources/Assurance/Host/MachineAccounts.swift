/// The accounts of a machine (`/etc/passwd`, `/etc/group`).
struct MachineAccounts: Sendable {
    struct Account: Sendable {
        let name: String
        let number: UInt32
        let group: UInt32
        let shell: String
    }

    struct Group: Sendable {
        let name: String
        let number: UInt32
        let members: [String]
    }

    let accounts: [Account]
    let groups: [Group]

    /// The two files.
    init(passwd: String, group: String) {
        let rows = { (text: String) in
            text.split(separator: "\n").map {
                $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            }
        }
        accounts = rows(passwd).compactMap { row in
            guard row.count >= 7, let number = UInt32(row[2]), let group = UInt32(row[3]) else { return nil }
            return Account(name: row[0], number: number, group: group, shell: row[6])
        }
        groups = rows(group).compactMap { row in
            guard row.count >= 4, let number = UInt32(row[2]) else { return nil }
            return Group(name: row[0], number: number, members: row[3].split(separator: ",").map(String.init))
        }
    }

    /// What is wrong with the server's and PostgreSQL's account; `nil` if they are not in the files.
    func faults(server: String, database: String) -> [String]? {
        guard server != database else { return ["the server and the databases run as one account, \(server)"] }
        var faults: [String] = []
        for (what, name) in [("the server's", server), ("PostgreSQL's", database)] {
            guard let account = accounts.first(where: { $0.name == name }) else { return nil }
            if account.number == 0 { faults.append("\(what) account is root") }
            if !["nologin", "false"].contains(where: { account.shell.hasSuffix($0) }) {
                faults.append("somebody could sign in to this machine as \(what) account")
            }
            if accounts.contains(where: { $0.number == account.number && $0.name != name }) {
                faults.append("\(what) account has a second name")
            }
            let others = accounts.filter { $0.group == account.group && $0.name != name }.map(\.name)
            let members = groups.filter { $0.number == account.group }.flatMap(\.members).filter { $0 != name }
            for other in Set(others + members).sorted() { faults.append("\(other) belongs to \(what) account's group") }
            for group in groups where group.number != account.group && group.members.contains(name) {
                faults.append("\(what) account belongs to the group \(group.name)")
            }
        }
        return faults
    }
}
