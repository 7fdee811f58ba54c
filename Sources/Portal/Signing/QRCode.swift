import CQRencode

/// A text as a QR code: dark squares in a square of light ones, drawn by libqrencode.
struct QRCode: Sendable, Equatable {
    /// Squares on a side, without the light border.
    let width: Int
    /// Row by row: whether a square is dark.
    let isDark: [Bool]

    /// The code of a text, of which a seventh may be unreadable; `nil` if it is too long for one.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, let code = QRcode_encodeData(Int32(bytes.count), bytes, 0, QR_ECLEVEL_M) else {
            return nil
        }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        // The lowest bit of each says whether the square is dark.
        isDark = UnsafeBufferPointer(start: code.pointee.data, count: width * width).map { $0 & 1 == 1 }
    }

    /// As a picture in the page, with the light border of four squares that readers need. It is dark on light in a dark page too.
    func picture(saying label: String) -> HTML {
        let side = width + 8
        return """
            <svg class="qr" viewBox="0 0 \(side) \(side)" role="img" aria-label="\(label)" shape-rendering="crispEdges">\
            <rect width="\(side)" height="\(side)" fill="#ffffff"/><path fill="#000000" d="\(self.path)"/></svg>
            """
    }

    /// One run of dark squares after another.
    private var path: String {
        var path = ""
        for row in 0..<width {
            var column = 0
            while column < width {
                let start = column
                while column < width, isDark[row * width + column] { column += 1 }
                if column > start { path += "M\(start + 4) \(row + 4)h\(column - start)v1h-\(column - start)z" }
                column += 1
            }
        }
        return path
    }
}
