import Assurance
import Postgres

/// Damages to the text of the functions that decide: each condition that keeps somebody out is taken away or turned round.
///
/// The text is found in the function as it is; one that is not there any more fails the run, so that the list keeps up.
enum FunctionMutants {
    /// Function, what is found in it, what stands there instead.
    typealias Damage = (function: String, find: String, replace: String)

    static func all(of connection: AdminConnection) throws -> [Mutant] {
        try connection.query("set search_path = pg_catalog")
        return try damages.map { damage in
            let text = try connection.query(
                """
                select pg_get_functiondef(p.oid) from pg_proc p
                 where p.pronamespace = 'care'::regnamespace and p.proname = \(damage.function)
                """
            )[0].decode(String.self, at: 0)
            guard text.contains(damage.find) else { throw Missing(function: damage.function, text: damage.find) }
            return Mutant(
                name: "\(damage.function): «\(damage.find)» → «\(damage.replace)»",
                damage: [text.replacing(damage.find, with: damage.replace)],
                functions: [damage.function],
                tables: ["record", "record_subject", "patient", "membership", "reach", "change"],
                search: [[.gate], [.detours], [.tables], [.structure, .grants]],
                canBeSeen: unseen.isDisjoint(with: [damage.function, "\(damage.function): \(damage.find)"]),
                equivalentBecause: equivalent["\(damage.function): \(damage.find) → \(damage.replace)"]
            )
        }
    }

    /// The list speaks of a text that the function has no more.
    struct Missing: Error {
        let function: String
        let text: String
    }

    /// Whoever looks cannot be seen by itself. The migrator's `drift` compares these with the release.
    private static let unseen: Set<String> = [
        "inspect", "fingerprint", "open_pass: g.seen is distinct from g.expected",
    ]

    /// Conditions that others repeat: without them the function does the same.
    private static let equivalent: [String: String] = [
        "end_membership: or 'member.end' = any (shown.powers) and leaver.account_id → or leaver.account_id":
            "whoever ends somebody else's membership was asked for that power at the beginning",
        "keep_carer: g.hands_over_at - review <= at, false) → g.hands_over_at - review <= at, true)":
            "nobody's reach ends with a handover of which nobody knows when it is",
        "keep_appointment: r.patient_id = any (subjects) and r.account_id → r.account_id":
            "whoever moves an appointment to another patient ends what it let in to the former one",
        "may_let_in_until: and (r.until is null or r.until > at) → ":
            "what is over ends before anything that could be given begins",
        "may_pause: (paused).account_id <> (acting).account_id\n       and → ":
            "a constraint of the table says it, too",
        "add_member: not coalesce('member.add' = any (shown.powers), false) → not 'member.add' = any (shown.powers)":
            "without a pass nobody is acting, and acting_member() says so",
    ]

    /// Functions that decide nothing, and so have no damage here.
    static let withoutConditions: [String: String] = [
        "hold_owners": "takes a lock: two at once are tried in the suites of the program",
        "hold_pauses": "takes a lock: two at once are tried in the suites of the program",
        "hold_vulnerabilities": "takes a lock: two at once are tried in the suites of the program",
        "mail_links": "writes down what the operator's configuration says",
        "canaries": "lists for the operator's command what there is",
        "security_lines": "is the guard's own eye: the damages themselves show what it sees, drift what it should",
        "adopt_fingerprint": "is the release's, and no role of the program may call it",
    ]

    /// Every function that some damage names.
    static var damaged: Set<String> { Set(damages.map(\.function)) }

    private static let damages: [Damage] =
        acting + vouching + gate + gateReach + writing + disclosing + signingIn + secondFactors + ownSessions + guessing
        + signedIn
        + members
        + links + joining
        + changing + aboutSeveral + renewing + moving + movingShared + merging
        + months
        + looking + asking + taking + holding + failing + sweeping
        + proving + attesting + reportingWeaknesses + roles + changingRoles + leaving + settingThings
        + federating + obeying + unlinking + writingLetters + changingAccounts + spending + team + waysIn
        + appointments + agreeing + activity + overviews + telling + programTokens + emergencies + family
        + countersigning
        + growingUp
}
