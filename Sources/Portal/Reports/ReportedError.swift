/// What an error becomes on its way to a collector, for whoever checks that nothing of anybody's is in it. (LOG-2)
public enum ReportedError {
    /// The bytes that would be posted for an error: an envelope of Sentry's protocol. Nothing is sent.
    public static func envelope(of error: any Error, release: StaticString) -> [UInt8] {
        ErrorReport(
            event: "request failed",
            fault: Fault(error),
            request: nil,
            facts: [:],
            place: SourcePlace(#fileID, #line)
        ).envelope(environment: .production, release: release)
    }
}
