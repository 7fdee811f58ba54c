import Glibc

/// Which statements one connection has prepared.
///
/// A statement is remembered as prepared once the server said so. Until then it may be used within the same
/// transaction, which is aborted as a whole if preparing fails; in another transaction of the same pipeline it runs
/// unprepared, since that one goes on in any case.
struct PreparedStatements {
    /// How a statement is to be sent.
    enum Use: Equatable {
        case prepared(String)
        case prepareFirst(String)
        case unprepared
    }

    private struct Entry {
        let number: Int
        var lastUse: Int
    }

    private let limit: Int
    private var known: [StatementText: Entry] = [:]
    private var announced: [StatementText: (number: Int, transaction: Int)] = [:]
    private var clock = 0
    /// What the server should forget, when it is next free to.
    private(set) var doomed: [String] = []

    init(limit: Int = 256) { self.limit = limit }

    /// Decides how to send a statement in the nth transaction of a pipeline.
    mutating func use(_ template: [UInt8], in transaction: Int) -> Use {
        let text = StatementText(template: template)
        clock += 1
        if let index = known.index(forKey: text) {
            known.values[index].lastUse = clock
            return .prepared(Self.name(known.values[index].number))
        }
        if let announced = announced[text] {
            return announced.transaction == transaction ? .prepared(Self.name(announced.number)) : .unprepared
        }
        announced[text] = (clock, transaction)
        return .prepareFirst(Self.name(clock))
    }

    /// The server has prepared it.
    mutating func confirm(_ template: [UInt8]) {
        let text = StatementText(template: template)
        guard let announced = announced.removeValue(forKey: text) else { return }
        known[text] = Entry(number: announced.number, lastUse: clock)
    }

    /// The prepared form is of no use any more: a table has changed, or somebody discarded it.
    mutating func forget(_ template: [UInt8]) {
        guard let entry = known.removeValue(forKey: StatementText(template: template)) else { return }
        doomed.append(Self.name(entry.number))
    }

    /// After a pipeline: what was not confirmed does not exist, and what is too much has to go, oldest use first.
    mutating func settle() {
        announced.removeAll(keepingCapacity: true)
        guard known.count > limit else { return }
        for (text, entry) in known.sorted(by: { $0.value.lastUse < $1.value.lastUse }).prefix(known.count - limit) {
            known[text] = nil
            doomed.append(Self.name(entry.number))
        }
    }

    /// Hands over the names to be deallocated.
    mutating func takeDoomed() -> [String] {
        defer { doomed = [] }
        return doomed
    }

    private static func name(_ number: Int) -> String { "s\(number)" }
}

/// A statement's template as a key, hashed and compared as one piece of memory.
private struct StatementText: Hashable {
    let template: [UInt8]

    func hash(into hasher: inout Hasher) {
        template.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    static func == (left: StatementText, right: StatementText) -> Bool {
        left.template.withUnsafeBytes { left in
            right.template.withUnsafeBytes { right in
                guard let start = left.baseAddress, let other = right.baseAddress, left.count == right.count else {
                    return left.count == right.count
                }
                return memcmp(start, other, left.count) == 0
            }
        }
    }
}
