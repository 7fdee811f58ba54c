import CPango
import Foundation

/// Cairo or Pango could not do it.
public struct PaperError: Error, CustomStringConvertible {
    public let description: String
}

extension Document {
    /// A tagged PDF on A4: title, author and dates are in it, headings are an outline, links work. The same document gives the same
    /// bytes, with the same fonts.
    public func pdf() throws(PaperError) -> [UInt8] {
        let press = try Press(self)
        press.print()
        return try press.finish()
    }
}

/// Lays a document out, page by page. Lengths are points, 72 to an inch.
private final class Press {
    private static let width = 595.0
    private static let height = 842.0
    private static let margin = 56.0
    private static let bottom = height - 64

    private let document: Document
    private let written = Written()
    private let surface: OpaquePointer
    private let cairo: OpaquePointer
    private let context: OpaquePointer
    private var y = margin
    private var page = 1
    private var outline: [Int: Int32] = [:]

    /// Where Cairo's bytes go.
    private final class Written {
        var bytes: [UInt8] = []
    }

    init(_ document: Document) throws(PaperError) {
        self.document = document
        let writer: cairo_write_func_t = { place, data, count in
            guard let place, let data else { return CAIRO_STATUS_WRITE_ERROR }
            let written = Unmanaged<Written>.fromOpaque(place).takeUnretainedValue()
            written.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
            return CAIRO_STATUS_SUCCESS
        }
        guard
            let surface = cairo_pdf_surface_create_for_stream(
                writer,
                Unmanaged.passUnretained(written).toOpaque(),
                Self.width,
                Self.height
            ), let cairo = cairo_create(surface), let context = pango_cairo_create_context(cairo)
        else { throw PaperError(description: "a PDF cannot be begun") }
        (self.surface, self.cairo, self.context) = (surface, cairo, context)
        cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_5)
        for (key, value) in [
            (CAIRO_PDF_METADATA_TITLE, document.title), (CAIRO_PDF_METADATA_AUTHOR, document.author),
            (CAIRO_PDF_METADATA_CREATOR, "Carekeep"), (CAIRO_PDF_METADATA_CREATE_DATE, document.date),
            (CAIRO_PDF_METADATA_MOD_DATE, document.date),
        ] {
            cairo_pdf_surface_set_metadata(surface, key, value)
        }
        // Widths that no screen rounds, so that the bytes depend on fonts and on nothing else.
        let options = cairo_font_options_create()
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        pango_cairo_context_set_font_options(context, options)
        cairo_font_options_destroy(options)
        pango_cairo_context_set_resolution(context, 72)
        pango_context_set_language(context, pango_language_from_string("en"))
    }

    deinit {
        g_object_unref(UnsafeMutableRawPointer(context))
        cairo_destroy(cairo)
        cairo_surface_destroy(surface)
    }

    func finish() throws(PaperError) -> [UInt8] {
        cairo_surface_finish(surface)
        for status in [cairo_status(cairo), cairo_surface_status(surface)] where status != CAIRO_STATUS_SUCCESS {
            throw PaperError(description: "a PDF cannot be made: \(String(cString: cairo_status_to_string(status)))")
        }
        return written.bytes
    }

    func print() {
        tagged("Document") {
            heading(0, document.title, place: "title")
            for block in document.blocks { print(block) }
        }
        foot()
        cairo_show_page(cairo)
    }

    // MARK: Blocks

    private func print(_ block: Document.Block) {
        switch block {
        case .heading(let level, let text, let place): heading(level, text, place: place)
        case .paragraph(let spans):
            flow(Text(spans, size: 10, in: context, width: Self.width - 2 * Self.margin), tag: "P", x: Self.margin)
            y += 6
        case .list(let items): list(items)
        case .table(let columns, let rows): table(columns, rows)
        }
    }

    private func heading(_ level: Int, _ text: String, place: String) {
        let sizes = [22.0, 17, 13, 10.5]
        let layout = Text(
            [.init(text, .strong)],
            size: sizes[min(level, 3)],
            in: context,
            width: Self.width - 2 * Self.margin
        )
        // A part begins on a page of its own, but for the first, under the title; a heading does not stand alone at the foot of one.
        if level == 1, y > Self.margin, !outline.isEmpty { turn() }
        if y > Self.margin { y += level == 2 ? 14 : level == 3 ? 8 : 0 }
        if y + layout.height + 60 > Self.bottom { turn() }
        cairo_tag_begin(cairo, "cairo.dest", "name='\(place.asPlace)'")
        tagged("H\(max(1, level))") { layout.draw(on: cairo, x: Self.margin, y: y, tagged: tagged) }
        cairo_tag_end(cairo, "cairo.dest")
        y += layout.height + (level < 2 ? 10 : 4)
        guard level > 0 else { return }
        let above = (0..<level).reversed().lazy.compactMap { self.outline[$0] }.first ?? 0
        let flags = level == 1 ? CAIRO_PDF_OUTLINE_FLAG_BOLD : cairo_pdf_outline_flags_t(0)
        outline[level] = cairo_pdf_surface_add_outline(surface, above, text, "dest='\(place.asPlace)'", flags)
        for lower in outline.keys where lower > level { outline[lower] = nil }
    }

    private func list(_ items: [[Document.Span]]) {
        tagged("L") {
            for item in items {
                let text = Text(item, size: 10, in: context, width: Self.width - 2 * Self.margin - 14)
                if y + min(text.height, 40) > Self.bottom { turn() }
                let bullet = Text(["•"], size: 10, in: context, width: 12)
                tagged("LI") {
                    tagged("Lbl") { bullet.draw(on: cairo, x: Self.margin, y: y, tagged: tagged) }
                    flow(text, tag: "LBody", x: Self.margin + 14)
                }
                y += 3
            }
        }
        y += 4
    }

    private func table(_ columns: [Document.Column], _ rows: [[[Document.Span]]]) {
        let gap = 8.0
        let room = Self.width - 2 * Self.margin
        let widths = columns.map { room * $0.share - gap }
        let head = columns.indices.map {
            Text([.init(columns[$0].head, .strong)], size: 9, in: context, width: widths[$0])
        }
        let draw = { (cells: [Text], tag: String?) in
            let height = cells.map(\.height).max() ?? 0
            var x = Self.margin
            for (cell, width) in zip(cells, widths) {
                if let tag {
                    self.tagged(tag) { cell.draw(on: self.cairo, x: x, y: self.y, tagged: self.tagged) }
                } else {
                    cell.draw(on: self.cairo, x: x, y: self.y, tagged: nil)
                }
                x += width + gap
            }
            self.y += height + 3
            self.rule()
            self.y += 4
        }
        tagged("Table") {
            if y + 60 > Self.bottom { turn() }
            tagged("TR") { draw(head, "TH") }
            for row in rows {
                let cells = zip(row, widths).map { Text($0, size: 9, in: context, width: $1) }
                if y + (cells.map(\.height).max() ?? 0) + 8 > Self.bottom {
                    turn()
                    draw(head, nil)  // for the eye: who listens has heard it
                }
                tagged("TR") { draw(cells, "TD") }
            }
        }
        y += 8
    }

    private func rule() {
        cairo_set_source_rgb(cairo, 0.75, 0.75, 0.75)
        cairo_set_line_width(cairo, 0.5)
        cairo_move_to(cairo, Self.margin, y)
        cairo_line_to(cairo, Self.width - Self.margin, y)
        cairo_stroke(cairo)
    }

    // MARK: Pages

    /// Draws text that may go on over pages, a piece for each.
    private func flow(_ text: Text, tag: String, x: Double) {
        var first = 0
        while first < text.lines.count {
            if y + text.lines[first].height > Self.bottom { turn() }
            var end = first
            let top = text.lines[first].top
            while end < text.lines.count, y + text.lines[end].bottom - top <= Self.bottom { end += 1 }
            end = max(end, first + 1)
            tagged(tag) { text.draw(first..<end, on: cairo, x: x, y: y - top, tagged: tagged) }
            y += text.lines[end - 1].bottom - top
            first = end
        }
    }

    private func turn() {
        foot()
        cairo_show_page(cairo)
        page += 1
        y = Self.margin
    }

    /// Stands outside of what is tagged: nobody wants it read out on each page.
    private func foot() {
        let text = Text(
            [.init("\(document.foot) · page \(page)", .soft)],
            size: 8,
            in: context,
            width: Self.width - 2 * Self.margin
        )
        text.draw(on: cairo, x: Self.margin, y: Self.height - 44, tagged: nil)
    }

    private func tagged(_ name: String, _ body: () -> Void) { tagged(name, "", body) }

    private func tagged(_ name: String, _ attributes: String, _ body: () -> Void) {
        cairo_tag_begin(cairo, name, attributes)
        body()
        cairo_tag_end(cairo, name)
    }
}

