import Care

@testable import Portal

/// The page of an organisation in numbers.
extension Samples {
    var overviews: [(name: String, html: HTML)] {
        let numbers = OverviewPage.Numbers(
            taken: Moment(Day(number: 20_500), hour: 9, minute: 5),
            smallest: 10,
            people: 120,
            activity: [("In the last 30 days", [40, 35, nil]), ("Nothing entered yet", [nil, 20, nil])],
            kinds: [("Conditions", 60), ("Allergies", nil)],
            roles: [(.owner, nil), (.clinician, 15)]
        )
        let page = { (numbers: OverviewPage.Numbers?, mayTake: Bool, problem: String?) in
            self.frame().document(OverviewPage(numbers: numbers, mayTake: mayTake, problem: problem))
        }
        return [
            ("overview", page(numbers, true, nil)), ("overview-read", page(numbers, false, nil)),
            ("overview-none", page(nil, true, "Please wait.")),
        ]
    }
}
