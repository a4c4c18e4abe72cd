//! How much a file may ask of the reader.

/// Upper bounds that keep a hostile file from taking all memory or all day.
///
/// A file, or one document of it, that goes beyond a bound is reported and left unread; nothing is cut silently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, in bytes. 64 MiB unless said otherwise.
    pub file_bytes: usize,
    /// The largest document of a file, in bytes, and the most text that the aliases of one document may repeat.
    /// 32 MiB unless said otherwise: a whole cluster written as one `List` fits, and etcd takes no object above 1.5 MiB.
    pub document_bytes: usize,
    /// How deep lists and maps may nest. 128 unless said otherwise, and never more than [`Limits::DEEPEST`].
    pub depth: usize,
    /// The most values in one document, after aliases are expanded. Two million unless said otherwise.
    pub nodes: usize,
    /// The most documents in a file. No bound unless said otherwise: the size of the file bounds them.
    pub documents: usize,
}

impl Limits {
    /// The deepest nesting that any setting allows, so that no walk over a tree can exhaust the stack.
    pub const DEEPEST: usize = 250;

    /// The depth that holds: the one asked for, within [`Limits::DEEPEST`].
    pub(crate) fn depth(&self) -> usize {
        self.depth.min(Self::DEEPEST)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 << 20,
            document_bytes: 32 << 20,
            depth: 128,
            nodes: 2_000_000,
            documents: usize::MAX,
        }
    }
}
