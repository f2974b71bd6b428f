//! A result as bytes. Numbers are whole multiples of a unit, each stored as its difference from
//! the one before, in seven bits a byte, the low ones first: a smooth curve takes one or two
//! bytes a point.
//!
//! Layout: device (0 unknown, 1 CPU, 2 WebGPU) + 3 * end; seconds; digest (8 bytes, 0 unknown);
//! the loss' unit (f32); points; then a row a point: epochs since the last one, and the changes of
//! loss, test accuracy, label accuracy and mean confidence.

use super::{HowEnded, Point, SharedResult};
use crate::protocol::DeviceKind;

/// The unit of a share: a hundredth of a percent.
pub const SHARE_UNIT: f64 = 1e-4;
/// The largest loss is that many units.
const LOSS_STEPS: f64 = 10_000.0;
/// As many epochs as an experiment may have; a link with more points is none of ours.
const MAX_EPOCHS: u64 = 10_000;

/// Why bytes are no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BytesError {
    #[error("{}", t!("it ends too early"))]
    Short,
    #[error("{}", t!("it does not end where it should"))]
    Long,
    #[error("{}", t!("its {field} is out of bounds", field = .0))]
    Bounds(&'static str),
}

pub fn write(result: &SharedResult) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + 8 * result.points.len());
    bytes.push(device_code(result.device) + 3 * end_code(result.ended));
    write_whole(&mut bytes, result.elapsed_secs.clamp(0.0, 1e9) as u64);
    let digest = result.candidates_digest.as_deref();
    let digest = digest.and_then(|digest| u64::from_str_radix(digest, 16).ok()).unwrap_or(0);
    bytes.extend(digest.to_be_bytes());
    let largest = result.points.iter().map(|point| point.loss.abs()).fold(0.0, f64::max);
    let loss_unit = ((largest / LOSS_STEPS) as f32).clamp(f32::MIN_POSITIVE, f32::MAX);
    bytes.extend(loss_unit.to_le_bytes());
    write_whole(&mut bytes, result.points.len() as u64);
    let (mut epoch, mut before) = (0, [0_i64; 4]);
    for point in &result.points {
        write_whole(&mut bytes, point.epoch.saturating_sub(epoch) as u64);
        epoch = point.epoch;
        let shares = [point.test_accuracy, point.label_accuracy, point.mean_confidence];
        let steps = [
            (point.loss / f64::from(loss_unit)).round() as i64,
            share_steps(shares[0]),
            share_steps(shares[1]),
            share_steps(shares[2]),
        ];
        for (now, before) in steps.iter().zip(&mut before) {
            write_signed(&mut bytes, now.wrapping_sub(*before));
            *before = *now;
        }
    }
    bytes
}

fn share_steps(share: f64) -> i64 {
    (share.clamp(0.0, 1.0) / SHARE_UNIT).round() as i64
}

/// # Errors
/// When the bytes are not what [`write`] writes.
pub fn read(bytes: &[u8]) -> Result<SharedResult, BytesError> {
    let mut reader = Reader { bytes };
    let kinds = reader.byte()?;
    let device = device_of(kinds % 3);
    let ended = end_of(kinds / 3).ok_or(BytesError::Bounds("kind"))?;
    let elapsed_secs = reader.whole(1_000_000_000, "duration")? as f64;
    let digest = u64::from_be_bytes(reader.take()?);
    let loss_unit = f64::from(f32::from_le_bytes(reader.take()?));
    if !(loss_unit.is_finite() && loss_unit > 0.0) {
        return Err(BytesError::Bounds("scale"));
    }
    let count = reader.whole(MAX_EPOCHS, "number of epochs")?;
    let mut points = Vec::new();
    let (mut epoch, mut steps) = (0, [0_i64; 4]);
    for _ in 0..count {
        let gap = reader.whole(MAX_EPOCHS, "epoch")?;
        epoch += gap;
        if gap == 0 || epoch > MAX_EPOCHS {
            return Err(BytesError::Bounds("epoch"));
        }
        for step in &mut steps {
            *step = step.checked_add(reader.signed()?).ok_or(BytesError::Bounds("curve"))?;
        }
        points.push(point(epoch as usize, steps, loss_unit)?);
    }
    if points.is_empty() {
        return Err(BytesError::Bounds("number of epochs"));
    }
    if !reader.bytes.is_empty() {
        return Err(BytesError::Long);
    }
    let candidates_digest = (digest != 0).then(|| format!("{digest:016x}"));
    Ok(SharedResult { ended, device, elapsed_secs, candidates_digest, points })
}

