//! The files that are known, and the check of what comes under their names.

use super::{Piece, UnpackError, Unpacked};
use crate::data::cifar::{CifarError, Layout};
use crate::experiment::Dataset;

/// A file of the official archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub dataset: Dataset,
    /// As in the archive and under a data host: `cifar-10-batches-bin/test_batch.bin`.
    pub path: &'static str,
    content: Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Images: so many in the official file.
    Records(usize),
    /// Names of classes.
    Text,
}

const TEXTS: [(Dataset, &str); 3] = [
    (Dataset::Cifar10, "cifar-10-batches-bin/batches.meta.txt"),
    (Dataset::Cifar100, "cifar-100-binary/fine_label_names.txt"),
    (Dataset::Cifar100, "cifar-100-binary/coarse_label_names.txt"),
];
/// The longest official one has 800.
const MAX_TEXT_BYTES: u64 = 64 << 10;

impl Member {
    /// All that are known.
    pub fn all() -> impl Iterator<Item = Self> {
        let records = Dataset::ALL.iter().filter_map(|&dataset| {
            let layout = Layout::of(dataset)?;
            let train = layout.train.iter().map(move |path| (*path, layout.train_records_per_file));
            let files = train.chain([(layout.test, layout.test_records)]);
            Some(files.map(move |(path, count)| Self {
                dataset,
                path,
                content: Content::Records(count),
            }))
        });
        let texts = TEXTS.map(|(dataset, path)| Self { dataset, path, content: Content::Text });
        records.flatten().chain(texts)
    }

    /// The file whose path ends so: what the archive was packed in does not matter.
    pub fn at(path: &str) -> Option<Self> {
        Self::all().find(|member| {
            path.strip_suffix(member.path)
                .is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })
    }

    /// The file of images with that name, in whatever folder.
    pub fn with_file_name(name: &str) -> Option<Self> {
        Self::all().find(|member| member.file_name() == name && member.holds_images())
    }

    /// `test_batch.bin`.
    pub fn file_name(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// Whether it holds images, not names.
    pub const fn holds_images(&self) -> bool {
        matches!(self.content, Content::Records(_))
    }

    /// The size of the official file; for a text, more than that.
    pub fn max_bytes(&self) -> u64 {
        match (self.content, Layout::of(self.dataset)) {
            (Content::Records(count), Some(layout)) => (count * layout.record_bytes()) as u64,
            _ => MAX_TEXT_BYTES,
        }
    }

    /// Says so when a sound file has fewer images than the official one.
    pub fn note_on(&self, size_bytes: u64) -> Option<String> {
        note_on([(*self, size_bytes)])
    }

    fn shortfall(&self, size_bytes: u64) -> Option<String> {
        let Content::Records(official) = self.content else { return None };
        let images = size_bytes / Layout::of(self.dataset)?.record_bytes() as u64;
        (images < official as u64).then(|| {
            t!(
                "{file} holds {images} images, not {official}",
                file = self.file_name(),
                images,
                official
            )
        })
    }
}

fn note_on(files: impl IntoIterator<Item = (Member, u64)>) -> Option<String> {
    let short = files.into_iter().filter_map(|(member, size_bytes)| member.shortfall(size_bytes));
    let short = short.collect::<Vec<_>>().join(&t!(", "));
    (!short.is_empty()).then(|| t!("These are not the official files: {short}.", short))
}

/// Takes the members as they come, checks them, and cuts them into pieces.
#[derive(Default)]
pub(super) struct Collector {
    /// Not yet handed on.
    pub pieces: Vec<Piece>,
    members: Vec<(Member, u64)>,
    current: Option<Check>,
}

impl Collector {
    pub fn begin(&mut self, member: Member) -> Result<(), UnpackError> {
        if self.members.iter().any(|(known, _)| *known == member) {
            return Err(UnpackError::Twice(member.path));
        }
        self.current = Some(Check { member, size_bytes: 0, rest: Vec::new() });
        self.pieces.push(Piece::Begin(member));
        Ok(())
    }

    /// Data of the member that has begun; without one they are of no interest.
    pub fn data(&mut self, bytes: &[u8]) -> Result<(), UnpackError> {
        let Some(check) = &mut self.current else { return Ok(()) };
        check.take(bytes)?;
        self.pieces.push(Piece::Data(bytes.to_vec()));
        Ok(())
    }

    pub fn end(&mut self) -> Result<(), UnpackError> {
        let Some(check) = self.current.take() else { return Ok(()) };
        self.members.push((check.member, check.end()?));
        self.pieces.push(Piece::End);
        Ok(())
    }

    pub fn finish(self) -> Result<Unpacked, UnpackError> {
        let members = self.members;
        if !members.iter().any(|(member, _)| member.holds_images()) {
            return Err(UnpackError::NothingKnown);
        }
        Ok(Unpacked { notes: note_on(members.iter().copied()).into_iter().collect(), members })
    }
}

/// Checks a file's records while they stream by.
struct Check {
    member: Member,
    size_bytes: u64,
    /// The record that is not yet complete.
    rest: Vec<u8>,
}

impl Check {
    fn take(&mut self, bytes: &[u8]) -> Result<(), UnpackError> {
        let Member { path, .. } = self.member;
        self.size_bytes += bytes.len() as u64;
        let max_bytes = self.member.max_bytes();
        if self.size_bytes > max_bytes {
            return Err(UnpackError::TooLarge { path, max_bytes });
        }
        let Some(layout) = self.layout() else { return Ok(()) };
        let checked_bytes = self.size_bytes as usize - bytes.len() - self.rest.len();
        self.rest.extend_from_slice(bytes);
        let whole = self.rest.len() - self.rest.len() % layout.record_bytes();
        if whole > 0 {
            layout.parse(&self.rest[..whole], 0).map_err(|error| {
                let before = checked_bytes / layout.record_bytes();
                UnpackError::NotCifar { path, error: counted_from(error, before) }
            })?;
            self.rest.drain(..whole);
        }
        Ok(())
    }

    /// The size of the file, which is sound.
    fn end(self) -> Result<u64, UnpackError> {
        let Member { path, .. } = self.member;
        let Some(layout) = self.layout() else { return Ok(self.size_bytes) };
        let error = match (self.size_bytes as usize, self.rest.len()) {
            (0, _) => CifarError::Empty,
            (_, 0) => return Ok(self.size_bytes),
            (len_bytes, _) => {
                CifarError::NotWhole { len_bytes, record_bytes: layout.record_bytes() }
            }
        };
        Err(UnpackError::NotCifar { path, error })
    }

    fn layout(&self) -> Option<Layout> {
        Layout::of(self.member.dataset).filter(|_| self.member.holds_images())
    }
}

/// The error, its record counted from the start of the file.
fn counted_from(error: CifarError, before: usize) -> CifarError {
    match error {
        CifarError::BadLabel { record, label, max } => {
            CifarError::BadLabel { record: before + record, label, max }
        }
        CifarError::Empty | CifarError::Html | CifarError::NotWhole { .. } => error,
    }
}
