/// What is sent to `$validate`: a resource as it is, or one in `Parameters` with what it is meant for.
///
/// Of R4's modes, `create` and `update` are known. Whether something may be deleted is known when it is tried, and
/// profiles are not checked; asking for either is an error, for silence would be taken for consent.
public struct ValidationRequest: Sendable {
    public let resource: Resource
    /// Whether it is meant to replace a record, and so must say which.
    private let isUpdate: Bool
    /// The id in the address, if there is one.
    private let id: String?

    /// The request in a body that was sent to an address of a type, and perhaps of a record.
    public init(_ body: JSON, type: String, id: String? = nil) throws(Outcome) {
        var resource = try Resource(body)
        var mode: String?
        if resource.type == "Parameters", type != "Parameters" {
            let parameters = try Self.parameters(resource.json)
            mode = parameters.mode
            resource = try Resource(parameters.resource, at: Self.place)
        }
        guard resource.type == type else {
            throw Outcome(.invalid, at: Expression("resourceType"), "resourceType must be the type in the address")
        }
        guard mode == nil || mode == "create" || mode == "update" else {
            throw Outcome(.notSupported, at: Self.place, "of modes, only create and update are known")
        }
        self.resource = resource
        self.id = id
        isUpdate = mode == "update" || id != nil && mode == nil
    }

    private static let place = Expression("Parameters").child("parameter")

    private static func parameters(_ json: JSON) throws(Outcome) -> (resource: JSON, mode: String?) {
        var found: (resource: JSON?, mode: String?)
        for parameter in json["parameter"]?.array ?? [] {
            switch parameter["name"]?.string {
            case "resource" where found.resource == nil && parameter["resource"] != nil:
                found.resource = parameter["resource"]
            case "mode" where found.mode == nil && parameter["valueCode"]?.string != nil:
                found.mode = parameter["valueCode"]?.string
            case "profile": throw Outcome(.notSupported, at: place, "profiles are not checked")
            default: throw Outcome(.invalid, at: place, "must be one resource, and at most one mode")
            }
        }
        guard let resource = found.resource else { throw Outcome(.required, at: place, "resource must be given") }
        return (resource, found.mode)
    }

    /// All that is wrong, or worth knowing.
    public var outcome: Outcome {
        var issues = Validator.validate(resource)
        let place = Expression(resource.type).child("id")
        if isUpdate, resource.id == nil { issues.append(Issue(.error, .required, at: place, "an update needs an id")) }
        if let id, let other = resource.id, other != id {
            issues.append(Issue(.error, .invalid, at: place, "must be the id in the address"))
        }
        return Outcome(issues)
    }
}
