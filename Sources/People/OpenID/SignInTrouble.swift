/// Why a visit to a provider came to nothing. The raw value stands in the trail, and says nothing of anybody.
public enum SignInTrouble: String, Error, Sendable, CaseIterable {
    /// There is no such provider, or it was ended.
    case provider = "no such provider"
    /// More visits are under way than are taken.
    case full = "too many visits"
    /// The answer brings no state, or another one than the visitor left with.
    case state = "wrong state"
    /// The visit is over: it was returned from before, or ten minutes passed.
    case visit = "visit is over"
    /// The provider says that it signed nobody in.
    case declined = "declined by the provider"
    /// The answer is said to be another provider's. (RFC 9207)
    case mixedUp = "answer of another provider"
    /// The answer brings no code.
    case code = "no code"
    /// The provider did not answer in time, or not at all.
    case unreachable = "provider does not answer"
    /// It answered with something that cannot be used: an error, too much, or no JSON.
    case garbage = "provider answers wrongly"
    /// What the provider says of itself does not fit to who it is.
    case document = "provider's document does not fit"
    /// It brought no ID token, or something that is none.
    case token = "no token"
    /// The token's algorithm is none that is taken, or none that its key is for.
    case algorithm = "wrong algorithm"
    /// The token names a key that the provider does not have.
    case unknownKey = "unknown key"
    /// The signature is not that key's.
    case signature = "wrong signature"
    /// The token is another issuer's.
    case issuer = "wrong issuer"
    /// The token is for somebody else, or was given to somebody else.
    case audience = "wrong audience"
    /// The token is too old, too new, or says not when it ends.
    case time = "wrong time"
    /// The token is of another visit.
    case nonce = "wrong nonce"
    /// The token belongs to another access token.
    case accessToken = "wrong access token"
    /// The token says not who it is about.
    case subject = "no subject"
    /// It is no token to sign out by.
    case logout = "no logout token"
    /// Whoever it is has no way in here.
    case notAMember = "not a member"
}
