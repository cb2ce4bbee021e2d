//! The scaling law on a service's own samples: what it is set up with, how it is fed, and how many pods it wants.
//!
//! The law is kept from one look to the next, since it learns. Whoever keeps it gives each sample once. What it wants is
//! told as advice ([`Need`]); where the agreement asks for that, a floor follows it: see `ahead`.
//!
//! Beside what is needed stands what is possible: how far one raise goes ([`size`]) and how far a floor at all
//! (`ceiling`), how many pods a dependency has connections for (`connections`), whether quotas and nodes have room
//! ([`feasibility`]), and who goes first where there is not enough for all (`scarcity`, by the `bid` of each). Nothing here
//! raises anything: that is for [`verb`](super::verb). The law itself, which knows no service, is [`law`].

pub(in crate::decide) mod bid;
pub(in crate::decide) mod ceiling;
pub(in crate::decide) mod connections;
pub mod feasibility;
pub(in crate::decide) mod scarcity;
pub mod size;

use std::collections::BTreeSet;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use num_traits::ToPrimitive;

use crate::sense::counters::{CounterSample, Course, Millionths, STEP};
use crate::sense::workload::PodObservation;

use super::law::{self, Constants, Kept, Law, Promise, Sample, Settings, Wanted, Warm};
use super::situation::facts::LONGEST_START;

/// Pods that use more than this of what they request have more than that, and nobody knows how much.
const MOST_BUSY: f64 = 1.05;

/// How many pods the expected load needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// So many.
    Pods {
        /// The number, at least 1.
        pods: i32,
        /// So many of them are acted upon.
        sure: i32,
        /// What is kept where pods are taken away.
        keep: Keep,
        /// What an HPA may aim at; in words why nobody can say.
        aim: Result<Aim, String>,
        /// How it was reckoned, in words.
        why: String,
        /// The newest sample it rests on.
        through: Timestamp,
        /// The pods that were sampled then.
        sampled: i32,
        /// Why nobody should act on it, in words. `None`: nothing speaks against it.
        doubt: Option<String>,
    },
    /// Nothing can be said, and why.
    Unknown(String),
}

/// How many pods are kept where some are taken away that somebody declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Pods are let go down to so many. `None`: too little was seen of the hours before.
    pub lowest: Option<i32>,
    /// Fewer than so many are too few: they are asked for again.
    pub fewest: i32,
    /// For what, in words; where none is let go, why nobody knows down to how many.
    pub why: String,
}

/// The CPU utilisation at which an HPA may aim, in percent of what pods request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aim {
    /// A target below this may be raised to it.
    pub most: i32,
    /// A target above this is to be lowered to it. Never below `most`.
    pub least: i32,
    /// How that was found, in words.
    pub why: String,
}

impl Need {
    /// The number of pods, if it is known.
    #[must_use]
    pub fn pods(&self) -> Option<i32> {
        match self {
            Self::Pods { pods, .. } => Some(*pods),
            Self::Unknown(_) => None,
        }
    }

    /// The number of pods that is acted upon, if nothing speaks against it.
    #[must_use]
    pub fn sure(&self) -> Option<i32> {
        match self {
            Self::Pods { sure, .. } => Some(*sure),
            Self::Unknown(_) => None,
        }
    }

    /// More pods are needed than ran when the load was sampled.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        matches!(self, Self::Pods { sure, sampled, .. } if sure > sampled)
    }

    /// In words.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Pods { why, .. } | Self::Unknown(why) => why,
        }
    }
}

/// What a law is set up with. With anything else it is another law, which begins anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// A request is good if it takes at most this long.
    pub latency: SignedDuration,
    /// The share of the requests that must be good, 0 to 1.
    pub good: BigRational,
    /// The share that must be answered without an error, 0 to 1.
    pub available: BigRational,
    /// What a pod requests, in thousandths of a core.
    pub millicores: i64,
    /// How old the newest sample is allowed to be when it is read. Seen from it, pods come that much later.
    pub lag: SignedDuration,
}

/// How long a pod took from its creation until it was ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    uid: String,
    ready: Timestamp,
    took: SignedDuration,
}

