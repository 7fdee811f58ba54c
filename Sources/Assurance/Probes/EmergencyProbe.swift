import FoundationEssentials
import Postgres
import Seals

/// Probes of what is opened in emergencies.
extension Probe {
    // ROL-8
    static let emergencies = Probe(
        .emergencies,
        .twin,
        tries:
            "opens, on a copy, a record in an emergency, as somebody who may and as others who may not, and reviews it",
        fresh: .seconds(8 * 86_400),
        patience: .seconds(120)
    ) {
        ground in
        try await onThread {
            let (twin, isAlike) = try ground.twin()
            let wrong = try EmergencyTrial(Scene(twin.ways)).run()
            return .judged(
                """
                A clinician opened a record for twenty minutes; patient's trail, guardian and reviewers were told, and it closed by itself. \
                Nobody else could, nobody in a family, and nobody reviewed their own.
                """,
                wrong: wrong + unlike(isAlike)
            )
        }
    }
}

/// One emergency from beginning to end, and those who may not have one.
private struct EmergencyTrial {
    let scene: Scene
    let child = Kept()

    init(_ scene: Scene) { self.scene = scene }

    private func pass(_ act: String, _ someone: Someone) -> Scene.Opened {
        scene.open(scene.request(act, by: someone, of: scene.north, about: child))
    }

    /// The outcome of asking for the child's record; `nil` for a refusal.
    private func ask(
        _ someone: Someone,
        _ id: UUID = UUID(),
        salt: [UInt8] = Primitive.freshBytes(32),
        letters: [UUID] = []
    )
        throws -> Int32?
    {
        let opened = pass("break-glass.open", someone)
        guard opened.outcome == 0 else { return nil }
        return try answer(opened, scene.breakGlass(id, [child.token], salt: salt, letters: letters))
    }

    private func answer(_ opened: Scene.Opened, _ statement: SQL) throws -> Int32? {
        try scene.server.query("begin")
        try scene.server.query("select set_config('care.pass', \(opened.setting), true)")
        do {
            let row = try scene.server.query(statement).first
            try scene.server.query("commit")
            // A function that answers nothing did what it says.
            return try row?.decode(Int32?.self, at: 0) ?? 0
        } catch {
            try scene.server.query("rollback")
            return nil
        }
    }

    private func isThere(_ question: SQL) throws -> Bool { try !scene.admin.query(question).isEmpty }

    private func reads(_ someone: Someone) -> Bool { pass("record.read", someone).outcome == 0 }

    func run() throws -> [String] {
        let (north, doctor) = (scene.north, try scene.somebody(["clinician"], in: scene.north))
        try scene.make(child, keptBy: north.other, in: north)
        try scene.set("break-glass.minutes", to: "20", in: north)
        try scene.set("break-glass.daily", to: "1", in: north)
        var wrong: [String] = []
        let must = { (isSo: Bool, what: String) in if !isSo { wrong.append(what) } }
        must(!reads(doctor), "a record is open before there is an emergency")
        for role in ["owner", "admin", "staff", "privacy-officer"] {
            must(try ask(scene.somebody([role], in: north)) == nil, "\(role) opened a record")
        }
        let relative = try scene.somebody(["clinician"], in: north)
        try set("family")
        must(try ask(relative) == nil, "somebody in a family opened a record")
        try set("clinic")
        let (id, salt, letter) = (UUID(), Primitive.freshBytes(32), UUID())
        guard try ask(doctor, id, salt: salt, letters: [letter]) == 0, reads(doctor) else {
            throw ProbeTrouble.controlFailed("a clinician could open nothing in an emergency")
        }
        must(pass("record.update", doctor).outcome != 0, "what was opened to read can be written")
        must(pass("patient.everything", doctor).outcome != 0, "what was opened can be taken along as a whole")
        must(
            try isThere("select from care.entry where salt = \(salt) and patient_id = \(child.patient) and granted"),
            "the patient's trail does not say so"
        )
        must(
            try isThere("select from care.letter where id = \(letter) and account_id = \(north.other.account)"),
            "the guardian has no letter"
        )
        try scene.later(by: .seconds(1210)) { must(!reads(doctor), "the record is open after its end") }
        must(try reviewed(id, by: doctor) == false, "what is going on could be reviewed")
        try scene.admin.query(
            """
            update care.break_glass set since = since - interval '1 hour', until = until - interval '1 hour' where id = \(id)
            """
        )
        try scene.admin.query(
            """
            update care.membership set roles = '{clinician,privacy-officer}'
             where organization_id = \(north.organization) and account_id = \(doctor.account)
            """
        )
        must(try reviewed(id, by: doctor) == false, "somebody reviewed what they opened themselves")
        guard try reviewed(id, by: scene.somebody(["privacy-officer"], in: north)) else {
            throw ProbeTrouble.controlFailed("nobody could review it")
        }
        try scene.admin.query("update care.reach set withdrawn_at = now() where account_id = \(doctor.account)")
        must(try ask(doctor) == 3, "one person opened more than a day's number")
        return wrong
    }

    private func set(_ profile: String) throws {
        try scene.admin.query(
            "update care.organization set profile = \(profile) where organization_id = \(scene.north.organization)"
        )
    }

    private func reviewed(_ id: UUID, by someone: Someone) throws -> Bool {
        let opened = pass("break-glass.review", someone)
        guard opened.outcome == 0 else { return false }
        return try answer(opened, "select 0 from (\(scene.review(id))) x") != nil
    }
}
