//! The loads: seven pieces of recorded traces, each with what the trace tells of the time before it.

use guarantor::simulate::load::Load;
use guarantor::simulate::trace;

/// Requests per second in the mean of a piece that is not recorded by the second.
const MEAN: f64 = 200.0;
const MINUTE: usize = 60;

/// A piece of a trace.
pub struct Piece {
    pub name: &'static str,
    /// Everything up to its end.
    pub load: Load,
    /// Whole minutes of it that are the past.
    pub past: usize,
}

const DIURNAL: &str = include_str!("traces/autothrottle-diurnal-2.txt");
const BURSTY: &str = include_str!("traces/autothrottle-bursty.txt");
const SERVICES: &str = include_str!("traces/faro-twitter-azure-10jobs-per-minute.csv");
const BALANCER: &str = include_str!("traces/nab-elb_request_count_8c0756.csv");

/// The pieces.
pub fn pieces() -> Vec<Piece> {
    let second = |name, text| Piece { name, load: trace::read(text, None).unwrap(), past: 0 };
    let service = |name, column: &str, from, to| piece(name, &trace::read(SERVICES, Some(column)).unwrap(), from, to);
    vec![
        second("diurnal", DIURNAL),
        second("bursty", BURSTY),
        service("f9", "job9", 130, 250),
        service("f5", "job5", 20, 140),
        service("f4", "job4", 100, 220),
        service("f7", "job7", 60, 180),
        // Two hours around the highest five minutes of the fortnight.
        piece("nab", &trace::read(BALANCER, None).unwrap(), 3666 * 5, 3690 * 5),
    ]
}

/// The minutes `from` to `to` of a trace, and those before them, at the scale that gives the piece its mean.
fn piece(name: &'static str, whole: &Load, from: usize, to: usize) -> Piece {
    let mean = whole.part(from * MINUTE, to * MINUTE).mean();
    Piece { name, load: whole.part(0, to * MINUTE).scaled(MEAN / mean), past: from }
}
