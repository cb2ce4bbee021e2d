//! The pulse on real stores: the first scrape after an outage began proves it, also where failures have a series of their
//! own that begins with the first of them, and wherever the minute lies on the grid of the slots.

use guarantor::api::agreement::SlotLength;
use guarantor::api::metrics_source::IncreaseForm;
use guarantor::api::objective::Objective;
use guarantor::evaluate::assessment::ObjectiveAssessment;
use guarantor::evaluate::indicator;
use guarantor::evaluate::period::Bounds;
use guarantor::sense::reader::SlotRange;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use crate::history::series;
use crate::stores::{self, ask, ratio};
use guarantor::decide::danger::pulse::{Beat, Course, Rule};

/// After this scrape every request fails.
const LAST_GOOD: i64 = 30;
/// From scrape to scrape.
const REQUESTS: i64 = 100;

/// The instant of a scrape, and three seconds.
fn after(start: i64, scrape: i64) -> Timestamp {
    Timestamp::from_second(start + 7 + 15 * scrape + 3).unwrap()
}

#[tokio::test]
async fn the_first_scrape_of_an_outage_proves_it_on_every_store() {
    let start = stores::start();
    let good = |scrape: i64| Some(5000 + REQUESTS * scrape.min(LAST_GOOD));
    let bad = |scrape: i64| (scrape > LAST_GOOD).then_some(REQUESTS * (scrape - LAST_GOOD));
    let history = [
        series(start, "requests_total", "web", "200", good),
        series(start, "requests_total", "web", "500", bad),
        series(start, "up", "web", "", |_| Some(1)),
    ];
    let objective: Objective = serde_json::from_value(serde_json::json!({
        "name": "o", "target": "99.9", "indicator": {"ratio": {"bad": "b", "total": "t"}},
    }))
    .unwrap();
    let target = BigRational::new(999.into(), 1000.into());
    let account = ObjectiveAssessment { covered: true, target, ..ObjectiveAssessment::default() };
    let month = Bounds { start: after(start, 0), end: after(start, 30 * 24 * 240) };
    let rule = Rule::of(&objective, &account, month, SlotLength::OneMinute, SignedDuration::from_secs(30)).unwrap();
    for store in stores::all(&history).await {
        let mut course = Course::default();
        let mut beats = Vec::new();
        for scrape in [LAST_GOOD, LAST_GOOD + 1, LAST_GOOD + 2] {
            let at = after(start, scrape);
            let minute = store.slots(&ask("web", ratio("web"), SlotRange::window(at, 60).unwrap())).await.remove(0);
            let minute = indicator::slot(&ratio("web"), &minute, 0);
            beats.push((course.enter(&rule, &minute, at), minute.counted().bad.text(), minute.counted().total.text()));
        }
        let told: Vec<(Beat, &str, &str)> = beats.iter().map(|(beat, bad, all)| (*beat, &**bad, &**all)).collect();
        // Where the store's own increase counts nothing for the first sample of a series, it is the second one.
        let born = match store.form {
            IncreaseForm::Native => (Beat::Calm, "0", "300"),
            _ => (Beat::Outage, "100", "400"),
        };
        let expected = [(Beat::Calm, "0", "400"), born, (Beat::Outage, "200", "400")];
        assert_eq!(told, expected, "{:?}", store.form);
    }
}
