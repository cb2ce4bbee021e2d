//! The tables, as they stand in the README.

use std::fmt::Write;

use crate::cell::{PROMISES, STARTS};
use crate::grid::{Cells, Grid, Place};
use crate::table::{Cell, Column, OURS, cheapest_as_good, column, is_tuned, par, single};

/// The totals, a row for each load and start delay, and every setting of the autoscalers.
pub fn report(grid: &Grid, without: &Cells, with: &Cells) -> String {
    let all = |with_past| -> Vec<Cell> { places(grid).map(|place| find(place, without, with, with_past)).collect() };
    let mut text = String::new();
    totals(&mut text, grid.seeds, &column(&all(false)), &column(&all(true)));
    text.push_str(
        "\n| load, start delay | cheapest as good | HPA 0.5 | HPA 0.6 | KEDA 0.6 | KPA | clairvoyant | Guarantor ",
    );
    text.push_str("| par | with its past | par |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (name, cells) in rows(grid, without, with, false) {
        let (_, theirs) = rows(grid, without, with, true).find(|(other, _)| *other == name).unwrap();
        row(&mut text, &name, &cells, &theirs);
    }
    text.push_str("\n<details><summary>Every setting, with nothing known</summary>\n\n");
    settings(&mut text, rows(grid, without, with, false));
    text.push_str("\n</details>\n");
    text
}

/// Every cell on a line of its own.
pub fn each(grid: &Grid, without: &Cells, with: &Cells) -> String {
    let mut text = String::from(
        "| load, start, promise, balancer | Guarantor | cheapest as good | with its past | cheapest as good |\n",
    );
    text.push_str("|---|---|---|---|---|\n");
    for place in places(grid) {
        let (piece, service) = (grid.pieces.get(place.piece).unwrap(), grid.services.get(place.service).unwrap());
        let k = PROMISES.get(place.promise).unwrap();
        write!(text, "| {} {} k={k} {:?} ", piece.name, service.start, service.balancing).unwrap();
        for with_past in [false, true] {
            let cell = find(place, without, with, with_past);
            let (bad, pods) = cell.get(OURS).unwrap();
            let theirs = cheapest_as_good(&cell).map_or_else(
                || "none".to_owned(),
                |(name, theirs)| {
                    let (bad, _) = cell.get(name).unwrap();
                    format!("{name} {bad:.2} / {theirs:.1} par {:.3}", pods / theirs)
                },
            );
            write!(text, "| {bad:.2} / {pods:.1} | {theirs} ").unwrap();
        }
        text.push_str("|\n");
    }
    text
}

fn places(grid: &Grid) -> impl Iterator<Item = Place> {
    let services = grid.services.len();
    (0..grid.pieces.len()).flat_map(move |piece| {
        (0..services).flat_map(move |service| (0..PROMISES.len()).map(move |promise| Place { piece, service, promise }))
    })
}

/// What has no past begins with nothing known either way.
fn find(place: Place, without: &Cells, with: &Cells, with_past: bool) -> Cell {
    with.get(&place).filter(|_| with_past).or(without.get(&place)).unwrap().clone()
}

/// The cells of each load and start delay.
fn rows(grid: &Grid, without: &Cells, with: &Cells, with_past: bool) -> impl Iterator<Item = (String, Vec<Cell>)> {
    let names = grid.pieces.iter().enumerate().flat_map(|piece| STARTS.map(|start| (piece, start)));
    names.map(move |((piece, own), start)| {
        let is_own = |place: &Place| {
            place.piece == piece && grid.services.get(place.service).unwrap().start.to_bits() == start.to_bits()
        };
        let cells = places(grid).filter(is_own).map(|place| find(place, without, with, with_past));
        (format!("{}, {start} s", own.name), cells.collect())
    })
}

