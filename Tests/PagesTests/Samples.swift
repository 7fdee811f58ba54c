import FHIR
import People
import Seals

@testable import Portal

/// Pages with made-up people, one for each thing that a page can show.
struct Samples {
    /// What every field that a person can fill in is filled with; the pages of the gallery get readable words.
    var word: (String) -> String = { $0 }

    static let today = Day(2026, 3, 5)!
    /// Text that does harm wherever it is not escaped.
    static let hostile = "\"><script>alert('x')</script><b style='x' onclick=\"y\">&amp;`\u{0}\u{202E}"

    func frame(_ audience: Audience = .family, signedIn: Bool = true) -> Frame {
        let organization =
            switch audience {
            case .family: "The Berg family"
            case .clinic: "Sahyadri Clinics"
            case .operations: "Northfield Event Medical"
            }
        return Frame(
            words: Words(audience),
            today: Samples.today,
            organization: self.word(organization),
            signedIn: signedIn ? Frame.SignedIn(name: self.word("Maria Berg"), csrf: self.word("c5rf")) : nil,
            hasTrustPage: true
        )
    }

    var ada: PatientCard {
        PatientCard(
            id: "p1",
            name: self.word("Ada Berg"),
            shortName: self.word("Ada"),
            born: Day(2014, 6, 21),
            identifiers: [self.word("NHS number 943 476 5919")],
            mayShare: true
        )
    }

    /// Every page, by the name of its file.
    var all: [(name: String, html: HTML)] {
        self.doors + self.federated + self.accounts + self.agreements + self.activities + self.overviews + self.lists
            + self.timelines + self.records + self.looks
            + self.shares + self.notices + self.promises + self.vouchings + self.failures + self.secondFactors
            + self.members + self.emergencies + self.carers + self.countersigning
    }
}

// MARK: Before anything is read

extension Samples {
    private var doors: [(name: String, html: HTML)] {
        let visitor = self.frame(signedIn: false)
        let signIn = SignInPage(csrf: self.word("t0ken"), next: "/patients/p1", email: self.word("maria@example.org"))
        let troubles: [SignInPage.Trouble] = [
            .password(.wrong), .password(.wait(seconds: 170)), .signedOut, .passwordSet,
        ]
        let password = SetPasswordPage(
            csrf: self.word("t0ken"),
            token: self.word("once"),
            email: self.word("maria@example.org")
        )
        let join = JoinPage(csrf: self.word("t0ken"), token: self.word("once"), organization: self.word("Ferry Clinic"))
        let refusals: [SetPasswordPage.Trouble] = [
            .weak(.tooShort), .weak(.tooLong), .weak(.tooSimple), .weak(.tooCommon), .different,
        ]
        return Audience.allCases.map { ("home-\($0)", self.frame($0, signedIn: false).document(HomePage())) }
            + [("sign-in", visitor.document(signIn))]
            + troubles.enumerated().map { index, trouble in
                ("sign-in-\(index)", visitor.document(with(signIn) { $0.trouble = trouble }))
            }
            + [("password", visitor.document(password))]
            + refusals.enumerated().map { index, trouble in
                ("password-\(index)", visitor.document(with(password) { $0.trouble = trouble }))
            }
            + [("join", visitor.document(join))]
            + [("join-wrong", visitor.document(with(join) { $0.trouble = .wrong }))]
            + [("organizations", self.frame().document(self.choice))]
    }

    private var choice: ChooseOrganizationPage {
        ChooseOrganizationPage(
            organizations: [
                .init(id: self.word("o1"), name: self.word("The Berg family"), role: self.word("parent")),
                .init(
                    id: self.word("o2"),
                    name: self.word("Northfield Event Medical"),
                    role: self.word("paramedic"),
                    isThis: true
                ),
            ]
        )
    }
}

// MARK: Signing in elsewhere

extension Samples {
    private var federated: [(name: String, html: HTML)] {
        let visitor = self.frame(signedIn: false)
        let way = SignInWay(provider: self.word("w1"), name: self.word("Northgate"))
        let signIn = SignInPage(csrf: self.word("t0ken"), next: "/patients/p1", ways: [way], left: way)
        let organization = OrganizationSignInPage(
            organization: self.word("Ferry Clinic"),
            ways: [way],
            next: "/patients/p1",
            takesPasswords: false
        )
        let identity = LinkIdentityPage(
            csrf: self.word("t0ken"),
            provider: self.word("w1"),
            name: self.word("Northgate"),
            vouchedFor: self.word("maria@example.org"),
            email: self.word("maria@example.org"),
            trouble: .wrong
        )
        let pages = [
            ("sign-in-ways", visitor.document(signIn)), ("sign-in-organization", visitor.document(organization)),
            ("sign-in-passwords", visitor.document(with(organization) { $0.takesPasswords = true })),
            ("link-identity", visitor.document(identity)),
        ]
        let troubles: [SignInTrouble] = [.provider, .full, .state, .declined, .unreachable, .notAMember, .nonce]
        return pages
            + troubles.map { trouble in
                let page = SignInTroublePage(provider: self.word("Northgate"), trouble: trouble)
                return ("not-signed-in-\(trouble)", visitor.document(page))
            }
    }
}

