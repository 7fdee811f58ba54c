/// One sentence of a security page, and how it is shown to be true.
public struct Promise: Sendable, Equatable {
    /// Who makes it happen.
    public enum Kind: String, Sendable, CaseIterable {
        /// The software, which a probe shows.
        case enforced
        /// The host, which a check of it shows.
        case deployment
        /// People, who vouch for it.
        case attested
    }

    /// For whom an organisation works: its page made the promise, its defaults keep it.
    public enum Profile: String, Sendable, CaseIterable {
        case family, clinic, operations
    }

    /// `ENC-1`.
    public let id: String
    /// The promise in plain words, as the page has it.
    public let words: String
    /// How it is kept, or will be.
    public let mechanism: String
    /// Whose page made it.
    public let sources: Set<Profile>
    /// For whom it holds; everybody where it is of the whole installation.
    public let profiles: Set<Profile>
    public let kinds: Set<Kind>
    /// What shows it. Empty where nothing does yet.
    public let probes: [ProbeName]
    /// What of it is not built, or not shown, yet. `nil` where nothing is missing.
    public let missing: String?
    /// The clauses of frameworks that it speaks to.
    public let clauses: [Clause]
}

/// A clause of a framework: `HIPAA 164.312(b)`, `ASVS V12.1.1`, `CSF PR.DS-01`, `MDR reg 19`.
///
/// Only those listed in ``known`` exist: a clause that nobody looked up does not get onto the page.
public struct Clause: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    /// A clause that is listed; `nil` for any other.
    public init?(_ text: String) {
        guard Self.known.contains(text) else { return nil }
        description = text
    }

    /// HIPAA's Security Rule (45 CFR), OWASP ASVS 5.0.0, NIST CSF 2.0, the Misuse of Drugs Regulations 2001.
    public static let known: Set<String> = [
        "HIPAA 164.308(a)(1)", "HIPAA 164.308(a)(3)", "HIPAA 164.308(a)(4)", "HIPAA 164.308(a)(5)",
        "HIPAA 164.308(a)(6)", "HIPAA 164.308(a)(7)", "HIPAA 164.308(a)(8)", "HIPAA 164.308(b)(1)",
        "HIPAA 164.310(a)", "HIPAA 164.310(d)", "HIPAA 164.312(a)", "HIPAA 164.312(b)", "HIPAA 164.312(c)",
        "HIPAA 164.312(d)", "HIPAA 164.312(e)(1)", "HIPAA 164.316(b)",
        "ASVS V2.2.1", "ASVS V2.2.2", "ASVS V2.2.3", "ASVS V2.3.1", "ASVS V2.3.3", "ASVS V2.3.5", "ASVS V2.4.1",
        "ASVS V3.3.2", "ASVS V3.4.1", "ASVS V3.4.3", "ASVS V3.4.4", "ASVS V3.4.5", "ASVS V3.4.6", "ASVS V3.4.8",
        "ASVS V3.5.1", "ASVS V4.1.2", "ASVS V5.2.1", "ASVS V6.2.1", "ASVS V6.2.4", "ASVS V6.3.1", "ASVS V6.3.3",
        "ASVS V6.3.5", "ASVS V6.3.8", "ASVS V6.8.1", "ASVS V7.2.1", "ASVS V7.2.2", "ASVS V7.4.1", "ASVS V8.2.1",
        "ASVS V8.2.2", "ASVS V8.2.3", "ASVS V8.3.1", "ASVS V8.3.2", "ASVS V8.4.1", "ASVS V11.1.1", "ASVS V11.3.2",
        "ASVS V11.4.2", "ASVS V12.1.1", "ASVS V12.2.1", "ASVS V12.3.1", "ASVS V12.3.2", "ASVS V13.2.1",
        "ASVS V13.2.2", "ASVS V13.2.3", "ASVS V13.3.1", "ASVS V13.3.4", "ASVS V14.2.1", "ASVS V14.2.3",
        "ASVS V14.2.4", "ASVS V14.2.6", "ASVS V14.2.7", "ASVS V14.2.8", "ASVS V14.3.1", "ASVS V15.1.2",
        "ASVS V15.2.1", "ASVS V15.2.3", "ASVS V15.3.3", "ASVS V16.2.1", "ASVS V16.2.4", "ASVS V16.2.5",
        "ASVS V16.3.2", "ASVS V16.3.3", "ASVS V16.4.2", "ASVS V16.5.3",
        "CSF DE.AE-02", "CSF DE.CM-01", "CSF DE.CM-09", "CSF GV.OC-03", "CSF GV.PO-01", "CSF GV.PO-02",
        "CSF GV.SC-05", "CSF GV.SC-07", "CSF ID.AM-07", "CSF ID.AM-08", "CSF ID.IM-02", "CSF ID.RA-01",
        "CSF ID.RA-05", "CSF ID.RA-08", "CSF PR.AA-01", "CSF PR.AA-03", "CSF PR.AA-04", "CSF PR.AA-05",
        "CSF PR.AA-06", "CSF PR.AT-01", "CSF PR.DS-01", "CSF PR.DS-02", "CSF PR.DS-10", "CSF PR.DS-11",
        "CSF PR.IR-01", "CSF PR.IR-03", "CSF PR.IR-04", "CSF PR.PS-01", "CSF PR.PS-04", "CSF PR.PS-06",
        "CSF RC.RP-02", "CSF RC.RP-03", "CSF RS.CO-02", "CSF RS.CO-03", "CSF RS.MA-01",
        "MDR reg 19", "MDR reg 20", "MDR reg 23", "MDR reg 27",
    ]
}
