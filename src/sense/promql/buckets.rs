//! Finding a latency threshold among the bounds of a histogram.
//!
//! Bounds are label values, and one number has several spellings: scrapes write `1.0`, data written
//! remotely may say `1`. They are compared as exact decimals, and every spelling that means the
//! threshold is used. A threshold between two bounds is an error that names them; nothing is
//! interpolated.

use super::quantity::decimal;
use num_rational::BigRational;
use std::collections::BTreeSet;

/// Every spelling of one bound of a histogram. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    spellings: BTreeSet<String>,
}

impl Bound {
    /// The spellings, sorted.
    #[must_use]
    pub fn spellings(&self) -> &BTreeSet<String> {
        &self.spellings
    }
}

/// Why a threshold has no bucket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketError {
    /// The threshold is not a decimal number above zero.
    #[error("the threshold {0:?} is not a positive number of seconds")]
    Threshold(String),
    /// The histogram has no numeric bound at all.
    #[error("no histogram bucket was found: check the histogram's name and its selector")]
    NoBuckets,
    /// Bounds, but not this one.
    #[error(
        "no bucket ends at {threshold} s: the nearest bounds are {} below and {} above; use one of them or add a bucket",
        .below.as_deref().unwrap_or("none"),
        .above.as_deref().unwrap_or("none")
    )]
    NoSuchBound {
        /// The threshold as given.
        threshold: String,
        /// The next lower bound, as the store spells it.
        below: Option<String>,
        /// The next higher bound, as the store spells it; `+Inf` if there is no finite one.
        above: Option<String>,
    },
}

/// Finds the threshold, in seconds, among the values of `le`.
///
/// # Errors
/// No such bound, with the nearest ones.
pub fn matching_bounds<S: AsRef<str>>(spellings: &[S], threshold: &str) -> Result<Bound, BucketError> {
    let wanted = decimal(threshold)
        .filter(|seconds| *seconds > BigRational::from_integer(0.into()))
        .ok_or_else(|| BucketError::Threshold(threshold.to_owned()))?;
    let mut bounds: Vec<(BigRational, &str)> =
        spellings.iter().filter_map(|spelling| Some((decimal(spelling.as_ref())?, spelling.as_ref()))).collect();
    bounds.sort();
    let infinite = spellings.iter().map(AsRef::as_ref).find(|spelling| matches!(*spelling, "+Inf" | "Inf"));
    if bounds.is_empty() {
        return Err(BucketError::NoBuckets);
    }
    let equal: BTreeSet<String> =
        bounds.iter().filter(|(bound, _)| *bound == wanted).map(|(_, spelling)| (*spelling).to_owned()).collect();
    if !equal.is_empty() {
        return Ok(Bound { spellings: equal });
    }
    let below = bounds.iter().rev().find(|(bound, _)| *bound < wanted);
    let above = bounds.iter().find(|(bound, _)| *bound > wanted);
    Err(BucketError::NoSuchBound {
        threshold: threshold.to_owned(),
        below: below.map(|(_, spelling)| (*spelling).to_owned()),
        above: above.map(|(_, spelling)| *spelling).or(infinite).map(str::to_owned),
    })
}
