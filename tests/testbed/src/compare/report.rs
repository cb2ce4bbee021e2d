//! All that came of a comparison, and which target was the best of its family. Pure.

use serde::Serialize;

use super::judge::Judged;
use super::scaler::{Family, Scaler};
use super::simulator::Simulated;
use super::spread::Spread;

/// What came of one way of scaling.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Which.
    pub scaler: Scaler,
    /// On the control plane, by seed.
    pub live: Vec<Judged>,
    /// In the simulator, by seed.
    pub simulated: Vec<Simulated>,
}

/// What came of all.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What was offered, second by second, in requests a second.
    pub load: Vec<f64>,
    /// Seconds of it that are not judged.
    pub lead_in_seconds: u64,
    /// A row for each way of scaling.
    pub rows: Vec<Row>,
}

impl Row {
    /// The spread of a figure over the live runs. `None`: there are none.
    #[must_use]
    pub fn live(&self, of: impl Fn(&Judged) -> f64) -> Option<Spread> {
        Spread::of(self.live.iter().map(of))
    }

    /// The same over the simulated ones.
    #[must_use]
    pub fn simulated(&self, of: impl Fn(&Simulated) -> f64) -> Option<Spread> {
        Spread::of(self.simulated.iter().map(of))
    }

    /// Whether what is simulated and what was seen lie within each other's spread: the median of one of them between the least and
    /// the most of the other. `None`: that needs two runs of each at least.
    #[must_use]
    pub fn agrees(&self, live: impl Fn(&Judged) -> f64, simulated: impl Fn(&Simulated) -> f64) -> Option<bool> {
        let live = self.live(live).filter(|_| self.live.len() > 1)?;
        let simulated = self.simulated(simulated).filter(|_| self.simulated.len() > 1)?;
        Some(live.holds(simulated.median) || simulated.holds(live.median))
    }

    /// Bad minutes and pod-hours, in the mean.
    fn cost(&self) -> Option<(f64, f64)> {
        let runs = u32::try_from(self.live.len()).ok().filter(|runs| *runs > 0).map(f64::from)?;
        let sum = |of: fn(&Judged) -> f64| self.live.iter().map(of).sum::<f64>() / runs;
        Some((sum(|run| run.bad_minutes.into()), sum(|run| run.pod_hours)))
    }
}

/// The best target of a family, found in hindsight: the fewest bad minutes, and of these the fewest pods.
#[must_use]
pub fn best(rows: &[Row], family: Family) -> Option<Scaler> {
    let of_family = rows.iter().filter(|row| row.scaler.family() == family);
    let costs = of_family.filter_map(|row| Some((row.cost()?, row.scaler)));
    let fewer = |a: &(f64, f64), b: &(f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
    costs.min_by(|(a, _), (b, _)| fewer(a, b)).map(|(_, scaler)| scaler)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::super::judge::Answer;
    use super::*;

    /// A row whose runs had so many bad minutes and pod-hours; the simulated ones likewise.
    pub(in crate::compare) fn row(scaler: Scaler, live: &[(u32, f64)], simulated: &[(u32, f64)]) -> Row {
        let judged = |(seed, (bad_minutes, pod_hours)): (u64, &(u32, f64))| Judged {
            seed,
            bad_minutes: *bad_minutes,
            minutes: 15,
            good: 900,
            total: 1000,
            pod_hours: *pod_hours,
            replicas: Vec::new(),
            floor: Vec::new(),
            step: Answer { wrote: Some(20.0), raised_floor: Some(50.0), recovered: None },
            fault: None,
        };
        let played = |(seed, (bad_minutes, pod_hours)): (u64, &(u32, f64))| Simulated {
            seed,
            bad_minutes: *bad_minutes,
            pod_hours: *pod_hours,
        };
        Row {
            scaler,
            live: (1..).zip(live).map(judged).collect(),
            simulated: (1..).zip(simulated).map(played).collect(),
        }
    }

    #[test]
    fn the_best_target_has_the_fewest_bad_minutes_and_then_the_fewest_pods() {
        let rows = [
            row(Scaler::Guarantor(80), &[(0, 1.0)], &[]),
            row(Scaler::Cpu(50), &[(1, 3.0), (2, 3.0)], &[]),
            row(Scaler::Cpu(60), &[(2, 2.0), (1, 2.0)], &[]),
            row(Scaler::Cpu(70), &[(2, 1.0), (2, 1.0)], &[]),
            row(Scaler::Cpu(80), &[], &[]),
        ];
        assert_eq!(best(&rows, Family::Cpu), Some(Scaler::Cpu(60)));
        assert_eq!(best(&rows, Family::Rate), None);
    }

    #[test]
    fn the_simulator_agrees_where_a_median_lies_within_the_other_spread() {
        let agrees = |row: &Row| row.agrees(|run| run.bad_minutes.into(), |run| run.bad_minutes.into());
        let live = [(2, 1.0), (4, 1.0), (3, 1.0)];
        let of = |simulated: &[(u32, f64)]| agrees(&row(Scaler::Cpu(50), &live, simulated));
        assert_eq!(of(&[(9, 1.0), (4, 1.0), (3, 1.0)]), Some(true));
        assert_eq!(of(&[(5, 1.0), (5, 1.0), (3, 1.0)]), Some(true));
        assert_eq!(of(&[(5, 1.0), (5, 1.0), (4, 1.0)]), Some(false), "they overlap, and neither is like the other");
        assert_eq!((of(&[]), of(&[(3, 1.0)])), (None, None));
        assert_eq!(agrees(&row(Scaler::Cpu(50), &[(2, 1.0)], &[(2, 1.0); 2])), None, "one run has no spread");
    }
}