// MARK: Lists of people

extension Samples {
    private var lists: [(name: String, html: HTML)] {
        let family = PatientsPage(
            people: [
                .init(id: "p1", name: self.word("Ada Berg"), born: Day(2014, 6, 21), note: self.word("your daughter")),
                .init(id: "p2", name: self.word("Jonas Berg"), born: Day(2025, 8, 30), note: self.word("your son")),
                .init(id: "p3", name: self.word("Ingrid Berg"), born: Day(1951), died: Day(2019, 11, 2)),
                .init(id: "p4", name: self.word("A baby"), born: Day(2026, 2, 27)), .init(id: "p5", name: ""),
            ],
            offersSearch: false
        )
        let clinic = PatientsPage(
            people: [
                .init(
                    id: "p6",
                    name: self.word("Aarav Kulkarni"),
                    born: Day(2016, 1, 3),
                    note: self.word("Pune, Kothrud"),
                    identifiers: [self.word("ABHA 91-4452-1180-2264"), self.word("PN-00418")]
                ),
                .init(id: "p7", name: self.word("आरव कुलकर्णी"), born: Day(1980, 4), note: self.word("Pune, Baner")),
            ],
            search: .init(
                name: self.word("aara"),
                born: self.word("2016-01-03"),
                identifier: self.word("PN"),
                bornError: self.word("Please use the form 2016-01-03.")
            ),
            isCutOff: true
        )
        let nobody = PatientsPage(people: [])
        return [
            ("patients-family", self.frame().document(family)),
            ("patients-clinic", self.frame(.clinic).document(clinic)),
            ("patients-none", self.frame(.operations).document(nobody)),
            (
                "patients-steward",
                self.officer.document(with(family) { $0.reminder = .init(waiting: 1, due: 2, ended: 3) })
            ),
            ("patients-unmatched", self.frame(.operations).document(with(nobody) { $0.search.name = self.word("zz") })),
        ]
    }
}

// MARK: Timelines

extension Samples {
    private var timelines: [(name: String, html: HTML)] {
        let page = TimelinePage(
            patient: self.ada,
            picture: self.picture,
            entries: self.entries,
            groups: RecordKind.Group.allCases,
            older: self.word("t0ken")
        )
        let second = with(page) { page in
            page.newer = self.word("t0ken")
            page.shown = .medicines
        }
        let empty = TimelinePage(
            patient: with(self.ada) { $0.identifiers = [] },
            picture: TimelinePicture(),
            entries: []
        )
        return [
            ("timeline", self.frame().document(page)), ("timeline-clinic", self.frame(.clinic).document(page)),
            ("timeline-2", self.frame().document(second)), ("timeline-empty", self.frame().document(empty)),
            ("timeline-cut", self.frame().document(with(page) { $0.entriesOfMany = 5_000 })),
            ("timeline-one", self.frame().document(with(empty) { $0.picture = self.onePoint })),
            ("timeline-years", self.frame().document(with(page) { $0.picture = self.years })),
        ]
    }

    /// Three months of a bad spring: every day, with a fortnight in which nobody had the strength to write.
    var picture: TimelinePicture {
        let levels: [Double] = [2, 3, 3, 5, 6, 4, 7, 8, 8, 6, 5, 5, 4, 3, 2, 2, 1, 0, 1, 2, 3, 2, 4, 3]
        let pain = (0..<84).filter { !(40..<54).contains($0) }.map { index in
            TimelinePicture.Pain(when: Moment(Samples.today.adding(days: -index), hour: 7), value: levels[index % 24])
        }
        return TimelinePicture(
            pain: pain,
            medicines: [
                .init(name: self.word("Naproxen 250 mg"), from: Day(2025, 11, 3)!, end: .ongoing),
                .init(name: self.word("Pamidronate infusion"), from: Day(2026, 1, 12)!, end: .on(Day(2026, 1, 14)!)),
                .init(name: self.word("Pamidronate infusion"), from: Day(2026, 2, 16)!, end: .on(Day(2026, 2, 18)!)),
                .init(name: self.word("Prednisolone 5 mg"), from: Day(2025, 12, 20)!, end: .notEntered),
            ],
            visits: [
                .init(when: Moment(Day(2026, 1, 12)!, hour: 9), words: self.word("Infusion day")),
                .init(when: Moment(Day(2026, 2, 16)!, hour: 9), words: self.word("Infusion day")),
                .init(when: Moment(Day(2026, 3, 3)!, hour: 14), words: self.word("Rheumatology clinic")),
            ]
        )
    }

