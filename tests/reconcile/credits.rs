//! Agreements that grant credits, and a period for which one is granted.

use guarantor::api::agreement_status::StatementRef;
use serde_json::{Value, json};

use crate::stage::{Stage, agreement};

/// The agreement, observed in periods of this length: of a fee of 1200 EUR a tenth is owed where fewer than nine of ten
/// requests succeed.
pub fn crediting(rolling: &str) -> Value {
    let mut object = agreement("web", "Observe", rolling);
    object["spec"]["credits"] = json!({
        "fee": {"amount": "1200.00", "currency": "EUR"},
        "tiers": [{"objective": "availability", "below": "90", "percentOfFee": "10"}],
    });
    object
}

/// The rule by which maintenance is left out.
pub fn maintenance() -> Value {
    json!({"rules": [{"reason": "Maintenance", "effect": "Exclude"}]})
}

/// Every second request fails for a minute: what the status tells of the first statement.
pub async fn of_a_bad_minute(stage: &mut Stage) -> StatementRef {
    stage.spike = true;
    stage.seconds(60).await;
    stage.spike = false;
    stage.until("a statement", 240, |stage| first(stage).is_some()).await.unwrap();
    first(stage).unwrap()
}

/// What the status tells of the statement of the first period, as it stands now.
pub fn first(stage: &Stage) -> Option<StatementRef> {
    stage.status("web").statements.last().cloned()
}
