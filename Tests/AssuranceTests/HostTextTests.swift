import Foundation
import Testing

@testable import Assurance

/// A machine that is nothing but texts.
struct MadeUpMachine {
    var texts: [String: String] = [:]
    var links: [String: String] = [:]
    var files: [String: FileFacts] = [:]
    var outputs: [String: String] = [:]
    var clock: KernelClock?

    var machine: Machine {
        let (texts, links, files, outputs, clock) = (texts, links, files, outputs, clock)
        return Machine(
            text: { texts[$0] },
            names: { folder in
                let names = texts.keys.filter { $0.hasPrefix(folder + "/") }
                    .compactMap { $0.dropFirst(folder.count + 1).split(separator: "/").first.map(String.init) }
                return names.isEmpty ? nil : Set(names).sorted()
            },
            real: { links[$0] ?? (files[$0] == nil ? nil : $0) },
            file: { files[$0] },
            output: { name, _ in outputs[name] },
            clock: { clock }
        )
    }
}

@Suite struct `Texts of a machine` {
    private static let mounts = """
        27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
        40 27 253:2 / /var/lib/carekeep rw,relatime shared:5 - ext4 /dev/mapper/data rw
        41 27 0:44 / /mnt/far rw - nfs4 far:/ rw
        42 27 0:45 / /run/keys rw - tmpfs tmpfs rw
        43 27 254:0 /old /mnt/with\\040space rw - ext4 /dev/vda rw
        44 27 0:50 / /mnt/pool rw - btrfs /dev/vdb rw
        45 27 8:16 / /mnt/pool/inner rw - ext4 /dev/sdb rw
        46 27 253:9 / /mnt/pool/inner rw - ext4 /dev/mapper/hides rw
        """

    private func machine() -> MadeUpMachine {
        var made = MadeUpMachine()
        made.texts = [
            "/proc/self/mountinfo": Self.mounts,
            "/sys/dev/block/254:0/uevent": "MAJOR=254\nDEVNAME=vda\n",
            // A logical volume on an encrypted device.
            "/sys/dev/block/253:2/dm/uuid": "LVM-abc\n",
            "/sys/dev/block/253:2/slaves/dm-0/dev": "253:0\n",
            "/sys/dev/block/253:0/dm/uuid": "CRYPT-LUKS2-0123-data_crypt\n",
            "/sys/dev/block/253:9/dm/uuid": "CRYPT-VERITY-0123\n",
            "/sys/dev/block/253:9/slaves/vda/dev": "254:0\n",
            "/sys/fs/btrfs/u/devices/vdb/size": "1", "/sys/fs/btrfs/u/devices/vdc/size": "1",
            "/sys/class/block/vdb/dev": "254:16\n", "/sys/class/block/vdc/dev": "254:32\n",
            "/sys/dev/block/254:16/dm/uuid": "CRYPT-LUKS2-x", "/sys/dev/block/254:32/uevent": "DEVNAME=vdc\n",
        ]
        for place in [
            "/var/lib/carekeep/clusters", "/srv", "/mnt/far/x", "/run/keys/root.key", "/mnt/pool", "/mnt/pool/inner",
        ] {
            made.links[place] = place
        }
        made.links["/dev/vdb"] = "/dev/vdb"
        made.links["/dev/vdc"] = "/dev/vdc"
        return made
    }

    @Test func `a mount is found by the longest way to it, and the last of equal ones`() throws {
        let table = try #require(MountTable(Self.mounts))
        #expect(table.mount(of: "/var/lib/carekeep/clusters")?.source == "/dev/mapper/data")
        #expect(table.mount(of: "/var/lib/carekeeper")?.source == "/dev/vda")
        #expect(table.mount(of: "/mnt/with space/x")?.place == "/mnt/with space")
        #expect(table.mount(of: "/mnt/pool/inner/x")?.source == "/dev/mapper/hides")
        #expect(MountTable("") == nil)
        #expect(MountTable("nonsense\n") == nil)
    }

