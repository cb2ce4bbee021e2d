//! The `HorizontalPodAutoscaler` on CPU utilisation, after `pkg/controller/podautoscaler/replica_calculator.go`.

use super::behavior::Behavior;
use super::{Order, Policy, pods, told};
use crate::simulate::view::{PodView, View};

/// `--horizontal-pod-autoscaler-tolerance`.
const TOLERANCE: f64 = 0.1;
/// `--horizontal-pod-autoscaler-cpu-initialization-period`, seconds.
const INITIALIZATION: f64 = 300.0;
/// `--horizontal-pod-autoscaler-initial-readiness-delay`, seconds.
const READINESS_DELAY: f64 = 30.0;
/// Window of a CPU measurement, seconds.
const WINDOW: f64 = 15.0;

/// An HPA with a utilisation target.
#[derive(Debug)]
pub struct Hpa {
    target: f64,
    /// CPU request of a pod, in cores.
    request: f64,
    behavior: Behavior,
}

impl Hpa {
    /// Aims at `target` (0 to 1) of a CPU request of `request` cores.
    #[must_use]
    pub fn new(target: f64, request: f64) -> Self {
        Self { target, request, behavior: Behavior::default() }
    }
}

impl Policy for Hpa {
    fn name(&self) -> String {
        format!("HPA {}", told(self.target))
    }

    fn aim_at(&mut self, target: f64) {
        self.target = target;
    }

    fn decide(&mut self, view: &View<'_>) -> Order {
        let wanted = recommend(view.pods, view.replicas, self.target, self.request, view.now);
        // Without metrics of any pod the controller reports an error and changes nothing.
        let Some(wanted) = wanted else { return Order::default() };
        Order::replicas(self.behavior.apply(view.now, view.replicas, wanted))
    }
}

/// Pods by what their metrics are good for.
#[derive(Debug, Default)]
struct Groups {
    usage: Vec<f64>,
    unready: usize,
    missing: usize,
}

fn group(pods: &[PodView], now: f64) -> Groups {
    let mut groups = Groups::default();
    for pod in pods {
        match pod.usage {
            None => groups.missing += 1,
            Some((_, measured)) if is_unready(pod, measured, now) => groups.unready += 1,
            Some((usage, _)) => groups.usage.push(usage),
        }
    }
    groups
}

fn is_unready(pod: &PodView, measured: f64, now: f64) -> bool {
    if pod.created + INITIALIZATION > now {
        !pod.ready || measured < pod.turned + WINDOW
    } else {
        !pod.ready && pod.created + READINESS_DELAY > pod.turned
    }
}

/// The replicas the controller computes before its rules. `None`: no pod has metrics that count.
#[must_use]
pub fn recommend(pods_seen: &[PodView], current: u32, target: f64, request: f64, now: f64) -> Option<u32> {
    let Groups { usage, unready, missing } = group(pods_seen, now);
    let known = count(usage.len());
    if known <= 0.0 {
        return None;
    }
    let used: f64 = usage.iter().sum();
    let ratio = utilization_ratio(used, known * request, target);
    let up_with_unready = unready > 0 && ratio > 1.0;
    if !up_with_unready && missing == 0 {
        return Some(if within(ratio) { current } else { pods(ratio * known) });
    }
    let (mut used, mut counted) = (used, known);
    if missing > 0 && (ratio - 1.0).abs() > f64::EPSILON {
        // On the way down a pod without metrics is taken to use all it asked for, on the way up nothing.
        let assumed = if ratio < 1.0 { target.max(1.0) } else { 0.0 };
        used += count(missing) * assumed * request;
        counted += count(missing);
    }
    if up_with_unready {
        counted += count(unready);
    }
    let corrected = utilization_ratio(used, counted * request, target);
    if within(corrected) || (ratio < 1.0) != (corrected < 1.0) {
        return Some(current);
    }
    let wanted = pods(corrected * counted);
    let against = (corrected < 1.0 && wanted > current) || (corrected > 1.0 && wanted < current);
    Some(if against { current } else { wanted })
}

fn within(ratio: f64) -> bool {
    (1.0 - TOLERANCE..=1.0 + TOLERANCE).contains(&ratio)
}

/// Whole percent against the target's, as the controller computes it.
fn utilization_ratio(used: f64, requested: f64, target: f64) -> f64 {
    (used * 100.0 / requested + 1e-9).trunc() / (target * 100.0).round()
}

