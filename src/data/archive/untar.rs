//! A tar archive, block by block (POSIX.1-1988 ustar, GNU and pax alike): the `tar` crate reads
//! the headers, but wants to pull where we are pushed.

use tar::{EntryType, Header};

use super::member::Collector;
use super::{MAX_UNPACKED_BYTES, Member, UnpackError};

pub(super) const BLOCK_BYTES: usize = 512;

/// Whether these first bytes are those of a tar archive.
pub(super) fn is_tar(head: &[u8]) -> bool {
    head.get(..BLOCK_BYTES).is_some_and(|block| &block[257..262] == b"ustar" && is_header(block))
}

/// The archive so far.
#[derive(Default)]
pub(super) struct Untar {
    collector: Collector,
    state: State,
    /// The header that is not yet complete.
    block: Vec<u8>,
    headers: usize,
    unpacked_bytes: u64,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Header,
    /// In an entry: bytes to come, and bytes to skip after them.
    Entry { left: u64, padding: u64 },
    /// Past the end mark; whatever follows is filling.
    Ended,
}

impl Untar {
    pub fn collector(&mut self) -> &mut Collector {
        &mut self.collector
    }

    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), UnpackError> {
        self.unpacked_bytes += bytes.len() as u64;
        if self.unpacked_bytes > MAX_UNPACKED_BYTES {
            return Err(UnpackError::Gigantic);
        }
        while !bytes.is_empty() {
            let taken = match self.state {
                State::Header => self.in_header(bytes)?,
                State::Entry { left, padding } => self.in_entry(bytes, left, padding)?,
                State::Ended => return Ok(()),
            };
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    pub fn finish(self) -> Result<Collector, UnpackError> {
        match self.state {
            State::Ended => Ok(self.collector),
            State::Header | State::Entry { .. } => Err(UnpackError::CutShort),
        }
    }

    fn in_header(&mut self, bytes: &[u8]) -> Result<usize, UnpackError> {
        let taken = bytes.len().min(BLOCK_BYTES - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK_BYTES {
            let block = std::mem::take(&mut self.block);
            self.state = self.header(&block)?;
        }
        Ok(taken)
    }

    fn in_entry(&mut self, bytes: &[u8], left: u64, padding: u64) -> Result<usize, UnpackError> {
        let of_entry = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.collector.data(&bytes[..of_entry])?;
        let left = left - of_entry as u64;
        if left > 0 {
            self.state = State::Entry { left, padding };
            return Ok(of_entry);
        }
        self.collector.end()?;
        let skipped = (bytes.len() - of_entry).min(padding as usize);
        let padding = padding - skipped as u64;
        self.state = if padding > 0 { State::Entry { left: 0, padding } } else { State::Header };
        Ok(of_entry + skipped)
    }

    /// What comes after a header. The extensions for long names (pax `x` and `g`, GNU `L`) are
    /// skipped like any unknown entry: our names are short.
    fn header(&mut self, block: &[u8]) -> Result<State, UnpackError> {
        if block.iter().all(|&byte| byte == 0) {
            return Ok(State::Ended);
        }
        if !is_header(block) {
            return Err(UnpackError::Damaged(match self.headers {
                0 => t!("not a tar archive"),
                _ => t!("a wrong check sum"),
            }));
        }
        self.headers += 1;
        let header = Header::from_byte_slice(block);
        let size =
            header.entry_size().map_err(|_| UnpackError::Damaged(t!("an entry without a size")))?;
        if size > MAX_UNPACKED_BYTES {
            return Err(UnpackError::Gigantic);
        }
        if let Some(member) = member_of(header)? {
            if size > member.max_bytes() {
                return Err(UnpackError::TooLarge {
                    path: member.path,
                    max_bytes: member.max_bytes(),
                });
            }
            self.collector.begin(member)?;
            if size == 0 {
                self.collector.end()?;
            }
        }
        let padding = size.next_multiple_of(BLOCK_BYTES as u64) - size;
        Ok(if size == 0 { State::Header } else { State::Entry { left: size, padding } })
    }
}

/// The known file that an entry is, if it is one.
fn member_of(header: &Header) -> Result<Option<Member>, UnpackError> {
    let path = String::from_utf8_lossy(&header.path_bytes()).into_owned();
    let folders = || path.split(['/', '\\']);
    if path.starts_with(['/', '\\']) || folders().any(|folder| folder == "..") {
        return Err(UnpackError::OutsidePath(path));
    }
    for (folder, version) in OTHER_VERSIONS {
        if folders().any(|name| name == folder) {
            return Err(UnpackError::WrongVersion(version));
        }
    }
    let Some(member) = Member::at(&path) else { return Ok(None) };
    match header.entry_type() {
        EntryType::Regular | EntryType::Continuous => Ok(Some(member)),
        _ => Err(UnpackError::NoPlainFile(member.path)),
    }
}

const OTHER_VERSIONS: [(&str, &str); 4] = [
    ("cifar-10-batches-py", "Python"),
    ("cifar-100-python", "Python"),
    ("cifar-10-batches-mat", "Matlab"),
    ("cifar-100-matlab", "Matlab"),
];

/// Whether the block's check sum is right: the sum of its bytes, its own field taken as blanks.
fn is_header(block: &[u8]) -> bool {
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let blanks = 8 * u32::from(b' ');
    let expected = sum(&block[..148]) + blanks + sum(&block[156..]);
    Header::from_byte_slice(block).cksum().is_ok_and(|found| found == expected)
}
