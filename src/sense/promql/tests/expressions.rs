//! A generator of accepted expressions of every kind.

use proptest::prelude::*;

/// The metrics the expressions read.
pub(super) const METRICS: [&str; 4] = ["requests_total", "errors_total", "job:up:sum", "ns_total"];

const MATCHERS: [&str; 8] = [
    "code=\"500\"",
    "code=~\"5..\"",
    "namespace=\"other\"",
    "namespace=~\".*\"",
    "namespace!=\"shop\"",
    "namespace=\"\"",
    "\"utf8.label\"!~'a|b'",
    "path=\"a\\\"b\\\\c\\nd\\u00fc\"",
];

fn selector() -> impl Strategy<Value = String> {
    (
        proptest::sample::select(METRICS.as_slice()),
        proptest::sample::subsequence(&MATCHERS[..], 0..3).prop_shuffle(),
        any::<bool>(),
    )
        .prop_map(|(metric, matchers, quoted)| {
            let matchers = matchers.join(", ");
            match (quoted, matchers.is_empty()) {
                (true, true) => format!("{{\"{metric}\"}}"),
                (true, false) => format!("{{\"{metric}\", {matchers}}}"),
                (false, true) => metric.to_owned(),
                (false, false) => format!("{metric}{{{matchers}}}"),
            }
        })
}

fn vector() -> impl Strategy<Value = String> {
    let leaf = (selector(), proptest::sample::select(&["", "increase", "rate", "sum_over_time", "changes"][..]))
        .prop_map(
            |(selector, function)| {
                if function.is_empty() { selector } else { format!("{function}({selector}[ $slot ])") }
            },
        );
    leaf.prop_recursive(3, 12, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|v| format!("({v})")),
            inner.clone().prop_map(|v| format!("-({v})")),
            inner.clone().prop_map(|v| format!("abs({v})")),
            inner.clone().prop_map(|v| format!("sum by (job, namespace) ({v})")),
            inner.clone().prop_map(|v| format!("count_values(\"v\", {v})")),
            inner.clone().prop_map(|v| format!("label_replace({v}, \"x\", \"$1\", \"job\", \"(.*)\")")),
            pair.clone().prop_map(|(p, v)| format!("topk(scalar(sum({p})), {v})")),
            pair.clone().prop_map(|(p, v)| format!("quantile without (a) (scalar(max({p})), {v})")),
            pair.clone().prop_map(|(p, v)| format!("clamp_max({v}, scalar(sum({p})))")),
            pair.clone().prop_map(|(l, r)| format!("({l} / on (job) group_left (a) {r})")),
            pair.clone().prop_map(|(l, r)| format!("({l} unless ignoring (a, b) {r})")),
            pair.prop_map(|(l, r)| format!("({l} >= bool {r} * 1e-3)")),
        ]
    })
}

/// An expression that is one figure and reads its slot at least once.
pub(super) fn expression() -> impl Strategy<Value = String> {
    (vector(), vector())
        .prop_map(|(l, r)| format!("sum(increase(requests_total[$slot])) - sum({l}) ^ -2 or max({r}) # end"))
}
