/// What a transaction or batch asks for, entry by entry.
public struct BundleRequest: Sendable {
    public enum Kind: String, Sendable {
        /// All entries or none.
        case transaction
        /// Each entry for itself.
        case batch
    }

    public enum Method: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
        case patch = "PATCH"
    }

    /// What an entry's `request.url` addresses.
    public enum Target: Sendable, Equatable {
        /// `Type`
        case type(String)
        /// `Type/id`
        case instance(type: String, id: String)
        /// `Type?name=value`; the query is still in its URL encoding.
        case search(type: String, query: String)
        /// Something else that FHIR knows, such as `metadata` or `Patient/1/$everything`.
        case other
    }

    public struct Entry: Sendable {
        /// The entry in the bundle, as in `Bundle.entry[2]`.
        public let expression: Expression
        /// By what other entries refer to this one's resource.
        public let fullURL: String?
        public let resource: Resource?
        public let method: Method
        public let url: String
        public let target: Target
        /// Create only if this search finds nothing.
        public let ifNoneExist: String?
        /// Change only if this is still the version.
        public let ifMatch: String?
    }

    public let kind: Kind
    public let entries: [Entry]

    /// Entries of one bundle; a request that brings more is to be split.
    public static let mostEntries = 10_000

    /// Reads a transaction or batch. Everything that is wrong with its entries is told at once, each by its place.
    public init(_ bundle: Resource) throws(Outcome) {
        guard bundle.type == "Bundle", let kind = bundle.json["type"]?.string.flatMap(Kind.init(rawValue:)) else {
            throw Outcome(.notSupported, at: Expression("Bundle").child("type"), "must be transaction or batch")
        }
        self.kind = kind
        entries = try Self.entries(of: bundle) { json, place throws(Outcome) in try Entry(request: json, at: place) }
    }

    /// Reads a file of resources, whatever kind of bundle it is: where an entry does not say what to do with its
    /// resource, it is to be created.
    public init(importing bundle: Resource) throws(Outcome) {
        guard bundle.type == "Bundle" else {
            throw Outcome(.structure, at: Expression(bundle.type), "must be a Bundle")
        }
        if bundle.json["type"]?.string.flatMap(Kind.init(rawValue:)) != nil {
            self = try BundleRequest(bundle)
            return
        }
        kind = .batch
        entries = try Self.entries(of: bundle) { json, place throws(Outcome) in try Entry(importing: json, at: place) }
    }

    /// References to entries of the bundle (`urn:…`, or any `fullUrl`) that no entry has.
    public func unresolvedReferences() -> [(entry: Entry, reference: Reference)] {
        let known = Set(entries.compactMap(\.fullURL))
        return entries.flatMap { entry in
            (entry.resource?.references() ?? [])
                .filter { $0.target == .urn && !known.contains($0.text) }
                .map { (entry, $0) }
        }
    }

    private static func entries(
        of bundle: Resource,
        _ read: (JSON, Expression) throws(Outcome) -> Entry
    ) throws(Outcome) -> [Entry] {
        let root = Expression("Bundle").child("entry")
        let list = bundle.json["entry"] ?? []
        guard case .array(let values) = list else { throw Outcome(.structure, at: root, "must be an array") }
        guard values.count <= mostEntries else {
            throw Outcome(.tooCostly, at: root, "must not have more than \(mostEntries) entries")
        }
        var entries: [Entry] = []
        var issues: [Issue] = []
        var seen: Set<String> = []
        for (index, json) in values.enumerated() {
            do throws(Outcome) {
                let entry = try read(json, root[index])
                if let url = entry.fullURL, !seen.insert(url).inserted {
                    throw Outcome(.duplicate, at: root[index].child("fullUrl"), "must differ from other entries'")
                }
                entries.append(entry)
            } catch {
                issues += error.issues
            }
        }
        guard issues.isEmpty else { throw Outcome(Array(issues.prefix(100))) }
        return entries
    }
}

extension BundleRequest.Entry {
    /// An entry of a transaction or batch.
    fileprivate init(request json: JSON, at place: Expression) throws(Outcome) {
        let at = place.child("request")
        guard case .object? = json["request"] else { throw Outcome(.required, at: at, "must be given") }
        let request = json["request"]!
        guard let method = request["method"]?.string.flatMap(BundleRequest.Method.init(rawValue:)) else {
            throw Outcome(.codeInvalid, at: at.child("method"), "must be GET, HEAD, POST, PUT, DELETE or PATCH")
        }
        guard let url = request["url"]?.string, let target = BundleRequest.Target(url) else {
            throw Outcome(.value, at: at.child("url"), "must be Type, Type/id or Type?search, relative to the server")
        }
        self.init(
            expression: place,
            fullURL: try Self.fullURL(json, at: place),
            resource: try Self.resource(json, at: place),
            method: method,
            url: url,
            target: target,
            ifNoneExist: try Self.text(request["ifNoneExist"], at: at.child("ifNoneExist")),
            ifMatch: try Self.text(request["ifMatch"], at: at.child("ifMatch"))
        )
        try check(at: place)
    }

