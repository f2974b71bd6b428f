//! The official archives (Krizhevsky 2009), unpacked as a stream: bytes are pushed in, pieces of
//! data files come out, and no more than a chunk is held. What comes in is from outside: only
//! files whose names are known come out, under our names and never a path of the archive's, each
//! no larger than the official one and with its records checked on the way.

mod member;
mod untar;

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

use self::member::Collector;
use self::untar::Untar;
use super::cifar::{CifarError, looks_like_html};

pub use self::member::Member;

/// Both data sets, unpacked, are 370 MB; more than this is no archive of ours.
pub const MAX_UNPACKED_BYTES: u64 = 512 << 20;

/// Why a file cannot be unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    #[error("{}", t!("it is empty"))]
    Empty,
    #[error("{}", t!("it is {what}, neither a .tar.gz archive nor a .bin file of CIFAR", what = in_words(.0)))]
    Other(&'static str),
    #[error("{}", t!("it is neither a .tar.gz archive nor a file with the name of one of CIFAR’s .bin files"))]
    Unknown,
    #[error("{}", t!("it is the {version} version of the data, and the binary version is needed", version = .0))]
    WrongVersion(&'static str),
    #[error("{}", t!("it holds none of CIFAR’s files"))]
    NothingKnown,
    #[error("{}", t!("it is cut short"))]
    CutShort,
    #[error("{}", t!("it is damaged ({reason})", reason = .0))]
    Damaged(String),
    #[error("{}", t!("its entry “{name}” points out of the archive", name = .0))]
    OutsidePath(String),
    #[error("{}", t!("{name} is no plain file in it, but a link or the like", name = .0))]
    NoPlainFile(&'static str),
    #[error("{}", t!("{name} is in it twice", name = .0))]
    Twice(&'static str),
    #[error("{}", t!("{path} is larger than the {max_bytes} bytes of the official file", path, max_bytes))]
    TooLarge { path: &'static str, max_bytes: u64 },
    #[error("{}", t!("it unpacks to more than {most} MiB, and the official archives to 176", most = MAX_UNPACKED_BYTES >> 20))]
    Gigantic,
    #[error("{}", t!("{path} cannot be used: {error}", path, error))]
    NotCifar { path: &'static str, error: CifarError },
}

impl UnpackError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Empty | Self::CutShort | Self::Damaged(_) => {
                t!("Download it again, and wait until the download is complete.")
            }
            Self::WrongVersion(_) => {
                t!("Take cifar-10-binary.tar.gz or cifar-100-binary.tar.gz, from the same page.")
            }
            Self::Other(_)
            | Self::Unknown
            | Self::NothingKnown
            | Self::OutsidePath(_)
            | Self::NoPlainFile(_)
            | Self::Twice(_)
            | Self::TooLarge { .. }
            | Self::Gigantic
            | Self::NotCifar { .. } => {
                t!(
                    "Take the official cifar-10-binary.tar.gz or cifar-100-binary.tar.gz, or .bin files from them."
                )
            }
        }
    }
}

/// What comes out, in order: each file begins, has any number of data, and ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Begin(Member),
    Data(Vec<u8>),
    /// The file is complete and its records are sound.
    End,
}

/// What an archive (or a single file) held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpacked {
    /// In the order of the archive, with their sizes in bytes; never empty.
    pub members: Vec<(Member, u64)>,
    /// Worth knowing, but no fault: "these are not the official files".
    pub notes: Vec<String>,
}

/// Unpacks one file: a `.tar.gz`, a `.tar` (some browsers unpack a download half), or a `.bin`.
///
/// ```ignore
/// let mut unpacker = Unpacker::new("cifar-10-binary.tar.gz");
/// while let Some(chunk) = next_chunk() {
///     for piece in unpacker.push(chunk)? {
///         match piece {
///             Piece::Begin(member) => file = File::create(temporary(member.path))?,
///             Piece::Data(bytes) => file.write_all(&bytes)?,
///             Piece::End => file.sync_all()?,
///         }
///     }
/// }
/// let (last_pieces, unpacked) = unpacker.finish()?;
/// // The same again for `last_pieces`; only now is the whole archive known to be sound.
/// ```
///
/// Chunks should be small (16 KiB): what a chunk unpacks to is held, a thousandfold at worst.
pub struct Unpacker {
    file_name: String,
    format: Format,
}

enum Format {
    /// The first bytes, too few to tell.
    Open(Vec<u8>),
    Gzip(Box<MultiGzDecoder<Untar>>),
    Tar(Untar),
    Records(Collector),
}

impl Unpacker {
    /// The name tells which data file it is, if it is a single one; a folder before it is let be.
    pub fn new(file_name: &str) -> Self {
        let base = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
        Self { file_name: base.to_owned(), format: Format::Open(Vec::new()) }
    }

