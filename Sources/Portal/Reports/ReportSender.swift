import CCurl

/// Posts envelopes to a collector with libcurl. Used by one thread; a send takes ten seconds at most.
struct ReportSender {
    private let options: ReportOptions
    /// Kept from one report to the next, with its connection.
    private let handle: UnsafeMutableRawPointer?
    private let headers: UnsafeMutablePointer<curl_slist>?

    /// Once a process, before its first handle.
    private static let library = carekeep_curl_begin()

    init(_ options: ReportOptions) {
        _ = Self.library
        self.options = options
        handle = curl_easy_init()
        let key =
            "X-Sentry-Auth: Sentry sentry_version=7, sentry_client=\(options.release), sentry_key=\(options.address.key)"
        var headers: UnsafeMutablePointer<curl_slist>?
        for header in ["Content-Type: application/x-sentry-envelope", key, "Expect:"] {
            headers = curl_slist_append(headers, header)
        }
        self.headers = headers
        configure()
    }

    private func configure() {
        guard let handle else { return }
        carekeep_curl_set_text(handle, CURLOPT_URL, options.address.url)
        carekeep_curl_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        carekeep_curl_set_text(handle, CURLOPT_USERAGENT, "\(options.release)")
        carekeep_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        carekeep_curl_set_number(handle, CURLOPT_FOLLOWLOCATION, 0)
        carekeep_curl_set_number(handle, CURLOPT_SSL_VERIFYPEER, 1)
        carekeep_curl_set_number(handle, CURLOPT_SSL_VERIFYHOST, 2)
        carekeep_curl_set_number(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        carekeep_curl_set_number(handle, CURLOPT_CONNECTTIMEOUT, 5)
        carekeep_curl_set_number(handle, CURLOPT_TIMEOUT, 10)
        carekeep_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        if let authority = options.authority {
            carekeep_curl_set_bytes(handle, CURLOPT_CAINFO_BLOB, authority, authority.count)
        }
        carekeep_curl_set_receiver(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
        carekeep_curl_set_receiver(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            context?.assumingMemoryBound(to: RateLimit.self).pointee.read(String(decoding: line, as: UTF8.self))
            return size * count
        }
    }

    /// Sends one report and waits for the answer.
    func send(_ report: ErrorReport) -> Reports.Delivery {
        guard let handle else { return .init(isTaken: false) }
        let envelope = report.envelope(environment: options.environment, release: options.release)
        var limit = RateLimit()
        let result = envelope.withUnsafeBytes { body in
            withUnsafeMutablePointer(to: &limit) { limit in
                carekeep_curl_set_pointer(handle, CURLOPT_HEADERDATA, limit)
                carekeep_curl_set_pointer(handle, CURLOPT_POSTFIELDS, body.baseAddress)
                carekeep_curl_set_number(handle, CURLOPT_POSTFIELDSIZE, body.count)
                return curl_easy_perform(handle)
            }
        }
        let status = result == CURLE_OK ? carekeep_curl_status(handle) : 0
        return .init(isTaken: (200..<300).contains(status), quiet: limit.quiet(status: status))
    }
}

/// How long a collector wants to hear nothing, by the headers of its answer.
struct RateLimit {
    private var retryAfter: Int?
    private var limited: Int?

    /// Takes a line of the answer's head.
    mutating func read(_ line: String) {
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...].trimmingPrefix(/[ \t]+/).prefix { !$0.isNewline }
        switch line[..<colon].lowercased() {
        // It may be a date too; then the usual pause holds.
        case "retry-after": retryAfter = Int(value).map(Self.sensible)
        case "x-sentry-rate-limits": limited = Self.longest(of: value)
        default: break
        }
    }

    /// `nil` if it has nothing against more.
    func quiet(status: Int) -> Duration? {
        if let limited { return .seconds(limited) }
        return status == 429 ? .seconds(retryAfter ?? 60) : nil
    }

    /// `60:error;default:key, 2700::organization`: seconds, and what they hold for; nothing named is everything.
    private static func longest(of value: Substring) -> Int? {
        value.split(separator: ",").compactMap { quota -> Int? in
            let parts = quota.split(separator: ":", omittingEmptySubsequences: false)
            guard let seconds = parts.first.flatMap({ Int($0.trimmingPrefix(" ")) }) else { return nil }
            let kinds = parts.count > 1 ? parts[1].split(separator: ";") : []
            return kinds.isEmpty || kinds.contains("error") ? sensible(seconds) : nil
        }.max()
    }

    private static func sensible(_ seconds: Int) -> Int { min(max(seconds, 0), 86_400) }
}
