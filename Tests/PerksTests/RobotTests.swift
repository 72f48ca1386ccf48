import Testing

@testable import Perks

/// What follows a link is told from who follows it.
@Suite struct RobotTests {
    @Test(arguments: programs)
    func aProgramIsRecognisedByItsAgent(agent: String) {
        #expect(isLikely(agent))
    }

    @Test(arguments: people)
    func aPersonIsNotLost(agent: String) {
        #expect(!isLikely(agent))
    }

    @Test(arguments: unheardOf)
    func aProgramNobodyHasHeardOfIsRecognised(agent: String) {
        #expect(isLikely(agent))
    }

    @Test(arguments: [nil, "", " ", "\t", "   \t ", "\u{0}", "-"])
    func whoeverSaysNothingIsAProgram(agent: String?) {
        #expect(isLikely(agent))
    }

    @Test func headIsAPrograms() {
        #expect(Robot.isLikely(agent: chrome, isHead: true, purposes: []))
        #expect(!Robot.isLikely(agent: chrome, isHead: false, purposes: []))
    }

    @Test(
        arguments: [
            ["prefetch"], ["Prefetch"], ["preview"], ["PREVIEW"], ["prerender"], ["prefetch;prerender"],
            ["prefetch;anonymous-client-ip"], ["", "prefetch"], ["navigate", " prerender "],
        ])
    func aPageLoadedAheadWasOpenedByNobody(purposes: [String]) {
        #expect(Robot.isLikely(agent: chrome, isHead: false, purposes: purposes))
    }

    @Test(arguments: [[], [""], ["navigate"], ["fetch"], ["pre", "view"], ["prefetc"]])
    func anotherPurposeSaysNothing(purposes: [String]) {
        #expect(!Robot.isLikely(agent: chrome, isHead: false, purposes: purposes))
    }

    @Test(arguments: ["\u{0}", "\u{1}", "\n", "\r\n", "\u{1B}", "\u{7F}"])
    func aByteNoBrowserSendsIsAPrograms(text: String) {
        #expect(isLikely(chrome + text))
        #expect(isLikely(text + chrome))
    }

    @Test func onlyTheBeginningIsRead() {
        let start = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0 "
        let inside = 512 - start.utf8.count - "SomeBot".utf8.count
        #expect(isLikely(start + String(repeating: "x ", count: inside / 2) + "SomeBot"))
        #expect(!isLikely(start + String(repeating: "x ", count: 8192) + "SomeBot"))
        #expect(isLikely(String(repeating: "a", count: 16_384)))
        #expect(isLikely(String(repeating: "@", count: 16_384)))
        #expect(isLikely(String(repeating: "(android bot", count: 1_400)))
    }

    @Test func lettersOfEveryScriptAreRead() {
        #expect(!isLikely(android("红米 Note 8")))
        #expect(!isLikely(chrome + " Ünïcødé/1.0 🦊"))
        #expect(isLikely("Ссылкобот/1.0"))
        #expect(isLikely("🤖"))
        for shift in 0..<4 {
            #expect(!isLikely(chrome + String(repeating: " ", count: shift) + String(repeating: "🦊", count: 400)))
        }
    }

    @Test(
        arguments: [
            "CUBOT X18 Plus", "CUBOT_NOTE_S", "CUBOT KINGKONG 7", "Spider-X4", "SCANNER S1", "Robot", "Monitor M5",
        ])
    func aPhoneMayBeCalledWhatAProgramIs(name: String) {
        #expect(!isLikely(android(name)))
        #expect(!isLikely(android(name + " Build/NRD90M; wv")))
        // The comment that names the device is over before the program names itself.
        #expect(isLikely(android(name) + " (compatible; Wombat/1.0)"))
        #expect(isLikely(android(name) + " Wombatbot"))
    }

