import Foundation
import Paper

/// Probes of what somebody who examines us gets.
extension Probe {
    // GOV-5, GOV-6
    static let securityPack = Probe(
        .securityPack,
        .live,
        tries: "makes the package for examiners from the signed form of this page, and looks for every promise in it"
    ) { ground in
        let answer = try await ground.door().ask(DoorQuestion("/trust.json"))
        guard answer.status == 200 else {
            throw ProbeTrouble.controlFailed("/trust.json is answered with \(answer.status)")
        }
        let trust: TrustFile.Contents
        do { trust = try TrustFile.verify(answer.body, key: nil, at: Date()) } catch {
            return .judged(
                "The signed form was not what it says.",
                wrong: ["it is made from what nobody signed: \(error)"]
            )
        }
        let document = try SecurityPack(trust, at: Date()).document
        let wrong = try faults(of: document.html(), printed: document.pdf(), from: trust)
        let short = trust.rows.count { SecurityPack.isShort($0.standing) }
        return .judged(
            "All \(trust.rows.count) promises are in it, \(short) of them as falling short, with \(try Framework.all.get().count) "
                + "maps of frameworks, as a page and as PDF.",
            wrong: wrong
        )
    }
    /// What is not in the pack that must be: each promise, that it falls short if it does, each map, and a PDF.
    static func faults(of page: String, printed: [UInt8], from trust: TrustFile.Contents) throws -> [String] {
        var wrong: [String] = []
        for row in trust.rows where !page.contains("id=\"\(row.id)\"") { wrong.append("\(row.id) is missing") }
        for row in trust.rows.filter({ SecurityPack.isShort($0.standing) })
        where !page.contains("<a href=\"#\(row.id)\">\(row.id)</a>: falls short") {
            wrong.append("\(row.id) falls short, and the pack does not say so")
        }
        for framework in try Framework.all.get() where !page.contains(framework.name) {
            wrong.append("there is no map of \(framework.name)")
        }
        if !printed.starts(with: Array("%PDF-".utf8)) { wrong.append("there is no PDF") }
        return wrong
    }
}
