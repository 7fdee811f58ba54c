import Foundation
import People

/// The text of a letter: a literal, with links of ours, single lines and times in it, and nothing else.
struct MailText: Sendable, ExpressibleByStringInterpolation {
    let text: String

    init(stringLiteral literal: StaticString) { text = literal.description }
    init(stringInterpolation pieces: Pieces) { text = pieces.text }

    /// What a literal is taken apart into.
    struct Pieces: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: StaticString) { text += literal.description }
        mutating func appendInterpolation(_ line: OneLine) { text += line.text }
        mutating func appendInterpolation(_ link: MailLink) { text += link.text }
        mutating func appendInterpolation(_ moment: Date) {
            text += MailMessage.words(of: moment)
        }
    }
}

/// A link into this Carekeep.
struct MailLink: Sendable {
    let text: String

    /// To the page behind a one-time link; `nil` if its text is none.
    init?(oneTime link: String, to page: Address = .setPassword, base: String) {
        guard AccountLink(link) != nil, link.utf8.allSatisfy(Self.isPlain) else { return nil }
        text = "\(base)\(page.text)?link=\(link)"
    }

    /// To this Carekeep itself.
    init(base: String) { text = base }

    /// To a page of this Carekeep.
    init(to page: Address, base: String) { text = base + page.text }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// What letters say. They name whoever asks somebody in, and no patient, no record and nothing of anybody's health.
struct LetterWords: Sendable {
    let subject: MailText
    let body: MailText

