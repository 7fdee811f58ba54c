import Care
import FHIR
enum Minimisation {
    static func check(_ r: Resource, profile: Organization.Profile) throws(Outcome) {}
    static func drop(from r: inout Resource, profile: Organization.Profile) -> [String] { [] }
}
