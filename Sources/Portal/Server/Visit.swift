import Care
import Foundation
import Hummingbird
import NIOCore
import People
import Records
import Trail

/// A request, before anybody is known to be behind it.
struct Visit: RequestContext, RemoteAddressRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?
    /// Names the request in logs, in the trail and to whoever reports a fault.
    let requestID = RequestID()
    /// Whether the session that it presents, if any, was found; asked when the request is answered.
    let proof = SessionProof()
    /// The session of the access token that it presents, where the limits have read it.
    var program: SessionToken?
    /// Who presents what, once a door's middleware has read it.
    var caller: Caller?
    /// Who that is, where a page asked.
    var person: SignedInPerson?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        remoteAddress = source.channel.remoteAddress
    }

    /// Where the request came from, to be sealed in an entry.
    func origin(of request: Request) -> AccessNote {
        AccessNote(
            address: remoteAddress?.ipAddress ?? "",
            device: request.headers[.userAgent] ?? "",
            request: requestID.description
        )
    }
}

/// A request to the API that presents a token. Whether the token is any good is for the gate to say.
struct APIVisit: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let remoteAddress: SocketAddress?
    let caller: Caller
    let requestID: RequestID

    init(context: Visit) throws {
        guard let caller = context.caller else { throw Refusal.signedOut }
        coreContext = context.coreContext
        remoteAddress = context.remoteAddress
        requestID = context.requestID
        self.caller = caller
    }
}

/// A request for a page by somebody whose session is alive.
struct PageVisit: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let caller: Caller
    let person: SignedInPerson
    let requestID: RequestID

    init(context: Visit) throws {
        guard let caller = context.caller, let person = context.person else { throw Refusal.signedOut }
        coreContext = context.coreContext
        requestID = context.requestID
        self.caller = caller
        self.person = person
    }

    /// Says that there is no such page to somebody without a permission. Whether something is done is for the gate to decide.
    func require(_ permission: String) throws {
        guard person.permits.contains(permission) else { throw Refusal.notFound }
    }
}