fn point(epoch: usize, steps: [i64; 4], loss_unit: f64) -> Result<Point, BytesError> {
    let [loss, shares @ ..] = steps;
    let whole = (1.0 / SHARE_UNIT).round() as i64;
    if !shares.iter().all(|share| (0..=whole).contains(share)) {
        return Err(BytesError::Bounds("accuracy"));
    }
    let loss = loss as f64 * loss_unit;
    if !(loss.is_finite() && loss >= 0.0) {
        return Err(BytesError::Bounds("loss"));
    }
    let [test_accuracy, label_accuracy, mean_confidence] =
        shares.map(|steps| steps as f64 / whole as f64);
    Ok(Point { epoch, loss, test_accuracy, label_accuracy, mean_confidence })
}

const fn device_code(device: Option<DeviceKind>) -> u8 {
    match device {
        None => 0,
        Some(DeviceKind::Cpu) => 1,
        Some(DeviceKind::WebGpu) => 2,
    }
}

const fn device_of(code: u8) -> Option<DeviceKind> {
    match code {
        1 => Some(DeviceKind::Cpu),
        2 => Some(DeviceKind::WebGpu),
        _ => None,
    }
}

const fn end_code(ended: HowEnded) -> u8 {
    match ended {
        HowEnded::Finished => 0,
        HowEnded::Stopped => 1,
        HowEnded::Failed => 2,
    }
}

const fn end_of(code: u8) -> Option<HowEnded> {
    match code {
        0 => Some(HowEnded::Finished),
        1 => Some(HowEnded::Stopped),
        2 => Some(HowEnded::Failed),
        _ => None,
    }
}

fn write_whole(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// Small changes of either sign take one byte.
fn write_signed(bytes: &mut Vec<u8>, value: i64) {
    write_whole(bytes, ((value << 1) ^ (value >> 63)) as u64);
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BytesError> {
        let (head, tail) = self.bytes.split_first_chunk::<N>().ok_or(BytesError::Short)?;
        self.bytes = tail;
        Ok(*head)
    }

    fn byte(&mut self) -> Result<u8, BytesError> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn any(&mut self) -> Result<u64, BytesError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(BytesError::Bounds("number"))
    }

    fn whole(&mut self, most: u64, what: &'static str) -> Result<u64, BytesError> {
        let value = self.any()?;
        if value <= most { Ok(value) } else { Err(BytesError::Bounds(what)) }
    }

    fn signed(&mut self) -> Result<i64, BytesError> {
        let value = self.any()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::shared_for_tests;
    use super::*;

    #[test]
    fn a_result_survives_but_for_its_rounding() {
        let result = SharedResult { device: None, ..shared_for_tests(10) };
        let read = read(&write(&result)).unwrap();
        assert_eq!((read.ended, read.device, read.elapsed_secs), (HowEnded::Finished, None, 161.0));
        assert_eq!(read.candidates_digest, result.candidates_digest);
        for (a, b) in result.points.iter().zip(&read.points) {
            assert_eq!(a.epoch, b.epoch);
            assert!((a.test_accuracy - b.test_accuracy).abs() <= SHARE_UNIT / 2.0 + 1e-12);
            assert!((a.loss - b.loss).abs() <= 2.3 / LOSS_STEPS, "{} {}", a.loss, b.loss);
        }
        // What was read is written the same: a link that is passed on does not wear out.
        assert_eq!(super::read(&write(&read)).unwrap(), read);
    }

    #[test]
    fn it_is_small() {
        assert!(write(&shared_for_tests(10)).len() < 110);
        assert!(write(&shared_for_tests(120)).len() < 900);
    }

    #[test]
    fn what_is_cut_or_wrong_is_refused() {
        let bytes = write(&shared_for_tests(3));
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut]), Err(BytesError::Short), "{cut}");
        }
        assert_eq!(read(&[&bytes[..], &[0]].concat()), Err(BytesError::Long));
        let with = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            read(&bytes)
        };
        assert_eq!(with(0, 200), Err(BytesError::Bounds("kind")));
        // After kind, two bytes of seconds, digest and unit: the number of points.
        assert_eq!(with(15, 0), Err(BytesError::Bounds("number of epochs")));
        assert_eq!(with(16, 0), Err(BytesError::Bounds("epoch")));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn no_damage_panics(at in 0..60_usize, byte in any::<u8>()) {
            let mut bytes = write(&shared_for_tests(5));
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(result) = read(&bytes) {
                prop_assert!(result.points.iter().all(|point| point.loss.is_finite()));
            }
        }
    }
}