    /// The words of a letter; `nil` if its link is none.
    init?(_ due: DueLetter, base: String) {
        let place = MailLink(base: base)
        let asking = due.organization ?? OneLine("Somebody who keeps records there")!
        switch due.letter {
        case .setPassword(let text):
            guard let link = MailLink(oneTime: text, base: base) else { return nil }
            subject = "Your way into Carekeep"
            body = """
                Hello,

                \(asking) has made a way in for you to Carekeep, a home for health records.

                Please choose your password here. The link works once, and only for some days:

                \(link)

                You sign in with this e-mail address. The link is for you alone: please do not pass this letter on.

                If you did not expect it, you need not do anything: without the link nothing happens.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .invitation(let text):
            guard let link = MailLink(oneTime: text, base: base) else { return nil }
            subject = "You are asked to join in Carekeep"
            body = """
                Hello,

                \(asking) asks you to join them in Carekeep, where you have an account already.

                If you want to, follow this link and sign in. It works once, and only for some days:

                \(link)

                What you have elsewhere stays there: nobody sees it because you join.

                If you did not expect this, you need not do anything: you join by the link alone.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .resetPassword(let text):
            guard let link = MailLink(oneTime: text, base: base) else { return nil }
            subject = "A new password for your Carekeep account"
            body = """
                Hello,

                somebody, perhaps you, asked for a new password for the account that signs in by this address.

                Please choose one here. The link works once, within 30 minutes:

                \(link)

                If it was not you, you need not do anything: your password stays as it is.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .verifyAddress(let text):
            guard let link = MailLink(oneTime: text, to: .confirmAddress, base: base) else { return nil }
            subject = "Confirm your address for Carekeep"
            body = """
                Hello,

                somebody wants to sign in to Carekeep by this address from now on.

                If it was you, please confirm it here. The link works once, within a day:

                \(link)

                If it was not you, you need not do anything: without the link nothing changes.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .addressChanged:
            subject = "You sign in to Carekeep by another address now"
            body = """
                Hello,

                your account signs in by another address from now on, and no longer by this one. It was changed on \(due.queuedAt).

                If this was you, all is well.

                If it was not, please tell those who run your Carekeep at once.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .passwordChanged:
            subject = "Your Carekeep password was changed"
            body = """
                Hello,

                the password of your account was changed on \(due.queuedAt).

                If this was you, all is well.

                If it was not, please choose a new one at once, at \(MailLink(to: .forgot, base: base)), and tell those who run your \
                Carekeep.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .secondFactorChanged:
            subject = "How you sign in to Carekeep was changed"
            body = """
                Hello,

                on \(due.queuedAt) the code app of your account was set up, or taken away.

                If this was you, all is well.

                If it was not, please choose a new password at once, at \(MailLink(to: .forgot, base: base)), and tell those who run your \
                Carekeep: they can take a code app away that is not yours.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .wayLinked:
            subject = "Another way to sign in to your Carekeep account"
            body = """
                Hello,

                on \(due.queuedAt) another way to sign in was linked to your account: at somebody else’s, such as your organisation’s own \
                sign-in.

                If this was you, all is well.

                If it was not, somebody was signed in as you. Please choose a new password at once, at \
                \(MailLink(to: .forgot, base: base)), and tell those who run your Carekeep.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .openedInEmergency:
            subject = "A record was opened in an emergency"
            body = """
                Hello,

                somebody who works for \(due.organization ?? OneLine("your Carekeep")!) opened a record that is yours, or that you keep, in an emergency. \
                Nobody had let them in before. It was on \(due.queuedAt), and it ends by itself within an hour.

                Who it was stands in the record: please sign in at \(place), open it and choose “Who looked”.

                Somebody else there checks whether it was right. If you have a question or it looks wrong to you, please ask them.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .pinLocked:
            subject = "Wrong PINs were tried in your name"
            body = """
                Hello,

                on \(due.queuedAt) somebody tried to sign as you, with a wrong PIN, on somebody else’s device. It was tried so often that your \
                PIN has to wait there for a while. How you sign in is not touched.

                If this was you, all is well: please wait, and try again.

                If it was not, please choose another PIN at \(MailLink(to: .ownPIN, base: base)), see there under “What was done as you” when \
                it was, and tell those who run your Carekeep.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .concernReported:
            subject = "Somebody reported that something looks wrong"
            body = """
                Hello,

                somebody who uses \(due.organization ?? OneLine("your Carekeep")!) reported on \(due.queuedAt) that something looks wrong with \
                their account. What it is does not stand in a letter.

                Please read it and answer them:

                \(MailLink(to: .concerns, base: base))

                You get this letter because you may answer such reports. Please do not answer it: nobody reads the answer.
                """
        case .concernAnswered:
            subject = "Your report was answered"
            body = """
                Hello,

                you reported that something looks wrong with your account. Somebody answered you on \(due.queuedAt).

                Please sign in to read it:

                \(MailLink(to: .activity, base: base))

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .handoverNears:
            subject = "Who sees a record changes soon"
            body = """
                Hello,

                somebody in \(due.organization ?? OneLine("your Carekeep")!) will soon decide alone who sees their record. It is \
                yours, or one that you look after.

                From that day on, those who look after it now reach it no more, unless the one whose record it is lets them go on. \
                That can be said from now on.

                Please talk about it with each other. Which day it is and what changes, in the same words for both of you, stands in \
                the record: please sign in at \(place), open it, and choose “Family”.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        case .attestationEnds:
            subject = "What somebody vouched for ends soon"
            body = """
                Hello,

                something that was vouched for at your Carekeep ends within 30 days. After that the promise falls short, for everybody to
                see.

                Please look whether it is still so, and vouch for it again:

                \(MailLink(to: .vouching, base: base))

                You get this letter because you are a steward of the Carekeep at \(place). Please do not answer it: nobody reads the
                answer.
                """
        case .reviewWaits:
            subject = "Something waits for a second person"
            body = """
                Hello,

                another steward vouched for something at your Carekeep. It counts once a second one has reviewed it.

                If it was not you who vouched, please look at it:

                \(MailLink(to: .vouching, base: base))

                You get this letter because you are a steward of the Carekeep at \(place). Please do not answer it: nobody reads the
                answer.
                """
        case .weaknessReported:
            subject = "Somebody reported a weakness"
            body = """
                Hello,

                somebody reported a weakness of your Carekeep on or before \(due.queuedAt). What it is does not stand in a letter.

                Whoever runs the machine reads it there:

                carekeep vulnerabilities

                What was promised to whoever reports one stands at \(MailLink(to: .securityPolicy, base: base))

                You get this letter because you are a steward of the Carekeep at \(place). Please do not answer it: nobody reads the
                answer.
                """
        case .weaknessUnread:
            subject = "A report of a weakness is still unread"
            body = """
                Hello,

                nobody has read a report of a weakness of your Carekeep yet, and little is left of the time that was promised. After
                that the promise INC-6 falls short, for everybody to see.

                Whoever runs the machine reads it there:

                carekeep vulnerabilities

                You get this letter because you are a steward of the Carekeep at \(place). Please do not answer it: nobody reads the
                answer.
                """
        case .weaknessUnanswered:
            subject = "A report of a weakness waits for an answer"
            body = """
                Hello,

                a report of a weakness of your Carekeep is not answered yet, and little is left of the time that was promised. After
                that the promise INC-6 falls short, for everybody to see.

                Whoever runs the machine answers it there:

                carekeep vulnerabilities answer

                You get this letter because you are a steward of the Carekeep at \(place). Please do not answer it: nobody reads the
                answer.
                """
        case .newDevice(let device):
            subject = "A new device signed in to your Carekeep account"
            body = """
                Hello,

                somebody signed in to your account with your password, at a device that we had not seen before:

                \(OneLine(device) ?? OneLine("a device that does not say what it is")!)
                \(due.queuedAt)

                If this was you, all is well.

                If it was not, somebody knows your password. Please sign in, choose another one, and tell those who run your Carekeep.

                Sent by the Carekeep at \(place). Please do not answer this letter: nobody reads the answer.
                """
        }
    }
}
