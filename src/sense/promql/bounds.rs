//! Which bounds the buckets of histograms have, for all indicators of a source together.
//!
//! The bounds are asked for as rows of a query and not as values of the label `le`, since those come without the other
//! labels: the histogram of one tenant must not lend a bound to that of another. Confined and told apart like every
//! other joined query.

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::label::BUCKET_LABEL;

use super::demux::{Member, sort};
use super::expression::{Matcher, Selector};
use super::joined::one_of;
use super::latency;
use super::plan::{AskId, chunks};
use super::print;
use super::raw::SampledSeries;
use super::refusal::Refusal;

/// A histogram, as one indicator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundsAsk {
    /// Whose it is. Two asks must not share one.
    pub id: AskId,
    /// The histogram's base name.
    pub histogram: String,
    /// The labels that select its series, those of the tenant included.
    pub labels: BTreeMap<String, String>,
}

/// One query for bounds, with the table that tells its rows apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundsRequest {
    /// The query's text. It names no instant.
    pub query: String,
    keys: Vec<String>,
    members: Vec<Member>,
}

impl BoundsAsk {
    /// Checks the histogram's name and the labels.
    ///
    /// # Errors
    /// A name that is none or is that of a part of the histogram; a selector that sets `le`.
    pub fn check(&self) -> Result<(), Refusal> {
        latency::check(&self.histogram, self.labels.keys().map(String::as_str))
    }
}

impl BoundsRequest {
    /// The requests that answer the asks, over a window of this many milliseconds.
    #[must_use]
    pub fn plan(asks: &[BoundsAsk], window_ms: u64) -> Vec<Self> {
        type Shape<'a> = (&'a str, Vec<String>);
        let mut shapes: BTreeMap<Shape<'_>, BTreeMap<Vec<String>, Vec<AskId>>> = BTreeMap::new();
        for ask in asks {
            let keys = ask.labels.keys().cloned().collect();
            let key = ask.labels.values().cloned().collect();
            shapes.entry((&ask.histogram, keys)).or_default().entry(key).or_default().push(ask.id);
        }
        let mut requests = Vec::new();
        for ((histogram, keys), members) in shapes {
            let members = members.into_iter().map(|(key, asks)| Member { key, asks }).collect();
            requests.extend(chunks(members).into_iter().map(|chunk| Self::new(histogram, &keys, chunk, window_ms)));
        }
        requests
    }

    fn new(histogram: &str, keys: &[String], members: Vec<Member>, window_ms: u64) -> Self {
        let matchers: BTreeSet<Matcher> = keys
            .iter()
            .enumerate()
            .map(|(position, label)| {
                let values = members.iter().filter_map(|member| member.key.get(position)).map(String::as_str);
                one_of(label, &values.collect())
            })
            .collect();
        let buckets = Selector { metric: format!("{histogram}_bucket"), matchers };
        let grouping: Vec<String> = keys.iter().cloned().chain([BUCKET_LABEL.to_owned()]).collect();
        let query = format!("group by {} (last_over_time({buckets}[{window_ms}ms]))", print::names(&grouping));
        Self { query, keys: keys.to_vec(), members }
    }

    /// The asks this answers, each once.
    #[must_use]
    pub fn asks(&self) -> Vec<AskId> {
        self.members.iter().flat_map(|member| member.asks.iter().copied()).collect()
    }

    /// The spellings of the bounds of every ask's histogram. None: it has no buckets.
    #[must_use]
    pub fn spellings(&self, series: &[SampledSeries]) -> BTreeMap<AskId, Vec<String>> {
        let sorted = sort(&self.keys, &self.members, series, |one| &one.labels);
        let mut spellings = BTreeMap::new();
        for (member, own) in self.members.iter().zip(sorted) {
            let own: Vec<String> = own.iter().filter_map(|one| one.labels.get(BUCKET_LABEL).cloned()).collect();
            spellings.extend(member.asks.iter().map(|ask| (*ask, own.clone())));
        }
        spellings
    }
}
