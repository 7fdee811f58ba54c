import CarekeepTesting
import Foundation
import Testing

@testable import Assurance

/// Each probe of the machine, on one that is as it should be, on one without what it looks for, and on one that does not tell.
@Suite(.serialized) struct `Probes of the machine` {
    private static let passwd =
        "root:x:0:0:root:/root:/bin/bash\ncarekeep:x:995:994::/nonexistent:/usr/sbin/nologin\n"
        + "carekeep-db:x:999:995::/nonexistent:/usr/sbin/nologin\nann:x:1000:1000::/home/ann:/bin/bash\n"
    private static let group = "root:x:0:\ncarekeep:x:994:\ncarekeep-db:x:995:\nann:x:1000:\n"
    private static let swapHead = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
    private static let socketHead =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    private static let pagesSocket =
        "   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   995        0 1 1 0 100 0 0 10 0\n"
    private static let rules = """
        table inet filter {
        \tchain input {
        \t\ttype filter hook input priority filter; policy drop;
        \t\tct state established,related accept
        \t\ttcp dport { 22, 80, 443 } accept
        \t}
        }
        """
    private static let limits =
        "Limit                     Soft Limit           Hard Limit           Units\n"
        + "Max core file size        0                    unlimited            bytes\n"

    /// As the operator's guide asks for.
    private static let good: MadeUpMachine = {
        var made = MadeUpMachine()
        made.texts = [
            "/proc/self/mountinfo":
                "27 1 254:0 / / rw - ext4 /dev/vda rw\n40 27 253:2 / /data rw - ext4 /dev/mapper/data rw\n",
            "/sys/dev/block/254:0/uevent": "MAJOR=254\nDEVNAME=vda\n",
            "/sys/dev/block/253:2/dm/uuid": "CRYPT-LUKS2-0123-data\n",
            "/proc/swaps": swapHead, "/proc/sys/kernel/core_pattern": "core\n",
            "/data/records/postmaster.pid": "41\n", "/proc/41/limits": limits, "/proc/41/comm": "postgres\n",
            "/etc/passwd": passwd, "/etc/group": group, "/proc/net/tcp": socketHead + pagesSocket,
        ]
        made.links = ["/data": "/data", "/data/root.key": "/data/root.key", "/srv/swapfile": "/srv/swapfile"]
        made.files = ["/data/root.key": FileFacts(owner: 995, mode: 0o600, device: 2)]
        made.outputs = ["nft": rules]
        made.clock = KernelClock(isSynchronised: true, maximumError: 20_000)
        return made
    }()

    @Test func `each says what to do where it falls short`() {
        let probes = Probe.all.filter { $0.class == .host }
        #expect(probes.count > 10)
        for probe in probes {
            let remedy = probe.remedy ?? ""
            #expect(remedy.count > 20 && remedy.hasSuffix("."), "\(probe.name.rawValue)")
        }
    }

    private static let layout = Layout(
        dataFolders: ["/data"],
        clusterFolders: ["/data/records"],
        rootKeyFile: "/data/root.key",
        passphraseFile: nil,
        files: [Layout.KeptFile("/data/root.key", "the root key", owners: [995], closed: 0o077)],
        publicPorts: [443, 80],
        plainPorts: [],
        accounts: Layout.Accounts(
            server: Layout.Account(name: "carekeep", number: 995),
            database: Layout.Account(name: "carekeep-db", number: 999)
        )
    )

    struct Case: Sendable, CustomTestStringConvertible {
        let probe: Probe
        /// Takes away what it looks for.
        let spoil: @Sendable (inout MadeUpMachine) -> Void
        /// What is told then.
        let told: String
        /// Takes away what it looks at.
        let hush: @Sendable (inout MadeUpMachine) -> Void

        var testDescription: String { probe.name.rawValue }
    }

    static let cases = [
        Case(
            probe: .diskEncryption,
            spoil: {
                $0.texts["/sys/dev/block/253:2/dm/uuid"] = "LVM-abc\n"
                $0.texts["/sys/dev/block/253:2/slaves/vda/dev"] = "254:0\n"
            },
            told: "is written to vda as it is",
            hush: { $0.texts["/proc/self/mountinfo"] = nil }
        ),
        Case(
            probe: .swap,
            spoil: { $0.texts["/proc/swaps"] = swapHead + "/srv/swapfile file 1 0 -4\n" },
            told: "keys in memory can be written to /srv/swapfile in clear",
            hush: { $0.texts["/proc/swaps"] = nil }
        ),
        Case(
            probe: .coreDumps,
            spoil: { $0.texts["/proc/41/limits"] = limits.replacing("0        ", with: "unlimited") },
            told: "may write its memory to a file",
            hush: { $0.texts["/proc/sys/kernel/core_pattern"] = nil }
        ),
        Case(
            probe: .accounts,
            spoil: { $0.texts["/etc/group"] = group.replacing("carekeep:x:994:", with: "carekeep:x:994:ann") },
            told: "ann belongs to the server's account's group",
            hush: { $0.texts["/etc/group"] = nil }
        ),
        Case(
            probe: .listeners,
            spoil: {
                $0.texts["/proc/net/tcp"] = socketHead + pagesSocket.replacing("00000000:01BB", with: "0A00000A:1538")
            },
            told: "port 5432, which the configuration does not name, can be called",
            hush: { $0.texts["/proc/net/tcp"] = nil }
        ),
        Case(
            probe: .firewall,
            spoil: { $0.outputs["nft"] = rules.replacing("policy drop", with: "policy accept") },
            told: "what no rule names is let in over IPv4",
            hush: { $0.outputs["nft"] = nil }
        ),
        Case(
            probe: .clock,
            spoil: { $0.clock = KernelClock(isSynchronised: false, maximumError: 0) },
            told: "nobody keeps the clock in step",
            hush: { $0.clock = nil }
        ),
        Case(
            probe: .fileModes,
            spoil: { $0.files["/data/root.key"] = FileFacts(owner: 995, mode: 0o644, device: 2) },
            told: "the root key",
            hush: { $0.files["/data/root.key"] = nil }
        ),
    ]

    private func look(at made: MadeUpMachine, by probe: Probe, in town: TestTown) async throws -> Prover.Result {
        var site = try town.site()
        site.host.deployment = Deployment(machine: made.machine, layout: Self.layout)
        return try #require(try await Prover(site, probes: [probe], release: "test").proveAll().first)
    }

    @Test(arguments: cases)
    func `are kept, fail without what they look for, and say where nothing is told`(one: Case) async throws {
        let town = try await TestTown()
        let kept = try await look(at: Self.good, by: one.probe, in: town)
        #expect(kept.outcome == .kept, "\(kept.seen) \(kept.details)")
        var spoiled = Self.good
        one.spoil(&spoiled)
        let failed = try await look(at: spoiled, by: one.probe, in: town)
        #expect(failed.outcome == .fallsShort)
        #expect(failed.details.contains { $0.contains(one.told) }, "\(failed.details)")
        var silent = Self.good
        one.hush(&silent)
        let untold = try await look(at: silent, by: one.probe, in: town)
        #expect([.cannotBeTold, .notTried].contains(untold.outcome), "\(untold.outcome)")
        await town.close()
    }
}
