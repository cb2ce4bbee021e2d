//! `--prometheus`: what an agreement would have cost over a past period, read from a metrics store.
//!
//! The same reader, forms of increase and rules as the operator's; only nothing confines the expressions, since whoever
//! runs this reads with their own rights.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::account::Ledgers;
use crate::api::agreement::AgreementSpec;
use crate::api::metrics_source::{IncreaseForm, MetricsSourceSpec};
use crate::api::objective::{Indicator, Objective};
use crate::evaluate::indicator;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::methods::member_series;
use crate::evaluate::period::Bounds;
use crate::sense::reader::{IndicatorAsk, ReadingKey, SlotRange};
use crate::sense::source::{HttpStores, Opened, Sources};
use crate::sense::store::Credentials;

/// What was read.
pub struct Answer {
    /// The slots of each period, by its beginning.
    pub ledgers: Ledgers,
    /// How increases were counted.
    pub increase: IncreaseForm,
}

/// Reads the slots of periods that are over.
///
/// # Errors
/// Says why the store can not be read, or which period is not over.
pub fn read(url: &str, spec: &AgreementSpec, periods: &[Bounds]) -> Result<Answer, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(ask(url, spec, periods))
}

/// Everything that is asked, by the name of its series: the members of a pool like objectives of their own.
fn asked(spec: &AgreementSpec) -> Vec<(String, Objective)> {
    let mut asked = Vec::new();
    for objective in &spec.objectives {
        let Some(members) = &objective.indicator.members else {
            asked.push((objective.name.clone(), objective.clone()));
            continue;
        };
        for member in members {
            let (ratio, latency) = (member.ratio.clone(), member.latency.clone());
            let indicator = Indicator { ratio, latency, ..Indicator::default() };
            let name = member_series(&objective.name, &member.name);
            asked.push((name, Objective { indicator, ..objective.clone() }));
        }
    }
    asked
}

async fn ask(url: &str, spec: &AgreementSpec, periods: &[Bounds]) -> Result<Answer, String> {
    let source: MetricsSourceSpec = serde_json::from_value(serde_json::json!({"url": url, "tenants": []}))
        .map_err(|e| format!("--prometheus: {e}"))?;
    let now = Timestamp::now();
    let Opened { increase, reader, .. } =
        HttpStores.open(&source, &Credentials::default(), now).await.map_err(|e| format!("--prometheus {url}: {e}"))?;
    let mut ledgers = Ledgers::new();
    for period in periods {
        let series = asked(spec);
        let seconds = spec.metrics.slot.seconds();
        let names = series.iter().map(|(name, _)| name.as_str());
        let mut ledger = Ledger::new(*period, seconds, names).map_err(|e| e.to_string())?;
        let end = ledger.settles_at(SignedDuration::ZERO);
        if end > now {
            return Err(format!("--period: the period ends at {}, which is not over", period.end));
        }
        let count = u32::try_from(ledger.slot_count()).unwrap_or(u32::MAX);
        let span = SignedDuration::from_secs(seconds.saturating_mul(count.into()));
        let length = u32::try_from(seconds).unwrap_or_default();
        let slots =
            SlotRange::new(end.saturating_sub(span).unwrap_or(end), length, count).map_err(|e| e.to_string())?;
        let asks: Vec<IndicatorAsk> = series
            .iter()
            .map(|(name, objective)| IndicatorAsk {
                key: ReadingKey { agreement: String::new(), objective: name.clone() },
                indicator: objective.indicator.clone(),
                tenancy: Vec::new(),
                slots,
            })
            .collect();
        let (readings, _) = reader.read_slots(&asks).await;
        for reading in readings {
            let Some((name, asked)) = series.iter().find(|(name, _)| *name == reading.key.objective) else { continue };
            for slot in &reading.slots {
                let entered = ledger.insert(name, slot.start, indicator::slot(asked, slot, 0));
                entered.map_err(|e| e.to_string())?;
            }
        }
        ledgers.insert(period.start, ledger);
    }
    Ok(Answer { ledgers, increase: increase.form })
}
