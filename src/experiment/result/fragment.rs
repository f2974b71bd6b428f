//! A result as the fragment of a link: `#r=` and base64 of a version, a checksum, a digest of the
//! settings that the result belongs to, and the bytes of the curves.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine};

use super::SharedResult;
use super::bytes::{self, BytesError};
use crate::experiment::choices::DeviceChoice;
use crate::experiment::config::Experiment;
use crate::experiment::link;

/// The version that this page writes, and the newest that it reads.
const VERSION: u8 = 1;
/// Marks our fragments; others are not for us.
const PREFIX: &str = "r=";
/// Ours stay below 2,000 characters.
const MAX_CHARS: usize = 20_000;
/// Version, checksum, settings.
const HEAD_BYTES: usize = 1 + 4 + 4;

/// Why a fragment holds no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FragmentError {
    #[error("{}", t!("The result in this link is too long ({length} characters).", length = .0))]
    TooLong(usize),
    #[error("{}", t!("The result in this link is damaged: it holds characters that do not belong there."))]
    Text,
    #[error("{}", t!("The result in this link is of version {version}, newer than this page knows ({known}).", version = .0, known = VERSION))]
    Newer(u8),
    #[error("{}", t!("The result in this link is damaged or was cut off on its way."))]
    Checksum,
    #[error("{}", t!("The result in this link is damaged: {problem}.", problem = .0))]
    Bytes(#[from] BytesError),
    #[error("{}", t!("The settings in this link were changed after its result was made."))]
    OtherSettings,
}

impl FragmentError {
    /// What the visitor can do.
    pub fn remedy(&self) -> String {
        match self {
            Self::Newer(_) => t!("Reload the page to get a newer one; the settings are set."),
            Self::OtherSettings => {
                t!("The settings are set; start a run to see what they come to.")
            }
            Self::TooLong(_) | Self::Text | Self::Checksum | Self::Bytes(_) => {
                t!(
                    "Ask for the whole link once more; its settings are set, and a run can be started."
                )
            }
        }
    }
}

/// The fragment, without its `#`.
pub fn to_fragment(experiment: &Experiment, result: &SharedResult) -> String {
    let body = bytes::write(result);
    let mut all = vec![VERSION];
    all.extend(sum(&body).to_be_bytes());
    all.extend(settings_sum(experiment).to_be_bytes());
    all.extend(body);
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(all))
}

/// Reads a fragment, with or without its `#`. None if it is not about a result.
///
/// # Errors
/// When it is damaged, of a later version, or belongs to other settings.
pub fn from_fragment(
    fragment: &str,
    experiment: &Experiment,
) -> Result<Option<SharedResult>, FragmentError> {
    let fragment = fragment.strip_prefix('#').unwrap_or(fragment);
    let Some(text) = fragment.strip_prefix(PREFIX) else {
        return Ok(None);
    };
    if text.len() > MAX_CHARS {
        return Err(FragmentError::TooLong(text.len()));
    }
    let all = URL_SAFE_NO_PAD.decode(text).map_err(|error| match error {
        DecodeError::InvalidByte(..) => FragmentError::Text,
        // What is left of a text that was cut.
        DecodeError::InvalidLength(_)
        | DecodeError::InvalidLastSymbol(..)
        | DecodeError::InvalidPadding => FragmentError::Checksum,
    })?;
    match all.first() {
        None | Some(0) => return Err(FragmentError::Checksum),
        Some(&version) if version > VERSION => return Err(FragmentError::Newer(version)),
        Some(_) => {}
    }
    let (head, body) = all.split_at_checked(HEAD_BYTES).ok_or(FragmentError::Checksum)?;
    let sum_at = |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]];
    if u32::from_be_bytes(sum_at(1)) != sum(body) {
        return Err(FragmentError::Checksum);
    }
    let result = bytes::read(body)?;
    if u32::from_be_bytes(sum_at(5)) != settings_sum(experiment) {
        return Err(FragmentError::OtherSettings);
    }
    Ok(Some(result))
}