/// Text laid out in a width, in lines of runs.
private final class Text {
    /// A line's place, from the top of the text.
    struct Line {
        let top: Double
        let bottom: Double
        var height: Double { bottom - top }
    }

    typealias Tagging = (_ name: String, _ attributes: String, _ body: () -> Void) -> Void

    private let layout: OpaquePointer
    private let text: String
    /// Where each link begins and ends, in bytes.
    private let links: [(bytes: Range<Int>, link: Document.Span.Link)]
    let lines: [Line]

    var height: Double { lines.last?.bottom ?? 0 }

    init(_ spans: [Document.Span], size: Double, in context: OpaquePointer, width: Double) {
        layout = pango_layout_new(context)
        let font = pango_font_description_from_string("Noto Sans, DejaVu Sans, sans-serif")
        pango_font_description_set_absolute_size(font, size * Double(PANGO_SCALE))
        pango_layout_set_font_description(layout, font)
        pango_font_description_free(font)
        pango_layout_set_width(layout, Int32(width * Double(PANGO_SCALE)))
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
        pango_layout_set_markup(layout, spans.map(Self.markup).joined(), -1)
        text = String(cString: pango_layout_get_text(layout))
        var links: [(bytes: Range<Int>, link: Document.Span.Link)] = []
        var place = 0
        for span in spans {
            let end = place + span.text.plain.utf8.count
            if let link = span.link { links.append((place..<end, link)) }
            place = end
        }
        self.links = links
        lines = Self.lines(of: layout)
    }

