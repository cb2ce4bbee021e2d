//! `--history`: the part of a load that is the past of the rest.

use std::time::Duration;

use k8s_openapi::jiff::SignedDuration;

use crate::offline::settle::fault::Fault;
use crate::simulate::load::Load;

/// Seconds of the past that are played: what the operator reads of counters, scrape by scrape, at its start.
const PLAYED: usize = 3 * 3600;
/// What is judged is counted by the minute.
const MINUTE: usize = 60;

/// A load, parted into what is remembered, what is played, and what is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Parted {
    /// What only its means are known of.
    pub remembered: Load,
    /// What is played.
    pub played: Load,
    /// Whole minutes at the beginning of it that are not judged.
    pub lead_in: u32,
    /// What is judged.
    pub judged: Load,
}

impl Parted {
    /// Seconds of the past, which are not judged.
    #[must_use]
    pub fn past_seconds(&self) -> usize {
        self.remembered.seconds() + self.played.seconds() - self.judged.seconds()
    }

    /// The same as a length of time.
    #[must_use]
    pub fn past(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.past_seconds()).unwrap_or(i64::MAX))
    }
}

/// Parts a load.
///
/// # Errors
/// When the past is no whole number of minutes, or nothing is left to be judged.
pub fn parted(load: &Load, history: Option<Duration>) -> Result<Parted, Fault> {
    let wrong = |why: &str| Fault::new("--history", why);
    let past = history.unwrap_or_default();
    let whole = past.subsec_nanos() == 0 && past.as_secs().is_multiple_of(60);
    let past = usize::try_from(past.as_secs()).ok().filter(|_| whole);
    let past = past.ok_or_else(|| wrong("must be whole minutes"))?;
    if past > 0 && past.saturating_add(MINUTE) > load.seconds() {
        return Err(wrong("must leave at least a minute of the load to be judged"));
    }
    let played = past.min(PLAYED);
    Ok(Parted {
        remembered: load.part(0, past - played),
        played: load.part(past - played, load.seconds()),
        lead_in: u32::try_from(played / MINUTE).unwrap_or_default(),
        judged: load.part(past, load.seconds()),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A load whose rate is the number of the minute.
    fn minutes(count: u32) -> Load {
        Load::new((0..count).flat_map(|minute| vec![f64::from(minute); MINUTE]).collect()).unwrap()
    }

    #[test]
    fn nothing_is_lost_between_the_parts() {
        for (history, remembered, lead_in, judged) in
            [(None, 0, 0, 300), (Some(60), 0, 60, 240), (Some(180), 0, 180, 120), (Some(240), 60, 180, 60)]
        {
            let load = minutes(300);
            let parted = parted(&load, history.map(|minutes| Duration::from_secs(minutes * 60))).unwrap();
            assert_eq!(parted.remembered, load.part(0, remembered * MINUTE), "{history:?}");
            assert_eq!(parted.played, load.part(remembered * MINUTE, 300 * MINUTE), "{history:?}");
            assert_eq!(parted.past_seconds(), (300 - judged) * MINUTE, "{history:?}");
            assert_eq!((parted.lead_in, parted.judged.seconds()), (lead_in, judged * MINUTE), "{history:?}");
            assert_eq!(parted.judged, load.part((300 - judged) * MINUTE, 300 * MINUTE), "{history:?}");
        }
    }

    #[test]
    fn a_past_without_a_present_is_refused() {
        for (seconds, why) in [(90, "whole minutes"), (600, "at least a minute"), (u64::MAX, "whole minutes")] {
            let fault = parted(&minutes(10), Some(Duration::from_secs(seconds))).unwrap_err().to_string();
            assert!(fault.starts_with("--history: ") && fault.contains(why), "{seconds}: {fault}");
        }
        // A load of less than a minute is judged as it is.
        assert!(parted(&minutes(10).part(0, 30), None).is_ok());
    }
}
