/// A page that says what happened when there is nothing to show.
enum NoticePage: PageBody {
    /// Not there, or not for this person: one answer for both, so that it tells nobody what exists.
    case notFound
    /// What was sent is larger than is taken.
    case tooLarge
    /// The fault is ours. The id finds it in the server's log, which holds nothing of anybody's health.
    case wentWrong(id: String)
    /// A form that lay open too long, or was not sent from our page.
    case formExpired
    /// A one-time link that was used, or is too old.
    case linkExpired
    /// Too many requests.
    case tooMany
    /// A role that permits what whoever asks does not hold.
    case roleIsNotYours
    /// An organisation keeps an owner.
    case lastOwner
    /// More patients than somebody may be shown in a day.
    case tooManyPatients
    /// Nobody can be handed the patients, or the day is not within a year.
    case endIsNotPossible
    /// What was asked for breaks a rule, which is told in a sentence.
    case notDone(why: String)
    /// The server stops letting anybody in, because it cannot be sure that records are kept apart.
    case closed

    func title(in frame: Frame) -> String { self.heading }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>\(self.heading)</h1>
        \(self.explanation)
        \(self.way(in: frame))
        </div>
        """
    }

    private var heading: String {
        switch self {
        case .notFound: "Nothing here for you to see"
        case .tooLarge: "That is too large"
        case .wentWrong: "Something went wrong on our side"
        case .formExpired: "That page was open too long"
        case .linkExpired: "This link no longer works"
        case .tooMany: "A little too fast"
        case .roleIsNotYours: "That role is not yours to give"
        case .lastOwner: "The last owner stays"
        case .tooManyPatients: "That is more people than a day allows"
        case .endIsNotPossible: "That cannot be done so"
        case .notDone: "That was not done"
        case .closed: "Closed for safety"
        }
    }

    private var explanation: HTML {
        switch self {
        case .notFound:
            """
            <p>Either this page does not exist, or it is not shared with you. We give the same answer for both, so that
            nobody can find out from here who has a record.</p>
            <p>If somebody meant to share it, ask them to check that it is still shared with you. That you tried to
            open it has been noted.</p>
            """
        case .tooLarge:
            "<p>That is more than this page takes at once. Nothing of what you sent was kept. Please send less.</p>"
        case .wentWrong(let id):
            """
            <p>It was not you. What was saved before is safe; what you sent just now may not be saved, so please look
            before you enter it again.</p>
            <p>If it happens again, pass on this number: <strong class="id">\(id)</strong>. It says nothing about
            anyone’s health.</p>
            """
        case .formExpired:
            """
            <p>For safety, forms work only for a while and only from our own pages. Nothing was changed. Please go
            back, load the page again and repeat what you did.</p>
            """
        case .linkExpired:
            """
            <p>One-time links work once, and only for a while. If you have set your password already, sign in with
            it. If not, ask the person who sent you the link for a new one.</p>
            """
        case .tooMany: "<p>Many requests came from here within a short time. Please wait a minute.</p>"
        case .roleIsNotYours:
            """
            <p>Nobody gives, takes or changes a role that permits what they may not do themselves. Only owners do that for
            owners, auditors and privacy officers. Nothing was changed. Please ask an owner.</p>
            """
        case .lastOwner:
            """
            <p>Somebody has to own this organisation. Make somebody else an owner first, and wait until they have
            joined. Nothing was changed.</p>
            """
        case .tooManyPatients:
            """
            <p>Lists and exports show each member only so many people in a day, so that nobody carries the whole list away.
            Searching for fewer may work now, and tomorrow all of it works again. Whoever runs your organisation can see that
            this happened.</p>
            """
        case .endIsNotPossible:
            """
            <p>Patients can go to a member who may write records, and who stays. A last day lies within the year to come. Nothing
            was changed.</p>
            """
        case .notDone(let why): "<p>\(why) Nothing was changed.</p>"
        case .closed:
            """
            <p>A check that keeps people’s records apart did not give the answer it must, so nobody can open any
            record until it does. Nothing is lost. Those who run this server can see why.</p>
            """
        }
    }

    private func way(in frame: Frame) -> HTML? {
        switch self {
        case .closed, .tooMany: nil
        default:
            frame.signedIn == nil
                ? "<p><a class=\"button\" href=\"\(Address.signIn)\">Sign in</a></p>"
                : "<p><a class=\"button\" href=\"\(Address.patients)\">\(frame.words.listOfPeople)</a></p>"
        }
    }
}
