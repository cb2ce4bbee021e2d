//! What the kernel counts of a container with a CPU limit: the periods in which it had something to do, and those in which its
//! limit held it back.
//!
//! A queue shares its cores evenly over a period, while the kernel lets a container run until its quota is used up and then
//! stops it; either way the quota is used up, so a period in which it was is one that was throttled. Slows nothing itself:
//! that is the queue's part.

/// Seconds of a period: `cpu.cfs_period_us` as the kubelet sets it.
const LENGTH: f64 = 0.1;
/// So much of the quota is all of it: what is added up of many small shares is not exact.
const ALL: f64 = 0.999;

/// A period begins this part of one early, so that a rounded division leaves no sliver of the one before.
const ROUNDED: f64 = 1e-6;

/// The counters, as cAdvisor names them, and the period that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Periods {
    /// `container_cpu_cfs_periods_total`.
    pub all: u64,
    /// `container_cpu_cfs_throttled_periods_total`.
    pub throttled: u64,
    /// When the period ends that runs, in seconds.
    ends: f64,
    /// Core-seconds used in it.
    used: f64,
}

impl Periods {
    /// So many cores, of a limit of `limit`, are used between two instants, the first of them not before the last one told.
    pub fn run(&mut self, from: f64, to: f64, cores: f64, limit: f64) {
        let mut at = from;
        while at < to {
            if at >= self.ends {
                self.end(limit);
                self.ends = ((at / LENGTH + ROUNDED).floor() + 1.0) * LENGTH;
            }
            let until = to.min(self.ends);
            self.used += cores * (until - at);
            at = until;
        }
    }

    /// One in which nothing was used is none.
    fn end(&mut self, limit: f64) {
        if self.used > 0.0 {
            self.all += 1;
            self.throttled += u64::from(self.used >= ALL * limit * LENGTH);
        }
        self.used = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_throttled_when_all_of_its_quota_is_used() {
        let mut periods = Periods::default();
        // Half of the first, all of the second, and most of the third in two parts; the fourth is idle.
        for (from, to, cores) in
            [(0.0, 0.1, 0.5), (0.1, 0.2, 1.0), (0.2, 0.22, 1.0), (0.23, 0.3, 1.0), (0.45, 0.5, 0.1)]
        {
            periods.run(from, to, cores, 1.0);
        }
        periods.run(0.6, 0.7, 1.0, 1.0);
        assert_eq!((periods.all, periods.throttled), (4, 1), "the last one still runs");
        periods.run(7.0, 7.5, 1.0, 1.0);
        assert_eq!((periods.all, periods.throttled), (9, 6), "a long stretch is several periods");
    }
}
