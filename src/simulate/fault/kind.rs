//! The kinds of faults and their settings, as people write them: one table for the command line and what is told of it.

use super::Fault;
use crate::evaluate::span::elapsed;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Fault::NodeCrash`].
    NodeCrash,
    /// [`Fault::GrayNode`].
    GrayNode,
    /// [`Fault::PodCrash`].
    PodCrash,
    /// [`Fault::SlowPod`].
    SlowPod,
    /// [`Fault::BadRevision`].
    BadRevision,
    /// [`Fault::SlowDependency`].
    SlowDependency,
    /// [`Fault::ServiceTime`].
    ServiceTime,
    /// [`Fault::ScrapeGap`].
    ScrapeGap,
}

/// What a fault can be told beside when it begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub unit: Unit,
    /// What stands there, where it is left out.
    pub left_out: &'static str,
    /// What it says.
    pub says: &'static str,
}

/// What a setting is written as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    /// A length of time above zero.
    Length,
    /// A number above 0, and at most this.
    UpTo(f64),
    /// The number of a pod or node, from 0 on.
    Ordinal,
}

/// The highest number of a pod or node.
const LAST: f64 = 99_999.0;
/// The longest a fault lasts, in seconds: a year.
const LONGEST: f64 = 31_536_000.0;
/// More work than this, or less than its inverse, is another service.
const MOST_WORK: f64 = 1000.0;

const NODE: Setting =
    Setting { name: "node", unit: Unit::Ordinal, left_out: "0", says: "which node, the oldest pods being on node 0" };
const POD: Setting =
    Setting { name: "pod", unit: Unit::Ordinal, left_out: "0", says: "which pod, in the order of creation" };
const NODE_SPEED: Setting =
    Setting { name: "speed", unit: Unit::UpTo(1.0), left_out: "0.25", says: "part of the normal speed" };
const POD_SPEED: Setting =
    Setting { name: "speed", unit: Unit::UpTo(1.0), left_out: "0.15", says: "part of the normal speed" };
const ERRORS: Setting =
    Setting { name: "errors", unit: Unit::UpTo(1.0), left_out: "0.05", says: "share of its requests that fail" };
const UNTIL_UNDONE: Setting =
    Setting { name: "lasts", unit: Unit::Length, left_out: "10m", says: "until somebody rolls it back" };
const WAIT: Setting =
    Setting { name: "wait", unit: Unit::Length, left_out: "1s", says: "how long each request waits for it" };
const UNTIL_WELL: Setting =
    Setting { name: "lasts", unit: Unit::Length, left_out: "10m", says: "until the other service is well again" };
const FACTOR: Setting =
    Setting { name: "factor", unit: Unit::UpTo(MOST_WORK), left_out: "1.5", says: "times the work of before" };
const UNTIL_SCRAPED: Setting =
    Setting { name: "lasts", unit: Unit::Length, left_out: "5m", says: "how long nothing is scraped" };

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::NodeCrash,
        Self::GrayNode,
        Self::PodCrash,
        Self::SlowPod,
        Self::BadRevision,
        Self::SlowDependency,
        Self::ServiceTime,
        Self::ScrapeGap,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NodeCrash => "node-crash",
            Self::GrayNode => "gray-node",
            Self::PodCrash => "pod-crash",
            Self::SlowPod => "slow-pod",
            Self::BadRevision => "bad-revision",
            Self::SlowDependency => "slow-dependency",
            Self::ServiceTime => "service-time",
            Self::ScrapeGap => "scrape-gap",
        }
    }

    /// What goes wrong, in words.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Self::NodeCrash => {
                "the five pods of a node stop; that is noticed after 40 s, and they are replaced after 340 s"
            }
            Self::GrayNode => "the five pods of a node run slowly, and whatever is placed there, until they are moved",
            Self::PodCrash => "the container of a pod stops, and starts again as a new pod does",
            Self::SlowPod => "one pod runs slowly until it goes",
            Self::BadRevision => "a new revision is rolled out, and fails some of its requests",
            Self::SlowDependency => "every request waits for another service, when its own work is done",
            Self::ServiceTime => "requests take more work from then on, or less",
            Self::ScrapeGap => "the metrics store gets nothing",
        }
    }

    /// What it can be told.
    #[must_use]
    pub fn settings(self) -> &'static [Setting] {
        match self {
            Self::NodeCrash => &[NODE],
            Self::GrayNode => &[NODE, NODE_SPEED],
            Self::PodCrash => &[POD],
            Self::SlowPod => &[POD, POD_SPEED],
            Self::BadRevision => &[ERRORS, UNTIL_UNDONE],
            Self::SlowDependency => &[WAIT, UNTIL_WELL],
            Self::ServiceTime => &[FACTOR],
            Self::ScrapeGap => &[UNTIL_SCRAPED],
        }
    }

    /// The fault that begins `at` a second, by what was written of its settings: names and values.
    ///
    /// # Errors
    /// Says what is wrong with which of them.
    pub fn fault(self, at: f64, written: &[(&str, &str)]) -> Result<Fault, String> {
        for (place, (name, _)) in written.iter().enumerate() {
            if !self.settings().iter().any(|setting| setting.name == *name) {
                let names: Vec<_> = self.settings().iter().map(|setting| setting.name).collect();
                return Err(format!("has no {name:?}; it has {}", names.join(" and ")));
            }
            if written.iter().take(place).any(|(before, _)| before == name) {
                return Err(format!("says {name} twice"));
            }
        }
        let number = |setting: Setting| {
            let value = written.iter().find(|(name, _)| *name == setting.name);
            setting.read(value.map_or(setting.left_out, |(_, value)| *value))
        };
        Ok(match self {
            Self::NodeCrash => Fault::NodeCrash { at, node: ordinal(number(NODE)?) },
            Self::GrayNode => Fault::GrayNode { at, node: ordinal(number(NODE)?), speed: number(NODE_SPEED)? },
            Self::PodCrash => Fault::PodCrash { at, pod: ordinal(number(POD)?) },
            Self::SlowPod => Fault::SlowPod { at, pod: ordinal(number(POD)?), speed: number(POD_SPEED)? },
            Self::BadRevision => Fault::BadRevision { at, errors: number(ERRORS)?, lasts: number(UNTIL_UNDONE)? },
            Self::SlowDependency => Fault::SlowDependency { at, wait: number(WAIT)?, lasts: number(UNTIL_WELL)? },
            Self::ServiceTime => Fault::ServiceTime { at, factor: number(FACTOR)? },
            Self::ScrapeGap => Fault::ScrapeGap { at, lasts: number(UNTIL_SCRAPED)? },
        })
    }
}

impl Setting {
    fn read(self, text: &str) -> Result<f64, String> {
        let number = match self.unit {
            Unit::Length => elapsed(&text.into()).ok().map(|length| length.as_secs_f64()),
            Unit::UpTo(_) => text.parse().ok(),
            Unit::Ordinal => text.parse::<u32>().ok().map(f64::from),
        };
        let is_allowed = |number: &f64| match self.unit {
            Unit::Length => *number > 0.0 && *number <= LONGEST,
            Unit::UpTo(most) => *number > 0.0 && *number <= most,
            Unit::Ordinal => *number <= LAST,
        };
        number
            .filter(is_allowed)
            .ok_or_else(|| format!("has {text:?} as {}, which must be {}", self.name, self.unit.allowed()))
    }
}

impl Unit {
    /// What may stand there, in words.
    #[must_use]
    pub fn allowed(self) -> String {
        match self {
            Self::Length => "a duration above 0s and of at most 365d, such as 5m".to_owned(),
            Self::UpTo(most) => format!("a number above 0 and at most {most}"),
            Self::Ordinal => format!("a whole number from 0 to {LAST}"),
        }
    }
}

/// A whole number that was read as one; the cast saturates.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn ordinal(number: f64) -> u32 {
    number as u32
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_stands_in_the_table() {
        for (kind, expected) in [
            (Kind::NodeCrash, Fault::NodeCrash { at: 60.0, node: 0 }),
            (Kind::GrayNode, Fault::GrayNode { at: 60.0, node: 0, speed: 0.25 }),
            (Kind::PodCrash, Fault::PodCrash { at: 60.0, pod: 0 }),
            (Kind::SlowPod, Fault::SlowPod { at: 60.0, pod: 0, speed: 0.15 }),
            (Kind::BadRevision, Fault::BadRevision { at: 60.0, errors: 0.05, lasts: 600.0 }),
            (Kind::SlowDependency, Fault::SlowDependency { at: 60.0, wait: 1.0, lasts: 600.0 }),
            (Kind::ServiceTime, Fault::ServiceTime { at: 60.0, factor: 1.5 }),
            (Kind::ScrapeGap, Fault::ScrapeGap { at: 60.0, lasts: 300.0 }),
        ] {
            assert_eq!(kind.fault(60.0, &[]).unwrap(), expected);
        }
    }

    /// Otherwise it would be ignored.
    #[test]
    fn every_setting_changes_its_fault() {
        for kind in Kind::ALL {
            for setting in kind.settings() {
                let other = match setting.unit {
                    Unit::Length => "7s",
                    Unit::UpTo(_) => "0.5",
                    Unit::Ordinal => "3",
                };
                let changed = kind.fault(60.0, &[(setting.name, other)]).unwrap();
                assert_ne!(changed, kind.fault(60.0, &[]).unwrap(), "{kind:?} {}", setting.name);
            }
        }
    }
}
