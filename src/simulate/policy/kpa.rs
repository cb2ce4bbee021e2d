//! Knative's pod autoscaler on concurrency, after `serving/pkg/autoscaler/scaling/autoscaler.go`.

use super::{Order, Policy, pods};
use crate::simulate::view::View;

/// `stable-window`, seconds.
const STABLE: usize = 60;
/// `panic-window-percentage` 10 of the stable window, seconds.
const PANIC: usize = 6;
/// `panic-threshold-percentage` 200.
const THRESHOLD: f64 = 2.0;
/// `max-scale-up-rate`.
const UP_RATE: f64 = 1000.0;
/// `max-scale-down-rate`.
const DOWN_RATE: f64 = 2.0;
/// `container-concurrency-target-percentage` 70.
const SHARE: f64 = 0.7;

/// The autoscaler.
#[derive(Debug)]
pub struct Kpa {
    concurrency: f64,
    has_begun: bool,
    panic_since: Option<f64>,
    most_in_panic: u32,
}

impl Kpa {
    /// Pods may have `concurrency` requests in flight; 70 % of it is aimed at.
    #[must_use]
    pub fn new(concurrency: f64) -> Self {
        Self { concurrency, has_begun: false, panic_since: None, most_in_panic: 0 }
    }

    /// The concurrency whose part that is aimed at keeps a pod of one core so busy: there are `u / (1 - u)` requests in it if
    /// they are spread at random. It aims at one at most, as pods with room to spare have as many requests in flight as the
    /// load needs cores: with more than one each, fewer pods than those are asked for, they are overrun, it panics, and so on
    /// for ever (serving issue 10275).
    #[must_use]
    pub fn stable(busy: f64) -> f64 {
        (busy / (1.0 - busy)).min(1.0) / SHARE
    }

    /// It begins in panic where more than one pod is ready: it does not know yet what they are there for.
    fn begin(&mut self, now: f64, ready: u32) {
        if !self.has_begun && ready > 1 {
            (self.panic_since, self.most_in_panic) = (Some(now), ready);
        }
        self.has_begun = true;
    }

    /// One look: mean concurrency over the stable and the panic window, and the ready pods.
    pub fn scale(&mut self, now: f64, stable: f64, panic: f64, ready: u32) -> u32 {
        let ready = f64::from(ready.max(1));
        let target = self.concurrency * SHARE;
        let (most, fewest) = ((UP_RATE * ready).ceil(), (ready / DOWN_RATE).floor());
        let bounded = |value: f64| (value / target).ceil().max(fewest).min(most);
        let (stable, in_panic) = (bounded(stable), bounded(panic));
        let over = (panic / target).ceil() / ready >= THRESHOLD;
        match self.panic_since {
            _ if over => self.panic_since = Some(now),
            Some(since) if now - since > seconds(STABLE) => {
                self.panic_since = None;
                self.most_in_panic = 0;
            }
            _ => {}
        }
        if self.panic_since.is_none() {
            return pods(stable);
        }
        // In panic there is no way down.
        self.most_in_panic = self.most_in_panic.max(pods(stable.max(in_panic)));
        self.most_in_panic
    }
}

impl Policy for Kpa {
    fn name(&self) -> String {
        format!("KPA {}", self.concurrency)
    }

    fn period(&self) -> f64 {
        2.0
    }

    fn wants_seconds(&self) -> bool {
        true
    }

    fn decide(&mut self, view: &View<'_>) -> Order {
        self.begin(view.now, view.ready());
        let mean = |window: usize| {
            let window = window.min(view.concurrency.len());
            let sum: f64 = view.concurrency.iter().rev().take(window).sum();
            (window > 0).then(|| sum / seconds(window))
        };
        let (Some(stable), Some(panic)) = (mean(STABLE), mean(PANIC)) else { return Order::default() };
        Order::replicas(self.scale(view.now, stable, panic, view.ready()))
    }
}

fn seconds(window: usize) -> f64 {
    crate::simulate::load::number(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documentation's tutorial: a concurrency limit of 100 at 70 % and 350 requests in flight are five pods.
    #[test]
    fn seventy_percent_of_the_concurrency() {
        let mut kpa = Kpa::new(100.0);
        assert_eq!(kpa.scale(0.0, 350.0, 350.0, 4), 5);
        assert_eq!(kpa.scale(2.0, 351.0, 351.0, 4), 6);
    }

    /// "The autoscaler is in panic mode when the panic window's demand is twice the current pods'; it leaves it after a
    /// stable window without, and does not scale down in it."
    #[test]
    fn panic_goes_up_only_and_ends_after_a_stable_window() {
        let mut kpa = Kpa::new(10.0);
        assert_eq!(kpa.scale(0.0, 14.0, 28.0, 2), 4, "panic: twice the two pods");
        assert_eq!(kpa.scale(30.0, 14.0, 7.0, 4), 4, "no way down in panic");
        assert_eq!(kpa.scale(60.0, 14.0, 7.0, 4), 4);
        assert_eq!(kpa.scale(61.0, 14.0, 7.0, 4), 2, "a stable window later it is over");
    }

    /// "We always start in the panic mode, if the deployment is scaled up over 1 pod": what runs stays for a stable window.
    #[test]
    fn it_begins_in_panic_with_the_pods_there_are() {
        let mut kpa = Kpa::new(10.0);
        kpa.begin(3.0, 20);
        assert_eq!(kpa.scale(3.0, 7.0, 7.0, 20), 20);
        assert_eq!(kpa.scale(63.0, 7.0, 7.0, 20), 20, "the stable window has not passed yet");
        assert_eq!(kpa.scale(64.0, 7.0, 7.0, 20), 10, "half at most");
        kpa.begin(66.0, 20);
        assert_eq!(kpa.scale(66.0, 7.0, 7.0, 10), 5, "it begins once");
        let mut alone = Kpa::new(10.0);
        alone.begin(3.0, 1);
        assert_eq!(alone.panic_since, None);
    }

    /// Traffic falls off in a panic: the pods stay for a stable window, and go by halves after it.
    #[test]
    fn a_panic_keeps_its_pods_until_the_stable_window_is_over() {
        let mut kpa = Kpa::new(10.0 / SHARE);
        assert_eq!(kpa.scale(0.0, 100.0, 1000.0, 10), 100);
        assert_eq!(kpa.scale(30.0, 1.0, 1.0, 10), 100);
        assert_eq!(kpa.scale(61.0, 1.0, 1.0, 10), 5);
    }

    /// Ten cores' worth of load on 221 pods is 10 * 221 / 211 requests in flight: what is asked for then must carry it.
    #[test]
    fn with_room_to_spare_no_fewer_pods_are_asked_for_than_the_load_needs() {
        let settled = |concurrency| {
            let (mut kpa, mut pods) = (Kpa::new(concurrency), 221);
            for tick in 0..8 {
                pods = kpa.scale(f64::from(tick) * 2.0, 10.0 * 221.0 / 211.0, 10.0 * 221.0 / 211.0, pods);
            }
            pods
        };
        assert_eq!(settled(Kpa::stable(0.65)), 11);
        assert_eq!(settled(0.65 / 0.35 / SHARE), 6, "fewer than ten: the overload that it panics at");
        assert!((Kpa::stable(0.4) * SHARE - 0.4 / 0.6).abs() < 1e-12, "below one it follows the promise");
    }

    /// `max-scale-down-rate` 2: at most half of the pods go at once.
    #[test]
    fn at_most_half_go_at_once() {
        assert_eq!(Kpa::new(10.0).scale(0.0, 7.0, 7.0, 20), 10);
    }
}
