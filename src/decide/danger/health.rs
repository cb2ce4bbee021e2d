//! What the account says about the present danger, in the three values that decisions need: endangered, safe, unknown.
//!
//! Takes an assessment and what the pulse proves beside it, gives a [`Health`]. Unknown is neither: it never ends a danger, and never is one.

use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::api::agreement_status::State;
use crate::evaluate::assessment::{Assessment, ObjectiveAssessment};

use super::pulse::Proof;

/// Share of the recent slots that must be known before an objective counts as seen, in percent. Below one hundred on
/// purpose: one missing pod of many once froze an autoscaler at its maximum for hours (kubernetes pull request 127193).
const SEEN_PERCENT: i32 = 80;

/// How near an objective is to being lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Danger {
    /// Nothing threatens the objectives that can be seen.
    None,
    /// An objective's budget is nearly spent, or overspent, and is being spent faster than it allows just now.
    Threatened,
    /// The error budget burns so fast that the objective will be lost.
    Burning,
}

/// The present danger.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// The worst of the objectives.
    pub danger: Danger,
    /// Some endangered objective is seen well enough to act upon.
    pub danger_seen: bool,
    /// Every objective is seen.
    pub all_seen: bool,
    /// The objectives that are not seen, with what stands in the way.
    pub unseen: Vec<String>,
    /// The names of the endangered objectives.
    pub endangered: Vec<String>,
    /// How fast the worst objective's budget is being spent just now, in multiples of what it allows.
    pub pace: Option<f64>,
    /// The largest share of bad events just now.
    pub bad_share: Option<f64>,
    /// Events per second just now.
    pub rate: Option<f64>,
    /// How long the last minute has proven the danger, while no slots do yet.
    pub by_pulse: Option<SeenByPulse>,
}

/// A danger that the last minute alone tells of: of the objective for which it has been proven for longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenByPulse {
    /// When it was proven first.
    pub since: Timestamp,
    /// When it was proven last: what nobody has looked at since may be over.
    pub last: Timestamp,
    /// What came between the two is an outage by itself, for this objective or another.
    pub goes_on: bool,
}

impl Health {
    /// Reads an assessment.
    #[must_use]
    pub fn of(assessment: &Assessment) -> Self {
        let all = &assessment.objectives;
        let endangered: Vec<_> = all.iter().filter(|objective| danger(objective) > Danger::None).collect();
        let unseen = all.iter().filter(|objective| !seen(objective)).map(|objective| {
            let why = if objective.problem.is_empty() { "too few recent slots are known" } else { &objective.problem };
            format!("{}: {why}", objective.name)
        });
        Self {
            danger: all.iter().map(danger).max().unwrap_or(Danger::None),
            danger_seen: endangered.iter().any(|objective| seen(objective)),
            all_seen: !all.is_empty() && all.iter().all(seen),
            unseen: unseen.collect(),
            endangered: endangered.iter().map(|objective| objective.name.clone()).collect(),
            pace: largest(all.iter().filter_map(pace)),
            bad_share: largest(all.iter().filter_map(|objective| float(objective.recent_bad_share.as_ref()?))),
            rate: largest(all.iter().filter_map(|objective| float(objective.recent_rate.as_ref()?))),
            by_pulse: None,
        }
    }

    /// The same, with the outages that the last minute proves. They add to the danger, and take nothing from it.
    #[must_use]
    pub fn with_pulse(mut self, pulse: &[Proof]) -> Self {
        // Two objectives that each were seen to fail once are none that fails for as long as lies between.
        let longest = pulse.iter().max_by_key(|proof| (proof.at.duration_since(proof.since), proof.at));
        let Some(Proof { since, at, .. }) = longest else { return self };
        if self.danger < Danger::Burning {
            let goes_on = pulse.iter().any(Proof::goes_on);
            self.by_pulse = Some(SeenByPulse { since: *since, last: *at, goes_on });
        }
        self.danger = Danger::Burning;
        self.danger_seen = true;
        for proof in pulse {
            if !self.endangered.contains(&proof.objective) {
                self.endangered.push(proof.objective.clone());
            }
        }
        self.pace = largest(self.pace.into_iter().chain(pulse.iter().map(Proof::pace)));
        self.bad_share = largest(self.bad_share.into_iter().chain(pulse.iter().map(|proof| proof.events.share())));
        self
    }