/// The starts of pods that are ready, in the order in which they were. Longer ones than five minutes are readiness that
/// comes and goes.
#[must_use]
pub fn starts(pods: &[PodObservation]) -> Vec<Start> {
    let start = |pod: &PodObservation| {
        let ready = pod.ready_since?;
        Some(Start { uid: pod.uid.clone(), ready, took: ready.duration_since(pod.created?) })
    };
    let plausible = |start: &Start| !start.took.is_negative() && start.took <= LONGEST_START;
    let mut starts: Vec<Start> = pods.iter().filter_map(start).filter(plausible).collect();
    starts.sort_by(|a, b| (a.ready, &a.uid).cmp(&(b.ready, &b.uid)));
    starts
}

/// The law of one service.
#[derive(Clone, Debug)]
pub struct CapacityLaw {
    ground: Ground,
    bounds: Vec<Millionths>,
    law: Law,
    /// Everything counted so far, as of the newest sample.
    counted: Sample,
    through: Option<Timestamp>,
    pods: u32,
    /// The pods whose starts it knows.
    known: BTreeSet<String>,
}

impl CapacityLaw {
    /// A law that has learned from `history` and from the rates of the days before it, both oldest first. The courses have
    /// the same bounds, and how often the service is scraped is seen in the last of them.
    #[must_use]
    pub fn calibrated(ground: Ground, starts: &[Start], rates: &[(Timestamp, Millionths)], history: &[Course]) -> Self {
        let bounds = history.last().map(|course| course.bounds.clone()).unwrap_or_default();
        let settings = Settings {
            promise: Promise {
                latency: ground.latency.as_secs_f64(),
                good: ground.good.to_f64().unwrap_or(1.0),
                available: ground.available.to_f64().unwrap_or(1.0),
            },
            cores: number(ground.millicores.saturating_mul(1000)),
            scrape: history.last().map_or(STEP, scrape).as_secs_f64(),
            bounds: bounds.iter().map(|bound| number(*bound)).collect(),
            constants: Constants::default(),
        };
        let counted = Sample {
            at: 0.0,
            answered: 0.0,
            errors: 0.0,
            in_flight: 0.0,
            cpu_seconds: 0.0,
            buckets: vec![0.0; bounds.len()],
            ready: 0.0,
            warm: Warm::default(),
        };
        let law = Law::new(settings);
        let mut law = Self { ground, bounds, law, counted, through: None, pods: 0, known: BTreeSet::new() };
        law.learn_starts(starts);
        for (at, rate) in rates {
            law.law.remember(seconds(*at), number(*rate));
        }
        for course in history {
            law.observe(course);
        }
        law
    }

    /// Whether it rests on this.
    #[must_use]
    pub fn rests_on(&self, ground: &Ground) -> bool {
        self.ground == *ground
    }

    /// Takes over from the law before it what a pod has borne and how the load rose, if that rested on the same. The history
    /// from which it has learned may be one in which a floor has already spread the load, and has no short rises of days past.
    pub fn inherit(&mut self, before: &Self) {
        if before.rests_on(&self.ground) {
            self.law.inherit(&before.law);
        }
    }

    /// Whether it can go on with these samples: the histogram has the same bounds.
    #[must_use]
    pub fn fits(&self, course: &Course) -> bool {
        self.bounds == course.bounds
    }

    /// The newest sample.
    #[must_use]
    pub fn through(&self) -> Option<Timestamp> {
        self.through
    }

    /// The pods that were there at the newest sample.
    #[must_use]
    pub fn pods(&self) -> i32 {
        i32::try_from(self.pods).unwrap_or(i32::MAX)
    }

    /// Takes the samples of a course that begins with the newest one before it, or later.
    pub fn observe(&mut self, course: &Course) {
        let before = self.counted.clone();
        for sample in &course.samples {
            if self.through.is_some_and(|through| sample.at <= through) {
                continue;
            }
            self.counted = after(&before, sample);
            self.law.observe(self.counted.clone());
            self.through = Some(sample.at);
            self.pods = sample.pods;
        }
    }

    /// Takes the starts it does not know yet.
    pub fn learn_starts(&mut self, starts: &[Start]) {
        for start in starts.iter().filter(|start| !self.known.contains(&start.uid)) {
            self.law.started(start.took.saturating_add(self.ground.lag).as_secs_f64());
        }
        self.known = starts.iter().map(|start| start.uid.clone()).collect();
    }

