//! The recorded loads, an hour or so of each.

use guarantor::simulate::load::Load;
use guarantor::simulate::trace;

const DIURNAL: &str = include_str!("../bench/scaling/traces/autothrottle-diurnal-2.txt");
const BURSTY: &str = include_str!("../bench/scaling/traces/autothrottle-bursty.txt");
const SERVICES: &str = include_str!("../bench/scaling/traces/faro-twitter-azure-10jobs-per-minute.csv");
const BALANCER: &str = include_str!("../bench/scaling/traces/nab-elb_request_count_8c0756.csv");

/// Requests per second in the mean.
const MEAN: f64 = 120.0;
const MINUTE: usize = 60;

/// All of them, by their names.
pub fn all() -> Vec<(String, Load)> {
    let second = |name: &str, text| (name.to_owned(), of_mean(&trace::read(text, None).unwrap()));
    let mut all = vec![second("diurnal", DIURNAL), second("bursty", BURSTY)];
    for job in 0..10 {
        let whole = trace::read(SERVICES, Some(&format!("job{job}"))).unwrap();
        all.push((format!("job{job}"), busiest(&whole)));
    }
    all.push(("balancer".to_owned(), busiest(&trace::read(BALANCER, None).unwrap())));
    all
}

/// The hour with the most requests.
fn busiest(whole: &Load) -> Load {
    let hour = 60 * MINUTE;
    let last = whole.seconds().saturating_sub(hour);
    let hours = (0..=last).step_by(10 * MINUTE).map(|from| whole.part(from, from + hour));
    of_mean(&hours.max_by(|a, b| a.mean().total_cmp(&b.mean())).unwrap())
}

fn of_mean(load: &Load) -> Load {
    load.scaled(MEAN / load.mean())
}