    private var onePoint: TimelinePicture {
        TimelinePicture(pain: [.init(when: Moment(Day(2026, 3, 4)!), value: 0)])
    }

    /// Many years, many medicines, pain asked once a year.
    private var years: TimelinePicture {
        TimelinePicture(
            pain: (0..<11).map { .init(when: Moment(Day(2011 + $0, 9, 9)!), value: Double($0 * 7 % 10) + 0.3) },
            medicines: (0..<12).map { index in
                .init(
                    name: self.word("Acetaminophen 325 MG / Hydrocodone Bitartrate 7.5 MG Oral Tablet \(index)"),
                    from: Day(2009 + index, 4, 2)!,
                    end: index % 3 == 0 ? .notEntered : .on(Day(2010 + index, 1, 1)!)
                )
            },
            visits: (0..<60).map {
                .init(when: Moment(Day(2010 + $0 / 6, $0 % 6 * 2 + 1, 8)!), words: self.word("Visit"))
            },
            span: .everything
        )
    }

    private var entries: [TimelinePage.Entry] {
        func entry(_ kind: RecordKind, _ title: String, _ detail: String?, _ when: Moment?) -> TimelinePage.Entry {
            TimelinePage.Entry(
                record: self.word("r1"),
                kind: kind,
                title: self.word(title),
                detail: detail.map(self.word),
                when: when
            )
        }
        return [
            entry(.measurement, "Pain", "2 out of 10", Moment(Day(2026, 3, 5)!, hour: 7, minute: 20)),
            entry(.visit, "Rheumatology clinic", "Flare of CRMO", Moment(Day(2026, 3, 3)!, hour: 14)),
            entry(.report, "Whole-body MRI", "2 results", Moment(Day(2026, 3, 3)!)),
            with(entry(.measurement, "Weight", "302 kg", Moment(Day(2026, 3, 3)!))) { $0.isMistake = true },
            entry(
                .medicine,
                "Naproxen 250 mg",
                "prescribed, 1 tablet twice a day with food",
                Moment(Day(2025, 11, 3)!)
            ),
            entry(.condition, "Chronic recurrent multifocal osteomyelitis", "active", Moment(Day(2025, 11)!)),
            entry(.vaccine, "Influenza", nil, Moment(Day(2025)!)),
            entry(.document, "Letter from the school", nil, nil),
        ]
    }
}

// MARK: One entry

extension Samples {
    private var records: [(name: String, html: HTML)] {
        let page = RecordPage(
            patient: self.ada,
            record: self.word("r1"),
            words: self.painInWords,
            versions: [
                .init(
                    number: 2,
                    when: Moment(Day(2026, 3, 5)!, hour: 8),
                    author: self.word("Maria Berg"),
                    signature: RecordPage.Signature(
                        writer: self.word("Maria Berg"),
                        signer: self.word("Ravi Patil"),
                        when: Moment(Day(2026, 3, 5)!, hour: 8, minute: 1)
                    )
                ),
                .init(number: 1, when: Moment(Day(2026, 3, 5)!, hour: 7, minute: 21), author: self.word("Ada Berg")),
            ],
            shownVersion: 2,
            technicalForm: self.word("{\n  \"value\": 2.0\n}")
        )
        return [
            ("record", self.frame().document(page)),
            ("record-to-sign", self.frame().document(with(page) { $0.offersSigning = true })),
            (
                "record-old",
                self.frame(.clinic).document(
                    with(page) { page in
                        page.shownVersion = 1
                        page.words.isMistake = true
                    }
                )
            ),
            (
                "record-modifier",
                self.frame().document(with(page) { $0.words.hasUnreadModifier = true })
            ),
            (
                "record-lab",
                self.frame(.clinic).document(
                    with(page) { page in
                        page.words = RecordInWords(Samples.bloodPressure, words: Words(.clinic))
                        page.versions.removeFirst()
                        page.shownVersion = 1
                        page.technicalForm = TechnicalForm.text(.object(Samples.bloodPressure))
                    }
                )
            ),
        ]
    }

