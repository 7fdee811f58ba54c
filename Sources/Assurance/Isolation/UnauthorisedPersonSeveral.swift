import FoundationEssentials
import Postgres
import Seals

/// Records about several patients: who reads them, who changes them, and whose trail tells of it.
extension GateChecks {
    func several() throws {
        let (ada, joint) = (north.ada, north.ada.joint)
        let read = { (someone: Someone) in asksAbout(joint, "record.read", someone) }
        let change = { (someone: Someone) in asksAbout(joint, "record.update", someone) }
        try told("read by one's guardian", read(north.keeper), [ada.patient])
        try refuse("changed by one's guardian", change(north.keeper), as: "out of reach", entries: 2)
        let both = try scene.somebody(["caregiver"], in: north)
        try refuse("read by somebody who reaches neither", read(both), as: "out of reach", entries: 2)
        try reachThird(both, "guardian")
        try told("read by the other's guardian", read(both), [north.third])
        try refuse("changed by the other's guardian", change(both), as: "out of reach", entries: 2)
        try scene.reach(ada, by: both, as: "guardian", in: north)
        try told("read by both's guardian", read(both), [north.third, ada.patient])
        try told("changed by both's guardian", change(both), [north.third, ada.patient])
        try told(
            "changed by both's, where it stands with hers",
            asksAbout(ada.own, "record.update", both),
            [ada.patient, north.third]
        )
        try refuse(
            "changed by hers alone",
            asksAbout(ada.own, "record.update", north.keeper),
            as: "out of reach",
            entries: 2
        )
        try reachOfTheOther(read)
        try shared()
        try naming()
    }

    private func asksAbout(_ record: Sealed, _ act: String, _ someone: Someone) -> Scene.Request {
        Scene.Request(act, by: someone, of: north, targets: [record.tag])
    }

    func reachThird(_ someone: Someone, _ kind: String) throws {
        try scene.admin.query(
            """
            insert into care.reach (organization_id, patient_id, account_id, kind)
            values (\(north.organization), \(north.third), \(someone.account), \(kind))
            """
        )
    }

    /// Granted, for these patients, and told to both.
    private func told(_ condition: String, _ request: Scene.Request, _ patients: [UUID]) throws {
        let opened = try grant(condition, request)
        let rows = try scene.admin.query("select patients from care.pass where secret_sha256 = \(opened.sha256)")
        let named = try rows.first?.decode([UUID].self, at: 0)
        try must(
            "open_pass",
            "\(condition): whom the pass names",
            named.map(Set.init) == Set(patients),
            seen: "\(named ?? [])"
        )
        let entries = try self.entries(request.salt)
        try must(
            "open_pass",
            "\(condition): it is told to both",
            Set(entries.compactMap(\.patient)) == [north.third, north.ada.patient] && entries.count == 2
                && entries.allSatisfy { $0.granted && $0.record != nil }
        )
    }

    /// The reach to whom it is about besides counts like any other: of a kind that the act takes, in its time, one's own, here.
    private func reachOfTheOther(_ read: (Someone) -> Scene.Request) throws {
        let one = try scene.somebody(["clinician"], in: north)
        let (ada, organization) = (north.ada, north.organization)
        try scene.reach(ada, by: one, as: "share", in: north)
        try told("read by a share", read(one), [ada.patient])
        for (rule, assignment) in [
            ("has begun", "since = clock_timestamp() + interval '5 minutes'"),
            ("has not run out", "since = now() - interval '2 days', until = now() - interval '1 day'"),
            ("is not withdrawn", "since = now(), until = now() + interval '1 day', withdrawn_at = now()"),
        ] as [(String, SQL)] {
            try setReach(one, assignment)
            try refuse("the share of the other \(rule)", read(one), as: "out of reach", entries: 2)
        }
        // A share does not change; so one of the two must not be taken for both.
        let sharer = try scene.somebody(["clinician"], in: north)
        try reachThird(sharer, "guardian")
        try scene.reach(ada, by: sharer, as: "share", in: north)
        let change = asksAbout(ada.joint, "record.update", sharer)
        try refuse("changed by a guardian of one with a share of the other", change, as: "out of reach", entries: 2)
        let elsewhere = try scene.somebody(["clinician"], in: north)
        try scene.join(elsewhere, ["clinician"], to: south)
        try scene.reach(south.ada, by: elsewhere, as: "guardian", in: south)
        try refuse("reach in another organisation", read(elsewhere), as: "out of reach", entries: 2)
        try scene.admin.query(
            "delete from care.reach where organization_id = \(organization) and account_id = \(one.account)"
        )
    }