fn totals(text: &mut String, seeds: u64, without: &Column, with: &Column) {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let maybe = |share: Option<f64>| share.map_or_else(|| "no such setting".to_owned(), percent);
    writeln!(
        text,
        "| {} cells, seeds: {seeds} | nothing known | with its past | goal |\n|---|---|---|---|",
        without.cells
    )
    .unwrap();
    let mut line = |what: &str, without: String, with: String, goal: &str| {
        writeln!(text, "| {what} | {without} | {with} | {goal} |").unwrap();
    };
    for (place, (most, goal)) in [("1.00", "75 %"), ("1.10", "95 %"), ("1.20", "100 %")].into_iter().enumerate() {
        let of = |column: &Column| percent(*column.par.get(place).unwrap());
        line(&format!("par at most {most}"), of(without), of(with), goal);
    }
    line("worst par", format!("{:.3}", without.worst), format!("{:.3}", with.worst), "1.2");
    for (place, (most, goal)) in [("1", "85 %"), ("3", "97 %")].into_iter().enumerate() {
        let of = |column: &Column| percent(*column.bad.get(place).unwrap());
        line(&format!("at most {most} bad minutes of 60"), of(without), of(with), goal);
    }
    let fewer = |column: &Column| maybe(column.fewer_pods);
    line("fewer pods than one setting with as many bad minutes", fewer(without), fewer(with), "40 %");
    let bad = |column: &Column| maybe(column.bad_at_equal_pods);
    line("bad minutes, of those of one setting with as many pods", bad(without), bad(with), "10 %");
}

/// A row: bad minutes of 60 / pods, in the mean of the promises and balancers.
fn row(text: &mut String, name: &str, without: &[Cell], with: &[Cell]) {
    let of = |cells: &[Cell], policy: &str| {
        let all = single(cells);
        let found = all.get(policy);
        found.map_or_else(|| "–".to_owned(), |(bad, pods)| format!("{bad:.1} / {pods:.1}"))
    };
    let mean = |values: Vec<f64>| {
        let count = u32::try_from(values.len()).unwrap_or(u32::MAX);
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / f64::from(count))
    };
    let pars = |cells: &[Cell]| {
        mean(cells.iter().filter_map(par).collect()).map_or_else(|| "none".to_owned(), |par| format!("{par:.2}"))
    };
    let best = mean(without.iter().filter_map(|cell| cheapest_as_good(cell).map(|(_, pods)| pods)).collect());
    let best = best.map_or_else(|| "none".to_owned(), |pods| format!("{pods:.1}"));
    let played = ["HPA 0.50", "HPA 0.60", "KEDA 0.60", "KPA", "clairvoyant", OURS].map(|policy| of(without, policy));
    let (ours, own) = (played.join(" | "), of(with, OURS));
    writeln!(text, "| {name} | {best} | {ours} | {} | {own} | {} |", pars(without), pars(with)).unwrap();
}

/// Every setting that people tune; marked in how many of the row's cells it is the cheapest that is as good as the law.
fn settings(text: &mut String, rows: impl Iterator<Item = (String, Vec<Cell>)>) {
    let rows: Vec<(String, Vec<Cell>)> = rows.collect();
    let all: Vec<String> =
        rows.iter().flat_map(|(_, cells)| cells.iter().flat_map(|cell| cell.keys().cloned())).collect();
    let mut names: Vec<String> = all.into_iter().filter(|name| is_tuned(name)).collect();
    names.sort();
    names.dedup();
    writeln!(text, "| load, start delay | {} |\n|---{}|", names.join(" | "), "|---".repeat(names.len())).unwrap();
    for (row, cells) in &rows {
        write!(text, "| {row} ").unwrap();
        let mean = single(cells);
        for name in &names {
            let (bad, pods) = mean.get(name).unwrap();
            let best = |cell: &&Cell| cheapest_as_good(cell).is_some_and(|(cheapest, _)| cheapest == name);
            match cells.iter().filter(best).count() {
                0 => write!(text, "| {bad:.1} / {pods:.1} ").unwrap(),
                times => write!(text, "| **{bad:.1} / {pods:.1}** ({times}) ").unwrap(),
            }
        }
        text.push_str("|\n");
    }
}
