/// Which contained resources are referred to from the resource that contains them (R4's rules dom-3 and ref-1).
struct ContainedReferences {
    private var ids: [String: Int] = [:]
    private var isUsed: [Bool] = []
    /// The contained resource that the walk is in.
    private var current: Int?

    /// Those of a resource. Ids that are given twice count once.
    init(of resource: JSONObject) {
        guard let contained = resource["contained"]?.array else { return }
        // What has no id cannot be referred to, which is another mistake.
        isUsed = contained.map { $0["id"] == nil }
        for (index, resource) in contained.enumerated() {
            guard let id = resource["id"]?.string else { continue }
            if ids[id] == nil { ids[id] = index }
        }
    }

    /// Enters one of the contained resources. Says whether its id is its own.
    mutating func enter(_ index: Int, id: String?) -> Bool {
        current = index
        return id.map { ids[$0] == index } ?? true
    }

    mutating func leave() { current = nil }

    /// Notes what `#id` refers to; false if there is no such resource. `#` alone is the containing resource, and a
    /// contained one that points there is used as well.
    mutating func note(_ text: String) -> Bool {
        guard text.utf8.count > 1 else {
            if let current { isUsed[current] = true }
            return true
        }
        guard let index = ids[String(text.dropFirst())] else { return false }
        isUsed[index] = true
        return true
    }

    /// The places in `contained` of those that nothing refers to.
    var unused: [Int] { isUsed.indices.filter { !isUsed[$0] } }
}
