//! Cases of single values: how long a recovery took, how much it lost, and the limits of both.

use serde_json::{Value, json};

use crate::scenario::{Miss, Scenario, field, plain, text};
use crate::uptime::OBJECTIVE;

/// The month in which the values were observed, and when.
const MONTH: &str = "2025-06-01";
const AT: &str = "2025-06-10T00:00:00Z";

/// The manifests and measurements of such a case.
pub fn scenario(case: &Value) -> Result<Scenario, Miss> {
    let input = field(case, "input")?;
    let failover = input.get("failover_minutes").is_some();
    let (percent, promised) = if failover { ("100", vec![grows_with_size(input)?]) } else { ("10", observed(input)?) };
    let (objectives, measured): (Vec<Value>, Vec<Value>) = promised.into_iter().unzip();
    let first = objectives.first().ok_or_else(|| Miss::NotExpressible("nothing was observed".to_owned()))?;
    let mut scenario = Scenario::new(first, &json!({"calendar": "Month"}), "UTC");
    let tier = json!({"objective": first["name"], "below": "100", "percentOfFee": percent});
    scenario.set("credits", json!({"fee": {"amount": "100.00", "currency": "USD"}, "tiers": [tier]}));
    scenario.set("objectives", json!(objectives));
    scenario.measurements = json!({"objectives": measured});
    scenario.period = Some(MONTH.to_owned());
    Ok(scenario)
}

/// A failover whose limit grows with what is failed over.
fn grows_with_size(input: &Value) -> Result<(Value, Value), Miss> {
    let encrypted = input.get("encrypted").and_then(Value::as_bool).unwrap_or_default();
    let mut objective = objective(OBJECTIVE, if encrypted { "6h" } else { "4h" });
    objective["indicator"]["value"]["allowance"] = json!({"adds": "1h", "every": "25", "above": "100"});
    let took = format!("{}m", text(input, "failover_minutes")?);
    let value = json!({"at": AT, "value": took, "size": text(input, "size_gb")?});
    Ok((objective, json!({"name": OBJECTIVE, "values": [value]})))
}

/// A recovery point and a recovery time, each with its own limit.
fn observed(input: &Value) -> Result<Vec<(Value, Value)>, Miss> {
    let mut promised = Vec::new();
    for name in ["rpo", "rto"] {
        let Some(observed) = input.get(format!("{name}_seconds_observed")) else { continue };
        let limit = format!("{}s", text(input, &format!("{name}_limit"))?);
        let value = json!({"at": AT, "value": format!("{}s", plain(observed))});
        promised.push((objective(name, &limit), json!({"name": name, "values": [value]})));
    }
    Ok(promised)
}

fn objective(name: &str, limit: &str) -> Value {
    json!({"name": name, "target": "100", "indicator": {"value": {"limit": limit}}, "measurement": {"method": "Value"}})
}
