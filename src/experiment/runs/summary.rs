//! Mean and standard deviation over seeds, as a table, as CSV and as LaTeX.

use super::{Outcome, RunRecord, table};
use crate::experiment::config::Experiment;
use crate::experiment::metrics::Summary;
use crate::experiment::setting::Setting;

/// A mean, and the sample standard deviation where there is more than one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub mean: f64,
    pub deviation: Option<f64>,
}

impl Spread {
    /// Of at least one value.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt());
        Self { mean, deviation }
    }

    /// In percent: `92.8 ± 0.4`.
    pub fn text(self) -> String {
        match self.deviation {
            Some(deviation) => format!("{:.1} ± {:.1}", self.mean * 1e2, deviation * 1e2),
            None => format!("{:.1}", self.mean * 1e2),
        }
    }
}

/// A number that is summed up: name in a file, title, and where it comes from.
pub struct Column {
    pub name: &'static str,
    pub title: &'static str,
    take: fn(&Outcome) -> Option<f64>,
}

/// The numbers of the table.
pub const COLUMNS: [Column; 4] = [
    Column {
        name: "test_accuracy_last",
        title: "Last",
        take: |outcome| Some(Summary::of(&outcome.history)?.last),
    },
    Column {
        name: "test_accuracy_best",
        title: "Best",
        take: |outcome| Some(Summary::of(&outcome.history)?.best),
    },
    Column {
        name: "test_accuracy_mean_of_last_10",
        title: "Mean of last 10",
        take: |outcome| Some(Summary::of(&outcome.history)?.mean_of_last_ten),
    },
    Column {
        name: "label_accuracy",
        title: "Label accuracy",
        take: |outcome| Some(outcome.history.last()?.label_accuracy),
    },
];

/// Runs that differ in their seed alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The values of [`Table::settings`].
    pub values: Vec<String>,
    pub runs: usize,
    /// One for each of [`COLUMNS`].
    pub spreads: Vec<Spread>,
}

/// Groups of runs side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What differs between the groups.
    pub settings: Vec<Setting>,
    pub groups: Vec<Group>,
}

impl Table {
    /// Of the runs that reached their end; others would lower a mean without being worse.
    pub fn of(runs: &[&RunRecord]) -> Self {
        let whole = |run: &&&RunRecord| {
            run.outcome.ended == super::Ended::Finished && !run.outcome.history.is_empty()
        };
        let runs: Vec<&RunRecord> = runs.iter().filter(whole).copied().collect();
        let mut groups: Vec<Vec<&RunRecord>> = Vec::new();
        for run in runs.iter().copied() {
            let same = |group: &&mut Vec<&RunRecord>| is_sibling(group[0], run);
            match groups.iter_mut().find(same) {
                Some(group) => group.push(run),
                None => groups.push(vec![run]),
            }
        }
        let mut settings = table::differing(runs.iter().map(|run| &run.outcome));
        settings.retain(|&setting| setting != Setting::Seed && setting != Setting::Device);
        let group = |runs: &Vec<&RunRecord>| Group {
            values: settings.iter().map(|&it| table::value(&runs[0].outcome, it)).collect(),
            runs: runs.len(),
            spreads: COLUMNS.iter().map(|column| spread(runs, column)).collect(),
        };
        Self { groups: groups.iter().map(group).collect(), settings }
    }

    /// Comma-separated, a line a group; shares from 0 to 1, unrounded.
    pub fn to_csv(&self) -> String {
        let mut head: Vec<String> = self.settings.iter().map(|it| it.name().to_owned()).collect();
        head.push("runs".to_owned());
        for Column { name, .. } in &COLUMNS {
            head.extend([format!("{name}_mean"), format!("{name}_sd")]);
        }
        let mut text = head.join(",") + "\n";
        for group in &self.groups {
            let mut cells = group.values.clone();
            cells.push(group.runs.to_string());
            for spread in &group.spreads {
                let deviation = spread.deviation.map(|it| it.to_string()).unwrap_or_default();
                cells.extend([spread.mean.to_string(), deviation]);
            }
            text.push_str(&(cells.join(",") + "\n"));
        }
        text
    }

