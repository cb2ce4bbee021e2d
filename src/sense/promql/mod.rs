//! Users' `PromQL` in, few and safe requests out; the answers back into one figure per question.
//!
//! The way through this module is one:
//! [`Expression::parse`] (bounds, template, whitelist) → [`Expression::confine`] (tenancy) →
//! [`Plan::of`] (join what has one shape) → [`Request::query`] (text printed here, never the
//! user's) → the store → [`Request::demultiplex`] (rows back to asks, by exact labels).
//!
//! Everything here is pure: no network, no clock, no API types. It must never send a user's text
//! as it came, never read a missing row as zero, and never turn a number into a float.

mod bounds;
mod breadth;
mod buckets;
mod by_label;
mod confine;
mod demux;
mod expression;
mod form;
mod functions;
mod joined;
mod latency;
mod lift;
mod parse;
mod plan;
mod prescan;
mod print;
mod quantity;
mod quote;
mod raw;
mod refusal;
mod request;
mod scraped;
mod template;
mod tokens;

#[cfg(test)]
mod tests;

pub use bounds::{BoundsAsk, BoundsRequest};
pub use breadth::Breadth;
pub use buckets::{Bound, BucketError, matching_bounds};
pub use by_label::{ByLabel, NotByLabel, Piece};
pub use confine::ConfinedExpression;
pub use demux::{Outcome, Row};
pub use expression::Expression;
pub use form::{IncreaseForm, Question};
pub use latency::{LatencyExpressions, latency};
pub use plan::{Ask, AskId, MAX_CELLS, MAX_VALUES, Plan};
pub use quantity::{Quantity, QuantityError, millionths, parse_quantity};
pub use raw::{LOOKBACK_MS, RawFigure, SampledSeries, SeriesIncrease, measure};
pub use refusal::Refusal;
pub use request::Request;
pub use scraped::Scraped;
