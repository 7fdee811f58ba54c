import CCurl
import Dispatch
import People

/// Hands messages to the mail server with libcurl, each on a thread and a connection of its own. A message takes a minute at most.
struct MailSender: Sendable {
    private let options: MailOptions
    private let threads = DispatchQueue(label: "mail", attributes: .concurrent)

    /// Once a process, before its first handle.
    private static let library = carekeep_curl_begin()

    init(_ options: MailOptions) {
        _ = Self.library
        self.options = options
    }

    /// Sends one message and waits for the server's answer; nobody can cut it short.
    func send(_ message: MailMessage) async -> Delivery {
        await withCheckedContinuation { continuation in
            threads.async { continuation.resume(returning: perform(message)) }
        }
    }

    private func perform(_ message: MailMessage) -> Delivery {
        guard let handle = curl_easy_init() else { return .failed(code: "no_memory") }
        defer { curl_easy_cleanup(handle) }
        configure(handle)
        let recipients = curl_slist_append(nil, "<\(message.to.text)>")
        defer { curl_slist_free_all(recipients) }
        carekeep_curl_set_text(handle, CURLOPT_MAIL_FROM, "<\(message.from.text)>")
        carekeep_curl_set_pointer(handle, CURLOPT_MAIL_RCPT, recipients)
        var upload = Upload(message.bytes)
        let result = withUnsafeMutablePointer(to: &upload) { upload in
            carekeep_curl_set_pointer(handle, CURLOPT_READDATA, upload)
            return curl_easy_perform(handle)
        }
        return Self.delivery(result, reply: carekeep_curl_status(handle), hasBegun: upload.hasBegun)
    }

    private func configure(_ handle: UnsafeMutableRawPointer) {
        carekeep_curl_set_text(handle, CURLOPT_URL, options.url)
        carekeep_curl_set_text(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        // ALL: no word of the letter, and no password, before TLS is there.
        let sealing = options.sealing == .none ? CURLUSESSL_NONE : CURLUSESSL_ALL
        carekeep_curl_set_number(handle, CURLOPT_USE_SSL, Int(sealing.rawValue))
        carekeep_curl_set_number(handle, CURLOPT_SSL_VERIFYPEER, 1)
        carekeep_curl_set_number(handle, CURLOPT_SSL_VERIFYHOST, 2)
        carekeep_curl_set_number(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        if let authority = options.authority {
            carekeep_curl_set_bytes(handle, CURLOPT_CAINFO_BLOB, authority, authority.count)
        }
        if let account = options.account {
            carekeep_curl_set_text(handle, CURLOPT_USERNAME, account.user)
            carekeep_curl_set_text(handle, CURLOPT_PASSWORD, account.password)
        }
        carekeep_curl_set_number(handle, CURLOPT_CONNECTTIMEOUT, 15)
        carekeep_curl_set_number(handle, CURLOPT_TIMEOUT, 60)
        carekeep_curl_set_number(handle, CURLOPT_NOSIGNAL, 1)
        carekeep_curl_set_number(handle, CURLOPT_UPLOAD, 1)
        carekeep_curl_set_receiver(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
        carekeep_curl_set_receiver(handle, CURLOPT_READFUNCTION) { room, size, count, context in
            guard let room, let upload = context?.assumingMemoryBound(to: Upload.self) else { return 0 }
            return upload.pointee.fill(UnsafeMutableRawBufferPointer(start: room, count: size * count))
        }
    }

    /// What libcurl's result and the server's last reply mean. For good is only what the server says against this letter: whatever is
    /// wrong with the way to it, or with how we sign in, an operator puts right.
    static func delivery(_ result: CURLcode, reply: Int, hasBegun: Bool) -> Delivery {
        let isAgainstTheLetter =
            result == CURLE_SEND_ERROR || hasBegun && result == CURLE_WEIRD_SERVER_REPLY
        switch result {
        case CURLE_OK: return .sent
        case _ where isAgainstTheLetter && (500..<600).contains(reply) && !(530...539).contains(reply):
            return .refused(code: "smtp_\(reply)")
        case _ where isAgainstTheLetter && (400..<600).contains(reply): return .failed(code: "smtp_\(reply)")
        case CURLE_USE_SSL_FAILED: return .failed(code: "tls_not_offered")
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
            return .failed(code: "certificate_not_trusted")
        case CURLE_SSL_CONNECT_ERROR: return .failed(code: "tls_failed")
        case CURLE_LOGIN_DENIED: return .failed(code: "login_refused")
        case CURLE_COULDNT_RESOLVE_HOST: return .failed(code: "host_not_found")
        case CURLE_COULDNT_CONNECT: return .failed(code: "not_reached")
        case CURLE_OPERATION_TIMEDOUT: return .failed(code: "timed_out")
        default: return .failed(code: "curl_\(result.rawValue)")
        }
    }

    /// The message as libcurl fetches it, piece by piece.
    private struct Upload {
        private let bytes: [UInt8]
        private var sent = 0
        private(set) var hasBegun = false

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        mutating func fill(_ room: UnsafeMutableRawBufferPointer) -> Int {
            hasBegun = true
            let count = min(room.count, bytes.count - sent)
            room.copyBytes(from: bytes[sent..<(sent + count)])
            sent += count
            return count
        }
    }
}
