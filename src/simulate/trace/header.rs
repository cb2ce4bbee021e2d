//! The header of a CSV: how its first column says when, and which other one says how much.

use csv::StringRecord;
use jiff::Timestamp;

use super::time::{Clock, is_of_a_row};
use super::{NO_AMOUNT, Unreadable, amount};

/// The column a load was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in the header.
    pub name: String,
    /// What its numbers were taken for.
    pub says: Measure,
}

/// What the numbers of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests in the time until the next row.
    Counts,
    /// Requests per second.
    Rates,
}

impl Measure {
    /// What a column of this name has: rates where it says so, such as `rate`, `rps`, `qps`, `req/s` or `requests_per_second`.
    fn of(name: &str) -> Self {
        let name = name.to_lowercase();
        let words: Vec<&str> = name.split([' ', '_']).filter(|word| !word.is_empty()).collect();
        let says_so = match words.as_slice() {
            ["rate" | "rps" | "qps"] | [.., "per", "second" | "sec"] => true,
            _ => ["/s", "/sec", "/second"].iter().any(|end| words.concat().ends_with(end)),
        };
        if says_so { Self::Rates } else { Self::Counts }
    }
}

/// What rows are read by.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Header {
    clock: Clock,
    cells: usize,
    /// The column's place, from 0 on.
    place: usize,
    /// What is taken of them.
    pub(super) column: Column,
}

/// Refuses a first row that is no header: what it says would be lost.
pub(super) fn check(first: &StringRecord) -> Result<(), String> {
    let cell = first.get(0).unwrap_or_default();
    if cell.starts_with('#') {
        return Err("a trace has no comments; take it out".to_owned());
    }
    if is_of_a_row(cell) {
        let decimal = "and decimals with a point, as in 1.5";
        return Err(format!("a CSV needs a header; write one before this row, such as minute,requests, {decimal}"));
    }
    if first.len() < 2 {
        return Err(format!(
            "{cell:?} is no number, and no header of a CSV either; write nothing but a number a line, or a header of two \
             columns with a comma between, such as minute,requests"
        ));
    }
    Ok(())
}

impl Header {
    /// Reads it; `wanted`: the name or number of the column to take.
    ///
    /// # Errors
    /// When there is no such column, or several of them.
    pub(super) fn new(header: &StringRecord, wanted: Option<&str>) -> Result<Self, Unreadable> {
        let place = wanted.map_or(Ok(1), |wanted| place(header, wanted)).map_err(Unreadable::Column)?;
        let name = header.get(place).unwrap_or_default().to_owned();
        let clock = Clock::of(header.get(0).unwrap_or_default());
        Ok(Self { clock, cells: header.len(), place, column: Column { says: Measure::of(&name), name } })
    }

    /// When a row begins, in seconds and if it says so by the calendar, and how much it says.
    ///
    /// # Errors
    /// Says which cell is wrong.
    pub(super) fn row(&self, row: &StringRecord) -> Result<(f64, Option<Timestamp>, f64), String> {
        let (cells, due) = (row.len(), self.cells);
        if cells != due {
            let decimal = "decimals are written with a point, as in 1.5";
            return Err(format!("the number of its cells is {cells}, and that of the header {due}; {decimal}"));
        }
        let (at, instant) = self.clock.read(row.get(0).unwrap_or_default())?;
        let cell = row.get(self.place).unwrap_or_default();
        let hole = if cell.is_empty() { "; leave out a row that says nothing" } else { "" };
        let unusable = || format!("{cell:?} in column {:?} {NO_AMOUNT}{hole}", self.column.name);
        Ok((at, instant, amount(cell).ok_or_else(unusable)?))
    }
}

/// The place of a column that is given by its name or by its number from 1 on. The first one says when.
fn place(header: &StringRecord, wanted: &str) -> Result<usize, String> {
    let named = header.iter().enumerate().skip(1).filter(|(_, name)| *name == wanted);
    let named: Vec<usize> = named.map(|(place, _)| place).collect();
    match (named.as_slice(), wanted.parse::<usize>()) {
        ([one], _) => Ok(*one),
        ([], Ok(number)) if (2..=header.len()).contains(&number) => Ok(number - 1),
        ([], Ok(number)) => Err(format!("{number} is not one of the columns 2 to {} that say how much", header.len())),
        ([], Err(_)) => {
            let has = header.iter().skip(1).collect::<Vec<_>>().join(", ");
            Err(format!("the trace has no column {wanted:?}; it has {has}"))
        }
        (several, _) => {
            let numbers: Vec<String> = several.iter().map(|place| (place + 1).to_string()).collect();
            Err(format!("the columns {} are called {wanted:?}; give the number of one", numbers.join(" and ")))
        }
    }
}
