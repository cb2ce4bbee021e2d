//! A month of a busy service, made up: a daily rhythm, and around it the noise of requests that come by themselves, of which
//! one in a thousand fails.

use guarantor::api::agreement::AgreementSpec;
use guarantor::evaluate::count::Count;
use guarantor::evaluate::ledger::Ledger;
use guarantor::evaluate::period::Bounds;
use guarantor::evaluate::series;
use guarantor::evaluate::slot::{Births, Slot, Tally};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// What the ledger of a month of five-minute slots may have.
pub const MOST_BYTES: usize = 64 << 10;

/// Numbers that look random, always the same.
pub struct Noise(pub u64);

impl Noise {
    /// From 0 up to `below`.
    pub fn next(&mut self, below: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap_or(0) % below.max(1)
    }

    /// Around 0, mostly within three times `deviation`.
    fn around(&mut self, deviation: u32) -> i64 {
        let sum: u32 = (0..12).map(|_| self.next(1_000)).sum();
        (i64::from(sum) - 5_994) * i64::from(deviation) / 1_000
    }
}

pub fn june() -> Bounds {
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

/// The ways in which three objectives measure.
pub fn three() -> [Value; 3] {
    [json!({}), json!({"method": "MeanOfSlots"}), json!({"method": "MeanOfSlots", "rateOver": "1h"})]
}

/// An agreement with an objective for each of these ways to measure.
pub fn spec(slot: &str, measurements: &[Value]) -> AgreementSpec {
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

/// June's ledger in which every series has the slots that `slot` gives by its number and theirs.
pub fn filled(spec: &AgreementSpec, mut slot: impl FnMut(usize, i64) -> Slot) -> Ledger {
    let seconds = spec.metrics.slot.seconds();
    let names: Vec<String> = spec.objectives.iter().flat_map(series::names).collect();
    let mut ledger = Ledger::new(june(), seconds, names.iter().map(String::as_str)).expect("a ledger");
    for (number, name) in names.iter().enumerate() {
        for index in 0..i64::try_from(ledger.slot_count()).unwrap_or(0) {
            let start = june().start.saturating_add(SignedDuration::from_secs(index * seconds)).unwrap_or_default();
            ledger.insert(name, start, slot(number, index)).expect("a slot of June");
        }
    }
    ledger
}

/// Requests that come by themselves.
pub fn busy(spec: &AgreementSpec) -> Ledger {
    let mut noise = Noise(42);
    let per_day = 86_400 / spec.metrics.slot.seconds();
    filled(spec, |series, index| {
        let at_noon = [9_000, 2_000, 300].get(series).copied().unwrap_or(1_000);
        slot(index, per_day, at_noon, &mut noise)
    })
}
