//! Which rows of an answer belong to which question, and what they say.
//!
//! Rows are told apart by exact equality on the whole key. A join over several keys also answers for
//! pairs nobody asked about; those rows are dropped. A missing row is absent, never zero.

use super::plan::AskId;
use super::quantity::{Quantity, QuantityError, parse_quantity};
use num_traits::Signed;
use std::collections::BTreeMap;

/// One series of an answer at one instant. A scalar is a row without labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its value, as the store wrote it.
    pub value: String,
}

/// What came back for one question at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// One exact figure, not negative.
    Value(Quantity),
    /// No row. What that means is for the caller to say: nothing measured, no traffic, or no
    /// series of that kind born yet.
    Absent,
    /// `NaN` or an infinity, as the store wrote it.
    NonFinite(String),
    /// Below zero, which no count can be.
    Negative(Quantity),
    /// 2^53 or more, where the store's own arithmetic is no longer exact.
    Inexact(String),
    /// More than one series where one figure was asked for; how many.
    TooManySeries(usize),
    /// Not a number; the text as it came.
    Unreadable(String),
}

impl Outcome {
    /// What one value says.
    #[must_use]
    pub fn of_value(text: &str) -> Self {
        match parse_quantity(text) {
            Ok(value) if value.is_negative() => Self::Negative(value),
            Ok(value) => Self::Value(value),
            Err(error) => error.into(),
        }
    }

    /// What all rows of one question say.
    pub(super) fn of_rows(rows: &[&Row]) -> Self {
        match rows {
            [] => Self::Absent,
            [row] => Self::of_value(&row.value),
            several => Self::TooManySeries(several.len()),
        }
    }
}

impl From<QuantityError> for Outcome {
    fn from(error: QuantityError) -> Self {
        match error {
            QuantityError::NonFinite(text) => Self::NonFinite(text),
            QuantityError::Inexact(text) => Self::Inexact(text),
            QuantityError::Unreadable(text) => Self::Unreadable(text),
        }
    }
}

/// The values of the key labels that one group of asks is told apart by, and the asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// In the order of the shape's key labels.
    pub(super) key: Vec<String>,
    pub(super) asks: Vec<AskId>,
}

/// Puts every row to the member whose key it has. Every member has an entry, in order.
pub(super) fn sort<'r, T>(
    keys: &[String],
    members: &[Member],
    rows: &'r [T],
    labels: impl Fn(&T) -> &BTreeMap<String, String>,
) -> Vec<Vec<&'r T>> {
    let positions: BTreeMap<&[String], usize> =
        members.iter().enumerate().map(|(position, member)| (member.key.as_slice(), position)).collect();
    let mut sorted: Vec<Vec<&'r T>> = members.iter().map(|_| Vec::new()).collect();
    for row in rows {
        let key: Vec<String> = keys.iter().map(|key| labels(row).get(key).cloned().unwrap_or_default()).collect();
        let own = positions.get(key.as_slice()).and_then(|position| sorted.get_mut(*position));
        if let Some(own) = own {
            own.push(row);
        }
    }
    sorted
}
