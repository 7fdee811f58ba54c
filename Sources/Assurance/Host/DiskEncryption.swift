import Foundation

/// What is mounted where (proc(5), `/proc/self/mountinfo`).
struct MountTable: Sendable {
    struct Mount: Sendable, Equatable {
        /// Where it is mounted.
        let place: String
        /// `254:0`; numbers that begin with `0:` are of no block device.
        let device: String
        /// `ext4`.
        let kind: String
        /// `/dev/vda1`.
        let source: String
    }

    let mounts: [Mount]

    /// `nil` for a text that is none.
    init?(_ text: String) {
        mounts = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ").map(String.init)
            // What stands before the dash has optional fields at its end.
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 2 else { return nil }
            return Mount(
                place: Self.unescaped(fields[4]),
                device: fields[2],
                kind: fields[dash + 1],
                source: Self.unescaped(fields[dash + 2])
            )
        }
        if mounts.isEmpty { return nil }
    }

    /// Under which mount an absolute path lies: the longest that leads to it, and of equal ones the last, which hides the others.
    func mount(of path: String) -> Mount? {
        let leading = mounts.filter { mount in
            mount.place == "/" || path == mount.place || path.hasPrefix(mount.place + "/")
        }
        let longest = leading.map(\.place.utf8.count).max()
        return leading.last { $0.place.utf8.count == longest }
    }

    /// Spaces and the like stand there as `\040`.
    private static func unescaped(_ text: String) -> String {
        text.replacing(/\\([0-7]{3})/) { match in
            UInt8(match.1, radix: 8).map { String(decoding: [$0], as: UTF8.self) } ?? String(match.0)
        }
    }
}

/// Whether what is written to a place is encrypted on its way to the disk, as far as the kernel can tell.
enum DiskEncryption: Sendable, Equatable {
    /// dm-crypt lies between.
    case encrypted
    /// It is written to no disk.
    case inMemory
    /// This device is written to as it is.
    case open(String)
    /// The kernel does not tell, for this reason.
    case unknown(String)

    /// Of a folder or file; of the nearest folder above where it is not there yet.
    static func of(_ path: String, on machine: Machine, depth: Int = 0) -> DiskEncryption {
        guard depth < 8 else { return .unknown("devices lie on one another too deep") }
        guard let table = machine.text("/proc/self/mountinfo").flatMap(MountTable.init),
            let mount = table.mount(of: nearest(path, on: machine))
        else { return .unknown("the list of mounts cannot be read") }
        switch mount.kind {
        case "tmpfs", "ramfs": return .inMemory
        case "btrfs": return ofPool(mount, on: machine, depth: depth)
        default: break
        }
        guard mount.device.hasPrefix("0:") else { return ofDevice(mount.device, on: machine, depth: depth) }
        guard let device = number(of: mount.source, on: machine) else {
            return .unknown("it is a file system of the kind \(mount.kind), of whose disks the kernel does not tell")
        }
        return ofDevice(device, on: machine, depth: depth)
    }

    /// Of a device by its numbers, `254:0`: itself, or all that it lies on.
    static func ofDevice(_ device: String, on machine: Machine, depth: Int = 0) -> DiskEncryption {
        let folder = "/sys/dev/block/\(device)"
        guard depth < 8, machine.names(folder) != nil else {
            return .unknown("the kernel does not tell of the device \(device)")
        }
        // Verity and integrity bear the same prefix, and encrypt nothing.
        if let id = machine.text("\(folder)/dm/uuid"), id.hasPrefix("CRYPT-"), !id.hasPrefix("CRYPT-VERITY"),
            !id.hasPrefix("CRYPT-INTEGRITY")
        {
            return .encrypted
        }
        if let file = machine.text("\(folder)/loop/backing_file")?.trimmingCharacters(in: .whitespacesAndNewlines) {
            return of(file, on: machine, depth: depth + 1)
        }
        let below = machine.names("\(folder)/slaves") ?? []
        guard below.isEmpty else {
            return worst(
                below.map { name in
                    guard let number = machine.text("\(folder)/slaves/\(name)/dev") else {
                        return .unknown("the kernel does not tell of the device \(name)")
                    }
                    return ofDevice(
                        number.trimmingCharacters(in: .whitespacesAndNewlines),
                        on: machine,
                        depth: depth + 1
                    )
                }
            )
        }
        let name =
            machine.text("\(folder)/uevent")?.split(separator: "\n").first { $0.hasPrefix("DEVNAME=") }?
            .dropFirst("DEVNAME=".count)
        if let name, name.hasPrefix("zram") || name.hasPrefix("ram") { return .inMemory }
        return .open(name.map(String.init) ?? device)
    }

    /// The worst of several places: one that is open, then one that is unknown.
    static func worst(_ all: [DiskEncryption]) -> DiskEncryption {
        if let open = all.first(where: { if case .open = $0 { true } else { false } }) { return open }
        if let unknown = all.first(where: { if case .unknown = $0 { true } else { false } }) { return unknown }
        return all.contains(.encrypted) ? .encrypted : all.first ?? .unknown("nothing is there")
    }

    /// btrfs spreads over devices, of which the mount names one.
    private static func ofPool(_ mount: MountTable.Mount, on machine: Machine, depth: Int) -> DiskEncryption {
        let name = machine.real(mount.source)?.split(separator: "/").last.map(String.init) ?? ""
        for pool in machine.names("/sys/fs/btrfs") ?? [] {
            let folder = "/sys/fs/btrfs/\(pool)/devices"
            guard let devices = machine.names(folder), devices.contains(name) else { continue }
            return worst(
                devices.map { device in
                    number(of: "/dev/\(device)", on: machine).map { ofDevice($0, on: machine, depth: depth + 1) }
                        ?? .unknown("the kernel does not tell of the device \(device)")
                }
            )
        }
        return .unknown("the kernel does not tell of the disks of btrfs")
    }

    /// `254:0` of `/dev/mapper/data`; `nil` for what is no block device.
    static func number(of source: String, on machine: Machine) -> String? {
        guard source.hasPrefix("/dev/"), let name = machine.real(source)?.split(separator: "/").last else { return nil }
        return machine.text("/sys/class/block/\(name)/dev")?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func nearest(_ path: String, on machine: Machine) -> String {
        var place = path
        while place.count > 1 {
            if let real = machine.real(place) { return real }
            place = place.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        }
        return "/"
    }
}

/// Where memory goes that is not at hand (`/proc/swaps`).
struct SwapTable: Sendable, Equatable {
    struct Area: Sendable, Equatable {
        let path: String
        let isFile: Bool
    }

    let areas: [Area]

    /// `nil` for a text that is none.
    init?(_ text: String) {
        let lines = text.split(separator: "\n")
        guard lines.first?.hasPrefix("Filename") == true else { return nil }
        areas = lines.dropFirst().compactMap { line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            return fields.count < 2 ? nil : Area(path: String(fields[0]), isFile: fields[1] == "file")
        }
    }

    /// Whether what goes there is encrypted, or stays in memory.
    static func encryption(of area: Area, on machine: Machine) -> DiskEncryption {
        if area.isFile { return .of(area.path, on: machine) }
        guard let number = DiskEncryption.number(of: area.path, on: machine) else {
            return .unknown("the kernel does not tell of \(area.path)")
        }
        return .ofDevice(number, on: machine)
    }
}
