import Care

/// What somebody is asked to be to a patient, in words.
struct CarerWords: Sendable {
    /// Whose record it is.
    var patient: String
    /// Who asks.
    var inviter: String
    /// From which day on whoever is asked decides who sees the record, where it is their own.
    var decidesFrom: Day?
    var way: Reach
    /// What they see, where it is not the whole record.
    var sees: String?
    /// By what right they would care; `nil` for a guest.
    var basis: CarerBasis?
    /// What a guest would read for.
    var purpose: Purpose?
    /// The last day.
    var until: Day?

    /// The ways in which somebody is asked to be a carer.
    static let ways: [Reach] = [.carer, .carerReading, .guardian]

    /// On what basis somebody is one.
    static let bases = CarerBasis.allCases.filter { $0 != .ownRecord }

    /// What somebody does who reaches a patient in this way.
    static func does(_ way: Reach) -> String {
        switch way {
        case .guardian: "keeps the record: reads and enters, shares it with doctors, and asks others to help"
        case .self: "it is their own record"
        case .carer: "reads and enters"
        default: "reads"
        }
    }

    /// What can be chosen, from the side of whoever asks.
    static func offer(_ way: Reach) -> String {
        switch way {
        case .guardian: "Everything that I may: read, enter, share with doctors, ask others to help"
        case .carer: "Read and enter"
        default: "Read"
        }
    }

    static func label(_ basis: CarerBasis) -> String {
        switch basis {
        case .parentalResponsibility: "Parental responsibility"
        case .courtOrder: "A court order"
        case .fosterCare: "Foster care"
        case .agreement: "Agreed between us"
        case .helpingOut: "Helping out for a while"
        case .ownRecord: "It is their own record"
        }
    }

    /// For whoever was asked, before they accept.
    func html(in words: Words) -> HTML {
        if self.way == .self { return self.own(in: words) }
        if self.way == .share { return self.guest(in: words) }
        return """
            <section class="card" aria-labelledby="asked"><h2 id="asked"><bdi>\(self.inviter)</bdi> asks you to look after
            <bdi>\(words.possessive(self.patient))</bdi> record</h2>
            <dl class="facts"><dt>What you may do</dt><dd>\(Self.offered(self.way))</dd>
            <dt>What you see</dt><dd>\(self.extent)</dd>
            \(self.basis.map { "<dt>On what basis</dt><dd>\(Self.label($0))</dd>" as HTML })
            <dt>Until</dt><dd>\(self.until.map { "The end of \(words.longDate($0))" } ?? "Nobody set an end")</dd></dl>
            <p class="hint">Each time you look is noted, and those who keep the record see it. They can let you out at any time.</p>
            </section>
            """
    }

    /// For a clinician of elsewhere.
    private func guest(in words: Words) -> HTML {
        """
        <section class="card" aria-labelledby="asked"><h2 id="asked"><bdi>\(self.inviter)</bdi> asks you to read
        <bdi>\(words.possessive(self.patient))</bdi> record</h2>
        <dl class="facts"><dt>What for</dt><dd>\(SharingPage.label(self.purpose ?? .care))</dd>
        <dt>What you see</dt><dd>\(self.extent)</dd>
        <dt>Until</dt><dd>\(self.until.map { "The end of \(words.longDate($0))" } ?? "Nobody set an end")</dd></dl>
        <p class="hint">By this you come as a guest: you read this record, and change nothing in it. You see no other one by it, and
        not who else belongs here. Each time you look is noted, and those who keep the record see it. They can stop sharing at any time.</p>
        </section>
        """
    }

    private var extent: String { self.sees.map { "Some kinds of entry: \($0)" } ?? "The whole record" }

    /// For whoever it is about.
    private func own(in words: Words) -> HTML {
        """
        <p class="lead"><bdi>\(self.inviter)</bdi> asks you to have an account of your own for your record. You are
        <bdi>\(self.patient)</bdi> below.</p>
        \(OwnAccountWords(name: self.patient, decidesFrom: self.decidesFrom).html(in: words))
        """
    }

    /// What is offered, from the side of whoever was asked.
    private static func offered(_ way: Reach) -> String {
        switch way {
        case .guardian: "Everything that they may: read, enter, share with doctors, and ask others to help"
        case .carer: "Read and enter"
        default: "Read"
        }
    }

    /// The way to say no.
    static func no(csrf: String, token: String) -> HTML {
        """
        <form method="post" action="\(Address.declineInvitation)">
        <input type="hidden" name="csrf" value="\(csrf)"><input type="hidden" name="token" value="\(token)">
        <p class="hint">You need not accept. If you say no, the link ends, and nothing begins.</p>
        <button type="submit" class="quiet">No, thank you</button></form>
        """
    }
}

/// What is said when somebody said no to an invitation.
struct DeclinedPage: PageBody {
    func title(in frame: Frame) -> String { "Invitation declined" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow"><h1>You said no</h1>
        <p>The link has ended, and nothing has begun. Whoever asked you sees that you said no.</p></div>
        """
    }
}
