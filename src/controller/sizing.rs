//! What is remembered of the size of a service: its law, and what of the workload the law rests on.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::decide::capacity::{CapacityLaw, Ground, Need, Start, starts};
use crate::decide::cause::usage::Usage;
use crate::sense::counters::Course;
use crate::sense::workload::{Kin, WorkloadObservation};

/// A law that was begun begins anew no sooner: a beginning reads hours, and what made it useless may come again.
const BEGINS_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// The memory of one service. Lost with the process: the next one begins from the store's history.
#[derive(Clone, Debug, Default)]
pub struct Sizing {
    law: Option<CapacityLaw>,
    /// The one before it, where that did not know what to say any more.
    before: Option<CapacityLaw>,
    /// When it was begun.
    begun: Option<Timestamp>,
    /// Since when the law has not known what to say.
    blind_since: Option<Timestamp>,
    /// The workload as last read.
    seen: Option<Seen>,
    /// What its requests cost, minute by minute.
    usage: Usage,
}

#[derive(Clone, Debug)]
struct Seen {
    at: Timestamp,
    /// The pods that were ready.
    ready: i32,
    kin: Kin,
    millicores: Option<i64>,
    starts: Vec<Start>,
}

impl Sizing {
    /// Whether the workload was not read for so long.
    pub(super) fn is_older_than(&self, age: SignedDuration, now: Timestamp) -> bool {
        self.seen.as_ref().is_none_or(|seen| now.duration_since(seen.at) >= age)
    }

    /// Takes what a reading of the workload says.
    pub(super) fn saw(&mut self, workload: &WorkloadObservation) {
        let mut requests: Vec<i64> = workload.pods.iter().filter_map(|pod| pod.cpu_request).collect();
        requests.sort_unstable();
        let starts = starts(&workload.pods);
        if let Some(law) = &mut self.law {
            law.learn_starts(&starts);
        }
        // A rollout that changes the request is followed when half of the pods have the new one.
        let millicores = requests.get(requests.len() / 2).copied().or_else(|| self.millicores());
        let kin = Kin::of(workload.pods.iter().map(|pod| pod.name.as_str()));
        self.seen = Some(Seen { at: workload.read_at, ready: workload.ready_pods(), kin, millicores, starts });
    }

    /// What a pod requests, in thousandths of a core.
    pub(super) fn millicores(&self) -> Option<i64> {
        self.seen.as_ref()?.millicores
    }

    /// The starts of the pods that were seen last.
    pub(super) fn starts(&self) -> &[Start] {
        self.seen.as_ref().map_or(&[], |seen| seen.starts.as_slice())
    }

    /// Which pods are the workload's.
    pub(super) fn kin(&self) -> Kin {
        self.seen.as_ref().map(|seen| seen.kin.clone()).unwrap_or_default()
    }

    /// Why what was sampled is not the whole service, in words.
    pub(super) fn unseen(&self) -> Option<String> {
        let (seen, ready) = (self.law.as_ref()?.pods(), self.seen.as_ref()?.ready);
        (seen.saturating_mul(5) < ready.saturating_mul(4)).then(|| {
            format!(
                "{ready} pods of the workload are ready, and the store has both requests and CPU time of {seen}; see whether \
                 all are scraped, and whether the selectors and spec.podLabel of the MetricsSource fit them"
            )
        })
    }

    /// The newest sample of the law; `None`: it has yet to begin.
    pub(super) fn through(&self) -> Option<Timestamp> {
        self.law.as_ref().map(|law| law.through().or(self.begun).unwrap_or(Timestamp::MIN))
    }

    /// Forgets a law that rests on anything else, which may begin anew at once.
    pub(super) fn keep_for(&mut self, ground: &Ground) {
        if self.law.as_ref().is_some_and(|law| !law.rests_on(ground)) {
            (self.law, self.begun) = (None, None);
        }
    }

    /// Whether a law may begin.
    pub(super) fn may_begin(&self, now: Timestamp) -> bool {
        self.begun.is_none_or(|begun| now.duration_since(begun) >= BEGINS_EVERY)
    }

    /// Takes a law that was begun.
    pub(super) fn begun(&mut self, mut law: CapacityLaw, now: Timestamp) {
        if let Some(before) = self.before.take() {
            law.inherit(&before);
        }
        (self.law, self.begun) = (Some(law), Some(now));
    }

