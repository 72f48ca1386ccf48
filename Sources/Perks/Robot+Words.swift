extension Robot {
    /// What the words of an agent say of who sent it.
    struct Signs: OptionSet {
        let rawValue: UInt16

        /// Names what a program does or is built with.
        static let program = Signs(rawValue: 1)
        /// Mentions a web address.
        static let address = Signs(rawValue: 2)
        /// Names an engine, a browser or a device that shows pages.
        static let browser = Signs(rawValue: 4)
        /// Says `compatible`, which old browsers said before their own name and programs say before theirs.
        static let compatible = Signs(rawValue: 8)
        /// Names a browser that did say `compatible`.
        static let compatibleBrowser = Signs(rawValue: 16)
        /// Internet Explorer, whose agent any add-on could extend, and phones that say with which protocols they browse.
        static let talkative = Signs(rawValue: 32)
        /// What follows, up to the end of the comment, names a device and not who sent the request.
        static let device = Signs(rawValue: 64)
        /// Holds a byte that no browser sends.
        static let unprintable = Signs(rawValue: 128)
        /// Names Windows in its first comment.
        static let windows = Signs(rawValue: 256)
    }

    /// Where in an agent a word counts.
    enum Place {
        case anywhere, wordStart, wordEnd, wholeWord, domainEnd, first
    }

    /// A word of at most eight bytes, in the form in which eight bytes of an agent are compared with it at once.
    struct Word {
        let bytes: UInt64
        let mask: UInt64
        let count: Int
        let place: Place
        let signs: Signs

        init(_ text: StaticString, _ place: Place, _ signs: Signs) {
            precondition(text.utf8CodeUnitCount <= 8, "a word has at most eight bytes")
            count = text.utf8CodeUnitCount
            bytes = text.withUTF8Buffer { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
            mask = UInt64.max >> UInt64(64 - 8 * count)
            self.place = place
            self.signs = signs
        }
    }

    /// The words by a number made of their first two bytes, so that few are compared at each place of an agent.
    struct Vocabulary {
        private(set) var words: [Word] = []
        /// Where the words of a number begin; those of the next number begin where they end.
        private var starts: [Int] = []

        init(_ groups: [(signs: Signs, place: Place, words: [StaticString])]) {
            let all = groups.flatMap { group in group.words.map { Word($0, group.place, group.signs) } }
            precondition(all.allSatisfy { $0.count >= 2 }, "a word is found by its first two bytes")
            for number in 0...255 {
                starts.append(words.count)
                words += all.filter { Self.number($0.bytes) == number }
            }
            starts.append(words.count)
        }

        /// The indices of the words that the next bytes of an agent may begin with.
        func candidates(_ bytes: UInt64) -> Range<Int> {
            let number = Self.number(bytes)
            return Range(uncheckedBounds: (starts[number], starts[number + 1]))
        }

        private static func number(_ bytes: UInt64) -> Int { Int((bytes &* 37 &+ bytes >> 8) & 0xFF) }
    }

    /// Everything that is looked for; a longer word is known by its first eight letters.
    static let vocabulary = Vocabulary([
        (
            .program, .anywhere,
            [
                // What programs do with a page.
                "crawl", "spider", "scrap", "slurp", "unfurl", "preview", "expand", "fetch", "harvest", "indexer",
                "archiv", "monitor", "scanner", "checker", "linkchec", "checklin", "validat", "verif", "uptime",
                "aggregat", "snippet", "screensh", "thumbnai", "favicon", "audit", "analyz", "analys",
                "survey", "probe", "inspecti", "inspecto", "insight", "extract", "grabber", "collecto", "external",
                "proxy",
                "sniff", "detect", "tracker", "synthet", "pagespee", "webtest", "loadtest", "sitemap", "render",
                "classif", "categor", "reputat", "daemon", "automat", "observat", "diagnost", "transcod", "optimiz",
                "metric",
                "tester",
                // What they are built with.
                "headless", "phantomj", "puppetee", "playwrig", "selenium", "webdrive", "htmlunit", "jsdom", "python",
                "urllib", "cfnetwor", "user-age", "${", "+http", "+ http", "mailto:", "(at)", "[at]",
            ]
        ),
        (.program, .wordStart, ["feed", "research"]),
        (.program, .wordEnd, ["bot", "agent", "scan", "finder", "shot"]),
        (.program, .wholeWord, ["rss", "seo", "perl", "ruby", "curl", "wget", "ping"]),
        (.address, .anywhere, ["http", "www."]),
        (.address, .domainEnd, [".com", ".org", ".net", ".io"]),
        (.windows, .wordStart, ["windows "]),
        (.compatible, .wholeWord, ["compatib"]),
        ([.browser, .compatibleBrowser, .talkative], .wordStart, ["msie", "mspie", "trident/"]),
        ([.browser, .compatibleBrowser, .talkative], .wordEnd, ["opera", "maui"]),
        ([.browser, .talkative], .anywhere, ["midp"]),
        ([.browser, .compatibleBrowser], .wordEnd, ["icab"]),
        (
            [.browser, .compatibleBrowser], .anywhere,
            [
                "konquero", "netfront", "dillo", "omniweb", "webtv", "browser", "blackber", "nokia", "playstat", "palm",
                "polaris",
            ]
        ),
        (
            .browser, .anywhere,
            [
                "applewe", "gecko/", "khtml", "presto", "goanna", "nintendo", "symbian", "obigo", "teleca",
                "cldc", "up.link", "hbbtv", "smart-tv", "firefox/", "ladybird", "servo/", "ucweb", "openwave",
                "netsurf", "sonyeric",
            ]
        ),
        (
            .browser, .first,
            [
                "lynx/", "links (", "elinks", "w3m/", "docomo/", "kddi-", "j-phone/", "softbank", "vodafone", "samsung",
                "sec-", "lg-", "lge-", "lg/", "mot-", "sie-", "alcatel", "sagem", "philips", "panasoni", "sharp-",
                "huawei", "zte", "ncsa_mos", "ncsa mos", "ibrowse", "amaya",
            ]
        ),
        (.device, .anywhere, ["android", "[fban", "[fb_iab"]),
    ])
}
