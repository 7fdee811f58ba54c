import Testing

@testable import Portal

@Suite struct `A QR code` {
    /// The squares by which a camera finds the code: dark around light around dark, in three corners.
    @Test func `has its finders in three corners`() throws {
        let code = try #require(QRCode("otpauth://totp/Carekeep:ada?secret=GEZDGNBVGY3TQOJQ"))
        #expect(code.width >= 21 && (code.width - 17) % 4 == 0)
        let finder = (0..<7).map { row in
            (0..<7).map { column in
                let ring = max(abs(row - 3), abs(column - 3))
                return ring != 2
            }
        }
        for (top, left) in [(0, 0), (0, code.width - 7), (code.width - 7, 0)] {
            let corner = (0..<7).map { row in (0..<7).map { code.isDark[(top + row) * code.width + left + $0] } }
            #expect(corner == finder)
        }
    }

    @Test func `differs where the text does, and is drawn with a light border`() throws {
        let (one, other) = (try #require(QRCode("one")), try #require(QRCode("two")))
        #expect(one != other)
        let picture = one.picture(saying: "A <picture>").text
        #expect(picture.contains("viewBox=\"0 0 29 29\""))
        #expect(picture.contains("aria-label=\"A &lt;picture&gt;\""))
        #expect(picture.contains("d=\"M4 4h7v1h-7z"))
    }

    @Test func `is none of nothing, nor of more than fits`() {
        #expect(QRCode("") == nil)
        #expect(QRCode(String(repeating: "x", count: 3_000)) == nil)
    }
}
