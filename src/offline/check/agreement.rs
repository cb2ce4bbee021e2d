//! What only the operator sees of an agreement: days, zones, sizes, expressions, and what is hardly meant.
//!
//! Asks the functions that the operator asks. Where the agreement's metrics source is among the manifests, what it admits
//! and how long it keeps samples is looked at too; otherwise the cluster may have one, and that is left open unless
//! somebody says it.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::Surroundings;
use super::finding::{Fault, code};
use crate::api::agreement::AgreementSpec;
use crate::api::exclusion::ExclusionSpec;
use crate::api::{MetricsSource, ServiceLevelAgreement};
use crate::controller::terms;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::lint::{Lint, lint};
use crate::evaluate::span;
use crate::evaluate::validate::validate;

/// Every fault of an agreement that its schema and rules accept, with what is known of where it will be.
#[must_use]
pub fn check(
    agreement: &ServiceLevelAgreement,
    Surroundings { namespace, retention }: Surroundings<'_>,
    source: Option<&MetricsSource>,
) -> Vec<Fault> {
    let spec = &agreement.spec;
    // Where the namespace is open, the one that a workload repeats may be it.
    let repeated = spec.service.workloads.iter().find_map(|workload| workload.namespace.as_deref());
    let own = namespace.or(repeated).unwrap_or_default();
    let created = agreement.metadata.creation_timestamp.as_ref().map_or(Timestamp::UNIX_EPOCH, |t| t.0);
    let invalid = validate(spec, own, created);
    // What is wrong everywhere is no matter of where it is settled.
    let mut only_offline = terms::only_offline(spec, created);
    only_offline.retain(|fault| invalid.iter().all(|other| other.field != fault.field));
    let mut found: Vec<Fault> = invalid.into_iter().map(|i| Fault::error(code::INVALID, i.field, i.message)).collect();
    found.extend(only_offline.into_iter().map(|InvalidSpec { field, message }| {
        let message = format!("{message}; the operator refuses the agreement, `guarantor settle` takes it");
        Fault::warning(code::ONLY_OFFLINE, field, message)
    }));
    found.extend(expressions(spec, namespace, source));
    found.extend(lint(spec, source.and_then(kept).or(retention)).into_iter().map(of_lint));
    found
}

/// What an exclusion asks of an agreement that has no such thing, neither now nor after any of its amendments.
#[must_use]
pub fn strange(agreement: &AgreementSpec, exclusion: &ExclusionSpec) -> Vec<InvalidSpec> {
    let amended = || agreement.amendments.iter();
    let objectives = || amended().filter_map(|a| a.objectives.as_ref()).chain([&agreement.objectives]).flatten();
    let rules = || amended().filter_map(|a| a.exclusions.as_ref()).chain([&agreement.exclusions]);
    let unknown = exclusion.objectives.iter().enumerate().filter(|(_, name)| !objectives().any(|o| o.name == **name));
    let mut found: Vec<InvalidSpec> = unknown
        .map(|(index, name)| {
            let message = format!("{} has no objective {name:?}", exclusion.agreement);
            InvalidSpec::new(format!("spec.objectives[{index}]"), message)
        })
        .collect();
    if !rules().flat_map(|rules| &rules.rules).any(|rule| rule.reason == exclusion.reason) {
        let message = format!("{} has no rule for it in spec.exclusions.rules, and refuses it", exclusion.agreement);
        found.push(InvalidSpec::new("spec.reason", message));
    } else if !rules().any(|rules| rules.rule(exclusion.reason, exclusion.rule_name()).is_some()) {
        let message = format!(
            "{} has no rule of this name for the reason {:?} in spec.exclusions.rules, and refuses it",
            exclusion.agreement, exclusion.reason
        );
        found.push(InvalidSpec::new("spec.ruleName", message));
    }
    found
}

/// How long a source keeps samples, where its status says so.
fn kept(source: &MetricsSource) -> Option<SignedDuration> {
    span::elapsed(source.status.as_ref()?.retention.as_ref()?.keeps.as_ref()?).ok()
}

fn expressions(spec: &AgreementSpec, namespace: Option<&str>, source: Option<&MetricsSource>) -> Vec<Fault> {
    let tenancy = match (namespace, source) {
        (Some(namespace), Some(source)) => terms::tenancy(&source.spec.tenants, namespace).ok_or(namespace),
        // Nobody knows to what it would be confined.
        _ => Ok(Vec::new()),
    };
    let tenancy = match tenancy {
        Ok(tenancy) => tenancy,
        Err(namespace) => {
            let source = &spec.metrics.source_ref.name;
            let message =
                format!("the MetricsSource {source} does not admit namespace {namespace}; add it to its spec.tenants");
            return vec![Fault::error(code::NAMESPACE_NOT_ALLOWED, "spec.metrics.sourceRef.name", message)];
        }
    };
    let amended = spec.amendments.iter().enumerate();
    let amended = amended.filter_map(|(i, a)| Some((format!("spec.amendments[{i}]"), a.objectives.as_ref()?)));
    let all = std::iter::once(("spec".to_owned(), &spec.objectives)).chain(amended);
    let refused = all.flat_map(|(place, objectives)| {
        let refused = terms::refused(objectives, &tenancy).into_iter();
        refused.map(move |r| Fault::error(code::EXPRESSION, r.field.replacen("spec", &place, 1), r.message))
    });
    let of_resize = terms::resize::refused(spec, &tenancy).into_iter();
    let of_samples = terms::capacity::refused(spec, &tenancy).into_iter().chain(of_resize);
    refused.chain(of_samples.map(|r| Fault::error(code::EXPRESSION, r.field, r.message))).collect()
}

fn of_lint(lint: Lint) -> Fault {
    let Lint { code, severity, field, message, at } = lint;
    Fault { field, severity, code: code.as_str(), message, at }
}