    /// An entry of a file: its resource is to be created.
    fileprivate init(importing json: JSON, at place: Expression) throws(Outcome) {
        guard let resource = try Self.resource(json, at: place) else {
            throw Outcome(.required, at: place.child("resource"), "must be given")
        }
        self.init(
            expression: place,
            fullURL: try Self.fullURL(json, at: place),
            resource: resource,
            method: .post,
            url: resource.type,
            target: .type(resource.type),
            ifNoneExist: nil,
            ifMatch: nil
        )
    }

    private static func text(_ json: JSON?, at place: Expression) throws(Outcome) -> String? {
        guard let json else { return nil }
        guard let text = json.string, !text.isEmpty else { throw Outcome(.value, at: place, "must be a text") }
        return text
    }

    private static func fullURL(_ json: JSON, at place: Expression) throws(Outcome) -> String? {
        guard let text = try text(json["fullUrl"], at: place.child("fullUrl")) else { return nil }
        switch Reference.Target(text) {
        case .absolute, .urn, .other: return text
        default: throw Outcome(.value, at: place.child("fullUrl"), "must be an absolute URL or a urn")
        }
    }

    private static func resource(_ json: JSON, at place: Expression) throws(Outcome) -> Resource? {
        guard let resource = json["resource"] else { return nil }
        return try Resource(resource, at: place.child("resource"))
    }

    /// Whether method, address and resource go together.
    private func check(at place: Expression) throws(Outcome) {
        let url = place.child("request").child("url")
        switch method {
        case .post:
            guard case .type(let type) = target else { throw Outcome(.value, at: url, "must be a type for POST") }
            try checkResource(of: type, id: nil, at: place)
        case .put:
            switch target {
            case .instance(let type, let id): try checkResource(of: type, id: id, at: place)
            case .search(let type, _): try checkResource(of: type, id: nil, at: place)
            default: throw Outcome(.value, at: url, "must be Type/id or Type?search for PUT")
            }
        case .delete, .patch:
            if case .type = target { throw Outcome(.value, at: url, "must be Type/id or Type?search") }
            if case .other = target { throw Outcome(.value, at: url, "must be Type/id or Type?search") }
        case .get, .head: break
        }
    }

    private func checkResource(of type: String, id: String?, at place: Expression) throws(Outcome) {
        guard let resource else {
            throw Outcome(.required, at: place.child("resource"), "must be given for this method")
        }
        guard resource.type == type else {
            throw Outcome(
                .invalid,
                at: place.child("request").child("url"),
                "must name the type of the entry's resource"
            )
        }
        guard id == nil || resource.id == id else {
            throw Outcome(.invalid, at: place.child("resource").child("id"), "must be the id in the entry's request")
        }
    }
}

extension BundleRequest.Target {
    /// What a URL relative to the server addresses; `nil` if it is none or leads elsewhere.
    init?(_ url: String) {
        guard PrimitiveType.uri.accepts(url), !url.hasPrefix("/"), !url.hasPrefix("urn:"), !url.contains("://"),
            !url.contains("#"), !url.split(separator: "/").contains("..")
        else { return nil }
        let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let steps = parts[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let isType = ResourceType.names.contains(steps[0])
        switch (steps.count, parts.count) {
        case (1, 1) where isType: self = .type(steps[0])
        case (1, 2) where isType: self = .search(type: steps[0], query: String(parts[1]))
        case (2, 1) where isType && Resource.isID(steps[1]): self = .instance(type: steps[0], id: steps[1])
        case _ where isType || ["metadata", "_history"].contains(steps[0]) || steps[0].hasPrefix("$"): self = .other
        default: return nil
        }
    }
}

// MARK: Answers

/// Bundles to answer with, put together as bytes: a stored resource goes out exactly as it was stored.
public enum BundleResponse {
    public struct Link: Sendable {
        public let relation: String
        public let url: String

        public init(_ relation: String, _ url: String) { (self.relation, self.url) = (relation, url) }
    }

    /// One resource found.
    public struct Match: Sendable {
        public enum Mode: String, Sendable { case match, include, outcome }

        public let fullURL: String?
        /// The resource's JSON, which is not looked at again.
        public let resource: [UInt8]
        public let mode: Mode

        public init(fullURL: String?, resource: [UInt8], mode: Mode = .match) {
            (self.fullURL, self.resource, self.mode) = (fullURL, resource, mode)
        }
    }

