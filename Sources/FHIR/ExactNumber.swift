/// A decimal number with all its digits. Comparing, adding and multiplying lose none, which binary numbers would.
struct ExactNumber: Sendable, Comparable {
    private let isNegative: Bool
    /// Most significant first, without leading zeros; none for zero.
    private let digits: [UInt8]
    /// The power of ten of the last digit.
    private let exponent: Int

    /// The power of ten of the last digit that was written: what a search takes for the number's precision.
    var lastPlace: Int { exponent }

    /// The number that a text is, in JSON's grammar; `nil` for anything else, or for more digits than JSON may have here.
    init?(_ text: String) {
        var rest = text.utf8[...]
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let whole = rest.prefix { Self.isDigit($0) }
        rest = rest.dropFirst(whole.count)
        guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else { return nil }
        var fraction = rest.prefix(0)
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix { Self.isDigit($0) }
            guard !fraction.isEmpty else { return nil }
            rest = rest.dropFirst(1 + fraction.count)
        }
        var power = 0
        if let letter = rest.first, letter | 0x20 == UInt8(ascii: "e") {
            var figures = rest.dropFirst()
            let isMinus = figures.first == UInt8(ascii: "-")
            if isMinus || figures.first == UInt8(ascii: "+") { figures = figures.dropFirst() }
            guard !figures.isEmpty, figures.count <= 3, figures.allSatisfy(Self.isDigit) else { return nil }
            let size = figures.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
            power = isMinus ? -size : size
            rest = rest.prefix(0)
        }
        guard rest.isEmpty, whole.count + fraction.count <= 64, abs(power) <= 400 else { return nil }
        digits = Array((whole + Array(fraction)).map { $0 - UInt8(ascii: "0") }.drop { $0 == 0 })
        exponent = power - fraction.count
    }

    private init(isNegative: Bool, digits: [UInt8], exponent: Int) {
        self.isNegative = isNegative
        self.digits = Array(digits.drop { $0 == 0 })
        self.exponent = exponent
    }

    /// A small number, times a power of ten.
    init(_ number: UInt8, exponent: Int = 0) {
        self.init(isNegative: false, digits: [number / 100, number / 10 % 10, number % 10], exponent: exponent)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    // MARK: Comparing

    static func == (left: ExactNumber, right: ExactNumber) -> Bool { left.compare(right) == 0 }
    static func < (left: ExactNumber, right: ExactNumber) -> Bool { left.compare(right) < 0 }

    /// Below zero, zero or above, as this number is less, equal or greater.
    private func compare(_ other: ExactNumber) -> Int {
        let (mine, theirs) = (sign, other.sign)
        guard mine == theirs, mine != 0 else { return mine - theirs }
        return mine * Self.compareSizes(self, other)
    }

    private var sign: Int { digits.isEmpty ? 0 : isNegative ? -1 : 1 }

    private static func compareSizes(_ left: ExactNumber, _ right: ExactNumber) -> Int {
        let (tops) = (left.digits.count + left.exponent, right.digits.count + right.exponent)
        if tops.0 != tops.1 { return tops.0 < tops.1 ? -1 : 1 }
        for index in 0..<max(left.digits.count, right.digits.count) {
            let mine = index < left.digits.count ? left.digits[index] : 0
            let theirs = index < right.digits.count ? right.digits[index] : 0
            if mine != theirs { return mine < theirs ? -1 : 1 }
        }
        return 0
    }

    // MARK: Arithmetic

    /// A tenth of it, without its sign.
    var tenth: ExactNumber { ExactNumber(isNegative: false, digits: digits, exponent: exponent - 1) }

    static prefix func - (number: ExactNumber) -> ExactNumber {
        ExactNumber(isNegative: !number.isNegative, digits: number.digits, exponent: number.exponent)
    }

    static func - (left: ExactNumber, right: ExactNumber) -> ExactNumber { left + -right }

    static func + (left: ExactNumber, right: ExactNumber) -> ExactNumber {
        let exponent = min(left.exponent, right.exponent)
        let (mine, theirs) = (left.padded(to: exponent), right.padded(to: exponent))
        if left.isNegative == right.isNegative {
            return ExactNumber(isNegative: left.isNegative, digits: sum(mine, theirs), exponent: exponent)
        }
        let isLarger = compareSizes(left, right) >= 0
        return ExactNumber(
            isNegative: isLarger ? left.isNegative : right.isNegative,
            digits: isLarger ? difference(mine, theirs) : difference(theirs, mine),
            exponent: exponent
        )
    }

    static func * (left: ExactNumber, right: ExactNumber) -> ExactNumber {
        var product = [Int](repeating: 0, count: left.digits.count + right.digits.count)
        for (i, mine) in left.digits.reversed().enumerated() {
            for (j, theirs) in right.digits.reversed().enumerated() { product[i + j] += Int(mine) * Int(theirs) }
        }
        var carry = 0
        for index in product.indices {
            carry += product[index]
            product[index] = carry % 10
            carry /= 10
        }
        return ExactNumber(
            isNegative: left.isNegative != right.isNegative,
            digits: product.reversed().map(UInt8.init),
            exponent: left.exponent + right.exponent
        )
    }

    private func padded(to exponent: Int) -> [UInt8] {
        digits + [UInt8](repeating: 0, count: digits.isEmpty ? 0 : self.exponent - exponent)
    }

    private static func sum(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var carry: UInt8 = 0
        for index in 1...max(left.count, right.count, 1) {
            let figure = carry + digit(left, index) + digit(right, index)
            result.append(figure % 10)
            carry = figure / 10
        }
        return (carry > 0 ? [carry] : []) + result.reversed()
    }

    /// The larger must come first.
    private static func difference(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var borrowed: UInt8 = 0
        for index in 1...max(left.count, 1) {
            let (mine, theirs) = (digit(left, index), digit(right, index) + borrowed)
            result.append(mine >= theirs ? mine - theirs : mine + 10 - theirs)
            borrowed = mine >= theirs ? 0 : 1
        }
        return result.reversed()
    }

    /// Counted from the end, from 1.
    private static func digit(_ digits: [UInt8], _ index: Int) -> UInt8 {
        index <= digits.count ? digits[digits.count - index] : 0
    }
}

