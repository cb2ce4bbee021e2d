//! How long a store keeps samples, as far as it says so.
//!
//! Prometheus tells it among its runtime information, as it was started: `15d`, `15d or 512MiB`, or a size alone. Other
//! stores have no such page. It decides nothing about how the store is read, so a store that does not say it, and one
//! that fails while saying it, are the same here.

use super::client::StoreClient;
use crate::api::Span;

/// The units of Prometheus, in seconds; a year has 365 days.
const UNITS: [(&str, u64); 7] =
    [("ms", 0), ("y", 365 * 86_400), ("w", 7 * 86_400), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Asks the store. `None`: it does not say.
pub async fn retention(client: &StoreClient) -> Option<Span> {
    let information = client.runtime_information().await.ok()?;
    let seconds = seconds(information.get("storageRetention")?.as_str()?)?;
    // Cut to hours: what is said is never longer than what is kept. Six digits are as many as a span has.
    let hours = seconds / 3_600;
    match (hours / 24, hours % 24) {
        _ if hours == 0 || hours > 999_999 => None,
        (days, 0) => Some(Span(format!("{days}d"))),
        _ => Some(Span(format!("{hours}h"))),
    }
}

/// The time in a text such as `1y2w`, `15d or 512MiB`; `None` where it names none.
fn seconds(text: &str) -> Option<u64> {
    let mut rest = text.split(" or ").next()?.trim();
    let mut total: u64 = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (count, after) = rest.split_at_checked(digits)?;
        let (unit, seconds) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        total = total.checked_add(count.parse::<u64>().ok()?.checked_mul(*seconds)?)?;
        rest = after.strip_prefix(unit)?;
    }
    Some(total)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use guarantor_testbed::fake_store::{FakeStore, Received, Reply};
    use serde_json::json;

    use super::super::tests::client;
    use super::*;

    #[test]
    fn a_retention_is_read_as_prometheus_writes_it() {
        let day = 86_400;
        for (text, expected) in [
            ("15d", Some(15 * day)),
            ("15d or 512MiB", Some(15 * day)),
            ("1y", Some(365 * day)),
            ("1y2w3d", Some((365 + 14 + 3) * day)),
            ("1d12h", Some(day + 43_200)),
            ("30m", Some(1_800)),
            ("5m500ms", Some(300)),
            ("512MiB", None),
            ("0B", None),
            ("", None),
            ("15", None),
            ("d", None),
            ("15d and more", None),
            ("99999999999999999999y", None),
            ("999999999999999999y", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn a_store_is_taken_at_its_word_and_silence_is_none() {
        let says = |text: &str| Reply::data(&json!({"storageRetention": text, "GOGC": "75"}));
        for (reply, expected) in [
            (says("15d"), Some("15d")),
            (says("36h"), Some("36h")),
            (says("1d12h30m or 1GiB"), Some("36h")),
            (says("59m"), None),
            (says("512MiB"), None),
            (Reply::data(&json!({})), None),
            (Reply::error(404, "not_found", "no such page"), None),
            (Reply::text(400, "text/plain", "unsupported path requested"), None),
            (Reply::error(500, "internal", "no"), None),
        ] {
            let store = FakeStore::start(move |_: &Received| reply.clone()).await.unwrap();
            let said = retention(&client(&store)).await;
            assert_eq!(said.as_ref().map(Span::as_str), expected);
            assert_eq!(store.take_received()[0].path, "/api/v1/status/runtimeinfo");
        }
    }
}
