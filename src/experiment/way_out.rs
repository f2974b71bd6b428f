//! What one click can do about a run that its device has failed.

use super::choices::DeviceChoice;
use super::config::Experiment;
use super::setting::Setting;
use crate::protocol::Failure;

/// The settings with which a failed run is worth another try.
#[derive(Debug, Clone, PartialEq)]
pub enum WayOut {
    /// Only the device differs, so a run that is kept can go on.
    OnCpu(Experiment),
    /// Half the images a step: less memory, but other numbers, so it begins anew.
    SmallerBatch(Experiment),
}

impl WayOut {
    /// None where the failure is not the device's, or its settings leave nothing to change.
    pub fn of(failure: &Failure, failed: &Experiment) -> Option<Self> {
        let again = Experiment { autostart: false, ..failed.clone() };
        match failure.setting.as_deref().and_then(Setting::from_name)? {
            Setting::Device if failed.device != DeviceChoice::Cpu => {
                Some(Self::OnCpu(Experiment { device: DeviceChoice::Cpu, ..again }))
            }
            Setting::Batch if failed.batch > 1 => {
                Some(Self::SmallerBatch(Experiment { batch: failed.batch / 2, ..again }))
            }
            _ => None,
        }
    }

    /// What it is called, for a run that goes on or must begin anew.
    pub fn title(&self, goes_on: bool) -> String {
        match self {
            Self::OnCpu(_) if goes_on => t!("Continue on the CPU"),
            Self::OnCpu(_) => t!("Start again on the CPU"),
            Self::SmallerBatch(experiment) => {
                t!("Start again with batches of {n}", n = experiment.batch)
            }
        }
    }
}

/// Whether the run would fail in the same way again, whoever trains it.
pub fn is_hopeless(failure: &Failure) -> bool {
    failure.setting.as_deref() == Some(Setting::Batch.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(setting: Setting, device: DeviceChoice, batch: usize) -> Option<WayOut> {
        let failed = Experiment { device, batch, ..Experiment::default() };
        WayOut::of(&Failure::new("It broke.", "Again.").about(setting), &failed)
    }

    #[test]
    fn a_failed_card_is_left_for_the_cpu() {
        let way = of(Setting::Device, DeviceChoice::WebGpu, 64).unwrap();
        assert_eq!(way.title(true), "Continue on the CPU");
        assert_eq!(way.title(false), "Start again on the CPU");
        let WayOut::OnCpu(experiment) = way else { panic!("{way:?}") };
        assert_eq!((experiment.device, experiment.batch), (DeviceChoice::Cpu, 64));
        assert_eq!(of(Setting::Device, DeviceChoice::Cpu, 64), None);
    }

    #[test]
    fn a_card_without_room_gets_half() {
        let way = of(Setting::Batch, DeviceChoice::Auto, 65).unwrap();
        assert_eq!(way.title(true), "Start again with batches of 32");
        assert_eq!(of(Setting::Batch, DeviceChoice::Auto, 1), None);
        assert_eq!(of(Setting::Lr, DeviceChoice::Auto, 64), None);
    }
}
