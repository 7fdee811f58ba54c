import Foundation

/// What a host's firewall lets in, read from `nft list ruleset` or from `iptables-save`.
///
/// Told are TCP ports that are let in for everybody; rules for some senders alone are passed over. A rule that accepts and is not
/// understood is taken for one that accepts everything, one that refuses for one that refuses nothing.
struct HostFirewall: Sendable, Equatable {
    /// Whether what no rule names is refused, over IPv4 and IPv6.
    private(set) var closesIPv4 = false
    private(set) var closesIPv6 = false
    /// Ranges of TCP ports that are let in, for everybody.
    private(set) var opened: [ClosedRange<Int>] = []

    /// Ports that are let in and not among these, as people write them.
    func unneeded(beside wanted: [UInt16]) -> [String] {
        opened.filter { range in range.count > 1 || !wanted.contains { Int($0) == range.lowerBound } }
            .map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)" }
    }

    /// What both refuse is refused: a packet has to pass each.
    func joined(with other: HostFirewall) -> HostFirewall {
        var both = self
        both.closesIPv4 = closesIPv4 || other.closesIPv4
        both.closesIPv6 = closesIPv6 || other.closesIPv6
        both.opened += other.opened
        return both
    }

    // MARK: nftables

    /// - `nftables`: what `nft -n list ruleset` prints; nothing for a machine without rules.
    init(nftables text: String) {
        var (family, chain) = ("", "")
        var chains: [String: [Rule]] = [:]
        var bases: [(chain: String, family: String, drops: Bool)] = []
        for line in text.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            let words = line.split(separator: " ").map(String.init)
            if words.first == "table", words.count > 2 {
                family = words[1]
                chain = ""
            } else if words.first == "chain", words.count > 1 {
                chain = "\(family) \(words[1])"
                chains[chain] = []
            } else if words.first == "}" {
                chain = ""
            } else if words.first == "type", line.contains("hook input") {
                bases.append((chain, family, line.contains("policy drop")))
            } else if !chain.isEmpty, words.first != "type" {
                chains[chain, default: []].append(Rule(nft: line, family: family))
            }
        }
        for base in bases where ["ip", "ip6", "inet"].contains(base.family) {
            close(base.family, chains: chains, from: base.chain, drops: base.drops)
        }
    }

    // MARK: iptables

    /// - `iptables`: what `iptables-save` prints, for IPv4; `ip6tables` for IPv6.
    init(iptables: String, ip6tables: String) {
        for (family, text) in [("ip", iptables), ("ip6", ip6tables)] {
            var (table, drops) = ("", false)
            var chains: [String: [Rule]] = [:]
            for line in text.split(separator: "\n") {
                if line.hasPrefix("*") {
                    table = String(line.dropFirst())
                } else if table == "filter", line.hasPrefix(":INPUT ") {
                    drops = line.hasPrefix(":INPUT DROP")
                } else if table == "filter", line.hasPrefix("-A ") {
                    let words = line.split(separator: " ").map(String.init)
                    chains["\(family) \(words[1])", default: []].append(Rule(iptables: words, family: family))
                }
            }
            close(family, chains: chains, from: "\(family) INPUT", drops: drops)
        }
    }

    // MARK: Chains

    /// One rule of a chain.
    private struct Rule {
        enum Verdict: Equatable {
            case accept, refuse, leave, nothing
            case jump(String)
        }

        var verdict: Verdict
        /// Whether it speaks of every packet, or of every one that comes by some interface.
        var isForAll: Bool
        var hasInterface: Bool
        /// Whether what it accepts is little: answers, some senders, some ports, other protocols than TCP. Anything that is not known to
        /// be is taken for much.
        var isNarrow: Bool
        /// TCP ports it speaks of; empty for none.
        var ports: [ClosedRange<Int>] = []
        /// Whether all the TCP ports that it names could be read; a rule that names none has nothing unread.
        var namesAllPorts = true
        /// Whether it speaks of some senders alone.
        var hasSender: Bool

        init(nft line: String, family: String) {
            let said = line.replacing(/counter packets [0-9]+ bytes [0-9]+ ?/, with: "").replacing(
                /comment "[^"]*"/,
                with: ""
            )
            .replacing(/log prefix "[^"]*" ?/, with: "")
            let plain = said.replacing(/iif(name)? "?[a-z][a-z0-9.@-]*"? ?/) { match in
                match.0.contains(/\blo\b/) ? match.0 : ""
            }.trimmingCharacters(in: .whitespaces)
            let target = plain.firstMatch(of: /(?:jump|goto) (\S+)/).map { "\(family) \($0.1)" }
            if let target {
                verdict = .jump(target)
            } else if plain.hasSuffix("accept") {
                verdict = .accept
            } else if plain.hasSuffix("drop") || plain.contains(/\breject\b/) {
                verdict = .refuse
            } else {
                verdict = plain.hasSuffix("return") ? .leave : .nothing
            }
            isForAll = plain.contains(/^(accept|drop|return|reject( with .*)?|(jump|goto) \S+)$/)
            hasInterface = plain != said.trimmingCharacters(in: .whitespaces)
            hasSender = plain.contains(/\bsaddr\b/)
            let isOfSomePorts = plain.contains(/\bdport\b/)
            if !plain.contains("udp dport"), let found = plain.firstMatch(of: /dport (\{[^}]*\}|\S+)/) {
                let named = found.1.replacing(/[{}]/, with: "").replacing(" ", with: "")
                ports = Self.ranges(named, between: "-")
                namesAllPorts = ports.count == named.split(separator: ",").count && !ports.isEmpty
            }
            // Everything but some, or what a set or a map elsewhere holds, may be nearly everything.
            let isOpenEnded = plain.contains("!=") || plain.contains("@") || plain.contains("vmap")
            let isAnybody = plain.contains(/\bsaddr (0\.0\.0\.0|::)\/0/)
            isNarrow =
                !isOpenEnded && !isAnybody && namesAllPorts
                && (hasSender || isOfSomePorts
                    || plain.contains(/\b(established|related|icmp|icmpv6|ipv6-icmp|igmp|lo|udp|esp|vrrp|dnat)\b/)
                        && !plain.contains(/\b(new|untracked|tcp)\b/))
            hasSender = hasSender && !isAnybody
        }

        init(iptables words: [String], family: String) {
            let after = { (names: [String]) in
                words.firstIndex(where: { names.contains($0) }).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
            }
            let target = after(["-j", "-g"]) ?? ""
            verdict =
                switch target {
                case "ACCEPT": .accept
                case "DROP", "REJECT": .refuse
                case "RETURN": .leave
                case "LOG", "NFLOG", "": .nothing
                default: .jump("\(family) \(target)")
                }
            let (interface, answer) = (after(["-i"]), after(["--reject-with"]))
            // What follows the chain's name but for the target, an interface, and what a refusal says.
            let known: Set = ["-j", "-g", target, "-i", interface ?? "-i", "--reject-with", answer ?? "-i"]
            isForAll = words.dropFirst(2).allSatisfy { known.contains($0) } && interface != "lo"
            hasInterface = interface != nil
            hasSender = words.contains("-s") || words.contains("--source")
            let others: Set = ["udp", "icmp", "ipv6-icmp", "igmp", "esp", "ah", "vrrp"]
            let states = after(["--ctstate", "--state"])
            if after(["-p"]) != "udp", let found = after(["--dport", "--dports"]) {
                ports = Self.ranges(found, between: ":")
                namesAllPorts = ports.count == found.split(separator: ",").count && !ports.isEmpty
            }
            let isAnybody = ["0.0.0.0/0", "::/0"].contains(after(["-s", "--source"]) ?? "")
            hasSender = hasSender && !isAnybody
            // Everything but some, or what a set elsewhere holds, may be nearly everything.
            let isOpenEnded = words.contains("!") || words.contains("--match-set") || isAnybody
            isNarrow =
                !isOpenEnded && namesAllPorts
                && (hasSender || interface == "lo" || after(["--dport", "--dports"]) != nil
                    || others.contains(after(["-p"]) ?? "")
                    || states.map { !$0.contains("NEW") && !$0.contains("UNTRACKED") } ?? false)
        }

        /// `22,80,8000-8100`.
        private static func ranges(_ text: some StringProtocol, between dash: Character) -> [ClosedRange<Int>] {
            text.split(separator: ",").compactMap { part in
                let ends = part.split(separator: dash).compactMap { Int($0) }
                guard let first = ends.first, let last = ends.last, first <= last else { return nil }
                return first...last
            }
        }
    }

    private mutating func close(_ family: String, chains: [String: [Rule]], from base: String, drops: Bool) {
        var ports: [ClosedRange<Int>] = []
        let verdict = Self.verdict(of: base, in: chains, opening: &ports, depth: 0)
        let isClosed = verdict == .refuse || verdict == nil && drops
        guard isClosed else { return }
        if family != "ip6" { closesIPv4 = true }
        if family != "ip" { closesIPv6 = true }
        for range in ports where !opened.contains(range) { opened.append(range) }
    }

    /// What becomes of a packet that no special rule speaks of; `nil` if the chain leaves that open.
    private static func verdict(
        of chain: String,
        in chains: [String: [Rule]],
        opening ports: inout [ClosedRange<Int>],
        depth: Int
    ) -> Rule.Verdict? {
        // Deeper than anybody writes: taken for open.
        guard depth < 16 else { return .accept }
        var mayBeLeft = false
        for rule in chains[chain] ?? [] {
            switch rule.verdict {
            case .accept:
                if !rule.isNarrow { return .accept }
                if !rule.hasSender { ports += rule.ports }
            case .refuse:
                if rule.isForAll, !rule.hasInterface, !mayBeLeft { return .refuse }
            case .jump(let target):
                let found = verdict(of: target, in: chains, opening: &ports, depth: depth + 1)
                if found == .accept, !rule.isNarrow { return .accept }
                if found == .accept, !rule.hasSender { ports += rule.ports }
                if found == .refuse, rule.isForAll, !rule.hasInterface, !mayBeLeft { return .refuse }
            case .leave:
                if rule.isForAll, !rule.hasInterface { return nil }
                mayBeLeft = true
            case .nothing: break
            }
        }
        return nil
    }
}
