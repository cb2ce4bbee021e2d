//! The queries about one joined counter or level: its figure, its births, its coverage, its samples.
//!
//! An anchored increase starts at a series' first sample, so what a series had counted when it was
//! first seen is in no slot. The births bring it back: the least value in the slot of every series
//! that had no sample in the hour before (less would take a series that reappears after a gap for
//! new and count its whole past again). The least is the first value unless the newborn was also
//! reset within its first slot; then it is less, so that births are never overstated.
//!
//! A birth certainly belongs to the slot if the target was scraped successfully at the slot's start
//! without showing the series, or if its process started within the slot. The rest is reported apart.

use super::demux::Member;
use super::expression::{Comparison, Matcher, Selector};
use super::form::{IncreaseForm, Question};
use super::lift::Shape;
use super::raw::LOOKBACK_MS;
use super::{functions, print, quote};
use std::collections::BTreeSet;

/// How long a series must have been silent before the slot to count as born in it.
const SILENCE_MS: u64 = 3_600_000;

/// The labels that name a scraped target.
const TARGET: [&str; 2] = ["instance", "job"];

/// The query for one question about the members of a shape.
pub(super) fn query(question: Question, form: IncreaseForm, slot_ms: u64, shape: &Shape, members: &[Member]) -> String {
    query_by(&shape.keys, question, form, slot_ms, shape, members)
}

/// The same, with one row for every value of these labels.
pub(super) fn query_by(
    labels: &[String],
    question: Question,
    form: IncreaseForm,
    slot_ms: u64,
    shape: &Shape,
    members: &[Member],
) -> String {
    let selector = joined(shape, members);
    let sum = grouped("sum", labels);
    match question {
        Question::Value => {
            let function = shape.taken.function();
            let anchored = match form {
                IncreaseForm::Anchored if functions::takes_anchored(function) => " anchored",
                _ => "",
            };
            let aggregation = grouped(shape.taken.aggregation(), labels);
            format!("{aggregation}({function}({selector}[{slot_ms}ms]{anchored}))")
        }
        Question::Samples => format!("{selector}[{}ms]", slot_ms.saturating_add(LOOKBACK_MS)),
        Question::Births => format!("{sum}({})", born(&selector, slot_ms)),
        Question::AttributedBirths => {
            format!("{sum}(({}) and {})", born(&selector, slot_ms), watched(shape, members, slot_ms))
        }
        Question::Coverage => format!("{sum}(count_over_time({selector}[{slot_ms}ms]))"),
    }
}

fn grouped(aggregation: &str, keys: &[String]) -> String {
    if keys.is_empty() { aggregation.to_owned() } else { format!("{aggregation} by {} ", print::names(keys)) }
}

/// The selector of all members: the fixed matchers and, per key, all values that occur.
fn joined(shape: &Shape, members: &[Member]) -> Selector {
    let mut matchers = shape.fixed.clone();
    matchers.extend(varying(shape, members));
    Selector { metric: shape.metric.clone(), matchers }
}

fn varying<'a>(shape: &'a Shape, members: &'a [Member]) -> impl Iterator<Item = Matcher> + use<'a> {
    shape.keys.iter().enumerate().map(|(position, label)| {
        let values: BTreeSet<&str> =
            members.iter().filter_map(|member| member.key.get(position)).map(String::as_str).collect();
        one_of(label, &values)
    })
}

/// A matcher for any of these values. One value is cheaper by equality than by expression.
pub(super) fn one_of(label: &str, values: &BTreeSet<&str>) -> Matcher {
    match values.first() {
        Some(only) if values.len() == 1 => Matcher::equal(label, *only),
        _ => Matcher {
            label: label.to_owned(),
            comparison: Comparison::Matches,
            value: quote::alternation(values.iter().copied()),
        },
    }
}

fn born(selector: &Selector, slot_ms: u64) -> String {
    format!(
        "min_over_time({selector}[{slot_ms}ms]) unless last_over_time({selector}[{SILENCE_MS}ms] offset {slot_ms}ms)"
    )
}

/// The condition that the target was watched at the slot's start, or did not exist yet.
fn watched(shape: &Shape, members: &[Member], slot_ms: u64) -> String {
    let names_target = |label: &str| TARGET.contains(&label) || shape.tenancy.contains(label);
    let matchers: BTreeSet<Matcher> = shape
        .fixed
        .iter()
        .filter(|matcher| matcher.names_a_value())
        .cloned()
        .chain(varying(shape, members))
        .filter(|matcher| names_target(&matcher.label))
        .collect();
    let target = |metric: &str| Selector { metric: metric.to_owned(), matchers: matchers.clone() };
    let labels: BTreeSet<String> = shape.tenancy.iter().cloned().chain(TARGET.map(str::to_owned)).collect();
    let on = print::names(&labels.into_iter().collect::<Vec<_>>());
    let up = target("up");
    let started = target("process_start_time_seconds");
    let (seconds, rest) = (slot_ms / 1000, slot_ms % 1000);
    format!("on {on} ((({up} offset {slot_ms}ms) == 1) or on {on} ({started} >= time() - {seconds}.{rest:03}))")
}