fn count(pods: usize) -> f64 {
    crate::simulate::load::number(pods)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: f64 = 1000.0;

    fn old(usage: f64) -> PodView {
        PodView { turned: 30.0, ready: true, usage: Some((usage, NOW - 5.0)), ..PodView::default() }
    }

    fn starting() -> PodView {
        PodView { created: NOW - 20.0, turned: NOW - 20.0, usage: Some((0.0, NOW - 5.0)), ..PodView::default() }
    }

    fn without_metrics() -> PodView {
        PodView { usage: None, ..old(0.0) }
    }

    /// "If the current metric value is 200m, and the desired value is 100m, the number of replicas will be doubled, since
    /// 200.0 / 100.0 == 2.0. If the current value is instead 50m, you'll halve the number, since 50.0 / 100.0 == 0.5."
    #[test]
    fn the_documentations_doubling_and_halving() {
        let at = |usage| recommend(&[old(usage); 4], 4, 1.0, 0.1, NOW);
        assert_eq!(at(0.2), Some(8));
        assert_eq!(at(0.05), Some(2));
    }

    /// "... skips any scaling action if the ratio is sufficiently close to 1.0 (within a tolerance, 0.1 by default)."
    #[test]
    fn the_tolerance() {
        let at = |usage| recommend(&[old(usage); 10], 10, 0.5, 1.0, NOW);
        assert_eq!(at(0.55), Some(10));
        assert_eq!(at(0.45), Some(10));
        assert_eq!(at(0.56), Some(12));
        assert_eq!(at(0.44), Some(9));
    }

    /// Missing metrics: 100 % of the request on the way down, 0 % on the way up; dampened, never reversed.
    #[test]
    fn missing_metrics_dampen() {
        let up = [old(0.9), old(0.9), old(0.9), without_metrics()];
        // Without the fourth: 1.8 * 3 = 6; with it at 0: 67 % / 50 % = 1.34, 1.34 * 4 = 6 (5.36).
        assert_eq!(recommend(&up, 4, 0.5, 1.0, NOW), Some(6));
        let down = [old(0.1), old(0.1), old(0.1), without_metrics()];
        // At 100 % for the fourth: 32 % / 50 % = 0.64, 0.64 * 4 = 3 (2.56).
        assert_eq!(recommend(&down, 4, 0.5, 1.0, NOW), Some(3));
        // 25 % alone would halve; with two assumed at 100 % the direction turns, so nothing happens.
        let turned = [old(0.25), old(0.25), without_metrics(), without_metrics()];
        assert_eq!(recommend(&turned, 4, 0.5, 1.0, NOW), Some(4));
    }

    /// Pods not yet ready count with 0 % on the way up and not at all on the way down.
    #[test]
    fn unready_pods_dampen_the_way_up() {
        let pods = [old(0.8), old(0.8), starting(), starting()];
        // 1.6 * 2 alone; with two at 0: 40 % / 50 % = 0.8, the other side of 1: nothing.
        assert_eq!(recommend(&pods, 4, 0.5, 1.0, NOW), Some(4));
        let pods = [old(0.2), old(0.2), starting()];
        assert_eq!(recommend(&pods, 3, 0.5, 1.0, NOW), Some(1));
        assert_eq!(recommend(&[starting()], 1, 0.5, 1.0, NOW), None);
    }

    /// A pod in its first five minutes counts from the first window that began after it was ready.
    #[test]
    fn a_young_pod_needs_a_whole_window() {
        let usage = Some((0.8, NOW - 5.0));
        let young = |turned| PodView { created: NOW - 60.0, turned, ready: true, usage, ..PodView::default() };
        assert!(is_unready(&young(NOW - 15.0), NOW - 5.0, NOW));
        assert!(!is_unready(&young(NOW - 20.0), NOW - 5.0, NOW));
    }

    /// Later only one that was never ready is not counted: its readiness changed last within the initial readiness delay, 30 s, of
    /// its creation. One that was ready and is not any more is counted by what it uses.
    #[test]
    fn an_older_pod_is_not_counted_if_it_never_was_ready() {
        let usage = Some((0.8, NOW - 5.0));
        let older = |turned, ready| PodView { created: NOW - 400.0, turned, ready, usage, ..PodView::default() };
        assert!(is_unready(&older(NOW - 390.0, false), NOW - 5.0, NOW));
        assert!(!is_unready(&older(NOW - 370.0, false), NOW - 5.0, NOW));
        assert!(!is_unready(&older(NOW - 10.0, false), NOW - 5.0, NOW));
        assert!(!is_unready(&older(NOW - 390.0, true), NOW - 5.0, NOW));
    }
}
