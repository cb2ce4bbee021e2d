//! The grid: which cells there are, and what comes of playing them.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use guarantor::decide::law::Constants;

use crate::cell::{self, PROMISES, Played, Service};
use crate::pieces::Piece;
use crate::table::{Cell, mean};

/// Which cell, by the places of its piece, service and promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub piece: usize,
    pub service: usize,
    pub promise: usize,
}

/// What came of every cell.
pub type Cells = BTreeMap<Place, Cell>;

/// What is played, once with nothing known and once with its past.
pub struct Grid {
    pub pieces: Vec<Piece>,
    pub services: Vec<Service>,
    pub seeds: u64,
}

/// One or some runs with one seed.
#[derive(Clone, Copy)]
enum Task<'a> {
    Law {
        place: Place,
        with_past: bool,
        seed: u64,
        constants: &'a Constants,
    },
    /// Everybody else, for all promises.
    Others {
        piece: usize,
        service: usize,
        with_past: bool,
        seed: u64,
    },
}

impl Grid {
    /// Plays everybody in all cells: with nothing known, and with the past.
    pub fn play(&self) -> [Cells; 2] {
        let (safe, constants) = (side_by_side(&self.services, Service::safe), Constants::default());
        [false, true].map(|with_past| {
            let mut tasks = self.of_the_law(with_past, &constants, |_| true);
            for piece in self.with(with_past) {
                for service in 0..self.services.len() {
                    tasks.extend((1..=self.seeds).map(|seed| Task::Others { piece, service, with_past, seed }));
                }
            }
            self.cells(&tasks, &safe)
        })
    }

    /// Plays the law alone with these constants in some cells, with nothing known.
    pub fn play_law(&self, constants: &Constants, is_chosen: impl Fn(Place) -> bool) -> Cells {
        self.cells(&self.of_the_law(false, constants, is_chosen), &[])
    }

    /// The pieces that have a past, or all.
    fn with(&self, past: bool) -> impl Iterator<Item = usize> {
        let pieces = self.pieces.iter().enumerate();
        pieces.filter(move |(_, piece)| piece.past > 0 || !past).map(|(place, _)| place)
    }

    fn of_the_law<'a>(
        &self,
        with_past: bool,
        constants: &'a Constants,
        is_chosen: impl Fn(Place) -> bool,
    ) -> Vec<Task<'a>> {
        let mut tasks = Vec::new();
        for piece in self.with(with_past) {
            for service in 0..self.services.len() {
                let places = (0..PROMISES.len()).map(|promise| Place { piece, service, promise });
                for place in places.filter(|place| is_chosen(*place)) {
                    tasks.extend((1..=self.seeds).map(|seed| Task::Law { place, with_past, seed, constants }));
                }
            }
        }
        tasks
    }

    fn cells(&self, tasks: &[Task<'_>], safe: &[Vec<f64>]) -> Cells {
        let mut runs: BTreeMap<Place, Vec<Played>> = BTreeMap::new();
        for (place, played) in side_by_side(tasks, |task| self.run(*task, safe)).into_iter().flatten() {
            runs.entry(place).or_default().extend(played);
        }
        runs.into_iter().map(|(place, played)| (place, mean(&played, self.seeds))).collect()
    }

    fn run(&self, task: Task<'_>, safe: &[Vec<f64>]) -> Vec<(Place, Vec<Played>)> {
        match task {
            Task::Law { place, with_past, seed, constants } => {
                let (piece, service) =
                    (self.pieces.get(place.piece).unwrap(), self.services.get(place.service).unwrap());
                let k = *PROMISES.get(place.promise).unwrap();
                vec![(place, vec![cell::law(piece, service, k, with_past, seed, *constants)])]
            }
            Task::Others { piece, service, with_past, seed } => {
                let place = |promise| Place { piece, service, promise };
                let safe = safe.get(service).unwrap();
                let (piece, service) = (self.pieces.get(piece).unwrap(), self.services.get(service).unwrap());
                let played = cell::others(piece, service, safe, with_past, seed);
                played.into_iter().enumerate().map(|(promise, played)| (place(promise), played)).collect()
            }
        }
    }
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
                        let _ = write!(stderr(), "\r{} of {} ", done.len(), all.len());
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}
