//! From an agreement's spec to what can be worked with: its schedule, and what is to be asked of its source.
//!
//! Everything the schema could not check is checked here, and everything that must stay inside the agreement's
//! namespace is confined to it. What is wrong comes back as one reason with one sentence: nothing is asked then.

pub mod capacity;
pub mod resize;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::registry::Asked;
use crate::api::metrics_source::IncreaseForm;
use crate::api::metrics_source::Tenant;
use crate::api::objective::{Indicator, LatencyIndicator, Objective};
use crate::api::{AgreementSpec, MetricsSource, ServiceLevelAgreement};
use crate::evaluate::amendment::{instants, terms_at};
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::lint::{Lint, Severity, lint};
use crate::evaluate::period::Schedule;
use crate::evaluate::series;
use crate::evaluate::validate::{size, validate};
use crate::sense::promql::{self, AskId, BoundsAsk, Expression};
use crate::sense::reader::promql_form;

/// Label values that every series of an agreement must carry.
pub type Tenancy = Vec<(String, String)>;

/// What an agreement comes to.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Its periods.
    pub schedule: Schedule,
    /// What is asked, from when on: as it was agreed at first, then after each amendment.
    asked: Vec<(Timestamp, Arc<Vec<Asked>>)>,
    /// What is hardly meant, though it is worked with.
    pub advice: Arc<[Lint]>,
}

impl Terms {
    /// What is asked in a period that begins at `start`, objective by objective.
    #[must_use]
    pub fn asked(&self, start: Timestamp) -> Arc<Vec<Asked>> {
        let in_force = self.asked.iter().rev().find(|(from, _)| *from <= start).or_else(|| self.asked.first());
        in_force.map(|(_, asked)| Arc::clone(asked)).unwrap_or_default()
    }
}

/// The agreement as it is in force in a period that begins at `start`.
///
/// # Errors
/// The first amendment that cannot be worked with; [`recall`] has refused it before.
pub fn in_force(
    agreement: &ServiceLevelAgreement,
    start: Timestamp,
) -> Result<Cow<'_, ServiceLevelAgreement>, InvalidSpec> {
    Ok(match terms_at(&agreement.spec, start)? {
        Cow::Borrowed(_) => Cow::Borrowed(agreement),
        Cow::Owned(spec) => Cow::Owned(ServiceLevelAgreement {
            metadata: agreement.metadata.clone(),
            spec,
            status: agreement.status.clone(),
        }),
    })
}

/// Why an agreement cannot be worked with as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One word for the condition.
    pub reason: &'static str,
    /// What is wrong, naming the field, and what to do.
    pub message: String,
    /// Whether it stands until somebody changes the agreement (rather than something it refers to).
    pub terminal: bool,
    /// The day of the amendment that is wrong, if it is one.
    pub amendment: Option<String>,
}

/// What an agreement came to, and what of: its own spec and its source's, each as of a generation.
#[derive(Clone, Debug)]
pub struct Resolved {
    agreement: Option<i64>,
    source: Option<(Option<String>, Option<i64>)>,
    terms: Terms,
}

/// The terms; those in `known` when they were made of the same specs. Every slot asks for them, and to parse the
/// expressions is the dearest part of an evaluation in which nothing changed.
///
/// # Errors
/// The first thing that is wrong. That is not remembered: it is hardly ever asked again.
pub fn recall(
    agreement: &ServiceLevelAgreement,
    source: Option<&MetricsSource>,
    known: &mut Option<Resolved>,
) -> Result<Terms, Refusal> {
    let generations = (agreement.meta().generation, source.map(|source| (source.uid(), source.meta().generation)));
    if let Some(known) = known.as_ref().filter(|k| (k.agreement, &k.source) == (generations.0, &generations.1)) {
        return Ok(known.terms.clone());
    }
    let terms = resolve(agreement, source)?;
    *known = Some(Resolved { agreement: generations.0, source: generations.1, terms: terms.clone() });
    Ok(terms)
}

