/// The members that a type may have, found by the bytes of their names.
///
/// A dictionary of strings hashes so that nobody can fill it with collisions, and holds for the same what Unicode does. Here the names are
/// R4's and stand fast, so that a plain hash does: a search for any name ends within the table's longest run.
struct MemberTable: Sendable {
    /// All names, one after the other.
    private var bytes: [UInt8] = []
    private var entries: [(start: Int, end: Int, member: Definitions.Member)] = []
    /// One more than an entry's index; 0 is free. More than half of them are free, so that each run ends.
    private var slots: [UInt16]

    init(_ members: [String: Definitions.Member]) {
        var size = 4
        while size < 2 * members.count + 2 { size *= 2 }
        slots = Array(repeating: 0, count: size)
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            let start = bytes.count
            bytes.append(contentsOf: name.utf8)
            entries.append((start: start, end: bytes.count, member: member))
            var slot = bytes.withUnsafeBytes { Self.hash(UnsafeRawBufferPointer(rebasing: $0[start...])) } & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = UInt16(entries.count)
        }
    }

    var count: Int { entries.count }

    subscript(name: String) -> Definitions.Member? {
        var name = name
        return name.withUTF8 { find(UnsafeRawBufferPointer($0)) }
    }

    private func find(_ name: UnsafeRawBufferPointer) -> Definitions.Member? {
        var slot = Self.hash(name) & (slots.count - 1)
        while slots[slot] != 0 {
            let (start, end, member) = entries[Int(slots[slot]) - 1]
            let isSame = bytes.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[start..<end]).elementsEqual(name) }
            if isSame { return member }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// FNV-1a of 32 bits.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hash: UInt32 = 2_166_136_261
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return Int(hash)
    }
}
