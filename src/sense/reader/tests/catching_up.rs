//! Many slots cost range queries, and read like one slot after the other.

use std::sync::Arc;

use guarantor_testbed::fake_store::FakeStore;

use super::*;
use crate::sense::reader::SlotRangeError;

/// The instants of a range query.
fn steps(asked: &Received) -> impl Iterator<Item = i64> + use<> {
    let [start, end, step] = ["start", "end", "step"].map(|name| asked.parameter(name).parse::<i64>().unwrap());
    (0..).map(move |index| start + index * step).take_while(move |at| *at <= end)
}

/// Requests of one job: as many as the slot's number, and none at all in every third slot.
fn numbered(asked: &Received) -> Reply {
    let numbered: Vec<(i64, String)> = steps(asked)
        .map(|at| (at, (at - START) / 300))
        .filter(|(_, slot)| slot % 3 != 0)
        .map(|(at, slot)| (at, slot.to_string()))
        .collect();
    let samples: Vec<(i64, &str)> = numbered.iter().map(|(at, value)| (*at, value.as_str())).collect();
    Reply::matrix(&[(&[("job", "svc-0"), ("namespace", "shop")], &samples)])
}

#[tokio::test]
async fn every_step_is_a_slot_and_a_missing_step_is_absent() {
    let store = FakeStore::start(numbered).await.unwrap();
    let (readings, stats) = read(&Arc::new(reader(&store, IncreaseForm::Native)), &fleet(1, slots(7))).await;
    assert_eq!(stats.requests, 3);
    let received = store.take_received();
    assert!(received.iter().all(|asked| asked.path == "/api/v1/query_range"));
    let window = ["start", "end", "step"].map(|name| received[0].parameter(name).parse::<i64>().unwrap());
    assert_eq!(window, [START + 300, START + 2100, 300]);
    let slots = &readings[0].slots;
    let instants: Vec<i64> = slots.iter().map(|slot| slot.start.as_second()).collect();
    assert_eq!(instants, (0..7).map(|slot| START + 300 * slot).collect::<Vec<_>>());
    let totals: Vec<&Reading> = slots.iter().map(|slot| &slot.counted.total).collect();
    let expected = [1, 2, 0, 4, 5, 0, 7].map(|slot| if slot == 0 { Reading::Absent } else { value(slot) });
    assert_eq!(totals, expected.iter().collect::<Vec<_>>());
    assert_eq!(slots[2].samples, value(0));
}

#[tokio::test]
async fn a_long_gap_is_read_in_pieces_a_store_accepts() {
    let store = FakeStore::start(numbered).await.unwrap();
    let (readings, _) = read(&Arc::new(reader(&store, IncreaseForm::Native)), &fleet(1, slots(12_000))).await;
    assert_eq!(readings[0].slots.len(), 12_000);
    assert_eq!(readings[0].slots[11_999].counted.total, Reading::Absent);
    assert_eq!(readings[0].slots[11_998].counted.total, value(11_999));
    let received = store.take_received();
    assert_eq!(received.len(), 6);
    assert!(received.iter().all(|asked| steps(asked).count() <= 10_000));
    // Two hundred agreements: fewer steps, so that an answer stays readable.
    read(&Arc::new(reader(&store, IncreaseForm::Native)), &fleet(200, slots(3000))).await;
    let received = store.take_received();
    assert_eq!(received.len(), 6);
    assert!(received.iter().all(|asked| steps(asked).count() * 200 <= 500_000));
}

#[tokio::test]
async fn a_warning_concerns_the_slots_it_came_with() {
    let store = FakeStore::start(|asked: &Received| {
        let late = steps(asked).any(|at| at == START + 300 * 11_000);
        if late { numbered(asked).warn("gone") } else { numbered(asked) }
    })
    .await
    .unwrap();
    let (readings, _) = read(&Arc::new(reader(&store, IncreaseForm::Native)), &fleet(1, slots(12_000))).await;
    let slots = &readings[0].slots;
    assert_eq!(slots.len(), 12_000);
    assert_eq!(slots[9_999].counted.total, value(10_000));
    assert_eq!(slots[10_000].counted.total, Reading::Partial("gone".to_owned()));
}

