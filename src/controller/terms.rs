//! From an agreement's spec to what can be worked with: its schedule, and what is to be asked of its source.
//!
//! Everything the schema could not check is checked here, and everything that must stay inside the agreement's
//! namespace is confined to it. What is wrong comes back as one reason with one sentence: nothing is asked then.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::jiff::Timestamp;
use kube::{Resource, ResourceExt};

use super::registry::Asked;
use crate::api::metrics_source::IncreaseForm;
use crate::api::metrics_source::Tenant;
use crate::api::objective::{Indicator, LatencyIndicator, Objective};
use crate::api::{MetricsSource, ServiceLevelAgreement};
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::lint::{Lint, Severity, lint};
use crate::evaluate::period::Schedule;
use crate::evaluate::series;
use crate::evaluate::validate::{measured_size, validate};
use crate::sense::promql::{self, AskId, BoundsAsk, Expression};
use crate::sense::reader::promql_form;

/// Label values that every series of an agreement must carry.
pub type Tenancy = Vec<(String, String)>;

/// What an agreement comes to.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Its periods.
    pub schedule: Schedule,
    /// What is asked, objective by objective.
    pub asked: Arc<Vec<Asked>>,
    /// What is hardly meant, though it is worked with.
    pub advice: Arc<[Lint]>,
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
    let mut invalid = validate(&agreement.spec, &namespace, created);
    let (errors, advice): (Vec<Lint>, Vec<Lint>) =
        // What the source keeps has a condition of its own, since it changes without either spec.
        lint(&agreement.spec, None).into_iter().partition(|lint| lint.severity == Severity::Error);
    invalid.extend(errors.into_iter().map(|lint| InvalidSpec::new(lint.field, lint.message)));
    if !invalid.is_empty() {
        let message = invalid.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        return Err(Refusal { reason: "InvalidSpec", message, terminal: true });
    }
    let name = &agreement.spec.metrics.source_ref.name;
    let Some(source) = source else {
        let message = format!("spec.metrics.sourceRef: there is no MetricsSource {name}");
        return Err(Refusal { reason: "SourceNotFound", message, terminal: false });
    };
    let tenancy = tenancy(&source.spec.tenants, &namespace).ok_or_else(|| Refusal {
        reason: "NamespaceNotAllowed",
        message: format!(
            "spec.metrics.sourceRef: MetricsSource {name} does not admit namespace {namespace}; \
             the platform team can add it to its spec.tenants"
        ),
        terminal: false,
    })?;
    if let Some(refused) = refused(&agreement.spec.objectives, &tenancy).first() {
        return Err(Refusal { reason: "ExpressionRefused", message: refused.to_string(), terminal: true });
    }
    if let Some(message) = reported(&agreement.spec.objectives) {
        return Err(Refusal { reason: "NotMeasured", message, terminal: true });
    }
    let series = agreement.spec.objectives.iter().flat_map(series::indicators);
    let asked = series.map(|(objective, indicator)| Asked { objective, indicator, tenancy: tenancy.clone() });
    let asked = Arc::new(asked.collect());
    let invalid = |e: InvalidSpec| Refusal { reason: "InvalidSpec", message: e.to_string(), terminal: true };
    let schedule = Schedule::new(&agreement.spec, created).map_err(invalid)?;
    if let Some(fault) = measured_size(&agreement.spec, &schedule) {
        return Err(invalid(fault));
    }
    Ok(Terms { schedule, asked, advice: advice.into() })
}