    private var painInWords: RecordInWords {
        RecordInWords(
            kind: .measurement,
            title: self.word("Pain"),
            gist: self.word("2 out of 10"),
            when: Moment(Day(2026, 3, 5)!, hour: 7, minute: 20),
            facts: [
                Fact(self.word("Result"), self.word("2")),
                Fact(self.word("Where on the body"), [self.word("left shin"), self.word("jaw")]),
            ],
            notes: [self.word("Woke at three, fell asleep again by four.\nSchool as usual.")],
            more: [Fact(self.word("Category"), self.word("survey"))]
        )
    }

    static let bloodPressure: JSONObject = [
        "resourceType": "Observation", "status": "final",
        "code": ["coding": [["system": "http://loinc.org", "code": "85354-9", "display": "Blood pressure panel"]]],
        "effectiveDateTime": "2026-03-03T14:05:00+01:00",
        "component": [
            [
                "code": ["coding": [["code": "8480-6"]]],
                "valueQuantity": ["value": .number("108.0"), "unit": "mm[Hg]"],
                "interpretation": [["coding": [["code": "N"]]]],
            ],
            [
                "code": ["coding": [["code": "8462-4"]]],
                "valueQuantity": ["value": .number("71.238194723"), "unit": "mm[Hg]"],
            ],
        ],
    ]
}

// MARK: Who looked, and who may

extension Samples {
    private var looks: [(name: String, html: HTML)] {
        let page = WhoLookedPage(patient: self.ada, looks: self.lookList, older: self.word("t0ken"))
        return [
            ("looks", self.frame().document(page)), ("looks-clinic", self.frame(.clinic).document(page)),
            (
                "looks-none",
                self.frame().document(
                    with(page) { page in
                        page.looks = []
                        page.older = nil
                    }
                )
            ),
        ]
    }

    private var lookList: [WhoLookedPage.Look] {
        let today = Moment(Samples.today, hour: 8, minute: 12)
        let before = Moment(Day(2026, 3, 3)!, hour: 14, minute: 5)
        let imani = WhoLookedPage.Look(
            when: before,
            name: self.word("Dr Imani Okafor"),
            role: self.word("clinician"),
            act: .readTimeline,
            device: Device.words(userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)")
        )
        let acts: [WhoLookedPage.Act] = [
            .opened, .readEverything, .found, .searchedWithin, .created, .changed, .removed, .imported, .stoppedSharing,
            .other(self.word("did something")),
        ]
        return [
            .init(
                when: today,
                name: self.word("Maria Berg"),
                isReader: true,
                act: .readLooks,
                device: "a Windows computer"
            ),
            with(imani) { $0.when = Moment(Samples.today.adding(days: -1), hour: 16, minute: 40) },
            imani,
            with(imani) { $0.act = .readEntry },
            .init(
                when: before,
                name: self.word("Bo Larsen"),
                role: self.word("receptionist"),
                act: .opened,
                isGranted: false,
                device: "an Android phone"
            ),
            .init(when: Moment(Day(2026, 3, 1)!, hour: 23, minute: 58), act: .readTimeline, isGranted: false),
            .init(
                when: Moment(Day(2026, 3, 1)!, hour: 20),
                name: self.word("Maria Berg"),
                isReader: true,
                act: .shared
            ),
        ]
            + acts.map { act in
                with(imani) { look in
                    look.when = Moment(Day(2026, 2, 20)!, hour: 10)
                    look.act = act
                }
            }
            + acts.map { act in
                with(imani) { look in
                    look.when = Moment(Day(2026, 2, 19)!, hour: 10)
                    look.act = act
                    look.isGranted = false
                }
            }
    }