    /// What became of one entry of a transaction or batch.
    public struct Reply: Sendable {
        /// As HTTP says it: `201 Created`.
        public let status: String
        public let location: String?
        public let etag: String?
        public let lastModified: String?
        public let outcome: Outcome?
        public let resource: [UInt8]?

        public init(
            status: String,
            location: String? = nil,
            etag: String? = nil,
            lastModified: String? = nil,
            outcome: Outcome? = nil,
            resource: [UInt8]? = nil
        ) {
            (self.status, self.location, self.etag) = (status, location, etag)
            (self.lastModified, self.outcome, self.resource) = (lastModified, outcome, resource)
        }
    }

    /// The answer to a search. `total` counts all that match, on this page or not.
    public static func searchset(_ matches: [Match], total: Int?, links: [Link] = [], timestamp: String? = nil)
        -> [UInt8]
    {
        var head = head("searchset", timestamp)
        if let total { head["total"] = .number(String(total)) }
        if !links.isEmpty {
            head["link"] = .array(links.map { ["relation": .string($0.relation), "url": .string($0.url)] })
        }
        let entries = matches.map { match in
            let before: JSONObject = match.fullURL.map { ["fullUrl": .string($0)] } ?? [:]
            return object(before, "resource", match.resource, ["search": ["mode": .string(match.mode.rawValue)]])
        }
        return bundle(head, entries)
    }

    /// The answer to a transaction or batch, in the order of its entries.
    public static func response(to kind: BundleRequest.Kind, _ replies: [Reply], timestamp: String? = nil) -> [UInt8] {
        let entries = replies.map { reply in
            var response: JSONObject = ["status": .string(reply.status)]
            response["location"] = reply.location.map { .string($0) }
            response["etag"] = reply.etag.map { .string($0) }
            response["lastModified"] = reply.lastModified.map { .string($0) }
            response["outcome"] = reply.outcome?.json()
            return object([:], "resource", reply.resource, ["response": .object(response)])
        }
        return bundle(head("\(kind.rawValue)-response", timestamp), entries)
    }

    /// One version in a history.
    public struct Past: Sendable {
        public let fullURL: String
        /// The resource's JSON; `nil` for a deletion.
        public let resource: [UInt8]?
        public let method: BundleRequest.Method
        public let url: String
        public let status: String
        public let etag: String
        public let lastModified: String

        public init(
            fullURL: String,
            resource: [UInt8]?,
            method: BundleRequest.Method,
            url: String,
            status: String,
            etag: String,
            lastModified: String
        ) {
            (self.fullURL, self.resource, self.method, self.url) = (fullURL, resource, method, url)
            (self.status, self.etag, self.lastModified) = (status, etag, lastModified)
        }
    }

    /// A history, the newest version first.
    public static func history(_ versions: [Past], total: Int?, links: [Link] = []) -> [UInt8] {
        var head = head("history", nil)
        if let total { head["total"] = .number(String(total)) }
        if !links.isEmpty {
            head["link"] = .array(links.map { ["relation": .string($0.relation), "url": .string($0.url)] })
        }
        let entries = versions.map { past in
            object(
                ["fullUrl": .string(past.fullURL)],
                "resource",
                past.resource,
                [
                    "request": ["method": .string(past.method.rawValue), "url": .string(past.url)],
                    "response": [
                        "status": .string(past.status), "etag": .string(past.etag),
                        "lastModified": .string(past.lastModified),
                    ],
                ]
            )
        }
        return bundle(head, entries)
    }

    private static func head(_ type: String, _ timestamp: String?) -> JSONObject {
        var head: JSONObject = ["resourceType": "Bundle", "type": .string(type)]
        if let timestamp { head["timestamp"] = .string(timestamp) }
        return head
    }

    private static func bundle(_ head: JSONObject, _ entries: [[UInt8]]) -> [UInt8] {
        // An array must not be empty in FHIR: no entries, no member.
        guard !entries.isEmpty else { return head.serialized() }
        let list = [UInt8(ascii: "[")] + entries.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
        return object(head, "entry", list, [:])
    }

    /// An object of some members, then one whose value is JSON already, then more.
    private static func object(
        _ before: JSONObject,
        _ key: StaticString,
        _ raw: [UInt8]?,
        _ after: JSONObject
    ) -> [UInt8] {
        let head = before.serialized().dropFirst().dropLast()
        let tail = after.serialized().dropFirst().dropLast()
        let middle = raw.map { Array("\"\(key)\":".utf8) + $0 } ?? []
        let parts = [Array(head), middle, Array(tail)].filter { !$0.isEmpty }
        return [UInt8(ascii: "{")] + parts.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "}")]
    }
}
