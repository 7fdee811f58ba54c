/// What surrounds every page: whose server it is, who is signed in, in which words it speaks.
struct Frame: Sendable {
    var words: Words
    /// Which day it is where the reader is. Ages are counted to it.
    var today: Day
    /// The organisation that is being worked in.
    var organization: String?
    var signedIn: SignedIn?
    /// Whether there is a page at `/trust` to link to.
    var hasTrustPage: Bool

    /// Who is signed in.
    struct SignedIn: Sendable {
        var name: String
        /// The token of the session that every form carries against forged requests.
        var csrf: String
        /// Whether there is another organisation to change to.
        var hasOtherOrganizations = false
        /// Whether they are a steward or an auditor of the installation.
        var isOfficer = false
        /// Whether they give roles to the people of the organisation.
        var managesPeople = false
        /// Whether they answer what members report.
        var answersReports = false
        /// From when on they have to have answered what they are asked to agree to, if that is to come.
        var agreeBy: Moment?
        /// Whether they see the organisation in numbers.
        var seesOverview = false
        /// Whether they review what others opened in emergencies.
        var reviewsEmergencies = false
    }

    init(
        words: Words,
        today: Day,
        organization: String? = nil,
        signedIn: SignedIn? = nil,
        hasTrustPage: Bool = true
    ) {
        self.words = words
        self.today = today
        self.organization = organization
        self.signedIn = signedIn
        self.hasTrustPage = hasTrustPage
    }

    /// The token that goes into the forms of this page; empty for a visitor, whose forms bring their own.
    var csrf: String { self.signedIn?.csrf ?? "" }
}

/// A page without what surrounds it. It has exactly one `<h1>`.
protocol PageBody: Sendable {
    /// Shown by the browser, in tabs and histories: never with anything of somebody's health, and never a name.
    func title(in frame: Frame) -> String
    func body(in frame: Frame) -> HTML
    /// The entry of the navigation that is this page.
    var place: Address? { get }
}

extension PageBody {
    var place: Address? { nil }
}

extension Frame {
    /// The whole document.
    ///
    /// Where something was wrong, its title says so, and the focus is where it is told: whoever listens hears that first, without a script.
    func document(_ page: some PageBody) -> HTML {
        let body = page.body(in: self).focusedOnTrouble
        let wrong: HTML = "Error: "
        return """
            <!DOCTYPE html>
            <html lang="\(self.words.language)">
            <head>
            <meta charset="utf-8">
            <title>\(wrong, if: body.hasTrouble)\(page.title(in: self)) · Carekeep</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
            <link rel="stylesheet" href="\(Stylesheet.address)">
            <link rel="icon" href="\(Mark.address)" type="image/svg+xml">
            </head>
            <body>
            <a class="skip" href="#content">Skip to the page</a>
            \(self.header(place: page.place))
            <main id="content" tabindex="-1">
            \(page is AgreementsPage ? nil : self.signedIn?.agreeBy.map(self.reminder))
            \(body.html)
            </main>
            \(self.footer)
            </body>
            </html>

            """
    }

    /// That something is to be answered before a time that is to come.
    private func reminder(of time: Moment) -> HTML {
        """
        <div class="notice"><p>There is something new to answer, before \(self.words.moment(time)).
        <a href="\(Address.agreements)">Read it now</a></p></div>
        """
    }

    private func header(place: Address?) -> HTML {
        """
        <header class="top"><div class="inner">
        <a class="home" href="\(self.signedIn == nil ? Address.home : .patients)">\(Mark.inline)<span>Carekeep</span></a>
        \(self.organization.map { "<span class=\"organization\">\($0)</span>" as HTML })
        \(self.signedIn.map { self.navigation(for: $0, place: place) })
        </div></header>
        """
    }

    private func navigation(for person: SignedIn, place: Address?) -> HTML {
        let current: HTML = " aria-current=\"page\""
        let vouching: HTML = """
            <li><a href="\(Address.vouching)"\(current, if: place == .vouching)>Vouching</a></li>
            """
        let people: HTML = "<li><a href=\"\(Address.members)\"\(current, if: place == .members)>People</a></li>"
        let reports: HTML = "<li><a href=\"\(Address.concerns)\"\(current, if: place == .concerns)>Reports</a></li>"
        let emergencies: HTML = """
            <li><a href="\(Address.emergencyReviews)"\(current, if: place == .emergencyReviews)>Emergencies</a></li>
            """
        let numbers: HTML = "<li><a href=\"\(Address.overview)\"\(current, if: place == .overview)>Numbers</a></li>"
        let change: HTML = "<li><a href=\"\(Address.chooseOrganization)\">Change organisation</a></li>"
        return """
            <nav aria-label="Main"><ul>
            <li><a href="\(Address.patients)"\(current, if: place == .patients)>\(self.words.listOfPeople)</a></li>
            \(people, if: person.managesPeople)
            \(reports, if: person.answersReports)
            \(emergencies, if: person.reviewsEmergencies)
            \(numbers, if: person.seesOverview)
            \(vouching, if: person.isOfficer)
            \(change, if: person.hasOtherOrganizations)
            </ul></nav>
            <form class="sign-out" method="post" action="\(Address.signOut)">\(self.csrfField)
            <span class="who"><span class="prefix">Signed in as </span><a href="\(Address.account)"\(current, if: place == .account)><bdi>\(person.name)</bdi></a></span>
            <button type="submit" class="quiet">Sign out</button></form>
            """
    }

    private var footer: HTML {
        let trust: HTML = "<p><a href=\"\(Address.trust)\">\(self.words.safety)</a></p>"
        return """
            <footer class="bottom"><div class="inner">
            \(trust, if: self.hasTrustPage)
            <p>Carekeep keeps health records. It shows what was entered; it does not judge or advise.</p>
            </div></footer>
            """
    }

    /// The hidden field that every form of a signed-in person carries.
    var csrfField: HTML { "<input type=\"hidden\" name=\"csrf\" value=\"\(self.csrf)\">" }
}

/// The mark: two hands around a dot.
enum Mark {
    static let address: Address = "/assets/mark.svg"

    /// The file at `/assets/mark.svg`.
    static let file: HTML = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">\
        <rect width="32" height="32" rx="8" fill="#0b5563"/>\
        <path d="M7 13v3a9 9 0 0 0 18 0v-3" fill="none" stroke="#ffffff" stroke-width="3" stroke-linecap="round"/>\
        <circle cx="16" cy="12" r="4" fill="#ffd9a0"/></svg>
        """

    /// The same on a page, where the words beside it say what it is.
    static let inline: HTML = """
        <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">\
        <rect class="mark-ground" width="32" height="32" rx="8"/>\
        <path class="mark-hands" d="M7 13v3a9 9 0 0 0 18 0v-3"/>\
        <circle class="mark-dot" cx="16" cy="12" r="4"/></svg>
        """
}
