import ArgumentParser
import Dispatch
import Foundation

// Before anything else has started a thread: a server gives up its privileges, and leaves no traces of its memory.
do {
    try ServerProcess.enterIfServing()
} catch {
    FileHandle.standardError.write(Data("carekeep: \(error)\n".utf8))
    exit(EX_CONFIG)
}

// A synchronous main, for that reason; the commands themselves may wait for what they like.
let ended = DispatchSemaphore(value: 0)
Task.detached {
    await CarekeepCommand.main()
    ended.signal()
}
ended.wait()
