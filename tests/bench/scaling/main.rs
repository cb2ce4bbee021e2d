//! The scaling law against the autoscalers that people run, over a grid of loads, start delays, promises and balancers.
//!
//! `make bench` prints the tables of the README, and writes them there with `README=1`; `SEEDS=1` is a quick look, `PIECE=f5`
//! plays one load, `CELLS=1` prints each cell, `SENSITIVITY=1` what half and twice each constant of the law comes to, `FAULTS=1`
//! what comes of faults, and `SPEED=1` how fast the simulation is. A cell is played by every policy with the same requests, once
//! with nothing known and once after the past that its trace tells of, which the law knows and everybody plays the last three
//! hours of.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stdout)]

mod cell;
mod faults;
mod grid;
mod pieces;
mod readme;
mod report;
mod sensitivity;
mod speed;
mod table;

use cell::Service;
use grid::Grid;
use pieces::pieces;

fn main() {
    let seeds = std::env::var("SEEDS").map_or(5, |text| text.parse().expect("SEEDS is a number"));
    let asked = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty() && value != "0");
    if asked("SPEED") {
        println!("{}", speed::report());
        return;
    }
    let only = std::env::var("PIECE").ok();
    let mut pieces = pieces();
    pieces.retain(|piece| only.as_deref().is_none_or(|only| only == piece.name));
    let grid = Grid { pieces, services: Service::all(), seeds };
    let (marker, text) = if asked("SENSITIVITY") {
        ("sensitivity", sensitivity::report(&grid))
    } else if asked("FAULTS") {
        ("faults", faults::report(seeds))
    } else {
        let [without, with] = grid.play();
        if asked("CELLS") {
            println!("{}", report::each(&grid, &without, &with));
        }
        ("benchmark", report::report(&grid, &without, &with))
    };
    println!("{text}");
    if asked("README") {
        readme::write(marker, &text);
    }
}
