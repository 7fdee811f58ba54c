/// A program that waits for calls over TCP (`/proc/net/tcp`, `/proc/net/tcp6`).
struct Listener: Sendable, Equatable {
    let port: UInt16
    /// Whether only this machine can call.
    let isLoopback: Bool
    /// The number of the account whose it is.
    let owner: UInt32

    /// Those of a text of the kernel; `nil` for a text that is none.
    static func all(in text: String) -> [Listener]? {
        let lines = text.split(separator: "\n")
        guard lines.first?.contains("local_address") == true else { return nil }
        return lines.dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            // 0A is LISTEN.
            guard fields.count > 7, fields[3] == "0A", let owner = UInt32(fields[7]) else { return nil }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, let port = UInt16(local[1], radix: 16) else { return nil }
            return Listener(port: port, isLoopback: isLoopback(String(local[0])), owner: owner)
        }
    }

    /// Addresses stand there as words of four bytes, the last byte first.
    private static func isLoopback(_ address: String) -> Bool {
        let mapped = "0000000000000000FFFF0000"
        if address.count == 8 { return address.hasSuffix("7F") }
        return address == "00000000000000000000000001000000" || address.hasPrefix(mapped) && address.hasSuffix("7F")
    }

    /// What is wrong with programs of these accounts that the network can call.
    static func faults(of listeners: [Listener], owners: Set<UInt32>, open: [UInt16], plain: [UInt16]) -> [String] {
        let seen = listeners.filter { !$0.isLoopback && owners.contains($0.owner) }
        return Set(seen.map(\.port)).sorted().compactMap { port in
            if open.contains(port) { return nil }
            return plain.contains(port)
                ? "port \(port), which speaks in clear and asks nobody who they are, can be called from the network"
                : "port \(port), which the configuration does not name, can be called from the network"
        }
    }
}
