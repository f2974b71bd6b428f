//! Files that the browser keeps for us in its Origin Private File System, so that nothing is
//! fetched or trained twice: `data/<origin>/<folder>/<file>` and `networks/site/<folder>/<file>`.
//! Natively there is none: the files lie in a folder already.
//!
//! Each file is a seal and the content. The seal is written last, so what a closed tab left half
//! done has none, and is nothing. Nothing here fails a run: what cannot be read is as good as
//! absent, and what cannot be kept is said.

/// Where a kept file is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The visitor gave it to the page.
    Given,
    /// The data host of this absolute URL.
    Host(String),
    /// No data, but networks: of runs, and of the site.
    Networks,
}

/// No URL's key: that has a colon.
const GIVEN: &str = "dropped";
/// All data files are below this folder.
pub const DATA: &str = "data";

impl Origin {
    /// The folder that its own is in.
    pub const fn root(&self) -> &'static str {
        match self {
            Self::Given | Self::Host(_) => DATA,
            Self::Networks => "networks",
        }
    }

    /// The name of its folder.
    pub fn key(&self) -> String {
        match self {
            Self::Given => GIVEN.to_owned(),
            Self::Networks => "site".to_owned(),
            Self::Host(url) => form_urlencoded::byte_serialize(url.as_bytes()).collect(),
        }
    }

    /// The origin of data whose folder has that name.
    pub fn from_key(key: &str) -> Option<Self> {
        if key == GIVEN {
            return Some(Self::Given);
        }
        let (url, _) = form_urlencoded::parse(key.as_bytes()).next()?;
        url.contains(':').then(|| Self::Host(url.into_owned()))
    }

    /// The data host, where it is one.
    pub fn into_host(self) -> Option<String> {
        match self {
            Self::Given | Self::Networks => None,
            Self::Host(url) => Some(url),
        }
    }
}

/// What stands before the content of a file that is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// Whether the content is all of the file, and not its first bytes.
    pub is_whole: bool,
    pub content_bytes: u64,
}

impl Seal {
    pub const BYTES: usize = 16;
    /// Its last byte is the version of this layout.
    const MAGIC: [u8; 7] = *b"proden\x01";

    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..7].copy_from_slice(&Self::MAGIC);
        bytes[7] = self.is_whole.into();
        bytes[8..].copy_from_slice(&self.content_bytes.to_le_bytes());
        bytes
    }

    /// The seal of a file of that size, if it has one that fits.
    pub fn read(head: &[u8], file_bytes: u64) -> Option<Self> {
        let (head, _) = head.split_first_chunk::<{ Self::BYTES }>()?;
        let content_bytes = file_bytes.checked_sub(Self::BYTES as u64)?;
        [true, false]
            .map(|is_whole| Self { is_whole, content_bytes })
            .into_iter()
            .find(|seal| seal.to_bytes() == *head)
    }

    /// Whether the content answers for the first so many bytes of the file.
    pub const fn is_enough(&self, bytes: usize) -> bool {
        self.is_whole || self.content_bytes >= bytes as u64
    }
}

/// Why the browser keeps nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("{}", t!("it gives this page no storage"))]
    Unsupported,
    #[error("{}", t!("its storage for this page is full"))]
    Full,
    #[error("{}", t!("another tab is using the same files"))]
    Locked,
    #[error("{}", t!("its storage failed ({reason})", reason = .0))]
    Other(String),
}

impl StoreError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Unsupported => {
                t!("A private window keeps nothing, nor does a page that is not served over https.")
            }
            Self::Full => t!("Clear the data that are kept here, or free space on the disk."),
            Self::Locked => t!("Close the other tabs of this page and try again."),
            Self::Other(_) => t!("Clear the data that are kept here and try again."),
        }
    }
}

#[cfg(all(feature = "engine", target_family = "wasm"))]
pub use super::opfs::{forget, keep, names, read};
#[cfg(not(all(feature = "engine", target_family = "wasm")))]
pub use native::{forget, keep, names, read};

#[cfg(not(all(feature = "engine", target_family = "wasm")))]
mod native {
    use super::{Origin, StoreError};
    use crate::engine::source::Progress;

    /// The first bytes of a kept file.
    pub async fn read(
        _origin: &Origin,
        _name: &str,
        _enough_bytes: usize,
        _progress: Progress<'_>,
    ) -> Option<Vec<u8>> {
        None
    }

    /// Keeps a file, or the first bytes of one.
    ///
    /// # Errors
    /// Never: there is nothing to keep.
    pub async fn keep(
        _origin: &Origin,
        _name: &str,
        _content: &[u8],
        _is_whole: bool,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    /// Drops a kept file.
    pub async fn forget(_origin: &Origin, _name: &str) {}

    /// Names and sizes of the kept files of an origin.
    ///
    /// # Errors
    /// Never: there are none.
    pub async fn names(_origin: &Origin) -> Result<Vec<(String, u64)>, StoreError> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_origin_is_found_again_by_its_key() {
        let hosts = ["https://example.org/a b/?x=1&y=%2F#é", "http://127.0.0.1:8080/data/"];
        let hosts = hosts.map(|url| Origin::Host(url.to_owned()));
        for origin in [Origin::Given].into_iter().chain(hosts) {
            let key = origin.key();
            assert!(!key.contains(['/', '\\', ':']), "{key}");
            assert_eq!(Origin::from_key(&key), Some(origin));
        }
        assert_eq!(Origin::from_key("something else"), None);
    }

    #[test]
    fn only_a_seal_that_fits_is_one() {
        let seal = Seal { is_whole: false, content_bytes: 3073 };
        let bytes = seal.to_bytes();
        assert_eq!(Seal::read(&bytes, 3073 + 16), Some(seal));
        assert_eq!(Seal::read(&bytes, 3073), None, "cut short");
        assert_eq!(Seal::read(&[0; 16], 16), None, "never sealed");
        assert_eq!(Seal::read(&bytes[..15], 15), None);
        assert!(seal.is_enough(3073) && !seal.is_enough(3074));
        assert!(Seal { is_whole: true, ..seal }.is_enough(usize::MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_key_and_no_seal_panics(key: String, head: Vec<u8>, file_bytes: u64) {
            let _ = (Origin::from_key(&key), Seal::read(&head, file_bytes));
        }
    }
}
