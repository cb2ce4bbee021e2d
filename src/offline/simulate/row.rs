//! One way of scaling: its runs, one for each seed, and what they come to together.

use std::collections::BTreeMap;

use super::course::Course;
use super::judged::Counted;
use super::past::Parted;
use super::periods::Periods;
use super::player::Player;
use super::policies::Choice;
use super::progress::Progress;
use super::promised::Promised;
use super::report::{PolicyReport, RunReport, verbs};
use super::settled::settled;
use crate::evaluate::exact::{percent_text, ratio_text};
use crate::offline::settle::fault::Fault;
use crate::simulate::phases::Phases;
use crate::simulate::run::{Scenario, run};
use crate::simulate::score::Promise;

/// A way of scaling: what all of its runs come to, and how the first of them went.
pub type Played = (PolicyReport, Course);

/// Plays a policy once with each seed and judges it.
///
/// # Errors
/// Names the flag or field that can not be worked with.
pub fn row(
    choice: Choice,
    scenario: &Scenario,
    load: &Parted,
    (promised, periods): (&Promised, &Periods),
    seeds: u8,
    progress: &mut Progress,
) -> Result<Played, Fault> {
    // It is one objective that is tried: what failed in time is for another one to count.
    let promise = Promise { latency: promised.latency, good: promised.good, available: 0.0 };
    let lead_in = f64::from(scenario.lead_in) * 60.0;
    let (mut runs, mut struck_nothing) = (Vec::new(), BTreeMap::new());
    let parts = periods.parts.as_slice();
    let mut by_period = vec![vec![Counted::default(); promised.judged.len()]; parts.len()];
    let (mut name, mut acts, mut first) = (String::new(), false, None);
    for number in 0..seeds {
        let seed = scenario.seed.wrapping_add(number.into());
        let (phases, replicas) = (Phases::drawn(seed), choice.at_first(scenario.replicas));
        let scenario = Scenario { phases, replicas, seed, ..scenario.clone() };
        let mut player = choice.player(&scenario, &load.remembered, promised, periods)?;
        (name, acts) = (player.policy().name(), matches!(player, Player::Operator(_)));
        let outcome = run(&scenario, player.policy()).map_err(|e| Fault::new("the flags", e.to_string()))?;
        first = first.or_else(|| Some(Course::new(&outcome, &load.judged, promised, parts)));
        for (sums, part) in by_period.iter_mut().zip(parts) {
            for (sum, judged) in sums.iter_mut().zip(&promised.judged) {
                *sum = [*sum, judged.counted(&outcome, &part.judged)].into_iter().sum();
            }
        }
        for place in &outcome.struck_nothing {
            *struck_nothing.entry(*place).or_insert(0) += 1;
        }
        let (deeds, findings) = (player.deeds(lead_in), player.findings(lead_in));
        runs.push(RunReport { deeds, findings, ..RunReport::new(seed, &outcome, &outcome.score(promise)) });
        progress.step();
    }
    let sum = |of: fn(&RunReport) -> u64| runs.iter().map(of).sum::<u64>();
    let all = Counted { good: sum(|run| run.good), total: sum(|run| run.total) };
    let attainment = all.attainment();
    let (settled, owed) = settled(promised, parts, &by_period)?;
    let judged: Vec<bool> = settled.iter().filter_map(|period| period.kept).collect();
    let mean = |of: fn(&RunReport) -> f64| runs.iter().map(of).sum::<f64>() / f64::from(seeds.max(1));
    let report = PolicyReport {
        policy: name,
        good: all.good,
        total: all.total,
        failed: sum(|run| run.failed),
        attainment_percent: attainment.as_ref().map(percent_text).unwrap_or_default(),
        attainment_ratio: attainment.as_ref().map(ratio_text).unwrap_or_default(),
        kept: (!judged.is_empty()).then(|| judged.iter().all(|kept| *kept)),
        bad_minutes: mean(|run| run.bad_minutes.into()),
        minutes: mean(|run| run.minutes.into()),
        mean_pods: mean(|run| run.mean_pods),
        most_pods: runs.iter().map(|run| run.most_pods).max().unwrap_or_default(),
        pod_hours: mean(|run| run.pod_hours),
        owed,
        periods: settled,
        struck_nothing,
        acts,
        verbs: verbs(&runs),
        runs,
    };
    Ok((report, first.unwrap_or_default()))
}