    /// Takes the next bytes and gives what they unpack to.
    ///
    /// # Errors
    /// When the file is not ours or not sound; nothing more is to be pushed then.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Piece>, UnpackError> {
        let Format::Open(head) = &mut self.format else {
            return self.format.push(bytes);
        };
        head.extend_from_slice(bytes);
        if head.len() < untar::BLOCK_BYTES {
            return Ok(Vec::new());
        }
        self.begin()
    }

    /// Gives the last pieces, and says what there was in all.
    ///
    /// # Errors
    /// When the file is not complete or held nothing of ours.
    pub fn finish(mut self) -> Result<(Vec<Piece>, Unpacked), UnpackError> {
        let mut pieces = match self.format {
            Format::Open(_) => self.begin()?,
            _ => Vec::new(),
        };
        let mut collector = match self.format {
            // `begin` has just left it.
            Format::Open(_) => return Err(UnpackError::Empty),
            Format::Gzip(decoder) => decoder.finish().map_err(from_gzip)?.finish()?,
            Format::Tar(untar) => untar.finish()?,
            Format::Records(mut collector) => {
                collector.end()?;
                collector
            }
        };
        pieces.append(&mut collector.pieces);
        Ok((pieces, collector.finish()?))
    }

    /// Decides what the file is, by its first bytes.
    fn begin(&mut self) -> Result<Vec<Piece>, UnpackError> {
        let Format::Open(head) = &mut self.format else {
            return Ok(Vec::new());
        };
        let head = std::mem::take(head);
        self.format = Format::of(&self.file_name, &head)?;
        self.format.push(&head)
    }
}

impl Format {
    fn of(file_name: &str, head: &[u8]) -> Result<Self, UnpackError> {
        if head.is_empty() {
            return Err(UnpackError::Empty);
        }
        if head.starts_with(&[0x1f, 0x8b]) {
            return Ok(Self::Gzip(Box::new(MultiGzDecoder::new(Untar::default()))));
        }
        if untar::is_tar(head) {
            return Ok(Self::Tar(Untar::default()));
        }
        if looks_like_html(head) {
            return Err(UnpackError::Other("an HTML page"));
        }
        for (magic, version) in OTHER_VERSIONS {
            if head.starts_with(magic) {
                return Err(UnpackError::WrongVersion(version));
            }
        }
        for (magic, what) in OTHER_FILES {
            if head.starts_with(magic) {
                return Err(UnpackError::Other(what));
            }
        }
        let member = Member::with_file_name(file_name).ok_or(UnpackError::Unknown)?;
        let mut collector = Collector::default();
        collector.begin(member)?;
        Ok(Self::Records(collector))
    }

    fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Piece>, UnpackError> {
        let collector = match self {
            Self::Open(_) => return Ok(Vec::new()),
            Self::Gzip(decoder) => {
                while !bytes.is_empty() {
                    let taken = decoder.write(bytes).map_err(from_gzip)?;
                    if taken == 0 {
                        return Err(UnpackError::Damaged(t!("it cannot be decompressed")));
                    }
                    bytes = &bytes[taken..];
                }
                decoder.get_mut().collector()
            }
            Self::Tar(untar) => {
                untar.push(bytes)?;
                untar.collector()
            }
            Self::Records(collector) => {
                collector.data(bytes)?;
                collector
            }
        };
        Ok(std::mem::take(&mut collector.pieces))
    }
}

/// Pickled batches, and Matlab's.
const OTHER_VERSIONS: [(&[u8], &str); 3] =
    [(&[0x80, 2], "Python"), (&[0x80, 3], "Python"), (b"MATLAB", "Matlab")];

const OTHER_FILES: [(&[u8], &str); 6] = [
    (b"PK\x03\x04", "a zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
];

/// What a file is instead, for a person.
fn in_words(kind: &str) -> String {
    match kind {
        "an HTML page" => t!("an HTML page"),
        "a zip archive" => t!("a zip archive"),
        "a 7z archive" => t!("a 7z archive"),
        "a rar archive" => t!("a rar archive"),
        "compressed with bzip2" => t!("compressed with bzip2"),
        "compressed with xz" => t!("compressed with xz"),
        "compressed with zstd" => t!("compressed with zstd"),
        other => other.to_owned(),
    }
}

/// Our own errors pass through the decoder as they are.
fn from_gzip(error: io::Error) -> UnpackError {
    match error.downcast::<UnpackError>() {
        Ok(error) => error,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => UnpackError::CutShort,
        Err(error) => UnpackError::Damaged(error.to_string()),
    }
}

impl Write for Untar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
