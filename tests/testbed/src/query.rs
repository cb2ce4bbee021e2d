//! Instant queries, for tests that look at what a store holds.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde::Deserialize;

/// One row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The labels, with the metric's name as `__name__` where it was kept.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

/// Asks the store at `base` for `expression` at `at`.
pub(crate) async fn instant(client: &reqwest::Client, base: &str, expression: &str, at: Timestamp) -> Result<Vec<Row>> {
    let url = format!("{base}/api/v1/query");
    let milliseconds = at.as_millisecond();
    let time = format!("{}.{:03}", milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000));
    let response = client
        .post(&url)
        .form(&[("query", expression), ("time", &time)])
        .send()
        .await
        .with_context(|| format!("{url} does not answer"))?;
    let status = response.status();
    let text = response.text().await?;
    ensure!(status.is_success(), "{url} answers {status} to {expression}: {text}");
    let answer: Answer = serde_json::from_str(&text).with_context(|| format!("{url} answers no vector: {text}"))?;
    answer
        .data
        .result
        .into_iter()
        .map(|row| {
            let value =
                row.value.1.parse().with_context(|| format!("{url} answers a value that is no number: {text}"))?;
            Ok(Row { labels: row.metric, value })
        })
        .collect()
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    metric: BTreeMap<String, String>,
    /// The time, then the value as text.
    value: (f64, String),
}
