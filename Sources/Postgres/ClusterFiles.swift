package import Glibc

/// Files and folders of a cluster, written so that the account they belong to cannot lead root astray.
///
/// Root writes into folders that PostgreSQL's account owns. Whoever took over that account could have put a link
/// there; so files are made anew under `O_EXCL`, which follows no link, and put in place by renaming.
package enum ClusterFiles {
    /// Makes a folder, or checks that the one that is there is a true folder of that owner; then sets its mode.
    package static func makeFolder(_ path: String, mode: mode_t, owner: Account) throws(ClusterError) {
        if mkdir(path, 0o700) == 0 {
            guard geteuid() != 0 || lchown(path, owner.uid, owner.gid) == 0 else { throw problem("give away", path) }
        } else if errno != EEXIST {
            throw problem("make", path)
        }
        var found = stat()
        guard lstat(path, &found) == 0 else { throw problem("look at", path) }
        guard found.st_mode & S_IFMT == S_IFDIR, found.st_uid == owner.uid else {
            throw ClusterError("\(path) must be a folder that belongs to \(owner.name); move it away, or chown it")
        }
        guard found.st_mode & 0o7777 == mode || chmod(path, mode) == 0 else { throw problem("set the mode of", path) }
    }

    /// Makes the folders above a path, readable to all, where they are missing.
    package static func makeParents(of path: String) throws(ClusterError) {
        var place = ""
        for part in path.split(separator: "/").dropLast() {
            place += "/" + part
            if mkdir(place, 0o755) == 0 {
                chmod(place, 0o755)  // whatever the umask: PostgreSQL's account has to get through
            } else if errno != EEXIST {
                throw problem("make", place)
            }
        }
    }

    /// Replaces a file whole. Says whether that changed anything.
    @discardableResult
    package static func write(
        _ text: String,
        to path: String,
        mode: mode_t = 0o600,
        owner: Account
    ) throws(ClusterError) -> Bool {
        if (try? read(path)) == text { return false }  // no matter why it cannot be read: it is replaced
        let fresh = path + ".new"
        unlink(fresh)
        let file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard file >= 0 else { throw problem("make", fresh) }
        defer { close(file) }
        guard geteuid() != 0 || fchown(file, owner.uid, owner.gid) == 0 else { throw problem("give away", fresh) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw problem("write", fresh) }
            rest = rest.dropFirst(count)
        }
        guard fchmod(file, mode) == 0, fsync(file) == 0, rename(fresh, path) == 0 else { throw problem("write", path) }
        return true
    }

    /// What a small file holds, or nil where there is none.
    package static func read(_ path: String) throws(ClusterError) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            if errno == ENOENT || errno == ESRCH { return nil }
            throw problem("read", path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Removes a folder and what is in it, as the account it belongs to would.
    package static func removeFolder(_ path: String, as owner: Account) throws(ClusterError) {
        let result = try Program("/bin/rm", ["-rf", "--one-file-system", "--", path], user: owner).run()
        var found = stat()
        guard lstat(path, &found) == 0 else { return }
        // The folder above may be closed to its owner, who has emptied it then.
        guard rmdir(path) == 0 else { throw ClusterError("\(path) cannot be removed: \(result.output.trimmed)") }
    }

    /// Whether there is anything of that name.
    package static func exists(_ path: String) -> Bool {
        var found = stat()
        return lstat(path, &found) == 0
    }

    /// Owner, mode and file system of what a path leads to; nil if nothing is there.
    package static func facts(_ path: String) -> (owner: UInt32, mode: UInt32, device: UInt64)? {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        return (owner: found.st_uid, mode: found.st_mode, device: UInt64(found.st_dev))
    }

    /// Whether every account of the machine may read it.
    package static func isOpenToAll(_ path: String) -> Bool {
        var found = stat()
        return stat(path, &found) == 0 && found.st_mode & 0o004 != 0
    }

    /// The name in a folder's entry.
    package static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
    }

    private static func problem(_ act: String, _ path: String) -> ClusterError {
        ClusterError("cannot \(act) \(path): \(String(cString: strerror(errno)))")
    }
}
