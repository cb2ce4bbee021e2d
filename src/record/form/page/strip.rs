//! Bars drawn to scale: the slots of a period by their state, and the violations where they lie in it.
//!
//! Drawn by hand: a few rectangles are no reason for a plotting library.

use crate::api::statement::{ObjectiveStatement, StatementSpec};

/// The width of a bar, in its own units.
pub(super) const WIDTH: i64 = 1000;
/// The least width at which something can still be seen.
const LEAST: i64 = 3;

/// A rectangle in a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub x: i64,
    pub width: i64,
}

/// Where counts stand in a bar that they fill together, one after the other. What is there at all can be seen.
pub(super) fn shares(counts: &[i64]) -> Vec<Mark> {
    let all = counts.iter().map(|count| i128::from((*count).max(0))).sum();
    let mut widths: Vec<i64> =
        counts.iter().map(|count| if *count > 0 { scaled((*count).into(), all).max(LEAST) } else { 0 }).collect();
    // What the narrow ones were given, and what was cut off, is the widest one's.
    let rest = WIDTH - widths.iter().sum::<i64>();
    if let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > 0) {
        *widest += rest;
    }
    let mut end = 0;
    let place = |width| {
        end += width;
        Mark { x: end - width, width }
    };
    widths.into_iter().map(place).collect()
}

/// Where the violations of an objective lie in the time that is judged.
pub(super) fn marks(objective: &ObjectiveStatement, statement: &StatementSpec) -> Vec<Mark> {
    let judged = statement.judged_time();
    let (start, end) = (judged.start.0.as_second(), judged.end.0.as_second());
    let length = i128::from(end) - i128::from(start);
    let place = |second: i64| scaled(i128::from(second.clamp(start, end.max(start))) - i128::from(start), length);
    let of = statement.violations.iter().filter(|violation| violation.objective == objective.name);
    of.map(|violation| {
        let from = place(violation.start.0.as_second());
        let until = violation.end.as_ref().map_or(WIDTH, |end| place(end.0.as_second()));
        let width = (until - from).max(LEAST);
        Mark { x: from.min(WIDTH - LEAST), width: width.min(WIDTH) }
    })
    .collect()
}

fn scaled(part: i128, whole: i128) -> i64 {
    i64::try_from(part * i128::from(WIDTH) / whole.max(1)).unwrap_or(WIDTH).min(WIDTH)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::super::example::issued;
    use super::*;

    fn filled(counts: &[i64]) -> Vec<(i64, i64)> {
        shares(counts).into_iter().map(|mark| (mark.x, mark.width)).collect()
    }

    #[test]
    fn counts_fill_the_bar_and_none_disappears() {
        assert_eq!(filled(&[8_931, 4, 5, 0]), [(0, 994), (994, 3), (997, 3), (1000, 0)]);
        assert_eq!(filled(&[1, 1, 0, 0]), [(0, 500), (500, 500), (1000, 0), (1000, 0)]);
        assert_eq!(filled(&[1, 1, 1, 0]), [(0, 333), (333, 333), (666, 334), (1000, 0)]);
        for counts in [[0, 0, 0, 0], [-5, 7, 0, 1], [i64::MAX, i64::MAX, 1, 0]] {
            let marks = shares(&counts);
            assert!(
                marks.iter().all(|mark| mark.x >= 0 && mark.width >= 0 && mark.x + mark.width <= WIDTH),
                "{marks:?}"
            );
        }
    }

    #[test]
    fn violations_lie_where_they_were() {
        let statement = issued().statement;
        let mut found = marks(statement.objectives.first().unwrap(), &statement);
        found.extend(marks(statement.objectives.last().unwrap(), &statement));
        assert_eq!(found, [Mark { x: 354, width: 26 }]);
        let mut wild = statement.clone();
        wild.violations.iter_mut().for_each(|v| (v.start, v.end) = (wild.period.end.clone(), None));
        wild.period.end = wild.period.start.clone();
        assert_eq!(marks(wild.objectives.first().unwrap(), &wild), [Mark { x: 0, width: WIDTH }]);
    }
}
