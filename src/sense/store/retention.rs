//! How long a store keeps samples, by its own word: `storageRetention` of `/api/v1/status/runtimeinfo`.
//!
//! Prometheus writes there the time, the size, or both (`15d or 10GiB`). A size says nothing about time, and may end a
//! sample's life before the time does: then slots that were lost end like those nobody scraped. Stores without that page
//! (`VictoriaMetrics`, Mimir) leave it open. The oldest sample a store has at present says less: it is young in a store
//! that was just begun, and the page that tells it is about the newest hours only.

use jiff::fmt::friendly::{Designator, Spacing, SpanPrinter};
use jiff::{SpanRound, Timestamp, Unit};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use promql_parser::util::parse_duration;
use serde_json::Value;

use super::client::StoreClient;
use super::error::{StoreError, words};
use super::probe::unless_refused;
use crate::api::Span;
use crate::api::metrics_source::Retention;

const PAGE: &str = "/api/v1/status/runtimeinfo";

/// Asks the store. `now` is the instant that is entered as the time of that.
///
/// # Errors
/// When the store does not answer. One that does not know the page is no error.
pub async fn retention(client: &StoreClient, now: Timestamp) -> Result<Retention, StoreError> {
    let page = unless_refused(client.runtime_information().await)?;
    let said = page.as_ref().map(|page| page.get("storageRetention").and_then(Value::as_str).unwrap_or_default());
    let evidence = match said {
        None => format!("there is no {PAGE}"),
        Some("") => format!("{PAGE} says no storageRetention"),
        Some(said) => format!("{PAGE} says storageRetention {}", words(said)),
    };
    Ok(Retention { keeps: said.and_then(time_of), evidence, asked_at: Time(now) })
}

/// The time in what Prometheus says, in whole seconds.
fn time_of(said: &str) -> Option<Span> {
    let seconds = said.split(" or ").find_map(seconds).filter(|seconds| *seconds > 0)?;
    let span = jiff::Span::new().try_seconds(i64::try_from(seconds).ok()?).ok()?;
    let in_days = span.round(SpanRound::new().largest(Unit::Day).days_are_24_hours()).ok()?;
    Some(Span(SpanPrinter::new().designator(Designator::Compact).spacing(Spacing::None).span_to_string(&in_days)))
}

/// A duration as Prometheus writes it, such as `1y2w`. Checked first: the library takes plain numbers too, and not all
/// of them in peace.
fn seconds(text: &str) -> Option<u64> {
    let is_duration = text.bytes().all(|byte| byte.is_ascii_digit() || b"ywdhms".contains(&byte))
        && text.bytes().last().is_some_and(|byte| byte.is_ascii_alphabetic());
    is_duration.then(|| parse_duration(text).ok())?.map(|duration| duration.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_found_beside_a_size_and_nothing_else_is_taken_for_one() {
        let cases = [
            ("15d", Some("15d")),
            ("400d", Some("400d")),
            ("1y", Some("365d")),
            ("2w1d", Some("15d")),
            ("1h30m", Some("1h30m")),
            ("36h", Some("1d12h")),
            ("15d or 10GiB", Some("15d")),
            ("10GiB", None),
            ("0s", None),
            ("", None),
            ("15", None),
            ("-5", None),
            ("inf", None),
            ("1e400", None),
            ("d", None),
            ("99999999999999999999d", None),
        ];
        for (said, expected) in cases {
            assert_eq!(time_of(said), expected.map(Span::from), "{said}");
        }
    }
}
