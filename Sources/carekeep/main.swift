import ArgumentParser
import Dispatch
import Foundation

// Before anything else has started a thread: a server gives up its privileges, and leaves no traces of its memory.
do {
    try ServerProcess.leaveNoTraces()
    try ServerProcess.enterIfServing()
} catch {
    FileHandle.standardError.write(Data("carekeep: \(error)\n".utf8))
    exit(EX_CONFIG)
}

// A synchronous main, for that reason; the commands themselves may wait for what they like.
let ended = DispatchSemaphore(value: 0)
Task.detached {
    do {
        let command = try CarekeepCommand.parseAsRoot()
        if var waiting = command as? any AsyncParsableCommand {
            try await waiting.run()
        } else {
            var direct = command
            try direct.run()
        }
    } catch let error as ConfigurationError {
        FileHandle.standardError.write(Data("carekeep: \(error)\n".utf8))
        exit(EX_CONFIG)
    } catch {
        CarekeepCommand.exit(withError: error)
    }
    ended.signal()
}
ended.wait()
