//! One way of scaling: its runs, one for each seed, and what they come to together.

use num_rational::BigRational;

use super::course::Course;
use super::owed;
use super::past::Parted;
use super::player::Player;
use super::policies::Choice;
use super::progress::Progress;
use super::promised::Promised;
use super::report::{PolicyReport, RunReport, verbs};
use crate::api::credit_status::CreditState;
use crate::evaluate::credit::{at_stake, shown};
use crate::evaluate::exact::{divide, percent_text, ratio_text, whole};
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
    promised: &Promised,
    seeds: u8,
    progress: &mut Progress,
) -> Result<Played, Fault> {
    // A failed request is not a good one, so that a minute with too many of them is bad already.
    let promise = Promise { latency: promised.latency, good: promised.good, available: 0.0 };
    let lead_in = f64::from(scenario.lead_in) * 60.0;
    let mut runs = Vec::new();
    let (mut name, mut acts, mut first) = (String::new(), false, None);
    for number in 0..seeds {
        let seed = scenario.seed.wrapping_add(number.into());
        let (phases, replicas) = (Phases::drawn(seed), choice.at_first(scenario.replicas));
        let scenario = Scenario { phases, replicas, seed, ..scenario.clone() };
        let mut player = choice.player(&scenario, &load.remembered, promised)?;
        (name, acts) = (player.policy().name(), matches!(player, Player::Operator(_)));
        let outcome = run(&scenario, player.policy()).map_err(|e| Fault::new("the flags", e.to_string()))?;
        first = first.or_else(|| Some(Course::new(&outcome, &load.judged, promised)));
        let (deeds, findings) = (player.deeds(lead_in), player.findings(lead_in));
        runs.push(RunReport { deeds, findings, ..RunReport::new(seed, &outcome, &outcome.score(promise)) });
        progress.step();
    }
    let sum = |of: fn(&RunReport) -> u64| runs.iter().map(of).sum::<u64>();
    let (good, total) = (sum(|run| run.good), sum(|run| run.total));
    let attainment = divide(&whole(good), &whole(total));
    let credits = owed::credits(promised, attainment.as_ref()).map_err(|e| Fault::new(e.field, e.message))?;
    let mean = |of: fn(&RunReport) -> f64| runs.iter().map(of).sum::<f64>() / f64::from(seeds.max(1));
    let report = PolicyReport {
        policy: name,
        good,
        total,
        attainment_percent: attainment.as_ref().map(percent_text).unwrap_or_default(),
        attainment_ratio: attainment.as_ref().map(ratio_text).unwrap_or_default(),
        kept: attainment.as_ref().map(|attainment: &BigRational| *attainment >= promised.target),
        bad_minutes: mean(|run| run.bad_minutes.into()),
        minutes: mean(|run| run.minutes.into()),
        mean_pods: mean(|run| run.mean_pods),
        most_pods: runs.iter().map(|run| run.most_pods).max().unwrap_or_default(),
        pod_hours: mean(|run| run.pod_hours),
        owed: credits.as_ref().map(at_stake),
        credits: credits.as_ref().map(|credits| shown(credits, CreditState::Accruing)),
        acts,
        verbs: verbs(&runs),
        runs,
    };
    Ok((report, first.unwrap_or_default()))
}
