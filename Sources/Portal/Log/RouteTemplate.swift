import Hummingbird

/// The template of a route, as `/fhir/{type}/{id}`: never the address that was asked for, which may name somebody. (LOG-1)
struct RouteTemplate: Sendable, Hashable {
    /// `none` for an address that has no route.
    let text: String

    init(of context: some RequestContext) {
        // The router's own text, from where the route was declared.
        guard let path = context.endpointPath, path.hasPrefix("/") else {
            text = "none"
            return
        }
        text = path
    }
}

/// A method that the server knows. A method is the client's text, so others are `OTHER`.
struct ServedMethod: Sendable, Hashable {
    let text: String

    init(of request: Request) {
        let name = request.method.rawValue
        text = ServedMethods.names.contains(name) ? name : "OTHER"
    }
}

/// A request as logs and reports know it.
struct RequestNote: Sendable {
    let id: RequestID
    let method: ServedMethod
    let route: RouteTemplate
    let status: Int

    init(_ request: Request, _ context: Visit, status: Int) {
        id = context.requestID
        method = ServedMethod(of: request)
        route = RouteTemplate(of: context)
        self.status = status
    }
}
