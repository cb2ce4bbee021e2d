//! Resizing a pod takes CPU from its neighbours and says something of it that its template does not: only where the agreement
//! allows it, within its bounds, where its node has room, and never against another hand.

use crate::decide::cause::throttling;
use crate::decide::held::resized;
use crate::decide::plan::{ResizeChange, Step};
use crate::decide::situation::facts::Facts;
use crate::decide::verb::resize::{self, GROWTH, GUARANTEED};
use crate::sense::workload::PodObservation;

use super::{Hold, WITHIN, left_behind, promised};

/// The pod as it was read, and its change.
fn of<'a>(step: &'a Step, facts: &'a Facts<'_>) -> Option<(&'a PodObservation, &'a ResizeChange)> {
    Some((facts.workload.pod(&step.target.uid)?, step.resize()?))
}

pub(super) fn allowed(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    if facts.situation.enforcement.resize.is_none() {
        return Some(Hold::new("ResizeNotAllowed", "enforcement.resize is left out, so the operator resizes no pod"));
    }
    left_behind::sizes(facts)
}

/// An autoscaler that compares what pods use with what they request would read less, and take replicas away.
pub(super) fn one_axis(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let who = facts.workload.scaled_on_cpu.as_ref()?;
    let message = format!(
        "{who} scales on the utilization of CPU, which is measured by what pods request: resized pods would read as idle; \
         scale on another metric to have pods resized"
    );
    Some(Hold::new("ScaledOnCpu", message))
}

/// Its CPU can be changed in place, and nothing else with it.
pub(super) fn in_place(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (pod, change) = of(step, facts)?;
    let not = |why: &str| Some(Hold::new("NotResizable", format!("{} is not resized in place: {why}", pod.name)));
    let container = pod.size.containers.get(change.index)?;
    if pod.size.windows {
        return not("it runs on Windows");
    }
    if pod.size.whole {
        return not("it has a size as a whole (spec.resources), which binds its containers");
    }
    if container.restarts {
        return not(&format!(
            "a change of its CPU restarts container {} (resizePolicy: RestartContainer)",
            container.name
        ));
    }
    match pod.size.quality.as_deref() {
        Some(GUARANTEED) if change.to.request != change.to.limit => not("its class of service would change"),
        Some(_) if change.to.request > change.to.limit => not("it would request more than it may use"),
        Some(_) => None,
        None => not("its class of service is not known"),
    }
}

/// Nobody else gave it the size it has.
pub(super) fn respected(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (pod, change) = of(step, facts)?;
    let Some(template) = resized::of_template(facts.workload, &change.container) else {
        let message = format!(
            "the template of {} gives {} no CPU limit to come back to",
            facts.workload.workload.kind, change.container
        );
        return Some(Hold::new("NoTemplateSize", message));
    };
    let container = pod.size.containers.get(change.index)?;
    let ours = container.set_by.as_deref() == Some(change.manager.as_str());
    (change.from != template && !ours).then(|| {
        let who = container.set_by.as_deref().unwrap_or("somebody the API server has no name for");
        let message = format!("{who} gave {} another size than its template, so it is left alone", pod.name);
        Hold::new("ResizedByOthers", message)
    })
}

/// The step is neither too large nor beyond the agreement's bound.
pub(super) fn bounded(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (pod, change) = of(step, facts)?;
    let most = facts.situation.enforcement.resize.as_ref().and_then(throttling::most).unwrap_or(0);
    let (by, of) = GROWTH;
    let (from, to) = (change.from.limit, change.to.limit);
    if to > most {
        let message = format!("{to}m is above the {most}m that enforcement.resize.maxCpu allows");
        return Some(Hold::new("OutOfBounds", message));
    }
    let too_large = to.saturating_mul(of) > from.saturating_mul(by).saturating_add(of);
    (to <= from || too_large)
        .then(|| Hold::new("StepTooLarge", format!("{from}m to {to}m is no step by which {} grows", pod.name)))
}

/// Its node has so much left.
pub(super) fn has_room(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (pod, _) = of(step, facts)?;
    let node = pod.node.as_deref().unwrap_or_default();
    let Some(left) = resize::left_on(facts, node) else {
        let message = format!("what node {node} has left cannot be read, so {} is not resized", pod.name);
        return Some(Hold::new("NodeNotRead", message));
    };
    let more = resize::more(step);
    (left < more).then(|| {
        let promised = match promised(facts, node) {
            0 => String::new(),
            given => format!(" beside the {given}m that pods there were given within {WITHIN:#}"),
        };
        let message = format!("node {node} has {left}m of CPU left{promised}, and {} would take {more}m", pod.name);
        Hold::new("NoRoomOnNode", message)
    })
}

/// Counted by the status, so that a restart does not begin a new day.
pub(super) fn within_budget(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    (resize::left_today(facts) == 0).then(|| {
        let message = "as many pods were resized within 24 hours as enforcement.resize.perDay allows";
        Hold { until: resize::more_from(facts), ..Hold::new("ResizeBudget", message) }
    })
}

/// The API server did not refuse it in this episode.
pub(super) fn not_refused(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let refused = facts.resized.as_ref()?.refused.as_ref()?;
    let message = format!("the API server refused to resize {}: {}", refused.pod, refused.message);
    Some(Hold::new("ResizeRefused", message))
}

/// The last resizes are judged before replicas are added: they may do without.
pub(super) fn judged(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let open = resized::open(&facts.actions);
    let until = resized::round_ends(&open);
    (!open.is_empty()).then(|| {
        let message = format!("the resize of {} pods has until {until} to show whether it helps", open.len());
        Hold::new("AwaitingVerdict", message).until(until)
    })
}
