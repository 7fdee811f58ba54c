/// A machine, as far as checks look at it: texts of `/proc`, `/sys` and `/etc`, and what the kernel says of files. Nothing of it
/// changes anything. Tests make one up.
public struct Machine: Sendable {
    /// What a small file holds; `nil` if it is not there or may not be read.
    public var text: @Sendable (_ path: String) -> String?
    /// The names in a folder; `nil` if it is not there or may not be read.
    public var names: @Sendable (_ folder: String) -> [String]?
    /// A path without links; `nil` if nothing is there.
    public var real: @Sendable (_ path: String) -> String?
    /// Owner and mode of what a path leads to; `nil` if nothing is there.
    public var file: @Sendable (_ path: String) -> FileFacts?
    /// What a program prints, found in the usual folders; `nil` if it is not there or fails.
    public var output: @Sendable (_ program: String, _ arguments: [String]) -> String?
    /// The kernel's clock; `nil` if it does not tell.
    public var clock: @Sendable () -> KernelClock?

    /// Says how to look at each.
    public init(
        text: @escaping @Sendable (String) -> String?,
        names: @escaping @Sendable (String) -> [String]?,
        real: @escaping @Sendable (String) -> String?,
        file: @escaping @Sendable (String) -> FileFacts?,
        output: @escaping @Sendable (String, [String]) -> String?,
        clock: @escaping @Sendable () -> KernelClock?
    ) {
        self.text = text
        self.names = names
        self.real = real
        self.file = file
        self.output = output
        self.clock = clock
    }
}

/// Owner, mode and place of a file, as `stat` has them.
public struct FileFacts: Sendable, Equatable {
    public let owner: UInt32
    /// The permission bits alone.
    public let mode: UInt32
    /// The number of the file system it is on.
    public let device: UInt64

    /// As `stat` has them.
    public init(owner: UInt32, mode: UInt32, device: UInt64) {
        self.owner = owner
        self.mode = mode & 0o7777
        self.device = device
    }
}

/// What the kernel knows of its clock (`adjtimex`).
public struct KernelClock: Sendable, Equatable {
    /// Whether somebody keeps it in step.
    public let isSynchronised: Bool
    /// By how much it may be wrong at most, in microseconds.
    public let maximumError: Int

    /// As `adjtimex` has it.
    public init(isSynchronised: Bool, maximumError: Int) {
        self.isSynchronised = isSynchronised
        self.maximumError = maximumError
    }
}

/// How an installation lies on its machine, as the configuration has it.
public struct Layout: Sendable {
    /// An account of the operating system.
    public struct Account: Sendable, Equatable {
        public let name: String
        public let number: UInt32

        /// By name and number.
        public init(name: String, number: UInt32) {
            self.name = name
            self.number = number
        }
    }

    /// Under which the server and PostgreSQL run: the same one where an ordinary user runs everything.
    public struct Accounts: Sendable, Equatable {
        public let server: Account
        public let database: Account

        /// Both.
        public init(server: Account, database: Account) {
            self.server = server
            self.database = database
        }
    }

    /// A file or folder that must be its owner's, and closed to others.
    public struct KeptFile: Sendable {
        public let path: String
        /// `the root key`.
        public let what: String
        /// Numbers of the accounts it may belong to.
        public let owners: [UInt32]
        /// Permission bits that must not be set.
        public let closed: UInt32

        /// Says all of it.
        public init(_ path: String, _ what: String, owners: [UInt32], closed: UInt32) {
            self.path = path
            self.what = what
            self.owners = owners
            self.closed = closed
        }
    }

    /// Where people's data lie, keys among them.
    public var dataFolders: [String]
    /// Our clusters' folders; empty where the databases are elsewhere.
    public var clusterFolders: [String]
    public var rootKeyFile: String
    /// `nil` where the passphrase comes another way, or there is none.
    public var passphraseFile: String?
    public var files: [KeptFile]
    /// Ports that are meant for everybody.
    public var publicPorts: [UInt16]
    /// Ports that speak in clear, to this machine or a private network alone.
    public var plainPorts: [UInt16]
    /// `nil` where they are not made yet.
    public var accounts: Accounts?

    /// Says all of it.
    public init(
        dataFolders: [String],
        clusterFolders: [String],
        rootKeyFile: String,
        passphraseFile: String?,
        files: [KeptFile],
        publicPorts: [UInt16],
        plainPorts: [UInt16],
        accounts: Accounts?
    ) {
        self.dataFolders = dataFolders
        self.clusterFolders = clusterFolders
        self.rootKeyFile = rootKeyFile
        self.passphraseFile = passphraseFile
        self.files = files
        self.publicPorts = publicPorts
        self.plainPorts = plainPorts
        self.accounts = accounts
    }
}

/// A machine, and how an installation lies on it.
public struct Deployment: Sendable {
    public var machine: Machine
    public var layout: Layout

    /// Both.
    public init(machine: Machine, layout: Layout) {
        self.machine = machine
        self.layout = layout
    }
}