    /// A `tabular` that needs no package; shares in percent.
    pub fn to_latex(&self) -> String {
        let texts = "l".repeat(self.settings.len());
        let numbers = "r".repeat(COLUMNS.len() + 1);
        let mut head: Vec<String> = self.settings.iter().map(|it| escape(it.label())).collect();
        head.push("Runs".to_owned());
        head.extend(COLUMNS.iter().map(|column| format!("{} (\\%)", escape(column.title))));
        let mut text = format!("\\begin{{tabular}}{{{texts}{numbers}}}\n\\hline\n");
        text.push_str(&format!("{} \\\\\n\\hline\n", head.join(" & ")));
        for group in &self.groups {
            let mut cells: Vec<String> = group.values.iter().map(|value| escape(value)).collect();
            cells.push(group.runs.to_string());
            let math = |spread: &Spread| format!("${}$", spread.text().replace('±', "\\pm"));
            cells.extend(group.spreads.iter().map(math));
            text.push_str(&format!("{} \\\\\n", cells.join(" & ")));
        }
        text + "\\hline\n\\end{tabular}\n"
    }
}

fn is_sibling(a: &RunRecord, b: &RunRecord) -> bool {
    let alike = Experiment { seed: b.outcome.experiment.seed, ..a.outcome.experiment.clone() };
    table::same_experiment(&alike, &b.outcome.experiment)
}

fn spread(runs: &[&RunRecord], column: &Column) -> Spread {
    let values: Vec<f64> = runs.iter().filter_map(|run| (column.take)(&run.outcome)).collect();
    Spread::of(&values)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', character]),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::{Ended, record_for_tests};
    use super::*;

    fn run(id: u64, rate: f64, accuracy: f64) -> RunRecord {
        let experiment = Experiment { rate, seed: id, ..Experiment::default() };
        record_for_tests(id, experiment, &[0.2, accuracy])
    }

    fn table() -> Table {
        let mut stopped = run(4, 0.1, 0.1);
        stopped.outcome.ended = Ended::Stopped;
        let runs = [run(1, 0.1, 0.9), run(2, 0.3, 0.7), run(3, 0.1, 0.8), stopped];
        Table::of(&runs.iter().collect::<Vec<_>>())
    }

    #[test]
    fn spreads_are_of_a_sample() {
        let spread = Spread::of(&[0.9, 0.8, 0.7]);
        assert!(
            (spread.mean - 0.8).abs() < 1e-12 && (spread.deviation.unwrap() - 0.1).abs() < 1e-12
        );
        assert_eq!(spread.text(), "80.0 ± 10.0");
        assert_eq!(Spread::of(&[0.5]), Spread { mean: 0.5, deviation: None });
        assert_eq!(Spread::of(&[0.5]).text(), "50.0");
    }

    #[test]
    fn runs_are_grouped_by_all_but_the_seed() {
        let table = table();
        assert_eq!(table.settings, [Setting::Rate]);
        let groups: Vec<_> =
            table.groups.iter().map(|group| (group.values[0].as_str(), group.runs)).collect();
        assert_eq!(groups, [("0.1", 2), ("0.3", 1)], "a stopped run is left out");
        assert!((table.groups[0].spreads[0].mean - 0.85).abs() < 1e-12);
        assert_eq!(Table::of(&[]).groups, []);
    }

    #[test]
    fn the_csv_is_unrounded() {
        let csv = table().to_csv();
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("rate,runs,test_accuracy_last_mean,test_accuracy_last_sd,"));
        assert!(lines[2].starts_with("0.3,1,0.7,,0.7,,"), "{}", lines[2]);
        assert!(lines.iter().all(|line| line.split(',').count() == 10));
    }

    #[test]
    fn the_latex_is_a_tabular() {
        let latex = table().to_latex();
        assert!(
            latex.starts_with("\\begin{tabular}{lrrrrr}\n\\hline\nAmbiguity q & Runs & Last (\\%)")
        );
        assert!(latex.contains("0.1 & 2 & $85.0 \\pm 7.1$ & "), "{latex}");
        assert!(latex.ends_with("\\hline\n\\end{tabular}\n"));
        assert_eq!(escape("50%_{\\~"), "50\\%\\_\\{\\textbackslash{}\\textasciitilde{}");
    }
}
