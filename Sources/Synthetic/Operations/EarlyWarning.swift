/// One set of observations, and what it adds up to in NEWS2, the early warning score of the Royal College of Physicians
/// (2017), on its first scale for oxygen saturation.
struct EarlyWarning: Equatable {
    var respirations: Int
    var saturation: Int
    var hasOxygen: Bool
    var systolic: Int
    var pulse: Int
    var isAlert: Bool
    /// In tenths of a degree Celsius.
    var temperature: Int

    var score: Int {
        respirationScore + saturationScore + (hasOxygen ? 2 : 0) + systolicScore + pulseScore + (isAlert ? 0 : 3)
            + temperatureScore
    }

    private var respirationScore: Int {
        switch respirations {
        case ...8: 3
        case 9...11: 1
        case 12...20: 0
        case 21...24: 2
        default: 3
        }
    }

    private var saturationScore: Int {
        switch saturation {
        case ...91: 3
        case 92...93: 2
        case 94...95: 1
        default: 0
        }
    }

    private var systolicScore: Int {
        switch systolic {
        case ...90: 3
        case 91...100: 2
        case 101...110: 1
        case 111...219: 0
        default: 3
        }
    }

    private var pulseScore: Int {
        switch pulse {
        case ...40: 3
        case 41...50: 1
        case 51...90: 0
        case 91...110: 1
        case 111...130: 2
        default: 3
        }
    }

    private var temperatureScore: Int {
        switch temperature {
        case ...350: 3
        case 351...360: 1
        case 361...380: 0
        case 381...390: 1
        default: 2
        }
    }
}
