import People
import Testing

@Suite struct `A device` {
    @Test(arguments: [
        ("Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0", "Firefox on Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone"
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36 Edg/125.0.0.0",
            "Edge on Windows"
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36",
            "Chrome on a Mac"
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0", "Firefox on Linux"),
        ("curl/8.5.0", "A program (curl)"), ("python-httpx/0.27.0", "A program (python-httpx)"),
        ("", "An unknown device"), ("<script>alert(1)</script>", "An unknown device"), ("ада/1", "An unknown device"),
        ("Firefox/1 <b>", "Firefox"),
    ])
    func `is named in words, and nothing else of what it says is repeated`(userAgent: String, words: String) {
        #expect(DeviceName.words(for: userAgent) == words)
    }
}
