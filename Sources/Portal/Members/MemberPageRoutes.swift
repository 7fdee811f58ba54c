import Care
import Foundation
import HTTPTypes
import Hummingbird
import People

/// The pages of those who give roles. The gate decides who does; for anybody else there is nothing here to change.
///
///     GET  /members              everybody
///     GET  /members/{account}    one of them: roles
///     POST /members/{account}    the roles that they have from now on
///     POST /members/{account}/end   end their membership
///     GET  /leave                end one's own
///     POST /leave
///     GET  /settings             what is set here
///     POST /settings             set one thing otherwise
///     GET  /roles                what roles permit; the organisation's own ones
///     POST /roles                make one
///     GET  /roles/{id}           one of the organisation's own
///     POST /roles/{id}           what it permits from now on
///     POST /roles/{id}/end       it permits nothing any more
struct MemberPageRoutes {
    let members: Members

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("members") { _, visit in try await list(visit) }
        pages.get("members/:member") { request, visit in
            try await member(visit, isDone: request.uri.queryParameters["done"] != nil)
        }
        pages.post("members/:member") { request, visit in try await give(request, visit) }
        pages.post("members/:member/end") { request, visit in try await end(request, visit) }
        pages.get("leave") { _, visit in visit.response(LeavePage()) }
        pages.post("leave") { request, visit in try await leave(request, visit) }
        pages.get("settings") { _, visit in try await settings(visit) }
        pages.post("settings") { request, visit in try await set(request, visit) }
        pages.get("roles") { _, visit in try await roles(visit) }
        pages.post("roles") { request, visit in try await make(request, visit) }
        pages.get("roles/:role") { _, visit in try await role(visit) }
        pages.post("roles/:role") { request, visit in try await change(request, visit) }
        pages.post("roles/:role/end") { request, visit in try await endRole(request, visit) }
    }

    // MARK: People

    private func list(_ visit: PageVisit) async throws -> Response {
        try visit.require("member.administer")
        let (all, own, _) = try await members.people(for: visit.caller)
        let notices = try await members.notices(for: visit.caller)
        let names = Dictionary(all.map { ($0.account, $0.name) }) { first, _ in first }
        return visit.response(
            MembersPage(
                members: all.filter { !$0.hasLeft }.map { line($0, own, visit) },
                former: all.filter(\.hasLeft).map { line($0, own, visit) },
                notices: notices.map { (Moment($0.at, in: visit.zone), names[$0.account] ?? "Somebody") },
                seesProviders: visit.person.permits.contains("sign-in.read"),
                hasAppointments: visit.person.profile == .clinic
            )
        )
    }

    private func line(_ member: Member, _ own: [OwnRole], _ visit: PageVisit) -> MembersPage.Line {
        let names =
            Role.allCases.filter(member.roles.contains).map(visit.words.name)
            + own.filter { member.ownRoles.contains($0.id) }.map(\.name)
        return MembersPage.Line(
            id: "\(member.account)",
            name: member.name,
            roles: names,
            isYou: member.account == visit.person.account,
            isAwaited: !member.isActive && !member.hasLeft,
            until: member.until.map { Day.last(before: $0, in: visit.zone) }
        )
    }

    private func member(
        _ visit: PageVisit,
        isDone: Bool = false,
        ending: MemberPage.Ending = .init(),
        problem: String? = nil
    ) async throws -> Response {
        try visit.require("member.administer")
        let account = Person.ID(try Self.id("member", visit))
        let (all, own, offered) = try await members.people(for: visit.caller)
        guard let member = all.first(where: { $0.account == account }), !member.hasLeft else { throw Refusal.notFound }
        // What they have stands there even where it is not offered to others.
        let built = Role.allCases.filter { role in
            member.roles.contains(role) || offered.contains { $0.role == role }
        }
        let page = MemberPage(
            line: line(member, own, visit),
            roles: built.map { role in
                MemberPage.Option(
                    field: "role-\(role.rawValue)",
                    label: visit.words.name(role),
                    isChosen: member.roles.contains(role)
                )
            },
            ownRoles: own.map {
                MemberPage.Option(
                    field: "own-\($0.id.uuidString.lowercased())",
                    label: $0.name,
                    isChosen: member.ownRoles.contains($0.id)
                )
            },
            successors: all.filter { $0.isActive && $0.until == nil && $0.account != account }.map {
                Choice.Option(value: "\($0.account)", label: $0.name)
            },
            ending: ending,
            isDone: isDone,
            problem: problem
        )
        let isAsked = problem == nil && !ending.hasErrors
        return visit.response(page, status: isAsked ? .ok : .unprocessableContent)
    }

    private func end(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let account = Person.ID(try Self.id("member", visit))
        var ending = MemberPage.Ending(
            until: form["until"] ?? "",
            successor: form["successor"],
            isSure: form["sure"] != nil
        )
        let day = Day(fhir: ending.until).flatMap { $0.day == nil ? nil : $0 }
        let today = Day.today(in: visit.zone)
        if !ending.until.isEmpty, !(day.map { (today...today.adding(days: 365)).contains($0) } ?? false) {
            ending.untilError = "Please choose a day from today on, within a year."
        }
        if !ending.until.isEmpty, ending.successor != nil {
            ending.successorError =
                "Patients are handed over when somebody leaves. Please leave this empty, and come back on their last day."
        }
        if !ending.isSure { ending.sureError = "Please tick that you are sure." }
        guard !ending.hasErrors else { return try await member(visit, ending: ending) }
        let until = day?.end(in: visit.zone)
        let successor = ending.successor.flatMap(Person.ID.init)
        do {
            _ = try await members.end(account, until: until, successor: successor, for: visit.caller)
        } catch Refusal.endIsNotPossible {
            let rule = "They cannot take over: please choose a member who may write records, and who stays."
            if until == nil {
                ending.successorError = rule
            } else {
                ending.untilError = "Please choose a day within a year."
            }
            return try await member(visit, ending: ending)
        }
        return .seeOther(.members)
    }

    private func leave(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard form["sure"] != nil else {
            return visit.response(LeavePage(isUnsure: true), status: .unprocessableContent)
        }
        _ = try await members.leave(for: visit.caller)
        var response = Response.seeOther("/sign-in?bye=1")
        response.headers[.setCookie] = Cookies.forget
        return response
    }

    // MARK: Settings

    private func settings(_ visit: PageVisit, wrong: (name: String, value: String)? = nil) async throws -> Response {
        try visit.require("settings.read")
        let all = try await members.settings(for: visit.caller)
        let page = SettingsPage(
            settings: all.map { setting in
                SettingsPage.Line(
                    setting,
                    changed: setting.changedAt.map { Moment($0, in: visit.zone).day },
                    words: visit.words,
                    sent: wrong?.name == setting.name ? wrong?.value : nil
                )
            },
            mayChange: visit.person.permits.contains("settings.administer"),
            seesOverview: visit.person.permits.contains("overview.read")
        )
        return visit.response(page, status: wrong == nil ? .ok : .unprocessableContent)
    }

    private func set(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let name = form["name"] else { throw Refusal.notFound }
        let value = Self.value(of: name, in: form)
        do {
            try await members.change(setting: name, to: value, for: visit.caller)
        } catch Refusal.settingIsOutOfBounds {
            return try await settings(visit, wrong: (name, value ?? ""))
        }
        return .seeOther(.settings)
    }

    /// What a form sets: a number, or roles by their boxes; `nil` for what Carekeep comes with.
    private static func value(of name: String, in form: Form) -> String? {
        if form["default"] != nil { return nil }
        guard name == "second-factor.required" else { return form["value"] ?? "" }
        return Role.allCases.map(\.rawValue).filter { form["role-\($0)"] != nil }.joined(separator: ",")
    }

    private func give(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let account = Person.ID(try Self.id("member", visit))
        let roles = Role.allCases.filter { form["role-\($0.rawValue)"] != nil }
        let own = try await members.people(for: visit.caller).own.map(\.id).filter {
            form["own-\($0.uuidString.lowercased())"] != nil
        }
        guard !roles.isEmpty || !own.isEmpty else {
            return try await member(visit, problem: "Please choose at least one role. Nothing was changed.")
        }
        try await members.changeRoles(of: account, to: roles, own: own, for: visit.caller)
        return Response(status: .seeOther, headers: [.location: Address.member("\(account)").text + "?done=1"])
    }

    // MARK: Roles

    private func roles(
        _ visit: PageVisit,
        draft: RolesPage.Draft = .init()
    ) async throws -> Response {
        try visit.require("role.administer")
        let (_, own, offered) = try await members.people(for: visit.caller)
        let page = RolesPage(
            offered: offered.map {
                RolesPage.Line(id: nil, name: visit.words.name($0.role), permissions: Self.sorted($0.permissions))
            },
            own: own.map {
                RolesPage.Line(
                    id: $0.id.uuidString.lowercased(),
                    name: $0.name,
                    permissions: Self.sorted($0.permissions)
                )
            },
            draft: draft
        )
        return visit.response(page, status: draft.hasErrors ? .unprocessableContent : .ok)
    }

    private func make(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        var draft = RolesPage.Draft(name: (form["name"] ?? "").lowercased(), chosen: Self.chosen(in: form))
        if !Members.isRoleName(draft.name) {
            draft.nameError = "Please use 2 to 40 letters, digits, spaces or hyphens, and not the name of a role above."
        }
        if draft.chosen.isEmpty { draft.chosenError = "Please choose at least one thing that the role permits." }
        guard !draft.hasErrors else { return try await roles(visit, draft: draft) }
        do {
            _ = try await members.makeRole(draft.name, permissions: draft.chosen, for: visit.caller)
        } catch Refusal.exists {
            draft.nameError = "There is a role of that name already."
            return try await roles(visit, draft: draft)
        }
        return .seeOther(.roles)
    }

    private func role(_ visit: PageVisit, problem: String? = nil) async throws -> Response {
        try visit.require("role.administer")
        let id = try Self.id("role", visit)
        let (all, own, _) = try await members.people(for: visit.caller)
        guard let role = own.first(where: { $0.id == id }) else { throw Refusal.notFound }
        let page = RolePage(
            id: id.uuidString.lowercased(),
            name: role.name,
            chosen: Self.sorted(role.permissions),
            holders: all.filter { $0.ownRoles.contains(id) && !$0.hasLeft }.map(\.name),
            problem: problem
        )
        return visit.response(page, status: problem == nil ? .ok : .unprocessableContent)
    }

    private func change(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let chosen = Self.chosen(in: try await Form(request, of: visit.caller))
        guard !chosen.isEmpty else {
            return try await role(
                visit,
                problem: "Please choose at least one thing, or end the role. Nothing was changed."
            )
        }
        try await members.changeRole(Self.id("role", visit), permissions: chosen, for: visit.caller)
        return .seeOther(.roles)
    }

    private func endRole(_ request: Request, _ visit: PageVisit) async throws -> Response {
        _ = try await Form(request, of: visit.caller)
        try await members.endRole(Self.id("role", visit), for: visit.caller)
        return .seeOther(.roles)
    }

    private static func chosen(in form: Form) -> [String] { Members.permissions.filter { form["may-\($0)"] != nil } }

    private static func sorted(_ permissions: Set<String>) -> [String] {
        Members.permissions.filter(permissions.contains)
    }

    private static func id(_ name: String, _ visit: PageVisit) throws -> UUID {
        guard let id = UUID(uuidString: try visit.parameters.require(name)) else { throw Refusal.notFound }
        return id
    }
}
