import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People
import Records

/// Two people on one device: the PIN of the second, and what they sign.
///
///     GET  /account/pin                                        whether one has a PIN
///     POST /account/pin                                        pin, again
///     POST /account/pin/remove
///     GET  /patients/{id}/records/{record}/sign                the entry, and who can sign it
///     POST /patients/{id}/records/{record}/sign                version, member, pin
///     GET  /api/patients/{id}/records/{record}/signatures      who signed which version
///     GET  /api/patients/{id}/records/{record}/signatures/offer   → {"version", "can_be_signed", "members": [{"id", "name"}]}
///     POST /api/patients/{id}/records/{record}/signatures      {"version", "member", "pin"}
struct CountersignRoutes {
    let records: PatientRecords
    let signIn: SignIn
    let charts: ChartRoutes

    func add(toPages pages: RouterGroup<PageVisit>) {
        pages.get("account/pin") { request, visit in
            let notice = request.uri.queryParameters["done"].flatMap { PINPage.Notice(rawValue: String($0)) }
            return try await pin(visit, notice: notice)
        }
        pages.post("account/pin") { request, visit in try await setPIN(request, visit) }
        pages.post("account/pin/remove") { request, visit in try await removePIN(request, visit) }
        pages.get("patients/:patient/records/:record/sign") { _, visit in try await offer(visit) }
        pages.post("patients/:patient/records/:record/sign") { request, visit in try await sign(request, visit) }
    }

    func add(toAPI api: RouterGroup<APIVisit>) {
        api.get("api/patients/:patient/records/:record/signatures") { _, visit in try await list(visit) }
        api.get("api/patients/:patient/records/:record/signatures/offer") { _, visit in try await offer(visit) }
        api.post("api/patients/:patient/records/:record/signatures") { request, visit in try await sign(request, visit)
        }
    }

    // MARK: The PIN

    private func pin(_ visit: PageVisit, _ trouble: PINPage.Trouble? = nil, notice: PINPage.Notice? = nil) async throws
        -> Response
    {
        let own = try await signIn.ownPIN(of: visit.caller)
        let page = PINPage(
            since: own.since.map { Moment($0, in: visit.zone) },
            waitsUntil: own.waitsUntil.map { Moment($0, in: visit.zone) },
            trouble: trouble,
            notice: notice
        )
        return visit.response(page, status: trouble == nil ? .ok : .unprocessableContent)
    }

    private func setPIN(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let typed = form.exactly("pin")
        switch PIN.weakness(of: typed) {
        case .notSixDigits: return try await pin(visit, .notSixDigits)
        case .tooSimple: return try await pin(visit, .tooSimple)
        case nil: break
        }
        guard typed == form.exactly("again") else { return try await pin(visit, .different) }
        return try await SecondFactorRoutes.steppingUp(backTo: .ownPIN) {
            try await signIn.setPIN(typed, for: visit.caller)
            return .seeOther("/account/pin?done=set")
        }
    }

    private func removePIN(_ request: Request, _ visit: PageVisit) async throws -> Response {
        _ = try await Form(request, of: visit.caller)
        return try await SecondFactorRoutes.steppingUp(backTo: .ownPIN) {
            try await signIn.removePIN(for: visit.caller)
            return .seeOther("/account/pin?done=removed")
        }
    }

    // MARK: Signing on the page

    private func offer(
        _ visit: PageVisit,
        chosen: String? = nil,
        _ trouble: CountersignPage.Trouble? = nil,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let (type, id) = try visit.record
        let offer = try await records.offerCountersigning(type, id, for: visit.caller)
        let (stored, patient, _) = try await records.read(type, id, of: visit.patient, for: visit.caller)
        let page = CountersignPage(
            patient: try charts.card(patient, visit),
            record: "\(type).\(id)",
            words: RecordInWords(try stored.resource.object, words: visit.words),
            version: Int(stored.version),
            canBeSigned: offer.canBeSigned && offer.version == stored.version,
            people: offer.people.map { Choice.Option(value: "\($0.account)", label: $0.name) },
            chosen: chosen,
            trouble: trouble
        )
        return visit.response(page, status: status)
    }

