//! A look: everything a decision rests on, the decision, and what becomes of it.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::Operator;
use super::account::SETTLE;
use super::clock;
use super::deed::{Deed, Finding};
use super::sizing::Sizing;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::decide::cause::{YOUNG, throttling};
use crate::decide::danger::health::{Danger, danger};
use crate::decide::danger::load;
use crate::decide::danger::pulse::{Present, Proof};
use crate::decide::held::moved;
use crate::decide::{AgreementIdentity, Decision, FleetView, Situation, Staleness, Supply, decide, effect};
use crate::evaluate::load_course::LoadCourse;
use crate::sense::counters::{CounterSample, Course, Warm};
use crate::sense::signals::{self, Signals};
use crate::sense::workload::WorkloadObservation;
use crate::simulate::policy::Order;
use crate::simulate::view::{Scrape, View};

/// So many looks follow one at once, at most.
const FOLLOWING: usize = 4;
/// How old a reading of the workload may be.
const WORKLOAD_AGE: SignedDuration = SignedDuration::from_secs(10);
/// The window by pod before a rollout ends so long before it began.
const BEFORE: SignedDuration = SignedDuration::from_secs(5);
/// An operator that has just begun waits so long with what disrupts: the default of its flag.
const WARM_UP: f64 = 600.0;

impl Operator {
    /// Looks, and again as long as something is done: what an operator writes into a status wakes it.
    pub(super) fn look_on(&mut self, view: &View<'_>, now: Timestamp, order: &mut Order) {
        for _ in 0..=FOLLOWING {
            let done = self.deeds.len();
            self.look(view, now, order);
            if self.deeds.len() == done && self.until.is_none_or(|until| until > now) {
                return;
            }
        }
    }

    fn look(&mut self, view: &View<'_>, now: Timestamp, order: &mut Order) {
        self.until = None;
        let pulse = self.pulse.proven(now);
        let present = Present { assessment: &self.assessment, pulse: &pulse };
        let burns = present.burns();
        let episode = self.status.episode.as_ref().map(|episode| episode.since.0);
        self.burning_since = burns.then(|| self.burning_since.or(episode).unwrap_or(now));
        let asks = self.sizing.as_ref().is_some_and(Sizing::asks);
        if !asks && !self.something_hangs_on_it(present) {
            self.status.diagnosis = None;
            return;
        }
        let workload = self.objects.workload(view, now);
        let window = signals::window(self.account.spec().metrics.slot);
        let signals = self.by_pod(&pulse, now, window);
        let before = self.before_rollout(&pulse, &workload, now, window);
        let since = self.status.episode.as_ref().map(|episode| load::known_from(episode.since.0));
        let load = since.map_or_else(LoadCourse::default, |since| self.account.load_since(since, now));
        let spec = self.account.spec();
        let identity = AgreementIdentity { namespace: "shop".into(), name: "web".into(), uid: "agreement".into() };
        let slot = SignedDuration::from_secs(spec.metrics.slot.seconds());
        let fleet = FleetView {
            services: 1,
            burning_since: self.burning_since.into_iter().collect(),
            own: self.burning_since,
            ..FleetView::default()
        };
        let nodes = self.objects.nodes(view);
        let switch = self.objects.switch(spec.enforcement.shed.as_ref().map(|shed| shed.key.as_str()));
        let throttling = self.history.throttling(now, throttling::WINDOW);
        let situation = Situation {
            agreement: &identity,
            enforcement: &spec.enforcement,
            ceiling: Mode::Enforce,
            slot: spec.metrics.slot,
            assessment: &self.assessment,
            pulse: &pulse,
            workload: Ok(&workload),
            left_behind: None,
            nodes: &nodes,
            signals: &signals,
            before: &before,
            load: &load,
            usage: &self.usage,
            switch: &switch,
            throttling: &throttling,
            fleet: &fleet,
            supply: &Supply::default(),
            need: self.sizing.as_ref().map(Sizing::need),
            status: &self.status,
            actions: &self.actions,
            leader: true,
            warm_until: clock::at(WARM_UP),
            staleness: Staleness {
                assessment: SETTLE.saturating_add(slot).saturating_add(slot).saturating_add(WORKLOAD_AGE),
                workload: WORKLOAD_AGE,
            },
            now,
        };
        let decided = decide(&situation);
        (self.status, self.actions) = (decided.enforcement, decided.actions);
        let Self { status, findings, .. } = self;
        if let Some(diagnosis) = &status.diagnosis {
            // Why nothing is done begins with why something should be.
            let words = if status.message.starts_with(&diagnosis.message) {
                status.message.clone()
            } else {
                format!("{}; {}", diagnosis.message, status.message)
            };
            let ruled_out = diagnosis.ruled_out.iter().map(|out| (out.cause, out.why.clone())).collect();
            let (at, cause, reason) = (view.now, diagnosis.cause, status.reason.clone());
            findings.push(Finding { at, cause, reason, words, ruled_out });
        }
        self.follow(decided.decision, view.now, order);
    }

