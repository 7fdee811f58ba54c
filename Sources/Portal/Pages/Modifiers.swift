import FHIR

/// Elements that can turn around what a resource means, so that no page may leave them out. (FHIR R4: modifier elements)
enum Modifiers {
    /// Whether it is about something that must not be done or given.
    static func forbids(_ resource: JSONObject) -> Bool { resource["doNotPerform"]?.bool == true }

    /// Whether a `modifierExtension` stands anywhere in it. No page reads those, whatever they say.
    static func hasUnread(_ resource: JSONObject) -> Bool { self.hasUnread(.object(resource)) }

    private static func hasUnread(_ json: JSON) -> Bool {
        switch json {
        case .object(let object):
            object.members.contains { $0.key == "modifierExtension" || self.hasUnread($0.value) }
        case .array(let items): items.contains(where: self.hasUnread)
        default: false
        }
    }
}
