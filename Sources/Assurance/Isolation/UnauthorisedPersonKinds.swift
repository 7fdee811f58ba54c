import FoundationEssentials
import Postgres
import Seals

/// Somebody who is let in to some kinds of record, and to no others.
extension GateChecks {
    func kindsOfRecord() throws {
        let one = try narrowed("share", "{Patient,Condition}")
        try refuse("a record of another kind", asks("record.read", one, about: north.ben), as: "out of reach")
        try seesWho(one)
        try setReach(one, "kinds = '{Patient,Observation}'")
        try grant("a record of that kind", asks("record.read", one, about: north.ben))
        try sees(one, [4, 1, 3], versions: 4, "of the kind there is")
        try setReach(one, "kinds = null")
        try sees(one, [4, 1, 3], versions: 4, "of the whole record")
        try shownKinds()
        try otherReach()
        try severalNarrowed()
        try aboutSeveralNarrowed()
        try narrowedWriting()
    }

    /// Somebody who reaches Ben for these kinds.
    private func narrowed(_ way: String, _ kinds: String) throws -> Someone {
        let one = try scene.somebody(["clinician"], in: north)
        try scene.reach(north.ben, by: one, as: way, in: north)
        try setReach(one, "kinds = \(kinds)::text[]")
        return one
    }

    /// Who it is about, and nothing else.
    private func seesWho(_ one: Someone) throws { try sees(one, [1, 0, 1], versions: 1, "who it is, and no more") }

    /// How many records, subjects and changes; and how many versions.
    private func sees(_ one: Someone, _ counts: [Int], versions: Int, _ what: String) throws {
        let opened = try grant("a search, \(what)", asks("record.search", one, about: north.ben))
        let tables: [(name: String, rows: SQL)] = [
            ("record", "select 1 from care.record where patient_id is not null"),
            ("record_subject", "select 1 from care.record_subject"), ("change", "select 1 from care.change"),
        ]
        for (table, count) in zip(tables, counts) {
            let seen = try scene.count(table.rows, under: opened)
            try must("acting_kinds", "\(table.name): \(what)", seen == count, seen: "\(seen) rows")
        }
        let browsing = try grant("versions, \(what)", asks("patient.history", one, about: north.ben))
        let seen = try scene.count("select 1 from care.version where patient_id is not null", under: browsing)
        try must("acting_kinds", "version: \(what)", seen == versions, seen: "\(seen) rows")
    }

    private func shownKinds() throws {
        let ask: SQL = "select care.acting_kinds()"
        let isWhole: SQL = "select care.acting_kinds() is null"
        try must("acting_kinds", "none without a pass", try answer(Bool.self, nil, isWhole) == true)
        let whole = try grant("a whole record", asks("record.search"))
        try must("acting_kinds", "every kind", try answer(Bool.self, whole, isWhole) == true)
        let part = try grant(
            "a part",
            asks("record.search", try narrowed("share", "{Patient,Goal}"), about: north.ben)
        )
        try must("acting_kinds", "these", try kinds(part) == ["Goal", "Patient"])
        let again = try answer([String].self, part, ask) ?? []
        try must("acting_kinds", "these, as the pass says", again == ["Goal", "Patient"])
    }

    /// The kinds that a pass carries.
    private func kinds(_ opened: Scene.Opened) throws -> [String]? {
        let rows = try scene.admin.query("select kinds from care.pass where secret_sha256 = \(opened.sha256)")
        return try rows.first?.decode([String]?.self, at: 0)?.sorted()
    }

    /// What another reach adds: while it lasts, of that act, to that patient, here.
    private func otherReach() throws {
        let one = try narrowed("share", "{Patient,Condition}")
        let read = { asks("record.read", one, about: north.ben) }
        let more = { (rest: SQL) throws -> Void in
            _ = try scene.admin.query(
                """
                insert into care.reach (organization_id, patient_id, account_id, kind, kinds, since, until, withdrawn_at)
                select \(north.organization), \(north.ben.patient), \(one.account), x.* from (values \(rest)) x
                """
            )
        }
        let (now, day): (SQL, SQL) = ("clock_timestamp()", "clock_timestamp() + interval '1 day'")
        let before: SQL = "clock_timestamp() - interval '2 hours'"
        for kinds in ["null::text[]", "'{Patient,Observation}'::text[]"] as [SQL] {
            try more("('share', \(kinds), \(before), \(day), \(now))")
            try refuse("more, when withdrawn", read(), as: "out of reach")
            try more("('share', \(kinds), clock_timestamp() + interval '1 hour', \(day), null::timestamptz)")
            try refuse("more, before it begins", read(), as: "out of reach")
            try more("('share', \(kinds), \(before), clock_timestamp() - interval '1 hour', null::timestamptz)")
            try refuse("more, when it has ended", read(), as: "out of reach")
        }
        try scene.reach(north.ada, by: one, as: "guardian", in: north)
        try scene.join(one, ["clinician"], to: south)
        try scene.reach(south.ben, by: one, as: "guardian", in: south)
        try refuse("more of another, and elsewhere", read(), as: "out of reach")
        try seesWho(one)
        try scene.admin.query(
            "update care.reach set kinds = '{Patient,Goal}', kind = 'assignment' where \(of(one)) and patient_id = \(north.ada.patient)"
        )
        let search = try grant("a search, to compare", asks("record.search", one, about: north.ben))
        try must(
            "kinds_reached",
            "another patient's kinds are not this one's",
            try kinds(search) == ["Condition", "Patient"]
        )
        try more("('share', '{Patient,Observation}'::text[], \(before), \(day), null::timestamptz)")
        let both = try grant("more, while it lasts", read())
        try must("kinds_reached", "together", try kinds(both) == ["Condition", "Observation", "Patient"])
        // A way of reaching that the act does not take adds nothing to one that it takes.
        let writer = try narrowed("care-team", "{Patient,Condition}")
        for kinds in ["null::text[]", "'{Patient,Observation}'::text[]"] as [SQL] {
            try scene.admin.query(
                """
                insert into care.reach (organization_id, patient_id, account_id, kind, kinds, until)
                values (\(north.organization), \(north.ben.patient), \(writer.account), 'share', \(kinds), \(day))
                """
            )
            let create = try grant("a pass that writes", asks("record.create", writer, about: north.ben))
            try must(
                "kinds_reached",
                "of the ways that the act takes",
                try self.kinds(create) == ["Condition", "Patient"]
            )
        }
    }

