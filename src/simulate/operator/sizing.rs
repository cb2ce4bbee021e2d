//! What the expected load needs, where a floor or the replicas are to follow it: the law of the service, fed and asked as the
//! operator does.
//!
//! It begins with the run: what the hours before it cost is not known.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use super::account::SETTLE;
use super::clock;
use super::history::History;
use crate::api::agreement::AgreementSpec;
use crate::api::capacity::Capacity;
use crate::decide::capacity::{CapacityLaw, Ground, Need, starts};
use crate::evaluate::assessment::Assessment;
use crate::evaluate::span::elapsed;
use crate::sense::counters::{CounterSample, Course, Millionths, Warm};
use crate::sense::workload::WorkloadObservation;
use crate::simulate::load::{Load, number};
use crate::simulate::view::Scrape;

/// A service is looked at so often.
const LOOK: SignedDuration = SignedDuration::from_mins(1);
/// A law begins with so many samples at least, by which it sees how often the service is scraped.
const FIRST: usize = 3;
/// Seconds of which a metrics store is asked one rate.
const RATE: usize = 300;

/// What is remembered of the size of the service.
#[derive(Debug)]
pub struct Sizing {
    capacity: Capacity,
    ground: Ground,
    /// The rates of the time before the run.
    rates: Vec<(Timestamp, Millionths)>,
    law: Option<CapacityLaw>,
    bounds: Vec<Millionths>,
    /// The newest sample that the law was fed with.
    fed: Option<Scrape>,
    looked: Option<Timestamp>,
    need: Need,
}

impl Sizing {
    /// That of an agreement. `None`: nothing is to follow it.
    #[must_use]
    pub fn of(spec: &AgreementSpec, assessment: &Assessment, bounds: &[f64], millicores: i64) -> Option<Self> {
        let capacity = spec.enforcement.capacity.clone().filter(|capacity| capacity.mode.is_followed())?;
        let objective = spec.objectives.iter().find(|objective| objective.name == capacity.objective)?;
        let target = |name: &str| assessment.objectives.iter().find(|o| o.name == name).map(|o| o.target.clone());
        let ground = Ground {
            latency: elapsed(&objective.indicator.latency.as_ref()?.threshold).ok()?,
            good: target(&capacity.objective)?,
            available: capacity
                .availability
                .as_deref()
                .and_then(target)
                .unwrap_or_else(|| BigRational::from_integer(0.into())),
            millicores,
            lag: SETTLE.saturating_add(LOOK),
        };
        Some(Self {
            capacity,
            ground,
            rates: Vec::new(),
            law: None,
            bounds: bounds.iter().map(|bound| millionths(*bound)).collect(),
            fed: None,
            looked: None,
            need: Need::Unknown("the load was not looked at yet".to_owned()),
        })
    }

    /// Tells it of the load before the run, which ends as the run begins: its mean in every five minutes.
    pub fn knows(&mut self, before: &Load) {
        let all = number(before.seconds());
        let whole = (0..before.seconds() / RATE).map(|place| place * RATE);
        let rate = |from: usize| {
            (clock::at(number(from) + number(RATE) / 2.0 - all), millionths(before.part(from, from + RATE).mean()))
        };
        self.rates = whole.map(rate).collect();
    }

    /// Whether more pods are needed than there were; where pods may be let go too, it is looked at in any case.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.capacity.mode.lets_go() || self.need.wants_more()
    }

    /// Whether it is time for another look.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.looked.is_none_or(|looked| now.duration_since(looked) >= LOOK)
    }

    /// What was found last.
    #[must_use]
    pub fn need(&self) -> &Need {
        &self.need
    }

    /// Looks at the service.
    pub fn look(&mut self, history: &History, workload: &WorkloadObservation, now: Timestamp) {
        self.looked = Some(now);
        let until = now.saturating_sub(SETTLE).unwrap_or(now);
        let fed = self.fed.as_ref().map_or(f64::NEG_INFINITY, |scrape| scrape.at);
        let new: Vec<&Scrape> = history.between(fed, clock::seconds(until)).collect();
        if self.law.is_none() && new.len() < FIRST {
            return;
        }
        let samples = new.iter().map(|scrape| self.sample(scrape)).collect();
        let (course, starts) = (Course { bounds: self.bounds.clone(), samples }, starts(&workload.pods));
        self.fed = new.last().map(|scrape| (*scrape).clone()).or(self.fed.take());
        let law = match &mut self.law {
            Some(law) => {
                law.observe(&course);
                law.learn_starts(&starts);
                law
            }
            None => self.law.insert(CapacityLaw::calibrated(self.ground.clone(), &starts, &self.rates, &[course])),
        };
        let (seen, ready) = (law.pods(), workload.ready_pods());
        self.need = if seen.saturating_mul(5) < ready.saturating_mul(4) {
            Need::Unknown(format!("{ready} pods of the workload are ready, and {seen} were sampled"))
        } else {
            law.want(until, seen)
        };
    }

    /// A scrape, counted from the one that the law was fed with last.
    fn sample(&self, scrape: &Scrape) -> CounterSample {
        let since = |of: fn(&Scrape) -> u64| {
            let before = self.fed.as_ref().map_or(0, of);
            whole(of(scrape).saturating_sub(before))
        };
        let finite = scrape.buckets.iter().take(self.bounds.len()).enumerate();
        let before = |place: usize| self.fed.as_ref().and_then(|fed| fed.buckets.get(place)).copied().unwrap_or(0);
        let cpu_seconds = millionths(scrape.cpu_seconds - self.fed.as_ref().map_or(0.0, |fed| fed.cpu_seconds));
        let errors = since(|scrape| scrape.errors);
        let answered = since(|scrape| scrape.requests);
        let in_flight = u64::try_from(scrape.in_flight).unwrap_or(u64::MAX);
        CounterSample {
            at: clock::at(scrape.at),
            answered,
            errors: if self.capacity.availability.is_some() { errors } else { 0 },
            cpu_seconds,
            buckets: finite.map(|(place, count)| whole(count.saturating_sub(before(place)))).collect(),
            in_flight: if self.capacity.in_flight.is_some() { whole(in_flight) } else { 0 },
            pods: scrape.ready,
            // The plant's pods are as fast at first as later.
            warm: Warm { pods: scrape.ready, served: answered.saturating_sub(errors), cpu_seconds },
        }
    }
}

fn whole(count: u64) -> Millionths {
    i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(1_000_000)
}

/// The cast saturates.
#[allow(clippy::cast_possible_truncation)]
fn millionths(number: f64) -> Millionths {
    (number * 1e6).round() as i64
}
