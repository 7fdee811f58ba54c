import Assurance
import Foundation
import People
import Portal
import ServiceLifecycle

/// Does jobs while the server runs; stops when it stops, and gives back what is at hand.
struct Working: Service {
    let worker: JobWorker

    func run() async throws {
        await cancelWhenGracefulShutdown { await worker.run() }
    }

    /// A worker for all kinds of this release. What went wrong is a line in the log: ids and codes.
    static func worker(of home: Home, mail: MailDelivery?, outbox: Outbox?, log: Log) -> JobWorker {
        var handlers = Housekeeping.handlers
        // Where no mail server is named, letters are left to the servers that have one.
        handlers[.sendMail] = mail?.handler
        handlers[.remindStewards] = outbox.map { Reminders.toStewards(by: $0) }
        handlers[.remindFamilies] = outbox.map { Reminders.toFamilies(by: $0) }
        let complaints = Complaints { log.error("jobs cannot be taken", Fault($0)) }
        return JobWorker(queue: home.jobs, handlers: handlers, complaints: complaints) { run in
            switch run.outcome {
            case .done: break
            case .stopped: log.info("job given back", LogValue.facts(of: run))
            case .failed, .lost: log.warning("job not done", Fault(run), LogValue.facts(of: run))
            case .dead: log.error("job dead", Fault(run), LogValue.facts(of: run))
            }
        }
    }
}

/// What the metrics tell of jobs.
struct JobMeasures {
    let queue: JobQueue
    let worker: JobWorker

    var now: [Measure] {
        get async {
            var measures = worker.counts.map {
                Measure(
                    "carekeep_job_runs_total",
                    .counter,
                    $0.count,
                    labels: [("kind", $0.kind.name), ("outcome", $0.outcome.word)],
                    help: "Jobs that this server took, by kind and what became of them."
                )
            }
            // While the store is away nobody knows how many wait; whether it is away is told by carekeep_ready.
            guard let counts = try? await queue.counts() else { return measures }
            for kind in JobKind.all {
                guard let count = counts.first(where: { $0.kind == kind.description }) else { continue }
                for (state, number) in [("waiting", count.waiting), ("running", count.running), ("dead", count.dead)]
                    as [(StaticString, Int)]
                {
                    measures.append(
                        Measure(
                            "carekeep_jobs",
                            .gauge,
                            number,
                            labels: [("kind", kind.name), ("state", state)],
                            help: "Jobs of all servers: waiting, held by one, or dead, which want an operator."
                        )
                    )
                }
            }
            return measures
        }
    }
}
