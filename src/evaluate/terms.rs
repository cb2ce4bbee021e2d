//! The terms of a statement: taken out of the agreement when its period closes, and made an agreement again when somebody
//! computes it from what it says.

use serde::Deserialize;
use serde_json::Value;

use crate::api::agreement::{AgreementSpec, AgreementType, Metrics, Parties, Service, SourceRef};
use crate::api::amendment::Amendment;
use crate::api::enforcement::Enforcement;
use crate::api::terms::AgreedTerms;

/// What an agreement promises, with its amendments put in ([`super::amendment::terms_at`]), as far as an account rests on
/// it. `amendment`: the day of the last one; empty where there was none.
#[must_use]
pub fn stated(in_force: &AgreementSpec, amendment: &str) -> AgreedTerms {
    AgreedTerms {
        validity: in_force.validity.clone(),
        period: in_force.period.clone(),
        slot: in_force.metrics.slot,
        amendment_rule: in_force.amendment_rule.filter(|_| !amendment.is_empty()),
        objectives: in_force.objectives.clone(),
        missing_data: in_force.missing_data.clone(),
        exclusions: in_force.exclusions.clone(),
        credits: in_force.credits.clone(),
        settlement: in_force.settlement.clone(),
        calendar: in_force.calendar.clone(),
        parameters: in_force.parameters.clone(),
        covered_when: in_force.covered_when.clone(),
    }
}

/// The agreement that a statement's content tells of: the last amendment in force is there by its day, and changes nothing
/// that is not in the terms already.
///
/// # Errors
/// The content has no terms, or they are none.
pub fn agreement(content: &Value) -> Result<AgreementSpec, serde_json::Error> {
    let Told { terms, parties, service, period, amendment, evidence } = Told::deserialize(content)?;
    let source = evidence.source.split_once(' ').map_or(evidence.source.as_str(), |(name, _)| name);
    Ok(AgreementSpec {
        agreement_type: AgreementType::default(),
        parties,
        validity: terms.validity,
        // The account of a period does not rest on it.
        ending: None,
        time_zone: period.time_zone,
        service: Service { name: service, description: None, workloads: Vec::new(), depends_on: Vec::new() },
        metrics: Metrics { source_ref: SourceRef { name: source.to_owned() }, slot: terms.slot },
        period: terms.period,
        objectives: terms.objectives,
        missing_data: terms.missing_data,
        exclusions: terms.exclusions,
        credits: terms.credits,
        amendments: last_in_force(&amendment),
        amendment_rule: terms.amendment_rule,
        settlement: terms.settlement,
        calendar: terms.calendar,
        parameters: terms.parameters,
        dependencies: Vec::new(),
        constraints: Vec::new(),
        covered_when: terms.covered_when,
        enforcement: Enforcement::default(),
    })
}

/// What of a statement makes its agreement.
#[derive(Deserialize)]
struct Told {
    terms: AgreedTerms,
    #[serde(default)]
    parties: Option<Parties>,
    service: String,
    period: Zone,
    #[serde(default)]
    amendment: String,
    evidence: Source,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Zone {
    time_zone: String,
}

#[derive(Deserialize)]
struct Source {
    source: String,
}

fn last_in_force(effective: &str) -> Vec<Amendment> {
    if effective.is_empty() {
        return Vec::new();
    }
    vec![Amendment {
        effective: effective.to_owned(),
        description: None,
        objectives: None,
        credits: None,
        fee: None,
        missing_data: None,
        exclusions: None,
        calendar: None,
        parameters: None,
    }]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;
