//! Numbers as a person reads them.

use crate::protocol::LoadProgress;

/// `0.8374` as `83.7 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A loss or a learning rate: four significant digits, without trailing noughts.
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return t!("not a number");
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits_before = value.abs().log10().floor() as i32 + 1;
    let decimals = (4 - digits_before).clamp(0, 12) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// `1234567` as `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Decimal units, as hosts and browsers give them.
pub fn bytes(size_bytes: u64) -> String {
    let size = size_bytes as f64;
    match size_bytes {
        0..1_000 => format!("{size_bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size / 1e6),
        _ => format!("{:.2} GB", size / 1e9),
    }
}

/// How far something is that is being loaded or kept.
pub fn loading(progress: &LoadProgress) -> String {
    let LoadProgress { what, loaded_bytes, total_bytes } = progress;
    match total_bytes {
        Some(total) => t!(
            "{what}: {loaded} of {total}",
            what,
            loaded = bytes(*loaded_bytes),
            total = bytes(*total)
        ),
        None if *loaded_bytes == 0 => format!("{what}…"),
        None => format!("{what}: {}", bytes(*loaded_bytes)),
    }
}

/// `83.2` as `1 min 23 s`.
pub fn duration(secs: f64) -> String {
    // A run of a thousand years is as good as endless; the cast below must not overflow.
    if !(0.0..3e10).contains(&secs) {
        return t!("unknown");
    }
    let whole = secs.round() as u64;
    let (hours, minutes, seconds) = (whole / 3_600, whole / 60 % 60, whole % 60);
    match (hours, minutes) {
        (0, 0) => t!("{seconds} s", seconds),
        (0, _) => t!("{minutes} min {seconds} s", minutes, seconds),
        (1..48, _) => t!("{hours} h {minutes} min", hours, minutes),
        _ => t!("{days} days", days = hours / 24),
    }
}

/// The same without its nought: `2 min` and not `2 min 0 s`.
pub fn round_duration(secs: f64) -> String {
    match secs {
        60.0..3_600.0 if secs % 60.0 == 0.0 => t!("{minutes} min", minutes = secs / 60.0),
        3_600.0..172_800.0 if secs % 3_600.0 == 0.0 => t!("{hours} h", hours = secs / 3_600.0),
        _ => duration(secs),
    }
}

/// Where a run stands that is not under way.
pub fn position(epochs_done: usize, step: usize, epochs: usize) -> String {
    match (epochs_done, step) {
        (0, 0) => t!("before its first step"),
        (done, 0) => t!("after epoch {done} of {epochs}", done, epochs),
        (done, step) => {
            t!("in epoch {epoch} of {epochs}, after step {step}", epoch = done + 1, epochs, step)
        }
    }
}

/// The same, and what to do to go on.
pub fn standing(epochs_done: usize, step: usize, epochs: usize) -> String {
    let position = position(epochs_done, step, epochs);
    if epochs_done < epochs {
        t!("{position}: “Continue” goes on with it", position)
    } else {
        t!("{position}: set more epochs, then “Continue” goes on with it", position)
    }
}

/// Text as it may stand in HTML and SVG, between tags or in an attribute.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Images a second.
pub fn throughput(images_per_sec: f64) -> String {
    let decimals = usize::from(images_per_sec < 10.0);
    t!("{rate} images/s", rate = format!("{images_per_sec:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(percent(0.83742), "83.7 %");
        assert_eq!(significant(2.312585), "2.313");
        assert_eq!(significant(0.05), "0.05");
        assert_eq!(significant(12345.6), "12346");
        assert_eq!(significant(100.0), "100");
        assert_eq!(significant(0.000_123_456), "0.0001235");
        assert_eq!(significant(f64::NAN), "not a number");
        assert_eq!(count(4_434_570), "4,434,570");
        assert_eq!(count(100), "100");
        assert_eq!(bytes(170_052_171), "170.1 MB");
        assert_eq!(bytes(900), "900 B");
        assert_eq!(throughput(532.4), "532 images/s");
        assert_eq!(escaped("a<b> & \"c\""), "a&lt;b&gt; &amp; &quot;c&quot;");
    }

    #[test]
    fn loading_says_how_far_it_is() {
        let at = |loaded_bytes, total_bytes| {
            loading(&LoadProgress { what: "a.bin".into(), loaded_bytes, total_bytes })
        };
        assert_eq!(at(0, None), "a.bin…");
        assert_eq!(at(1_000, None), "a.bin: 1 kB");
        assert_eq!(at(0, Some(2_000)), "a.bin: 0 B of 2 kB");
    }

    #[test]
    fn positions_read_well() {
        assert_eq!(position(0, 0, 4), "before its first step");
        assert_eq!(position(2, 0, 4), "after epoch 2 of 4");
        assert_eq!(position(0, 7, 4), "in epoch 1 of 4, after step 7");
        assert!(standing(2, 0, 4).starts_with("after epoch 2 of 4: “Continue”"));
        assert!(standing(4, 0, 4).contains("set more epochs"));
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(59.6), "1 min 0 s");
        assert_eq!(duration(3.2), "3 s");
        assert_eq!(duration(4_000.0), "1 h 6 min");
        assert_eq!(duration(1e6), "11 days");
        assert_eq!(duration(f64::INFINITY), "unknown");
        assert_eq!(duration(f64::NAN), "unknown");
    }
}