    private var shares: [(name: String, html: HTML)] {
        let page = SharingPage(
            patient: self.ada,
            readers: [
                .init(
                    name: self.word("Maria Berg"),
                    role: self.word("parent"),
                    isYou: true,
                    reason: self.word("keeps this record")
                ),
                .init(
                    name: self.word("Dr Imani Okafor"),
                    role: self.word("rheumatologist"),
                    reason: self.word("for treatment"),
                    until: Day(2026, 6, 3),
                    lastLooked: Moment(Day(2026, 3, 4)!, hour: 16, minute: 40),
                    share: self.word("s1")
                ),
                .init(
                    name: self.word("Sam Ito"),
                    role: self.word("physiotherapist"),
                    reason: self.word("for treatment"),
                    until: Day(2026, 4, 1),
                    share: self.word("s2")
                ),
            ],
            clinicians: [
                .init(id: self.word("c1"), name: self.word("Dr Lena Fors"), role: self.word("family doctor")),
                .init(id: self.word("c2"), name: self.word("Dr Ravi Menon"), role: self.word("orthopaedic surgeon")),
            ]
        )
        let wrong = with(page) { page in
            page.draft = .init(
                clinician: self.word("c2"),
                purpose: "treatment",
                until: self.word("2028-01-01"),
                clinicianError: self.word("Choose one."),
                purposeError: self.word("Choose one."),
                untilError: self.word("That is more than a year away.")
            )
        }
        let guest = with(page) { page in
            page.offersGuests = true
            page.waiting = [
                .init(
                    id: self.word("i1"),
                    name: self.word("Dr Mo Rahman"),
                    reason: self.word("for a second opinion"),
                    sees: self.word("results"),
                    until: Day(2026, 6, 12)!
                )
            ]
            page.done = .mailed(to: self.word("Dr Mo Rahman"))
        }
        let guestWrong = with(page) { page in
            page.offersGuests = true
            page.guest = .init(
                name: self.word("x"),
                email: self.word("nobody"),
                purpose: "treatment",
                until: self.word("2028-01-01"),
                shown: ShownKinds { _ in false },
                nameError: self.word("Enter a name."),
                emailError: self.word("Enter an address."),
                purposeError: self.word("Choose one."),
                untilError: self.word("That is more than a year away.")
            )
        }
        let guestLink = with(page) { page in
            page.done = .made(for: self.word("Dr Mo Rahman"), link: self.word("https://x.example/password?link=abc"))
        }
        return [
            ("sharing-guest", self.frame().document(guest)),
            ("sharing-guest-wrong", self.frame().document(guestWrong)),
            ("sharing-guest-link", self.frame().document(guestLink)),
            ("sharing", self.frame().document(page)), ("sharing-wrong", self.frame(.clinic).document(wrong)),
            (
                "sharing-done",
                self.frame().document(
                    with(page) {
                        $0.done = .shared(with: self.word("Dr Lena Fors"), until: Day(2026, 6, 5)!)
                    }
                )
            ),
            (
                "sharing-stopped",
                self.frame().document(
                    with(page) { page in
                        page.done = .stopped
                        page.clinicians = []
                        page.readers = []
                    }
                )
            ),
        ]
    }

    private var notices: [(name: String, html: HTML)] {
        let pages: [(String, NoticePage)] = [
            ("not-found", .notFound), ("too-large", .tooLarge),
            ("not-done", .notDone(why: self.word("It is there already."))),
            ("went-wrong", .wentWrong(id: self.word("7QK2-M9"))),
            ("form-expired", .formExpired), ("link-expired", .linkExpired),
            ("too-many", .tooMany),
            ("closed", .closed),
        ]
        return pages.map { ("notice-\($0.0)", self.frame(signedIn: $0.0 == "not-found").document($0.1)) }
    }
}

extension Samples {
    private var promises: [(name: String, html: HTML)] {
        let at = Moment(Day(2026, 3, 5)!, hour: 6, minute: 10)
        let check = TrustPage.Check(
            tries: "offers the server TLS 1.0, 1.1, 1.2 and 1.3 in turn",
            evidence: .live,
            canBeRepeated: true,
            last: at,
            seen: self.word("TLS 1.0 is refused"),
            history: [true, true, false, true]
        )
        let standings: [TrustPage.Standing] = [
            .kept(at), .partly(at), .fallsShort(Moment(Day(2026, 3, 4)!)), .outOfDate(Moment(Day(2026, 2, 1)!)),
            .unchecked,
            .notBuilt, .unvouched, .vouched(Day(2027, 3, 4)!, isDue: false), .vouched(Day(2026, 3, 20)!, isDue: true),
            .vouchingEnded(Day(2026, 2, 1)!),
        ]
        let rows = standings.enumerated().map { index, standing in
            TrustPage.Row(
                id: "ENC-\(index + 1)",
                promise: self.word("What travels between you and this server is encrypted."),
                mechanism: self.word("The server speaks TLS 1.3 alone."),
                standing: standing,
                missing: index == 1 ? self.word("Files are not built yet.") : nil,
                checks: index < 5 ? [check, with(check) { $0.evidence = .twin }] : [],
                vouching: index < 7 ? nil : self.vouching
            )
        }
        let page = TrustPage(
            themes: [TrustPage.Theme(name: self.word("Encryption"), rows: rows)],
            profile: nil,
            at: at,
            key: self.word("clinic.example+c74f20a3+ARpc")
        )
        return [
            ("trust", self.frame(signedIn: false).document(page)),
            ("trust-family", self.frame(signedIn: false).document(with(page) { $0.profile = .family })),
            (
                "trust-withheld",
                self.officer.document(
                    with(page) {
                        $0.withheld = 2
                        $0.clockIsBehind = true
                        $0.isForOfficer = true
                    }
                )
            ),
        ]
    }

