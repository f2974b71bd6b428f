//! The epochs of a run as files that other programs read.

use serde::Serialize;

use super::config::Experiment;
use super::metrics::EpochMetrics;
use super::run::RunState;
use crate::protocol::BUILD_ID;

/// The format of an exported run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Csv,
    Json,
    Svg,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Csv, Self::Json, Self::Svg];

    /// Also the ending of the file's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Svg => "svg",
        }
    }
}

/// What the file is called: `proden-convnet-cifar10-epoch10.csv`.
pub fn file_name(format: Format, run: &RunState) -> String {
    let experiment = run.experiment.clone().unwrap_or_default();
    let (model, dataset) = (experiment.model, experiment.dataset);
    format!("proden-{model}-{dataset}-epoch{}.{}", run.epochs.len(), format.name())
}

/// A row an epoch, with the names of `metrics.jsonl` above.
pub fn csv(epochs: &[EpochMetrics]) -> String {
    let mut text = String::from(
        "epoch,loss,test_accuracy,label_accuracy,mean_confidence,confident_wrong,lr,images_per_sec,elapsed_secs\n",
    );
    for epoch in epochs {
        let EpochMetrics {
            epoch,
            loss,
            test_accuracy,
            label_accuracy,
            mean_confidence,
            confident_wrong,
            lr,
            images_per_sec,
            elapsed_secs,
        } = epoch;
        text += &format!(
            "{epoch},{loss},{test_accuracy},{label_accuracy},{mean_confidence},{confident_wrong},{lr},{images_per_sec},{elapsed_secs}\n"
        );
    }
    text
}

/// A run with what is needed to do it again.
#[derive(Serialize)]
struct Exported<'a> {
    program: &'static str,
    /// Names the sources of the page.
    build: &'static str,
    experiment: &'a Experiment,
    device: Option<&'static str>,
    candidates_digest: Option<&'a str>,
    class_names: &'a [String],
    epochs: &'a [EpochMetrics],
    /// Of this page's part of the run.
    step_losses: &'a [f32],
}

/// Settings, epochs and the loss of every step.
pub fn json(run: &RunState) -> String {
    let experiment = run.experiment.clone().unwrap_or_default();
    let exported = Exported {
        program: "proden",
        build: BUILD_ID,
        experiment: &experiment,
        device: run.device.as_ref().map(|device| device.kind.name()),
        candidates_digest: run.info.as_ref().map(|info| info.candidates_digest.as_str()),
        class_names: run.info.as_ref().map_or(&[], |info| &info.class_names),
        epochs: &run.epochs,
        step_losses: &run.step_losses,
    };
    // Our own types always have a JSON form; what is no number becomes null.
    serde_json::to_string_pretty(&exported).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::metrics::epoch_for_tests;
    use super::super::run::info_for_tests;
    use super::*;
    use crate::protocol::Event;

    fn run() -> RunState {
        let mut run = RunState::begun();
        run.apply(&Event::Started(info_for_tests()), &[]);
        for epoch in 1..=2 {
            let metrics = epoch_for_tests(epoch, 0.1 + 0.2);
            run.apply(&Event::Epoch { metrics, sample_confidences: vec![] }, &[]);
        }
        run
    }

    #[test]
    fn a_table_has_a_row_an_epoch_and_loses_no_digit() {
        let text = csv(&run().epochs);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let columns = lines[0].split(',').count();
        assert!(lines.iter().all(|line| line.split(',').count() == columns));
        let accuracy: f64 = lines[1].split(',').nth(2).unwrap().parse().unwrap();
        assert_eq!(accuracy, 0.1 + 0.2);
        assert_eq!(csv(&[]).lines().count(), 1);
    }

    /// The columns are those of `metrics.jsonl`.
    #[test]
    fn the_table_names_every_number_of_an_epoch() {
        let line = serde_json::to_value(epoch_for_tests(1, 0.5)).unwrap();
        let text = csv(&[]);
        for name in line.as_object().unwrap().keys() {
            assert!(text.trim().split(',').any(|column| column == name), "{name}");
        }
    }

    #[test]
    fn a_run_can_be_done_again_from_its_json() {
        let value: serde_json::Value = serde_json::from_str(&json(&run())).unwrap();
        let experiment: Experiment = serde_json::from_value(value["experiment"].clone()).unwrap();
        assert_eq!(Some(experiment), run().experiment);
        assert_eq!(value["epochs"].as_array().unwrap().len(), 2);
        assert_eq!(value["class_names"][1], "b");
    }

    #[test]
    fn files_are_named_after_their_run() {
        assert_eq!(file_name(Format::Csv, &run()), "proden-convnet-synthetic-epoch2.csv");
    }
}
