//! What is remembered of the size of a service: its law, and what of the workload the law rests on.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::decide::capacity::{CapacityLaw, Ground, Need, Start, starts};
use crate::sense::counters::{CounterAsk, Counters};
use crate::sense::workload::WorkloadObservation;

/// The memory of one agreement. Lost with the process: the next one begins from the store's history.
#[derive(Clone, Debug, Default)]
pub struct Sizing {
    law: Option<CapacityLaw>,
    /// What the law's samples answer, its instants aside.
    asked: Option<CounterAsk>,
    /// The last step that was asked for.
    asked_through: Option<Timestamp>,
    /// When a beginning that failed may be tried again, and why it failed.
    failed: Option<(Timestamp, String)>,
    /// Since when the law has not known what to say.
    blind_since: Option<Timestamp>,
    /// The workload as last read.
    seen: Option<Seen>,
}

#[derive(Clone, Debug)]
struct Seen {
    at: Timestamp,
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
        self.seen = Some(Seen { at: workload.read_at, millicores, starts });
    }

    /// What a pod requests, in thousandths of a core.
    pub(super) fn millicores(&self) -> Option<i64> {
        self.seen.as_ref()?.millicores
    }

    /// The starts of the pods that were seen last.
    pub(super) fn starts(&self) -> &[Start] {
        self.seen.as_ref().map_or(&[], |seen| seen.starts.as_slice())
    }

    /// The newest sample of the law; `None`: it has yet to begin.
    pub(super) fn through(&self) -> Option<Timestamp> {
        self.law.as_ref().map(|law| law.through().unwrap_or(self.asked_through()))
    }

    /// The last step that was asked for.
    pub(super) fn asked_through(&self) -> Timestamp {
        self.asked_through.unwrap_or(Timestamp::MIN)
    }

    /// Forgets a law that rests on anything else.
    pub(super) fn keep_for(&mut self, ground: &Ground, ask: &CounterAsk) {
        let timeless = Some(timeless(ask));
        if self.asked != timeless || self.law.as_ref().is_some_and(|law| !law.rests_on(ground)) {
            self.law = None;
            self.failed = None;
        }
        self.asked = timeless;
    }

    /// Whether a beginning may be tried, and if so, that it is tried now.
    ///
    /// # Errors
    /// Why the last one failed.
    pub(super) fn may_begin(&mut self, now: Timestamp, wait: SignedDuration) -> Result<(), String> {
        if let Some((at, why)) = self.failed.as_ref().filter(|(at, _)| now < *at) {
            tracing::trace!(%at, "the scaling law begins later");
            return Err(why.clone());
        }
        let again = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        self.failed = Some((again, "it is begun".to_owned()));
        Ok(())
    }

    /// Takes what a beginning came to.
    ///
    /// # Errors
    /// Why it failed.
    pub(super) fn begun(&mut self, begun: Result<CapacityLaw, String>, ask: &CounterAsk) -> Result<(), String> {
        match begun {
            Ok(law) => {
                (self.law, self.asked_through, self.failed) = (Some(law), Some(ask.to), None);
                Ok(())
            }
            Err(why) => {
                if let Some((_, failed)) = &mut self.failed {
                    failed.clone_from(&why);
                }
                Err(why)
            }
        }
    }

    /// Feeds the law with what was read up to a step.
    pub(super) fn feed(&mut self, counters: Counters, to: Timestamp) {
        self.asked_through = Some(to);
        let (Counters::Read(course), Some(law)) = (counters, &mut self.law) else { return };
        if law.fits(&course) {
            law.observe(&course);
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
            None => Need::Unknown("the samples begin anew".to_owned()),
        }
    }

    /// Notes whether the law knows what to say; it is forgotten when it has not known for so long.
    pub(super) fn blind(&mut self, blind: bool, now: Timestamp, longest: SignedDuration) {
        if !blind {
            self.blind_since = None;
        } else if now.duration_since(*self.blind_since.get_or_insert(now)) >= longest {
            (self.law, self.blind_since) = (None, None);
        }
    }
}

fn timeless(ask: &CounterAsk) -> CounterAsk {
    CounterAsk { from: Timestamp::UNIX_EPOCH, to: Timestamp::UNIX_EPOCH, ..ask.clone() }
}
