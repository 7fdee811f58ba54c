/// One way of searching a type of resource, and where in a resource its values are.
struct SearchParameter: Sendable {
    enum Kind: Character, Sendable {
        case token = "t", date = "d", reference = "r", string = "s", quantity = "q", uri = "u"
    }

    /// Where values are: the elements on the way, and which type of a choice or of a target counts.
    struct Path: Sendable {
        let elements: [String]
        let choice: String?
        let target: String?
    }

    let name: String
    let kind: Kind
    let paths: [Path]

    /// As written in the definitions: `name:kind=path,path`, where a path is `a.b`, `a.b:Type` or `a.b~Target`.
    init(distilled word: Substring) {
        let equals = word.utf8.firstIndex(of: UInt8(ascii: "="))!
        let head = word[..<equals].parts(":")
        name = String(head[0])
        kind = Kind(rawValue: head[1].first!)!
        paths = word[word.index(after: equals)...].parts(",").map { path in
            let choice = path.parts(":")
            let target = choice[0].parts("~")
            return Path(
                elements: target[0].parts(".").map(String.init),
                choice: choice.count > 1 ? String(choice[1]) : nil,
                target: target.count > 1 ? String(target[1]) : nil)
        }
    }
}
