//! Thresholds are numbers, bounds are spellings.

use crate::sense::promql::{Ask, AskId, BucketError, IncreaseForm, Plan, Refusal, latency, matching_bounds};

#[test]
fn a_threshold_finds_every_spelling_of_its_bound() {
    let le = ["0.1", "0.25", "0.250", "1", "1.0", "2.5e-01", "5", "10", "+Inf", "", "NaN"];
    let table = [
        ("0.25", vec!["0.25", "0.250", "2.5e-01"]),
        ("1", vec!["1", "1.0"]),
        ("1.000", vec!["1", "1.0"]),
        ("10", vec!["10"]),
        ("1e1", vec!["10"]),
    ];
    for (threshold, expected) in table {
        let found = matching_bounds(&le, threshold).unwrap();
        assert!(found.spellings().iter().map(String::as_str).eq(expected), "{threshold}");
    }
}

#[test]
fn a_threshold_between_bounds_names_its_neighbours() {
    let le = ["0.1", "10", "0.5", "9", "+Inf"];
    let table = [
        ("0.3", Some("0.1"), Some("0.5")),
        ("9.5", Some("9"), Some("10")),
        ("0.05", None, Some("0.1")),
        ("11", Some("10"), Some("+Inf")),
    ];
    for (threshold, below, above) in table {
        assert_eq!(
            matching_bounds(&le, threshold),
            Err(BucketError::NoSuchBound {
                threshold: threshold.to_owned(),
                below: below.map(str::to_owned),
                above: above.map(str::to_owned),
            })
        );
    }
    assert_eq!(
        matching_bounds(&["0.1"], "0.3").unwrap_err().to_string(),
        "no bucket ends at 0.3 s: the nearest bounds are 0.1 below and none above; use one of them or add a bucket"
    );
    assert_eq!(matching_bounds(&["+Inf", ""], "0.3"), Err(BucketError::NoBuckets));
    for threshold in ["", "0", "-1", "+Inf", "NaN", "250ms"] {
        assert_eq!(matching_bounds(&le, threshold), Err(BucketError::Threshold(threshold.to_owned())));
    }
}

#[test]
fn good_and_total_read_the_same_series() {
    let selector = [("job".to_owned(), "a\"b".to_owned())];
    let two = matching_bounds(&["0.25", "0.250"], "0.25").unwrap();
    let built = latency("http_seconds", &selector, &two).unwrap();
    assert_eq!(
        built.good.to_string(),
        "sum(increase(http_seconds_bucket{job=\"a\\\"b\",le=~\"0\\\\.25|0\\\\.250\"}[$slot]))"
    );
    assert_eq!(built.total.to_string(), "sum(increase(http_seconds_count{job=\"a\\\"b\"}[$slot]))");
    let one = matching_bounds(&["1.0"], "1").unwrap();
    let built = latency("http_seconds", &[], &one).unwrap();
    assert_eq!(built.good.to_string(), "sum(increase(http_seconds_bucket{le=\"1.0\"}[$slot]))");
}

#[test]
fn buckets_of_many_services_are_one_query_and_le_is_no_key() {
    let bound = matching_bounds(&["1.0", "1"], "1").unwrap();
    let asks: Vec<Ask> = ["a", "b"]
        .iter()
        .zip(0..)
        .map(|(job, id)| Ask {
            id: AskId(id),
            expression: latency("h", &[("job".to_owned(), (*job).to_owned())], &bound)
                .unwrap()
                .good
                .confine(&[])
                .unwrap(),
            slot_ms: 60_000,
            at_ms: 0,
        })
        .collect();
    assert_eq!(
        Plan::of(&asks, IncreaseForm::Native).requests[0].query,
        "sum by (job) (increase(h_bucket{job=~\"a|b\",le=~\"1|1\\\\.0\"}[60000ms]))"
    );
}

#[test]
fn a_part_of_a_histogram_is_not_its_name() {
    let bound = matching_bounds(&["1"], "1").unwrap();
    for name in ["", "h_bucket", "h_count", "h_sum"] {
        let refused = latency(name, &[], &bound);
        assert_eq!(refused, Err(Refusal::HistogramName { name: name.to_owned() }));
    }
    for label in ["le", "__name__", ""] {
        let refused = latency("h", &[(label.to_owned(), "1".to_owned())], &bound);
        assert_eq!(refused, Err(Refusal::HistogramLabel { label: label.to_owned() }));
    }
}
