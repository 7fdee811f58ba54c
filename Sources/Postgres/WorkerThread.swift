import CPostgres
import Glibc

/// A plain thread, for what must not occupy one of Swift's.
enum WorkerThread {
    /// Starts a thread that nobody waits for. It takes no signals, so that these reach the program's own handlers.
    static func start(named name: StaticString, _ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var (thread, all, before) = (pthread_t(), sigset_t(), sigset_t())
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.name.withUTF8Buffer { carekeep_name_thread(UnsafeRawPointer($0.baseAddress)) }
                start.body()
                return nil
            },
            start.toOpaque()
        )
        precondition(status == 0, "no thread can be started")
        pthread_detach(thread)
    }

    private final class Start: Sendable {
        let name: StaticString
        let body: @Sendable () -> Void

        init(name: StaticString, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
