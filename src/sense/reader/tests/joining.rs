//! Agreements of one shape cost as many requests as one agreement.

use std::sync::Arc;

use guarantor_testbed::fake_store::FakeStore;

use super::*;
use crate::sense::observation::{FailureKind, ReadingPair};
use crate::sense::reader::SlotRangeError;

#[tokio::test]
async fn two_hundred_agreements_cost_seven_requests() {
    let store = FakeStore::start(healthy).await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Anchored));
    let asks = fleet(200, slots(1));
    let (readings, stats) = read(&reader, &asks).await;
    assert_eq!(stats, ReadStats { requests: 7, halvings: 0, joined: 400, lone: 0 });
    let received = store.take_received();
    assert_eq!(received.len(), 7);
    for asked in &received {
        assert_eq!(asked.parameter("time"), format!("{}.000", START + 300), "{}", asked.query());
    }
    assert_eq!(readings.len(), 200);
    for (reading, ask) in readings.iter().zip(&asks) {
        assert_eq!(reading.key, ask.key);
        assert_eq!(reading.form, IncreaseForm::Anchored);
        let [slot] = reading.slots.as_slice() else { panic!("{reading:?}") };
        assert_eq!(slot.start.as_second(), START);
        assert_eq!(slot.counted, ReadingPair { total: value(100), part: value(3) });
        assert_eq!(slot.born, Some(ReadingPair { total: Reading::Absent, part: Reading::Absent }));
        assert_eq!(slot.all_births, slot.born);
        assert_eq!(slot.samples, value(20));
    }
}

/// The pulse of two hundred agreements: as many requests as a slot of theirs, wherever the minute lies on the grid.
#[tokio::test]
async fn the_last_minute_of_two_hundred_agreements_costs_seven_requests() {
    let store = FakeStore::start(healthy).await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Anchored));
    let end = Timestamp::from_second(START + 137).unwrap();
    let minute = SlotRange::window(end, 60).unwrap();
    assert_eq!((minute.count(), minute.seconds()), (1, 60));
    let (readings, stats) = read(&reader, &fleet(200, minute)).await;
    assert_eq!(stats, ReadStats { requests: 7, halvings: 0, joined: 400, lone: 0 });
    for asked in store.take_received() {
        assert_eq!(asked.parameter("time"), format!("{}.000", START + 137), "{}", asked.query());
        assert!(asked.query().contains("[60000ms]") || about(asked.query()) == About::Births, "{}", asked.query());
    }
    for reading in readings {
        let [slot] = reading.slots.as_slice() else { panic!("{reading:?}") };
        assert_eq!(slot.start.as_second(), START + 77);
        assert_eq!(slot.counted, ReadingPair { total: value(100), part: value(3) });
    }
}

#[test]
fn a_window_has_a_length_and_can_be_named() {
    let end = Timestamp::from_second(START + 137).unwrap();
    assert_eq!(SlotRange::window(end, 0), Err(SlotRangeError::Empty));
    assert_eq!(SlotRange::window(Timestamp::MIN, 60), Err(SlotRangeError::OutOfTime));
}

#[tokio::test]
async fn instances_are_asked_together_and_at_home_and_their_absence_is_told() {
    let store = FakeStore::start(|asked: &Received| match asked.query() {
        query if query.contains("replicas") => rows(asked, |job| (job != "svc-1").then(|| "0".to_owned())),
        _ => healthy(asked),
    })
    .await
    .unwrap();
    let mut asks = fleet(3, slots(1));
    for ask in &mut asks[..2] {
        let job = &ask.key.agreement;
        ask.indicator.deployed = Some(format!("sum(max_over_time(replicas{{job=\"{job}\"}}[$slot]))"));
    }
    let (readings, stats) = read(&Arc::new(reader(&store, IncreaseForm::Anchored)), &asks).await;
    assert_eq!((stats.requests, stats.lone), (8, 0), "one more than without");
    let deployed: Vec<_> = readings.iter().map(|reading| reading.slots[0].deployed.clone()).collect();
    assert_eq!(deployed, [Some(value(0)), Some(Reading::Absent), None]);
    let queries: Vec<String> = store.take_received().iter().map(|asked| asked.query().to_owned()).collect();
    let about: Vec<&String> = queries.iter().filter(|query| query.contains("replicas")).collect();
    let text = "sum by (job, namespace) (max_over_time(replicas{job=~\"svc-0|svc-1\",namespace=\"shop\"}[300000ms]))";
    assert_eq!(about, [text]);
}

