//! What half and twice each constant of the law comes to.

use std::fmt::Write;

use guarantor::decide::law::Constants;

use crate::cell::{PROMISES, STARTS};
use crate::grid::{Cells, Grid, Place};
use crate::table::{Cell, OURS, single};

/// Plays the law with each constant halved and doubled, where nothing is known: at the ends of start delay and promise.
pub fn report(grid: &Grid) -> String {
    let ends = |place: Place| {
        let start = grid.services.get(place.service).unwrap().start;
        let at_an_end = |value: f64, all: &[f64]| all.first() == Some(&value) || all.last() == Some(&value);
        at_an_end(start, &STARTS) && at_an_end(*PROMISES.get(place.promise).unwrap(), &PROMISES)
    };
    let play = |constants: Constants| figures(&grid.play_law(&constants, ends));
    let mut text = String::new();
    let (bad, pods) = play(Constants::default());
    let (cells, names) = (cells(grid, ends), grid.pieces.iter().map(|piece| piece.name).collect::<Vec<_>>().join(", "));
    writeln!(
        text,
        "Bad minutes of 60 / pods in the mean of {cells} cells ({names}), seeds: {}, nothing known.",
        grid.seeds
    )
    .unwrap();
    writeln!(text, "As it is: {bad:.2} / {pods:.2}.\n").unwrap();
    writeln!(text, "| constant | is | halved | doubled |\n|---|---|---|---|").unwrap();
    for (name, value) in Constants::default().entries().map(|(name, value)| (name, *value)) {
        let [half, twice] = [0.5, 2.0].map(|factor| {
            let mut constants = Constants::default();
            for (_, value) in constants.entries().into_iter().filter(|(other, _)| *other == name) {
                *value *= factor;
            }
            let (bad, pods) = play(constants);
            format!("{bad:.2} / {pods:.2}")
        });
        writeln!(text, "| `{name}` | {value} | {half} | {twice} |").unwrap();
    }
    text
}

fn cells(grid: &Grid, is_chosen: impl Fn(Place) -> bool) -> usize {
    let mut number = 0;
    for piece in 0..grid.pieces.len() {
        for service in 0..grid.services.len() {
            let places = (0..PROMISES.len()).map(|promise| Place { piece, service, promise });
            number += places.filter(|place| is_chosen(*place)).count();
        }
    }
    number
}

fn figures(cells: &Cells) -> (f64, f64) {
    let cells: Vec<Cell> = cells.values().cloned().collect();
    *single(&cells).get(OURS).unwrap()
}
