/// One labelled field of a form.
struct Field: Sendable {
    /// What is typed in. Decides keyboard, completion and checks of the browser; the server checks again.
    enum Kind: String, Sendable {
        case text, email, password, date
    }

    var kind: Kind = .text
    var name: String
    /// Tells fields of one name apart, where a page has several forms.
    var suffix = ""
    var label: String
    /// One line under the label.
    var hint: String?
    /// What is wrong with what was sent, in words that say how to put it right.
    var error: String?
    var value: String = ""
    /// The `autocomplete` token, "off" where a browser should not remember.
    var completion: String = "off"
    var isRequired = false
    /// Shown, and remembered by password stores, but not to be changed.
    var isReadOnly = false
    /// For a date: the days that can be chosen.
    var earliest: Day?
    var latest: Day?
    /// For a password: the shortest.
    var shortest: Int?
    /// Whether it takes digits alone: a phone then shows digits to type.
    var isNumber = false

    var html: HTML {
        let id = self.name + self.suffix
        return """
            <div class="field\(" wrong", if: self.error != nil)">
            <label for="\(id)">\(self.label)</label>
            \(Field.hint(self.hint, of: id))\(Field.error(self.error, of: id))
            <input id="\(id)" name="\(self.name)" type="\(self.kind.rawValue)" value="\(self.value)" \
            autocomplete="\(self.completion)"\(self.details)\(Field.description(id, self.hint, self.error))>
            </div>
            """
    }

    private var details: HTML {
        """
        \(" required", if: self.isRequired)\(" readonly", if: self.isReadOnly)\
        \(Field.unsent)\(" autocapitalize=\"none\"", if: self.kind != .date && self.kind != .text)\
        \(self.earliest.map { " min=\"\($0.iso)\"" as HTML })\(self.latest.map { " max=\"\($0.iso)\"" as HTML })\
        \(self.shortest.map { " minlength=\"\($0)\"" as HTML })\(" inputmode=\"numeric\"", if: self.isNumber)
        """
    }

    /// A browser may send what it checks the spelling of to whoever made it.
    fileprivate static let unsent: HTML = " spellcheck=\"false\""

    fileprivate static func hint(_ hint: String?, of name: String) -> HTML? {
        hint.map { "<p class=\"hint\" id=\"\(name)-hint\">\($0)</p>" }
    }

    fileprivate static func error(_ error: String?, of name: String) -> HTML? {
        error.map { "<p class=\"error\" id=\"\(name)-error\">\($0)</p>" }
    }

    fileprivate static func description(_ name: String, _ hint: String?, _ error: String?) -> HTML? {
        switch (hint != nil, error != nil) {
        case (false, false): nil
        case (true, false): " aria-describedby=\"\(name)-hint\""
        case (false, true): " aria-invalid=\"true\" aria-describedby=\"\(name)-error\""
        case (true, true): " aria-invalid=\"true\" aria-describedby=\"\(name)-error \(name)-hint\""
        }
    }
}

/// A labelled field for a few sentences.
struct LongField: Sendable {
    var name: String
    /// Tells fields of one name apart, where a page has several forms.
    var suffix = ""
    var label: String
    var hint: String?
    var error: String?
    var value: String = ""
    var isRequired = true
    /// Characters, at most. The server counts again.
    var longest = 4_000
    var rows = 4

    var html: HTML {
        let id = self.name + self.suffix
        return """
            <div class="field\(" wrong", if: self.error != nil)">
            <label for="\(id)">\(self.label)</label>
            \(Field.hint(self.hint, of: id))\(Field.error(self.error, of: id))
            <textarea id="\(id)" name="\(self.name)" maxlength="\(self.longest)" rows="\(self.rows)" autocomplete="off"\
            \(Field.unsent)\
            \(" required", if: self.isRequired)\
            \(Field.description(id, self.hint, self.error))>
            \(self.value)</textarea>
            </div>
            """
    }
}

/// A labelled field to choose a file.
struct FileField: Sendable {
    var name: String
    var label: String
    var hint: String?
    var error: String?
    /// The types that a browser offers first; the server looks at the content.
    var accepts: String

    var html: HTML {
        """
        <div class="field\(" wrong", if: self.error != nil)">
        <label for="\(self.name)">\(self.label)</label>
        \(Field.hint(self.hint, of: self.name))\(Field.error(self.error, of: self.name))
        <input id="\(self.name)" name="\(self.name)" type="file" accept="\(self.accepts)" autocomplete="off"\
        \(Field.description(self.name, self.hint, self.error))>
        </div>
        """
    }
}

/// A labelled choice of one among a few.
struct Choice: Sendable {
    struct Option: Sendable {
        var value: String
        var label: String
    }

    var name: String
    /// Tells choices of one name apart, where a page has several forms.
    var suffix = ""
    var label: String
    var hint: String?
    var error: String?
    var options: [Option]
    var chosen: String?
    /// What stands there before anything is chosen.
    var prompt: String
    /// Whether something has to be chosen.
    var isRequired = true

    var html: HTML {
        let id = self.name + self.suffix
        return """
            <div class="field\(" wrong", if: self.error != nil)">
            <label for="\(id)">\(self.label)</label>
            \(Field.hint(self.hint, of: id))\(Field.error(self.error, of: id))
            <select id="\(id)" name="\(self.name)"\(" required", if: self.isRequired)\
            \(Field.description(id, self.hint, self.error))>
            <option value="">\(self.prompt)</option>
            \(self.options.map { "<option value=\"\($0.value)\"\(" selected", if: $0.value == self.chosen)>\($0.label)</option>" as HTML })
            </select>
            </div>
            """
    }
}

/// What went wrong, above the form, said once and read out at once.
struct Problem: Sendable {
    var text: String

    var html: HTML { "<div class=\"problem\" role=\"alert\"><p>\(self.text)</p></div>" }
}

extension HTML {
    /// The page with the focus on the first thing that says what was wrong: a ``Problem`` or a field; and whether there is one.
    ///
    /// Looked for in what was written, so that no page can forget to say it. Somebody's text cannot look like it: quotes are escaped.
    var focusedOnTrouble: (html: HTML, hasTrouble: Bool) {
        let marks: [(HTML, HTML)] = [
            ("<div class=\"problem\" role=\"alert\"", " tabindex=\"-1\" autofocus=\"autofocus\""),
            (" aria-invalid=\"true\"", " autofocus=\"autofocus\""),
        ]
        for (mark, addition) in marks {
            if let whole = self.adding(addition, afterFirst: mark) { return (whole, true) }
        }
        return (self, false)
    }
}
