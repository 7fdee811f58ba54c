import CCurl
import Foundation
public import People
import Synchronization

/// Asks servers that are not ours, with libcurl, each on a thread of its own: ten seconds, 256 KiB and no redirects. An address is HTTPS,
/// or was allowed to be of this machine, before it comes here.
public enum OutsideFetcher {
    /// Answers larger than this are cut off, and are no answer.
    static let mostBytes = 256 << 10
    /// Asked at the same time, at most. Whoever comes then is told that the provider does not answer.
    private static let mostAtOnce = 16

    private static let underway = Mutex(0)
    /// Once a process, before its first handle.
    private static let library = carekeep_curl_begin()

    /// Asks, and waits for the answer without holding up anybody else.
    @Sendable
    public static func ask(_ question: OutsideQuestion) async throws -> OutsideAnswer {
        let isTaken = underway.withLock { count in
            guard count < mostAtOnce else { return false }
            count += 1
            return true
        }
        guard isTaken else { throw SignInTrouble.unreachable }
        defer { underway.withLock { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try perform(question) }) }
            thread.name = "provider"
            thread.start()
        }
    }

    /// What comes in, up to the limit.
    private struct Received {
        var bytes: [UInt8] = []
        var isTooLong = false

        mutating func take(_ chunk: UnsafeRawBufferPointer) -> Int {
            guard bytes.count + chunk.count <= mostBytes else {
                isTooLong = true
                return 0  // any other number than was given ends the transfer
            }
            bytes.append(contentsOf: chunk)
            return chunk.count
        }
    }

    private static func perform(_ question: OutsideQuestion) throws -> OutsideAnswer {
        _ = library
        guard let handle = curl_easy_init() else { throw SignInTrouble.unreachable }
        defer { curl_easy_cleanup(handle) }
        let headers = headers(for: question)
        defer { curl_slist_free_all(headers) }
        configure(handle)
        carekeep_curl_set_text(handle, CURLOPT_URL, question.address.text)
        carekeep_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        var received = Received()
        let result = Array((question.form ?? "").utf8).withUnsafeBytes { body in
            withUnsafeMutablePointer(to: &received) { received in
                carekeep_curl_set_pointer(handle, CURLOPT_WRITEDATA, received)
                if question.form != nil {
                    carekeep_curl_set_number(handle, CURLOPT_POSTFIELDSIZE, body.count)
                    carekeep_curl_set_pointer(handle, CURLOPT_POSTFIELDS, body.baseAddress)
                }
                return curl_easy_perform(handle)
            }
        }
        guard !received.isTooLong else { throw SignInTrouble.garbage }
        guard result == CURLE_OK else { throw SignInTrouble.unreachable }
        return OutsideAnswer(status: carekeep_curl_status(handle), body: received.bytes)
    }

    private static func configure(_ handle: UnsafeMutableRawPointer) {
        carekeep_curl_set_text(handle, CURLOPT_USERAGENT, "carekeep")
        carekeep_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        carekeep_curl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0)
        carekeep_curl_set_number(handle, CURLOPT_SSL_VERIFYPEER, 1)
        carekeep_curl_set_number(handle, CURLOPT_SSL_VERIFYHOST, 2)
        carekeep_curl_set_number(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        carekeep_curl_set_number(handle, CURLOPT_CONNECTTIMEOUT, 5)
        carekeep_curl_set_number(handle, CURLOPT_TIMEOUT, 10)
        carekeep_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        carekeep_curl_set_receiver(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            let chunk = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return context?.assumingMemoryBound(to: Received.self).pointee.take(chunk) ?? 0
        }
    }

    private static func headers(for question: OutsideQuestion) -> UnsafeMutablePointer<curl_slist>? {
        var headers: UnsafeMutablePointer<curl_slist>?
        for header in [
            "Accept: application/json", "Expect:",
            question.form == nil ? nil : "Content-Type: application/x-www-form-urlencoded",
            question.authorization.map { "Authorization: \($0)" },
        ].compactMap(\.self) {
            headers = curl_slist_append(headers, header)
        }
        return headers
    }
}
