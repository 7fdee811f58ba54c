/// A FHIR resource: an object of a type that R4 knows, with an id that follows FHIR's rules if it has one.
///
/// That is all that this type promises. Whether the elements follow R4 is for `Validator` to say.
public struct Resource: Sendable, Equatable {
    /// The members, `resourceType` among them. Change them through this property and type and id stay true to it.
    public var object: JSONObject

    /// The type, such as `Patient`.
    public var type: String { object["resourceType"]?.string ?? "" }

    /// The id, if it has one.
    public var id: String? {
        get { object["id"]?.string }
        set { setID(newValue) }
    }

    public var json: JSON { .object(object) }

    /// The resource that a JSON value is.
    public init(_ json: JSON) throws(Outcome) {
        try self.init(json, at: nil)
    }

    /// The resource in a JSON text.
    public init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = .standard) throws(Outcome) {
        let json: JSON
        do {
            json = try JSON(parsing: bytes, limits: limits)
        } catch {
            throw Outcome(error)
        }
        try self.init(json)
    }

    /// The resource at a place in another one.
    init(_ json: JSON, at place: Expression?) throws(Outcome) {
        guard case .object(let object) = json else {
            throw Outcome(.structure, at: place, "a resource must be an object")
        }
        guard case .string(let type)? = object["resourceType"] else {
            throw Outcome(
                .required,
                at: place?.child("resourceType") ?? Expression("resourceType"),
                "a resource must say its type, in resourceType"
            )
        }
        guard ResourceType.names.contains(type) else {
            throw Outcome(
                .notSupported,
                at: place?.child("resourceType") ?? Expression("resourceType"),
                "resourceType must be a type of resource that R4 knows"
            )
        }
        if let id = object["id"], !(id.string.map(Self.isID) ?? false) {
            let place = (place ?? Expression(type)).child("id")
            throw Outcome(.value, at: place, "an id is 1 to 64 letters, digits, hyphens and dots")
        }
        self.object = object
    }

    /// Whether a text is an id by FHIR's rule: 1 to 64 of letters, digits, `-` and `.`.
    public static func isID(_ text: String) -> Bool { PrimitiveType.id.accepts(text) }

    /// An id belongs right after the type, where readers look for it.
    private mutating func setID(_ id: String?) {
        guard let id else {
            object["id"] = nil
            return
        }
        if object["id"] != nil {
            object["id"] = .string(id)
            return
        }
        let index = object.members.firstIndex { $0.key == "resourceType" }.map { $0 + 1 } ?? 0
        object.members.insert(("id", .string(id)), at: index)
    }
}