#[tokio::test]
async fn raw_samples_are_fetched_for_many_slots_at_once() {
    // One request a second; every 15 s a sample of all requests so far.
    let store = FakeStore::start(|asked: &Received| {
        if about(asked.query()) != About::Samples {
            return Reply::matrix(&[]);
        }
        let (_, range) = asked.query().rsplit_once('[').unwrap();
        let seconds = range.trim_end_matches("ms]").parse::<i64>().unwrap() / 1000;
        let end = asked.parameter("time").split('.').next().unwrap().parse::<i64>().unwrap();
        if seconds > 3900 {
            return Reply::error(422, "execution", "too much");
        }
        let times = (0..).map(|index| START - 600 + 15 * index);
        let numbered: Vec<(i64, String)> = times
            .skip_while(|at| *at <= end - seconds)
            .take_while(|at| *at <= end)
            .map(|at| (at, (at - START + 600).to_string()))
            .collect();
        let samples: Vec<(i64, &str)> = numbered.iter().map(|(at, value)| (*at, value.as_str())).collect();
        let labels = ["svc-0", "svc-1"].map(|job| [("job", job), ("namespace", "shop")]);
        let series: Vec<_> = labels.iter().map(|labels| (labels.as_slice(), samples.as_slice())).collect();
        Reply::matrix(&series)
    })
    .await
    .unwrap();
    let (readings, stats) = read(&Arc::new(reader(&store, IncreaseForm::Raw)), &fleet(2, slots(30))).await;
    for reading in &readings {
        assert_eq!(reading.slots.len(), 30);
        for slot in &reading.slots {
            assert_eq!((&slot.counted.total, &slot.samples), (&value(300), &value(20)), "{slot:?}");
        }
    }
    // Three spans for each of two metrics, and births by two range queries for each.
    assert_eq!(stats.requests, 3 * 2 + 2 * 2);
}

#[tokio::test]
async fn agreements_behind_by_different_times_are_read_together() {
    let store = FakeStore::start(
        |asked: &Received| {
            if asked.path.ends_with("_range") { numbered(asked) } else { healthy(asked) }
        },
    )
    .await
    .unwrap();
    let asks = [ask("svc-0", ratio("svc-0"), slots(4)), ask("svc-1", ratio("svc-1"), slots(1))];
    let (readings, stats) = read(&Arc::new(reader(&store, IncreaseForm::Native)), &asks).await;
    assert_eq!(stats.requests, 6);
    assert_eq!(readings.iter().map(|reading| reading.slots.len()).collect::<Vec<_>>(), [4, 1]);
    assert_eq!(readings[0].slots[3].counted.total, value(4));
    assert_eq!(readings[1].slots[0].counted.total, value(100));
}

#[test]
fn slots_lie_on_the_grid() {
    let at = |second| Timestamp::from_second(second).unwrap();
    assert_eq!(SlotRange::new(at(300), 300, 0), Err(SlotRangeError::Empty));
    assert_eq!(SlotRange::new(at(300), 0, 1), Err(SlotRangeError::Empty));
    assert_eq!(SlotRange::new(at(301), 300, 1), Err(SlotRangeError::OffGrid));
    assert_eq!(SlotRange::new(Timestamp::from_millisecond(300_001).unwrap(), 300, 1), Err(SlotRangeError::OffGrid));
    let last = Timestamp::MAX.as_second() / 300 * 300;
    assert_eq!(SlotRange::new(at(last), 300, 1), Err(SlotRangeError::OutOfTime));
    assert_eq!(SlotRange::new(at(-600), 300, 2).unwrap().starts().collect::<Vec<_>>(), [at(-600), at(-300)]);
}
