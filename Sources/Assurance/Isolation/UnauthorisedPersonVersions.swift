import FoundationEssentials
import Postgres

/// What happens to a record that is changed: `keep_version`, `forget_tokens`, and deleted records in references.
extension GateChecks {
    func versions() throws {
        let changing = try grant("a pass that changes a record", asks("record.update"))
        let weight = north.ada.weight
        let here: SQL = "organization_id = \(north.organization) and id = \(weight.id)"
        for (rule, count) in [("not by two", 2), ("not back", -1), ("not by none", 0)] {
            let statement: SQL =
                "update care.record set version = version + \(Int32(count)), sealed = '\\x05' where \(here)"
            try must("keep_version", "versions are counted, \(rule)", try failure(changing, statement) == "23514")
        }
        let before = try rows(of: weight)
        try must(
            "keep_version",
            "by one",
            try failure(changing, "update care.record set version = version + 1, sealed = '\\x05' where \(here)") == nil
        )
        let after = try rows(of: weight)
        try must("keep_version", "what it was stays", after == before + 1)
        let kept = try scene.admin.query(
            """
            select v.sealed = '\\x00' and not v.is_deleted and v.kind = 'Observation' and v.patient_id = \(north.ada.patient)
                   and v.written_at < r.written_at and v.written_in < r.written_in and r.version = 2
              from care.version v join care.record r on r.organization_id = v.organization_id and r.id = v.record_id
             where v.organization_id = \(north.organization) and v.record_id = \(weight.id) and v.version = 1
            """
        )
        try must("keep_version", "as it was", try kept.first?.decode(Bool.self, at: 0) == true)
        try forgetting(changing)
        try deleted(weight)
    }

    private func rows(of record: Sealed) throws -> Int {
        try scene.admin.query(
            "select from care.version where organization_id = \(north.organization) and record_id = \(record.id)"
        ).count
    }

    private func forgetting(_ changing: Scene.Opened) throws {
        let ada = north.ada
        let (gone, other) = (Int64.random(in: .min ... .max), Int64.random(in: .min ... .max))
        try scene.admin.query(
            """
            insert into care.token (organization_id, value, epoch, patient_id) values
                (\(north.organization), \(gone), 1, \(ada.patient)), (\(north.organization), \(other), 2, \(ada.patient)),
                (\(south.organization), \(gone), 1, \(south.ada.patient)),
                (\(north.organization), \(gone), 1, \(north.ben.patient))
            """
        )
        let forget: SQL = "select care.forget_tokens(\(ada.patient), 1, \([ada.token]))"
        let creating = try grant("a pass that creates", asks("record.create"))
        try must("forget_tokens", "not without a pass", try isDenied(nil, forget))
        try must("forget_tokens", "not by a pass that creates", try isDenied(creating, forget))
        let others: SQL = "select care.forget_tokens(\(north.ben.patient), 1, '{}')"
        try must("forget_tokens", "not of another patient", try isDenied(changing, others))
        let count = { try scene.admin.query("select from care.token").count }
        let before = try count()
        try must("forget_tokens", "one goes", try answer(Int32.self, changing, forget) == 1)
        let left = try scene.admin.query(
            """
            select from care.token
             where (organization_id, value, epoch, patient_id) = (\(north.organization), \(gone), 1, \(ada.patient))
            """
        )
        try must(
            "forget_tokens",
            "the one that is not kept, of this patient alone",
            try left.isEmpty && count() == before - 1
        )
    }

    /// What is deleted cannot be referred to any more.
    private func deleted(_ record: Sealed) throws {
        let creating = try grant("a pass that refers to records", asks("record.create"))
        let ask: SQL = "select cardinality(care.unknown_references(\([record.tag])))"
        try must("unknown_references", "a record that is there is known", try answer(Int32.self, creating, ask) == 0)
        let deleting = try grant("a pass that deletes", asks("record.delete"))
        try must(
            "open_pass",
            "a pass that deletes deletes",
            try failure(
                deleting,
                """
                update care.record set version = version + 1, is_deleted = true
                 where organization_id = \(north.organization) and id = \(record.id)
                """
            ) == nil
        )
        let person = north.ada.person
        try must(
            "record",
            "who somebody is cannot be deleted",
            try failure(
                deleting,
                """
                update care.record set version = version + 1, is_deleted = true
                 where organization_id = \(north.organization) and id = \(person.id)
                """
            ) == "23514"
        )
        try must("unknown_references", "one that is deleted is not", try answer(Int32.self, creating, ask) == 1)
    }
}
