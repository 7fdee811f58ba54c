/// Where one is signed in.
struct DevicesPage: PageBody {
    struct Device: Sendable {
        var id: String
        /// "Firefox on Android".
        var name: String
        var isProgram = false
        var began: Moment
        var lastSeen: Moment
        /// The organisation it is signed in to, if that is another one.
        var organization: String?
        var isThis = false
    }

    var devices: [Device]
    /// How many were just signed out.
    var ended: Int?

    func title(in frame: Frame) -> String { "Devices" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Devices</h1>
        \(AccountTabs.html(.devices))
        \(self.told)
        <p>You are signed in here. If you do not know one of these, sign it out and change your password.</p>
        <ul class="readers">\(self.devices.map { self.row($0, frame) })</ul>
        \(self.devices.count > 1 ? self.everywhere(frame) : nil)
        </div>
        """
    }

    private var told: HTML? {
        guard let ended else { return nil }
        return """
            <div class="notice" role="status"><p>\(ended == 1 ? "One device is signed out." : "\(ended) devices are signed out.")
            Nothing opens there from now on.</p></div>
            """
    }

    private func row(_ device: Device, _ frame: Frame) -> HTML {
        """
        <li class="reader"><div class="about"><strong>\(device.name)\(" (this device)", if: device.isThis)</strong>
        \(device.organization.map { "<span>At \($0)</span>" as HTML })
        \("<span>A program, by the API</span>", if: device.isProgram)
        <span>Last active \(frame.words.moment(device.lastSeen))</span>
        <span>Signed in \(frame.words.moment(device.began))</span></div>
        \(device.isThis ? nil : self.end(device, frame))</li>
        """
    }

    private func end(_ device: Device, _ frame: Frame) -> HTML {
        """
        <form method="post" action="\(Address.devices)">\(frame.csrfField)
        <button type="submit" class="quiet" name="session" value="\(device.id)" aria-label="Sign out \(device.name)">Sign out</button></form>
        """
    }

    private func everywhere(_ frame: Frame) -> HTML {
        """
        <form method="post" action="\(Address.devices)">\(frame.csrfField)
        <button type="submit" name="session" value="others">Sign out everywhere else</button></form>
        """
    }
}

/// The way between the pages of one's own account.
enum AccountTabs {
    case codeApp, devices, activity, agreements

    static func html(_ here: AccountTabs) -> HTML {
        let current: HTML = " aria-current=\"page\""
        return """
            <nav class="tabs" aria-label="Your account"><ul>
            <li><a href="\(Address.ownSecondFactor)"\(current, if: here == .codeApp)>Code app</a></li>
            <li><a href="\(Address.devices)"\(current, if: here == .devices)>Devices</a></li>
            <li><a href="\(Address.activity)"\(current, if: here == .activity)>Activity</a></li>
            <li><a href="\(Address.agreements)"\(current, if: here == .agreements)>Agreements</a></li>
            </ul></nav>
            """
    }
}
