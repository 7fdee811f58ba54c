import Foundation
import Glibc
import Postgres

/// Probes that look at bytes and files of the host.
extension Probe {
    // ENC-4
    static let canaryBytes = Probe(
        .canaryBytes,
        .live,
        tries: "searches every byte of the databases' files for the words of the synthetic patients",
        patience: .seconds(900)
    ) {
        ground in
        let (lent, folders) = (try ground.canaries(), try ground.dataFolders())
        // What is only in memory yet is written down first.
        try ground.look().query("checkpoint")
        // As they were typed, and as a search or an address would write them.
        let words =
            lent.words + lent.words.map { $0.lowercased() } + [lent.north.address, lent.south.address] + lent.dates
        let search = try await onThread { try ByteSearch(words + [Self.inClear], in: folders) }
        guard search.found(Self.inClear) > 0 else {
            throw ProbeTrouble.controlFailed("what is in clear was not found either")
        }
        let wrong = words.enumerated().compactMap { number, word in
            search.found(word) > 0
                ? "word no. \(number + 1) of a synthetic patient was found in \(search.places(word))" : nil
        }
        return .judged(
            "\(words.count) words, addresses and birth dates were nowhere in \(search.bytes / 1_000_000) MB; a word that is in clear was found.",
            wrong: wrong
        )
    }

    /// Something that stands in the databases in clear: the comment of a table.
    private static let inClear = "That there is someone. Who it is stands, sealed"

    // LOG-1
    static let quietLogs = Probe(
        .quietLogs,
        .live,
        tries: "searches the logs for words that the other checks typed and read",
        patience: .seconds(120)
    ) {
        ground in
        let (lent, folders) = (try ground.canaries(), try ground.dataFolders())
        let words =
            lent.words + [lent.north.address, lent.south.address, lent.north.password, lent.north.token] + lent.dates
        let own = try ground.logFiles()
        let search = try await onThread {
            try ByteSearch(words + ["LOG:"], in: folders, and: own) { $0.contains("/log") || $0.hasSuffix(".log") }
        }
        guard search.files > 0, search.found("LOG:") > 0 else {
            throw ProbeTrouble.controlFailed("there is no log to search")
        }
        let wrong = words.enumerated().compactMap { number, word in
            search.found(word) > 0 ? "word no. \(number + 1) stands in a log" : nil
        }
        return .judged(
            """
            \(words.count) words, addresses, birth dates and secrets were nowhere in \(search.files) logs\
            \(own.isEmpty ? "; the server's own goes where it cannot be searched" : ", the server's own among them").
            """,
            wrong: wrong
        )
    }
}

/// Looks for words in every byte of every file.
struct ByteSearch {
    private(set) var bytes = 0
    private(set) var files = 0
    private var unread = 0
    private var hits: [String: Set<String>] = [:]
    private let needles: [(word: String, bytes: [UInt8])]

    /// - `isWanted`: which files; all without it.
    /// - `files`: others, whatever they are called.
    init(
        _ words: [String],
        in folders: [String],
        and files: [String] = [],
        where isWanted: (String) -> Bool = { _ in true }
    ) throws {
        needles = words.map { ($0, Array($0.utf8)) }
        for file in files { search(file) }
        for folder in folders {
            let root = URL(filePath: folder)
            let keys: [URLResourceKey] = [.isRegularFileKey]
            guard let all = FileManager.default.enumerator(at: root, includingPropertiesForKeys: keys) else {
                throw ProbeTrouble.cannotBeTried("\(folder) cannot be read")
            }
            for case let file as URL in all where isWanted(file.path) {
                // The databases remove files while this goes on; that it looks at the right ones is shown by a word in clear.
                guard (try? file.resourceValues(forKeys: Set(keys)).isRegularFile) == true else { continue }
                search(file.path)
            }
        }
        guard unread == 0 else { throw ProbeTrouble.cannotBeTried("\(unread) files cannot be read") }
    }

    /// In how many files a word is.
    func found(_ word: String) -> Int { hits[word]?.count ?? 0 }

    /// The names of some files that have it, without their folders.
    func places(_ word: String) -> String {
        (hits[word] ?? []).sorted().prefix(3).map { $0.split(separator: "/").suffix(2).joined(separator: "/") }
            .joined(separator: ", ")
    }

    private static func isThere(_ word: [UInt8], in buffer: UnsafeMutableRawPointer, _ count: Int) -> Bool {
        var start = buffer
        let end = buffer + count
        while end - start >= word.count, let hit = memchr(start, Int32(word[0]), end - start - word.count + 1) {
            if memcmp(hit, word, word.count) == 0 { return true }
            start = hit + 1
        }
        return false
    }

    private mutating func search(_ path: String) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        // A database makes and removes files as it works. What is there and cannot be read was not searched.
        guard file >= 0 else {
            if errno != ENOENT { unread += 1 }
            return
        }
        defer { close(file) }
        files += 1
        let (size, overlap) = (4 << 20, 256)
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: size + overlap, alignment: 16)
        defer { buffer.deallocate() }
        var kept = 0
        while true {
            let count = read(file, buffer + kept, size)
            if count < 0 { unread += 1 }
            guard count > 0 else { return }
            bytes += count
            for needle in needles {
                if Self.isThere(needle.bytes, in: buffer, kept + count) { hits[needle.word, default: []].insert(path) }
            }
            let next = min(overlap, kept + count)
            memmove(buffer, buffer + (kept + count - next), next)
            kept = next
        }
    }
}

extension Probe {
    /// Every probe, the quick ones first; what searches logs comes after those that could have left something in them.
    public static let all: [Probe] = [
        tlsVersions, plainHTTP, headers, foreignForms, malformed, injection,
        refusals, redirects, published,
        sessionEnd, programTokens, secondFactor, agreements, guessing, entries, history, minimum, asking, weakPasswords,
        foreignTokens,
        vulnerabilityReports,
        securityPack,
        wall, guardNow, grants, drift, passwordHashes, errorReports, quietLogs, canaryBytes,
        rootKey, diskEncryption, swap, coreDumps, fileModes, accounts, listeners, firewall, clock,
        sockets, databaseWrites, databaseLogs,
        `guard`, unguardedTable, stepsBack, unauthorisedPerson, roleMatrix, leaving, emergencies, overviews,
        mutants, databaseMutants, killRun, fuzzing,
    ]
}
