import Foundation

/// A stretch of a run: what is asked for, and how long.
struct Phase {
    enum Work {
        case healthz
        /// The same with the headers of those who follow links.
        case healthzOfBrowsers
        case checkIn
        case redemption(perks: [String])
        case redirect(tokens: [String])
    }

    enum Limit {
        case duration(Duration)
        case requests(Int)
    }

    let label: String
    let work: Work
    let limit: Limit

    /// Reads `<label>:<work>:<limit>`.
    init(_ text: String) throws {
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count == 3, let work = Work(parts[1]), let limit = Limit(parts[2]) else {
            throw Failure("\(text) is no phase, which is <label>:<work>:<limit>.")
        }
        (label, self.work, self.limit) = (parts[0], work, limit)
    }

    /// The status of an answer that counts.
    var wantedStatus: Int {
        switch work {
        case .healthz, .healthzOfBrowsers: 200
        case .checkIn, .redemption: 201
        case .redirect: 302
        }
    }
}

extension Phase.Work {
    fileprivate init?(_ text: String) {
        let parts = text.split(separator: "=").map(String.init)
        switch (parts.first, parts.count) {
        case ("healthz", 1): self = .healthz
        case ("healthz-of-browsers", 1): self = .healthzOfBrowsers
        case ("check-in", 1): self = .checkIn
        case ("redeem", 2):
            let names = parts[1].split(separator: "*").map(String.init)
            guard names.count == 2 else {
                self = .redemption(perks: [parts[1]])
                return
            }
            guard let number = Int(names[1]), number > 0 else { return nil }
            self = .redemption(perks: (1...number).map { "\(names[0])\($0)" })
        case ("follow", 2):
            guard let lines = try? String(contentsOfFile: parts[1], encoding: .utf8) else { return nil }
            self = .redirect(tokens: lines.split(whereSeparator: \.isNewline).map(String.init))
        default: return nil
        }
    }
}

extension Phase.Limit {
    fileprivate init?(_ text: String) {
        if text.last == "s", let seconds = Int(text.dropLast()), seconds > 0 {
            self = .duration(.seconds(seconds))
        } else if let number = Int(text), number > 0 {
            self = .requests(number)
        } else {
            return nil
        }
    }
}
