import CPostgres
import Glibc

/// Where to connect and how; made from a libpq string, with the defaults that Carekeep wants.
struct ConnectionTarget: Sendable {
    private var settings: [String: String] = [:]

    /// What holds unless the string says otherwise.
    private static let defaults = [
        // On a Unix socket libpq ignores it; a remote server has to prove its name.
        "sslmode": "verify-full",
        // Otherwise libpq looks for a Kerberos ticket first.
        "gssencmode": "disable",
    ]

    init(_ conninfo: String, applicationName: String) throws(PostgresError) {
        settings = Self.defaults
        guard let options = PQconninfoParse(conninfo, nil) else { throw .connection("08001") }
        defer { PQconninfoFree(options) }
        var option = options
        while let keyword = String(libpq: option.pointee.keyword) {
            if let value = String(libpq: option.pointee.val) { settings[keyword] = value }
            option += 1
        }
        settings["client_encoding"] = "UTF8"
        settings["application_name"] = applicationName
    }

    /// Connects and waits for it. Must not be called on the thread of a request, nor on that of a store.
    func open(within duration: Duration) throws(PostgresError) -> LiveConnection {
        guard let connection = start() else { throw .client }
        // From the first moment: what the server says while somebody signs in must not be printed either.
        PQsetNoticeReceiver(connection, { _, _ in }, nil)
        guard complete(connection, deadline: .now + duration) else {
            PQfinish(connection)
            throw .connection("08001")
        }
        return LiveConnection(pointer: connection)
    }

    private func start() -> OpaquePointer? {
        let names = settings.keys.map { strdup($0) } + [nil]
        let values = settings.values.map { strdup($0) } + [nil]
        defer { for text in names + values { free(text) } }
        return PQconnectStartParams(names.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 0)
    }

    private func complete(_ connection: OpaquePointer, deadline: Moment) -> Bool {
        guard PQstatus(connection) != CONNECTION_BAD else { return false }
        var awaited = PGRES_POLLING_WRITING
        while awaited == PGRES_POLLING_READING || awaited == PGRES_POLLING_WRITING {
            let events = awaited == PGRES_POLLING_READING ? POLLIN : POLLOUT
            var socket = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
            let ready = poll(&socket, 1, deadline.millisecondsLeft)
            guard ready > 0 || (ready < 0 && errno == EINTR) else { return false }
            if ready > 0 { awaited = PQconnectPoll(connection) }
        }
        return awaited == PGRES_POLLING_OK
    }
}

/// A connection of libpq on its way from one thread to another; one at a time uses it.
struct LiveConnection: @unchecked Sendable {
    let pointer: OpaquePointer
}

/// A point of time on the clock that nobody sets.
struct Moment: Comparable, Sendable {
    private var nanoseconds: Int64

    static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
    static let never = Moment(nanoseconds: .max)

    static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }

    static func + (moment: Moment, duration: Duration) -> Moment {
        let (seconds, attoseconds) = duration.components
        let (added, tooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, tooLate) = moment.nanoseconds.addingReportingOverflow(added + attoseconds / 1_000_000_000)
        return tooLong || tooLate ? .never : Moment(nanoseconds: sum)
    }

    /// For `poll` and `epoll_wait`: rounded up, so that it is over afterwards; -1 for never.
    var millisecondsLeft: Int32 {
        guard self != .never else { return -1 }
        let left = max(nanoseconds - Moment.now.nanoseconds, 0)
        return Int32(clamping: (left + 999_999) / 1_000_000)
    }
}
