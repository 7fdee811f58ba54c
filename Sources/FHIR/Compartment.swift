/// To whom a resource belongs: R4's patient compartment.
public enum Compartment {
    /// Where a resource belongs.
    public enum Membership: Sendable, Equatable {
        /// To these patients: references as written, each once.
        case patients([String])
        /// To the directory of an organisation: it is never about one patient.
        case directory
        /// Its type is one of patients' records, but it names no patient. The caller decides.
        case nobody
        /// Its type says nothing about whose it is, as with `Binary` and `Bundle`. The caller decides.
        case undetermined
    }

    /// Where a resource belongs.
    public static func membership(of resource: Resource) -> Membership {
        let patients = subjects(of: resource)
        if !patients.isEmpty { return .patients(patients) }
        if isDirectory(resource.type) || isDirectoryWithoutPatient(resource.type) { return .directory }
        return canBelongToPatient(resource.type) ? .nobody : .undetermined
    }

    /// The patients whom a resource is about: references as they are written, without versions, each once.
    ///
    /// A Patient is its own subject, if it has an id. A reference that does not say that it points to a Patient
    /// (`urn:uuid:…`) counts where only a Patient may stand; rewrite such references first.
    public static func subjects(of resource: Resource) -> [String] {
        if resource.type == "Patient" { return resource.id.map { ["Patient/\($0)"] } ?? [] }
        guard let paths = Definitions.r4.compartment[resource.type] else { return [] }
        var found: [String] = []
        var seen: Set<String> = []
        for path in paths {
            let onlyPatients = allowsOnlyPatients(path, in: resource.type)
            for value in resource.json.values(at: path[...]) {
                guard let subject = subject(value, onlyPatients: onlyPatients), seen.insert(subject).inserted else {
                    continue
                }
                found.append(subject)
            }
        }
        return found
    }

    /// Whether resources of a type can be about a patient by one of their elements.
    public static func canBelongToPatient(_ type: String) -> Bool {
        type == "Patient" || Definitions.r4.compartment[type] != nil
    }

    /// Whether resources of a type have a place: in patients' records, or in a directory.
    public static func canKeep(_ type: String) -> Bool {
        canBelongToPatient(type) || isDirectory(type) || isDirectoryWithoutPatient(type)
    }

    /// Whether resources of a type never belong to a patient.
    public static func isDirectory(_ type: String) -> Bool { directory.contains(type) }

    /// Types that belong to the directory when they name no patient: a monitor on the wall, a doctor's schedule.
    public static func isDirectoryWithoutPatient(_ type: String) -> Bool { type == "Device" || type == "Schedule" }

    /// Who and where care is given, products, and definitions of all kinds. What is not here and not in the compartment
    /// (`Binary`, `Bundle`, `Linkage`, `MessageHeader`, payments …) may hold somebody's data.
    private static let directory: Set<String> = [
        "ActivityDefinition", "CapabilityStatement", "CatalogEntry", "ChargeItemDefinition", "CodeSystem",
        "CompartmentDefinition", "ConceptMap", "DeviceDefinition", "DeviceMetric", "EffectEvidenceSynthesis",
        "Endpoint",
        "EventDefinition", "Evidence", "EvidenceVariable", "ExampleScenario", "GraphDefinition", "HealthcareService",
        "ImplementationGuide", "InsurancePlan", "Library", "Location", "Measure", "Medication", "MedicationKnowledge",
        "MedicinalProduct", "MedicinalProductAuthorization", "MedicinalProductContraindication",
        "MedicinalProductIndication", "MedicinalProductIngredient", "MedicinalProductInteraction",
        "MedicinalProductManufactured", "MedicinalProductPackaged", "MedicinalProductPharmaceutical",
        "MedicinalProductUndesirableEffect", "MessageDefinition", "NamingSystem", "ObservationDefinition",
        "OperationDefinition", "Organization", "OrganizationAffiliation", "PlanDefinition", "Practitioner",
        "PractitionerRole", "Questionnaire", "ResearchDefinition", "ResearchElementDefinition", "ResearchStudy",
        "RiskEvidenceSynthesis", "SearchParameter", "Slot", "SpecimenDefinition", "StructureDefinition", "StructureMap",
        "Substance", "SubstanceNucleicAcid", "SubstancePolymer", "SubstanceProtein", "SubstanceReferenceInformation",
        "SubstanceSourceMaterial", "SubstanceSpecification", "TerminologyCapabilities", "TestScript", "ValueSet",
    ]

    private static func subject(_ reference: JSON, onlyPatients: Bool) -> String? {
        guard let text = reference["reference"]?.string else { return nil }
        switch Reference.Target(text) {
        case .relative("Patient", let id, _): return "Patient/\(id)"
        case .absolute("Patient", _, let version):
            return version.map { String(text.dropLast("/_history/\($0)".count)) } ?? text
        case .conditional("Patient"): return text
        case .urn, .other: return onlyPatients || reference["type"]?.string == "Patient" ? text : nil
        default: return nil
        }
    }

    private static func allowsOnlyPatients(_ path: [String], in type: String) -> Bool {
        guard case .reference(_, let targets)? = Definitions.r4.member(at: path[...], in: type)?.type else {
            return false
        }
        return targets == ["Patient"]
    }
}

extension JSON {
    /// All values at a path of elements; arrays on the way are gone through.
    func values(at path: ArraySlice<String>) -> [JSON] {
        switch self {
        case .array(let values): return values.flatMap { $0.values(at: path) }
        case _ where path.isEmpty: return [self]
        case .object(let object): return object[path.first!]?.values(at: path.dropFirst()) ?? []
        default: return []
        }
    }
}

extension Definitions {
    /// What is said about the element at a path of a type.
    func member(at path: ArraySlice<String>, in type: String) -> Member? {
        guard let first = path.first, let member = self[type]?.members[first] else { return nil }
        if path.count == 1 { return member }
        guard case .complex(let index, _) = member.type else { return nil }
        return self.member(at: path.dropFirst(), in: types[index].name)
    }
}
