import FHIR

/// What a family writes down of one day. A day on which nobody wrote anything has none: missing is not zero.
struct CheckIn {
    let day: Day
    let pain: Int
    let site: Illness.Site?
    let wokeAtNight: Bool
    /// In the morning, in minutes.
    let stiffness: Int?
    let school: School?
    /// In a day, where it matters.
    let stools: Int?
    let words: String?

    enum School: String {
        case full = "whole day"
        case part = "part of the day"
        case missed = "missed"
    }

    init(_ day: Day, in course: Course, _ illness: Illness, _ chance: inout Chance) {
        let activity = course.activity(on: day)
        self.day = day
        pain = Self.pain(activity, &chance)
        site = pain >= 2 ? course.flare(on: day).map { chance.pick($0.sites) } ?? illness.sites[0] : nil
        wokeAtNight = chance.happens(activity > 40 ? activity * 2 / 3 : 1)
        stiffness = illness.isOfTheBowel || pain == 0 ? nil : chance.number(0...(activity / 10)) * 5
        school = Self.school(day, pain, &chance)
        words = chance.happens(activity > 0 ? 22 : 7) ? Self.words(pain, site, wokeAtNight, &chance) : nil
        stools = illness.isOfTheBowel ? 1 + activity / 18 + chance.number(0...1) : nil
    }

    private static func pain(_ activity: Int, _ chance: inout Chance) -> Int {
        guard activity > 0 else { return chance.pick([0, 0, 0, 0, 0, 0, 0, 1, 1, 2]) }
        return max(0, min(10, (activity + chance.middling(-16...16) + 5) / 10))
    }

    /// No school at the weekend and from late June to the end of August.
    private static func school(_ day: Day, _ pain: Int, _ chance: inout Chance) -> School? {
        let date = day.date
        if day.weekday > 4 || date.month == 7 || date.month == 8 || date.month == 6 && date.day > 20 { return nil }
        if pain >= 6 { return chance.happens(60) ? .missed : .part }
        if pain >= 4 { return chance.happens(35) ? .part : .full }
        return .full
    }

    private static func words(
        _ pain: Int,
        _ site: Illness.Site?,
        _ woke: Bool,
        _ chance: inout Chance
    ) -> String {
        guard let site, pain >= 2 else {
            return chance.pick([
                "Nothing today.", "Good day, swimming.", "Cycled to the lake and back.", "Quiet.",
                "Slept through.", "A bit tired, no pain.", "Played outside until dark.",
            ])
        }
        let place = site.words.prefix(1).uppercased() + site.words.dropFirst()
        if woke {
            let hour = chance.number(1...5)
            return chance.pick([
                "Woke at \(hour), \(site.words). Back to sleep after an hour.",
                "Up from \(hour) to \(hour + 1) with the \(site.words). Warm pack helped a little.",
                "Two bad hours in the night, \(site.words).",
            ])
        }
        var said = [
            "\(place) in the morning, better by noon.", "\(place) hurts when touched.",
            "\(place), lay down after school.", "\(place). Took medicine at breakfast.",
            "\(place), on and off all day.",
        ]
        if site.isOfALeg { said += ["\(place), worse after sport.", "\(place), limping a little."] }
        return chance.pick(said)
    }
}

extension CheckIn {
    /// One observation: the pain, with the day's other answers beside it.
    func observation(_ observing: Observing, at moment: Moment) -> JSONObject {
        observing.observation(
            .loinc("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported"),
            ["valueQuantity": Amount(pain, "{score}").quantity],
            at: moment,
            category: "survey",
            more: [
                "note": .note(words),
                "bodySite": site.map { .words($0.words) } ?? nil,
                "component": .array(components),
            ]
        )
    }

    private var components: [JSON] {
        var parts: [JSON] = [
            ["code": Code.checkIn("woke-at-night", "Woken at night").concept, "valueBoolean": .bool(wokeAtNight)]
        ]
        if let stiffness {
            parts.append([
                "code": Code.checkIn("stiffness", "Stiff in the morning").concept,
                "valueQuantity": Amount(stiffness, "min").quantity,
            ])
        }
        if let stools {
            parts.append([
                "code": Code.checkIn("stools", "Stools").concept,
                "valueQuantity": Amount(stools, "/d").quantity,
            ])
        }
        if let school {
            parts.append([
                "code": Code.checkIn("school", "School").concept, "valueString": .string(school.rawValue),
            ])
        }
        return parts
    }
}