    private var vouching: TrustPage.Vouching {
        TrustPage.Vouching(
            by: self.word("Priya Shah, operations"),
            words: self.word("The doors were looked at."),
            until: Day(2027, 3, 4)!,
            isInForce: true,
            link: OutsideLink("https://evidence.example/doors"),
            digest: self.word("9c56cc51"),
            history: [false, true, true]
        )
    }

    private var officer: Frame { with(self.frame()) { $0.signedIn?.isOfficer = true } }
}

// MARK: Second factors

extension Samples {
    private var secondFactors: [(name: String, html: HTML)] {
        let frame = self.frame(.clinic)
        let troubles: [SecondFactorPage.Trouble] = [.wrong, .wait(minutes: 1), .wait(minutes: 4)]
        let link = CodeAppLink(OneTimeSecret(), address: self.word("meera@sunrise.example"))
        let new = NewSecondFactorPage(
            picture: QRCode(link.text)?.picture(saying: self.word("A picture for the camera of your code app")),
            secret: self.word("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"),
            link: link,
            next: "/patients"
        )
        let at = Moment(Day(2026, 3, 4)!, hour: 9, minute: 30)
        let devices = DevicesPage(
            devices: [
                .init(id: "d1", name: self.word("Firefox on Android"), began: at, lastSeen: at, isThis: true),
                .init(id: "d2", name: self.word("A program (curl)"), isProgram: true, began: at, lastSeen: at),
                .init(
                    id: "d3",
                    name: self.word("Safari on iPhone"),
                    began: at,
                    lastSeen: at,
                    organization: self.word("The Bergs")
                ),
            ],
            ended: 2
        )
        let own = OwnSecondFactorPage(since: Day(2026, 3, 4)!, codesLeft: 9, failures: 2, isRequired: true)
        return [
            ("second-factor", frame.document(SecondFactorPage(next: "/patients/p1"))),
            ("second-factor-own", frame.document(own)),
            ("second-factor-own-last", frame.document(with(own) { ($0.codesLeft, $0.failures) = (1, 1) })),
            (
                "second-factor-own-family",
                self.frame().document(with(own) { ($0.codesLeft, $0.failures, $0.isRequired) = (0, 0, false) })
            ),
            ("second-factor-none", frame.document(OwnSecondFactorPage(isRequired: true, next: "/patients"))),
            ("second-factor-none-family", self.frame().document(OwnSecondFactorPage(done: .removed))),
            ("second-factor-new", frame.document(new)),
            ("second-factor-new-wrong", frame.document(with(new) { $0.wasWrong = true })),
            (
                "recovery-codes",
                frame.document(RecoveryCodesPage(codes: (0..<10).map { self.word("ABCD-EFGH-IJKL-MNO\($0)") }))
            ),
            ("devices", frame.document(devices)),
            ("devices-one", frame.document(with(devices) { ($0.devices, $0.ended) = ([$0.devices[0]], 1) })),
            ("step-up", frame.document(StepUpPage(next: "/patients/p1", way: .code, isAgain: true))),
            ("step-up-password", self.frame().document(StepUpPage(next: "/patients/p1", way: .password))),
            (
                "step-up-provider",
                self.frame().document(
                    StepUpPage(
                        next: "/patients/p1",
                        way: .provider(SignInWay(provider: "p1", name: self.word("Northwind Hospital")))
                    )
                )
            ),
            ("step-up-none", self.frame().document(StepUpPage(next: "/patients/p1", way: .none))),
        ]
            + troubles.enumerated().flatMap { index, trouble in
                [
                    ("second-factor-trouble-\(index)", frame.document(SecondFactorPage(trouble: trouble))),
                    (
                        "second-factor-recovery-\(index)",
                        frame.document(SecondFactorPage(trouble: trouble, wasRecovery: true))
                    ),
                    ("step-up-trouble-\(index)", frame.document(StepUpPage(way: .password, trouble: trouble))),
                ]
            }
    }
}

