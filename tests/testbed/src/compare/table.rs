//! The comparison as a table in Markdown. Pure.

use std::fmt::Write as _;

use super::judge::{Answer, Judged};
use super::report::{Report, Row, best};
use super::scaler::Family;
use super::simulator::Simulated;
use super::spread::Spread;

/// A figure of the runs, to so many places.
type Figure = (fn(&Judged) -> f64, fn(&Simulated) -> f64, usize);

const BAD_MINUTES: Figure = (|run| f64::from(run.bad_minutes), |run| f64::from(run.bad_minutes), 1);
const POD_HOURS: Figure = (|run| run.pod_hours, |run| run.pod_hours, 2);

/// The table, with a line that says what the figures are.
#[must_use]
pub fn table(report: &Report) -> String {
    let tuned: Vec<_> =
        [Family::Cpu, Family::Rate].into_iter().filter_map(|family| best(&report.rows, family)).collect();
    let struck = report.rows.iter().flat_map(|row| &row.live).any(|run| run.fault.is_some());
    let mut heads = vec!["scaled by", "runs", "first raise after the step, s", "well again after, s"];
    if struck {
        heads.extend(["first raise after the fault, s", "well again after, s"]);
    }
    let minutes = report.rows.iter().flat_map(|row| &row.live).map(|run| run.minutes).max().unwrap_or_default();
    let bad = format!("bad minutes of {minutes}");
    heads.extend([bad.as_str(), "pod-hours", "simulated bad minutes", "simulated pod-hours", "within the spread"]);
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "| {} |", heads.join(" | "));
    let _ = writeln!(text, "|{}", "---|".repeat(heads.len()));
    for row in &report.rows {
        let name = if tuned.contains(&row.scaler) { format!("**{}**", row.scaler) } else { row.scaler.to_string() };
        let mut cells = vec![name, row.live.len().to_string()];
        cells.extend(answer(row, |run| Some(run.step)));
        if struck {
            cells.extend(answer(row, |run| run.fault));
        }
        cells.extend([BAD_MINUTES, POD_HOURS].map(|(of, _, places)| shown(row.live(of), places)));
        cells.extend([BAD_MINUTES, POD_HOURS].map(|(_, of, places)| shown(row.simulated(of), places)));
        cells.push(agrees(row));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    let _ = write!(
        text,
        "\nThe median of the runs, with the least and the most. Bold: the best target of the autoscaler, chosen afterwards by the \
         fewest bad minutes and then the fewest pods, in the mean. A raise is one of the replicas or of the autoscaler's floor, within \
         three minutes. Simulated: by \
         `guarantor simulate`, with the same load; within the spread: whether the median of what is simulated lies between the \
         least and the most of what was seen, or the other way round.\n"
    );
    text
}

/// How soon it was raised, and well again.
fn answer(row: &Row, of: fn(&Judged) -> Option<Answer>) -> [String; 2] {
    let seconds = |figure: fn(&Answer) -> Option<f64>| {
        let all = row.live.iter().filter_map(of).map(|answer| figure(&answer).unwrap_or(f64::INFINITY));
        shown(Spread::of(all), 0)
    };
    let mut raised = seconds(|answer| answer.wrote);
    if row.scaler.family() == Family::Guarantor {
        // The autoscaler below it may have been sooner.
        raised = format!("{raised}; the floor {}", seconds(|answer| answer.raised_floor));
    }
    [raised, seconds(|answer| answer.recovered)]
}

fn shown(spread: Option<Spread>, places: usize) -> String {
    spread.map_or_else(|| "–".to_owned(), |spread| format!("{spread:.places$}"))
}

fn agrees(row: &Row) -> String {
    let word = |(live, simulated, _): Figure| match row.agrees(live, simulated) {
        Some(true) => "yes",
        Some(false) => "no",
        None => "–",
    };
    let (bad_minutes, pod_hours) = (word(BAD_MINUTES), word(POD_HOURS));
    if bad_minutes == pod_hours { bad_minutes.to_owned() } else { format!("minutes {bad_minutes}, pods {pod_hours}") }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::row;
    use super::super::scaler::Scaler;
    use super::*;

    #[test]
    fn the_table_shows_the_spread_the_best_target_and_what_was_simulated() {
        let rows = vec![
            row(Scaler::Guarantor(80), &[(0, 2.0), (1, 2.1), (0, 2.25)], &[(0, 2.5); 2]),
            row(Scaler::Cpu(50), &[(1, 3.0), (1, 3.0)], &[(1, 3.0); 2]),
            row(Scaler::Cpu(80), &[(7, 1.5)], &[(7, 1.5)]),
        ];
        let table = table(&Report { load: Vec::new(), lead_in_seconds: 0, rows });
        let lines: Vec<&str> = table.lines().collect();
        let expected = [
            "| scaled by | runs | first raise after the step, s | well again after, s | bad minutes of 15 | pod-hours | simulated \
             bad minutes | simulated pod-hours | within the spread |",
            "|---|---|---|---|---|---|---|---|---|",
            "| Guarantor over HPA on CPU, 80 % | 3 | 20; the floor 50 | never | 0.0 (0.0 to 1.0) | 2.10 (2.00 to 2.25) | 0.0 | 2.50 | minutes \
             yes, pods no |",
            "| **HPA on CPU, 50 %** | 2 | 20 | never | 1.0 | 3.00 | 1.0 | 3.00 | yes |",
            "| HPA on CPU, 80 % | 1 | 20 | never | 7.0 | 1.50 | 7.0 | 1.50 | – |",
        ];
        assert_eq!(lines.get(..5), Some(expected.as_slice()));
    }
}
