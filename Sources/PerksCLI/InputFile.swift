import Foundation
import Glibc
import Perks

/// A file that is read in pieces, so that its size does not matter; `-` is standard input.
final class InputFile: Sendable {
    let name: String
    /// In bytes; nil for a pipe.
    let size: Int?
    private let descriptor: Int32

    /// How much is read at once.
    private static let piece = 256 * 1024

    /// Opens the file; throws `UnusableFile`.
    init(_ path: String) throws {
        name = path
        guard path != "-" else {
            descriptor = STDIN_FILENO
            size = nil
            return
        }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw UnusableFile("\(path) cannot be read: \(String(cString: strerror(errno))).")
        }
        var found = stat()
        let isRegular = fstat(descriptor, &found) == 0 && found.st_mode & S_IFMT == S_IFREG
        size = isRegular ? Int(found.st_size) : nil
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    /// The next bytes, nil at the end; throws `UnusableFile`.
    func next() throws -> [UInt8]? {
        while true {
            var failure: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: InputFile.piece) { buffer, count in
                let found = read(descriptor, buffer.baseAddress, buffer.count)
                failure = found < 0 ? errno : 0
                count = max(0, found)
            }
            guard failure == EINTR else {
                guard failure == 0 else {
                    throw UnusableFile("\(name) cannot be read: \(String(cString: strerror(failure))).")
                }
                return bytes.isEmpty ? nil : bytes
            }
        }
    }

    /// All of it; throws `UnusableFile`.
    func contents() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try next() { bytes += piece }
        return bytes
    }

    /// A text given on the command line: itself, or what is in `@file` or, for `-`, on standard input.
    static func text(_ argument: String) throws -> String {
        guard argument == "-" || argument.hasPrefix("@") else { return argument }
        let path = argument == "-" ? "-" : String(argument.dropFirst())
        guard let text = String(validating: try InputFile(path).contents(), as: UTF8.self) else {
            throw UnusableFile("\(path) is not UTF-8.")
        }
        return text
    }
}

/// The pieces of a file, or of several one after the other.
struct Pieces: AsyncSequence, Sendable {
    let files: [InputFile]
    /// Is told of every piece before it is handed on.
    var observe: @Sendable (InputFile, [UInt8]) -> Void = { _, _ in }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var files: ArraySlice<InputFile>
        fileprivate let observe: @Sendable (InputFile, [UInt8]) -> Void
        private var isAtBeginning = true
        private var endsLine = true

        fileprivate init(_ pieces: Pieces) {
            files = pieces.files[...]
            observe = pieces.observe
        }

        mutating func next() async throws -> [UInt8]? {
            while let file = files.first {
                guard let piece = try piece(of: file) else {
                    files.removeFirst()
                    isAtBeginning = true
                    continue
                }
                observe(file, piece)
                return piece
            }
            return nil
        }

        private mutating func piece(of file: InputFile) throws -> [UInt8]? {
            guard var piece = try file.next() else {
                // The next file begins on a line of its own.
                defer { endsLine = true }
                return endsLine || files.count == 1 ? nil : [UInt8(ascii: "\n")]
            }
            // A byte order mark is nothing in the middle of a stream.
            if isAtBeginning, piece.starts(with: [0xEF, 0xBB, 0xBF]) { piece.removeFirst(3) }
            isAtBeginning = false
            endsLine = piece.last.map { $0 == UInt8(ascii: "\n") } ?? endsLine
            return piece
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
