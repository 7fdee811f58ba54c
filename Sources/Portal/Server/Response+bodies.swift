import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// How much is taken at once.
public struct Limits: Sendable {
    /// Bytes of a body, of a single resource or a form.
    public var body: Int
    /// Bytes of a Bundle.
    public var bundle: Int

    /// Sets both.
    public init(body: Int = 8 << 20, bundle: Int = 32 << 20) {
        self.body = body
        self.bundle = bundle
    }
}

extension Response {
    /// A page.
    init(page: HTML, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status,
            headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: page.bytes))
        )
    }

    /// FHIR JSON.
    init(json: [UInt8], status: HTTPResponse.Status = .ok) {
        self.init(
            status: status,
            headers: [.contentType: "application/fhir+json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json))
        )
    }

    /// On to another page, by GET.
    static func seeOther(_ address: Address) -> Response {
        Response(status: .seeOther, headers: [.location: address.text])
    }
}

extension String {
    /// Percent-encoded, but for letters, digits and the signs given.
    func addingPercentEncoding(allowing signs: String) -> String {
        var encoded = ""
        for byte in utf8 {
            let scalar = Unicode.Scalar(byte)
            if byte < 128,
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || signs.unicodeScalars.contains(scalar)
            {
                encoded.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return encoded
    }
}
