import Foundation

/// The probe that asks too much, as one synthetic member: nobody else is refused for it, as one person has a tenth of an address' share.
extension Probe {
    // NET-3
    static let asking = Probe(
        .asking,
        .live,
        tries: "asks for a whole record again and again until it is refused, and sees who else is",
        patience: .seconds(180)
    ) { ground in
        let (door, lent) = (try ground.door(), try ground.canaries())
        let everything = { (canary: Canary) in
            DoorQuestion("/fhir/Patient/\(canary.patient)/$everything", headers: DoorQuestion.bearer(canary.token))
        }
        var (taken, refusal) = (0, DoorAnswer?.none)
        while refusal == nil, taken < Self.mostAsked {
            let answer = try await door.ask(everything(lent.south))
            switch answer.status {
            case 200: taken += 1
            case 429 where taken > 0: refusal = answer
            default: throw ProbeTrouble.controlFailed("a whole record is answered with \(answer.status)")
            }
        }
        guard let refusal else {
            return .judged("", wrong: ["\(taken) whole records, one after the other, were all answered"])
        }
        var wrong: [String] = []
        if !(1...60).contains(refusal["retry-after"].flatMap { Int($0) } ?? 0) {
            wrong.append("whoever is refused is not told how long to wait")
        }
        if refusal.text.contains(lent.south.patient) { wrong.append("the refusal shows something of the record") }
        let other = DoorQuestion("/fhir/Patient/\(lent.south.patient)", headers: DoorQuestion.bearer(lent.south.token))
        if try await door.ask(other).status != 200 { wrong.append("whoever asks too much of one kind is refused all") }
        if try await door.ask(everything(lent.north)).status != 200 {
            wrong.append("somebody else at the same address is refused, too")
        }
        return .judged(
            "One person was refused after \(taken) whole records, and told how long to wait; others went on.",
            wrong: wrong
        )
    }

    /// Whole records asked for at most. Sixty a minute are answered where nobody changed it; who allows this many limits nothing.
    private static let mostAsked = 600
}
