import FoundationEssentials
import Postgres
import Seals

/// What counts for rate limits: it adds up, period by period.
extension GateChecks {
    /// Spends for some buckets; what is spent altogether in each.
    private func spend(_ buckets: [[UInt8]], _ period: Int64, _ amounts: [Int32], seconds: Int32 = 60) throws
        -> [Int32?]
    {
        do {
            let rows = try scene.server.query(
                """
                select bucket, spent from care.settle_spending(
                    \(buckets), \(buckets.map { _ in period }), \(amounts), \(buckets.map { _ in seconds }))
                """
            )
            let found = try rows.map { (try $0.decode([UInt8].self, at: 0), try $0.decode(Int32.self, at: 1)) }
            return buckets.map { bucket in found.first { $0.0 == bucket }?.1 }
        } catch { return buckets.map { _ in nil } }
    }

    private func isKept(_ bucket: [UInt8]) throws -> Bool {
        try !scene.admin.query("select from care.spending where bucket = \(bucket)").isEmpty
    }

    func spending() throws {
        let (one, other) = (Primitive.freshBytes(16), Primitive.freshBytes(16))
        try must("settle_spending", "a first time", try spend([one, other], 7, [2, 3]) == [2, 3])
        try must("settle_spending", "adds up, each by itself", try spend([other, one], 7, [1, 5]) == [4, 7])
        try must("settle_spending", "begins anew in another period", try spend([one], 8, [1]) == [1])
        try must("settle_spending", "a period that is over adds nothing", try spend([one], 7, [9]) == [1])
        try must("settle_spending", "and is not begun again", try spend([one], 8, [1]) == [2])
        try must("settle_spending", "nothing is nothing", try spend([one], 8, [0]) == [nil])
        let another = Primitive.freshBytes(16)
        try must("settle_spending", "and hinders nobody", try spend([one, another], 8, [0, 4]) == [nil, 4])
        try must(
            "settle_spending",
            "nobody takes back",
            try spend([one], 8, [-2]) == [nil] && spend([one], 8, [1]) == [3]
        )
        try must(
            "settle_spending",
            "no more than a million at once",
            try spend([one], 9, [2_000_000_000]) == [1_000_000]
        )
        try scene.later(by: .seconds(100)) {
            _ = try spend([one], 9, [1])
            _ = try failure(nil, "select care.sweep_spending()")
            try must("sweep_spending", "what was of late stays", try isKept(one) && isKept(other))
        }
        try scene.later(by: .seconds(130)) {
            _ = try failure(nil, "select care.sweep_spending()")
            try must("sweep_spending", "what is over goes", try !isKept(other))
            try must("sweep_spending", "what went on longer stays", try isKept(one))
        }
        try scene.later(by: .seconds(300)) {
            _ = try failure(nil, "select care.sweep_spending()")
            try must("sweep_spending", "until it is over", try !isKept(one))
        }
    }
}
