import ArgumentParser
import Assurance
import Foundation
import Glibc
import People
import Postgres
import Synchronization

/// `carekeep run`: starts the databases and the server, and keeps them running until told to stop.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Start the databases and the server, and keep them running."
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Flag(name: .long, help: "Fill an empty installation with three pretend organisations, and print who can sign in.")
    var demo = false

    func run() async throws {
        let configuration = try ServerConfiguration.load(from: config)
        let paths = try InstallationPaths(configuration)
        try paths.makeFolders()
        try InstallationLock(paths).takeForSupervisor()
        try configuration.requireFreePorts()
        // Read by the server; looked at here too, before anything is started.
        _ = try ServerProcess.reports(configuration.reports)
        _ = try configuration.mail.map { try ServerProcess.mail($0, base: configuration.publicAddress) }
        let authority = LocalAuthority(paths)
        let files = CertificateFiles(configuration.certificate)
        let usesAuthority = configuration.certificate == .localAuthority
        if usesAuthority { try authority.prepare() }
        try RootKeyPlace(paths).createIfMissing()
        let own = Supervisor.thisProgram
        let options = config.map { ["--config", $0] } ?? []
        let loadDemo = demo
        let (mailsLinks, records) = (configuration.mail != nil, try paths.stores()[0].administration)
        let greeted = Atomic(false)
        let greeting = greeting(configuration, usesAuthority ? authority.authorityFile : nil)
        let stores = try paths.stores()
        let supervisor = Supervisor(
            stores: stores,
            server: [own, "serve"] + options,
            beforeServer: {
                files?.note()
                try LetterBook.mailsLinks(mailsLinks, over: AdminConnection(records))
                if loadDemo { try DemoCommand.loadIfMissing(paths, program: own, options: options) }
                guard greeted.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else {
                    return
                }
                print(greeting)
                if loadDemo {
                    try DemoCommand.printSignIns(paths, program: ([own, "demo-code"] + options).joined(separator: " "))
                }
                fflush(nil)
            },
            daily: { try files?.areNew() ?? authority.prepare() },
            prove: configuration.promises == .daily ? [own, "prove", "--quiet"] + options : [],
            endLoans: { try Loans.clear(over: AdminConnection(stores[0].migrator.conninfo)) }
        )
        let code = try supervisor.run()
        if code != 0 { throw ExitCode(code) }
    }

    private func greeting(_ configuration: ServerConfiguration, _ authority: String?) -> String {
        var text = "\n  Carekeep is at  \(configuration.publicAddress)/\n"
        if let authority { text += "  Certificate authority to trust:  \(authority)\n" }
        return text
    }
}
