import FHIR

/// Somebody who does not exist.
public struct Person: Sendable, Equatable {
    public let given: String
    public let family: String
    public let isFemale: Bool
    public let birthday: Day
    /// The record number under which the organisation knows them.
    public let recordNumber: String
    /// The name in the script of their own language, if that is not Latin.
    public let ownScript: OwnScript?

    /// As one says it.
    public var name: String { "\(given) \(family)" }

    /// A name in a script of its own.
    public struct OwnScript: Sendable, Equatable {
        public let name: String
        /// A language tag, such as `mr`.
        public let language: String
    }

    var gender: JSON { isFemale ? "female" : "male" }

    var humanNames: JSON {
        let latin: JSON = ["use": "official", "family": .string(family), "given": [.string(given)]]
        guard let ownScript else { return [latin] }
        return [
            latin,
            [
                "extension": [
                    [
                        "url": "http://hl7.org/fhir/StructureDefinition/language",
                        "valueCode": .string(ownScript.language),
                    ]
                ],
                "use": "usual", "text": .string(ownScript.name),
            ],
        ]
    }

    /// What every patient has. It is marked as made up, for whoever finds it later.
    var patient: JSONObject {
        [
            "meta": ["security": [Code.hl7("v3-ActReason", "HTEST", "test health data").coding]],
            "identifier": [
                [
                    "use": "usual", "type": Code.hl7("v2-0203", "MR", "Medical record number").concept,
                    "system": "urn:carekeep:demo:record-number", "value": .string(recordNumber),
                ]
            ],
            "active": true,
            "name": humanNames,
            "gender": gender,
            "birthDate": .day(birthday),
        ]
    }
}

/// Names that could be somebody's, put together so that they are unlikely to be anybody's: the family names are made up.
enum Names {
    struct Pool {
        let female: [String]
        let male: [String]
        let family: [String]

        func given(female isFemale: Bool, _ chance: inout Chance) -> String { chance.pick(isFemale ? female : male) }
    }

    static let american = Pool(
        female: [
            "Juniper", "Maeve", "Rosalind", "Wren", "Beatrix", "Clementine", "Ines", "Thea", "Marisol", "Imani",
            "Noor", "Amara", "Odalys", "Linnea", "Tamsin", "Calla",
        ],
        male: [
            "Alder", "Casper", "Felix", "Jonah", "Mateo", "Emeka", "Rafael", "Silas", "Tobias", "Wesley", "Anselm",
            "Idris", "Kenji", "Leif", "Milo", "Ruben",
        ],
        family: [
            "Fernsby", "Larkmoor", "Willowmere", "Merriday", "Brackenwell", "Thistlewood", "Marrowby", "Oakenfield",
            "Santaluz", "Okonwell", "Amberlane", "Quillmore", "Rivenhall", "Hollowbrook", "Takemori-Lane", "Seabright",
        ]
    )

    static let british = Pool(
        female: [
            "Agnes", "Bronwen", "Carys", "Dilys", "Eilidh", "Freya", "Gwendolen", "Harriet", "Isla", "Parveen",
            "Temperance", "Winifred", "Zainab", "Morag", "Ottoline",
        ],
        male: [
            "Alasdair", "Barnaby", "Callum", "Dafydd", "Edmund", "Fergus", "Gethin", "Hamish", "Imran", "Kwabena",
            "Lachlan", "Piers", "Rhodri", "Tarquin", "Wilfred",
        ],
        family: [
            "Ashwithy", "Brindlecombe", "Cragthwaite", "Dunmallow", "Eskwater", "Fallowgate", "Gorsley-Pike",
            "Harkstead", "Inglebeck", "Kestleton", "Lambwick", "Merehampton", "Netherby-Cole", "Pellowstone",
            "Rookhope",
        ]
    )

    /// Latin and own script side by side.
    struct Written {
        let latin: String
        let own: String
    }

    struct ScriptedPool {
        let language: String
        let female: [Written]
        let male: [Written]
        let family: [Written]
    }

    static let indian = [
        ScriptedPool(
            language: "mr",
            female: [
                Written(latin: "Tejaswini", own: "तेजस्विनी"), Written(latin: "Manjiri", own: "मंजिरी"),
                Written(latin: "Sayali", own: "सायली"), Written(latin: "Vasudha", own: "वसुधा"),
            ],
            male: [
                Written(latin: "Omkar", own: "ओंकार"), Written(latin: "Sarang", own: "सारंग"),
                Written(latin: "Yashwant", own: "यशवंत"), Written(latin: "Nachiket", own: "नचिकेत"),
            ],
            family: [
                Written(latin: "Meghdutkar", own: "मेघदूतकर"), Written(latin: "Phulrangkar", own: "फुलरंगकर"),
                Written(latin: "Sagarvelkar", own: "सागरवेलकर"), Written(latin: "Chandravadkar", own: "चंद्रवाडकर"),
            ]
        ),
        ScriptedPool(
            language: "hi",
            female: [
                Written(latin: "Vandana", own: "वंदना"), Written(latin: "Kiran", own: "किरण"),
                Written(latin: "Sulekha", own: "सुलेखा"), Written(latin: "Archana", own: "अर्चना"),
            ],
            male: [
                Written(latin: "Devendra", own: "देवेंद्र"), Written(latin: "Alok", own: "आलोक"),
                Written(latin: "Harish", own: "हरीश"), Written(latin: "Manoj", own: "मनोज"),
            ],
            family: [
                Written(latin: "Taragiri", own: "तारागिरी"), Written(latin: "Nadivansh", own: "नदीवंश"),
                Written(latin: "Kamalpuri", own: "कमलपुरी"), Written(latin: "Suryatal", own: "सूर्यताल"),
            ]
        ),
        ScriptedPool(
            language: "ta",
            female: [
                Written(latin: "Malarvizhi", own: "மலர்விழி"), Written(latin: "Kayalvizhi", own: "கயல்விழி"),
                Written(latin: "Poongodi", own: "பூங்கொடி"), Written(latin: "Tamilselvi", own: "தமிழ்செல்வி"),
            ],
            male: [
                Written(latin: "Arivazhagan", own: "அறிவழகன்"), Written(latin: "Ilango", own: "இளங்கோ"),
                Written(latin: "Kathiravan", own: "கதிரவன்"), Written(latin: "Nedumaran", own: "நெடுமாறன்"),
            ],
            family: [
                Written(latin: "Vaanmathi", own: "வான்மதி"), Written(latin: "Kadalarasu", own: "கடலரசு"),
                Written(latin: "Malaikannan", own: "மலைகண்ணன்"), Written(latin: "Thenmozhi", own: "தேன்மொழி"),
            ]
        ),
    ]
}
