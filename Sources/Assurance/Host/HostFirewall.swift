import Foundation

/// What a host's firewall lets in, read from `nft list ruleset` or from `iptables-save`.
///
/// Told are TCP ports that are let in for everybody. Rules for some senders alone, and what is let in by a rule that this does not
/// understand, are not counted.
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
            case accept, refuse, nothing
            case jump(String)
        }

        var verdict: Verdict
        /// Whether it speaks of every packet that comes by the network.
        var isForAll: Bool
        /// TCP ports it speaks of; empty for none.
        var ports: [ClosedRange<Int>] = []
        /// Whether it speaks of some senders alone.
        var hasSender = false

        init(nft line: String, family: String) {
            let plain = line.replacing(/counter packets [0-9]+ bytes [0-9]+ ?/, with: "").replacing(
                /comment "[^"]*"/,
                with: ""
            )
            .replacing(/log prefix "[^"]*" ?/, with: "").replacing(/iif(name)? "?[a-z]+[0-9a-z]*"? ?/) { match in
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
                verdict = .nothing
            }
            isForAll = plain.contains(/^(accept|drop|reject.*|(jump|goto) \S+)$/)
            hasSender = plain.contains(/\bsaddr\b/)
            if !plain.contains("udp dport"), let found = plain.firstMatch(of: /dport (\{[^}]*\}|\S+)/) {
                ports = Self.ranges(found.1.replacing(/[{}]/, with: "").replacing(" ", with: ""), between: "-")
            }
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
                case "LOG", "NFLOG", "RETURN", "": .nothing
                default: .jump("\(family) \(target)")
                }
            let interface = after(["-i"])
            // What follows the chain's name but for the target, an interface that is not this machine's own, and what a refusal says.
            let conditions = words.dropFirst(2).filter { word in
                !["-j", "-g", target, "-i", interface ?? "-j", "--reject-with", after(["--reject-with"]) ?? "-j"]
                    .contains(word)
            }
            isForAll = conditions.isEmpty && interface != "lo"
            hasSender = words.contains("-s") || words.contains("--source")
            if after(["-p"]) != "udp", let found = after(["--dport", "--dports"]) {
                ports = Self.ranges(found, between: ":")
            }
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
        guard depth < 16 else { return nil }
        for rule in chains[chain] ?? [] {
            switch rule.verdict {
            case .accept, .refuse:
                if rule.isForAll { return rule.verdict }
                if rule.verdict == .accept, !rule.hasSender { ports += rule.ports }
            case .jump(let target):
                let found = verdict(of: target, in: chains, opening: &ports, depth: depth + 1)
                if rule.isForAll, let found { return found }
            case .nothing: break
            }
        }
        return nil
    }
}
