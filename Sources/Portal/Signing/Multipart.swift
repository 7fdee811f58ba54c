import Foundation

/// The parts of a body of the type multipart/form-data (RFC 7578), read strictly: what browsers send is taken, and nothing else.
struct Multipart {
    /// One field, or one file.
    struct Part: Equatable {
        let name: String
        /// Whether it came with a file's name. The name itself is not kept: nothing depends on what somebody called a file.
        let isFile: Bool
        let bytes: [UInt8]
    }

    let parts: [Part]

    private static let mostParts = 20
    private static let longestHead = 2048

    /// What separates the parts, from the field `Content-Type`; `nil` if it is of another type.
    static func boundary(of contentType: String) -> String? {
        guard
            let match = contentType.wholeMatch(
                of: /multipart\/form-data; ?boundary="?([A-Za-z0-9'()+_,.\/:=?-]{1,70})"?/
            )
        else { return nil }
        return String(match.1)
    }

    /// Reads a body; `nil` where it is not well formed, or a name is given twice.
    init?(_ body: Data, boundary: String) {
        let (line, delimiter) = (Data("--\(boundary)".utf8), Data("\r\n--\(boundary)".utf8))
        guard body.starts(with: line) else { return nil }
        var parts: [Part] = []
        var place = body.startIndex + line.count
        while !body[place...].starts(with: Data("--".utf8)) {
            guard parts.count < Self.mostParts, body[place...].starts(with: Data("\r\n".utf8)),
                let end = body.range(of: delimiter, in: place..<body.endIndex),
                let part = Self.part(body[(place + 2)..<Swift.max(end.lowerBound, place + 2)])
            else { return nil }
            guard !parts.contains(where: { $0.name == part.name }) else { return nil }
            parts.append(part)
            place = end.upperBound
        }
        self.parts = parts
    }

    private static func part(_ bytes: Data) -> Part? {
        let head = bytes.prefix(longestHead)
        guard let end = head.range(of: Data("\r\n\r\n".utf8)),
            let text = String(validating: head[..<end.lowerBound], as: UTF8.self)
        else { return nil }
        let fields = text.components(separatedBy: "\r\n").filter { $0.lowercased().hasPrefix("content-disposition:") }
        guard fields.count == 1, let match = fields[0].firstMatch(of: /: ?form-data; name="([^"]*)"(; filename="|$)/)
        else {
            return nil
        }
        return Part(
            name: String(match.1),
            isFile: !match.2.isEmpty,
            bytes: Array(bytes[end.upperBound...])
        )
    }
}
