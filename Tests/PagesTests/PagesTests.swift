import Foundation
import Testing

@testable import Portal

/// What must hold for every page, whatever is in it.
@Suite struct `Every page` {
    static let names = Samples().all.map(\.name)

    static func page(_ name: String, hostile: Bool) throws -> String {
        let samples = hostile ? Samples(word: { Samples.hostile + $0 }) : Samples()
        return try #require(samples.all.first { $0.name == name }).html.text
    }

    @Test(arguments: names, [false, true])
    func `keeps to the strict content security policy`(name: String, hostile: Bool) throws {
        for tag in try Markup(Self.page(name, hostile: hostile)).tags {
            #expect(!["script", "style", "iframe", "object", "embed", "base"].contains(tag.name))
            for attribute in tag.attributes {
                #expect(attribute.name != "style" && !attribute.name.hasPrefix("on"))
            }
        }
    }

    @Test(arguments: names, [false, true])
    func `is well formed: tags are closed, attributes quoted and given once, ids differ`(
        name: String,
        hostile: Bool
    ) throws {
        let markup = try Markup(Self.page(name, hostile: hostile))
        #expect(markup.faults == [])
        let ids = markup.tags.flatMap { $0.attributes.filter { $0.name == "id" }.map(\.value) }
        #expect(ids.count == Set(ids).count)
    }

    @Test(arguments: names)
    func `has the same tags whatever people are called`(name: String) throws {
        let friendly = try Markup(Self.page(name, hostile: false)).tags.map(\.name)
        let hostile = try Markup(Self.page(name, hostile: true)).tags.map(\.name)
        let isSame = friendly == hostile
        #expect(isSame)
    }

    @Test(arguments: names)
    func `says its language, has one first heading and skips no level`(name: String) throws {
        let tags = try Markup(Self.page(name, hostile: false)).tags
        #expect(tags.first { $0.name == "html" }?["lang"]?.hasPrefix("en") == true)
        let levels = tags.compactMap { $0.name.count == 2 && $0.name.hasPrefix("h") ? Int($0.name.dropFirst()) : nil }
        #expect(levels.filter { $0 == 1 }.count == 1)
        #expect(zip(levels, levels.dropFirst()).allSatisfy { $1 <= $0 + 1 })
    }

    @Test(arguments: names)
    func `labels what can be filled in, and describes it by what is there`(name: String) throws {
        let tags = try Markup(Self.page(name, hostile: false)).tags
        let ids = Set(tags.compactMap { $0["id"] })
        let labels = Set(tags.filter { $0.name == "label" }.compactMap { $0["for"] })
        for tag in tags where ["input", "select", "textarea"].contains(tag.name) && tag["type"] != "hidden" {
            #expect(tag["id"].map(labels.contains) == true)
            if tag.name == "input" { #expect(tag["autocomplete"] != nil) }
        }
        for tag in tags {
            for key in ["aria-describedby", "aria-labelledby", "for"] {
                #expect(tag[key]?.split(separator: " ").allSatisfy { ids.contains(String($0)) } ?? true)
            }
        }
    }

    @Test(arguments: names)
    func `lets no browser send what is typed to a spell checker`(name: String) throws {
        for tag in try Markup(Self.page(name, hostile: false)).tags {
            let isTyped =
                tag.name == "textarea"
                || tag.name == "input" && !["hidden", "checkbox", "radio", "file"].contains(tag["type"] ?? "text")
            if isTyped { #expect(tag["spellcheck"] == "false") }
        }
    }

    @Test(arguments: names)
    func `changes things only by forms that carry a token, and puts nothing of anybody into an address`(
        name: String
    ) throws {
        let tags = try Markup(Self.page(name, hostile: true)).tags
        for (index, tag) in tags.enumerated() where tag.name == "form" {
            #expect(tag["method"] == "post")
            let inside = tags[index...].prefix { $0.name != "/form" }
            #expect(inside.contains { $0.name == "input" && $0["name"] == "csrf" })
        }
        for tag in tags where tag["rel"] == "noopener noreferrer nofollow" {
            // What a steward named as evidence, and nothing else, leads elsewhere.
            #expect(tag.name == "a" && tag["href"]?.hasPrefix("https://evidence.example/") == true)
        }
        let own = tags.filter { $0["rel"] != "noopener noreferrer nofollow" }
        for address in own.flatMap({ tag in ["href", "action"].compactMap { tag[$0] } }) {
            // What opens a code app leads to no server.
            #expect(address.hasPrefix("/") || address.hasPrefix("#") || address.hasPrefix("otpauth://totp/Carekeep:"))
            #expect(address.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "'") })
        }
    }

    @Test(arguments: names)
    func `keeps names and health out of its title`(name: String) throws {
        let page = try Self.page(name, hostile: true)
        let title = page.split(separator: "<title>")[1].split(separator: "</title>")[0]
        #expect(!title.contains("alert"))
    }

    @Test(arguments: names)
    func `uses no word that its audience is spared`(name: String) throws {
        let words = try Markup(Self.page(name, hostile: false)).words.lowercased()
        for word in [
            "phi ", "dependant", "data subject", "compliant", "compliance", "remission", "military-grade",
            "100 % secure", "tamper-proof", "conversion", "funnel", "data fiduciary", "anonymi", "verdict",
        ] {
            #expect(!words.contains(word))
        }
    }

    /// Writes the pages for people to look at, if told where: `CAREKEEP_GALLERY=/tmp/gallery swift test`.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["CAREKEEP_GALLERY"] != nil))
    func `can be looked at`() throws {
        let folder = URL(filePath: ProcessInfo.processInfo.environment["CAREKEEP_GALLERY"] ?? "")
        let assets = folder.appending(path: "assets")
        try FileManager.default.createDirectory(at: assets, withIntermediateDirectories: true)
        try Data(Stylesheet.text.utf8).write(to: folder.appending(path: String(Stylesheet.path.dropFirst())))
        try Data(Mark.file.bytes).write(to: assets.appending(path: "mark.svg"))
        for page in Samples().all {
            try Data(page.html.bytes).write(to: folder.appending(path: "\(page.name).html"))
        }
    }
}
