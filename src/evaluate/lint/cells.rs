//! Cells: 0 to 100 percent, cut at every end of every band, so that within a cell the same tiers hold everywhere.
//!
//! What is true of one attainment of a cell is true of all of it. So a few values stand for all there are, exactly.

use num_rational::BigRational;
use num_traits::Zero;

use super::band::Band;
use crate::evaluate::exact::{hundred, whole};

/// A single attainment, or all of them between two others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// Where it begins; itself outside, unless the cell is a single value.
    pub from: BigRational,
    /// Where it ends; itself outside, unless the cell is a single value.
    pub to: BigRational,
    /// A value inside it.
    pub sample: BigRational,
    /// The place in the list of bands of the tier that is granted here.
    pub granted: Option<usize>,
}

impl Cell {
    /// Whether it is a single value.
    pub(super) fn is_one_value(&self) -> bool {
        self.from == self.to
    }
}

/// All cells from 100 percent down to 0.
pub(super) fn cells(bands: &[Band]) -> Vec<Cell> {
    let edges = bands.iter().flat_map(|band| band.lower.iter().chain([&band.upper]));
    let mut cuts: Vec<BigRational> =
        edges.map(|edge| edge.at.clone()).chain([BigRational::zero(), hundred()]).collect();
    cuts.sort();
    cuts.dedup();
    cuts.retain(|cut| *cut <= hundred());
    cuts.reverse();
    let cell = |from: &BigRational, to: &BigRational| {
        let sample = (from + to) / whole(2);
        let granted = granted(bands, &sample);
        Cell { from: from.clone(), to: to.clone(), sample, granted }
    };
    let mut all = Vec::new();
    let mut above: Option<&BigRational> = None;
    for cut in &cuts {
        all.extend(above.map(|above| cell(cut, above)));
        all.push(cell(cut, cut));
        above = Some(cut);
    }
    all
}

/// The band that is granted for an attainment: the deepest that holds, and of equals the first.
fn granted(bands: &[Band], at: &BigRational) -> Option<usize> {
    let mut best: Option<(usize, &Band)> = None;
    for (place, band) in bands.iter().enumerate().filter(|(_, band)| band.holds(at)) {
        if best.is_none_or(|(_, best)| band.is_deeper_than(best)) {
            best = Some((place, band));
        }
    }
    best.map(|(place, _)| place)
}
