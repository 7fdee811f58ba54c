import FHIR
import Seals

/// The blind tokens by which a patient is found: of folded names, identifiers and birth date, and of nothing else.
enum PatientTokens {
    /// Every token of a Patient resource, each once.
    static func all(of patient: Resource, index: BlindIndex) -> [Int64] {
        Array(Set(PatientSearchValues(of: patient).values.map { token(for: $0, index: index) }))
    }

    /// The token of one declared value.
    static func token(for value: PatientSearchValues.Value, index: BlindIndex) -> Int64 {
        index.token(kind: "Patient", parameter: value.parameter, value: value.text)
    }
}
