import Foundation
import Testing

@testable import Portal

/// Bodies that hold files, as browsers write them and as nobody should.
@Suite struct `A body of several parts` {
    private func read(_ text: String, boundary: String = "b") -> [Multipart.Part]? {
        Multipart(Data(text.utf8), boundary: boundary)?.parts
    }

    private func part(_ name: String, _ content: String, more: String = "") -> String {
        "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\(more)\r\n\r\n\(content)\r\n"
    }

    @Test func `is read field by field`() {
        let file = part("file", "%PDF-\r\n--c\r\n", more: "; filename=\"a \\\"b.pdf\"\r\nContent-Type: text/html")
        let parts = read(part("words", "two\r\nlines") + part("empty", "") + file + "--b--\r\n")
        #expect(
            parts == [
                .init(name: "words", isFile: false, bytes: Array("two\r\nlines".utf8)),
                .init(name: "empty", isFile: false, bytes: []),
                .init(name: "file", isFile: true, bytes: Array("%PDF-\r\n--c\r\n".utf8)),
            ]
        )
        #expect(read("--b--\r\n") == [])
    }

    @Test func `keeps every byte of a file`() throws {
        let bytes = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var body = Data("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n".utf8)
        body.append(contentsOf: bytes)
        body.append(contentsOf: "\r\n--b--".utf8)
        #expect(Multipart(body, boundary: "b")?.parts == [.init(name: "f", isFile: true, bytes: bytes)])
    }

    @Test(arguments: [
        "", "b", "--b", "--b\r\n", "--c--\r\n", "\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx",
        "--b\r\n\r\nx\r\n--b--", "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nx\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\nx\r\n--b--", "--b\r\n--b\r\n--b--",
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\nx\r\n--b--",
    ])
    func `is refused where it is not well formed`(text: String) {
        #expect(read(text) == nil)
    }

    @Test func `is refused where a name is given twice, or there are too many`() {
        #expect(read(part("csrf", "1") + part("csrf", "2") + "--b--") == nil)
        let many = (0..<21).map { part("n\($0)", "x") }.joined()
        #expect(read(many + "--b--") == nil)
        #expect(read((0..<20).map { part("n\($0)", "x") }.joined() + "--b--")?.count == 20)
    }

    @Test func `says where its parts end`() {
        #expect(
            Multipart.boundary(of: "multipart/form-data; boundary=----WebKitFormBoundaryAbC123")
                == "----WebKitFormBoundaryAbC123"
        )
        #expect(Multipart.boundary(of: "multipart/form-data; boundary=\"a b\"") == nil)
        #expect(Multipart.boundary(of: "multipart/form-data; boundary=\"ab\"") == "ab")
        for type in ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/mixed; boundary=b", ""] {
            #expect(Multipart.boundary(of: type) == nil)
        }
    }
}