// MARK: What people vouch for

extension Samples {
    private var vouchings: [(name: String, html: HTML)] {
        let rows: [VouchListPage.State] = [
            .never, .inForce(Day(2027, 3, 4)!, isDue: false), .inForce(Day(2026, 3, 20)!, isDue: true),
            .ended(Day(2026, 2, 1)!),
        ]
        let list = VouchListPage(
            rows: rows.enumerated().map { index, state in
                .init(
                    id: "GOV-\(index + 1)",
                    promise: self.word("Machines are physically protected."),
                    state: state,
                    waitsForYou: index == 0 ? 1 : 0,
                    waitsForOthers: index == 1 ? 1 : 0
                )
            },
            isSteward: true
        )
        return [
            ("vouchings", self.officer.document(list)),
            (
                "vouchings-auditor",
                self.officer.document(
                    with(list) {
                        $0.isSteward = false
                        $0.problem = self.word("There is no promise of that id.")
                    }
                )
            ),
        ] + self.vouchPages
    }

    private var failures: [(name: String, html: HTML)] {
        let at = Moment(Day(2026, 3, 4)!, hour: 9, minute: 30)
        let failure = FailuresPage.Failure(
            at: at,
            isBroken: false,
            seen: self.word("The root key lies in clear beside the data."),
            details: [self.word("give it a passphrase"), self.word("or move it")],
            release: self.word("0.1.0"),
            run: "0f2c"
        )
        let check = FailuresPage.Check(
            name: self.word("root-key"),
            tries: self.word("looks where the root key is"),
            remedy: self.word("Name a passphrase."),
            promises: ["ENC-4"],
            since: at,
            failures: [
                failure,
                with(failure) {
                    $0.isBroken = true
                    $0.details = []
                },
            ]
        )
        let unknown = with(check) {
            $0.tries = nil
            $0.promises = []
        }
        return [
            ("failures", self.officer.document(FailuresPage(standing: [check, unknown], repaired: [check]))),
            ("failures-none", self.officer.document(FailuresPage(standing: [], repaired: []))),
        ]
    }

    private var vouchPages: [(name: String, html: HTML)] {
        let at = Moment(Day(2026, 3, 4)!, hour: 9, minute: 30)
        let fates: [VouchPage.Fate] = [
            .waiting, .waiting, .inForce, .over, .declined(at, reason: self.word("The back door is open.")),
            .withdrawn(at, reason: self.word("A key was lost.")),
        ]
        let page = VouchPage(
            promise: "GOV-4",
            words: self.word("Machines and devices are physically protected."),
            state: .inForce(Day(2027, 3, 4)!, isDue: false),
            vouchings: fates.enumerated().map { index, fate in
                .init(
                    id: "a\(index)",
                    by: self.word("Priya Shah, operations"),
                    words: self.word("The doors were looked at."),
                    since: Day(2026, 3, 4)!,
                    until: Day(2027, 3, 4)!,
                    link: index % 2 == 0 ? OutsideLink("https://evidence.example/doors") : nil,
                    digest: index % 3 == 0 ? self.word("9c56cc51") : nil,
                    at: at,
                    isOwn: index == 1,
                    fate: fate,
                    enteredBy: self.word("priya@sunrise.example"),
                    reviewedBy: index > 1 ? self.word("meera@sunrise.example") : nil,
                    withdrawnBy: index == 5 ? self.word("ada@sunrise.example") : nil
                )
            },
            isSteward: true,
            latest: Day(2028, 3, 5)!,
            last: self.word("a0")
        )
        let wrong = VouchPage.Draft(
            words: self.word("All is well."),
            signedAs: self.word("P"),
            link: self.word("http://x"),
            since: self.word("2026-03-05"),
            until: self.word("2026-03-01"),
            rules: [
                "words": "Too long.", "signed_as": "Too long.", "link": "Not https.", "file": "Not a PDF.",
                "since": "In the future.", "until": "Before the first day.",
            ]
        )
        return [
            ("vouch", self.officer.document(page)),
            ("vouch-auditor", self.officer.document(with(page) { $0.isSteward = false })),
            (
                "vouch-wrong",
                self.officer.document(
                    with(page) {
                        $0.draft = wrong
                        $0.refused = .init(id: "review-a0", rule: "Please say why.")
                        $0.problem = "Nothing was done."
                    }
                )
            ),
        ]
            + VouchPage.Done.allCases.map { done in
                ("vouch-\(done)", self.officer.document(with(page) { $0.done = done }))
            }
    }
}

