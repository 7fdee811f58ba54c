/// One entry of a record, in words.
struct RecordPage: PageBody {
    /// One state of the entry. Every one is kept.
    struct Version: Sendable {
        var number: Int
        var when: Moment
        /// Who made it so; `nil` if that is not told here.
        var author: String?
        /// What a second person signed.
        var signature: Signature?
    }

    /// That a second person signed a version, on the device of whoever wrote it.
    struct Signature: Sendable {
        var writer: String
        var signer: String
        var when: Moment
    }

    var patient: PatientCard
    /// The id of the record.
    var record: String
    var words: RecordInWords
    /// All versions, the newest first; or the newest alone, which says by its number how many there are.
    var versions: [Version]
    /// Which of them is shown.
    var shownVersion: Int
    /// The exact JSON, as it is kept; see `TechnicalForm`.
    var technicalForm: String
    /// Whether to show the way to where a second person signs it.
    var offersSigning = false

    func title(in frame: Frame) -> String { "An entry" }

    func body(in frame: Frame) -> HTML {
        """
        \(self.patient.header(nil, title: "<h1>\(self.words.title)</h1>", in: frame))
        \(self.oldNotice(in: frame))
        \(self.mistakeNotice, if: self.words.isMistake)
        \(self.modifierNotice, if: self.words.hasUnreadModifier)
        <article class="card record">
        <p class="kind">\(self.words.kind.label)</p>
        <p class="sentence">\(self.words.sentence(in: frame.words))</p>
        \(RecordPage.list(self.words.facts))
        \(self.words.notes.map { "<blockquote class=\"note\"><p>\($0)</p></blockquote>" as HTML })
        </article>
        \(self.everythingElse)
        \(self.history(in: frame))
        \(self.technical)
        """
    }

    /// Facts as a description list.
    static func list(_ facts: [Fact]) -> HTML? {
        guard !facts.isEmpty else { return nil }
        return """
            <dl class="facts">
            \(facts.map { fact in
                "<div><dt>\(fact.label)</dt>\(fact.values.map { "<dd>\($0)</dd>" as HTML })</div>" as HTML
            })
            </dl>
            """
    }

    private func oldNotice(in frame: Frame) -> HTML? {
        guard let newest = self.versions.first, newest.number != self.shownVersion else { return nil }
        return """
            <div class="notice"><p>This is an older version. It was changed on \(frame.words.moment(newest.when)).
            <a href="\(Address.record(self.record, of: self.patient.id))">See how it is now</a></p></div>
            """
    }

    private var mistakeNotice: HTML {
        """
        <div class="notice"><p><strong>This was marked as entered by mistake.</strong> It is kept so that nothing
        disappears without a trace, and left out of the picture.</p></div>
        """
    }

    private var modifierNotice: HTML {
        """
        <div class="notice"><p><strong>A part of this entry changes what it means, and this page cannot read that part.</strong>
        Please do not go by the words below alone: look at the technical form, or ask whoever entered it.</p></div>
        """
    }

    private var everythingElse: HTML? {
        guard !self.words.more.isEmpty else { return nil }
        return """
            <details class="card">
            <summary>More in this entry</summary>
            \(RecordPage.list(self.words.more))
            </details>
            """
    }

    private func history(in frame: Frame) -> HTML? {
        guard let shown = self.versions.first(where: { $0.number == self.shownVersion }) else { return nil }
        let first = self.versions.last { $0.number == 1 }
        return """
            <section class="history" aria-labelledby="history">
            <h2 id="history">Where this comes from</h2>
            \(first.map { self.line("Entered", $0, in: frame) })
            \(shown.number > 1 ? self.line("Changed", shown, in: frame) : nil)
            \(shown.signature.map { self.signature($0, in: frame) })
            \(self.wayToSigning, if: self.offersSigning)
            \(self.versions.count > 1 ? self.versionList(in: frame) : self.wayToVersions)
            </section>
            """
    }

    private func line(_ what: String, _ version: Version, in frame: Frame) -> HTML {
        let who: HTML? = version.author.map { " by <bdi>\($0)</bdi>" }
        return "<p>\(what)\(who) on \(frame.words.longMoment(version.when)).</p>"
    }

    private func signature(_ signature: Signature, in frame: Frame) -> HTML {
        """
        <p>Written by <bdi>\(signature.writer)</bdi>, and signed by <bdi>\(signature.signer)</bdi> as the second person on
        <bdi>\(frame.words.possessive(signature.writer))</bdi> device, on \(frame.words.longMoment(signature.when)).</p>
        """
    }

    private var wayToSigning: HTML {
        """
        <p><a class="button quiet" href="\(Address.countersign(self.record, of: self.patient.id))">Have a second person sign this</a></p>
        """
    }

    private var wayToVersions: HTML? {
        guard self.shownVersion > 1 else { return nil }
        let address = Address.record(self.record, version: self.shownVersion, of: self.patient.id)
        return "<p><a href=\"\(address)\">See what stood here before</a></p>"
    }

    private func versionList(in frame: Frame) -> HTML {
        let lines = self.versions.map { version -> HTML in
            let who: HTML? = version.author.map { ", <bdi>\($0)</bdi>" }
            let signed: HTML? = version.signature.map { ", signed by <bdi>\($0.signer)</bdi>, too" }
            let words: HTML = "Version \(version.number), \(frame.words.moment(version.when))\(who)\(signed)"
            if version.number == self.shownVersion { return "<li>\(words) <strong>(this one)</strong></li>" }
            let address = Address.record(self.record, version: version.number, of: self.patient.id)
            return "<li><a href=\"\(address)\">\(words)</a></li>"
        }
        return """
            <details open><summary>\(self.versions.count) versions</summary>
            <p class="hint">An entry can be corrected, but what stood there before is kept.</p>
            <ul class="plain versions">\(lines)</ul></details>
            """
    }

    private var technical: HTML {
        """
        <details class="card technical">
        <summary>Technical form</summary>
        <p class="hint">For other health software (FHIR R4). Numbers stand here exactly as they were sent.</p>
        <pre tabindex="0" role="region" aria-label="Technical form"><code>\(self.technicalForm)</code></pre>
        </details>
        """
    }
}
