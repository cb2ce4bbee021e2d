//! One agreement cannot spoil the readings of the others, and a failing store is not asked more.

use std::sync::Arc;

use guarantor_testbed::fake_store::FakeStore;

use super::*;
use crate::sense::observation::FailureKind;

/// Healthy, but says `reply` to every query about one of these jobs.
fn spoilt_by(jobs_at_fault: &'static [&'static str], reply: Reply) -> impl Fn(&Received) -> Reply {
    move |asked| {
        if jobs(asked.query()).iter().any(|job| jobs_at_fault.contains(&job.as_str())) {
            reply.clone()
        } else {
            healthy(asked)
        }
    }
}

#[tokio::test]
async fn only_the_agreements_at_fault_go_without_a_reading() {
    let replies = [
        (Reply::vector(1, &[]).warn("mixed floats and histograms"), None),
        (Reply::error(422, "execution", "duplicate series"), Some(FailureKind::Expression)),
        (Reply::text(200, "application/json", "{"), Some(FailureKind::NoAnswer)),
    ];
    for (reply, kind) in replies {
        let store = FakeStore::start(spoilt_by(&["svc-7", "svc-42"], reply)).await.unwrap();
        let reader = Arc::new(reader(&store, IncreaseForm::Native));
        let asks = fleet(200, slots(1));
        let (readings, stats) = read(&reader, &asks).await;
        for reading in &readings {
            let total = &reading.slots[0].counted.total;
            match (reading.key.agreement.as_str(), kind) {
                ("svc-7" | "svc-42", None) => assert!(matches!(total, Reading::Partial(_)), "{total:?}"),
                ("svc-7" | "svc-42", Some(kind)) => {
                    assert!(matches!(total, Reading::Failed(failure) if failure.kind == kind), "{total:?}");
                }
                _ => assert_eq!(*total, value(100), "{}", reading.key.agreement),
            }
        }
        assert!(stats.halvings > 0 && stats.halvings <= 3 * 32, "{stats:?}");
        // From now on they are asked alone: two agreements with three questions each, and the joined three.
        let (readings, stats) = read(&reader, &asks).await;
        assert_eq!((stats.requests, stats.halvings), (9, 0));
        assert_ne!(readings[7].slots[0].counted.total, value(100));
        // Once the store no longer objects, they are joined again.
        store.follow(healthy);
        let (readings, _) = read(&reader, &asks).await;
        assert_eq!(readings[7].slots[0].counted.total, value(100));
        let (_, stats) = read(&reader, &asks).await;
        assert_eq!((stats.requests, stats.halvings), (3, 0));
    }
}

#[tokio::test]
async fn a_store_that_objects_to_everything_is_not_searched() {
    let store = FakeStore::start(|asked: &Received| healthy(asked).warn("a store is gone")).await.unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Native));
    let (readings, stats) = read(&reader, &fleet(200, slots(1))).await;
    for reading in &readings {
        let slot = &reading.slots[0];
        assert_eq!(slot.counted.total, Reading::Partial("a store is gone".to_owned()));
        assert_eq!(slot.samples, Reading::Partial("a store is gone".to_owned()));
    }
    // Down to eight parts, for three questions.
    assert_eq!((stats.requests, stats.halvings), (3 * 15, 3 * 14));
}

/// Refuses every query with `reply`, except the plainest there is when `plain` holds.
fn refusing(reply: Reply, plain: bool) -> impl Fn(&Received) -> Reply {
    move |asked| {
        if plain && asked.query() == "vector(1)" { Reply::vector(1, &[(&[], "1")]) } else { reply.clone() }
    }
}

