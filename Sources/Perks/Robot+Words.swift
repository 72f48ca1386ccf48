extension Robot {
    /// What the words of an agent say of who sent it.
    struct Signs: OptionSet {
        let rawValue: UInt8

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
        /// Internet Explorer, whose agent any add-on could extend, some with the address of their maker.
        static let explorer = Signs(rawValue: 32)
        /// What follows, up to the end of the comment, names a device and not who sent the request.
        static let device = Signs(rawValue: 64)
        /// Holds a byte that no browser sends.
        static let unprintable = Signs(rawValue: 128)
    }

    /// Where in an agent a word counts.
    enum Place {
        case anywhere, wordStart, wordEnd, wholeWord, first
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

    /// The words by their first byte.
    struct Vocabulary {
        private(set) var words: [Word] = []
        /// Where the words that begin with a byte begin; those of the next byte begin where they end.
        private(set) var starts: [Int] = []

        init(_ groups: [(signs: Signs, place: Place, words: [StaticString])]) {
            let all = groups.flatMap { group in group.words.map { Word($0, group.place, group.signs) } }
            for byte in UInt64(0)...255 {
                starts.append(words.count)
                words += all.filter { $0.bytes & 0xFF == byte }
            }
            starts.append(words.count)
        }
    }

    /// Everything that is looked for; a longer word is known by its first eight letters.
    static let vocabulary = Vocabulary([
        (
            .program, .anywhere,
            [
                // What programs do with a page.
                "crawl", "spider", "scrap", "slurp", "unfurl", "preview", "expand", "fetch", "harvest", "indexer",
                "archiv", "monitor", "scanner", "checker", "linkchec", "checklin", "validat", "verif", "uptime",
                "aggregat", "snippet", "screensh", "thumbnai", "favicon", "audit", "analyz", "analys", "research",
                "survey", "probe", "inspect", "insight", "extract", "grabber", "collecto", "external", "proxy",
                "sniff", "detect", "tracker", "synthet", "pagespee", "webtest", "loadtest", "sitemap", "prerende",
                "classif", "categor", "reputat", "daemon", "automat",
                // What they are built with.
                "headless", "phantomj", "puppetee", "playwrig", "selenium", "webdrive", "htmlunit", "jsdom", "python",
                "urllib", "cfnetwor", "user-age", "${", "+http", "mailto:", "(at)", "[at]",
            ]
        ),
        (.program, .wordStart, ["feed"]),
        (.program, .wordEnd, ["bot", "agent"]),
        (.program, .wholeWord, ["rss", "seo", "perl", "ruby", "curl", "wget", "ping"]),
        (.program, .first, ["\"", "'"]),
        (.address, .anywhere, ["http", "www."]),
        (.compatible, .wholeWord, ["compatib"]),
        ([.browser, .compatibleBrowser, .explorer], .wordStart, ["msie", "trident/"]),
        ([.browser, .compatibleBrowser], .wordEnd, ["opera", "icab"]),
        (
            [.browser, .compatibleBrowser], .anywhere,
            ["konquero", "netfront", "dillo", "omniweb", "webtv", "browser", "blackber", "nokia", "playstat", "palm"]
        ),
        (
            .browser, .anywhere,
            [
                "applewe", "gecko/", "khtml", "presto", "goanna", "nintendo", "symbian", "obigo", "teleca", "midp",
                "cldc", "up.link", "polaris/", "hbbtv", "ucweb", "openwave", "netsurf", "sonyeric",
            ]
        ),
        (.browser, .wordEnd, ["maui"]),
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
