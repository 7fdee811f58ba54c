/// What is wrong, or worth knowing, about what was sent: an `OperationOutcome`.
///
/// Its texts name elements and rules. They never hold a value from a record, so they may go into logs.
public struct Outcome: Error, Sendable, Equatable {
    public var issues: [Issue]

    public init(_ issues: [Issue]) { self.issues = issues }

    /// An outcome that is one error.
    public init(_ code: IssueType, at expression: Expression? = nil, _ rule: String) {
        self.init([Issue(.error, code, at: expression, rule)])
    }

    /// Whether anything here keeps the request from being carried out.
    public var isFailure: Bool { issues.contains { $0.severity == .error || $0.severity == .fatal } }

    /// This outcome and another one as one.
    public func combined(with other: Outcome) -> Outcome { Outcome(issues + other.issues) }

    /// The resource to answer with. An outcome without issues says that all is well, as the element is required.
    public func json() -> JSON {
        let shown = issues.isEmpty ? [Issue(.information, .informational, "all is well")] : issues
        return ["resourceType": "OperationOutcome", "issue": .array(shown.map { $0.json() })]
    }
}

/// One thing that is wrong, or worth knowing.
public struct Issue: Sendable, Equatable {
    public enum Severity: String, Sendable, CaseIterable {
        case fatal, error, warning, information
    }

    public let severity: Severity
    public let code: IssueType
    /// The element; `nil` if it is about the request as a whole.
    public let expression: Expression?
    /// The rule in words, without any value.
    public let rule: String

    public init(_ severity: Severity, _ code: IssueType, at expression: Expression? = nil, _ rule: String) {
        self.severity = severity
        self.code = code
        self.expression = expression?.text.isEmpty == true ? nil : expression
        self.rule = rule
    }

    fileprivate func json() -> JSON {
        var json: JSON = ["severity": .string(severity.rawValue), "code": .string(code.rawValue)]
        json["diagnostics"] = .string(expression.map { "\($0): \(rule)" } ?? rule)
        if let expression { json["expression"] = [.string(expression.text)] }
        return json
    }
}

/// R4's codes for kinds of issues (`http://hl7.org/fhir/issue-type`).
public enum IssueType: String, Sendable, CaseIterable {
    case invalid, structure, required, value, invariant
    case security, login, unknown, expired, forbidden, suppressed
    case processing
    case notSupported = "not-supported"
    case duplicate
    case multipleMatches = "multiple-matches"
    case notFound = "not-found"
    case deleted
    case tooLong = "too-long"
    case codeInvalid = "code-invalid"
    case `extension`
    case tooCostly = "too-costly"
    case businessRule = "business-rule"
    case conflict
    case transient
    case lockError = "lock-error"
    case noStore = "no-store"
    case exception, timeout, incomplete, throttled
    case informational
}

extension Outcome: CustomStringConvertible {
    public var description: String {
        issues.map { issue in
            "\(issue.severity.rawValue) \(issue.code.rawValue): "
                + (issue.expression.map { "\($0): \(issue.rule)" } ?? issue.rule)
        }.joined(separator: "; ")
    }
}

extension Outcome {
    /// A text that is not JSON, as FHIR says it.
    public init(_ error: JSONError) {
        let code: IssueType =
            switch error.kind {
            case .tooLarge, .numberTooLong: .tooLong
            case .tooDeep, .tooManyValues: .tooCostly
            default: .structure
            }
        self.init(code, at: Expression(place: error.expression), "\(error.rule) (byte \(error.offset))")
    }
}
