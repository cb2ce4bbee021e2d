//! How long it takes to settle a month, and how large its ledger is.
//!
//! `make bench` prints the size of every ledger before its time. A busy service is made up: a daily rhythm, and around it the
//! noise of requests that come by themselves, of which one in a thousand fails.

#![allow(clippy::expect_used, clippy::unwrap_used)]

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
use guarantor::evaluate::series;
use guarantor::evaluate::slot::{Births, Slot, Tally};
use guarantor::evaluate::statement::{Closing, statement};
use guarantor::evaluate::stored_ledger;
use guarantor::evaluate::timeline::{Overlap, Timeline};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// What the ledger of a month of five-minute slots may have.
const MOST_BYTES: usize = 64 << 10;

/// Numbers that look random, always the same.
struct Noise(u64);

impl Noise {
    /// From 0 up to `below`.
    fn next(&mut self, below: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap_or(0) % below.max(1)
    }

    /// Around 0, mostly within three times `deviation`.
    fn around(&mut self, deviation: u32) -> i64 {
        let sum: u32 = (0..12).map(|_| self.next(1_000)).sum();
        (i64::from(sum) - 5_994) * i64::from(deviation) / 1_000
    }
}

fn june() -> Bounds {
    let at = |text: &str| -> Timestamp { text.parse().unwrap_or_default() };
    Bounds { start: at("2026-06-01T00:00:00Z"), end: at("2026-07-01T00:00:00Z") }
}

/// A slot of a service with so many requests at noon.
fn slot(index: i64, per_day: i64, at_noon: i64, noise: &mut Noise) -> Slot {
    let hour = index % per_day * 24 / per_day;
    let usual = at_noon * (36 - (12 - hour).abs() * 2) / 36;
    let total = (usual + noise.around(u32::try_from(usual.isqrt()).unwrap_or(1))).max(1);
    let bad = (0..total / 100).filter(|_| noise.next(10) == 0).count();
    let count = |n: i64| Count::events(u32::try_from(n).unwrap_or(0));
    let tally = Tally { total: count(total), bad: count(i64::try_from(bad).unwrap_or(0)) };
    Slot::known(tally, Births::default(), 1)
}

fn spec(slot: &str, measurements: &[Value]) -> AgreementSpec {
    let objective = |(index, measurement): (usize, &Value)| {
        json!({
            "name": format!("objective-{index}"),
            "indicator": {"ratio": {"bad": "sum(increase(b[$slot]))", "total": "sum(increase(a[$slot]))"}},
            "measurement": measurement,
            "target": "99.9",
        })
    };
    let tier = json!({"objective": "objective-0", "below": "99.9", "percentOfFee": "10"});
    let spec = json!({
        "service": {"name": "checkout"},
        "metrics": {"sourceRef": {"name": "main"}, "slot": slot},
        "period": {"calendar": "Month"},
        "objectives": measurements.iter().enumerate().map(objective).collect::<Vec<_>>(),
        "credits": {"fee": {"amount": "4000.00", "currency": "EUR"}, "tiers": [tier]},
    });
    serde_json::from_value(spec).expect("an agreement")
}

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

/// The ledger in which every series has the slots that `slot` gives by its number and theirs.
fn stored(spec: &AgreementSpec, mut slot: impl FnMut(usize, i64) -> Slot) -> LedgerSpec {
    let seconds = spec.metrics.slot.seconds();
    let names: Vec<String> = spec.objectives.iter().flat_map(series::names).collect();
    let mut ledger = Ledger::new(june(), seconds, names.iter().map(String::as_str)).expect("a ledger");
    for (number, name) in names.iter().enumerate() {
        for index in 0..i64::try_from(ledger.slot_count()).unwrap_or(0) {
            let start = june().start.saturating_add(SignedDuration::from_secs(index * seconds)).unwrap_or_default();
            ledger.insert(name, start, slot(number, index)).expect("a slot of June");
        }
    }
    let identity = AgreementIdentity { name: "checkout".to_owned(), uid: String::new() };
    stored_ledger::to_spec(&ledger, identity, &EnforcementLog::default(), true)
}

/// Requests that come by themselves.
fn busy(spec: &AgreementSpec) -> LedgerSpec {
    let mut noise = Noise(42);
    let per_day = 86_400 / spec.metrics.slot.seconds();
    stored(spec, |series, index| {
        let at_noon = [9_000, 2_000, 300].get(series).copied().unwrap_or(1_000);
        slot(index, per_day, at_noon, &mut noise)
    })
}

/// Attempts by the clock: one is late now and then, and every machine is down for a quarter of an hour.
fn probed(spec: &AgreementSpec) -> LedgerSpec {
    let mut noise = Noise(42);
    stored(spec, |series, index| {
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
    let three = [json!({}), json!({"method": "MeanOfSlots"}), json!({"method": "MeanOfSlots", "rateOver": "1h"})];
    let minutes = json!({"method": "BadMinutes", "badWhen": {"errorRateAbove": "5"}, "minimumConsecutive": "10m"});
    let five = spec("5m", &three);
    let one = spec("5m", &three[..1]);
    let bad = spec("1m", std::slice::from_ref(&minutes));
    let pool = pool();
    for (name, spec, ledger) in [
        ("three objectives, five-minute slots", &five, busy(&five)),
        ("one objective, five-minute slots", &one, busy(&one)),
        ("bad minutes, one-minute slots", &bad, busy(&bad)),
        ("a pool of 32 that are probed, one-minute slots", &pool, probed(&pool)),
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