/// Works out the terms.
///
/// # Errors
/// The first thing that is wrong.
fn resolve(agreement: &ServiceLevelAgreement, source: Option<&MetricsSource>) -> Result<Terms, Refusal> {
    let namespace = agreement.namespace().unwrap_or_default();
    let created = agreement.creation_timestamp().map_or(Timestamp::UNIX_EPOCH, |t| t.0);
    let spec = &agreement.spec;
    let mut invalid = validate(spec, &namespace, created);
    let (errors, advice): (Vec<Lint>, Vec<Lint>) =
        // What the source keeps has a condition of its own, since it changes without either spec.
        lint(&agreement.spec, None).into_iter().partition(|lint| lint.severity == Severity::Error);
    invalid.extend(errors.into_iter().map(|lint| InvalidSpec::new(lint.field, lint.message)));
    if !invalid.is_empty() {
        return Err(refuse_spec("InvalidSpec", spec, &invalid));
    }
    let name = &agreement.spec.metrics.source_ref.name;
    let Some(source) = source else {
        let message = format!("spec.metrics.sourceRef: there is no MetricsSource {name}");
        return Err(Refusal { reason: "SourceNotFound", message, terminal: false, amendment: None });
    };
    let tenancy = tenancy(&source.spec.tenants, &namespace).ok_or_else(|| Refusal {
        reason: "NamespaceNotAllowed",
        message: format!(
            "spec.metrics.sourceRef: MetricsSource {name} does not admit namespace {namespace}; \
             the platform team can add it to its spec.tenants"
        ),
        terminal: false,
        amendment: None,
    })?;
    let invalid = |fault: InvalidSpec| refuse_spec("InvalidSpec", spec, &[fault]);
    let schedule = Schedule::new(spec, created).map_err(invalid)?;
    let mut asked = vec![(Timestamp::MIN, ask("spec", &spec.objectives, &tenancy))];
    for (index, (amendment, from)) in spec.amendments.iter().zip(instants(spec).map_err(invalid)?).enumerate() {
        if let Some(objectives) = &amendment.objectives {
            asked.push((from, ask(&format!("spec.amendments[{index}]"), objectives, &tenancy)));
        }
    }
    if let Some(fault) = reported(spec) {
        return Err(refuse_spec("NotMeasured", spec, &[fault]));
    }
    if let Some(fault) = size::beyond(spec, created, &size::BY_AN_OPERATOR) {
        return Err(invalid(fault));
    }
    let asked = asked.into_iter().map(|(from, asked)| Ok((from, asked?))).collect::<Result<_, InvalidSpec>>();
    let asked = asked.map_err(|refused| refuse_spec("ExpressionRefused", spec, &[refused]))?;
    let resize = resize::refused(spec, &tenancy);
    if let Some(refused) = capacity::refused(spec, &tenancy).into_iter().chain(resize).next() {
        return Err(refuse_spec("ExpressionRefused", spec, &[refused]));
    }
    Ok(Terms { schedule, asked, advice: advice.into() })
}

/// What of an agreement the operator refuses although `guarantor settle` can work with it, with the fields: what nobody
/// measures, and more slots than it holds.
#[must_use]
pub fn only_offline(spec: &AgreementSpec, created: Timestamp) -> Vec<InvalidSpec> {
    reported(spec).into_iter().chain(size::beyond(spec, created, &size::BY_AN_OPERATOR)).collect()
}

/// What is wrong with a spec, and with which of its amendments.
fn refuse_spec(reason: &'static str, spec: &AgreementSpec, faults: &[InvalidSpec]) -> Refusal {
    let message = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let amendment = faults.iter().find_map(|fault| {
        let (index, _) = fault.field.strip_prefix("spec.amendments[")?.split_once(']')?;
        Some(spec.amendments.get(index.parse::<usize>().ok()?)?.effective.clone())
    });
    Refusal { reason, message, terminal: true, amendment }
}

/// The questions of objectives that stand in `field`, or the first that no source would be asked.
fn ask(field: &str, objectives: &[Objective], tenancy: &Tenancy) -> Result<Arc<Vec<Asked>>, InvalidSpec> {
    if let Some(refused) = refused(objectives, tenancy).into_iter().next() {
        return Err(InvalidSpec::new(refused.field.replacen("spec", field, 1), refused.message));
    }
    let asked = objectives.iter().flat_map(series::indicators);
    let asked = asked.map(|(objective, indicator)| Asked { objective, indicator, tenancy: tenancy.clone() });
    Ok(Arc::new(asked.collect()))
}

/// What is wrong with values that are only reported: the operator measures, and has nobody who reports.
fn reported(spec: &AgreementSpec) -> Option<InvalidSpec> {
    let silent = |o: &Objective| o.indicator.value.as_ref().is_some_and(|value| value.expression.is_none());
    let amended = spec.amendments.iter().enumerate().filter_map(|(index, amendment)| {
        amendment.objectives.as_deref().map(|objectives| (format!("spec.amendments[{index}]"), objectives))
    });
    std::iter::once(("spec".to_owned(), spec.objectives.as_slice())).chain(amended).find_map(|(place, objectives)| {
        let index = objectives.iter().position(silent)?;
        let message = "must say what is to be measured in a cluster; values that are reported are settled by the command \
                       `guarantor settle`";
        Some(InvalidSpec::new(format!("{place}.objectives[{index}].indicator.value.expression"), message))
    })
}