    /// What is wanted at an instant at which so many replicas are asked for.
    pub fn want(&mut self, now: Timestamp, replicas: i32) -> Need {
        if let Some(busy) = self.law.busy().filter(|busy| *busy > MOST_BUSY) {
            return Need::Unknown(format!(
                "the pods use {:.0} % of the CPU they request, so that nobody knows how much they have; raise \
                 resources.requests.cpu of their containers",
                busy * 100.0
            ));
        }
        let wanted = self.law.want(seconds(now), u32::try_from(replicas).unwrap_or(0));
        match (wanted, self.through) {
            (Wanted::Pods(pods, reckoning), Some(through)) => {
                let (why, doubt) = (wanted.to_string(), self.law.doubt().map(|doubt| doubt.to_string()));
                let whole = |pods: u32| i32::try_from(pods).unwrap_or(i32::MAX);
                let sure = whole(pods.min(self.law.sure(&reckoning)));
                let keep = keep(self.law.kept(&reckoning), whole(pods));
                let aim = aim(self.law.aim(&reckoning), reckoning.safe.utilisation);
                Need::Pods { pods: whole(pods), sure, keep, aim, why, through, sampled: self.pods(), doubt }
            }
            _ => Need::Unknown(wanted.to_string()),
        }
    }
}

/// What is kept of pods of which the load needs so many.
fn keep(kept: Option<Kept>, needed: i32) -> Keep {
    let Some(Kept { lowest, fewest, load, rise, seen }) = kept else {
        return Keep { lowest: None, fewest: needed, why: "nothing is known of the hours before".to_owned() };
    };
    // The cast saturates.
    #[allow(clippy::cast_possible_truncation)]
    let whole = |pods: f64| (pods.ceil() as i32).max(needed);
    let why = match lowest {
        Some(_) => format!(
            "it was up to {load:.0} requests/s within three hours and may become {rise:.1} times that before a pod more \
             serves, and a pod may be lost"
        ),
        None => format!(
            "only {:.0} % of the last three hours were seen, and the load may have been higher in the rest",
            100.0 * seen / Kept::OF
        ),
    };
    Keep { lowest: lowest.map(whole), fewest: whole(fewest), why }
}

/// What an HPA may aim at where pods may be so busy.
fn aim(found: Option<law::Aim>, safe: f64) -> Result<Aim, String> {
    let Some(law::Aim { most, least, rise }) = found else {
        return Err("most of a day of the load has to be seen first".to_owned());
    };
    let whole = |percent: u32| i32::try_from(percent).unwrap_or(i32::MAX);
    let why = format!(
        "pods may be {:.0} % busy, and the load becomes up to {rise:.2} times what it was before an autoscaler has followed it",
        safe * 100.0
    );
    Ok(Aim { most: whole(most), least: whole(least), why })
}

/// How far the samples of a course lie apart, in the middle.
fn scrape(course: &Course) -> SignedDuration {
    let mut apart: Vec<SignedDuration> =
        course.samples.iter().zip(course.samples.iter().skip(1)).map(|(a, b)| b.at.duration_since(a.at)).collect();
    apart.sort_unstable();
    apart.get(apart.len() / 2).copied().unwrap_or(STEP).max(STEP)
}

/// The counters at a sample of a course that began with `before`.
fn after(before: &Sample, sample: &CounterSample) -> Sample {
    let buckets = before.buckets.iter().zip(&sample.buckets);
    Sample {
        at: seconds(sample.at),
        answered: before.answered + number(sample.answered),
        errors: before.errors + number(sample.errors),
        in_flight: number(sample.in_flight),
        cpu_seconds: before.cpu_seconds + number(sample.cpu_seconds),
        buckets: buckets.map(|(before, more)| before + number(*more)).collect(),
        ready: f64::from(sample.pods),
        warm: Warm {
            pods: f64::from(sample.warm.pods),
            served: before.warm.served + number(sample.warm.served),
            cpu_seconds: before.warm.cpu_seconds + number(sample.warm.cpu_seconds),
        },
    }
}

fn seconds(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}
#[allow(clippy::cast_precision_loss, reason = "a load is estimated; nine places are enough")]
fn number(millionths: Millionths) -> f64 {
    millionths as f64 / 1e6
}
