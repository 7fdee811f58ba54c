/// Why a seal, or a key, was refused. A closed list that carries no value: nothing here may be about somebody.
public enum SealError: Error, Hashable, Sendable, CaseIterable {
    // What may be wrong with a message.

    /// The bytes are no message: too short, too long, or with a field out of its range.
    case malformed
    /// A message of another version or suite than this release knows. Never tried with a lesser check.
    case unknownVersion
    /// The key does not answer to the commitment in the header: another key, or a header that was changed.
    case wrongKey
    /// The key is right, and the message was changed or stands where it does not belong.
    case notAuthentic
    /// Key and binding name different organisations.
    case otherOrganization
    /// A message for several was sealed for none, too many, or one of them twice.
    case wrongRecipients
    /// More than one message can hold, or a binding with an absurdly long kind.
    case tooLarge

    // What may be wrong with a key.

    /// The key was wiped while somebody still held it.
    case wiped
    /// No key was ever made for this subject, or for this organisation.
    case noKey
    /// The subject's key was destroyed.
    case erased
    /// The subject is to be forgotten: no key is handed out, and none will be made.
    case fenced
    /// The pass does not cover this subject.
    case notVouched
    /// The key store did not answer, or not with anything that makes sense.
    case storeUnavailable

    // What may be wrong with the file of the root key.

    /// There is already a file at this place; it is never overwritten.
    case rootKeyExists
    /// There is no such file, or it is not a plain file that can be read.
    case rootKeyMissing
    /// Somebody other than its owner may read or write the file.
    case rootKeyExposed
    /// The file is not a root key of a known version, or it was damaged.
    case rootKeyMalformed
    /// A passphrase was given, and the key lies there in clear.
    case rootKeyNotSealed
    /// The file could not be written.
    case rootKeyNotWritten
    /// The file is sealed, and no passphrase was given.
    case passphraseMissing
    /// The passphrase does not open the file.
    case passphraseWrong
    /// The passphrase is shorter than ``RootKey/shortestPassphrase`` characters.
    case passphraseTooShort
}