/// Of what decides the curves: not the host, the device, or who begins.
fn settings_sum(experiment: &Experiment) -> u32 {
    let default = Experiment::default();
    let deciding = Experiment {
        data: default.data,
        device: DeviceChoice::Auto,
        autostart: false,
        ..experiment.clone()
    };
    sum(link::to_query(&deciding).as_bytes())
}

/// FNV-1a of 32 bits: against accidents, not against malice.
fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, &byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{MAX_POINTS, MAX_POINTS_IN_CODE, shared_for_tests};
    use super::*;

    fn read(fragment: &str) -> Result<Option<SharedResult>, FragmentError> {
        from_fragment(fragment, &Experiment::default())
    }

    fn fragment(points: usize) -> String {
        to_fragment(&Experiment::default(), &shared_for_tests(points))
    }

    #[test]
    fn a_fragment_holds_the_result() {
        let result = read(&format!("#{}", fragment(10))).unwrap().unwrap();
        assert_eq!(result.points.len(), 10);
        assert!((result.points[9].test_accuracy - 0.91).abs() < 1e-9);
        assert_eq!(result.candidates_digest.as_deref(), Some("a6ad3dc8cfbde685"));
    }

    #[test]
    fn links_stay_short() {
        assert!(fragment(MAX_POINTS).len() < 1_300, "{}", fragment(MAX_POINTS).len());
        assert!(fragment(MAX_POINTS_IN_CODE).len() < 330);
    }

    #[test]
    fn other_fragments_are_not_ours() {
        for other in ["", "#", "main", "#main", "#x=r="] {
            assert_eq!(read(other), Ok(None), "{other}");
        }
    }

    #[test]
    fn faults_are_named() {
        let whole = fragment(10);
        for cut in 1..whole.len() - PREFIX.len() {
            assert_eq!(read(&whole[..whole.len() - cut]), Err(FragmentError::Checksum), "{cut}");
        }
        assert_eq!(read("r="), Err(FragmentError::Checksum));
        assert_eq!(read("r=AQ"), Err(FragmentError::Checksum));
        assert_eq!(read("r=%%%"), Err(FragmentError::Text));
        assert_eq!(read("r=_w"), Err(FragmentError::Newer(255)));
        let long = format!("r={}", "A".repeat(30_000));
        assert_eq!(read(&long), Err(FragmentError::TooLong(30_000)));
        let other = Experiment { rate: 0.3, ..Experiment::default() };
        assert_eq!(from_fragment(&whole, &other), Err(FragmentError::OtherSettings));
        let elsewhere = Experiment {
            device: DeviceChoice::Cpu,
            data: "https://x/".into(),
            autostart: true,
            ..Experiment::default()
        };
        assert!(matches!(from_fragment(&whole, &elsewhere), Ok(Some(_))));
    }

    proptest! {
        #[test]
        fn no_fragment_panics(text in ".{0,60}", packed in "[A-Za-z0-9_-]{0,200}") {
            let _ = read(&text);
            let _ = read(&format!("r={text}"));
            let _ = read(&format!("r={packed}"));
        }

        #[test]
        fn no_bytes_behind_a_right_checksum_panic(
            body in prop::collection::vec(any::<u8>(), 0..120),
        ) {
            let mut all = vec![VERSION];
            all.extend(sum(&body).to_be_bytes());
            all.extend(settings_sum(&Experiment::default()).to_be_bytes());
            all.extend(&body);
            let _ = read(&format!("r={}", URL_SAFE_NO_PAD.encode(all)));
        }

        #[test]
        fn damage_is_noticed(at in 0..400_usize, letter in "[A-Za-z0-9_-]") {
            let whole = fragment(10);
            let at = PREFIX.len() + at % (whole.len() - PREFIX.len());
            let damaged = format!("{}{letter}{}", &whole[..at], &whole[at + 1..]);
            if damaged != whole {
                prop_assert!(read(&damaged).is_err());
            }
        }
    }
}
