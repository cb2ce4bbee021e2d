//! The recorded loads.

use guarantor::simulate::load::Load;
use guarantor::simulate::trace;

const DIURNAL: &str = include_str!("../bench/scaling/traces/autothrottle-diurnal-2.txt");
const BURSTY: &str = include_str!("../bench/scaling/traces/autothrottle-bursty.txt");
const SERVICES: &str = include_str!("../bench/scaling/traces/faro-twitter-azure-10jobs-per-minute.csv");
const BALANCER: &str = include_str!("../bench/scaling/traces/nab-elb_request_count_8c0756.csv");

const MINUTE: usize = 60;
const HOUR: usize = 60 * MINUTE;

/// By their names: two of an hour and ten of six hours from beginning to end, and of one of two weeks the busiest, the steepest
/// and the calmest hour. All of it takes many minutes: see [`two_weeks`].
pub fn all() -> Vec<(String, Load)> {
    let mut all = vec![
        ("diurnal".to_owned(), trace::read(DIURNAL, None).unwrap()),
        ("bursty".to_owned(), trace::read(BURSTY, None).unwrap()),
    ];
    all.extend((0..10).map(|job| {
        let name = format!("job{job}");
        let load = trace::read(SERVICES, Some(&name)).unwrap();
        (name, load)
    }));
    let weeks = trace::read(BALANCER, None).unwrap();
    let rises = |hour: &Load| hour.rate(HOUR - 1) - hour.rate(0);
    for (name, measure) in [
        ("busiest", &(|hour: &Load| hour.mean()) as &dyn Fn(&Load) -> f64),
        ("steepest", &rises),
        ("calmest", &|hour| -hour.mean()),
    ] {
        all.push((format!("balancer, {name} hour"), hour_of_most(&weeks, measure)));
    }
    all
}

/// The one of two weeks, from beginning to end.
pub fn two_weeks() -> Vec<(String, Load)> {
    vec![("balancer, two weeks".to_owned(), trace::read(BALANCER, None).unwrap())]
}

/// The hour, begun at any ten minutes, that has the most of what is measured.
fn hour_of_most(whole: &Load, measure: &dyn Fn(&Load) -> f64) -> Load {
    let hours = (0..=whole.seconds() - HOUR).step_by(10 * MINUTE).map(|from| whole.part(from, from + HOUR));
    hours.max_by(|a, b| measure(a).total_cmp(&measure(b))).unwrap()
}

/// The same shape, with so many requests a second in the mean.
pub fn of_mean(load: &Load, mean: f64) -> Load {
    load.scaled(mean / load.mean())
}

/// The same shape, with so many requests a second in the mean of its busiest minute.
pub fn of_peak(load: &Load, peak: f64) -> Load {
    let busiest = load.smoothed(60).rates().iter().copied().fold(0.0, f64::max);
    load.scaled(peak / busiest)
}
