import Hummingbird
import NIOCore
import Synchronization

/// One number that a part of the system counts, for ``Metrics``. Names are literals, so that no value of a record can become one.
public struct Measure: Sendable {
    /// How it moves.
    public enum Kind: String, Sendable {
        /// It only grows, until the server starts anew.
        case counter
        /// It goes up and down.
        case gauge
    }

    /// A label's name and its value, both of the program.
    public typealias Label = (name: StaticString, value: StaticString)

    let name: StaticString
    let help: StaticString
    let kind: Kind
    let value: Int
    let labels: [Label]

    /// A number as it stands now; `name` is Prometheus's, as `carekeep_keys_held`. Those of one name, told apart by their labels,
    /// follow each other.
    public init(_ name: StaticString, _ kind: Kind, _ value: Int, labels: [Label] = [], help: StaticString) {
        self.name = name
        self.help = help
        self.kind = kind
        self.value = value
        self.labels = labels
    }

    /// The name with its labels, as a line begins.
    var series: String {
        labels.isEmpty ? "\(name)" : "\(name){\(labels.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ","))}"
    }
}

/// What the server counts of requests, told in Prometheus's text format (0.0.4).
///
/// A request is known by its method, the template of its route and its status: few values, and none of them the client's.
final class Metrics: Sendable {
    private struct Kind: Hashable {
        let method: String
        let route: String
        let status: Int
    }

    private struct Series {
        var count = 0
        var seconds = 0.0
        /// How many took at most as long as the bound of the same index says.
        var within = [Int](repeating: 0, count: Metrics.bounds.count)
    }

    /// Seconds.
    private static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private let requests = Mutex<[Kind: Series]>([:])

    /// Counts a request that was answered.
    func note(method: String, route: String, status: Int, took duration: Duration) {
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        requests.withLock { requests in
            let kind = Kind(method: method, route: route, status: status)
            requests[kind, default: Series()].count += 1
            requests[kind]?.seconds += seconds
            for (index, bound) in Self.bounds.enumerated() where seconds <= bound {
                requests[kind]?.within[index] += 1
            }
        }
    }

    /// Everything, as text.
    func text(with measures: [Measure]) -> String {
        var text = """
            # HELP carekeep_request_seconds How long requests took, by method, route and status.
            # TYPE carekeep_request_seconds histogram

            """
        let told = requests.withLock { $0 }.sorted {
            ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
        }
        for (kind, series) in told {
            let labels = "method=\"\(kind.method)\",route=\"\(kind.route)\",status=\"\(kind.status)\""
            for (bound, count) in zip(Self.bounds, series.within) {
                text += "carekeep_request_seconds_bucket{\(labels),le=\"\(bound)\"} \(count)\n"
            }
            text += "carekeep_request_seconds_bucket{\(labels),le=\"+Inf\"} \(series.count)\n"
            text += "carekeep_request_seconds_sum{\(labels)} \(series.seconds)\n"
            text += "carekeep_request_seconds_count{\(labels)} \(series.count)\n"
        }
        var last = ""
        for measure in measures {
            if "\(measure.name)" != last {
                text += "# HELP \(measure.name) \(measure.help)\n# TYPE \(measure.name) \(measure.kind.rawValue)\n"
            }
            last = "\(measure.name)"
            text += "\(measure.series) \(measure.value)\n"
        }
        return text
    }
}

/// Answers `GET /metrics`, and nothing else. It listens on an address of its own, which is not for the public.
struct MetricsResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let text: @Sendable () async -> String

    func respond(to request: Request, context: Context) async throws -> Response {
        guard request.method == .get, request.uri.path == "/metrics" else { return Response(status: .notFound) }
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: await text()))
        )
    }
}
