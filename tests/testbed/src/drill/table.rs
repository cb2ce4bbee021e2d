//! The table of a drill, and its summary.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{Act, Fault, Run};

/// The head of the table.
pub const HEADER: &str = "| fault | seed | onset | newest sample when told, after | cause | first write after | verbs | recovered after | verdict | wrong verbs |\n\
                          |---|---|---|---|---|---|---|---|---|---|";

/// A run as a row of the table.
#[must_use]
pub fn row(run: &Run) -> String {
    let proven = run.proven.as_ref().map_or_else(|| "-".to_owned(), |(at, _)| after(run, *at));
    let cause = run.proven.as_ref().map_or("-", |(_, cause)| cause);
    let write = first_write(run).map_or_else(|| "none".to_owned(), |act| after(run, act.at));
    let recovered = run.recovered.map_or_else(|| "never in danger".to_owned(), |at| after(run, at));
    format!(
        "| {} | {} | {} | {proven} | {cause} | {write} | {} | {recovered} | {} | {} |",
        run.fault.word(),
        run.seed,
        run.onset.strftime("%H:%M:%S"),
        verbs(run),
        verdict(run),
        or_none(&run.wrong),
    )
}

/// For each fault: runs, medians and what went wrong.
#[must_use]
pub fn summary(runs: &[Run]) -> String {
    let mut faults: Vec<Fault> = runs.iter().map(|run| run.fault).collect();
    faults.sort_unstable();
    faults.dedup();
    let mut text =
        "| fault | runs | newest sample when told, median | first write after, median | recovered after, median | wrong verbs | \
                    missing answers |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for fault in faults {
        let of: Vec<&Run> = runs.iter().filter(|run| run.fault == fault).collect();
        let median = |at: fn(&Run) -> Option<Timestamp>| {
            let mut all: Vec<i64> = of.iter().filter_map(|run| Some(seconds(run, at(run)?))).collect();
            all.sort_unstable();
            all.get(all.len() / 2).map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} s"))
        };
        let count = |of_one: fn(&Run) -> usize| of.iter().map(|run| of_one(run)).sum::<usize>();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            fault.word(),
            of.len(),
            median(|run| run.proven.as_ref().map(|(at, _)| *at)),
            median(|run| first_write(run).map(|act| act.at)),
            median(|run| run.recovered),
            count(|run| run.wrong.len()),
            count(|run| run.missing.len()),
        );
    }
    text
}

fn first_write(run: &Run) -> Option<&Act> {
    run.acts.first()
}

fn seconds(run: &Run, at: Timestamp) -> i64 {
    at.duration_since(run.onset).as_secs().max(0)
}

fn after(run: &Run, at: Timestamp) -> String {
    format!("{} s", seconds(run, at))
}

fn verbs(run: &Run) -> String {
    let told = run.acts.iter().map(|act| format!("{} {}", act.verb, act.change).trim().to_owned());
    or_none(&told.collect::<Vec<_>>())
}

/// The verdicts of the verbs that answer, or that it was held; and what is missing.
fn verdict(run: &Run) -> String {
    let verbs = super::Expectation::of(run.fault).verbs;
    let judged = run.acts.iter().filter(|act| verbs.contains(&act.verb.as_str()) && !act.verdict.is_empty());
    let verdicts: Vec<String> = judged.map(|act| act.verdict.clone()).collect();
    let found = if verbs.is_empty() { "held".to_owned() } else { or_none(&verdicts) };
    if run.missing.is_empty() { found } else { format!("{found}; MISSING: {}", run.missing.join(", ")) }
}

fn or_none(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn run(fault: Fault, seed: u64, proven: i64) -> Run {
        let onset = Timestamp::from_second(1_000).unwrap();
        let later = |seconds: i64| Timestamp::from_second(1_000 + seconds).unwrap();
        let raise = Act {
            verb: "RaiseFloor".into(),
            target: "web".into(),
            change: "8 -> 16".into(),
            at: later(proven + 1),
            phase: "Done".into(),
            verdict: "Effective".into(),
        };
        Run {
            fault,
            seed,
            onset,
            proven: Some((later(proven), "Saturation".into())),
            acts: vec![raise],
            recovered: Some(later(40)),
            wrong: Vec::new(),
            missing: Vec::new(),
        }
    }

    #[test]
    fn a_row_tells_the_run_and_the_summary_the_medians() {
        let told = row(&run(Fault::TrafficStep, 7, 12));
        assert_eq!(
            told,
            "| traffic-step | 7 | 00:16:40 | 12 s | Saturation | 13 s | RaiseFloor 8 -> 16 | 40 s | Effective | none |"
        );
        let wrong = Run { wrong: vec!["RollBack".into()], ..run(Fault::SlowNode, 1, 5) };
        let runs =
            [run(Fault::TrafficStep, 1, 30), run(Fault::TrafficStep, 2, 10), run(Fault::TrafficStep, 3, 12), wrong];
        let summary = summary(&runs);
        assert!(summary.contains("| traffic-step | 3 | 12 s | 13 s | 40 s | 0 | 0 |"), "{summary}");
        assert!(summary.contains("| slow-node | 1 | 5 s | 6 s | 40 s | 1 | 0 |"), "{summary}");
    }
}
