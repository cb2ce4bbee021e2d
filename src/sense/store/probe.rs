//! Finds out what a store's `increase` does by trying it on the store itself.
//!
//! Version numbers do not tell: `VictoriaMetrics` calls itself Prometheus 2.24.0. In this order:
//! 1. `/api/v1/features` says `promql.anchored`, or `increase(… anchored)` is accepted: [`IncreaseForm::Anchored`].
//! 2. The store's plain `increase` gives the right answer for two counters made up in the query, so that no data is
//!    needed: one that steps exactly between the sample before the window and the first one in it (1 when exact at the
//!    edges, 0 when extrapolated from inside), and one born in the window at 7 (7 when births are counted). Both right:
//!    [`IncreaseForm::Native`]. `VictoriaMetrics` is of this kind; it counts a birth unless the first value is more than
//!    ten times what the counter grows by next, and cannot tell a birth from a counter that was merely not watched.
//! 3. A bare range selector is answered with samples: [`IncreaseForm::Raw`].
//! 4. Otherwise [`IncreaseForm::Extrapolated`].
//!
//! A store that is down or fails decides nothing: that is an error, never the last line.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use super::client::StoreClient;
use super::error::StoreError;
use crate::api::metrics_source::{IncreaseForm, IncreaseProbe};

/// The instants of the made-up counters are this far apart.
const STEP: i64 = 60;
/// The made-up window. It ends half a step after an instant, so that five instants lie in it on every store, whether
/// its windows include their left edge or not.
const WINDOW: i64 = 5 * STEP;
/// How far back the made-up counters are asked for: stores answer differently close to now.
const BACK: i64 = 10 * STEP;

/// Tries the store. `now` is the instant that is entered as the time of the probe.
///
/// # Errors
/// When the store does not answer, or answers in a way that says nothing about its abilities.
pub async fn probe(client: &StoreClient, now: Timestamp) -> Result<IncreaseProbe, StoreError> {
    let mut evidence = Vec::new();
    let form = find(client, now, &mut evidence).await?;
    Ok(IncreaseProbe { form, evidence: evidence.join("; "), probed_at: Time(now) })
}

async fn find(client: &StoreClient, now: Timestamp, evidence: &mut Vec<String>) -> Result<IncreaseForm, StoreError> {
    match unless_refused(client.features().await)? {
        Some(features) if features.pointer("/promql/anchored") == Some(&true.into()) => {
            evidence.push("/api/v1/features says promql.anchored".to_owned());
            return Ok(IncreaseForm::Anchored);
        }
        Some(_) => evidence.push("/api/v1/features does not say promql.anchored".to_owned()),
        None => evidence.push("there is no /api/v1/features".to_owned()),
    }
    let anchored = format!("increase(up[{WINDOW}s] anchored)");
    if unless_refused(client.instant(&anchored, now).await)?.is_some() {
        evidence.push(format!("{anchored} is accepted"));
        return Ok(IncreaseForm::Anchored);
    }
    evidence.push(format!("{anchored} is refused"));
    let made_up = MadeUp::before(now);
    let edge = made_up.ask(client, &made_up.step_at_the_edge()).await?;
    let birth = made_up.ask(client, &made_up.born_inside(7)).await?;
    let said = |figure: &Option<String>| figure.clone().unwrap_or_else(|| "nothing".to_owned());
    evidence.push(format!(
        "increase of a step of 1 at the window's edge is {}, of a counter born at 7 in it is {}",
        said(&edge),
        said(&birth)
    ));
    if edge.as_deref() == Some("1") && birth.as_deref() == Some("7") {
        return Ok(IncreaseForm::Native);
    }
    let samples = format!("up[{WINDOW}s]");
    if unless_refused(client.samples(&samples, now).await)?.is_some() {
        evidence.push(format!("{samples} gives samples"));
        return Ok(IncreaseForm::Raw);
    }
    evidence.push(format!("{samples} is refused"));
    Ok(IncreaseForm::Extrapolated)
}

/// What a store refuses (or cannot answer in the asked type) it does not support. Anything else decides nothing, and
/// neither does a refusal of the caller rather than of the question.
pub(super) fn unless_refused<T>(answer: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(StoreError::Refused { status: 200 | 400 | 404 | 405 | 406 | 422, .. } | StoreError::WrongType(_)) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Two counters that exist in the query only, and the window over which they are asked.
struct MadeUp {
    /// The last instant before the window.
    outside: i64,
}

impl MadeUp {
    fn before(now: Timestamp) -> Self {
        Self { outside: (now.as_second() - BACK).div_euclid(STEP) * STEP - WINDOW }
    }

    /// Rises from 0 to 1 between the last instant outside and the first one inside.
    fn step_at_the_edge(&self) -> String {
        format!("vector(time() > bool {})", self.outside)
    }

    /// Does not exist before the middle of the window, then stands at `value`.
    fn born_inside(&self, value: u32) -> String {
        format!("(vector({value}) and on() (vector(time()) > {}))", self.outside + WINDOW / 2)
    }

    async fn ask(&self, client: &StoreClient, counter: &str) -> Result<Option<String>, StoreError> {
        let query = format!("increase({counter}[{WINDOW}s:{STEP}s])");
        let end = Timestamp::from_second(self.outside + WINDOW + STEP / 2)
            .map_err(|error| StoreError::WrongType(error.to_string()))?;
        let answer = unless_refused(client.instant(&query, end).await)?;
        Ok(answer.and_then(|answer| answer.series.into_iter().next()?.samples.pop()).map(|(_, value)| value))
    }
}
