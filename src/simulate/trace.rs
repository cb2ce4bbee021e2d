//! Recorded loads: the formats of the repository's traces and the CSV of one's own service.
//!
//! - one number a line, no header: requests per second in each second;
//! - a CSV with a header. The first column says when: `minute`, `second` or `hour` (a number), or a timestamp (RFC 3339, civil,
//!   which is that of UTC, or Unix seconds). Another column, the second one unless it is asked for, says how much: requests
//!   in the time until the next row, or requests per second if its name says so.
//!
//! A row is taken for the middle of its time, and between two middles the rate changes evenly: a recording by the minute
//! does not say that the load jumps at every full minute. A row that is missing is a hole: the rate before it is kept.

use jiff::Timestamp;
use thiserror::Error;

use super::load::{Load, Unusable};

mod header;
mod lines;
mod steps;
mod time;

use header::Header;
pub use header::{Column, Measure};
use lines::Lines;
use steps::Row;
pub use steps::{Holes, LONGEST, of_rates};

/// A recording that cannot be used.
#[derive(Debug, Error, PartialEq)]
pub enum Unreadable {
    /// A row says something else than it should.
    #[error("row {row} of the trace: {problem}")]
    Row {
        /// The line of the file, from 1 on.
        row: usize,
        /// What is wrong.
        problem: String,
    },
    /// The column that was asked for is not there, or is not the only one.
    #[error("{0}")]
    Column(String),
    /// There are too few rows to know how long each of them lasts.
    #[error("the trace must have at least two rows")]
    Short,
    /// Rows follow each other faster than the load of a run can change.
    #[error("the rows of the trace are less than a second apart; sum them up, a row for each second or more")]
    Close,
    /// With so many rows missing the load would be a guess.
    #[error(
        "the trace says nothing of {}, more than a tenth; write a row for each step, or cut the trace; the longest hole is \
         before row {row}",
        holes.told()
    )]
    Holes {
        /// How many.
        holes: Holes,
        /// What is after the longest one.
        row: usize,
    },
    /// Longer than three years.
    #[error("the trace spans more than three years; cut it")]
    Long,
    /// A rate that cannot be offered.
    #[error(transparent)]
    Rate(#[from] Unusable),
}

/// A recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The load.
    pub load: Load,
    /// When it begins, where its rows say so by the calendar.
    pub begins: Option<Timestamp>,
    /// The column it was read from, where there are columns.
    pub column: Option<Column>,
    /// The steps that nothing is known of.
    pub holes: Holes,
}

/// Reads a recording; `column` says which one to take of several, by its name or its number from 1 on.
///
/// # Errors
/// Names the row or column that does not fit.
pub fn read(text: &str, column: Option<&str>) -> Result<Load, Unreadable> {
    Ok(recording(text, column)?.load)
}

/// The same, with when it begins and how it was read.
///
/// # Errors
/// As for [`read`].
pub fn recording(text: &str, column: Option<&str>) -> Result<Recording, Unreadable> {
    // Spreadsheets write a byte order mark before the first character.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().find(|line| !line.trim().is_empty()).ok_or(Unreadable::Short)?;
    if first.trim().parse::<f64>().is_err() {
        return table(text, column);
    }
    if column.is_some() {
        return Err(Unreadable::Column("the trace has one number a line and no columns; leave it out".to_owned()));
    }
    let values = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let rate = |(index, line): (usize, &str)| {
        let unusable = || Unreadable::Row { row: index + 1, problem: format!("{:?} {NO_AMOUNT}", line.trim()) };
        amount(line.trim()).ok_or_else(unusable)
    };
    let rates = values.map(rate).collect::<Result<Vec<f64>, _>>()?;
    let holes = Holes { steps: 0, of: rates.len() };
    Ok(Recording { load: Load::new(rates)?, begins: None, column: None, holes })
}

/// What is wrong with a cell that is none of requests.
const NO_AMOUNT: &str = "is not a number of at least 0";

/// So many requests.
fn amount(text: &str) -> Option<f64> {
    text.parse().ok().filter(|amount: &f64| amount.is_finite() && *amount >= 0.0)
}

fn table(text: &str, column: Option<&str>) -> Result<Recording, Unreadable> {
    // Rows of another length are refused in our own words.
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut lines = Lines::new(text);
    let mut header: Option<Header> = None;
    let mut rows: Vec<Row> = Vec::new();
    let mut begins = None;
    for record in reader.records() {
        let record = record.map_err(|error| {
            let row = error.position().map_or(0, csv::Position::byte);
            Unreadable::Row { row: lines.of(row), problem: error.to_string() }
        })?;
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        if record.iter().all(str::is_empty) && record.len() == 1 {
            continue;
        }
        let wrong = |problem| Unreadable::Row { row: line, problem };
        let Some(header) = &header else {
            header::check(&record).map_err(wrong)?;
            header = Some(Header::new(&record, column)?);
            continue;
        };
        let (at, instant, value) = header.row(&record).map_err(wrong)?;
        if rows.last().is_some_and(|before| before.at >= at) {
            return Err(wrong("times must rise, and its time is not after the one before".to_owned()));
        }
        if rows.is_empty() {
            begins = instant;
        }
        rows.push(Row { line, at, value });
    }
    let column = header.ok_or(Unreadable::Short)?.column;
    let (rates, holes) = steps::rates(&rows, column.says)?;
    Ok(Recording { load: Load::new(rates)?, begins, column: Some(column), holes })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests;
