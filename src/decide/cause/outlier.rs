//! A group of pods (a node's, a zone's) that is worse than all others.

use std::collections::{BTreeMap, BTreeSet};

use super::comparison::{Sample, to_blame, worse};
use super::population::{Member, Population, sum};

/// A part is to be at least so many times as bad as the rest.
pub(super) const RATIO: f64 = 2.0;

/// The part that is to blame.
pub(super) struct Outlier {
    pub(super) name: String,
    /// Its pods, the worst first.
    pub(super) pods: Vec<String>,
    pub(super) sample: Sample,
    pub(super) rest: Sample,
    pub(super) z: f64,
}

/// A group is worse than all other pods beyond chance, whatever its parts are.
pub(super) fn stands_out(population: &Population, of: fn(&Member) -> Option<&String>) -> bool {
    let names: BTreeSet<&String> = population.members.iter().filter_map(of).collect();
    let is_worse = |name: &String| {
        let (sample, rest) = population.split(|member| of(member) == Some(name));
        worse(sample, rest, RATIO, population.comparisons()).is_some()
    };
    names.into_iter().any(is_worse)
}

/// The group that is worse than all other pods, to blame for the most of what is bad, and both of these not by one of its
/// parts alone.
///
/// # Errors
/// Why there is none, in words; `what` is a group's name in the plural.
pub(super) fn group(
    population: &Population,
    what: &str,
    of: fn(&Member) -> Option<&String>,
    part_of: fn(&Member) -> Option<&String>,
) -> Result<Outlier, String> {
    let mut groups: BTreeMap<&String, Vec<&Member>> = BTreeMap::new();
    for member in &population.members {
        if let Some(name) = of(member) {
            groups.entry(name).or_default().push(member);
        }
    }
    if groups.is_empty() {
        return Err(format!("the {what} of the pods are not known"));
    }
    if groups.len() < 2 {
        return Err(format!("the pods are not spread over several {what}"));
    }
    let (comparisons, all) = (population.comparisons(), population.members.len());
    for (name, members) in groups {
        let (sample, rest) = population.split(|member| of(member) == Some(name));
        let Some(z) = worse(sample, rest, RATIO, comparisons) else { continue };
        let parts: Vec<&String> = members.iter().filter_map(|member| part_of(member)).collect();
        let without = |part: &&String| -> Sample {
            let others: Vec<&Member> =
                members.iter().copied().filter(|member| part_of(member) != Some(*part)).collect();
            sum(&others)
        };
        let by_each = parts.iter().all(|part| worse(without(part), rest, RATIO, comparisons).is_some());
        if members.len().saturating_mul(2) <= all && by_each && to_blame(sample, rest, population.all_bad) {
            let mut members = members;
            members.sort_by(|a, b| b.sample.share().total_cmp(&a.sample.share()));
            let pods = members.iter().map(|member| member.name.clone()).collect();
            return Ok(Outlier { name: name.clone(), pods, sample, rest, z });
        }
    }
    Err(format!("none of the {what} is, with several of its parts, at least twice as bad as the others beyond chance"))
}
