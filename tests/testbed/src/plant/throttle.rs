//! What the kernel counts of a container with a CPU limit: the periods in which it had something to do, and those in which its
//! limit held it back.
//!
//! Takes the CPU time used so far at the end of each period, gives two counters that only rise. A queue shares its cores evenly
//! over a period, while the kernel lets a container run until its quota is used up and then stops it; either way the quota is
//! used up, so a period in which it was is one that was throttled. Never slows anything itself: that is the queue's part.

use std::time::Duration;

/// So much of the quota is all of it: what is added up of many small shares is not exact.
const ALL: f64 = 0.999;

/// The counters, as cAdvisor names them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Periods {
    /// `container_cpu_cfs_periods_total`.
    pub all: u64,
    /// `container_cpu_cfs_throttled_periods_total`.
    pub throttled: u64,
    /// The CPU time used until the end of the last period, in seconds.
    used: f64,
}

impl Periods {
    /// A period ends by whose end `used` seconds of CPU time were used since the start, under a limit of so many cores. `None`:
    /// there is no limit, and so nothing is counted.
    pub(super) fn end(&mut self, length: Duration, used: f64, cores: Option<f64>) {
        let within = used - self.used;
        self.used = used;
        let Some(cores) = cores.filter(|_| within > 0.0) else { return };
        self.all = self.all.saturating_add(1);
        if within >= ALL * cores * length.as_secs_f64() {
            self.throttled = self.throttled.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_throttled_when_all_of_its_quota_is_used() {
        let mut periods = Periods::default();
        // A tenth of a second at half a core is a twentieth of a second.
        for (used, cores) in [(0.05, Some(0.5)), (0.05, Some(0.5)), (0.09, Some(0.5)), (0.14, Some(1.0)), (0.3, None)] {
            periods.end(Duration::from_millis(100), used, cores);
        }
        assert_eq!((periods.all, periods.throttled), (3, 1));
    }
}
