//! What a real store refuses is told from what it merely does not know.

use guarantor::api::objective::{Indicator, RatioIndicator};
use guarantor::sense::observation::{FailureKind, Reading};

use crate::history;
use crate::stores::{self, ask, ratio, slots};

/// Multiplies series by others that have the same labels: two on one side are one too many for every store.
fn ambiguous() -> Indicator {
    let total = "sum(increase(requests_total[$slot]) * on() increase(requests_total[$slot]))";
    let bad = "sum(increase(requests_total{code=\"500\"}[$slot]))";
    Indicator {
        ratio: Some(RatioIndicator { good: None, bad: Some(bad.to_owned()), total: total.to_owned() }),
        ..Indicator::default()
    }
}

#[tokio::test]
async fn a_refused_expression_is_told_from_its_neighbours_in_one_slot_and_in_many() {
    let start = stores::start();
    for store in stores::all(&history::all(start)).await {
        for count in [1, 6] {
            let asks = [
                ask("refused", ambiguous(), slots(start, 0, count)),
                ask("steady", ratio("steady"), slots(start, 0, count)),
            ];
            let (readings, stats) = store.read(&asks).await;
            assert!(stats.requests <= 16, "{stats:?}");
            for (slot, beside) in readings[0].slots.iter().zip(&readings[1].slots) {
                let Reading::Failed(failure) = &slot.counted.total else { panic!("{:?}: {slot:?}", store.form) };
                assert_eq!(failure.kind, FailureKind::Expression, "{:?}: {}", store.form, failure.message);
                assert!(failure.message.starts_with("indicator.ratio.total: "), "{}", failure.message);
                assert!(matches!(beside.counted.total, Reading::Value(_)), "{beside:?}");
            }
        }
    }
}