/// What of these indicators cannot be asked by a namespace that is confined to `tenancy`, with the fields. An empty
/// tenancy confines to nothing: then only what no source would be asked is found.
#[must_use]
pub fn refused(objectives: &[Objective], tenancy: &Tenancy) -> Vec<InvalidSpec> {
    let mut found = Vec::new();
    for (index, objective) in objectives.iter().enumerate() {
        let pooled = objective.indicator.members.is_some();
        for (place, (_, indicator)) in series::indicators(objective).iter().enumerate() {
            let member = if pooled { format!("members[{place}].") } else { String::new() };
            let mut refuse = |field: &str, message: String| {
                found.push(InvalidSpec::new(format!("spec.objectives[{index}].indicator.{member}{field}"), message));
            };
            for (field, text) in indicator.expressions() {
                if let Err(refusal) = Expression::parse(text).and_then(|e| e.confine(tenancy)) {
                    refuse(field, refusal.to_string());
                }
            }
            if let Some((field, message)) = indicator.latency.as_ref().and_then(|l| histogram(l, tenancy)) {
                refuse(&format!("latency.{field}"), message);
            }
        }
    }
    found
}

/// What is wrong with how a histogram is selected: the field, and the sentence.
fn histogram(latency: &LatencyIndicator, tenancy: &Tenancy) -> Option<(&'static str, String)> {
    let question = BoundsAsk { id: AskId(0), histogram: latency.histogram.clone(), labels: latency.selector.clone() };
    if let Err(refusal) = question.check() {
        let field = if matches!(refusal, promql::Refusal::HistogramName { .. }) { "histogram" } else { "selector" };
        return Some((field, refusal.to_string()));
    }
    let (label, value) =
        tenancy.iter().find(|(label, value)| latency.selector.get(label).is_some_and(|v| v != value))?;
    let message = format!(
        "the agreement is confined to {label}={value:?} by its MetricsSource and can select no other {label}; leave the \
         label out"
    );
    Some(("selector", message))
}

/// What is asked of the source per objective, as it is sent when asked alone: for statements.
#[must_use]
pub fn queries(
    agreement: &ServiceLevelAgreement,
    source: &MetricsSource,
    form: IncreaseForm,
) -> BTreeMap<String, Vec<String>> {
    let tenancy = tenancy(&source.spec.tenants, &agreement.namespace().unwrap_or_default()).unwrap_or_default();
    let slot_ms = u64::try_from(agreement.spec.metrics.slot.seconds()).unwrap_or(0).saturating_mul(1000);
    let form = promql_form(form);
    let text = |expression: &str| {
        let confined = Expression::parse(expression).and_then(|e| e.confine(&tenancy));
        // What was accepted once is accepted here; were it not, the statement shows what the user wrote.
        confined.map_or_else(|_| expression.to_owned(), |c| c.text(slot_ms, form))
    };
    let of = |indicator: &Indicator| {
        let histogram = indicator.latency.as_ref().map(|latency| {
            let labels = latency.selector.iter().chain(tenancy.iter().map(|(k, v)| (k, v)));
            let selector: Vec<String> = labels.map(|(k, v)| format!("{k}={v:?}")).collect();
            format!("histogram {}{{{}}} threshold {}", latency.histogram, selector.join(","), latency.threshold)
        });
        let asked = indicator.expressions().map(|(_, expression)| text(expression));
        histogram.into_iter().chain(asked).collect::<Vec<_>>()
    };
    let all = |objective: &Objective| series::indicators(objective).iter().flat_map(|(_, i)| of(i)).collect();
    agreement.spec.objectives.iter().map(|o| (o.name.clone(), all(o))).collect()
}

/// What a namespace is confined to: its own entry, else the one for all; `None` when the source does not admit it.
#[must_use]
pub fn tenancy(tenants: &[Tenant], namespace: &str) -> Option<Tenancy> {
    let tenant =
        tenants.iter().find(|t| t.namespace == namespace).or_else(|| tenants.iter().find(|t| t.namespace == "*"))?;
    Some(tenant.matchers.iter().map(|m| (m.label.clone(), m.value.replace("$namespace", namespace))).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;
