//! Whether a run can go on under other settings than those that it began with.

use super::{Experiment, Setting};
use crate::protocol::Failure;

/// Whether a run under `before` can go on under `now`, after `epochs` epochs.
///
/// # Errors
/// With the first setting that decides a number and differs.
pub fn check(before: &Experiment, now: &Experiment, epochs: usize) -> Result<(), Failure> {
    let is_free = |setting: &Setting| {
        matches!(setting, Setting::Epochs | Setting::Data | Setting::Device | Setting::Autostart)
    };
    let differs = |setting: &Setting| before.get(*setting) != now.get(*setting);
    if let Some(&setting) =
        Setting::ALL.iter().find(|setting| !is_free(setting) && differs(setting))
    {
        return Err(Failure::new(
            t!(
                "The run cannot go on with {setting} = {now}: it was trained with {before}.",
                setting,
                now = now.get(setting),
                before = before.get(setting)
            ),
            t!("Set it back, or start a new run. Only the epochs, the data host and the device may change."),
        )
        .about(setting));
    }
    if now.epochs <= epochs {
        return Err(Failure::new(
            t!("The run has trained its {epochs} epochs.", epochs),
            t!("Set more epochs to go on."),
        )
        .about(Setting::Epochs));
    }
    Ok(())
}