#[tokio::test]
async fn what_is_refused_is_the_expression_only_if_the_store_answers_at_all() {
    for status in [400, 422] {
        for size in [1, 200] {
            for (plain, kind) in [(true, FailureKind::Expression), (false, FailureKind::Refused)] {
                let reply = Reply::error(status, "bad_data", "unknown function");
                let store = FakeStore::start(refusing(reply, plain)).await.unwrap();
                let reader = Arc::new(reader(&store, IncreaseForm::Native));
                let (readings, stats) = read(&reader, &fleet(size, slots(1))).await;
                for reading in &readings {
                    let Reading::Failed(failure) = &reading.slots[0].counted.part else { panic!("{reading:?}") };
                    assert_eq!(failure.kind, kind, "{status} {size}");
                    let named = failure.message.starts_with("indicator.ratio.bad: the store refused the request");
                    assert_eq!(named, plain, "{}", failure.message);
                }
                assert_eq!(store.take_received().len(), stats.requests, "{status} {size}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_too_large_to_be_read_is_given_up_when_no_smaller_question_is_left() {
    let store = FakeStore::start(|asked: &Received| match asked.query() {
        "vector(1)" => Reply::vector(1, &[(&[], "1")]),
        _ => Reply::text(200, "application/json", &" ".repeat(33 << 20)),
    })
    .await
    .unwrap();
    let reader = Arc::new(reader(&store, IncreaseForm::Native));
    for (count, kind) in [(1, FailureKind::Expression), (2, FailureKind::NoAnswer)] {
        let (readings, _) = read(&reader, &fleet(1, slots(count))).await;
        let Reading::Failed(failure) = &readings[0].slots[0].counted.total else { panic!("{readings:?}") };
        assert_eq!(failure.kind, kind, "{}", failure.message);
    }
}

#[tokio::test]
async fn a_range_is_given_up_only_when_both_its_ends_are_refused_in_the_same_words() {
    type Refuses = fn(i64) -> Option<&'static str>;
    let cases: [(&str, Refuses, FailureKind); 4] = [
        ("throughout", |_| Some("unknown function"), FailureKind::Expression),
        ("at its end", |slot| (slot >= 4).then_some("duplicate series"), FailureKind::Refused),
        ("for its length", |slot| (slot < 0).then_some("too many samples"), FailureKind::Refused),
        ("for two reasons", |slot| Some(if slot < 3 { "duplicate a" } else { "duplicate b" }), FailureKind::Refused),
    ];
    for (case, refuses, kind) in cases {
        let store = FakeStore::start(move |asked: &Received| {
            // A range is refused for any of its slots, or as such.
            let slot = |at: &str| (at.split('.').next().unwrap().parse::<i64>().unwrap() - START) / 300 - 1;
            let slots = match asked.parameter("time") {
                "" => -1..=slot(asked.parameter("end")),
                time => slot(time)..=slot(time),
            };
            match slots.into_iter().find_map(refuses) {
                Some(words) if asked.query() != "vector(1)" => {
                    let at = asked.parameter("time");
                    Reply::error(422, "execution", &format!("{words} at {at}"))
                }
                _ => Reply::vector(1, &[(&[("job", "svc-0"), ("namespace", "shop")], "1")]),
            }
        })
        .await
        .unwrap();
        let (readings, _) = read(&Arc::new(reader(&store, IncreaseForm::Native)), &fleet(1, slots(7))).await;
        assert_eq!(readings[0].slots.len(), 7);
        for slot in &readings[0].slots {
            let Reading::Failed(failure) = &slot.counted.total else { panic!("{case}: {slot:?}") };
            assert_eq!(failure.kind, kind, "{case}: {}", failure.message);
        }
        // By itself, every slot has an answer of its own.
        for at in 0..7 {
            let slot = SlotRange::new(Timestamp::from_second(START + 300 * at).unwrap(), 300, 1).unwrap();
            let (readings, _) = read(&Arc::new(reader(&store, IncreaseForm::Native)), &fleet(1, slot)).await;
            match (&readings[0].slots[0].counted.total, refuses(at)) {
                (figure, None) => assert_eq!(*figure, value(1), "{case} {at}"),
                (Reading::Failed(failure), Some(_)) => assert_eq!(failure.kind, FailureKind::Expression, "{case} {at}"),
                (figure, Some(_)) => panic!("{case} {at}: {figure:?}"),
            }
        }
    }
}

#[tokio::test]
async fn many_culprits_do_not_make_the_search_endless() {
    // Every other one of them: no half is ever clean, none of the parts is whole.
    let store = FakeStore::start(|asked: &Received| {
        let jobs = jobs(asked.query());
        let at_fault = jobs.iter().any(|job| job.ends_with(['1', '3', '5', '7', '9']));
        if at_fault && !jobs.iter().any(|job| job == "svc-0") { healthy(asked).warn("mixed") } else { healthy(asked) }
    })
    .await
    .unwrap();
    let (readings, stats) = read(&Arc::new(reader(&store, IncreaseForm::Native)), &fleet(1000, slots(1))).await;
    assert_eq!(readings.len(), 1000);
    assert!(stats.requests <= 3 * 129, "{stats:?}");
}

#[tokio::test]
async fn a_store_that_fails_is_not_asked_in_halves() {
    let replies = [
        (Reply::error(503, "timeout", "x"), FailureKind::TimedOut),
        (Reply::error(500, "internal", "x").header("retry-after", "60"), FailureKind::StoreFailed),
        (Reply::error(429, "unavailable", "x"), FailureKind::StoreFailed),
        (Reply::text(401, "text/plain", "x"), FailureKind::Refused),
    ];
    for (reply, kind) in replies {
        let store = FakeStore::start(move |_| reply.clone()).await.unwrap();
        let (readings, stats) = read(&Arc::new(reader(&store, IncreaseForm::Anchored)), &fleet(200, slots(1))).await;
        assert_eq!((stats.requests, stats.halvings), (7, 0), "{kind:?}");
        assert_eq!(store.take_received().len(), 7);
        for reading in &readings {
            let slot = &reading.slots[0];
            let born = slot.born.as_ref().unwrap();
            for figure in [&slot.counted.total, &slot.counted.part, &slot.samples, &born.total, &born.part] {
                assert!(matches!(figure, Reading::Failed(failure) if failure.kind == kind), "{figure:?}");
            }
        }
    }
}
