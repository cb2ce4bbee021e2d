//! Why an objective is in danger, as far as it can be told, and so which kind of action may help at all.
//!
//! The causes are asked in order and the first that holds wins; each is a file of its own. What says "it is not only
//! us" comes before what blames a part of the service, and that before what blames the load: replicas help against the
//! load alone, and not against what is told last, a dependency or a storm of attempts. Where none of them holds and there is
//! only clearly more load than before the danger, that is named at the very end. Of the parts, the widest that explains the
//! danger is named: a zone only if it is more than one node of it, a node only if it is more than one pod of it.
//!
//! Whatever compares parts of the service rests on what was read by pod, and that has to be good enough first: see
//! [`population`]. All comparisons of one look together blame a healthy service at most once in ten thousand looks: see
//! [`comparison`].
//!
//! What the causes ask of the pods besides that is told here too: whether their CPU limit throttles them ([`throttling`]),
//! and whether they work or wait ([`usage`]).

mod bad_revision;
mod blind;
mod common_cause;
pub mod comparison;
mod dependency;
mod named;
mod outlier;
mod outlier_node;
mod outlier_pod;
mod outlier_zone;
pub mod population;
mod retry_storm;
mod rollout;
mod saturation;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
pub mod throttling;
mod unknown;
pub mod usage;

use crate::api::diagnosis::{CauseKind, Evidence, RuledOut, Subject};

pub use bad_revision::YOUNG;
pub use outlier_node::{is_seen_sick, is_seen_well, is_told_from, is_well};
pub use outlier_pod::odd;

use self::comparison::Sample;
use self::population::Population;
pub(super) use self::saturation::is_unexplained;
use super::danger::health::Danger;
use super::held::resized;
use super::situation::facts::Facts;

/// The kinds of action a cause leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Touch nothing: acting could make it worse, or nobody knows.
    Hold,
    /// Keep what there is: nothing is taken away, and nothing added.
    KeepFloor,
    /// Keep what there is, and undo the revision with that `pod-template-hash`.
    Undo(String),
    /// Keep what there is, and move one of the pods with these names, the worst first.
    Move(Vec<String>),
    /// Keep what there is, have the node avoided, and move its pods, the worst of these first.
    Leave {
        /// The node.
        node: String,
        /// The names of its pods.
        pods: Vec<String>,
    },
    /// Hold and raise the floor.
    Scale,
    /// Keep what there is, and turn requests away.
    Shed,
    /// Raise the CPU limit of the pods; where that cannot be done, as for [`Remedy::Scale`].
    Resize,
}

/// A cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Which one.
    pub kind: CauseKind,
    /// In words.
    pub message: String,
    /// What may help.
    pub remedy: Remedy,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What would change the decision.
    pub would_change: String,
}

/// The first cause that holds, and those asked before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The cause.
    pub cause: Cause,
    /// The others, in the order asked.
    pub ruled_out: Vec<RuledOut>,
}

/// What the causes are asked about.
struct Look<'a> {
    facts: &'a Facts<'a>,
    /// The service by pod, or why it cannot be told by pod.
    pods: Result<Population, String>,
}

/// A cause that holds, or what speaks against it.
type Answer = Result<Cause, String>;
type Question = (CauseKind, fn(&Look<'_>) -> Answer);

/// The causes, in the order in which they are asked.
const CAUSES: [Question; 10] = [
    (CauseKind::Blind, blind::ask),
    (CauseKind::CommonCause, common_cause::ask),
    (CauseKind::BadRevision, bad_revision::ask),
    (CauseKind::RolloutInProgress, rollout::ask),
    (CauseKind::OutlierZone, outlier_zone::ask),
    (CauseKind::OutlierNode, outlier_node::ask),
    (CauseKind::OutlierPod, outlier_pod::ask),
    (CauseKind::Saturation, saturation::ask),
    (CauseKind::Dependency, dependency::ask),
    (CauseKind::RetryStorm, retry_storm::ask),
];

/// Those that matter while nothing is in danger: whether a floor may be taken down.
const IN_CALM: [Question; 2] = [(CauseKind::Blind, blind::ask), (CauseKind::RolloutInProgress, rollout::ask)];

/// A part of the service that is worse than the rest.
const OUTLIERS: [CauseKind; 3] = [CauseKind::OutlierZone, CauseKind::OutlierNode, CauseKind::OutlierPod];
/// What speaks against an outlier while pods are resized one after the other.
const LEFT: &str = "the others were resized just now, and its CPU limit throttles what is left";

/// The first cause that holds; where none does, it is unknown. What was named before and is not disproved keeps its
/// place: see `named`.
#[must_use]
pub fn find(facts: &Facts<'_>) -> Found {
    let calm = facts.health.danger == Danger::None;
    let pods = if calm { Err("nothing is in danger".to_owned()) } else { Population::of(facts) };
    let look = Look { facts, pods };
    let mut ruled_out = Vec::new();
    let goes_on = !calm && resized::unjudged(&facts.actions).next().is_some() && throttling::seen(facts).is_ok();
    for (cause, ask) in if calm { IN_CALM.as_slice() } else { CAUSES.as_slice() } {
        let answer = if goes_on && OUTLIERS.contains(cause) { Err(LEFT.to_owned()) } else { ask(&look) };
        match answer {
            Ok(cause) => return Found { cause: named::still(&look, &cause).unwrap_or(cause), ruled_out },
            Err(why) => ruled_out.push(RuledOut { cause: *cause, why }),
        }
    }
    let unknown = unknown::cause(&look);
    let last = match saturation::since_calm(&look) {
        Ok(more) if unknown.remedy == Remedy::Scale => {
            ruled_out.retain(|out| out.cause != CauseKind::Saturation);
            more
        }
        _ => unknown,
    };
    Found { cause: named::still(&look, &last).unwrap_or(last), ruled_out }
}

impl Cause {
    /// The kind as one word.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self.kind {
            CauseKind::Blind => "Blind",
            CauseKind::CommonCause => "CommonCause",
            CauseKind::BadRevision => "BadRevision",
            CauseKind::RolloutInProgress => "RolloutInProgress",
            CauseKind::RolloutStuck => "RolloutStuck",
            CauseKind::RolloutPaused => "RolloutPaused",
            CauseKind::OutlierZone => "OutlierZone",
            CauseKind::OutlierNode => "OutlierNode",
            CauseKind::OutlierPod => "OutlierPod",
            CauseKind::Saturation => "Saturation",
            CauseKind::Dependency => "Dependency",
            CauseKind::RetryStorm => "RetryStorm",
            CauseKind::Unknown => "Unknown",
        }
    }
}

/// The figures of one side of a comparison.
fn evidence(subject: Subject, name: impl Into<String>, sample: Sample, z: Option<f64>) -> Evidence {
    Evidence {
        subject,
        name: name.into(),
        bad: format!("{:.0}", sample.bad),
        total: format!("{:.0}", sample.total),
        share: format!("{:.1}", sample.share() * 100.0),
        z: z.map(|z| format!("{z:.1}")).unwrap_or_default(),
    }
}

/// A sample as it is told: `132 of 600 requests bad (22.0 %)`.
fn told(sample: Sample) -> String {
    format!("{:.0} of {:.0} events bad ({:.1} %)", sample.bad, sample.total, sample.share() * 100.0)
}

/// The endangered objectives, by name.
fn endangered(look: &Look<'_>) -> String {
    look.facts.health.endangered.join(", ")
}
