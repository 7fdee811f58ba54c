import Glibc
import Postgres

extension ServerConfiguration {
    /// Refuses addresses that cannot be listened on, by the key that names them; the library's own words name neither key
    /// nor port.
    func requireFreePorts() throws(ClusterError) {
        try https.requireFree("listen.https")
        try http?.requireFree("listen.http")
        try metrics?.requireFree("listen.metrics")
    }

    /// Whether a port is one of those that take a privilege to listen on.
    var hasLowPorts: Bool {
        [https.port, http?.port, metrics?.port].contains { $0.map { $0 < 1024 } ?? false }
    }
}

extension ServerConfiguration.Address {
    fileprivate func requireFree(_ key: String) throws(ClusterError) {
        var wanted = addrinfo()
        wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &wanted, &found) == 0, let first = found else {
            throw ClusterError("\(key).host, \(host), has no address")
        }
        defer { freeaddrinfo(found) }
        let probe = socket(first.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return }  // no such family here; listening itself will say so
        defer { close(probe) }
        // As the server does, so that connections of a server before, not quite gone, are not in the way.
        var yes: Int32 = 1
        setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(probe, first.pointee.ai_addr, first.pointee.ai_addrlen) != 0 else { return }
        switch errno {
        case EADDRINUSE:
            throw ClusterError("port \(port) of \(host) is in use by another program; stop that, or change \(key).port")
        case EACCES:
            throw ClusterError("port \(port) of \(host) takes privileges that are missing here; change \(key).port")
        case EADDRNOTAVAIL:
            throw ClusterError("\(host) is no address of this machine; change \(key).host")
        default:
            throw ClusterError("port \(port) of \(host) cannot be listened on: \(String(cString: strerror(errno)))")
        }
    }
}
