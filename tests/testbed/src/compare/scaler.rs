//! The ways of scaling that are compared, as the cluster and the simulator are told of them. Pure.

use std::fmt::{self, Display, Formatter};

use serde::{Serialize, Serializer};

use super::{BOUNDS, SERVICE_TIME};
use crate::manifest::{Aim, Autoscaler};

/// Those of a family differ in their target alone, and the best of them is tuned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Guarantor's.
    Guarantor,
    /// The autoscaler on CPU.
    Cpu,
    /// The autoscaler on the request rate.
    Rate,
}

/// A way of scaling. Targets are in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scaler {
    /// Guarantor lets the floor of the autoscaler that aims at so much of the requested CPU follow the load.
    Guarantor(u32),
    /// The autoscaler that aims at so much of the requested CPU.
    Cpu(u32),
    /// The autoscaler that aims at so much of what a pod can serve, by the request rate.
    Rate(u32),
}

impl Scaler {
    /// All that are compared. The autoscaler that Guarantor is beside is one of those on CPU.
    pub const ALL: [Self; 8] = [
        Self::Guarantor(80),
        Self::Cpu(50),
        Self::Cpu(60),
        Self::Cpu(70),
        Self::Cpu(80),
        Self::Rate(50),
        Self::Rate(60),
        Self::Rate(70),
    ];

    /// Reads one as it is written on the command line: `guarantor=80`, `cpu=50`, `rate=60`.
    ///
    /// # Errors
    /// Says how one is written.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is none of guarantor=80, cpu=50 and rate=60, with a target from 1 to 100");
        let (kind, percent) = text.split_once('=').ok_or_else(wrong)?;
        let percent = percent.parse().ok().filter(|percent| (1..=100).contains(percent)).ok_or_else(wrong)?;
        match kind {
            "guarantor" => Ok(Self::Guarantor(percent)),
            "cpu" => Ok(Self::Cpu(percent)),
            "rate" => Ok(Self::Rate(percent)),
            _ => Err(wrong()),
        }
    }

    /// Which of them are to be compared with each other to find the best target.
    #[must_use]
    pub fn family(self) -> Family {
        match self {
            Self::Guarantor(_) => Family::Guarantor,
            Self::Cpu(_) => Family::Cpu,
            Self::Rate(_) => Family::Rate,
        }
    }

    fn percent(self) -> u32 {
        let (Self::Guarantor(percent) | Self::Cpu(percent) | Self::Rate(percent)) = self;
        percent
    }

    /// A name for a namespace.
    #[must_use]
    pub fn word(self) -> String {
        let kind = match self {
            Self::Guarantor(_) => "guarantor",
            Self::Cpu(_) => "cpu",
            Self::Rate(_) => "rate",
        };
        format!("{kind}-{}", self.percent())
    }

    /// Its autoscaler.
    #[must_use]
    pub fn autoscaler(self, namespace: &str) -> Autoscaler<'_> {
        let aim = match self {
            Self::Guarantor(percent) | Self::Cpu(percent) => Aim::Cpu(percent),
            // A pod of one core serves what its core has time for; in thousandths, of which a percent is ten.
            Self::Rate(percent) => {
                let millis = u32::try_from(SERVICE_TIME.as_millis()).unwrap_or(u32::MAX).max(1);
                Aim::Rate(percent.saturating_mul(10_000) / millis)
            }
        };
        let (min, max) = BOUNDS;
        Autoscaler { aim, ..Autoscaler::new(namespace, min, max) }
    }

    /// What `guarantor simulate --policies` is told.
    #[must_use]
    pub fn policy(self) -> String {
        let kind = match self {
            Self::Guarantor(_) => "operator",
            Self::Cpu(_) => "hpa",
            Self::Rate(_) => "keda",
        };
        format!("{kind}={}", self.share())
    }

    /// How its answer calls it.
    #[must_use]
    pub fn policy_name(self) -> String {
        let share = self.share();
        match self {
            Self::Guarantor(_) => format!("operator + HPA {share}"),
            Self::Cpu(_) => format!("HPA {share}"),
            Self::Rate(_) => format!("KEDA {share}"),
        }
    }

    fn share(self) -> String {
        format!("{}.{:02}", self.percent() / 100, self.percent() % 100)
    }
}

impl Display for Scaler {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guarantor(percent) => write!(f, "Guarantor over HPA on CPU, {percent} %"),
            Self::Cpu(percent) => write!(f, "HPA on CPU, {percent} %"),
            Self::Rate(percent) => write!(f, "HPA on request rate, {percent} %"),
        }
    }
}

impl Serialize for Scaler {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.word())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn one_way_of_scaling_is_the_same_everywhere() {
        let rate = Scaler::read("rate=60").unwrap();
        // A request takes 50 ms of a core: 20 a second, and 60 % of them.
        assert_eq!(rate.autoscaler("shop").aim, Aim::Rate(12_000));
        assert_eq!((rate.policy().as_str(), rate.policy_name().as_str()), ("keda=0.60", "KEDA 0.60"));
        let guarantor = Scaler::Guarantor(80);
        assert_eq!(guarantor.autoscaler("shop").aim, Aim::Cpu(80));
        assert_eq!(
            (guarantor.policy().as_str(), guarantor.policy_name().as_str()),
            ("operator=0.80", "operator + HPA 0.80")
        );
        assert_eq!((Scaler::Cpu(100).policy().as_str(), Scaler::Cpu(5).word().as_str()), ("hpa=1.00", "cpu-5"));
    }

    #[test]
    fn what_is_no_way_of_scaling_is_refused_with_how_one_is_written() {
        for text in ["cpu", "cpu=", "cpu=0", "cpu=101", "hpa=50", "rate=x"] {
            let wrong = Scaler::read(text).unwrap_err();
            assert!(wrong.contains(text) && wrong.contains("guarantor=80"), "{wrong}");
        }
        for scaler in Scaler::ALL {
            assert_eq!(Scaler::read(&scaler.word().replace('-', "=")), Ok(scaler));
        }
    }
}