    /// Everything is seen, and nothing is endangered.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.all_seen && self.danger == Danger::None
    }
}

/// The danger an objective is in.
#[must_use]
pub fn danger(objective: &ObjectiveAssessment) -> Danger {
    if objective.burning {
        return Danger::Burning;
    }
    // A budget that is nearly spent, or gone, but not being spent is no reason to hold replicas for the rest of a month.
    let spending =
        objective.recent_bad_share.as_ref().is_some_and(|share| *share > objective.allowed || share.is_one());
    // An objective that is lost can be lost by more: what it owes grows, and giving back in an overload makes it grow faster.
    let worsens = matches!(objective.state, State::AtRisk | State::Violated);
    if worsens && spending { Danger::Threatened } else { Danger::None }
}

fn seen(objective: &ObjectiveAssessment) -> bool {
    let enough = BigRational::new(SEEN_PERCENT.into(), 100.into());
    objective.recent_coverage.as_ref().is_some_and(|coverage| *coverage >= enough)
}

/// How fast an objective's budget is being spent just now, in multiples of what it allows. `None`: unknown.
#[must_use]
pub fn pace(objective: &ObjectiveAssessment) -> Option<f64> {
    let share = objective.recent_bad_share.as_ref()?;
    // A target of 100 % allows nothing; a millionth keeps the comparison of before and after meaningful.
    let allowed = if objective.allowed.is_positive() {
        objective.allowed.clone()
    } else {
        BigRational::new(1.into(), 1_000_000.into())
    };
    if share.is_zero() { Some(0.0) } else { float(&(share / allowed)) }
}

fn float(exact: &BigRational) -> Option<f64> {
    exact.to_f64().filter(|number| number.is_finite())
}

fn largest(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    numbers.fold(None, |most, number| Some(most.map_or(number, |most: f64| most.max(number))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::decide::tests::fixture::{objective, ratio};

    #[test]
    fn a_danger_is_told_by_the_state_and_by_what_is_spent_just_now() {
        use Danger::{Burning, None as Nothing, Threatened};
        for (state, burning, bad_of_a_thousand, expected) in [
            (State::Fulfilled, false, 500, Nothing),
            (State::AtRisk, false, 10, Nothing),
            (State::AtRisk, false, 11, Threatened),
            (State::Violated, false, 0, Nothing),
            (State::Violated, false, 10, Nothing),
            (State::Violated, false, 11, Threatened),
            (State::Violated, true, 11, Burning),
            (State::NotDetermined, false, 500, Nothing),
        ] {
            let recent_bad_share = Some(ratio(bad_of_a_thousand, 1000));
            let objective = ObjectiveAssessment { state, burning, recent_bad_share, ..objective("latency") };
            assert_eq!(danger(&objective), expected, "{state:?}, {bad_of_a_thousand} of a thousand bad");
        }
        // Where bad minutes are counted, a minute with fewer bad events than make one bad spends nothing.
        for (allowed, bad_of_a_thousand, expected) in
            [(50, 50, Nothing), (50, 51, Threatened), (1000, 999, Nothing), (1000, 1000, Threatened)]
        {
            let (allowed, bad) = (ratio(allowed, 1000), Some(ratio(bad_of_a_thousand, 1000)));
            let objective =
                ObjectiveAssessment { state: State::AtRisk, allowed, recent_bad_share: bad, ..objective("up") };
            assert_eq!(danger(&objective), expected, "{bad_of_a_thousand} of a thousand bad");
        }
        let unseen = ObjectiveAssessment { state: State::Violated, recent_bad_share: None, ..objective("latency") };
        assert_eq!(danger(&unseen), Nothing, "what is not known is no danger, and no safety either");
    }
}
