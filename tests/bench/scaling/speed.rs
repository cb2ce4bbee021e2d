//! How long fourteen million requests take to be simulated on one core.

use std::time::Instant;

use guarantor::decide::law::Constants;
use guarantor::simulate::load::Load;

use crate::cell::{self, Service};
use crate::pieces::Piece;

/// Requests per second in the mean, and how long they come.
const RATE: f64 = 2000.0;
const SECONDS: usize = 7000;
/// The promised latency over the service time.
const PROMISE: f64 = 10.0;

/// Plays the law under a load that goes up and down by half twice, and tells how long that took.
pub fn report() -> String {
    let rate = |second: u32| RATE * (1.0 + 0.5 * (f64::from(second) / 557.0).sin());
    let load = Load::new((0..u32::try_from(SECONDS).unwrap()).map(rate).collect()).unwrap();
    let service = Service::all().into_iter().next().unwrap();
    let requests = load.mean() * f64::from(u32::try_from(SECONDS).unwrap());
    let piece = Piece { name: "waves", load, past: 0 };
    let begun = Instant::now();
    let played = cell::law(&piece, &service, PROMISE, false, 1, Constants::default());
    let seconds = begun.elapsed().as_secs_f64();
    format!("{:.1} M requests on {:.0} pods in {seconds:.1} s", requests / 1e6, played.pods)
}
