import Crypto

/// What tokens of programs are made of.
extension SignInIndex {
    /// The secret of what follows a refresh token: 32 bytes made of its secret, a salt and the installation's key.
    ///
    /// Equal for equal ones, so that an answer that was lost can be given again; without the key nobody makes it, who has the other two.
    public func successor(of secret: [UInt8], salt: [UInt8], as kind: String) -> [UInt8] {
        var fields = Fields()
        fields.append("successor")
        fields.append(kind)
        fields.append(secret)
        fields.append(salt)
        let key = SymmetricKey(data: derived("carekeep program tokens 1"))
        return Array(HMAC<SHA256>.authenticationCode(for: fields.bytes, using: key))
    }

    /// The installation's name in its tokens: always the same, another for each, and no address of anything.
    public var issuer: String { "urn:carekeep:" + Array(derived("carekeep issuer 1").prefix(16)).hexadecimal }
}