/// A number in a search, with what its prefix asks (R4, 3.1.1.5.6 and 3.1.1.5.8).
struct NumberCondition: Sendable {
    private let prefix: DatePrefix
    private let value: ExactNumber
    /// What the digits leave open: half a unit of the last one, to both sides.
    private let low: ExactNumber
    private let high: ExactNumber

    /// Reads `5.4`, `gt5.4`, `5.40e-3`.
    init?(_ text: String) {
        let (prefix, rest) = DatePrefix.taken(from: text)
        guard let prefix, let value = ExactNumber(rest) else { return nil }
        (self.prefix, self.value) = (prefix, value)
        let around = prefix == .ap ? value.tenth : ExactNumber(5, exponent: value.lastPlace - 1)
        (low, high) = (value - around, value + around)
    }

    /// Whether a range matches; a bound that is `nil` is open. A single number is both of its bounds.
    func holds(low first: ExactNumber?, high last: ExactNumber?) -> Bool {
        switch prefix {
        case .eq: isWithin(first, last)
        case .ne: !isWithin(first, last)
        case .gt: last.map { $0 > value } ?? true
        case .lt: first.map { $0 < value } ?? true
        case .ge: last.map { $0 >= value } ?? true
        case .le: first.map { $0 <= value } ?? true
        case .sa: first.map { $0 > value } ?? false
        case .eb: last.map { $0 < value } ?? false
        case .ap: (first.map { $0 <= high } ?? true) && (last.map { $0 >= low } ?? true)
        }
    }

    private func isWithin(_ first: ExactNumber?, _ last: ExactNumber?) -> Bool {
        guard let first, let last else { return false }
        return low <= first && (last < high || (last == high && first < last))
    }
}
