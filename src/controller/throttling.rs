//! Asks the source whether the CPU limit of pods throttles them, for an agreement in danger that allows pods to be resized.
//!
//! It is asked like an indicator by pod, with throttled periods as the bad events, and so confined like every other query.

use kube::ResourceExt;

use super::context::Context;
use super::registry::Asked;
use crate::api::ServiceLevelAgreement;
use crate::api::objective::{Indicator, RatioIndicator};
use crate::api::resize::Resize;
use crate::decide::FleetView;
use crate::decide::cause::throttling::WINDOW;
use crate::decide::danger::health::{Danger, danger};
use crate::evaluate::assessment::Assessment;
use crate::record::status;
use crate::sense::signals::{SignalAsk, Signals};

/// The periods of the pods, in the window that ends now.
pub(super) async fn just_now(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    asked: &[Asked],
    assessment: &Assessment,
    fleet: &FleetView,
) -> Signals {
    let nothing = |why: &str| Signals::NotAsked(why.to_owned());
    let Some(resize) = &agreement.spec.enforcement.resize else {
        return nothing("enforcement.resize is left out");
    };
    if fleet.burns_as_one() || assessment.objectives.iter().all(|objective| danger(objective) == Danger::None) {
        return nothing("nothing is in danger, or many services burn together");
    }
    let Some(handle) = context.handles.get(&agreement.spec.metrics.source_ref.name) else {
        return nothing("the source cannot be read just now");
    };
    let Some(tenancy) = asked.first().map(|asked| asked.tenancy.clone()) else {
        return nothing("no objective is asked of the source");
    };
    let ask = SignalAsk {
        indicator: indicator(resize),
        tenancy,
        at: status::whole_seconds(context.clock.now()),
        window_seconds: u32::try_from(WINDOW.as_secs()).unwrap_or(u32::MAX),
    };
    let signals = handle.read_signals(&ask).await;
    if let Some(trouble) = signals.trouble() {
        tracing::debug!(agreement = %agreement.name_any(), %trouble, "whether pods are throttled is not known");
    }
    signals
}

fn indicator(resize: &Resize) -> Indicator {
    let counters = resize.counters();
    let increase = |selector: &str| format!("sum(increase({selector}[$slot]))");
    Indicator {
        ratio: Some(RatioIndicator {
            bad: Some(increase(&counters.throttled)),
            total: increase(&counters.periods),
            good: None,
        }),
        ..Indicator::default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sense::promql::Expression;

    #[test]
    fn throttling_is_asked_by_expressions_that_can_be_told_by_pod() {
        let resize: Resize = serde_json::from_value(serde_json::json!({"maxCpu": "2", "container": "web"})).unwrap();
        let ratio = indicator(&resize).ratio.unwrap();
        for (text, expected) in [
            (ratio.bad.unwrap(), "container_cpu_cfs_throttled_periods_total"),
            (ratio.total, "container_cpu_cfs_periods_total"),
        ] {
            let tenancy = [("namespace".to_owned(), "shop".to_owned())];
            let confined = Expression::parse(&text).unwrap().confine(&tenancy).unwrap();
            let by_pod = confined.by_label("pod").unwrap();
            let query = by_pod.newest().unwrap();
            assert!(query.contains(expected) && query.contains("container=\"web\""), "{query}");
            assert!(query.contains("namespace=\"shop\""), "confined: {query}");
        }
    }
}
