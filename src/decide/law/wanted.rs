//! What the law wants, with every figure it rests on.

use std::fmt;

use super::utilisation::{Limit, Safe};

/// What the law wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted {
    /// The present number stays, for want of data.
    Hold(Blind),
    /// So many pods.
    Pods(u32, Reckoning),
}

/// Why nothing can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blind {
    /// No sample for three scrapes.
    Stale,
    /// Too few samples follow each other without a gap.
    Broken,
    /// Too few requests were served to know what one costs.
    UnknownWork,
    /// More requests fail than may, and before that it was not known what one costs.
    Failing,
}

/// Why a number is not to be acted upon: it may be too high by any factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// More requests fail than may: some of the load is those that are asked again.
    Failing,
    /// More requests are late than may, or were until just now: the same, and their clients may have given up waiting.
    Late,
    /// More requests are said to wait than can.
    Jump,
    /// How busy the pods may be is only assumed.
    Unseen,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failing => "more requests fail than may, so that part of the load may be clients that ask again",
            Self::Late => {
                "more requests are late than may, or were just now, so that part of the load may be clients that ask again"
            }
            Self::Jump => {
                "more requests began to wait all at once than were answered, so that the gauge of those in flight is in doubt"
            }
            Self::Unseen => "how busy the pods may be is assumed until their latency was seen for a while",
        })
    }
}

/// What lets a load be expected: the highest of what speaks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foresight {
    /// The slope of the last minute. `disproved`: the days before were asked too, and are not believed.
    Slope {
        /// They forecast worse of late than the slope.
        disproved: bool,
    },
    /// What was asked for in the last minutes.
    Held,
    /// The same time of the days before.
    Days,
}

/// How a number of pods came about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reckoning {
    /// Requests per second now.
    pub rate: f64,
    /// Requests per second to be carried when pods asked for now are ready.
    pub expected: f64,
    /// What lets so many expect.
    pub by: Foresight,
    /// The same, without what is held of rates that were measured in doubt.
    pub undoubted: f64,
    /// Seconds until they are ready.
    pub horizon: f64,
    /// Whether the horizon rests on starts that were seen.
    pub horizon_seen: bool,
    /// What `expected` is multiplied with.
    pub reserve: f64,
    /// Core-seconds of a request.
    pub work: f64,
    /// How busy the pods may be.
    pub safe: Safe,
    /// Pods that this needs now, before any are held.
    pub need: f64,
}

impl fmt::Display for Wanted {
    /// In words, for a status or an explanation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hold(Blind::Stale) => f.write_str("the samples are too old to judge by"),
            Self::Hold(Blind::Broken) => f.write_str("too few samples since the last gap"),
            Self::Hold(Blind::UnknownWork) => f.write_str("too few requests were served to know what one costs"),
            Self::Hold(Blind::Failing) => {
                f.write_str("more requests fail than may, so that what one costs cannot be learned")
            }
            Self::Pods(pods, reckoning) => write!(f, "{pods} pods: {reckoning}"),
        }
    }
}

impl fmt::Display for Reckoning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rate, expected, by, horizon, horizon_seen, reserve, work, safe, .. } = self;
        let seen = if *horizon_seen { "" } else { " (no start was seen yet)" };
        write!(
            f,
            "{rate:.1} requests/s now, {expected:.1} to be carried {horizon:.0} s from now when new pods are \
             ready{seen}, {by}; {:.0} % reserve for the errors of such forecasts; {:.1} ms of work a request; pods may be \
             {:.0} % busy, {}",
            (reserve - 1.0) * 100.0,
            work * 1000.0,
            safe.utilisation * 100.0,
            safe.limit,
        )
    }
}

impl fmt::Display for Foresight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slope { disproved: false } => "by the slope of the last minute",
            Self::Slope { disproved: true } => {
                "by the slope of the last minute, as the days before forecast worse than that of late"
            }
            Self::Held => "as in the last minutes",
            Self::Days => "as at this time on the days before",
        })
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "assumed until their latency was seen",
            Self::Latency => "above which too many requests would be slow",
            Self::Unproven => "since no more has been seen to be safe",
            Self::Errors => "above which requests failed",
        })
    }
}
