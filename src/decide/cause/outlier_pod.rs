//! A pod that fails where the others do not, or a few. With even balancing one sick pod of `n` spoils `1/n` of all
//! requests, and each pod that is added only thins that out. The floor is held and the pod named; where the agreement allows
//! it, one is moved.

use crate::api::diagnosis::{CauseKind, MOST_EVIDENCE, Subject};

use super::comparison::{to_blame, worse};
use super::outlier::RATIO;
use super::population::{Member, Population, sum};
use super::{Answer, Cause, Look, Remedy, endangered, evidence, told};

/// With two pods nobody can say which of them is the odd one.
const FEWEST_PODS: usize = 3;

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let pods = look.pods.as_ref().map_err(Clone::clone)?;
    let all = pods.members.len();
    if all < FEWEST_PODS {
        return Err(format!("of {all} pods none can be told to be the odd one"));
    }
    let suspects = odd(pods);
    if suspects.is_empty() {
        return Err("no pod is at least twice as bad as the others beyond chance".to_owned());
    }
    let suspected: Vec<&Member> = suspects.iter().map(|(member, _)| *member).collect();
    let sample = sum(&suspected);
    let (_, rest) = pods.split(|member| suspected.iter().any(|suspect| suspect.name == member.name));
    let names: Vec<&str> = suspected.iter().map(|member| member.name.as_str()).collect();
    let some = names.iter().take(MOST_EVIDENCE - 1).copied().collect::<Vec<_>>().join(", ");
    if suspected.len().saturating_mul(2) > all || !to_blame(sample, rest, pods.all_bad) {
        return Err(format!("{some} are worse than the others, but the most of what is bad is not theirs"));
    }
    let on = |member: &Member| member.node.as_ref().map(|node| format!(" on node {node}")).unwrap_or_default();
    let place = suspected.first().map(|member| on(member)).unwrap_or_default();
    let mut told_of: Vec<_> = suspects
        .iter()
        .take(MOST_EVIDENCE - 1)
        .map(|(member, z)| evidence(Subject::Pod, &member.name, member.sample, Some(*z)))
        .collect();
    told_of.push(evidence(Subject::Rest, "all other pods", rest, None));
    Ok(Cause {
        kind: CauseKind::OutlierPod,
        message: format!(
            "{} in danger through {some}{place}: {}, the other pods {}; look at it, then delete or evict it; more \
             replicas would only thin it out, so the floor is held",
            endangered(look),
            told(sample),
            told(rest)
        ),
        remedy: Remedy::Move(names.iter().map(ToString::to_string).collect()),
        evidence: told_of,
        would_change: format!("{some} is gone or as good as the others, or the others get as bad"),
    })
}

/// The pods that are worse than all others beyond chance, the worst first, with by how much.
#[must_use]
pub fn odd(pods: &Population) -> Vec<(&Member, f64)> {
    let comparisons = pods.comparisons();
    let worse = |member: &Member| {
        let (own, rest) = pods.split(|other| other.name == member.name);
        worse(own, rest, RATIO, comparisons)
    };
    let mut odd: Vec<(&Member, f64)> =
        pods.members.iter().filter_map(|member| Some((member, worse(member)?))).collect();
    odd.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    odd
}