    @Test(
        arguments: [
            ("Roboto/2.0", false), ("Bottle/1.0", false), ("Botswana", false), ("SpiderMonkey/91.0", false),
            ("FetchTV/4.0", false), ("Presearch/1.0", false), ("Operabots", true), ("linkbot", true), ("LINKBOT", true),
            ("LinkBotService/2", true), ("bots/1", true), ("research-tool/1", true), ("RSS", true), ("Grosse/1", false),
            ("kitchen.com/1.0", true), ("com.kitchen.app/1.0", false), ("me@kitchen.example", true), ("a@b", false),
            ("Curling/1.0", false), ("Hearss/1.0", false), ("KitchenRSS/2", true), ("(.NET CLR 3.5.30729)", false),
            ("jp.company.app/1.0", false), ("jp.com.kitchen/1.0", false), ("@kitchen.example", false),
            ("me@kitchen", false), ("5@1.5", false), ("me@kitchen.example.", true),
        ])
    func aWordCountsAsAWord(product: String, isProgram: Bool) {
        #expect(isLikely(chrome + " " + product) == isProgram)
    }

    @Test(arguments: people + programs)
    func caseSaysNothing(agent: String) {
        // Capitals inside a word may part it in two; no agent here is known by that alone.
        #expect(isLikely(agent.lowercased()) == isLikely(agent))
    }
}

private func isLikely(_ agent: String?) -> Bool { Robot.isLikely(agent: agent, isHead: false, purposes: []) }

private let chrome =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
private let webKit = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
private let iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) \(webKit)"
private let blink = "AppleWebKit/537.36 (KHTML, like Gecko)"

private func android(_ device: String) -> String {
    "Mozilla/5.0 (Linux; Android 9; \(device)) \(blink) Chrome/124.0.0.0 Mobile Safari/537.36"
}

private let programs = [
    "WhatsApp/2.23.20.0 A", "facebookexternalhit/1.1", "TelegramBot (like TwitterBot)", "Iframely/1.3.1",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "LinkedInBot/1.0 (compatible)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "kakaotalk-scrap/1.0", "Twitterbot/1.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
        + "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "\(android("Nexus 5X")) (compatible; bingbot/2.0)",
    "Mozilla/5.0 \(blink); compatible; bingbot/2.0) Chrome/112.0.0.0 Safari/537.36",
    "Mozilla/5.0 \(blink) Chrome/112.0.0.0 Safari/537.36", "Mozilla/5.0 (compatible; Yahoo! Slurp)",
    "Mozilla/5.0 (X11; Linux x86_64) \(blink) HeadlessChrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
    "curl/8.5.0", "Wget/1.21.4", "python-requests/2.31.0", "Python-urllib/3.11", "Go-http-client/2.0", "okhttp/4.12.0",
    "axios/1.6.8", "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", "node", "Java/17.0.10",
    "Apache-HttpClient/4.5.14 (Java/17)", "libwww-perl/6.72", "PostmanRuntime/7.37", "GuzzleHttp/7", "Ruby",
    "Deno/1.42",
    "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A)", "MobileSafari/8617 CFNetwork/1490.0.4 Darwin/23.2.0",
    "Mozilla/5.0", "Mozilla/5.0 (compatible)", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "User-Agent: \(chrome)",
    "'\(chrome)'", "\(chrome) Google Favicon", "${jndi:ldap://x/y}", "Feedfetcher-Google", "Mastodon/4.2.8",
    "ia_archiver",
]

private let unheardOf = [
    "Frobnicator-LinkExpander/0.3 (+https://example.com/x)", "Zibble", "Zibble/1.0", "zibble-sdk 3 (linux)",
    "Mozilla/5.0 (compatible; Zibble/1.0)", "Mozilla/5.0 (compatible; Zibble/1.0; +http://zibble.example)",
    "Mozilla/5.0 (Zibble)", "\(chrome) Zibblebot", "\(chrome) (zibble@example.com)", "\(chrome) ZibbleCrawler/2",
    "\(chrome) (+zibble.example/about)", "\(iPhone) Mobile/15E148 (compatible; Zibble)", "\(chrome) zibble_spider",
    "Zibble/1.0 lg-sync",
    "Mozilla/5.0 (Zibble; Windows NT 10.0) \(blink) Chrome/124.0.0.0 Safari/537.36", "\(chrome) Zibble-URL-Checker",
    "Mozilla/5.0 (Linux; Android 9; Zibblebot/2.1) \(blink) Chrome/124.0.0.0 Mobile Safari/537.36",
]

