import Foundation

/// The fuzzer's door: `CAREKEEP_FUZZ` names the target. `scripts/fuzz` builds and runs this.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let begin = ContinuousClock.now
    do {
        try Run.target.run(bytes)
    } catch {
        fatalError("\(Run.target.rawValue): \(error)")
    }
    Run.note(ContinuousClock.now - begin, count)
    return 0
}

/// With `CAREKEEP_FUZZ_SEEDS`, writes records of people who do not exist into that folder, and nothing else.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(_: UnsafeMutableRawPointer, _: UnsafeMutableRawPointer) -> CInt {
    if let folder = ProcessInfo.processInfo.environment["CAREKEEP_FUZZ_SEEDS"] {
        do {
            try Seeds.write(to: URL(filePath: folder))
            exit(0)
        } catch {
            fatalError("\(error)")
        }
    }
    // What is read once is read now, and not in the first input's time. It stays as long as the program does: the sanitizer would take it
    // for lost, since Swift marks the cases of an indirect enum in its pointers, which are none to the sanitizer then.
    ignoreLeaks()
    _ = SearchQuery.parameters(of: "Patient")
    _ = Invariants.r4
    heedLeaks()
    atexit { print("slowest \(Run.slowest.milliseconds) ms, \(Run.slowest.bytes) bytes") }
    return 0
}

/// What is allocated from here on is not looked for at the end. (LeakSanitizer, `lsan_interface.h`)
@_silgen_name("__lsan_disable")
private func ignoreLeaks()

/// What is allocated from here on is looked for again.
@_silgen_name("__lsan_enable")
private func heedLeaks()

private enum Run {
    static let target: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["CAREKEEP_FUZZ"] ?? ""
        guard let target = FuzzTarget(rawValue: name) else { fatalError("CAREKEEP_FUZZ must name a target") }
        return target
    }()

    /// Only the fuzzer's one thread touches it.
    nonisolated(unsafe) static var slowest = (milliseconds: 0.0, bytes: 0)

    static func note(_ time: Duration, _ count: Int) {
        let milliseconds = time / .milliseconds(1)
        if milliseconds > slowest.milliseconds { slowest = (milliseconds, count) }
    }
}

private enum Seeds {
    static func write(to folder: URL) throws {
        for (number, profile) in SyntheticPatient.Profile.allCases.enumerated() {
            let bundle = SyntheticPatient.bundle(seed: 1, index: number, profile: profile, today: Day(2026, 11, 22))
            var kinds: Set<String> = []
            for (index, entry) in (bundle["entry"]?.array ?? []).enumerated() {
                guard let resource = entry["resource"], let kind = resource["resourceType"]?.string else { continue }
                // The first of each kind: the fuzzer slows down with every seed that teaches it nothing.
                guard kinds.insert(kind).inserted else { continue }
                let found = try Resource(resource)
                let card = SearchCard(of: found, id: "\(index)", lastUpdated: "2026-11-22T05:40:00Z")
                try put(resource.serialized(), folder, ["json", "resource"], "\(number)-\(index)")
                try put(card.encoded(), folder, ["card"], "\(number)-\(index)")
                if let text = resource["text"]?["div"]?.string {
                    try put(Array(text.utf8), folder, ["narrative"], "\(number)-\(index)")
                }
            }
            var short = bundle
            short["entry"] = .array(Array((bundle["entry"]?.array ?? []).prefix(3)))
            try put(short.serialized(), folder, ["bundle"], "\(number)")
        }
    }

    private static func put(_ bytes: [UInt8], _ folder: URL, _ targets: [String], _ name: String) throws {
        for target in targets {
            let place = folder.appending(path: target)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try Data(bytes).write(to: place.appending(path: name))
        }
    }
}