    @Test(arguments: [
        ("/var/lib/carekeep/clusters", DiskEncryption.encrypted),
        ("/var/lib/carekeep/clusters/not/there/yet", .encrypted),
        ("/srv", .open("vda")), ("/run/keys/root.key", .inMemory),
        // Verity shows changes and encrypts nothing; and one open disk of a pool is enough.
        ("/mnt/pool/inner", .open("vda")), ("/mnt/pool", .open("vdc")),
    ])
    func `encryption is looked for down to the disks`(path: String, expected: DiskEncryption) {
        #expect(DiskEncryption.of(path, on: machine().machine) == expected)
    }

    @Test func `what the kernel does not tell of is unknown, and never well`() {
        for path in ["/mnt/far/x"] {
            guard case .unknown = DiskEncryption.of(path, on: machine().machine) else {
                Issue.record("\(path) is not unknown")
                continue
            }
        }
        var silent = machine()
        silent.texts["/proc/self/mountinfo"] = nil
        #expect(DiskEncryption.of("/srv", on: silent.machine) == .unknown("the list of mounts cannot be read"))
        var blind = machine()
        blind.texts["/sys/dev/block/254:0/uevent"] = nil
        #expect(
            DiskEncryption.of("/srv", on: blind.machine) == .unknown("the kernel does not tell of the device 254:0")
        )
        #expect(DiskEncryption.worst([.encrypted, .unknown("x")]) == .unknown("x"))
        #expect(DiskEncryption.worst([.unknown("x"), .open("y")]) == .open("y"))
    }

    @Test func `swap on a disk is told apart from encrypted swap and from memory`() throws {
        let head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
        #expect(try #require(SwapTable(head)).areas.isEmpty)
        #expect(SwapTable("") == nil)
        let areas = try #require(
            SwapTable(head + "/dev/vdb partition 1 0 -2\n/dev/vdc partition 1 0 -3\n/srv/swapfile file 1 0 -4\n")
        ).areas
        #expect(
            areas.map { SwapTable.encryption(of: $0, on: machine().machine) } == [
                .encrypted, .open("vdc"), .open("vda"),
            ]
        )
    }

    @Test func `listeners are read, with who may call them`() throws {
        let four = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000   995        0 1 1 0 100 0 0 10 0
               1: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   995        0 2 1 0 100 0 0 10 0
               2: 0A00000A:1539 00000000:0000 0A 00000000:00000000 00:00000000 00000000   995        0 3 1 0 100 0 0 10 0
               3: 0A00000A:153A 0100000A:0001 01 00000000:00000000 00:00000000 00000000   995        0 4 1 0 100 0 0 10 0
               4: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1 0 100 0 0 10 0
            """
        let six = """
              sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 00000000000000000000000001000000:2378 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   995 0 1
               1: 0000000000000000FFFF00000100007F:2379 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   995 0 1
               2: 00000000000000000000000000000000:24F8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   995 0 1
            """
        let all = try #require(Listener.all(in: four)) + #require(Listener.all(in: six))
        #expect(all.filter { !$0.isLoopback }.map(\.port) == [443, 5433, 22, 9464])
        #expect(all.count == 7)
        #expect(Listener.all(in: "") == nil)
        #expect(
            Listener.faults(of: all, owners: [995], open: [443], plain: [9464]) == [
                "port 5433, which the configuration does not name, can be called from the network",
                "port 9464, which speaks in clear and asks nobody who they are, can be called from the network",
            ]
        )
        #expect(Listener.faults(of: all, owners: [995], open: [443, 5433, 9464], plain: []).isEmpty)
        #expect(Listener.faults(of: all, owners: [7], open: [], plain: []).isEmpty)
    }

    @Test func `accounts that others could become are named`() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\ncarekeep:x:995:994::/nonexistent:/usr/sbin/nologin\n"
            + "carekeep-db:x:999:995::/nonexistent:/usr/sbin/nologin\nann:x:1000:1000::/home/ann:/bin/bash\n"
        let group = "root:x:0:\ncarekeep:x:994:\ncarekeep-db:x:995:\ndocker:x:800:\nann:x:1000:\n"
        let faults = { (passwd: String, group: String) in
            MachineAccounts(passwd: passwd, group: group).faults(server: "carekeep", database: "carekeep-db")
        }
        #expect(faults(passwd, group) == [])
        #expect(faults("root:x:0:0:root:/root:/bin/bash\n", group) == nil)
        #expect(
            faults(passwd.replacing("995:994::/nonexistent:/usr/sbin/nologin", with: "995:994::/home/c:/bin/sh"), group)
                == ["somebody could sign in to this machine as the server's account"]
        )
        #expect(
            faults(passwd, group.replacing("carekeep:x:994:", with: "carekeep:x:994:ann")) == [
                "ann belongs to the server's account's group"
            ]
        )
        #expect(
            faults(passwd.replacing("ann:x:1000:1000", with: "ann:x:1000:995"), group)
                == ["ann belongs to PostgreSQL's account's group"]
        )
        #expect(
            faults(passwd, group.replacing("docker:x:800:", with: "docker:x:800:carekeep")) == [
                "the server's account belongs to the group docker"
            ]
        )
        #expect(faults(passwd + "twin:x:995:1::/:/bin/false\n", group) == ["the server's account has a second name"])
        #expect(
            faults(passwd.replacing("carekeep:x:995:", with: "carekeep:x:0:"), group)?.contains(
                "the server's account is root"
            ) == true
        )
        #expect(MachineAccounts(passwd: passwd, group: group).faults(server: "ann", database: "ann")?.count == 1)
    }

    @Test func `what happens to a crashed program's memory is read`() {
        #expect(!CoreDumps.takesAll("core\n"))
        #expect(!CoreDumps.takesAll("|/usr/lib/systemd/systemd-coredump %P %u %g %s %t %c %h"))
        #expect(CoreDumps.takesAll("|/usr/share/apport/apport -p%p -s%s\n"))
        let limits =
            "Limit                     Soft Limit           Hard Limit           Units\nMax core file size        0                    unlimited            bytes\n"
        #expect(CoreDumps.limit(limits) == "0")
        #expect(CoreDumps.limit(limits.replacing("0     ", with: "unlimited     ")) == "unlimited")
        #expect(CoreDumps.limit("") == nil)
    }

    @Test func `settings by which data could be lost are named`() {
        let good = [
            "fsync": "on", "full_page_writes": "on", "data_checksums": "on", "zero_damaged_pages": "off",
            "ignore_checksum_failure": "off", "synchronous_commit": "on",
        ]
        #expect(DatabaseRules.losses(in: good) == [])
        for (name, bad) in good.map({ ($0.key, $0.value == "on" ? "off" : "on") }) {
            #expect(DatabaseRules.losses(in: good.merging([name: bad]) { $1 }) == ["\(name) is \(bad)"])
        }
        #expect(DatabaseRules.losses(in: [:]).count == 5)
    }

    @Test func `a database that lets in too many is named`() {
        let good = ["listen_addresses": "", "ssl": "off", "row_security": "on", "password_encryption": "scram-sha-256"]
        let faults = { (settings: [String: String], entrances: [DatabaseRules.Entrance], isOurs: Bool) in
            DatabaseRules.faults(in: good.merging(settings) { $1 }, entrances, isOurs: isOurs)
        }
        let line = { (kind: String, address: String?, mask: String?, method: String?) in
            DatabaseRules.Entrance(kind: kind, address: address, mask: mask, method: method)
        }
        let peer = line("local", nil, nil, "peer")
        #expect(faults([:], [peer, line("local", nil, nil, "reject")], true) == [])
        #expect(faults(["listen_addresses": "*", "ssl": "on"], [peer], true) == ["it listens on the network"])
        #expect(faults(["row_security": "off"], [peer], true) == ["row_security is off"])
        #expect(faults([:], [line("local", nil, nil, "trust")], true) == ["it lets in by local trust"])
        #expect(
            faults([:], [line("local", nil, nil, nil)], true) == [
                "a line of its list of who may come in cannot be read"
            ]
        )
        #expect(
            faults([:], [line("hostssl", "10.0.0.7", "255.255.255.255", "scram-sha-256")], true) == [
                "it lets in by hostssl scram-sha-256"
            ]
        )
        // A server of the operator's, over TCP.
        let net = ["listen_addresses": "10.0.0.7", "ssl": "on"]
        #expect(faults(net, [line("hostssl", "10.0.0.8", "255.255.255.255", "scram-sha-256")], false) == [])
        #expect(faults(net, [line("host", "127.0.0.1", "255.255.255.255", "scram-sha-256")], false) == [])
        #expect(
            faults(net, [line("host", "10.0.0.8", "255.255.255.255", "scram-sha-256")], false) == [
                "it lets in by host scram-sha-256, without encryption"
            ]
        )
        #expect(
            faults(net, [line("hostssl", "0.0.0.0", "0.0.0.0", "scram-sha-256")], false) == [
                "it lets in by hostssl scram-sha-256, from every address"
            ]
        )
        #expect(
            faults(net, [line("hostssl", "::", "::", "cert")], false) == [
                "it lets in by hostssl cert, from every address"
            ]
        )
        #expect(
            faults(net, [line("hostssl", "10.0.0.8", "255.255.255.255", "md5")], false) == ["it lets in by hostssl md5"]
        )
        #expect(
            faults(net.merging(["ssl": "off"]) { $1 }, [peer], false) == ["ssl is off, and it listens on the network"]
        )
        #expect(
            faults(net.merging(["password_encryption": "md5"]) { $1 }, [peer], false) == [
                "password_encryption is not scram-sha-256"
            ]
        )
    }
}

@Suite struct `A firewall's rules` {
    private static let good = """
        table inet filter {
        \tchain input {
        \t\ttype filter hook input priority filter; policy drop;
        \t\tct state established,related accept
        \t\tiif "lo" accept
        \t\tip protocol icmp accept
        \t\ttcp dport { 22, 443 } counter packets 7 bytes 420 accept comment "pages"
        \t\ttcp dport 80 accept
        \t\tip saddr 10.0.0.7 tcp dport 9464 accept
        \t\tudp dport 5353 accept
        \t}
        \tchain forward {
        \t\ttype filter hook forward priority filter; policy accept;
        \t}
        }
        """

    @Test func `closed by default, with what is needed open`() {
        let firewall = HostFirewall(nftables: Self.good)
        #expect(firewall.closesIPv4 && firewall.closesIPv6)
        #expect(firewall.unneeded(beside: [22, 80, 443]) == [])
        #expect(firewall.unneeded(beside: [22, 443]) == ["80"])
    }

    @Test(arguments: [
        ("policy drop", "policy accept"), ("\t\tip protocol icmp accept", "\t\taccept"),
        ("\t\tip protocol icmp accept", "\t\tiifname \"eth0\" counter packets 1 bytes 1 accept"),
        ("hook input", "hook output"),
        // What is not understood, or speaks of one interface alone, does not make it look closed.
        ("\t\tip protocol icmp accept", "\t\tmeta nfproto ipv4 accept"),
        ("\t\tip protocol icmp accept", "\t\tct state new accept"),
        ("\t\tip protocol icmp accept", "\t\tmeta l4proto { tcp, udp } accept"),
        ("\t\tip protocol icmp accept", "\t\tiifname \"eth0\" jump input"),
        // All but some, and all of a set that is written elsewhere, may be nearly all.
        ("\t\tip protocol icmp accept", "\t\ttcp dport != 22 accept"),
        ("\t\tip protocol icmp accept", "\t\ttcp dport @open accept"),
        ("\t\tip protocol icmp accept", "\t\ttcp dport { 22, everything } accept"),
        ("\t\tip protocol icmp accept", "\t\tip saddr != 10.0.0.0/8 accept"),
        ("\t\tip protocol icmp accept", "\t\tip saddr 0.0.0.0/0 accept"),
        (
            "policy drop;\n\t\tct state established,related accept",
            "policy accept;\n\t\tct state established,related accept\n\t\tiifname \"eth0\" drop"
        ),
        (
            "policy drop;\n\t\tct state established,related accept",
            "policy accept;\n\t\tip daddr 10.0.0.1 return\n\t\tdrop"
        ),
    ])
    func `open to everything`(text: String, damaged: String) {
        let firewall = HostFirewall(nftables: Self.good.replacing(text, with: damaged))
        #expect(!firewall.closesIPv4 && !firewall.closesIPv6)
    }

    @Test func `a rule at the end closes as well as a policy, also by way of another chain`() {
        let open = Self.good.replacing("policy drop", with: "policy accept")
        #expect(
            HostFirewall(
                nftables: open.replacing("\t\tudp dport 5353 accept", with: "\t\tcounter packets 1 bytes 2 drop")
            ).closesIPv4
        )
        #expect(
            HostFirewall(
                nftables: open.replacing("\t\tudp dport 5353 accept", with: "\t\treject with icmpx port-unreachable")
            ).closesIPv4
        )
        let jump = open.replacing("\t\tudp dport 5353 accept", with: "\t\tjump rest")
            .replacing(
                "\tchain forward",
                with: "\tchain rest {\n\t\ttcp dport 8000-8100 accept\n\t\tdrop\n\t}\n\tchain forward"
            )
        #expect(HostFirewall(nftables: jump).closesIPv4)
        #expect(HostFirewall(nftables: jump).unneeded(beside: [22, 80, 443]) == ["8000–8100"])
        // One packet in two families: what closes one leaves the other open.
        let four = HostFirewall(nftables: Self.good.replacing("table inet", with: "table ip"))
        #expect(four.closesIPv4 && !four.closesIPv6)
        #expect(!HostFirewall(nftables: "").closesIPv4)
    }

    private static let saved = """
        *filter
        :INPUT DROP [0:0]
        :FORWARD DROP [0:0]
        :ufw-user-input - [0:0]
        -A INPUT -i lo -j ACCEPT
        -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A INPUT -j ufw-user-input
        -A ufw-user-input -p tcp -m tcp --dport 443 -j ACCEPT
        -A ufw-user-input -p tcp -m multiport --dports 22,8000:8100 -j ACCEPT
        -A ufw-user-input -s 10.0.0.0/8 -p tcp -m tcp --dport 9464 -j ACCEPT
        -A ufw-user-input -p udp -m udp --dport 53 -j ACCEPT
        COMMIT
        """

    private static let zones = """
        table inet firewalld {
        \tchain filter_INPUT {
        \t\ttype filter hook input priority filter + 10; policy accept;
        \t\tct state { established, related } accept
        \t\tct status dnat accept
        \t\tiifname "lo" accept
        \t\tct state invalid drop
        \t\tjump filter_INPUT_ZONES
        \t\treject with icmpx admin-prohibited
        \t}
        \tchain filter_INPUT_ZONES {
        \t\tiifname "eth0" goto filter_IN_public
        \t\tgoto filter_IN_public
        \t}
        \tchain filter_IN_public {
        \t\tjump filter_IN_public_allow
        \t\tmeta l4proto { icmp, ipv6-icmp } accept
        \t\treject with icmpx admin-prohibited
        \t}
        \tchain filter_IN_public_allow {
        \t\ttcp dport 22 accept
        \t\tudp dport 546 accept
        \t\ttcp dport 9090 accept
        \t}
        }
        """

    @Test func `of zones are followed from chain to chain`() {
        let firewall = HostFirewall(nftables: Self.zones)
        #expect(firewall.closesIPv4 && firewall.closesIPv6)
        #expect(firewall.unneeded(beside: [22]) == ["9090"])
        let trusting = Self.zones.replacing("\t\ttcp dport 9090 accept", with: "\t\taccept")
        #expect(!HostFirewall(nftables: trusting).closesIPv4)
    }

    @Test func `of ufw are followed past a chain that some packets leave`() {
        let ufw = """
            *filter
            :INPUT DROP [0:0]
            -A INPUT -j ufw-before-input
            -A INPUT -j ufw-user-input
            -A ufw-before-input -i lo -j ACCEPT
            -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
            -A ufw-before-input -j ufw-not-local
            -A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
            -A ufw-not-local -j DROP
            -A ufw-user-input -p tcp -m tcp --dport 22 -j ufw-user-limit-accept
            -A ufw-user-input -p tcp -m tcp --dport 8080 -j ACCEPT
            -A ufw-user-limit-accept -j ACCEPT
            COMMIT
            """
        let firewall = HostFirewall(iptables: ufw, ip6tables: ufw)
        #expect(firewall.closesIPv4 && firewall.closesIPv6)
        #expect(firewall.unneeded(beside: []) == ["22", "8080"])
        let open = ufw.replacing(":INPUT DROP", with: ":INPUT ACCEPT")
        #expect(!HostFirewall(iptables: open, ip6tables: open).closesIPv4)
        let states = ufw.replacing("RELATED,ESTABLISHED", with: "NEW,ESTABLISHED")
        #expect(!HostFirewall(iptables: states, ip6tables: states).closesIPv4)
    }

    @Test(arguments: [
        "-p tcp -m tcp ! --dport 22", "! -s 10.0.0.0/8 -p tcp", "-s 0.0.0.0/0 -p tcp", "-s ::/0 -p tcp",
        "-p tcp -m tcp --dport everything", "-m set --match-set open dst -p tcp -m tcp --dport 22",
    ])
    func `of iptables that accept nearly all are open`(match: String) {
        let some = "-A ufw-user-input -p tcp -m tcp --dport 443 -j ACCEPT"
        let damaged = Self.saved.replacing(some, with: "-A ufw-user-input \(match) -j ACCEPT")
        #expect(damaged != Self.saved)
        #expect(!HostFirewall(iptables: damaged, ip6tables: damaged).closesIPv4)
    }

    @Test func `of iptables are read too`() {
        let both = HostFirewall(iptables: Self.saved, ip6tables: Self.saved)
        #expect(both.closesIPv4 && both.closesIPv6)
        #expect(both.unneeded(beside: [22, 443]) == ["8000–8100"])
        let four = HostFirewall(iptables: Self.saved, ip6tables: "")
        #expect(four.closesIPv4 && !four.closesIPv6)
        #expect(HostFirewall(nftables: "").joined(with: both).closesIPv6)
        let open = Self.saved.replacing(":INPUT DROP", with: ":INPUT ACCEPT")
        #expect(!HostFirewall(iptables: open, ip6tables: open).closesIPv4)
        let closed = open.replacing(
            "-A ufw-user-input -p udp -m udp --dport 53 -j ACCEPT",
            with: "-A INPUT -j REJECT --reject-with icmp-port-unreachable"
        )
        #expect(HostFirewall(iptables: closed, ip6tables: closed).closesIPv4)
        for all in ["-A INPUT -j ACCEPT", "-A INPUT -i eth0 -j ACCEPT"] {
            let wide = Self.saved.replacing("-A INPUT -i lo -j ACCEPT", with: all)
            #expect(!HostFirewall(iptables: wide, ip6tables: wide).closesIPv4)
        }
    }
}
