//! The same history counts the same on every store; where it is an estimate, that is said.

use guarantor::api::metrics_source::IncreaseForm;
use guarantor::sense::observation::{Reading, SlotReading};
use guarantor::sense::reader::IndicatorAsk;

use crate::history::{self, CASES, SLOTS, series};
use crate::stores::{self, Store, ask, ratio, slots};

/// The total: what was counted, and what series born in the slot brought.
fn total(slot: &SlotReading) -> String {
    let figure = |reading: &Reading| match reading {
        Reading::Value(value) => Ok(value.clone()),
        Reading::Absent => Ok(num_rational::BigRational::from_integer(0.into())),
        other => Err(format!("{other:?}")),
    };
    let born = slot.born.as_ref().map_or(Reading::Absent, |born| born.total.clone());
    match (figure(&slot.counted.total), figure(&born)) {
        (Ok(counted), Ok(born)) => (counted + born).to_string(),
        (Err(why), _) | (_, Err(why)) => why,
    }
}

fn asks(start: i64, count: u32) -> Vec<IndicatorAsk> {
    CASES.iter().map(|case| ask(case.job, ratio(case.job), slots(start, 0, count))).collect()
}

async fn totals(store: &Store, form: IncreaseForm, start: i64) -> Vec<(&'static str, Vec<String>)> {
    let (readings, stats) = store.read_as(form, &asks(start, 3)).await;
    assert!(stats.requests <= 10, "{stats:?}");
    let totals = readings.iter().map(|reading| {
        assert_eq!(reading.form, form);
        reading.slots.iter().map(total).collect()
    });
    CASES.iter().map(|case| case.job).zip(totals).collect()
}

#[tokio::test]
async fn one_truth_on_three_stores() {
    let start = stores::start();
    for store in stores::all(&history::all(start)).await {
        for ((job, totals), case) in totals(&store, store.form, start).await.into_iter().zip(&CASES) {
            let mut truth: Vec<String> = case.truth.iter().map(i64::to_string).collect();
            if job == "found" && store.form == IncreaseForm::Native {
                // It counts every birth, whether it happened in the slot or not, and cannot tell them apart.
                truth[0] = "18".to_owned();
            }
            assert_eq!(totals[..truth.len()], truth, "{job} by {:?}", store.form);
        }
    }
}

#[tokio::test]
async fn an_extrapolated_figure_says_that_it_is_one() {
    let start = stores::start();
    let store = stores::prometheus(false, &history::all(start)).await;
    let totals = totals(&store, IncreaseForm::Extrapolated, start).await;
    let of = |job: &str| totals.iter().find(|(name, _)| *name == job).unwrap().1.clone();
    assert_eq!(of("edge"), ["0", "0", "0"], "the burst at the edge is in no slot");
    assert_ne!(of("burst")[0], "100");
}

#[tokio::test]
async fn births_are_kept_apart_and_only_certain_ones_are_attributed() {
    let start = stores::start();
    let history = history::all(start);
    for exact in [true, false] {
        let store = stores::prometheus(exact, &history).await;
        let births = async |job: &str| {
            let slot = store.slots(&ask(job, ratio(job), slots(start, 0, 1))).await.remove(0);
            (slot.born.unwrap().total, slot.all_births.unwrap().total)
        };
        let seven = Reading::Value(num_rational::BigRational::from_integer(7.into()));
        assert_eq!(births("born").await, (seven.clone(), seven.clone()));
        assert_eq!(births("found").await, (Reading::Absent, seven));
        assert_eq!(births("steady").await, (Reading::Absent, Reading::Absent));
        // It was silent for two minutes only: it came back and was not born.
        assert_eq!(births("gap").await, (Reading::Absent, Reading::Absent));
    }
}

#[tokio::test]
async fn a_native_increase_does_not_believe_a_large_first_value() {
    let start = stores::start();
    let value = |scrape: i64| (scrape >= 8).then_some(5000 + scrape - 8);
    let history = [series(start, "requests_total", "web", "200", value), series(start, "up", "web", "", |_| Some(1))];
    for store in stores::all(&history).await {
        let slot = store.slots(&ask("web", ratio("web"), slots(start, 0, 1))).await.remove(0);
        let expected = if store.form == IncreaseForm::Native { "11" } else { "5011" };
        assert_eq!(total(&slot), expected, "{:?}", store.form);
    }
}

#[tokio::test]
async fn slots_without_samples_are_known_to_be_without() {
    let start = stores::start();
    for store in stores::all(&history::all(start)).await {
        let read = store.slots(&ask("ends", ratio("ends"), slots(start, 0, 3))).await;
        let samples: Vec<String> = read
            .iter()
            .map(|slot| match &slot.samples {
                Reading::Value(samples) => samples.to_string(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(samples, ["10", "0", "0"], "{:?}", store.form);
    }
}

#[tokio::test]
async fn catching_up_gives_what_keeping_up_would_have_given() {
    let start = stores::start();
    let count = u32::try_from(SLOTS).unwrap();
    for store in stores::all(&history::all(start)).await {
        let (at_once, stats) = store.read(&asks(start, count)).await;
        assert!(stats.requests <= 10, "{stats:?}");
        for slot in 0..SLOTS {
            let one: Vec<IndicatorAsk> =
                CASES.iter().map(|case| ask(case.job, ratio(case.job), slots(start, slot, 1))).collect();
            let (kept_up, _) = store.read(&one).await;
            for (kept_up, at_once) in kept_up.iter().zip(&at_once) {
                let index = usize::try_from(slot).unwrap();
                assert_eq!(kept_up.slots[0], at_once.slots[index], "{} by {:?}", at_once.key.agreement, store.form);
            }
        }
    }
}
