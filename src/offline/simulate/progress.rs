//! How far long runs are, for somebody who waits at a terminal.

use std::io::{IsTerminal, Write, stderr};

/// Requests that are played within a few seconds.
const SOON: f64 = 5e6;

/// A line on standard error that is written over and over.
#[derive(Debug)]
pub struct Progress {
    is_shown: bool,
    done: usize,
    all: usize,
}

impl Progress {
    /// Shown where so many requests take their time and somebody looks.
    #[must_use]
    pub fn new(runs: usize, requests: f64) -> Self {
        let progress = Self { is_shown: requests > SOON && stderr().is_terminal(), done: 0, all: runs };
        progress.show();
        progress
    }

    /// Another run is done.
    pub fn step(&mut self) {
        self.done += 1;
        self.show();
    }

    fn show(&self) {
        if self.is_shown {
            let end = if self.done >= self.all { "\n" } else { "" };
            // The answer does not depend on it.
            let _ = write!(stderr(), "\rguarantor: {} of {} runs{end}", self.done, self.all);
        }
    }
}
