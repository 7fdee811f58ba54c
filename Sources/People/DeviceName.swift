/// What somebody's device is called where they see it: "Firefox on Android".
///
/// From the header User-Agent, which anybody can make up: it tells people their own devices apart, and decides nothing.
public enum DeviceName {
    /// In words. Of what is not known nothing is repeated but the name of a program, if it is one plain word.
    public static func words(for userAgent: String) -> String {
        let text = userAgent.prefix(512)
        guard let browser = browsers.first(where: { text.contains($0.mark) })?.name else {
            return text.prefixMatch(of: /[A-Za-z][A-Za-z-]{1,29}(?=[\/ ]|$)/).map { "A program (\($0.output))" }
                ?? "An unknown device"
        }
        guard let system = systems.first(where: { text.contains($0.mark) })?.name else { return browser }
        return "\(browser) on \(system)"
    }

    /// Those that name others, too, come first: Edge and Opera say that they are Chrome, and Chrome that it is Safari.
    private static let browsers: [(mark: String, name: String)] = [
        ("Edg/", "Edge"), ("EdgA/", "Edge"), ("EdgiOS/", "Edge"), ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]

    /// An Android says that it is a Linux, and an iPhone that it is like a Mac.
    private static let systems: [(mark: String, name: String)] = [
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
        ("CrOS", "a Chromebook"),
        ("Macintosh", "a Mac"), ("Linux", "Linux"),
    ]
}
