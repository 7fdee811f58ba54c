import Assurance
import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People
import Records
import Seals
import Trail

/// The pages of patients: who there is, one person's timeline, one record, who looked.
///
///     GET  /patients                        the people I may reach
///     POST /patients                        find somebody (the query never stands in an address)
///     GET  /patients/{id}                   timeline
///     GET  /patients/{id}/records/{record}  one record in words; `record` is `Type.id`
///     GET  /patients/{id}/records/{record}/versions/{n}   what it was, and all its versions
///     GET  /patients/{id}/looks             who looked
struct ChartRoutes {
    let records: PatientRecords
    let attestations: AttestationDesk
    let trust: TrustDesk

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("patients") { _, visit in try await people(visit) }
        pages.post("patients") { request, visit in try await find(request, visit) }
        pages.get("patients/:patient") { request, visit in try await timeline(request, visit) }
        pages.get("patients/:patient/records/:record") { _, visit in try await record(visit) }
        pages.get("patients/:patient/records/:record/versions/:version") { _, visit in try await version(visit) }
        pages.get("patients/:patient/looks") { request, visit in try await looks(request, visit) }
    }

    // MARK: People

    private func people(_ visit: PageVisit) async throws -> Response {
        let (found, isCutOff): ([StoredRecord], Bool)
        do {
            (found, isCutOff) = try await records.people(for: visit.caller)
        } catch Refusal.notFound where visit.person.permits.contains("emergency.administer") {
            // Whoever reviews emergencies and nothing else has no patients to list.
            return .seeOther(.emergencyReviews)
        }
        let people = try found.map { try person($0, visit) }.sorted { $0.name < $1.name }
        return visit.response(
            PatientsPage(
                people: people,
                isCutOff: isCutOff,
                offersSearch: visit.person.profile != .family || people.count > 8,
                offersEmergency: Self.offersEmergency(visit),
                reminder: try await reminder(visit),
                pauses: try await pauses(visit)
            )
        )
    }

    /// What of promises waits for the stewards. Nobody else is asked for, or told.
    private func reminder(_ visit: PageVisit) async throws -> PatientsPage.Reminder? {
        guard visit.person.offices.contains(.steward) else { return nil }
        let counts = try await trust.told().report.vouchingCounts
        let reminder = PatientsPage.Reminder(
            waiting: try await attestations.waiting(),
            due: counts.due,
            ended: counts.ended
        )
        return reminder.isEmpty ? nil : reminder
    }

    private func pauses(_ visit: PageVisit) async throws -> [PatientsPage.Pause] {
        try await records.ownPauses(for: visit.caller).map {
            PatientsPage.Pause(patient: $0.patient, since: Moment($0.since, in: visit.zone).day, ask: $0.ask)
        }
    }

    private func person(_ record: StoredRecord, _ visit: PageVisit) throws -> PatientsPage.Person {
        let facts = PatientFacts(try record.resource, words: visit.words)
        return PatientsPage.Person(
            id: record.id,
            name: facts.name,
            born: facts.born,
            died: facts.died,
            isDead: facts.isDead,
            identifiers: facts.identifiers
        )
    }

    private func find(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        var search = PatientsPage.Search(
            name: form["name"] ?? "",
            born: form["born"] ?? "",
            identifier: form["identifier"] ?? ""
        )
        if search.isEmpty { return .seeOther(.patients) }
        if !search.born.isEmpty, Day(fhir: search.born) == nil {
            search.bornError = "That is not a date. Please write it as year-month-day, such as 2014-03-28."
            return visit.response(PatientsPage(people: [], search: search), status: .unprocessableContent)
        }
        var parameters: [(String, String)] = []
        if !search.name.isEmpty { parameters.append(("name", Self.escaped(search.name))) }
        if !search.born.isEmpty { parameters.append(("birthdate", search.born)) }
        if !search.identifier.isEmpty { parameters.append(("identifier", Self.escaped(search.identifier))) }
        let found: PatientRecords.Found
        do {
            found = try await records.searchPatients(parameters, limit: 50, for: visit.caller)
        } catch let outcome as Outcome {
            // Its rules are about parameters, which have other names on the page.
            let isIdentifier = outcome.issues.first?.rule.hasPrefix("identifier") == true
            search.nameError = isIdentifier ? nil : "Please type a letter or a digit of the name."
            search.identifierError = isIdentifier ? "Please type a letter or a digit of the number." : nil
            return visit.response(PatientsPage(people: [], search: search), status: .unprocessableContent)
        }
        let people = try found.records.map { try person($0, visit) }.sorted { $0.name < $1.name }
        return visit.response(
            PatientsPage(
                people: people,
                search: search,
                isCutOff: found.next != nil,
                offersEmergency: Self.offersEmergency(visit)
            )
        )
    }

    /// Only whom to show the way; the gate decides.
    private static func offersEmergency(_ visit: PageVisit) -> Bool {
        visit.person.roles.contains(.clinician) && visit.person.permits.contains("emergency.write")
    }

    /// What was typed as one value: commas, bars and dollar signs join values in FHIR, and people type them as they are.
    static func escaped(_ typed: String) -> String {
        typed.reduce(into: "") { text, sign in
            if "\\,|$".contains(sign) { text.append("\\") }
            text.append(sign)
        }
    }

    // MARK: Timeline

    private static let entriesOnAPage = 60

    private func timeline(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let id = try visit.patient
        let (patient, all, isCutOff, kinds, own) = try await records.timeline(of: id, for: visit.caller)
        let words = visit.words
        let resources = try all.map { (record: $0, object: try $0.resource.object) }
        let told = resources.map { (record: $0.record, words: RecordInWords($0.object, words: words)) }
        let span = request.uri.queryParameters["span"].flatMap { TimelinePicture.Span(rawValue: String($0)) }
        let shown = request.uri.queryParameters["show"].flatMap { RecordKind.Group(rawValue: String($0)) }
        let entries = told.filter { shown == nil || $0.words.kind.group == shown }.map {
            entry($0.record, $0.words, own)
        }
        .sorted { Self.isNewer($0.when, $1.when) }
        let page = request.uri.queryParameters["page"].flatMap { Int($0, radix: 36) } ?? 0
        let pages = (entries.count + Self.entriesOnAPage - 1) / Self.entriesOnAPage
        let here = min(max(page, 0), max(pages - 1, 0))
        return visit.response(
            TimelinePage(
                patient: try card(patient, visit),
                picture: PictureFacts.picture(of: resources.map(\.object), words: words, span: span),
                entries: Array(entries.dropFirst(here * Self.entriesOnAPage).prefix(Self.entriesOnAPage)),
                shown: shown,
                entriesOfMany: isCutOff ? all.count : nil,
                groups: RecordKind.Group.allCases.filter { group in told.contains { $0.words.kind.group == group } },
                sees: kinds.map(ShownKinds.words),
                // Only a guess whom to show the way; the gate decides.
                offersNote: visit.person.profile == .family && !visit.person.roles.isDisjoint(with: [.teen, .patient]),
                newer: here > 0 ? String(here - 1, radix: 36) : nil,
                older: here + 1 < pages ? String(here + 1, radix: 36) : nil
            )
        )
    }

    private func entry(_ record: StoredRecord, _ words: RecordInWords, _ own: Set<UUID>) -> TimelinePage.Entry {
        TimelinePage.Entry(
            record: "\(record.type).\(record.id)",
            kind: words.kind,
            title: words.title,
            detail: words.gist,
            when: words.when,
            isMistake: words.isMistake,
            isPrivate: own.contains(record.row)
        )
    }

    /// Newest first, the undated last.
    private static func isNewer(_ one: Moment?, _ other: Moment?) -> Bool {
        guard let one else { return false }
        guard let other else { return true }
        return other < one
    }

    // MARK: One record

    private func record(_ visit: PageVisit) async throws -> Response {
        let (type, id) = try visit.record
        let (stored, patient, signed) = try await records.read(type, id, of: visit.patient, for: visit.caller)
        return try page(of: [stored], showing: stored, of: patient, signed, visit)
    }

    private func version(_ visit: PageVisit) async throws -> Response {
        let (type, id) = try visit.record
        guard let number = Int32(try visit.parameters.require("version")) else { throw Refusal.notFound }
        let (versions, patient, signed) = try await records.versions(of: type, id, of: visit.patient, for: visit.caller)
        guard let shown = versions.first(where: { $0.version == number && !$0.isDeleted }) else {
            throw Refusal.notFound
        }
        return try page(of: versions.filter { !$0.isDeleted }, showing: shown, of: patient, signed, visit)
    }

    private func page(
        of versions: [StoredRecord],
        showing shown: StoredRecord,
        of patient: StoredRecord,
        _ signatures: [Countersignature],
        _ visit: PageVisit
    ) throws -> Response {
        let signed = Dictionary(signatures.map { ($0.version, $0) }) { first, _ in first }
        let resource = try shown.resource
        return visit.response(
            RecordPage(
                patient: try card(patient, visit),
                record: "\(shown.type).\(shown.id)",
                words: RecordInWords(resource.object, words: visit.words),
                versions: versions.map {
                    RecordPage.Version(
                        number: Int($0.version),
                        when: Moment($0.writtenAt, in: visit.zone),
                        signature: signed[$0.version].map { signature($0, visit) }
                    )
                },
                shownVersion: Int(shown.version),
                technicalForm: TechnicalForm.text(resource.json),
                // Only whom to show the way; the gate decides.
                offersSigning: versions.first?.version == shown.version && signed[shown.version] == nil
                    && shown.type != "Patient" && visit.person.permits.contains("record.write")
                    && shown.writtenAt > Date(timeIntervalSinceNow: -86_400)
            )
        )
    }

    private func signature(_ signature: Countersignature, _ visit: PageVisit) -> RecordPage.Signature {
        RecordPage.Signature(
            writer: signature.writer.name,
            signer: signature.signer.name,
            when: Moment(signature.at, in: visit.zone)
        )
    }

    // MARK: Who looked

    private func looks(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let place = request.uri.queryParameters["page"].flatMap { TrailEntry.Place(String($0)) }
        let (patient, looks, next) = try await records.looks(at: visit.patient, after: place, for: visit.caller)
        return visit.response(
            WhoLookedPage(
                patient: try card(patient, visit, isOwn: true),
                looks: looks.map { look($0, visit) },
                older: next?.text
            )
        )
    }

    private func look(_ look: PatientRecords.Look, _ visit: PageVisit) -> WhoLookedPage.Look {
        WhoLookedPage.Look(
            when: Moment(look.at, in: visit.zone),
            name: look.who?.name,
            role: look.who.map { visit.words.role($0.roles) },
            isReader: look.isReader,
            act: act(look),
            isGranted: look.granted,
            device: look.note.flatMap { Device.words(userAgent: $0.device) }
        )
    }

    private func act(_ look: PatientRecords.Look) -> WhoLookedPage.Act {
        switch Act(rawValue: look.act) {
        case .readRecord?: look.type == "Patient" ? .opened : .readEntry
        case .searchRecords?, .browseRecords?:
            look.note?.query == PatientRecords.timelineQuery ? .readTimeline : .searchedWithin
        case .readEverything?: .readEverything
        case .createRecord?, .createRecordAboutSeveral?, .createPatient?: .created
        case .keepPrivate?: .other("added a private entry")
        case .updateRecord?: .changed
        case .deleteRecord?: .removed
        case .readHistory?, .readPatientHistory?: .other("looked at earlier versions of entries")
        case .writeBundle?: .imported
        case .moveRecords?: .other("moved entries between this record and another one")
        case .mergePatients?: .other("merged this record with another one")
        case .listPatients?: .other("saw this name in the list of people")
        case .searchPatients?, .browsePatients?: .found
        case .readTrail?: .readLooks
        case .share?: .shared
        case .stopSharing?: .stoppedSharing
        case .endMembership?: .other("was handed this record, or handed it over, as a member left")
        case .giveReach?: .other("let a colleague in to this record")
        case .inviteCarer?: .other("asked somebody to look after this record, too")
        case .inviteGuest?: .other("asked a clinician from another organisation to read this record")
        case .withdrawInvitation?: .other("took back an invitation to this record")
        case .keepCarer?: .other("lets somebody who looked after this record go on")
        case .pauseCarer?: .other("paused somebody’s access to this record")
        case .resumeCarer?: .other("let somebody in to this record again")
        case .offerCountersigning?: .other("looked at who can sign an entry of this record as the second person")
        case .countersign?: .other("handed an entry of this record to a second person to sign")
        case nil where look.act == "record.countersign":
            .other(
                "signed an entry of this record as the second person, on the device of \(look.onDeviceOf?.name ?? "somebody else")"
            )
        case .endReach?: .other("ended a colleague’s way into this record")
        case .openInEmergency?: .other(EmergencyKind.told(look.note?.query ?? ""))
        case .reviewEmergency?: .other("checked why this record was opened in an emergency")
        case .readReach?, .listTeam?: .other("looked at who can read this record")
        case nil where look.act == "carer.accept": .other("accepted the invitation to this record")
        case nil where look.act == "carer.decline": .other("declined the invitation to this record")
        default: .other("did something that this page has no words for")
        }
    }

    func card(_ patient: StoredRecord, _ visit: PageVisit, isOwn: Bool? = nil) throws -> PatientCard {
        let roles = visit.person.roles
        // Only a guess which links to show; the gate decides what opens.
        let own = isOwn ?? !roles.isDisjoint(with: [.caregiver, .patient, .teen])
        var card = PatientFacts(try patient.resource, words: visit.words).card(id: patient.id, mayShare: own)
        card.seesTeam =
            visit.person.profile != .family && !own
            && visit.person.permits.isSuperset(of: ["sharing.read", "member.read"])
        return card
    }
}

extension PageVisit {
    /// The patient named in the path.
    var patient: String {
        get throws {
            let id = try parameters.require("patient")
            guard Resource.isID(id) else { throw Refusal.notFound }
            return id
        }
    }

    /// The record named in the path, as `Type.id`.
    var record: (type: String, id: String) {
        get throws {
            let parts = try (parameters.require("record").removingPercentEncoding ?? "")
                .split(separator: ".", maxSplits: 1).map(String.init)
            guard parts.count == 2, Resource.isID(parts[1]) else { throw Refusal.notFound }
            return (parts[0], parts[1])
        }
    }

    var words: Words { Words(person: person) }
    var zone: TimeZone { TimeZone(identifier: person.timeZone) ?? .gmt }

    func response(_ page: some PageBody, status: HTTPResponse.Status = .ok) -> Response {
        let frame = Frame(person, csrf: caller.token.formToken)
        return Response(page: frame.document(page), status: status)
    }
}