    deinit { g_object_unref(UnsafeMutableRawPointer(layout)) }

    private static func markup(_ span: Document.Span) -> String {
        let text = span.text.plain.escaped
        let colour = span.link == nil ? "" : " foreground=\"#0b4f8a\""
        switch span.style {
        case .plain: return "<span\(colour)>\(text)</span>"
        case .strong: return "<span weight=\"bold\"\(colour)>\(text)</span>"
        case .code:
            return
                "<span font_family=\"Noto Sans Mono, DejaVu Sans Mono, monospace\" size=\"90%\"\(colour)>\(text)</span>"
        case .soft: return "<span foreground=\"#444444\">\(text)</span>"
        }
    }

    private static func lines(of layout: OpaquePointer) -> [Line] {
        guard let iterator = pango_layout_get_iter(layout) else { return [] }
        defer { pango_layout_iter_free(iterator) }
        var lines: [Line] = []
        repeat {
            var (top, bottom): (Int32, Int32) = (0, 0)
            pango_layout_iter_get_line_yrange(iterator, &top, &bottom)
            lines.append(Line(top: Double(top) / Double(PANGO_SCALE), bottom: Double(bottom) / Double(PANGO_SCALE)))
        } while pango_layout_iter_next_line(iterator) != 0
        return lines
    }

    /// Draws all of it.
    func draw(on cairo: OpaquePointer, x: Double, y: Double, tagged: Tagging?) {
        draw(0..<lines.count, on: cairo, x: x, y: y, tagged: tagged)
    }

    /// Draws some lines; `y` is where the first line of all would stand.
    func draw(_ wanted: Range<Int>, on cairo: OpaquePointer, x: Double, y: Double, tagged: Tagging?) {
        guard let iterator = pango_layout_get_iter(layout) else { return }
        defer { pango_layout_iter_free(iterator) }
        var line = 0
        repeat {
            guard let run = pango_layout_iter_get_run_readonly(iterator) else {
                line += 1  // a line ends with a run that is none
                continue
            }
            guard wanted.contains(line) else { continue }
            var box = PangoRectangle()
            pango_layout_iter_get_run_extents(iterator, nil, &box)
            let baseline = pango_layout_iter_get_baseline(iterator)
            let show = {
                cairo_move_to(
                    cairo,
                    x + Double(box.x) / Double(PANGO_SCALE),
                    y + Double(baseline) / Double(PANGO_SCALE)
                )
                self.show(run, on: cairo)
            }
            let start = Int(run.pointee.item.pointee.offset)
            if let tagged, let link = links.first(where: { $0.bytes.contains(start) })?.link {
                tagged("Link", Self.attributes(link), show)
            } else {
                show()
            }
        } while pango_layout_iter_next_run(iterator) != 0
    }

    private func show(_ run: UnsafeMutablePointer<PangoLayoutRun>, on cairo: OpaquePointer) {
        // Runs keep their colour among their attributes, which only a whole layout's drawing would apply.
        var (red, green, blue) = (0.07, 0.09, 0.1)
        var attribute = run.pointee.item.pointee.analysis.extra_attrs
        while let node = attribute {
            if let kind = node.pointee.data?.assumingMemoryBound(to: PangoAttribute.self),
                kind.pointee.klass.pointee.type == PANGO_ATTR_FOREGROUND
            {
                let colour = node.pointee.data.assumingMemoryBound(to: PangoAttrColor.self).pointee.color
                (red, green, blue) = (
                    Double(colour.red) / 65535, Double(colour.green) / 65535, Double(colour.blue) / 65535
                )
            }
            attribute = node.pointee.next
        }
        cairo_set_source_rgb(cairo, red, green, blue)
        text.withCString { pango_cairo_show_glyph_item(cairo, $0, run) }
    }

    private static func attributes(_ link: Document.Span.Link) -> String {
        switch link {
        case .place(let place): "dest='\(place.asPlace)'"
        case .web(let address): "uri='\(address.asWebAddress)'"
        }
    }
}

extension String {
    /// On one line, without control characters: as many bytes as Pango will count.
    fileprivate var plain: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    scalar == "\n" || scalar == "\t"
                        ? " " : scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar
                }
            )
        )
    }
}
