//! Who plays a run: a policy that only scales, or the operator, of whom is told what it did and found.

use serde::Serialize;

use crate::api::diagnosis::CauseKind;
use crate::api::enforcement_status::Verb;
use crate::simulate::operator::Operator;
use crate::simulate::operator::deed::Finding;
use crate::simulate::policy::Policy;

/// Who plays a run.
pub enum Player {
    /// A policy that only scales.
    Alone(Box<dyn Policy>),
    /// The operator beside an autoscaler.
    Operator(Box<Operator>),
}

/// Something that the operator did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeedReport {
    /// When, in seconds since the beginning of what is judged.
    pub at: f64,
    /// What.
    pub verb: Verb,
    /// To what, by its name.
    pub target: String,
    /// What changed, and why, in words.
    pub words: String,
}

/// What the operator found, look after look, as long as it was the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingReport {
    /// The first look at which it did, in seconds since the beginning of what is judged.
    pub from: f64,
    /// The last one.
    pub until: f64,
    /// How often it looked.
    pub looks: usize,
    /// The cause.
    pub cause: CauseKind,
    /// What was done, or why nothing, as one word.
    pub reason: String,
    /// The same in words, at the first look.
    pub words: String,
    /// The causes that were asked before it, with what spoke against them at the first look.
    pub ruled_out: Vec<RuledOut>,
}

/// A cause that was ruled out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RuledOut {
    /// Which.
    pub cause: CauseKind,
    /// What speaks against it.
    pub why: String,
}

impl Player {
    /// What decides.
    pub fn policy(&mut self) -> &mut dyn Policy {
        match self {
            Self::Alone(policy) => policy.as_mut(),
            Self::Operator(operator) => operator.as_mut(),
        }
    }

    /// What the operator did from a second of the run on, in order.
    #[must_use]
    pub fn deeds(&self, from: f64) -> Vec<DeedReport> {
        let Self::Operator(operator) = self else { return Vec::new() };
        let later = operator.deeds().iter().filter(|deed| deed.at >= from);
        later
            .map(|deed| DeedReport {
                at: deed.at - from,
                verb: deed.verb,
                target: deed.target.clone(),
                words: deed.words.clone(),
            })
            .collect()
    }

    /// What the operator found from a second of the run on, in order.
    #[must_use]
    pub fn findings(&self, from: f64) -> Vec<FindingReport> {
        let Self::Operator(operator) = self else { return Vec::new() };
        let later: Vec<&Finding> = operator.findings().iter().filter(|finding| finding.at >= from).collect();
        later
            .chunk_by(|a, b| (a.cause, &a.reason) == (b.cause, &b.reason))
            .filter_map(|same| told(same, from))
            .collect()
    }
}

fn told(same: &[&Finding], from: f64) -> Option<FindingReport> {
    let (first, last) = (same.first()?, same.last()?);
    let ruled_out = first.ruled_out.iter().map(|(cause, why)| RuledOut { cause: *cause, why: why.clone() });
    Some(FindingReport {
        from: first.at - from,
        until: last.at - from,
        looks: same.len(),
        cause: first.cause,
        reason: first.reason.clone(),
        words: first.words.clone(),
        ruled_out: ruled_out.collect(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_again_is_told_once() {
        let found = |at, cause, reason: &str| Finding {
            at,
            cause,
            reason: reason.to_owned(),
            words: format!("at {at}"),
            ruled_out: vec![(CauseKind::Blind, "it sees".to_owned())],
        };
        let (pod, unknown) = (CauseKind::OutlierPod, CauseKind::Unknown);
        let all = [found(70.0, pod, "Surge"), found(130.0, pod, "Surge"), found(190.0, pod, "Cooldown")];
        let all: Vec<Finding> = all.into_iter().chain([found(250.0, unknown, "Cooldown")]).collect();
        let looks: Vec<&Finding> = all.iter().collect();
        let same = |a: &&Finding, b: &&Finding| (a.cause, &a.reason) == (b.cause, &b.reason);
        let told: Vec<FindingReport> = looks.chunk_by(same).filter_map(|same| told(same, 60.0)).collect();
        let short: Vec<_> = told.iter().map(|t| (t.from, t.until, t.looks, t.words.as_str())).collect();
        assert_eq!(short, [(10.0, 70.0, 2, "at 70"), (130.0, 130.0, 1, "at 190"), (190.0, 190.0, 1, "at 250")]);
        assert_eq!(told.first().unwrap().ruled_out.len(), 1);
    }
}
