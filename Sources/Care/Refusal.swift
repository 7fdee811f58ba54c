/// Why the system declined to do what it was asked. Every other error is a defect.
///
/// The raw value is part of the API: it goes over the wire, clients switch on it, and it never changes. It says nothing of
/// any record.
public enum Refusal: String, Error, Sendable, CaseIterable {
    /// There is no session, or it has ended, or it is of another use.
    case signedOut = "signed_out"
    /// There is no such thing, or there is and the caller may not know it. (ISO-2)
    case notFound = "not_found"
    /// Address and password do not belong together, or nobody has them.
    case wrongCredentials = "wrong_credentials"
    /// The session has shown a password and no more, and whoever it is needs a second factor. (ACC-1)
    case secondFactorNeeded = "second_factor_needed"
    /// It takes that the session showed within five minutes who is there. (ACC-1)
    case stepUpNeeded = "step_up_needed"
    /// There is an agreement of the organisation to accept first. (GOV-9)
    case agreementNeeded = "agreement_needed"
    /// The code is wrong, or was used.
    case wrongCode = "wrong_code"
    /// Too many wrong codes or passwords were shown: the next has to wait.
    case tooManyTries = "too_many_tries"
    /// The link was used, has run out, or never was.
    case linkIsUsedUp = "link_is_used_up"
    /// A page's form did not carry the token of its session.
    case formIsForeign = "form_is_foreign"
    /// Policies, grants or functions differ from the release's: nothing is opened until they are repaired. (ISO-3)
    case guardIsUp = "guard_is_up"
    /// More is waiting than can be served.
    case tooBusy = "too_busy"
    /// The stores are away; nothing was done, or it is not known whether it was.
    case unavailable = "unavailable"
    /// What was sent is larger than the limit.
    case tooLarge = "too_large"
    /// The same thing is there already.
    case exists = "exists"
    /// It was there, and was deleted.
    case deleted = "deleted"
    /// Somebody else changed it at the same time; nothing was changed here.
    case changedMeanwhile = "changed_meanwhile"
    /// The version named in `If-Match` is not the current one.
    case versionDiffers = "version_differs"
    /// The patient was merged into another one, about whom is written instead.
    case patientMerged = "patient_merged"
    /// A search that must find one finds several.
    case severalMatch = "several_match"
    /// A share must end, within a year.
    case shareLastsTooLong = "share_lasts_too_long"
    /// A role that whoever asks may not give, take or change: they do not hold what it permits.
    case roleIsNotYours = "role_is_not_yours"
    /// A way of reaching a patient that whoever asks may not give, or not to this member, or not for so long.
    case reachIsNotYours = "reach_is_not_yours"
    /// Whom a record is about is too young for an account of their own, or their birth date is not known to the day.
    case accountWaits = "account_waits"
    /// The last owner of an organisation stays its owner.
    case lastOwner = "last_owner"
    /// That would be more patients than one may be shown in a day. Whoever runs the organisation is told.
    case tooManyPatients = "too_many_patients"
    /// Ten providers of an organisation's own are enough.
    case tooManyProviders = "too_many_providers"
    /// Ten reports of what looks wrong within a day are enough.
    case tooManyReports = "too_many_reports"
    /// The last overview is not old enough for another one.
    case overviewIsTooSoon = "overview_is_too_soon"
    /// Since the last overview something changed about too few people: the difference would be somebody's.
    case overviewIsTooAlike = "overview_is_too_alike"
    /// A setting that there is not, or a value out of its bounds.
    case settingIsOutOfBounds = "setting_is_out_of_bounds"
    /// Nobody to whom patients can be handed, or a time that is not within the year to come.
    case endIsNotPossible = "end_is_not_possible"
    /// A text has a character that cannot be kept: U+0000.
    case unreadableText = "unreadable_text"
    /// The password does not follow the rules.
    case weakPassword = "weak_password"
    /// A PIN is six digits that are hard to guess.
    case weakPIN = "weak_pin"
    /// The PIN is not the second person's.
    case wrongPIN = "wrong_pin"
    /// The second person is somebody else than the first, who may write in this record and has a PIN.
    case secondPersonNeeded = "second_person_needed"
    /// A second person signs what the first wrote themselves within a day, as it is now, and once.
    case cannotBeCountersigned = "cannot_be_countersigned"
}
