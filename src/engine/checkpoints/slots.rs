//! How a run's checkpoints lie in two slots, so that one of them is whole whatever happens while
//! the other one is written.
//!
//! A slot is a header and the content. The header names a sequence number, the content's length
//! and its checksum; it is wiped first and written last. A slot whose header or content does not
//! fit its checksum counts for nothing, so it does not matter in which order a disk that loses
//! power has written what. Of two whole slots the one with the higher number is the newer.

/// Slots of a run.
pub const SLOTS: usize = 2;

/// What stands before a slot's content once that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// From 1; of the run, not of the slot.
    pub sequence: u64,
    pub content_bytes: u64,
    /// CRC-32 of the content.
    content_check: u32,
}

/// Something to be done to a slot, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act<'a> {
    Write {
        at: u64,
        bytes: &'a [u8],
    },
    /// Cut or lengthen the slot to so many bytes.
    Truncate(u64),
    /// Wait until all of it is on the disk.
    Flush,
}

impl Header {
    pub const BYTES: usize = 32;
    /// The last byte is the version of this layout.
    const MAGIC: [u8; 8] = *b"proden2\x01";

    pub fn of(sequence: u64, content: &[u8]) -> Self {
        let content_check = crc32fast::hash(content);
        Self { sequence, content_bytes: content.len() as u64, content_check }
    }

    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&Self::MAGIC);
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.content_bytes.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.content_check.to_le_bytes());
        let own_check = crc32fast::hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&own_check.to_le_bytes());
        bytes
    }

    /// The header of a slot of that size, if it has one that can be right.
    pub fn read(head: &[u8], slot_bytes: u64) -> Option<Self> {
        let (head, _) = head.split_first_chunk::<{ Self::BYTES }>()?;
        let number = |at: usize| head[at..].first_chunk().copied().map(u64::from_le_bytes);
        let check = |at: usize| head[at..].first_chunk().copied().map(u32::from_le_bytes);
        let header =
            Self { sequence: number(8)?, content_bytes: number(16)?, content_check: check(24)? };
        let fits = header.to_bytes() == *head
            && header.content_bytes == slot_bytes.checked_sub(Self::BYTES as u64)?;
        fits.then_some(header)
    }

    /// Whether the content is what the header says.
    pub fn fits(&self, content: &[u8]) -> bool {
        *self == Self::of(self.sequence, content)
    }
}

/// The slots that have a header, newest first: where to look for a whole one.
pub fn newest_first(headers: [Option<Header>; SLOTS]) -> Vec<(usize, Header)> {
    let mut found: Vec<_> = headers
        .into_iter()
        .enumerate()
        .filter_map(|(slot, header)| Some((slot, header?)))
        .collect();
    found.sort_by_key(|(_, header)| std::cmp::Reverse(header.sequence));
    found
}

/// The slot to write to: never the one that is known to be whole.
pub const fn next_slot(whole: Option<usize>) -> usize {
    match whole {
        Some(0) => 1,
        _ => 0,
    }
}

/// All that is done to a slot to put the content in it. `header` are the header's bytes.
pub fn acts<'a>(header: &'a [u8; Header::BYTES], content: &'a [u8]) -> [Act<'a>; 6] {
    const WIPED: &[u8] = &[0; Header::BYTES];
    let content_at = Header::BYTES as u64;
    [
        Act::Write { at: 0, bytes: WIPED },
        // The old header must be gone before its content is.
        Act::Flush,
        Act::Truncate(content_at + content.len() as u64),
        Act::Write { at: content_at, bytes: content },
        Act::Flush,
        Act::Write { at: 0, bytes: header },
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two files, and a power cut after so many bytes: of the write under way a first part arrives.
    struct Disk {
        slots: [Vec<u8>; SLOTS],
        bytes_left: usize,
    }

    impl Disk {
        fn new() -> Self {
            Self { slots: [Vec::new(), Vec::new()], bytes_left: usize::MAX }
        }

        /// Whether all was done before the power was cut.
        fn put(&mut self, slot: usize, header: Header, content: &[u8]) -> bool {
            for act in acts(&header.to_bytes(), content) {
                match act {
                    Act::Flush => {}
                    Act::Truncate(len) => self.slots[slot].resize(len as usize, 0),
                    Act::Write { at, bytes } => {
                        let arrives = bytes.len().min(self.bytes_left);
                        self.bytes_left -= arrives;
                        let (at, end) = (at as usize, at as usize + arrives);
                        let file = &mut self.slots[slot];
                        file.resize(file.len().max(end), 0);
                        file[at..end].copy_from_slice(&bytes[..arrives]);
                        if arrives < bytes.len() {
                            return false;
                        }
                    }
                }
            }
            true
        }

        fn newest_whole(&self) -> Option<(usize, u64, &[u8])> {
            let header = |slot: &Vec<u8>| Header::read(slot, slot.len() as u64);
            let [first, second] = &self.slots;
            newest_first([header(first), header(second)]).into_iter().find_map(|(slot, header)| {
                let content = &self.slots[slot][Header::BYTES..];
                header.fits(content).then_some((slot, header.sequence, content))
            })
        }
    }

    /// The content of a run's checkpoint of that number: lengths differ.
    fn content(sequence: u64) -> Vec<u8> {
        (0..10 + sequence * 7 % 23).map(|at| (sequence * 31 + at) as u8).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_write_cut_at_any_byte_leaves_a_whole_checkpoint(before in 0_u64..6, cut in 0_usize..120) {
            let mut disk = Disk::new();
            let mut whole = None;
            for sequence in 1..=before {
                let slot = next_slot(whole);
                prop_assert!(disk.put(slot, Header::of(sequence, &content(sequence)), &content(sequence)));
                whole = Some(slot);
            }
            disk.bytes_left = cut;
            let next = before + 1;
            let done = disk.put(next_slot(whole), Header::of(next, &content(next)), &content(next));
            let found = disk.newest_whole().map(|(_, sequence, content)| (sequence, content.to_vec()));
            let wanted = if done { next } else { before };
            prop_assert_eq!(found, (wanted > 0).then(|| (wanted, content(wanted))));

            // And what goes on from there overwrites what is broken, not what is whole.
            disk.bytes_left = usize::MAX;
            let whole = disk.newest_whole().map(|(slot, ..)| slot);
            prop_assert!(disk.put(next_slot(whole), Header::of(9, b"on"), b"on"));
            prop_assert_eq!(disk.newest_whole().map(|(_, sequence, _)| sequence), Some(9));
        }

        #[test]
        fn no_damage_is_taken_for_a_checkpoint(at in 0_usize..64, byte in 1_u8..) {
            let mut disk = Disk::new();
            let text = [7; 32];
            disk.put(0, Header::of(1, &text), &text);
            disk.slots[0][at] ^= byte;
            prop_assert_eq!(disk.newest_whole(), None);
        }

        #[test]
        fn no_header_panics(head: Vec<u8>, slot_bytes: u64) {
            let _ = Header::read(&head, slot_bytes);
        }
    }

    #[test]
    fn a_disk_may_write_in_any_order() {
        // The header has arrived, and of the content nothing.
        let header = Header::of(1, b"content").to_bytes();
        let disk = Disk { slots: [[&header[..], &[0; 7]].concat(), Vec::new()], bytes_left: 0 };
        assert_eq!(disk.newest_whole(), None);
        let short = Header::read(&header, Header::BYTES as u64 + 6);
        assert_eq!(short, None, "the file is too short for it");
    }
}