    /// What its requests cost, as far as it is remembered.
    pub(super) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Remembers what requests cost by these samples.
    pub(super) fn remember(&mut self, course: &Course) {
        self.usage.observe(course);
    }

    /// Feeds the law.
    pub(super) fn feed(&mut self, course: &Course) {
        self.remember(course);
        let Some(law) = &mut self.law else { return };
        if law.fits(course) {
            law.observe(course);
        } else {
            // The histogram has other bounds: a new revision of the service.
            self.law = None;
        }
    }

    /// How many pods are needed, as of an instant up to which samples were read.
    pub(super) fn want(&mut self, at: Timestamp) -> Need {
        match &mut self.law {
            Some(law) => {
                let runs = law.pods();
                law.want(at, runs)
            }
            None => Need::Unknown("the histogram has other buckets than before; the samples begin anew".to_owned()),
        }
    }

    /// Notes whether the law knows what to say; it is forgotten when it has not known for so long.
    pub(super) fn blind(&mut self, blind: bool, now: Timestamp, longest: SignedDuration) {
        if !blind {
            self.blind_since = None;
        } else if now.duration_since(*self.blind_since.get_or_insert(now)) >= longest {
            (self.before, self.blind_since) = (self.law.take().or(self.before.take()), None);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::capacity::tests::order;
    use super::*;
    use crate::decide::tests::fixture::{hpa, observation};
    use crate::sense::counters::{CounterSample, Warm};
    use crate::sense::workload::FloorHolder;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_law_that_is_of_no_use_begins_anew_at_most_every_ten_minutes() {
        let ground = order("main").ground;
        let mut sizing = Sizing::default();
        assert!(sizing.may_begin(at(0)) && sizing.through().is_none());
        sizing.begun(CapacityLaw::calibrated(ground.clone(), &[], &[], &[]), at(0));
        assert_eq!(sizing.through(), Some(at(0)));
        sizing.feed(&Course { bounds: vec![1], samples: Vec::new() });
        assert_eq!(sizing.through(), None);
        assert_eq!((sizing.may_begin(at(599)), sizing.may_begin(at(600))), (false, true));
        sizing.begun(CapacityLaw::calibrated(ground.clone(), &[], &[], &[]), at(600));
        sizing.blind(true, at(600), SignedDuration::from_mins(10));
        sizing.blind(true, at(1199), SignedDuration::from_mins(10));
        assert!(sizing.through().is_some());
        sizing.blind(true, at(1200), SignedDuration::from_mins(10));
        assert_eq!(sizing.through(), None);
        sizing.begun(CapacityLaw::calibrated(ground.clone(), &[], &[], &[]), at(1200));
        sizing.keep_for(&Ground { millicores: 500, ..ground });
        assert!(sizing.through().is_none() && sizing.may_begin(at(1201)), "another ground is another law");
    }

    #[test]
    fn a_law_that_went_blind_leaves_what_it_knows_to_the_next_one() {
        let mut sizing = Sizing::default();
        sizing.begun(CapacityLaw::calibrated(order("main").ground, &[], &[], &[]), at(0));
        for second in [0, 600, 1200, 1800] {
            sizing.blind(true, at(second), SignedDuration::from_mins(10));
        }
        assert!(sizing.law.is_none() && sizing.before.is_some(), "though it was blind for longer");
        sizing.begun(CapacityLaw::calibrated(order("main").ground, &[], &[], &[]), at(1800));
        assert!(sizing.before.is_none());
    }

    #[test]
    fn four_of_five_ready_pods_must_have_been_sampled() {
        let sampled = |pods: u32| {
            let sample = CounterSample {
                at: at(0),
                answered: 0,
                errors: 0,
                cpu_seconds: 0,
                buckets: Vec::new(),
                in_flight: 0,
                pods,
                warm: Warm { pods, ..Warm::default() },
            };
            let course = Course { bounds: Vec::new(), samples: vec![sample] };
            let mut sizing = Sizing::default();
            sizing.begun(CapacityLaw::calibrated(order("main").ground, &[], &[], &[course]), at(0));
            sizing.saw(&observation(10, FloorHolder::Hpa(hpa())));
            sizing.unseen()
        };
        assert_eq!((sampled(8), sampled(12)), (None, None));
        let words = sampled(7).unwrap();
        assert!(words.starts_with("10 pods of the workload are ready") && words.contains("CPU time of 7;"), "{words}");
    }
}
