//! The scaling law against the autoscalers that people run, over a grid of loads, start delays, promises and balancers.
//!
//! `make bench-scaling` prints the table for the README; `SEEDS=1` is a quick look. A cell is played by every policy with the
//! same requests, once with nothing known and once after the past that its trace tells of, which the law knows and everybody
//! plays the last three hours of.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stdout)]

mod cell;
mod pieces;
mod table;

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use guarantor::simulate::plant::Balancing;

use cell::{Kind, Played};
use pieces::{Piece, pieces};
use table::{Cell, Column, column, mean, par};

const STARTS: [f64; 3] = [30.0, 90.0, 180.0];
const PROMISES: [f64; 4] = [5.0, 10.0, 20.0, 40.0];
const BALANCINGS: [Balancing; 2] = [Balancing::Random, Balancing::PowerOfTwoChoices];

/// One run of all policies.
struct Task {
    piece: usize,
    kind: usize,
    with_past: bool,
    seed: u64,
}

fn main() {
    let seeds = std::env::var("SEEDS").map_or(5, |text| text.parse().expect("SEEDS is a number"));
    let (pieces, kinds) = (pieces(), kinds());
    let only = std::env::var("PIECE").ok();
    let chosen = |piece: &Piece| only.as_deref().is_none_or(|only| only == piece.name);
    let safe = side_by_side(&kinds, Kind::safe);
    let mut tasks = Vec::new();
    for with_past in [false, true] {
        for (piece, _) in pieces.iter().enumerate().filter(|(_, piece)| chosen(piece) && (piece.past > 0 || !with_past))
        {
            for kind in 0..kinds.len() {
                tasks.extend((1..=seeds).map(|seed| Task { piece, kind, with_past, seed }));
            }
        }
    }
    let played = side_by_side(&tasks, |task| {
        let (piece, kind, safe) = (pieces.get(task.piece), kinds.get(task.kind), safe.get(task.kind));
        cell::play(piece.unwrap(), kind.unwrap(), *safe.unwrap(), task.with_past, task.seed)
    });
    let cells = |piece: usize, with_past: bool| -> Vec<(Kind, Cell)> {
        // What has no past begins with nothing known either way.
        let with_past = with_past && pieces.get(piece).unwrap().past > 0;
        let of = |kind: usize| -> Vec<Vec<Played>> {
            let own = |task: &Task| task.piece == piece && task.kind == kind && task.with_past == with_past;
            tasks.iter().zip(&played).filter(|(task, _)| own(task)).map(|(_, played)| played.clone()).collect()
        };
        kinds.iter().enumerate().map(|(place, kind)| (*kind, mean(&of(place)))).collect()
    };
    let places: Vec<usize> = (0..pieces.len()).filter(|place| chosen(pieces.get(*place).unwrap())).collect();
    let all = |with_past| -> Vec<Cell> {
        places.iter().flat_map(|place| cells(*place, with_past)).map(|(_, cell)| cell).collect()
    };
    println!("{seeds} seeds\n");
    totals(&column(&all(false)), &column(&all(true)));
    println!(
        "\n| load, start delay | HPA 0.5 | HPA 0.6 | KEDA 0.6 | KPA | clairvoyant | Guarantor | par | with its past | par |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for place in places {
        let (without, with) = (cells(place, false), cells(place, true));
        for start in STARTS {
            row(pieces.get(place).unwrap().name, start, &at(&without, start), &at(&with, start));
        }
    }
}

fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    for start in STARTS {
        for k in PROMISES {
            kinds.extend(BALANCINGS.map(|balancing| Kind { start, k, balancing }));
        }
    }
    kinds
}

fn at(cells: &[(Kind, Cell)], start: f64) -> Vec<Cell> {
    let own = cells.iter().filter(|(kind, _)| kind.start.to_bits() == start.to_bits());
    own.map(|(_, cell)| cell.clone()).collect()
}

fn totals(without: &Column, with: &Column) {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let maybe = |share: Option<f64>| share.map_or_else(|| "no such setting".to_owned(), percent);
    println!("| {} cells | nothing known | with its past | goal |\n|---|---|---|---|", without.cells);
    for (place, (most, goal)) in [("1.00", "75 %"), ("1.10", "95 %"), ("1.20", "100 %")].into_iter().enumerate() {
        let of = |column: &Column| percent(*column.par.get(place).unwrap());
        println!("| par at most {most} | {} | {} | {goal} |", of(without), of(with));
    }
    println!("| worst par | {:.3} | {:.3} | |", without.worst, with.worst);
    for (place, (most, goal)) in [("1", "85 %"), ("3", "97 %")].into_iter().enumerate() {
        let of = |column: &Column| percent(*column.bad.get(place).unwrap());
        println!("| at most {most} bad minutes of 60 | {} | {} | {goal} |", of(without), of(with));
    }
    println!(
        "| fewer pods than one setting with as many bad minutes | {} | {} | 40 % |",
        maybe(without.fewer_pods),
        maybe(with.fewer_pods)
    );
    println!(
        "| bad minutes, of those of one setting with as many pods | {} | {} | 10 % |",
        maybe(without.bad_at_equal_pods),
        maybe(with.bad_at_equal_pods)
    );
}

/// A row: bad minutes of 60 / pods, in the mean of the promises and balancers.
fn row(name: &str, start: f64, without: &[Cell], with: &[Cell]) {
    let of = |cells: &[Cell], policy: &str| {
        let all = table::single(cells);
        let found = all.iter().find(|(name, _)| name.starts_with(policy));
        found.map_or_else(|| "–".to_owned(), |(_, (bad, pods))| format!("{bad:.1} / {pods:.1}"))
    };
    let pars = |cells: &[Cell]| {
        let known: Vec<f64> = cells.iter().filter_map(par).collect();
        let sum: f64 = known.iter().sum();
        let count = u32::try_from(known.len()).unwrap_or(u32::MAX);
        if known.is_empty() { "none".to_owned() } else { format!("{:.2}", sum / f64::from(count)) }
    };
    let policies = ["HPA 0.50", "HPA 0.60", "KEDA 0.60", "KPA", "clairvoyant", "law"];
    let played: Vec<String> = policies.iter().map(|policy| of(without, policy)).collect();
    let (own, ours) = (of(with, "law"), played.join(" | "));
    println!("| {name}, {start} s | {ours} | {} | {own} | {} |", pars(without), pars(with));
}

/// Does the same for all of them on every core; in their order.
fn side_by_side<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(all.len()));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some((place, one)) = {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    all.get(place).map(|one| (place, one))
                } {
                    let result = work(one);
                    let mut done = done.lock().unwrap();
                    done.push((place, result));
                    if stderr().is_terminal() {
                        let _ = write!(stderr(), "\r{} of {}", done.len(), all.len());
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}
