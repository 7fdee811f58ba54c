/// An error, told to the operator's collector by Sentry's protocol. Made of literals and ``LogValue``s: there is nothing to
/// scrub, because nothing of anybody's fits. (LOG-2)
///
/// It has no user, no address, no header, no body, no query, no host's name, and the route's template in place of the URL.
struct ErrorReport: Sendable {
    let event: StaticString
    let fault: Fault
    let request: RequestNote?
    let facts: [(key: StaticString, value: LogValue)]
    let place: SourcePlace
    let id = ID()
    let moment = LogMoment.now
    /// How many like it were left out since the last that was sent.
    var repeats = 0

    init(
        event: StaticString,
        fault: Fault,
        request: RequestNote?,
        facts: KeyValuePairs<StaticString, LogValue>,
        place: SourcePlace
    ) {
        (self.event, self.fault, self.request, self.place) = (event, fault, request, place)
        self.facts = Array(facts)
    }

    /// What makes two reports one problem.
    struct Kind: Hashable {
        let event: String
        let fault: Fault
        let route: RouteTemplate?
    }

    var kind: Kind { Kind(event: "\(event)", fault: fault, route: request?.route) }

    /// An event's id: random, 32 hexadecimal digits.
    struct ID: Sendable {
        let text: String

        init() {
            let digits = String(UInt128.random(in: .min ... .max), radix: 16)
            text = String(repeating: "0", count: 32 - digits.count) + digits
        }
    }

    /// The envelope: a header, the item's header, and the event, a line each.
    func envelope(environment: ReportOptions.Environment, release: StaticString) -> [UInt8] {
        let event = event(environment, release)
        var json = LogJSON()
        json.object { json in
            json.field("event_id", .reportID(id))
            json.field("sent_at", .moment(.now))
        }
        json.endLine()
        json.object { json in
            json.field("type", "event")
            json.field("content_type", "application/json")
            json.field("length", .count(event.count))
        }
        json.endLine()
        return json.bytes + event + [UInt8(ascii: "\n")]
    }

    private func event(_ environment: ReportOptions.Environment, _ release: StaticString) -> [UInt8] {
        var json = LogJSON()
        json.object { json in
            json.field("event_id", .reportID(id))
            json.field("timestamp", .moment(moment))
            json.field("platform", "other")
            json.field("level", "error")
            json.field("logger", "carekeep")
            json.field("release", LogValue(stringLiteral: release))
            json.field("environment", .code(environment))
            json.field("transaction", request.map { .route($0.route) })
            json.object("exception") { $0.list("values") { $0.object { exception(&$0) } } }
            if let request {
                json.object("request") { json in
                    json.field("method", .method(request.method))
                    json.field("url", .route(request.route))
                }
            }
            json.object("tags") { tags(&$0) }
            json.list("fingerprint") { json in
                json.item(LogValue(stringLiteral: self.event))
                json.item(.type(of: fault))
                json.item(.code(of: fault))
                if let request { json.item(.route(request.route)) }
            }
        }
        return json.bytes
    }

    private func exception(_ json: inout LogJSON) {
        json.field("type", .type(of: fault))
        json.field("value", .code(of: fault))
        json.object("stacktrace") { json in
            json.list("frames") { json in
                json.object { json in
                    json.field("filename", .file(of: place))
                    json.field("lineno", .count(place.line))
                }
            }
        }
    }

    private func tags(_ json: inout LogJSON) {
        json.field("event", LogValue(stringLiteral: event))
        json.field("constraint", .constraint(of: fault))
        if let request {
            json.field("request", .request(request.id))
            json.field("status", LogValue.status(request.status).quoted)
        }
        if repeats > 0 { json.field("repeats", LogValue.count(repeats).quoted) }
        for (key, value) in facts { json.field(key, value.quoted) }
    }
}
