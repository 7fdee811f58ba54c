import Foundation
import People

extension AgreementsPage.Item {
    /// An agreement as its reader is shown it, in the language wished for where there is one.
    init(_ agreement: Agreement, in language: String?, zone: TimeZone) {
        let wish = language ?? agreement.last?.language
        let asked = agreement.asked.map { version in
            var text = AgreementsPage.Text(version, in: wish, zone: zone)
            text.changes = agreement.changes(to: version.number, in: wish)
            return text
        }
        let answered = agreement.last.flatMap { last in
            agreement.versions.first { $0.number == last.version }
                .map { AgreementsPage.Text($0, in: last.language, zone: zone) }
        }
        self.init(
            id: agreement.id.uuidString.lowercased(),
            kind: .init(agreement.kind),
            asked: asked,
            isDue: agreement.isDue,
            answer: agreement.last.map { .init($0.reply) },
            answered: answered,
            answeredAt: agreement.last.map { Moment($0.at, in: zone) }
        )
    }
}

extension AgreementsPage.Kind {
    init(_ kind: Agreement.Kind) {
        self =
            switch kind {
            case .terms: .terms
            case .notice: .notice
            case .consent: .consent
            }
    }
}

extension AgreementsPage.Item.Answer {
    init(_ reply: Agreement.Reply) {
        self =
            switch reply {
            case .accepted: .accepted
            case .refused: .refused
            case .withdrawn: .withdrawn
            }
    }
}

extension AgreementsPage.Text {
    fileprivate init(_ version: Agreement.Version, in wish: String?, zone: TimeZone) {
        let text = version.text(in: wish)
        self.init(
            version: version.number,
            language: text.language,
            others: version.texts.filter { $0.language != text.language }.map { other in
                (other.language, AgreementsPage.name(ofLanguage: other.language))
            },
            title: text.title,
            body: text.body,
            effective: version.effective > Date() ? Moment(version.effective, in: zone) : nil
        )
    }
}

extension AgreementsPage {
    /// A language's name in itself, or its code where nobody knows one.
    static func name(ofLanguage code: String) -> String {
        let name = Locale(identifier: code).localizedString(forIdentifier: code)
        return name.map { $0.prefix(1).uppercased() + $0.dropFirst() } ?? code
    }
}

extension AgreementDeskPage.Line {
    /// A version and how many said what to it.
    init(_ count: AgreementCount, zone: TimeZone) {
        self.init(
            id: count.agreement.uuidString.lowercased(),
            kind: .init(count.kind),
            version: count.version,
            languages: count.languages.map(AgreementsPage.name),
            title: count.title,
            effective: Moment(count.effective, in: zone),
            isToCome: count.effective > Date(),
            members: count.members,
            accepted: count.accepted,
            refused: count.refused
        )
    }
}