    /// Who else a record is about is said by the transaction that makes it, of a record about several.
    private func naming() throws {
        let ada = north.ada
        let creating = try grant("a pass that makes a record", asks("record.create"))
        let changing = try grant("a pass that changes a record", asks("record.update"))
        let make = { (id: UUID, isAboutSeveral: Bool) -> SQL in
            """
            insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, is_about_several)
            values (\(self.north.organization), \(id), \(ada.patient), 'Observation', 1, \(Primitive.freshBytes(16)),
                    \([UInt8]([0])), \([UInt8]([0])), \(isAboutSeveral))
            """
        }
        let name = { (id: UUID) -> SQL in
            """
            insert into care.record_subject (organization_id, record_id, patient_id)
            values (\(self.north.organization), \(id), \(ada.patient))
            """
        }
        let change: SQL = """
            update care.record set version = version + 1, sealed = '\\x01'
             where organization_id = \(north.organization) and id = \(ada.own.id)
            """
        let (one, several) = (UUID(), UUID())
        try must(
            "acting_maker_of",
            "of a new record about several",
            try failure(creating, [make(several, true), name(several)]) == nil
        )
        try must(
            "acting_maker_of",
            "of none about one",
            try failure(creating, [make(one, false), name(one)]) == "42501"
        )
        try must("acting_maker_of", "of none that was there", try failure(creating, [name(ada.own.id)]) == "42501")
        try must(
            "acting_maker_of",
            "of none that is changed",
            try failure(changing, [change, name(ada.own.id)]) == "42501"
        )
    }

    /// Which error statements of one transaction end with, under a pass. It is rolled back.
    private func failure(_ opened: Scene.Opened, _ statements: [SQL]) throws -> String? {
        try scene.server.query("begin")
        defer { _ = try? scene.server.query("rollback") }  // a connection that is gone has rolled back
        try scene.server.query("select set_config('care.pass', \(opened.setting), true)")
        do {
            for statement in statements { try scene.server.query(statement) }
        } catch {
            return error.sqlState
        }
        return nil
    }

    private func shared() throws {
        let (ada, ben) = (north.ada, north.ben)
        let reading = try grant("a pass that reads, for records of others", asks("record.search"))
        let ids = { (power: String) in
            try answer([UUID].self, reading, "select care.acting_shared(\(power))")
        }
        try must("acting_shared", "those about her", try ids("record.read") == [ada.joint.id])
        try must("acting_shared", "none without the power", try ids("record.change") == [])
        try must(
            "acting_shared",
            "none without a pass",
            try answer([UUID].self, nil, "select care.acting_shared('record.read')") == []
        )
        let creating = try grant("a pass that refers to records of others", asks("record.create"))
        try must(
            "acting_maker_of",
            "a record that is there is nobody's to add to",
            try answer(Bool.self, creating, "select care.acting_maker_of(\(ada.own.id))") == false
        )
        // In the other organisation, where everybody has the same ids, she is in his.
        try scene.admin.query(
            """
            insert into care.record_subject (organization_id, record_id, patient_id)
            values (\(south.organization), \(ben.joint.id), \(ada.patient))
            """
        )
        let ask: SQL = "select care.unknown_references(\([ada.joint.tag, ada.own.tag, ben.joint.tag]))"
        try must(
            "unknown_references",
            "a record about her is known, wherever it stands",
            try answer([[UInt8]].self, creating, ask) == [ben.joint.tag]
        )
    }
}
