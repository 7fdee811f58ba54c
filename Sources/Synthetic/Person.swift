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
            "Noor", "Amara", "Odalys", "Linnea", "Tamsin", "Calla", "Hazel", "Priya", "Saoirse", "Lucia", "Delphine",
            "Nadia", "Esme", "Yuki", "Corinne", "Aaliyah", "Greta", "Paloma", "Mabel", "Sunniva", "Zadie", "Elowen",
        ],
        male: [
            "Alder", "Casper", "Felix", "Jonah", "Mateo", "Emeka", "Rafael", "Silas", "Tobias", "Wesley", "Anselm",
            "Idris", "Kenji", "Leif", "Milo", "Ruben", "Arlo", "Bashir", "Cyrus", "Desmond", "Elias", "Gideon",
            "Hiroshi", "Isandro", "Jasper", "Kofi", "Lionel", "Malachi", "Nico", "Otis", "Quentin", "Theo",
        ],
        family: [
            "Fernsby", "Larkmoor", "Willowmere", "Merriday", "Brackenwell", "Thistlewood", "Marrowby", "Oakenfield",
            "Santaluz", "Okonwell", "Amberlane", "Quillmore", "Rivenhall", "Hollowbrook", "Takemori-Lane", "Seabright",
            "Aldergrove", "Bellweather", "Cloudesly", "Dawnfield", "Elmsworthy", "Foxmantle", "Greymarch", "Hearthwell",
            "Ivorydale", "Juneberry", "Kinglet-Moss", "Lanternhill", "Mirabosque", "Nightingrove", "Orangeport",
            "Pinesong",
        ]
    )

    static let british = Pool(
        female: [
            "Agnes", "Bronwen", "Carys", "Dilys", "Eilidh", "Freya", "Gwendolen", "Harriet", "Isla", "Parveen",
            "Temperance", "Winifred", "Zainab", "Morag", "Ottoline", "Aoife", "Beryl", "Catrin", "Doreen", "Elspeth",
            "Fatima", "Glenys", "Hilda", "Iona", "Jocelyn", "Kathleen", "Lowri", "Maureen", "Nesta", "Olwen",
        ],
        male: [
            "Alasdair", "Barnaby", "Callum", "Dafydd", "Edmund", "Fergus", "Gethin", "Hamish", "Imran", "Kwabena",
            "Lachlan", "Piers", "Rhodri", "Tarquin", "Wilfred", "Ahmed", "Bertram", "Cedric", "Desmond", "Emrys",
            "Farouk", "Gareth", "Hugh", "Ivor", "Jasper", "Kenneth", "Leonard", "Magnus", "Nigel", "Osian",
        ],
        family: [
            "Ashwithy", "Brindlecombe", "Cragthwaite", "Dunmallow", "Eskwater", "Fallowgate", "Gorsley-Pike",
            "Harkstead", "Inglebeck", "Kestleton", "Lambwick", "Merehampton", "Netherby-Cole", "Pellowstone",
            "Rookhope", "Applethorne", "Birkenshawe", "Coldwater-Ames", "Derwenfold", "Elderscar", "Foxlowe",
            "Glasscombe", "Hawksmere", "Ivelbury", "Kirkwhistle", "Longacre-Dunn", "Millrigg", "Nantclwyd-Rees",
            "Otterscale", "Quarrendale",
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
                Written(latin: "Ashwini", own: "अश्विनी"),
                Written(latin: "Mrunmayee", own: "मृण्मयी"),
                Written(latin: "Rutuja", own: "ऋतुजा"),
                Written(latin: "Gauri", own: "गौरी"),
                Written(latin: "Prajakta", own: "प्राजक्ता"),
                Written(latin: "Shubhangi", own: "शुभांगी"),
                Written(latin: "Anagha", own: "अनघा"),
                Written(latin: "Ketaki", own: "केतकी"),
                Written(latin: "Aniruddha", own: "अनिरुद्ध"),
                Written(latin: "Chinmay", own: "चिन्मय"),
                Written(latin: "Prasad", own: "प्रसाद"),
                Written(latin: "Rohit", own: "रोहित"),
                Written(latin: "Swapnil", own: "स्वप्नील"),
                Written(latin: "Tushar", own: "तुषार"),
                Written(latin: "Vikram", own: "विक्रम"),
                Written(latin: "Mandar", own: "मंदार"),
            ],
            male: [
                Written(latin: "Omkar", own: "ओंकार"), Written(latin: "Sarang", own: "सारंग"),
                Written(latin: "Yashwant", own: "यशवंत"), Written(latin: "Nachiket", own: "नचिकेत"),
            ],
            family: [
                Written(latin: "Meghdutkar", own: "मेघदूतकर"), Written(latin: "Phulrangkar", own: "फुलरंगकर"),
                Written(latin: "Sagarvelkar", own: "सागरवेलकर"), Written(latin: "Chandravadkar", own: "चंद्रवाडकर"),
                Written(latin: "Nilgirikar", own: "निलगिरीकर"),
                Written(latin: "Tarangkar", own: "तरंगकर"),
                Written(latin: "Mogarekar", own: "मोगरेकर"),
                Written(latin: "Dhruvtarekar", own: "ध्रुवतारेकर"),
                Written(latin: "Parijatkar", own: "पारिजातकर"),
                Written(latin: "Vanrajkar", own: "वनराजकर"),
                Written(latin: "Shikharkar", own: "शिखरकर"),
                Written(latin: "Kamaltalkar", own: "कमळतळकर"),
            ]
        ),
        ScriptedPool(
            language: "hi",
            female: [
                Written(latin: "Vandana", own: "वंदना"), Written(latin: "Kiran", own: "किरण"),
                Written(latin: "Sulekha", own: "सुलेखा"), Written(latin: "Archana", own: "अर्चना"),
                Written(latin: "Sunita", own: "सुनीता"),
                Written(latin: "Meena", own: "मीना"),
                Written(latin: "Rekha", own: "रेखा"),
                Written(latin: "Pushpa", own: "पुष्पा"),
                Written(latin: "Neelam", own: "नीलम"),
                Written(latin: "Kavita", own: "कविता"),
                Written(latin: "Savitri", own: "सावित्री"),
                Written(latin: "Usha", own: "उषा"),
                Written(latin: "Rajesh", own: "राजेश"),
                Written(latin: "Suresh", own: "सुरेश"),
                Written(latin: "Vinod", own: "विनोद"),
                Written(latin: "Mukesh", own: "मुकेश"),
                Written(latin: "Ashok", own: "अशोक"),
                Written(latin: "Dinesh", own: "दिनेश"),
                Written(latin: "Pramod", own: "प्रमोद"),
                Written(latin: "Sanjay", own: "संजय"),
            ],
            male: [
                Written(latin: "Devendra", own: "देवेंद्र"), Written(latin: "Alok", own: "आलोक"),
                Written(latin: "Harish", own: "हरीश"), Written(latin: "Manoj", own: "मनोज"),
            ],
            family: [
                Written(latin: "Taragiri", own: "तारागिरी"), Written(latin: "Nadivansh", own: "नदीवंश"),
                Written(latin: "Kamalpuri", own: "कमलपुरी"), Written(latin: "Suryatal", own: "सूर्यताल"),
                Written(latin: "Chandrapuri", own: "चंद्रपुरी"),
                Written(latin: "Himvansh", own: "हिमवंश"),
                Written(latin: "Vayugiri", own: "वायुगिरी"),
                Written(latin: "Meghpuri", own: "मेघपुरी"),
                Written(latin: "Ratnatal", own: "रत्नताल"),
                Written(latin: "Phoolvansh", own: "फूलवंश"),
                Written(latin: "Suvarngiri", own: "सुवर्णगिरी"),
                Written(latin: "Dhruvpuri", own: "ध्रुवपुरी"),
            ]
        ),
        ScriptedPool(
            language: "ta",
            female: [
                Written(latin: "Malarvizhi", own: "மலர்விழி"), Written(latin: "Kayalvizhi", own: "கயல்விழி"),
                Written(latin: "Poongodi", own: "பூங்கொடி"), Written(latin: "Tamilselvi", own: "தமிழ்செல்வி"),
                Written(latin: "Selvi", own: "செல்வி"),
                Written(latin: "Yazhini", own: "யாழினி"),
                Written(latin: "Thamarai", own: "தாமரை"),
                Written(latin: "Mullai", own: "முல்லை"),
                Written(latin: "Kavitha", own: "கவிதா"),
                Written(latin: "Amudha", own: "அமுதா"),
                Written(latin: "Nila", own: "நிலா"),
                Written(latin: "Kanimozhi", own: "கனிமொழி"),
                Written(latin: "Senthil", own: "செந்தில்"),
                Written(latin: "Anbarasan", own: "அன்பரசன்"),
                Written(latin: "Maran", own: "மாறன்"),
                Written(latin: "Pari", own: "பாரி"),
                Written(latin: "Vetri", own: "வெற்றி"),
                Written(latin: "Kumaran", own: "குமரன்"),
                Written(latin: "Muthu", own: "முத்து"),
                Written(latin: "Selvan", own: "செல்வன்"),
            ],
            male: [
                Written(latin: "Arivazhagan", own: "அறிவழகன்"), Written(latin: "Ilango", own: "இளங்கோ"),
                Written(latin: "Kathiravan", own: "கதிரவன்"), Written(latin: "Nedumaran", own: "நெடுமாறன்"),
            ],
            family: [
                Written(latin: "Vaanmathi", own: "வான்மதி"), Written(latin: "Kadalarasu", own: "கடலரசு"),
                Written(latin: "Malaikannan", own: "மலைகண்ணன்"), Written(latin: "Thenmozhi", own: "தேன்மொழி"),
                Written(latin: "Vinmeen", own: "விண்மீன்"),
                Written(latin: "Pookadal", own: "பூக்கடல்"),
                Written(latin: "Malaiaruvi", own: "மலையருவி"),
                Written(latin: "Ponvanam", own: "பொன்வானம்"),
                Written(latin: "Kaarmugil", own: "கார்முகில்"),
                Written(latin: "Thendral", own: "தென்றல்"),
                Written(latin: "Neelakadal", own: "நீலக்கடல்"),
                Written(latin: "Senkathir", own: "செங்கதிர்"),
            ]
        ),
    ]
}
