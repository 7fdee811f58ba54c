/// How tall and heavy one child is as they grow: between the charts' 5th and 95th lines, and on one line all along.
struct Growth {
    private let birthday: Day
    private let isFemale: Bool
    /// In hundredths of what is usual at an age.
    private let tallness: Int
    private let weightiness: Int

    init(of child: Person, _ chance: inout Chance) {
        birthday = child.birthday
        isFemale = child.isFemale
        tallness = chance.middling(94...106)
        weightiness = chance.middling(86...118)
    }

    /// Months of growing: after about 13 years in girls and 15 in boys, a third of the pace is left, for four years.
    private func months(on day: Day) -> Int {
        let months = (day - birthday) * 10 / 304
        let slow = isFemale ? 156 : 180
        return months <= slow ? months : slow + min(months - slow, 48) / 3
    }

    /// In millimetres.
    func height(on day: Day) -> Int { (800 + months(on: day) * 5) * tallness / 100 }

    /// In tenths of a kilogram.
    func weight(on day: Day) -> Int {
        let months = months(on: day)
        return (90 + months * months / 85 + months * 6 / 10) * tallness * weightiness / 10_000
    }

    /// The surface of the body in hundredths of a square metre, by Mosteller: the root of height times weight by 3600.
    func surface(on day: Day) -> Int {
        let square = height(on: day) * weight(on: day) * 100 / 3_600
        var root = 0
        while (root + 1) * (root + 1) <= square { root += 1 }
        return root
    }
}
