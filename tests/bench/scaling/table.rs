//! What the grid comes to.

use std::collections::BTreeMap;

use crate::cell::Played;

/// A cell, the seeds together: bad minutes of 60 and pods by policy, in the mean.
pub type Cell = BTreeMap<String, (f64, f64)>;

/// The mean of the runs of one cell with so many seeds.
pub fn mean(runs: &[Played], seeds: u64) -> Cell {
    let mut cell = Cell::new();
    for played in runs {
        let (bad, pods) = cell.entry(played.policy.clone()).or_default();
        *bad += played.bad;
        *pods += played.pods;
    }
    let count = number(usize::try_from(seeds).unwrap_or(usize::MAX));
    for both in cell.values_mut() {
        *both = (both.0 / count, both.1 / count);
    }
    cell
}

/// What the law is called.
pub const OURS: &str = "law";

/// Whether a policy is one that people tune.
pub fn is_tuned(policy: &str) -> bool {
    policy.starts_with("HPA ") || policy.starts_with("KEDA ")
}

/// The cheapest tuning that has no more bad minutes than we, and its pods; none where there is no such tuning.
pub fn cheapest_as_good(cell: &Cell) -> Option<(&str, f64)> {
    let (bad, _) = cell.get(OURS)?;
    let as_good = cell.iter().filter(|(policy, (other, _))| is_tuned(policy) && *other <= *bad + 1e-9);
    as_good.map(|(policy, (_, pods))| (policy.as_str(), *pods)).min_by(|(_, one), (_, other)| one.total_cmp(other))
}

/// Our pods over those.
pub fn par(cell: &Cell) -> Option<f64> {
    let (_, pods) = cell.get(OURS)?;
    cheapest_as_good(cell).map(|(_, theirs)| pods / theirs)
}

/// One setting for all cells: bad minutes and pods in the mean of the cells, for every policy.
pub fn single(cells: &[Cell]) -> Cell {
    let mut all = Cell::new();
    for (policy, (bad, pods)) in cells.iter().flatten() {
        let (sum_bad, sum_pods) = all.entry(policy.clone()).or_default();
        *sum_bad += bad / number(cells.len());
        *sum_pods += pods / number(cells.len());
    }
    all
}

/// The figures of one column of the README's table.
#[derive(Debug)]
pub struct Column {
    pub cells: usize,
    /// Shares of the cells with a par of at most 1.00, 1.10 and 1.20, and the worst par.
    pub par: [f64; 3],
    pub worst: f64,
    /// Shares of the cells with at most 1 and 3 bad minutes of 60.
    pub bad: [f64; 2],
    /// Fewer pods than the single setting with as many bad minutes, as a share of its pods.
    pub fewer_pods: Option<f64>,
    /// Our bad minutes over those of the single setting with as many pods.
    pub bad_at_equal_pods: Option<f64>,
}

/// Reckons a column.
pub fn column(cells: &[Cell]) -> Column {
    let share = |count: usize| number(count) / number(cells.len().max(1));
    let pars: Vec<f64> = cells.iter().map(|cell| par(cell).unwrap_or(0.0)).collect();
    let ours: Vec<(f64, f64)> = cells.iter().filter_map(|cell| cell.get(OURS).copied()).collect();
    let all = single(cells);
    let (bad, pods) = all.get(OURS).copied().unwrap_or_default();
    // The cheapest setting by its bad minutes, from the most careful on.
    let mut settings: Vec<(f64, f64)> = all.iter().filter(|(p, _)| is_tuned(p)).map(|(_, both)| *both).collect();
    settings.sort_by(|a, b| a.0.total_cmp(&b.0));
    let swapped: Vec<(f64, f64)> = settings.iter().map(|(bad, pods)| (*pods, *bad)).collect();
    Column {
        cells: cells.len(),
        par: [1.0, 1.1, 1.2].map(|most| share(pars.iter().filter(|par| **par <= most + 1e-9).count())),
        worst: pars.iter().copied().fold(0.0, f64::max),
        bad: [1.0, 3.0].map(|most| share(ours.iter().filter(|(bad, _)| *bad <= most + 1e-9).count())),
        fewer_pods: lowest_at(&settings, bad).map(|theirs| 1.0 - pods / theirs),
        bad_at_equal_pods: lowest_at(&swapped, pods).map(|theirs| bad / theirs),
    }
}

/// The lowest of what settings come to at this value of the other figure, evenly between any two of them.
fn lowest_at(settings: &[(f64, f64)], at: f64) -> Option<f64> {
    let mut lowest: Option<f64> = None;
    for (x, y) in settings {
        for (other_x, other_y) in settings {
            if *x <= at && at <= *other_x {
                let part = if other_x > x { (at - x) / (other_x - x) } else { 0.0 };
                let between = y + (other_y - y) * part;
                lowest = Some(lowest.map_or(between, |lowest| lowest.min(between)));
            }
        }
    }
    lowest
}

#[allow(clippy::cast_precision_loss)]
fn number(count: usize) -> f64 {
    count as f64
}
