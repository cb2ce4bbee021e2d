//! The actions of the operators on the axis of time, as SVG: a row for each verb, and a point for each time it was done.

use std::f64::consts::LOG10_E;

use askama::Template;

use super::plot::{self, BELOW, LEFT, MARGIN, SIZE};
use super::report::Report;

/// Height of a row in pixels.
const ROW: f64 = 20.0;
/// How far apart the points of two operators are in a row.
const APART: f64 = 5.0;
/// Most marks at the axis of time.
const MOST_MARKS: f64 = 12.0;
/// The row of what goes wrong.
const FAULTS: &str = "what goes wrong";

#[derive(Template)]
#[template(path = "offline/simulate/page/timeline.html")]
struct Timeline {
    width: u32,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    unit: &'static str,
    rows: Vec<Mark>,
    marks: Vec<Mark>,
    faults: Vec<Point>,
    deeds: Vec<Point>,
}

/// A text beside an axis.
struct Mark {
    at: f64,
    text: String,
}

/// Something that happened, and what is told where it is pointed at.
struct Point {
    x: f64,
    y: f64,
    colour: String,
    told: String,
}

/// Draws what the operators did in the runs of the first seed. `None`: none is among the policies.
///
/// # Errors
/// What the template says, which fails on no text.
pub fn svg(report: &Report, seconds: f64) -> Result<Option<String>, String> {
    let operators: Vec<_> = report.policies.iter().enumerate().filter(|(_, policy)| policy.acts).collect();
    if operators.is_empty() {
        return Ok(None);
    }
    let number = |count: usize| u32::try_from(count).map_or(f64::MAX, f64::from);
    let mut rows: Vec<String> = report.faults.first().map(|_| FAULTS.to_owned()).into_iter().collect();
    let deeds = operators.iter().filter_map(|(_, policy)| policy.runs.first()).flat_map(|run| &run.deeds);
    for verb in deeds.map(|deed| format!("{:?}", deed.verb)) {
        if !rows.contains(&verb) {
            rows.push(verb);
        }
    }
    let (left, right) = (f64::from(MARGIN + LEFT), f64::from(SIZE.0 - MARGIN));
    let (top, bottom) = (f64::from(MARGIN), f64::from(MARGIN) + ROW * number(rows.len().max(1)));
    // To a tenth of a pixel.
    let x = |at: f64| {
        let x = if seconds > 0.0 { left + (right - left) * at / seconds } else { left };
        (x * 10.0).round() / 10.0
    };
    let y = |row: &str| top + ROW * (number(rows.iter().position(|known| known == row).unwrap_or(0)) + 0.5);
    let (unit, of_unit) = plot::time(seconds);
    let step = step(seconds / of_unit);
    let marks = (0..=whole(seconds / of_unit / step)).map(|mark| f64::from(mark) * step);
    let middle = number(operators.len().saturating_sub(1)) / 2.0;
    let timeline = Timeline {
        width: SIZE.0,
        height: bottom + f64::from(BELOW),
        left,
        right,
        top,
        bottom,
        unit,
        marks: marks.map(|mark| Mark { at: x(mark * of_unit), text: plot::label(mark) }).collect(),
        faults: report
            .faults
            .iter()
            .map(|fault| Point {
                x: x(fault.at),
                y: y(FAULTS),
                colour: plot::colour_of_faults(),
                told: format!("{}: {}", clock(fault.at), fault.fault),
            })
            .collect(),
        deeds: operators
            .iter()
            .enumerate()
            .flat_map(|(nth, (place, policy))| {
                let deeds = policy.runs.first().into_iter().flat_map(|run| &run.deeds);
                deeds.map(move |deed| (nth, *place, policy, deed))
            })
            .map(|(nth, place, policy, deed)| Point {
                x: x(deed.at),
                y: y(&format!("{:?}", deed.verb)) + APART * (number(nth) - middle),
                colour: plot::colour(place),
                told: format!("{}, {}: {:?}. {}", clock(deed.at), policy.policy, deed.verb, deed.words),
            })
            .collect(),
        rows: rows.iter().map(|row| Mark { at: y(row), text: row.clone() }).collect(),
    };
    timeline.render().map(Some).map_err(|e| e.to_string())
}

/// An instant of a run: `1:02:03`, or `2:03` within the first hour.
#[must_use]
pub fn clock(seconds: f64) -> String {
    let seconds = whole(seconds);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// One, two or five of a power of ten, so that there are few enough marks.
fn step(length: f64) -> f64 {
    let least = (length / MOST_MARKS).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf((least.ln() * LOG10_E).floor());
    [1.0, 2.0, 5.0].into_iter().map(|times| times * power).find(|step| *step >= least).unwrap_or(10.0 * power)
}

/// The whole number below; the cast saturates.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_as_on_a_clock() {
        for (seconds, told) in [(0.0, "0:00"), (61.25, "1:01"), (3599.9, "59:59"), (3723.0, "1:02:03")] {
            assert_eq!(clock(seconds), told);
        }
    }

    #[test]
    fn an_axis_has_few_marks_at_even_numbers() {
        for (length, expected) in [(45.0, 5.0), (10.0, 1.0), (120.0, 10.0), (2.0, 0.2), (24.0, 2.0), (6.5, 1.0)] {
            assert!((step(length) - expected).abs() < 1e-9, "{length}: {}", step(length));
        }
    }
}
