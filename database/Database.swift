public import Foundation

/// The databases' source, as it was when this program was built: what the migrator applies.
public enum Database {
    /// The folder of a store's `roles.sql`, `migrations` and `current`.
    ///
    /// `store` is `records` or `keys`.
    public static func folder(of store: String) -> URL {
        Bundle.module.bundleURL.appending(path: store, directoryHint: .isDirectory)
    }
}
