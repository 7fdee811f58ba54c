import Foundation
import People

/// Acts in words, for whoever did them.
enum ActivityWords {
    /// "Read an entry in somebody’s record". What has no words here is told by its name.
    static func told(_ act: String, isAboutSomebody: Bool) -> String {
        if isAboutSomebody, let words = aboutSomebody[act] { return words }
        return words[act] ?? aboutSomebody[act]
            ?? "Did something else: \(act.replacing(".", with: " ").replacing("-", with: " "))"
    }

    private static let aboutSomebody = [
        "record.read": "Read an entry in somebody’s record",
        "record.history": "Read what an entry said before",
        "record.search": "Searched in somebody’s record",
        "record.browse": "Read on in somebody’s record",
        "record.create": "Wrote an entry",
        "record.keep-private": "Wrote a private entry",
        "record.create.several": "Wrote an entry about several people",
        "record.update": "Changed an entry",
        "record.delete": "Removed an entry",
        "record.move": "Moved an entry to another person’s record",
        "patient.merge": "Put two records of one person together",
        "patient.history": "Read what somebody’s record said before",
        "patient.everything": "Took out all of somebody’s record",
        "patient.create": "Began a record",
        "bundle.write": "Brought in entries",
        "patient.list": "Saw somebody in a list",
        "patient.search": "Found somebody in a search",
        "patient.browse": "Saw somebody in a list",
        "trail.read": "Looked at who opened somebody’s record",
        "reach.read": "Looked at who can read somebody’s record",
        "reach.share": "Shared somebody’s record",
        "reach.withdraw": "Stopped sharing somebody’s record",
        "reach.team": "Looked at who cares for somebody",
        "carer.keep": "Let somebody who looked after your record go on",
        "reach.give": "Let a colleague in to somebody’s record",
        "countersign.offer": "Looked at who can sign an entry as the second person",
        "countersign.sign": "Handed an entry to a second person to sign",
        "record.countersign": "Signed an entry as the second person, on somebody else’s device",
        "reach.end": "Ended who reaches somebody’s record",
    ]

    private static let words = [
        "session.begin": "Signed in",
        "session.end": "Signed out, or a device was signed out",
        "session.step-up": "Showed the password again",
        "second-factor.show": "Showed a code",
        "second-factor.set": "Set up the code app",
        "second-factor.codes": "Made new recovery codes",
        "second-factor.remove": "Took the code app away",
        "second-factor.reset": "The code app was taken away by whoever runs this server",
        "password.set": "Set the password by a link",
        "password.change": "Changed the password",
        "pin.set": "Chose a PIN",
        "pin.remove": "Took the PIN away",
        "link.renew": "A link to set the password was made by whoever runs this server",
        "address.ask": "Asked to sign in by another address",
        "address.change": "Signs in by another address",
        "identity.link": "Linked another way to sign in",
        "member.join": "Joined this organisation",
        "member.leave": "Left this organisation",
        "patient.list": "Opened the list of people",
        "patient.search": "Searched for somebody",
        "patient.browse": "Went on in the list of people",
        "directory.read": "Read in the directory",
        "directory.search": "Searched in the directory",
        "member.list": "Looked at who belongs here",
        "member.add": "Added a member",
        "member.change-roles": "Changed somebody’s roles",
        "member.end": "Ended a membership",
        "member.end-sessions": "Signed a member out everywhere",
        "practitioner.list": "Looked at who is who in appointments",
        "provider.list": "Looked at where people sign in",
        "provider.change": "Changed where people sign in",
        "practitioner.link": "Said who is who in appointments",
        "notice.list": "Looked at notices",
        "settings.list": "Looked at settings",
        "settings.change": "Changed a setting",
        "role.make": "Made a role", "role.change": "Changed a role", "role.end": "Ended a role",
        "agreement.list": "Read what is asked to be agreed to",
        "agreement.answer": "Answered what is asked to be agreed to",
        "agreement.count": "Looked at how many agreed",
        "agreement.publish": "Published something to agree to",
        "activity.read": "Looked at the page of activity",
        "concern.report": "Reported something",
        "concern.list": "Looked at reports by members",
        "concern.answer": "Answered a report",
        "overview.read": "Looked at the overview in numbers",
        "overview.take": "Took an overview in numbers",
        "organization.found": "This organisation was founded",
    ]
}

extension ActivityPage.Line {
    /// An entry as its author sees it.
    init(_ entry: OwnEntry, zone: TimeZone) {
        self.init(
            place: entry.place.text,
            when: Moment(entry.at, in: zone),
            what: entry.act == "session.begin" && entry.refusal != nil
                ? "Somebody tried to sign in as you"
                : ActivityWords.told(entry.act, isAboutSomebody: entry.isAboutSomebody),
            wasRefused: entry.refusal != nil,
            device: entry.device,
            isThisSession: entry.isThisSession
        )
    }

    /// Lines of one kind, day and device in a row are one.
    static func together(_ lines: [Self]) -> [Self] {
        lines.reduce(into: []) { all, line in
            guard let last = all.last, last.what == line.what, last.wasRefused == line.wasRefused,
                last.device == line.device,
                last.isThisSession == line.isThisSession, last.when.day == line.when.day
            else { return all.append(line) }
            all[all.count - 1].count += 1
        }
    }
}

extension ActivityPage.Report {
    /// A report as its author, and whoever answers it, sees it.
    init(_ concern: Concern, zone: TimeZone) {
        self.init(
            when: Moment(concern.at, in: zone),
            words: concern.words,
            about: concern.entry.map { entry in
                (ActivityWords.told(entry.act, isAboutSomebody: true), Moment(entry.at, in: zone))
            },
            isClosed: concern.isClosed,
            replies: concern.replies.map { (Moment($0.at, in: zone), $0.words) }
        )
    }
}
