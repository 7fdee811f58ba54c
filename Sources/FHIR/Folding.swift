import Foundation

extension String {
    /// Accents and other marks in a row. The standard's own bound is 30 (UAX #15, Stream-Safe Text Format).
    static let mostMarks = 256

    /// Whether no letter has more marks than that.
    ///
    /// Comparing texts as Unicode asks puts the marks of a letter in order, which takes time that grows with the square of
    /// their number: one name of a megabyte of marks would keep a core for hours.
    var hasBoundedMarks: Bool {
        if utf8.count <= Self.mostMarks || utf8.allSatisfy({ $0 < 0x80 }) { return true }
        var marks = 0
        for scalar in unicodeScalars {
            // Below U+0300 nothing is a mark.
            if scalar.value < 0x300 || scalar.properties.canonicalCombiningClass == .notReordered {
                marks = 0
            } else {
                marks += 1
                if marks > Self.mostMarks { return false }
            }
        }
        return true
    }
}

/// The one form in which texts are compared when people search: without case, accents and typographic variants.
///
/// Compatibility decomposition (NFKD), lower case, without combining diacritics and the vowel points of Hebrew and
/// Arabic; a few letters that Unicode does not take apart are written as people without them on the keyboard do (`ß` as
/// `ss`, `ø` as `o`, `ł` as `l` …). Vowel signs of Indic scripts are letters to their readers and stay.
///
/// Blind tokens are made from this form. Changing it means making all of them anew.
public enum Folding {
    /// The folded form of a text.
    public static func fold(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.lowercased() }
        // Lower case can bring new marks (`İ`), so that they are taken apart again before they are dropped.
        let lower = text.decomposedStringWithCompatibilityMapping.lowercased().decomposedStringWithCompatibilityMapping
        var folded = String.UnicodeScalarView()
        for scalar in lower.unicodeScalars where !isMark(scalar) {
            if let spelt = spelt[scalar] {
                folded.append(contentsOf: spelt.unicodeScalars)
            } else {
                folded.append(scalar)
            }
        }
        return String(folded)
    }

    /// The folded words of a text: runs of letters and digits. Apostrophes and full stops belong to no word and end none,
    /// so that `O'Brien` is `obrien`; hyphens and spaces end one.
    public static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in fold(text).unicodeScalars {
            if isLetter(scalar) {
                word.append(scalar)
            } else if !silent.contains(scalar), !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
            }
        }
        if !word.isEmpty { words.append(String(word)) }
        return words
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
            !silent.contains(scalar)
        default: false
        }
    }

    /// Apostrophes of several kinds, full stop, zero-width joiners.
    private static let silent: Set<Unicode.Scalar> = [
        "'", "\u{2018}", "\u{2019}", "\u{02BC}", "\u{02BB}", "`", "\u{00B4}", ".", "\u{200C}", "\u{200D}",
    ]

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0300...0x036F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: true
        case 0x0591...0x05BD, 0x05BF, 0x05C1...0x05C2, 0x05C4...0x05C5, 0x05C7: true
        case 0x0610...0x061A, 0x064B...0x065F, 0x0670, 0x06D6...0x06DC: true
        default: false
        }
    }

    private static let spelt: [Unicode.Scalar: String] = [
        "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h",
        "ŧ": "t",
        "ŋ": "n", "ſ": "s",
    ]
}
