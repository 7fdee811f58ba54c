import Assurance
import CarekeepTesting
import Foundation
import Postgres
import Testing

@Suite(.serialized) struct `SQL lints` {
    @Test func `find nothing in either store`() async throws {
        let town = try await TestTown()
        let (records, keys) = (try AdminConnection(town.admin), try AdminConnection(town.keysAdmin))
        for lint in try SQLLint.all(in: Release.lints(of: "records")) {
            #expect(try lint.findings(in: "care", over: records) == [], "\(lint.name)")
            #expect(try lint.findings(in: "keys", over: keys) == [], "\(lint.name)")
        }
        for lint in try SQLLint.all(in: Release.lints(of: "keys")) {
            #expect(try lint.findings(in: "keys", over: keys) == [], "\(lint.name)")
        }
        await town.close()
    }

    @Test func `each find the fault that they are for`() async throws {
        let town = try await TestTown()
        try find(
            Self.faults,
            with: SQLLint.all(in: Release.lints(of: "records")),
            in: "care",
            AdminConnection(town.admin)
        )
        try find(
            Self.keyFaults,
            with: SQLLint.all(in: Release.lints(of: "keys")),
            in: "keys",
            AdminConnection(town.keysAdmin)
        )
        await town.close()
    }

    /// Makes each fault, sees a row, takes it back, sees none.
    private func find(
        _ faults: [String: [SQL]],
        with lints: [SQLLint],
        in schema: String,
        _ connection: AdminConnection
    ) throws {
        #expect(Set(lints.map(\.name)) == Set(faults.keys))
        for lint in lints {
            for fault in faults[lint.name] ?? [] {
                try connection.query("begin")
                try connection.query(fault)
                #expect(try lint.findings(in: schema, over: connection).count == 1, "\(lint.name): \(fault)")
                try connection.query("rollback")
                #expect(try lint.findings(in: schema, over: connection) == [], "\(lint.name)")
            }
        }
    }

    private static let faults: [String: [SQL]] = [
        "canary-is-known-elsewhere": [
            """
            create function care.guests() returns setof uuid language sql set search_path = care, pg_temp
                as 'select organization_id from care.canary'
            """,
            """
            create policy p on care.record for select to carekeep_server
                using (organization_id in (select care.canaries()))
            """,
            "create view care.v as select organization_id from care.canary",
        ],
        "constraint-name-is-no-sentence": [
            "alter table care.record add check (version < 1000000)",
            "alter table care.token add constraint odd check (epoch > 0)",
        ],
        "foreign-key-leaves-the-organization": [
            "alter table care.session add constraint session_is_of_an_account foreign key (account_id) references care.account"
        ],
        "function-is-executable-by-public": [
            "grant execute on function care.acting() to public",
            "create function care.two() returns integer language sql set search_path = care, pg_temp as 'select 2'",
        ],
        "function-is-leakproof": ["alter function care.acting_organization() leakproof"],
        "function-of-a-policy-is-not-stable": [
            "alter function care.acting_organization() immutable", "alter function care.acting_patients(text) volatile",
        ],
        "function-without-search-path": [
            "alter function care.clock() reset search_path", "alter function care.clock() set search_path = care",
            "alter function care.clock() set search_path = care, public, pg_temp",
            "alter function care.admit(uuid, uuid, bytea, bytea, bytea, text[], bytea) reset search_path",
            "alter function care.acting() security definer",
            "grant execute on function care.acting() to carekeep_server",
        ],
        "grant-goes-beyond-rows": [
            "grant truncate on care.record to carekeep_server", "grant trigger on care.record to carekeep_gate",
            "grant references (id) on care.record to public",
        ],
        "index-begins-elsewhere": [
            "create index on care.record (kind)",
            "alter table care.record add constraint record_has_an_id_of_its_own unique (id)",
            "create unique index on care.token ((value + 1))",
        ],
        "owner-is-unknown": [
            "alter table care.record owner to carekeep_gate", "alter function care.acting() owner to carekeep_server",
            "alter schema care owner to carekeep_gate", "alter role carekeep_gate login",
            "alter role carekeep_owner bypassrls",
        ],
        "policy-asks-for-each-row": [
            "create policy p on care.record for select to carekeep_server using (organization_id = care.acting_organization())"
        ],
        "policy-is-open-to-a-role-that-signs-in": [
            "create policy p on care.record for select to carekeep_server using (true)",
            "create policy p on care.token for insert to carekeep_keykeeper with check (true)",
        ],
        "policy-is-to-public": ["create policy p on care.record for select using (false)"],
        "policy-reads-a-setting": [
            """
            create policy p on care.record for select to carekeep_server
                using (organization_id = (select current_setting('care.organization')::uuid))
            """
        ],
        "policy-without-check": [
            "create policy p on care.reach for update to carekeep_server using (false)",
            "create policy p on care.reach to carekeep_server using (false)",
        ],
        "publication-carries-tables": ["create publication p for table care.record"],
        "row-security-is-off": [
            "alter table care.record disable row level security", "alter table care.token no force row level security",
            """
            do $$ begin execute (
                select format('alter table %s disable row level security', min(inhrelid)::regclass)
                  from pg_inherits where inhparent = 'care.entry'::regclass);
            end $$
            """,
        ],
        "sequence-is-shared": ["create sequence care.number"],
        "table-belongs-to-no-organization": [
            "create table care.note (id uuid primary key)",
            "create table care.note (organization_id text not null, id uuid, primary key (organization_id, id))",
        ],
        "table-without-comment": ["create table care.note (organization_id uuid primary key)"],
        "table-without-wall": [
            "drop policy record_stays_in_its_organization on care.record",
            "alter policy record_stays_in_its_organization on care.record using (true)",
            "create policy p on care.session for select to carekeep_server using (false)",
        ],
        "view-sees-as-its-owner": [
            "create view care.v as select 1 as x", "create materialized view care.v as select 1 as x",
            "create view care.v with (security_invoker = off) as select 1 as x",
        ],
    ]

    private static let keyFaults: [String: [SQL]] = [
        "keykeeper-touches-a-table": [
            "grant select on keys.subject to carekeep_keykeeper",
            "grant update (state) on keys.subject_key to carekeep_keykeeper",
        ]
    ]
}