    private func sign(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let (type, id) = try visit.record
        // Whose record it is, is in the path alone, and the record says it: another patient's path signs nothing.
        _ = try await records.read(type, id, of: visit.patient, for: visit.caller)
        guard let version = form["version"].flatMap({ Int32($0) }) else { throw Refusal.cannotBeCountersigned }
        guard let member = form["member"].flatMap(Person.ID.init) else {
            return try await offer(visit, .noName, status: .unprocessableContent)
        }
        let again = { (trouble: CountersignPage.Trouble, status: HTTPResponse.Status) async throws -> Response in
            try await offer(visit, chosen: "\(member)", trouble, status: status)
        }
        do {
            let pin = form.exactly("pin")
            try await records.countersign(type, id, version: version, by: member, pin: pin, for: visit.caller)
        } catch Refusal.wrongPIN {
            return try await again(.wrong, .unprocessableContent)
        } catch Refusal.secondPersonNeeded {
            return try await again(.notTheSecond, .unprocessableContent)
        } catch Refusal.cannotBeCountersigned {
            return try await again(.notNow, .conflict)
        } catch let tries as TooManyTries {
            let seconds = max(1, Int(tries.until.timeIntervalSinceNow.rounded(.up)))
            var response = try await again(.wait(minutes: (seconds + 59) / 60), .tooManyRequests)
            response.headers[.retryAfter] = "\(seconds)"
            return response
        }
        return .seeOther(.record("\(type).\(id)", of: try visit.patient))
    }

    // MARK: The API

    private func list(_ visit: APIVisit) async throws -> Response {
        let place = try Self.place(visit)
        let signed = try await records.read(place.type, place.id, of: place.patient, for: visit.caller).signatures
        let person = { (one: Signer) -> JSON in ["id": .string("\(one.account)"), "name": .string(one.name)] }
        let lines = signed.map { one -> JSON in
            [
                "version": .number("\(one.version)"), "written_by": person(one.writer), "signed_by": person(one.signer),
                "on_device_of": person(one.writer), "at": .string(one.at.formatted(.iso8601)),
            ]
        }
        return Response(json: JSON.array(lines).serialized())
    }

    private func offer(_ visit: APIVisit) async throws -> Response {
        let place = try Self.place(visit)
        _ = try await records.read(place.type, place.id, of: place.patient, for: visit.caller)
        let offer = try await records.offerCountersigning(place.type, place.id, for: visit.caller)
        let people = offer.people.map { ["id": .string("\($0.account)"), "name": .string($0.name)] as JSON }
        let answer: JSON = [
            "version": .number("\(offer.version)"), "can_be_signed": .bool(offer.canBeSigned),
            "members": .array(people),
        ]
        return Response(json: answer.serialized())
    }

    private func sign(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let place = try Self.place(visit)
        let body = try await JSON(body: request, limit: 16 << 10)
        guard let version = body["version"]?.integer.flatMap(Int32.init(exactly:)), version > 0 else {
            throw Outcome(.value, at: Expression("version"), "version must be the number of the version that is signed")
        }
        guard let member = body["member"]?.string.flatMap(Person.ID.init) else {
            throw Outcome(.value, at: Expression("member"), "member must be the id of the second person")
        }
        guard let pin = body["pin"]?.string else {
            throw Outcome(.value, at: Expression("pin"), "pin must be six digits, as a string")
        }
        _ = try await records.read(place.type, place.id, of: place.patient, for: visit.caller)
        try await records.countersign(place.type, place.id, version: version, by: member, pin: pin, for: visit.caller)
        return Response(status: .noContent)
    }

    private static func place(_ visit: APIVisit) throws -> (patient: String, type: String, id: String) {
        let patient = try visit.parameters.require("patient")
        let parts = try (visit.parameters.require("record").removingPercentEncoding ?? "")
            .split(separator: ".", maxSplits: 1).map(String.init)
        guard Resource.isID(patient), parts.count == 2, Resource.isID(parts[1]) else { throw Refusal.notFound }
        return (patient, parts[0], parts[1])
    }
}
