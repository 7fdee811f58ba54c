import Care
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import People
import Seals

/// A form that was posted: its fields, and a token that says it is one of ours. (APP-2)
struct Form {
    private let fields: [String: String]
    private let files: [String: [UInt8]]

    /// Reads a form of a signed-in person, or refuses it.
    init(_ request: Request, of caller: Caller, limit: Int = 64 << 10) async throws {
        try await self.init(request, expecting: caller.token.formToken, limit: limit)
    }

    /// Reads a visitor's form, or refuses it.
    init(ofVisitor request: Request, limit: Int = 64 << 10) async throws {
        try await self.init(request, expecting: VisitorToken.formToken(in: request), limit: limit)
    }

    /// Reads a signed-in person's form that may hold files (multipart/form-data), or refuses it.
    init(withFiles request: Request, of caller: Caller, limit: Int) async throws {
        try Self.requireOwn(request)
        guard let boundary = request.headers[.contentType].flatMap(Multipart.boundary) else {
            throw HTTPError(.unsupportedMediaType)
        }
        let body = try await request.body(upTo: limit)
        guard let multipart = Multipart(Data(body.readableBytesView), boundary: boundary) else {
            throw HTTPError(.badRequest)
        }
        var (fields, files): ([String: String], [String: [UInt8]]) = ([:], [:])
        for part in multipart.parts {
            if part.isFile {
                files[part.name] = part.bytes
            } else {
                // Browsers end lines with CRLF, and count them as one character.
                fields[part.name] = String(decoding: part.bytes, as: UTF8.self).replacing(
                    "\r\n",
                    with: "\n"
                )
            }
        }
        (self.fields, self.files) = (fields, files)
        try require(caller.token.formToken)
    }

    private init(_ request: Request, expecting token: String?, limit: Int) async throws {
        try Self.requireOwn(request)
        let body = try await request.body(upTo: limit)
        fields = Self.parse(body.readableBytesView)
        files = [:]
        try require(token)
    }

    /// A browser says where a form comes from; ours come from here. The token decides all the same.
    private static func requireOwn(_ request: Request) throws {
        if let site = request.headers[HTTPField.Name("Sec-Fetch-Site")!], site != "same-origin", site != "none" {
            throw Refusal.formIsForeign
        }
    }

    private func require(_ token: String?) throws {
        guard let token, let shown = fields["csrf"], Primitive.areEqual(Array(token.utf8), Array(shown.utf8)) else {
            throw Refusal.formIsForeign
        }
    }

    /// A field as typed, without spaces around it; `nil` if it is missing or empty.
    subscript(name: String) -> String? {
        let text = fields[name]?.trimmingCharacters(in: .whitespacesAndNewlines)
        return text?.isEmpty == false ? text : nil
    }

    /// A field to the letter, as a password is.
    func exactly(_ name: String) -> String { fields[name] ?? "" }

    /// A file's bytes; `nil` if none was chosen.
    func file(_ name: String) -> [UInt8]? { files[name].flatMap { $0.isEmpty ? nil : $0 } }

    private static func parse(_ bytes: some Sequence<UInt8>) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in String(decoding: Array(bytes), as: UTF8.self).split(separator: "&").prefix(200) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[decode(parts[0])] = parts.count == 2 ? decode(parts[1]) : ""
        }
        return fields
    }

    private static func decode(_ text: Substring) -> String {
        String(text).replacing("+", with: " ").removingPercentEncoding ?? ""
    }
}
