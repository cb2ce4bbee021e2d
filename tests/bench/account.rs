//! How long it takes to settle a month, and how large its ledger is.
//!
//! `make bench` prints the size of every ledger before its time.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod month;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use guarantor::api::agreement::AgreementSpec;
use guarantor::api::ledger::{AgreementIdentity, LedgerSpec};
use guarantor::api::metrics_source::IncreaseForm;
use guarantor::controller::room;
use guarantor::evaluate::assess::{Circumstances, assess};
use guarantor::evaluate::count::Count;
use guarantor::evaluate::enforcement_log::EnforcementLog;
use guarantor::evaluate::ledger::Ledger;
use guarantor::evaluate::period::Bounds;
use guarantor::evaluate::slot::{Births, Slot, Tally};
use guarantor::evaluate::statement::{Closing, statement};
use guarantor::evaluate::stored_ledger;
use guarantor::evaluate::timeline::{Overlap, Timeline};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use month::{MOST_BYTES, Noise, busy, filled, june, spec, three};

/// Thirty-two machines, each of which is tried four times a minute.
fn pool() -> AgreementSpec {
    let member = |index: usize| {
        let count = |metric: &str| format!("sum(increase({metric}{{machine=\"{index}\"}}[$slot]))");
        json!({"name": format!("machine-{index}"), "ratio": {"bad": count("failed"), "total": count("tried")}})
    };
    let mut pool = spec("1m", &[json!({"method": "Pooled", "badWhen": {"allFail": true}})]);
    let members = json!({"members": (0..32).map(member).collect::<Vec<_>>()});
    for objective in &mut pool.objectives {
        objective.indicator = serde_json::from_value(members.clone()).expect("members");
    }
    pool
}

fn stored(ledger: &Ledger) -> LedgerSpec {
    let identity = AgreementIdentity { name: "checkout".to_owned(), uid: String::new() };
    stored_ledger::to_spec(ledger, identity, &EnforcementLog::default(), true)
}

/// Attempts by the clock: one is late now and then, and every machine is down for a quarter of an hour.
fn probed(spec: &AgreementSpec) -> Ledger {
    let mut noise = Noise(42);
    filled(spec, |series, index| {
        let total = Count::events(if noise.next(20) == 0 { 3 } else { 4 });
        let down = index / 15 == 100 + i64::try_from(series).unwrap_or(0);
        Slot::known(Tally { total, bad: if down { total } else { Count::ZERO } }, Births::default(), 1)
    })
}

fn settle(spec: &AgreementSpec, ledger: &LedgerSpec) -> usize {
    let closing = Closing {
        spec,
        generation: 1,
        revision: 1,
        ledger_name: "checkout-20260601t000000z",
        ledger,
        window: None,
        supersedes: None,
        circumstances: &Circumstances::default(),
        queries: &BTreeMap::new(),
        source_name: "main",
        source_url: "http://prometheus",
        increase: IncreaseForm::Anchored,
    };
    statement(&closing, Timestamp::MAX, SignedDuration::ZERO).expect("a statement").objectives.len()
}

/// A year by the second with an outage every day.
fn year() -> Ledger {
    let bounds = Bounds { start: june().start, end: "2027-06-01T00:00:00Z".parse().unwrap_or_default() };
    let mut timeline = Timeline::new(bounds, 1).expect("a year");
    let slot =
        |bad: u32| Slot::known(Tally { total: Count::events(100), bad: Count::events(bad) }, Births::default(), 1);
    timeline.add("objective-0", slot(0)).expect("a series");
    for day in 0..365 {
        let from = bounds.start.saturating_add(SignedDuration::from_secs(day * 86_400 + 3_601)).unwrap_or_default();
        let until = from.saturating_add(SignedDuration::from_secs(599)).unwrap_or_default();
        timeline.insert("objective-0", from, until, &slot(100), Overlap::Worse).expect("an outage");
    }
    timeline.into_ledger().expect("a ledger")
}

fn account(criterion: &mut Criterion) {
    let three = three();
    let minutes = json!({"method": "BadMinutes", "badWhen": {"errorRateAbove": "5"}, "minimumConsecutive": "10m"});
    let five = spec("5m", &three);
    let one = spec("5m", &three[..1]);
    let bad = spec("1m", std::slice::from_ref(&minutes));
    let pool = pool();
    for (name, spec, ledger) in [
        ("three objectives, five-minute slots", &five, stored(&busy(&five))),
        ("one objective, five-minute slots", &one, stored(&busy(&one))),
        ("bad minutes, one-minute slots", &bad, stored(&busy(&bad))),
        ("a pool of 32 that are probed, one-minute slots", &pool, stored(&probed(&pool))),
    ] {
        let bytes = serde_json::to_vec(&ledger).map_or(usize::MAX, |json| json.len());
        println!("a month of {name}: a ledger of {bytes} bytes");
        let most = if spec.metrics.slot.seconds() == 300 { MOST_BYTES } else { room::MOST_BYTES };
        assert!(bytes < most, "{bytes} bytes are more than {most}");
        criterion.bench_function(&format!("settle a month of {name}"), |b| {
            b.iter(|| settle(black_box(spec), black_box(&ledger)));
        });
    }
    let (spec, year) = (spec("1m", &[minutes]), year());
    criterion.bench_function("assess a year by the second with 365 outages", |b| {
        b.iter(|| {
            let all = assess(black_box(&spec), &year, &Circumstances::default(), Timestamp::MAX, SignedDuration::ZERO);
            all.expect("an assessment").objectives.len()
        });
    });
}

criterion_group! {
    name = benches;
    // A machine that has other things to do gives no better figures with more of them.
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5));
    targets = account
}
criterion_main!(benches);