/// What is wrong with values that are only reported: the operator measures, and has nobody who reports.
fn reported(objectives: &[Objective]) -> Option<String> {
    let silent = |o: &&Objective| o.indicator.value.as_ref().is_some_and(|value| value.expression.is_none());
    let index = objectives.iter().position(|o| silent(&o))?;
    Some(format!(
        "spec.objectives[{index}].indicator.value.expression must say what is to be measured in a cluster; values that \
         are reported are settled by the command `guarantor settle`"
    ))
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
            for (field, text) in expressions(indicator) {
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
    let of = |indicator: &Indicator| match &indicator.latency {
        Some(latency) => {
            let labels = latency.selector.iter().chain(tenancy.iter().map(|(k, v)| (k, v)));
            let selector: Vec<String> = labels.map(|(k, v)| format!("{k}={v:?}")).collect();
            vec![format!("histogram {}{{{}}} threshold {}", latency.histogram, selector.join(","), latency.threshold)]
        }
        None => expressions(indicator).map(|(_, expression)| text(expression)).collect::<Vec<_>>(),
    };
    let all = |objective: &Objective| series::indicators(objective).iter().flat_map(|(_, i)| of(i)).collect();
    agreement.spec.objectives.iter().map(|o| (o.name.clone(), all(o))).collect()
}

/// The PromQL of an indicator, with the fields it stands in.
fn expressions(indicator: &Indicator) -> impl Iterator<Item = (&'static str, &str)> {
    let ratio = indicator.ratio.as_ref();
    [
        ("ratio.good", ratio.and_then(|r| r.good.as_deref())),
        ("ratio.bad", ratio.and_then(|r| r.bad.as_deref())),
        ("ratio.total", ratio.map(|r| r.total.as_str())),
        ("value.expression", indicator.value.as_ref().and_then(|v| v.expression.as_deref())),
    ]
    .into_iter()
    .filter_map(|(field, text)| Some((field, text?)))
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
mod tests {
    use super::*;
    use crate::api::metrics_source::TenantMatcher;
    use crate::evaluate::lint::Code;

    #[test]
    fn terms_are_remembered_until_one_of_the_specs_changes() {
        let (mut agreement, mut source) = declared();
        let mut known = None;
        let first = recall(&agreement, Some(&source), &mut known).unwrap();
        let same = recall(&agreement, Some(&source), &mut known).unwrap();
        assert!(Arc::ptr_eq(&first.asked, &same.asked));
        source.spec.tenants = vec![tenant("shop", "team", "web")];
        source.metadata.generation = Some(2);
        let confined = recall(&agreement, Some(&source), &mut known).unwrap();
        assert_eq!(confined.asked[0].tenancy, [("team".to_owned(), "web".to_owned())]);
        agreement.spec.objectives[0].name = "errors".to_owned();
        agreement.metadata.generation = Some(2);
        assert_eq!(recall(&agreement, Some(&source), &mut known).unwrap().asked[0].objective, "errors");
        assert_eq!(recall(&agreement, None, &mut known).unwrap_err().reason, "SourceNotFound");
    }

    #[test]
    fn what_is_hardly_meant_is_advised() {
        let (mut agreement, source) = declared();
        assert_eq!(recall(&agreement, Some(&source), &mut None).unwrap().advice.len(), 0);
        agreement.spec.objectives[0].target = "100".into();
        let advice = recall(&agreement, Some(&source), &mut None).unwrap().advice;
        assert_eq!(advice.iter().map(|lint| lint.code).collect::<Vec<_>>(), [Code::TargetNotBelow100]);
    }

    #[test]
    fn a_table_that_contradicts_itself_is_refused() {
        let (mut agreement, source) = declared();
        let tier = |below: &str, percent: &str| serde_json::json!({"objective": "availability", "below": below, "percentOfFee": percent});
        let credits = serde_json::json!({
            "fee": {"amount": "1", "currency": "EUR"}, "tiers": [tier("99", "25"), tier("95", "10")],
        });
        agreement.spec.credits = Some(serde_json::from_value(credits).unwrap());
        let refusal = recall(&agreement, Some(&source), &mut None).unwrap_err();
        assert_eq!((refusal.reason, refusal.terminal), ("InvalidSpec", true));
        assert!(refusal.message.starts_with("spec.credits.tiers[1].percentOfFee: "), "{}", refusal.message);
    }

    fn declared() -> (ServiceLevelAgreement, MetricsSource) {
        let agreement = r#"
metadata: {name: web, namespace: shop, uid: u, generation: 1}
spec:
  service: {name: web}
  metrics: {sourceRef: {name: main}}
  period: {calendar: Month}
  objectives:
  - name: availability
    indicator: {ratio: {bad: 'sum(increase(r{code="500"}[$slot]))', total: 'sum(increase(r[$slot]))'}}
    target: "99"
"#;
        let source = r#"
metadata: {name: main, uid: s, generation: 1}
spec: {url: "http://prometheus", tenants: [{namespace: shop}]}
"#;
        let head = |kind: &str| format!("apiVersion: guarantor.dev/v1alpha1\nkind: {kind}");
        (
            serde_saphyr::from_str(&(head("ServiceLevelAgreement") + agreement)).unwrap(),
            serde_saphyr::from_str(&(head("MetricsSource") + source)).unwrap(),
        )
    }

    fn tenant(namespace: &str, label: &str, value: &str) -> Tenant {
        let matcher = TenantMatcher { label: label.to_owned(), value: value.to_owned() };
        Tenant { namespace: namespace.to_owned(), matchers: vec![matcher] }
    }

    #[test]
    fn a_namespace_is_confined_by_its_own_entry_first() {
        let tenants = [tenant("*", "namespace", "$namespace"), tenant("shop", "team", "web")];
        assert_eq!(tenancy(&tenants, "shop"), Some(vec![("team".to_owned(), "web".to_owned())]));
        assert_eq!(tenancy(&tenants, "bank"), Some(vec![("namespace".to_owned(), "bank".to_owned())]));
        assert_eq!(tenancy(&tenants[1..], "bank"), None);
    }

    #[test]
    fn a_histogram_is_selected_within_the_tenancy_and_by_its_base_name() {
        let tenancy = vec![("namespace".to_owned(), "shop".to_owned())];
        let of = |name: &str, label: &str, value: &str| {
            let selector = BTreeMap::from([(label.to_owned(), value.to_owned())]);
            let latency = LatencyIndicator { histogram: name.to_owned(), selector, threshold: "250ms".into() };
            histogram(&latency, &tenancy).map(|(field, _)| field)
        };
        assert_eq!(of("duration_seconds", "service", "web"), None);
        assert_eq!(of("duration_seconds", "namespace", "shop"), None);
        assert_eq!(of("duration_seconds", "namespace", "bank"), Some("selector"));
        assert_eq!(of("duration_seconds", "le", "1"), Some("selector"));
        assert_eq!(of("duration_seconds_bucket", "service", "web"), Some("histogram"));
    }

    #[test]
    fn members_and_values_are_asked_under_the_names_of_their_series() {
        let (mut agreement, source) = declared();
        agreement.spec.period = serde_saphyr::from_str("{rolling: 7d}").unwrap();
        let objectives = r#"
- name: pool
  measurement: {method: Pooled, badWhen: {allFail: true}}
  target: "99"
  indicator:
    members:
    - {name: a, ratio: {bad: 'sum(increase(r{code="500",q="a"}[$slot]))', total: 'sum(increase(r{q="a"}[$slot]))'}}
    - {name: b, latency: {histogram: h, threshold: 250ms}}
- name: lag
  measurement: {method: Value}
  target: "100"
  indicator: {value: {expression: 'max(max_over_time(lag_seconds[$slot]))', limit: 5s}}
"#;
        agreement.spec.objectives = serde_saphyr::from_str(objectives).unwrap();
        let terms = recall(&agreement, Some(&source), &mut None).unwrap();
        let names: Vec<_> = terms.asked.iter().map(|asked| asked.objective.as_str()).collect();
        assert_eq!(names, ["pool/a", "pool/b", "lag"]);
        assert!(terms.asked[0].indicator.ratio.is_some() && terms.asked[1].indicator.latency.is_some());
        let queries = queries(&agreement, &source, IncreaseForm::Anchored);
        assert_eq!((queries["pool"].len(), queries["lag"].len()), (3, 1));

        let mut wrong = agreement.clone();
        let members = wrong.spec.objectives[0].indicator.members.as_mut().unwrap();
        members[0].ratio.as_mut().unwrap().total = "sum(increase(r[$slot]".to_owned();
        let refusal = recall(&wrong, Some(&source), &mut None).unwrap_err();
        assert!(refusal.message.starts_with("spec.objectives[0].indicator.members[0].ratio.total: "), "{refusal:?}");
        let value = agreement.spec.objectives[1].indicator.value.as_mut().unwrap();
        value.expression = None;
        assert_eq!(recall(&agreement, Some(&source), &mut None).unwrap_err().reason, "NotMeasured");
    }
}
