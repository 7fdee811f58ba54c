import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import Records

/// Moving records to another patient, and merging two patients.
extension FHIRRoutes {
    /// `POST /fhir/{type}/{id}/$move` with `to` and, for records that move along, `record`; for a record about several patients, with
    /// `from` and `to`.
    func move(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let version = try Self.ifMatch(request)
        let input = try await OperationInput(request, limit: limits.body, base: baseURL)
        try input.require(only: ["to", "record", "from"])
        let record = PatientRecords.Address(type: try visit.type, id: try visit.id)
        if try !input.references("from").isEmpty {
            guard try input.references("record").isEmpty else {
                throw Outcome(
                    .businessRule,
                    at: Expression("Parameters"),
                    "from is for a record about several patients, which moves by itself, without record"
                )
            }
            let moved = try await records.move(
                record,
                from: try input.patient("from"),
                to: try input.patient("to"),
                ifMatch: version,
                for: visit.caller
            )
            return Self.response(moved, .ok)
        }
        let moved = try await records.move(
            record,
            with: try input.references("record"),
            to: try input.patient("to"),
            ifMatch: version,
            for: visit.caller
        )
        return Self.response(moved, .ok)
    }

    /// `POST /fhir/Patient/$merge` with `source-patient`, `target-patient` and, perhaps, `preview`.
    func merge(_ request: Request, _ visit: APIVisit) async throws -> Response {
        guard try visit.type == "Patient" else { throw Outcome(.notSupported, "$merge is an operation of Patient") }
        let input = try await OperationInput(request, limit: limits.body, base: baseURL)
        try input.require(only: ["source-patient", "target-patient", "preview"])
        let report = try await records.merge(
            input.patient("source-patient"),
            into: input.patient("target-patient"),
            isPreview: input.flag("preview"),
            for: visit.caller
        )
        let answer: JSON = [
            "resourceType": "Parameters",
            "parameter": [
                ["name": "input", "resource": input.resource.json],
                ["name": "outcome", "resource": report.outcome.json()],
                ["name": "result", "resource": report.target.json],
                ["name": "moved", "valueInteger": .number("\(report.moved)")],
                ["name": "reach-not-carried-over", "valueInteger": .number("\(report.waysOfReach)")],
            ],
        ]
        return Response(json: answer.serialized())
    }
}

extension PatientRecords.MergeReport {
    /// What there is to say about it, in words.
    fileprivate var outcome: Outcome {
        var issues: [Issue] = []
        func say(_ severity: Issue.Severity, _ rule: String) { issues.append(Issue(severity, .informational, rule)) }
        if isContinued { say(.information, "the merge had been begun before, and goes on") }
        switch (moved, isPreview) {
        case (0, true): say(.information, "the source has no records to move")
        case (0, false): say(.information, "the source had no records to move")
        case (_, true): say(.information, "\(moved) of the source's records would move")
        case (_, false): say(.information, "\(moved) of the source's records were moved")
        }
        if waysOfReach > 0 {
            say(
                .warning,
                "\(waysOfReach) ways in which others reach the source are not carried over; give them anew where they are wanted"
            )
        }
        return Outcome(issues)
    }
}

/// A `Parameters` resource that an operation was called with.
private struct OperationInput {
    let resource: Resource
    private let base: String
    private let parameters: [(name: String, value: JSON, place: FHIR.Expression)]

    init(_ request: Request, limit: Int, base: String) async throws {
        resource = try Resource(try await JSON(body: request, limit: limit))
        guard resource.type == "Parameters" else {
            throw Outcome(.invalid, at: Expression("resourceType"), "an operation is called with a Parameters resource")
        }
        try Validator.check(resource)
        self.base = base + "/"
        let root = Expression("Parameters").child("parameter")
        parameters = (resource.object["parameter"]?.array ?? []).enumerated().map { number, parameter in
            (name: parameter["name"]?.string ?? "", value: parameter, place: root[number])
        }
    }

    /// What is not known is an error: leaving it out would do something else than was asked for.
    func require(only names: Set<String>) throws(Outcome) {
        for parameter in parameters where !names.contains(parameter.name) {
            throw Outcome(
                .notSupported,
                at: parameter.place.child("name"),
                "must be one of: \(names.sorted().joined(separator: ", "))"
            )
        }
    }

    /// The records that a parameter names, as often as it is given.
    func references(_ name: String) throws(Outcome) -> [PatientRecords.Address] {
        var found: [PatientRecords.Address] = []
        for parameter in parameters where parameter.name == name {
            let place = parameter.place.child("valueReference")
            guard let text = parameter.value["valueReference"]?["reference"]?.string else {
                throw Outcome(.required, at: place, "\(name) must be a reference")
            }
            let local = text.hasPrefix(base) ? String(text.dropFirst(base.utf8.count)) : text
            guard case .relative(let type, let id, nil) = Reference.Target(local) else {
                throw Outcome(
                    .value,
                    at: place.child("reference"),
                    "must be a record of this server, written as Type/id"
                )
            }
            found.append(.init(type: type, id: id))
        }
        return found
    }

    /// The id of the one patient whom a parameter names.
    func patient(_ name: String) throws(Outcome) -> String {
        let found = try references(name)
        guard found.count == 1, found[0].type == "Patient" else {
            throw Outcome(.required, at: Expression("Parameters"), "\(name) must be given once, as Patient/id")
        }
        return found[0].id
    }

    /// Whether a parameter says so; one that is not given does not.
    func flag(_ name: String) throws(Outcome) -> Bool {
        let given = parameters.filter { $0.name == name }
        guard given.count <= 1, given.allSatisfy({ $0.value["valueBoolean"]?.bool != nil }) else {
            throw Outcome(.value, at: Expression("Parameters"), "\(name) must be given once, as a boolean")
        }
        return given.first?.value["valueBoolean"]?.bool ?? false
    }
}