private let people = [
    chrome, "\(chrome) Edg/124.0.2478.51", "\(chrome) OPR/109.0.0.0", "\(chrome) Vivaldi/6.7",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) \(webKit) Version/17.4 Safari/605.1.15",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) \(blink) Chrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0", android("K"), android("CUBOT X19"),
    "\(iPhone) Version/17.4 Mobile/15E148 Safari/604.1", "\(iPhone) CriOS/124.0.6367.71 Mobile/15E148 Safari/604.1",
    "\(iPhone) Mobile/15E148", "\(iPhone) GSA/313.0 Mobile/15E148 Safari/604.1",
    "\(iPhone) Version/17.4 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
    "\(iPhone) Mobile/15E148 Instagram 330.0.0.40.92 (iPhone14,5; iOS 17_4_1; en_GB; en; scale=3.00; 1170x2532; 595)",
    "\(iPhone) Mobile/15E148 [FBAN/FBIOS;FBAV/460.0.0.31.103;FBBV/59;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/17.4;"
        + "FBSS/3;FBCR/Robot Mobile;FBID/phone;FBLC/en_GB;FBOP/5]",
    "\(android("SM-S918B; wv")) [FB_IAB/FB4A;FBAV/460.0.0.41.109;]",
    "\(iPhone) Mobile/15E148 musical_ly_33.9.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/en BytedanceWebview/d8a",
    "\(iPhone) Mobile/15E148 MicroMessenger/8.0.49(0x18003127) NetType/4G Language/zh_CN",
    "\(iPhone) Mobile/15E148 Safari Line/14.5.0", "\(iPhone) Mobile/15E148 Snapchat/12.82.0.40 (like Safari/604.1)",
    "\(iPhone) Mobile/15E148 [Pinterest/iOS]", "\(iPhone) Mobile/15E148 Twitter for iPhone/10.34",
    "\(iPhone) Mobile/15E148 [LinkedInApp]/9.29", "\(android("Pixel 8; wv")) Teams/1416",
    "\(iPhone) Mobile/15E148 Outlook",
    "\(chrome) Teams/24060 Electron/28.2.8", "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; GTB7.5)",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1; EmbeddedWB 14.52 from: http://www.example.com/)",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "Mozilla/4.08 [en] (Win98; I)",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/35.5; U; en) Presto/2.8.119 Version/11.10", "Lynx/2.9.0 libedit",
    "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
    "Nokia6300/2.0 (05.50) Profile/MIDP-2.0 Configuration/CLDC-1.1",
    "UCWEB/2.0 (MIDP-2.0; U; en-US) U2/1.0.0 UCBrowser/9",
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.5) \(blink) Version/6.5 TV Safari/537.36",
    "Mozilla/5.0 (Web0S; Linux/SmartTV) \(blink) Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
    "Mozilla/5.0 (PlayStation; PlayStation 5/8.00) \(webKit) Version/13.0 Safari/605.1.15",
    "Mozilla/5.0 (PLAYSTATION 3; 1.00)",
    "Mozilla/5.0 (Nintendo WiiU) AppleWebKit/536.30 (KHTML, like Gecko) NX/3.0.4.2.12 NintendoBrowser/4.3.1",
    "Mozilla/5.0 (Mobile; Windows Phone 8.1; Android 4.0; ARM; Trident/7.0; Touch; IEMobile/11.0) like iPhone Gecko",
    "Mozilla/5.0 (Mobile; CUBOT; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) \(webKit) Version/17.4 Safari/605.1.15 (Windows 10)",
    // Some proxies take the parentheses away.
    "Mozilla/5.0 Windows NT 10.0; Win64; x64 AppleWebKit/537.36 KHTML, like Gecko Chrome/124.0.0.0 Safari/537.36",
    "Mozilla/5.0 (BB10; Touch) AppleWebKit/537.35+ (KHTML, like Gecko) Version/10.3.3 Mobile Safari/537.35+",
]
