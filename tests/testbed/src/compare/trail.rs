//! What was seen of a service, second by second. Pure.

/// What was seen at one instant. Counts are since the load began.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    /// When, in seconds since the load began.
    pub at: f64,
    /// Requests that ended, however.
    pub ended: u64,
    /// Those of them that were in time.
    pub good: u64,
    /// Pods that exist, starting and draining ones included.
    pub pods: u32,
    /// Replicas asked for.
    pub replicas: i32,
    /// The autoscaler's floor.
    pub floor: i32,
}

/// All that was seen, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trail(pub Vec<Sample>);

impl Trail {
    /// What was known at an instant: the last sample until then.
    #[must_use]
    pub fn at(&self, at: f64) -> Option<&Sample> {
        let after = self.0.partition_point(|sample| sample.at <= at);
        self.0.get(after.checked_sub(1)?)
    }

    /// Requests that ended between two instants, and the good ones of them.
    #[must_use]
    pub fn counted(&self, from: f64, until: f64) -> (u64, u64) {
        let (Some(first), Some(last)) = (self.at(from), self.at(until)) else { return (0, 0) };
        (last.ended.saturating_sub(first.ended), last.good.saturating_sub(first.good))
    }

    /// Pod-hours between two instants.
    #[must_use]
    pub fn pod_hours(&self, from: f64, until: f64) -> f64 {
        let within = |pair: &[Sample]| match pair {
            [one, next] => f64::from(one.pods) * (next.at.min(until) - one.at.max(from)).max(0.0),
            _ => 0.0,
        };
        self.0.windows(2).map(within).sum::<f64>() / 3600.0
    }

    /// What a figure was at an instant, and what it became until another, whenever it changed: seconds since the first of the two.
    #[must_use]
    pub fn course(&self, from: f64, until: f64, of: fn(&Sample) -> i32) -> Vec<(f64, i32)> {
        let mut course: Vec<(f64, i32)> = self.at(from).map(|sample| (0.0, of(sample))).into_iter().collect();
        for sample in self.0.iter().filter(|sample| sample.at > from && sample.at <= until) {
            if course.last().is_none_or(|(_, last)| *last != of(sample)) {
                course.push((sample.at - from, of(sample)));
            }
        }
        course
    }

    /// The first sample after an instant, and not after another, in which the floor asked for more than there was at the first
    /// of the two. A floor that only holds what there is adds nothing.
    #[must_use]
    pub fn first_floor(&self, from: f64, until: f64) -> Option<&Sample> {
        self.first(from, until, |sample, before| sample.floor > before.floor.max(before.replicas))
    }

    /// The same, or in which more replicas were asked for.
    #[must_use]
    pub fn first_raise(&self, from: f64, until: f64) -> Option<&Sample> {
        self.first(from, until, |sample, before| sample.replicas.max(sample.floor) > before.replicas.max(before.floor))
    }

    fn first(&self, from: f64, until: f64, is_it: fn(&Sample, &Sample) -> bool) -> Option<&Sample> {
        let before = self.at(from)?;
        self.0.iter().find(|sample| sample.at > from && sample.at <= until && is_it(sample, before))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn trail() -> Trail {
        let sample = |at: f64, ended, good, pods, replicas, floor| Sample { at, ended, good, pods, replicas, floor };
        Trail(vec![
            sample(0.0, 0, 0, 4, 4, 2),
            sample(10.0, 100, 90, 4, 4, 6),
            sample(20.0, 300, 200, 8, 8, 6),
            sample(30.0, 400, 300, 8, 8, 8),
        ])
    }

    #[test]
    fn counts_are_those_of_the_time_between() {
        assert_eq!(trail().counted(10.0, 30.0), (300, 210));
        assert_eq!(trail().counted(10.9, 29.9), (200, 110), "what comes later is not known yet");
        assert_eq!(Trail::default().counted(0.0, 9.0), (0, 0));
    }

    #[test]
    fn pod_hours_are_cut_at_both_ends() {
        assert!((trail().pod_hours(0.0, 30.0) * 3600.0 - 160.0).abs() < 1e-9);
        assert!((trail().pod_hours(5.0, 25.0) * 3600.0 - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_course_is_what_there_was_and_each_change() {
        let course = |from, until, of: fn(&Sample) -> i32| trail().course(from, until, of);
        assert_eq!(course(0.0, 30.0, |sample| sample.floor), [(0.0, 2), (10.0, 6), (30.0, 8)]);
        assert_eq!(course(15.0, 25.0, |sample| sample.replicas), [(0.0, 4), (5.0, 8)]);
    }

    #[test]
    fn a_raise_of_the_floor_is_one_too() {
        let first = |from, until| trail().first_raise(from, until).map(|sample| sample.at);
        assert_eq!((first(0.0, 30.0), first(10.0, 30.0), first(20.0, 30.0)), (Some(10.0), Some(20.0), None));
        assert_eq!(first(0.0, 9.0), None, "it came later");
        let floor = |from| trail().first_floor(from, 30.0).map(|sample| sample.at);
        assert_eq!((floor(0.0), floor(10.0)), (Some(10.0), Some(30.0)));
        assert_eq!(floor(20.0), None, "it only holds the eight there are");
    }
}
