import Testing

@testable import FHIR

@Suite struct MemberTableTests {
    @Test func `Every element of every type is found by its name, and by no name like it`() {
        for type in Definitions.r4.types {
            for (number, element) in type.elements.enumerated() {
                for key in element.keys {
                    #expect(type.members[key]?.element == number, "\(type.name).\(key)")
                    for other in [key + "x", "x" + key, key.uppercased(), key + "\u{301}", "_" + key] {
                        #expect(type.members[other] == nil, "\(type.name).\(other)")
                    }
                }
            }
            #expect(type.members.count == type.elements.reduce(0) { $0 + $1.keys.count })
            #expect(type.members[""] == nil)
        }
    }
}