    fn follow(&mut self, decision: Decision, at: f64, order: &mut Order) {
        let plan = match decision {
            Decision::Act(plan) => {
                self.until = plan.followed_up(clock::at(at));
                plan
            }
            Decision::Hold(hold) => {
                self.until = hold.until;
                return;
            }
            Decision::Nothing { until, .. } => {
                self.until = until;
                return;
            }
            Decision::Recommend(_) => return,
        };
        for step in &plan.steps {
            self.objects.write(step, order);
            self.deeds.push(Deed { at, verb: step.verb, target: step.target.name.clone(), words: step.describe() });
            let Some(record) = self.actions.iter_mut().find(|record| record.id == step.id) else { continue };
            record.phase = ActionPhase::Done;
            self.status.floor = effect(self.status.floor.take(), record);
            if step.verb == Verb::Reschedule {
                self.status.reschedule = moved::done(self.status.reschedule.take());
            }
        }
    }

    /// Whether a decision could change anything, or an earlier one still has to be followed up.
    fn something_hangs_on_it(&self, present: Present<'_>) -> bool {
        let endangered = self.assessment.objectives.iter().any(|objective| danger(objective) > Danger::None);
        let open = |phase| phase != ActionPhase::Refused;
        let pending = self.actions.iter().any(|action| action.verdict.is_none() && open(action.phase));
        present.burns() || endangered || pending || self.status.episode.is_some() || self.status.floor.is_some()
    }

    /// The worst of the endangered objectives by pod.
    fn by_pod(&self, pulse: &[Proof], at: Timestamp, window: SignedDuration) -> Signals {
        let nothing = |why: &str| Signals::NotAsked(why.to_owned());
        if !self.history.is_there(clock::seconds(at)) {
            return nothing("the account is too old to ask why");
        }
        self.ask(pulse, at, window)
    }

    fn ask(&self, pulse: &[Proof], at: Timestamp, window: SignedDuration) -> Signals {
        let present = Present { assessment: &self.assessment, pulse };
        match present.worst().and_then(|objective| self.account.measure(objective)) {
            Some(measure) => self.history.by_pod(measure, at, window),
            None => Signals::NotAsked("nothing is in danger".to_owned()),
        }
    }

    /// The same before the rollout that brought the present pods. It is asked once.
    fn before_rollout(
        &mut self,
        pulse: &[Proof],
        workload: &WorkloadObservation,
        now: Timestamp,
        window: SignedDuration,
    ) -> Signals {
        let through = workload.rolled_out_at.filter(|through| now.duration_since(*through) <= YOUNG);
        let first = workload.pods.iter().filter_map(|pod| pod.created).min();
        let began = through.map(|through| first.map_or(through, |first| first.min(through)));
        let Some(at) = began.and_then(|began| began.checked_sub(BEFORE).ok()) else {
            return Signals::NotAsked("no rollout was through within the last half hour".to_owned());
        };
        if let Some((_, signals)) = self.before.as_ref().filter(|(known, _)| *known == at) {
            return signals.clone();
        }
        let signals = self.ask(pulse, at, window);
        if let Signals::ByPod(_) = &signals {
            self.before = Some((at, signals.clone()));
        }
        signals
    }

    /// Looks at what the load needs, if it is time for that and the agreement asks for it; gives whether that is more.
    pub(super) fn size(&mut self, view: &View<'_>, now: Timestamp) -> bool {
        let Some(sizing) = self.sizing.as_mut().filter(|sizing| sizing.is_due(now)) else { return false };
        sizing.look(&self.history, &self.objects.workload(view, now), now);
        sizing.asks()
    }

    /// Takes the counters of the last scrape for what requests cost, where the agreement names them.
    pub(super) fn observe_usage(&mut self) {
        if self.account.spec().enforcement.capacity.is_none() {
            return;
        }
        if let Some([before, last]) = self.history.last_two() {
            self.usage.observe(&Course { bounds: Vec::new(), samples: vec![counters(before), counters(last)] });
        }
    }
}

fn counters(scrape: &Scrape) -> CounterSample {
    let millionths = |count: u64| i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    // The cast saturates.
    #[allow(clippy::cast_possible_truncation)]
    let cpu_seconds = (scrape.cpu_seconds * 1e6) as i64;
    CounterSample {
        at: clock::at(scrape.at),
        answered: millionths(scrape.requests),
        errors: millionths(scrape.errors),
        cpu_seconds,
        buckets: Vec::new(),
        in_flight: millionths(u64::try_from(scrape.in_flight).unwrap_or(u64::MAX)),
        pods: scrape.ready,
        // The plant's pods are as fast at first as later.
        warm: Warm {
            pods: scrape.ready,
            served: millionths(scrape.requests.saturating_sub(scrape.errors)),
            cpu_seconds,
        },
    }
}