/// A changed copy.
func with<Value>(_ value: Value, _ change: (inout Value) -> Void) -> Value {
    var copy = value
    change(&copy)
    return copy
}

// MARK: People and roles

extension Samples {
    private var members: [(name: String, html: HTML)] {
        let maria = MembersPage.Line(
            id: "m1",
            name: self.word("Maria Berg"),
            roles: ["owner", "parent or carer"],
            isYou: true
        )
        let imani = MembersPage.Line(
            id: "m2",
            name: self.word("Dr Imani Bello"),
            roles: ["doctor or nurse"],
            isAwaited: true,
            until: Day(2026, 9, 1)
        )
        let list = MembersPage(
            members: [maria, imani],
            former: [MembersPage.Line(id: "m3", name: self.word("Jo Carver"), roles: [], until: Day(2026, 2, 1))],
            notices: [(Moment(Day(2026, 3, 4)!, hour: 9), self.word("Dr Imani Bello"))]
        )
        let member = MemberPage(
            line: imani,
            roles: [
                .init(field: "role-owner", label: "owner", isChosen: false),
                .init(field: "role-clinician", label: "doctor or nurse", isChosen: true),
            ],
            ownRoles: [.init(field: "own-r1", label: self.word("front desk"), isChosen: false)],
            successors: [.init(value: "m1", label: self.word("Maria Berg"))],
            ending: .init(
                until: "2026-03-01",
                successor: "m1",
                isSure: true,
                untilError: "That is over.",
                successorError: "Not yet.",
                sureError: "Please tick."
            ),
            problem: "Please choose at least one role. Nothing was changed."
        )
        let practitioners = PractitionersPage(
            lines: [
                .init(reference: "Practitioner/p1", name: self.word("Dr Bello"), member: self.word("Dr Imani Bello")),
                .init(reference: "PractitionerRole/p2", name: self.word("Front desk"), member: nil),
            ],
            members: [.init(value: "m2", label: self.word("Dr Imani Bello"))],
            cutAt: 500,
            draft: .init(
                practitioner: "Practitioner/p1",
                member: "m2",
                practitionerError: "Please choose.",
                memberError: "Please choose."
            ),
            isDone: true
        )
        let roles = RolesPage(
            offered: [.init(id: nil, name: "researcher", permissions: [])],
            own: [.init(id: "r1", name: self.word("front desk"), permissions: ["record.read"])],
            draft: .init(
                name: self.word("x"),
                chosen: [],
                nameError: "Please use letters.",
                chosenError: "Please choose."
            )
        )
        let role = RolePage(
            id: "r1",
            name: self.word("front desk"),
            chosen: ["record.read"],
            holders: [self.word("Jo Carver")],
            problem: "Please choose at least one thing."
        )
        let setting = SettingsPage.Line(
            name: "disclosure.limit",
            label: "How many people",
            value: "200",
            unit: "",
            bounds: "between 5 and 2000",
            beginsWith: "200",
            source: "our choice",
            checkedOn: Day(fhir: "2026-03-03"),
            changed: Day(fhir: "2026-03-04"),
            isObeyed: true,
            sent: self.word("many")
        )
        var (later, choice) = (setting, setting)
        (later.name, later.isObeyed) = ("retention.trail", false)
        (choice.name, choice.sent, choice.value) = ("second-factor.required", nil, "owner")
        choice.roles = [
            .init(role: "owner", label: "owner", isFixed: true, isChosen: true),
            .init(role: "member", label: "member", isFixed: false, isChosen: false),
        ]
        return [
            ("members", self.frame().document(list)), ("member", self.frame().document(member)),
            ("roles", self.frame().document(roles)), ("role", self.frame().document(role)),
            ("settings", self.frame().document(SettingsPage(settings: [setting, later, choice], mayChange: true))),
            ("settings-read", self.frame().document(SettingsPage(settings: [setting, choice], mayChange: false))),
            ("practitioners", self.frame().document(practitioners)),
            ("care-team", self.frame().document(self.careTeam)),
            ("provider-desk", self.frame().document(self.providerDesk)),
            ("new-provider", self.frame().document(self.newProvider(.other))),
            ("new-provider-apple", self.frame().document(self.newProvider(.apple))),
            ("leave", self.frame().document(LeavePage(isUnsure: true))),
            ("role-not-yours", self.frame().document(NoticePage.roleIsNotYours)),
            ("last-owner", self.frame().document(NoticePage.lastOwner)),
            ("too-many-patients", self.frame().document(NoticePage.tooManyPatients)),
        ]
    }
}
