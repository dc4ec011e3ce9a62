//! Medians, ratios and limits, and how they are printed.

use super::process::{Contender, Run};

pub(super) const MIB: f64 = 1024.0 * 1024.0;

/// A measured value and its limit.
struct Bar {
    what: String,
    /// The value and its maximum; `None` if nothing was measured.
    measured: Option<(f64, f64)>,
    unit: &'static str,
}

/// The limits of all groups.
#[derive(Default)]
pub(super) struct Report {
    bars: Vec<Bar>,
}

impl Report {
    /// Adds a limit: `value`, if it was measured, must be at most `most`.
    pub(super) fn at_most(&mut self, what: impl Into<String>, value: Option<f64>, most: f64, unit: &'static str) {
        self.bars.push(Bar { what: what.into(), measured: value.map(|value| (value, most)), unit });
    }

    /// Adds a limit for peak memory, in MiB.
    pub(super) fn peak(&mut self, what: impl Into<String>, contender: Option<&Contender>, most: f64) {
        self.at_most(what, contender.map(|contender| contender.peak() / MIB), most, " MiB");
    }

    pub(super) fn is_missed(&self) -> bool {
        self.bars.iter().any(|bar| bar.measured.is_some_and(|(value, most)| value > most))
    }

    pub(super) fn print_bars(&self) {
        println!("| what | measured | at most | |\n| --- | ---: | ---: | --- |");
        for Bar { what, measured, unit } in &self.bars {
            match measured {
                Some((value, most)) => {
                    let kept = if value <= most { "kept" } else { "**missed**" };
                    println!("| {what} | {}{unit} | {}{unit} | {kept} |", number(*value), number(*most));
                }
                None => println!("| {what} | | | not measured |"),
            }
        }
    }
}

impl Contender {
    /// The median time, in seconds.
    pub(super) fn median(&self) -> f64 {
        median(self.runs.iter().map(|run| run.seconds))
    }

    /// The largest peak of all runs, in bytes.
    pub(super) fn peak(&self) -> f64 {
        self.runs.iter().map(|run| run.peak_bytes as f64).fold(0.0, f64::max)
    }
}

/// The contender of that name.
pub(super) fn find<'c>(contenders: &'c [Contender], name: &str) -> Option<&'c Contender> {
    contenders.iter().find(|contender| contender.name == name && !contender.runs.is_empty())
}

/// The ratio of two median times.
pub(super) fn ratio(contenders: &[Contender], name: &str, other: &str) -> Option<f64> {
    Some(find(contenders, name)?.median() / find(contenders, other)?.median())
}

/// Prints the measurements, relative to the first program.
pub(super) fn print(title: &str, contenders: &[Contender]) {
    let first = contenders.first().map_or(0.0, Contender::median);
    println!("**{title}**\n");
    println!("| program | median | × {} | fastest – slowest | processor | peak memory | runs |", contenders[0].name);
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for contender in contenders.iter().filter(|contender| !contender.runs.is_empty()) {
        let seconds = || contender.runs.iter().map(|run: &Run| run.seconds);
        println!(
            "| {} | {} | {} | {} – {} | {} | {} MiB | {} |",
            contender.name,
            time(contender.median()),
            number(contender.median() / first),
            time(seconds().fold(f64::INFINITY, f64::min)),
            time(seconds().fold(0.0, f64::max)),
            time(median(contender.runs.iter().map(|run| run.cpu_seconds))),
            number(contender.peak() / MIB),
            contender.runs.len(),
        );
    }
    println!();
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

fn time(seconds: f64) -> String {
    if seconds < 9.9995 { format!("{:.0} ms", seconds * 1e3) } else { format!("{seconds:.1} s") }
}

/// Three digits, as far as they say anything.
fn number(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 0.1 => format!("{value:.2}"),
        value => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert!(median(std::iter::empty()).is_nan());
    }

    #[test]
    fn only_what_was_measured_can_be_missed() {
        let mut report = Report::default();
        report.at_most("kept", Some(1.0), 1.0, "");
        report.at_most("not measured", None, 0.0, "");
        assert!(!report.is_missed());
        report.at_most("missed", Some(1.1), 1.0, "");
        assert!(report.is_missed());
    }
}
