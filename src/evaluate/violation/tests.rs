use k8s_openapi::jiff::Timestamp;
use proptest::prelude::*;

use super::super::example::{measured, ratio, second};
use super::super::slot::{SlotState, UnknownCause};
use super::*;

/// `b` bad, `w` worse, `g` good, `n` no traffic, `u` unknown, `x` excluded.
fn slots(pattern: &str) -> Vec<Slot> {
    let slot = |c| match c {
        'b' => measured(100, 10),
        'w' => measured(10, 9),
        'g' => measured(100, 1),
        'n' => measured(0, 0),
        'x' => Slot::excluded(1),
        _ => Slot::unknown(UnknownCause::Unreachable, 1),
    };
    pattern.chars().map(slot).collect()
}

fn found(pattern: &str, closed: bool) -> Vec<ViolationSpan> {
    let slots = slots(pattern);
    let missed = |slot: &Slot| match slot.state() {
        SlotState::Measured => Some(slot.counted().good().is_less_than(&ratio(99, 100), slot.counted().total)),
        SlotState::NoTraffic => Some(false),
        _ => None,
    };
    violations("o", DueSlots::new(&slots, slots.len(), 600, 60), closed, missed)
}

#[test]
fn runs_by_hand() {
    // Per run: its first minute and the one after its last, `None` while it goes on.
    type Runs = &'static [(i64, Option<i64>)];
    let cases: [(&str, bool, Runs); 11] = [
        ("", false, &[]),
        ("gggn", false, &[]),
        ("bbg", false, &[(0, Some(2))]),
        ("gbngwbg", false, &[(1, Some(2)), (4, Some(6))]),
        ("gbb", false, &[(1, None)]),
        ("gbb", true, &[(1, Some(3))]),
        ("bug", false, &[(0, Some(1))]),
        ("bub", true, &[(0, Some(3))]),
        ("bxxbg", false, &[(0, Some(4))]),
        ("ubu", false, &[(1, None)]),
        ("ubu", true, &[(1, Some(2))]),
    ];
    for (pattern, closed, expected) in cases {
        let at = |minute: i64| second(600 + 60 * minute);
        let spans: Vec<_> = found(pattern, closed).iter().map(|v| (v.start, v.end)).collect();
        let expected: Vec<_> = expected.iter().map(|(s, e)| (at(*s), e.map(at))).collect();
        assert_eq!(spans, expected, "{pattern} {closed}");
    }
}

#[test]
fn a_run_knows_its_depth_and_its_events() {
    let run = &found("gbuwbg", false)[0];
    assert_eq!(run.depth, ratio(1, 10));
    assert_eq!((run.total_events.clone(), run.bad_events.clone()), (ratio(210, 1), ratio(29, 1)));
    let shown = shown(run);
    assert_eq!(
        (shown.depth.as_str(), shown.total_events.as_str(), shown.bad_events.as_str()),
        ("10.000000", "210", "29")
    );
    assert_eq!(shown.end, Some(Time(second(600 + 300))));
}

proptest! {
    #[test]
    fn runs_agree_with_looking_at_every_second(pattern in "[bwgnux]{0,30}") {
        let runs = found(&pattern, true);
        // Slot by slot: a bad slot lies in a run; a known good one in none; runs begin and end with bad ones.
        let kinds: Vec<char> = pattern.chars().collect();
        let in_run = |s: i64| runs.iter().any(|v| v.start <= second(s) && v.end.is_some_and(|e| second(s) < e));
        for s in 0..i64::try_from(kinds.len() * 60).unwrap() {
            match kinds[usize::try_from(s / 60).unwrap()] {
                'b' | 'w' => prop_assert!(in_run(600 + s)),
                'g' | 'n' => prop_assert!(!in_run(600 + s)),
                _ => {}
            }
        }
        let kind_at = |t: Timestamp| kinds[usize::try_from((t.as_second() - 600) / 60).unwrap()];
        for run in &runs {
            prop_assert!("bw".contains(kind_at(run.start)));
            prop_assert!("bw".contains(kind_at(second(run.end.unwrap().as_second() - 60))));
        }
        let bad: u32 = kinds.iter().map(|k| match k { 'b' => 10, 'w' => 9, _ => 0 }).sum();
        prop_assert_eq!(runs.iter().map(|r| r.bad_events.clone()).sum::<BigRational>(), ratio(bad.into(), 1));
        // Two runs are kept apart by a slot that is known not to be bad.
        for (a, b) in runs.iter().zip(runs.iter().skip(1)) {
            let between = (a.end.unwrap().as_second()..b.start.as_second()).step_by(60);
            prop_assert!(between.into_iter().any(|t| "gn".contains(kind_at(second(t)))));
        }
    }
}

#[test]
fn bad_time_has_the_events_of_the_slots_it_touches() {
    let slots = slots("gbwggb");
    let due = DueSlots::new(&slots, 6, 600, 60);
    let time = |from: i64, until: i64| Stretch { from: 600 + from, until: 600 + until };
    let found = of_downtime("o", &[due], &[time(90, 150), time(330, 360)], false);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].start, found[0].end), (second(690), Some(second(750))));
    assert_eq!((found[0].total_events.clone(), found[0].bad_events.clone()), (ratio(110, 1), ratio(19, 1)));
    assert_eq!(found[0].depth, ratio(1, 10));
    assert_eq!((found[1].end, found[1].bad_events.clone()), (None, ratio(10, 1)), "it reaches the end of what is due");
    assert_eq!(of_downtime("o", &[due], &[time(330, 360)], true)[0].end, Some(second(960)));
}

#[test]
fn what_only_excluded_time_separates_is_one() {
    let runs = || found("bbgbwgggb", true);
    let bridge = |from: i64, until: i64| Stretch { from: 600 + 60 * from, until: 600 + 60 * until };
    let told = |bridges: &[Stretch]| {
        let minute = |at: Timestamp| (at.as_second() - 600) / 60;
        let spans = joined(runs(), bridges);
        spans.iter().map(|v| (minute(v.start), minute(v.end.unwrap()))).collect::<Vec<_>>()
    };
    assert_eq!(told(&[]), [(0, 2), (3, 5), (8, 9)]);
    assert_eq!(told(&[bridge(2, 3)]), [(0, 5), (8, 9)]);
    assert_eq!(told(&[bridge(5, 7)]), [(0, 2), (3, 5), (8, 9)], "a minute of it was good");
    assert_eq!(told(&[bridge(1, 9)]), [(0, 9)]);
    let one = &joined(runs(), &[bridge(1, 9)])[0];
    assert_eq!((one.depth.clone(), one.bad_events.clone()), (ratio(1, 10), ratio(49, 1)));
    assert_eq!(one.total_events, ratio(410, 1));
}