#[tokio::test]
async fn births_are_asked_for_where_the_increase_does_not_count_them() {
    for (form, requests) in [
        (IncreaseForm::Anchored, 7),
        (IncreaseForm::Raw, 6),
        (IncreaseForm::Native, 3),
        (IncreaseForm::Extrapolated, 3),
    ] {
        let store = FakeStore::start(healthy).await.unwrap();
        let (readings, stats) = read(&Arc::new(reader(&store, form)), &fleet(20, slots(1))).await;
        assert_eq!(stats.requests, requests, "{form:?}");
        assert_eq!(readings[0].form, form);
        let counts_births = matches!(form, IncreaseForm::Native | IncreaseForm::Extrapolated);
        assert_eq!(readings[0].slots[0].born.is_none(), counts_births, "{form:?}");
    }
}

#[tokio::test]
async fn an_expression_that_cannot_be_joined_is_asked_alone_and_counted() {
    let lone = |job: &str| {
        let mut indicator = ratio(job);
        indicator.ratio.as_mut().unwrap().total = format!("sum(increase(a{{job=\"{job}\"}}[$slot])) + 1");
        ask(job, indicator, slots(1))
    };
    let store = FakeStore::start(|asked: &Received| match asked.query() {
        query if query.ends_with("+ 1") => Reply::vector(START + 300, &[(&[], "7")]),
        _ => healthy(asked),
    })
    .await
    .unwrap();
    for (form, said) in [
        (IncreaseForm::Anchored, IncreaseForm::Anchored),
        // Raw samples serve counters only; the rest is an estimate, and said to be one.
        (IncreaseForm::Raw, IncreaseForm::Extrapolated),
    ] {
        let asks = [lone("a"), lone("b"), ask("c", ratio("c"), slots(1))];
        let (readings, stats) = read(&Arc::new(reader(&store, form)), &asks).await;
        assert_eq!(stats.lone, 2);
        assert_eq!(readings[0].form, said);
        assert_eq!(readings[2].form, form);
        assert_eq!(readings[0].slots[0].counted.total, value(7));
        // Nobody can tell births or samples of any expression.
        assert_eq!(readings[0].slots[0].born, None);
        assert_eq!(readings[0].slots[0].samples, Reading::Absent);
    }
}

#[tokio::test]
async fn what_cannot_be_asked_says_which_field_is_wrong() {
    let store = FakeStore::start(healthy).await.unwrap();
    let spoil = |change: fn(&mut RatioIndicator)| {
        let mut indicator = ratio("a");
        change(indicator.ratio.as_mut().unwrap());
        ask("a", indicator, slots(2))
    };
    let cases = [
        (spoil(|ratio| ratio.total = "sum(increase(a[$slot]".to_owned()), "indicator.ratio.total: "),
        (spoil(|ratio| ratio.bad = Some("sum(increase(a[1h]))".to_owned())), "indicator.ratio.bad: "),
        (spoil(|ratio| (ratio.good, ratio.bad) = (Some("absent(a)".to_owned()), None)), "indicator.ratio.good: "),
        (spoil(|ratio| ratio.bad = None), "indicator.ratio: "),
        (ask("a", Indicator::default(), slots(2)), "indicator: "),
    ];
    for (spoilt, field) in cases {
        let asks = [spoilt, ask("b", ratio("b"), slots(2))];
        let (readings, _) = read(&Arc::new(reader(&store, IncreaseForm::Native)), &asks).await;
        assert_eq!(readings[0].slots.len(), 2);
        for slot in &readings[0].slots {
            let Reading::Failed(failure) = &slot.counted.total else { panic!("{slot:?}") };
            assert_eq!(failure.kind, FailureKind::Expression);
            assert!(failure.message.starts_with(field), "{}", failure.message);
        }
        assert!(store.take_received().iter().all(|asked| asked.query().contains("job=\"b\"")));
    }
}