    private func of(_ someone: Someone) -> SQL {
        "organization_id = \(north.organization) and account_id = \(someone.account)"
    }

    /// Of several patients, what is open of each of them.
    private func severalNarrowed() throws {
        let one = try narrowed("care-team", "{Patient,Condition}")
        let both = Scene.Request(
            "bundle.write",
            by: one,
            of: north,
            targets: [north.ben.person.tag, north.ada.person.tag]
        )
        try refuse("two, one of them out of reach", both, as: "out of reach", entries: 2)
        try scene.reach(north.ada, by: one, as: "care-team", in: north)
        let write = { (targets: [Sealed], new: [UUID]) in
            try grant(
                "a pass for several",
                Scene.Request("bundle.write", by: one, of: north, targets: targets.map(\.tag), newPatients: new)
            )
        }
        let (ben, ada) = (north.ben.person, north.ada.person)
        try must("open_pass", "narrowed by the first", try kinds(write([ben, ada], [])) == ["Condition", "Patient"])
        try must("open_pass", "narrowed by the last", try kinds(write([ada, ben], [])) == ["Condition", "Patient"])
        try must(
            "open_pass",
            "who is new narrows nothing",
            try kinds(write([ben], [UUID()])) == ["Condition", "Patient"]
        )
        try scene.admin.query(
            "update care.reach set kinds = '{Patient,Observation}' where \(of(one)) and patient_id = \(north.ada.patient)"
        )
        try must("kinds_reached", "what is open of each", try kinds(write([ben, ada], [])) == ["Patient"])
    }

    /// A record about several, by a reach to the one with whom it does not stand.
    private func aboutSeveralNarrowed() throws {
        let one = try narrowed("share", "{Patient,Condition}")
        let read = { Scene.Request("record.read", by: one, of: north, targets: [north.ben.joint.tag]) }
        try refuse("a record about several, of another kind", read(), as: "out of reach", entries: 2)
        try setReach(one, "kinds = '{Patient,Observation}'")
        let opened = try grant("a record about several, of that kind", read())
        try must("open_pass", "it opens that kind alone", try kinds(opened) == ["Observation", "Patient"])
        // All of the one with whom it stands, and a part of the other: what the pass opens is what is open of both.
        let both = try narrowed("care-team", "{Patient,Condition}")
        try setReach(both, "kinds = null")
        try reachThird(both, "care-team")
        try scene.admin.query(
            "update care.reach set kinds = '{Patient,Observation}' where \(of(both)) and patient_id = \(north.third)"
        )
        let own = try grant(
            "a record about several, by all of one and a part of the other",
            Scene.Request("record.read", by: both, of: north, targets: [north.ben.own.tag])
        )
        try must("open_pass", "no more of one than is open", try kinds(own) == ["Observation", "Patient"])
    }

    private func narrowedWriting() throws {
        let one = try narrowed("care-team", "{Patient,Condition}")
        let insert = { (kind: String) -> SQL in
            """
            insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card)
            values (\(north.organization), \(UUID()), \(north.ben.patient), \(kind), 1, \(Primitive.freshBytes(16)), '\\x00', '\\x00')
            """
        }
        let create = try grant("a pass that enters", asks("record.create", one, about: north.ben))
        try must("acting_kinds", "nothing of another kind is entered", try isDenied(create, insert("Observation")))
        try must("acting_kinds", "of that kind it is", try failure(create, insert("Condition")) == nil)
        try scene.admin.query(
            "delete from care.record where organization_id = \(north.organization) and kind = 'Condition'"
        )
        try refuse(
            "changing a record of another kind",
            asks("record.update", one, about: north.ben),
            as: "out of reach"
        )
        let ask: SQL =
            "select care.unknown_references(\([north.ben.weight.tag, north.ben.person.tag, north.place.tag]))"
        let unknown = try answer([[UInt8]].self, create, ask)
        try must(
            "unknown_references",
            "what is of another kind is answered like none",
            unknown == [north.ben.weight.tag]
        )
        let mate = try scene.somebody(["staff"], in: north)
        let give: SQL = "select care.give_reach(\(UUID()), \(mate.account), 'care-team', (null)::timestamptz)"
        let narrow = try grant("a pass that lets in", asks("reach.give", one, about: north.ben))
        try must("require_may_let_in", "a part lets nobody in to all", try failure(narrow, give) == "23514")
        try setReach(one, "kinds = null")
        let whole = try grant("a whole pass that lets in", asks("reach.give", one, about: north.ben))
        try must("require_may_let_in", "all does", try failure(whole, give) == nil)
    }
}
