//! Which stretches missed the target.

use proptest::prelude::*;

use super::super::super::example::{measured, ratio};
use super::super::CountingMethod;
use super::*;

const START: i64 = 600;

/// By stretches of three slots of a minute: the first minute of each violation, and the one after its last.
fn found(slots: &[Slot], closed: bool, unknown: UnknownTime) -> Vec<(i64, Option<i64>)> {
    let rule = Rule { over_seconds: Some(180), empty: EmptySlot::Good };
    let due = DueSlots::new(slots, slots.len(), START, 60);
    let found = MeanOfSlots::new(rule, Record::AsRead(due)).violations("o", &ratio(9, 10), closed, unknown);
    let minute = |second: i64| (second - START) / 60;
    found.iter().map(|v| (minute(v.start.as_second()), v.end.map(|end| minute(end.as_second())))).collect()
}

fn slots(pattern: &str) -> Vec<Slot> {
    let slot = |c| match c {
        'b' => measured(10, 10),
        'g' => measured(10, 0),
        'G' => measured(1_000, 0),
        'n' => measured(0, 0),
        'x' => Slot::excluded(1),
        _ => Slot::unknown(UnknownCause::Unreachable, 1),
    };
    pattern.chars().map(slot).collect()
}

#[test]
fn a_violation_is_a_run_of_stretches_that_missed_the_target() {
    type Runs = &'static [(i64, Option<i64>)];
    let cases: [(&str, bool, Runs); 14] = [
        ("bGGggg", true, &[]),
        ("gbgggg", true, &[(0, Some(3))]),
        ("gbgggbggg", true, &[(0, Some(6))]),
        ("gbggggbgg", true, &[(0, Some(3)), (6, Some(9))]),
        ("bbbbbbbbbggg", true, &[(0, Some(9))]),
        ("gggbug", true, &[(3, Some(6))]),
        ("gggGbu", true, &[]),
        ("gggguu", true, &[]),
        ("gggbxx", true, &[(3, Some(6))]),
        ("gggbnn", true, &[(3, Some(6))]),
        ("gggb", true, &[(3, Some(4))]),
        ("gggb", false, &[]),
        ("gggbgg", false, &[(3, None)]),
        ("gggbggg", false, &[(3, None)]),
    ];
    for (pattern, closed, expected) in cases {
        assert_eq!(found(&slots(pattern), closed, UnknownTime::Open), expected, "{pattern} {closed}");
    }
}

#[test]
fn a_violation_has_the_depth_and_the_events_of_its_stretches() {
    let slots = slots("gggbggbbgggg");
    let rule = Rule { over_seconds: Some(180), empty: EmptySlot::Good };
    let method = MeanOfSlots::new(rule, Record::AsRead(DueSlots::new(&slots, slots.len(), START, 60)));
    let found = &method.violations("o", &ratio(9, 10), true, UnknownTime::Open)[0];
    assert_eq!(found.depth, ratio(1, 3));
    assert_eq!((found.bad_events.clone(), found.total_events.clone()), (ratio(30, 1), ratio(60, 1)));
}

/// A stretch that is known in part is what no rule for the rest can make another of, and otherwise what is agreed.
#[test]
fn of_a_stretch_that_is_known_in_part_the_rest_is_taken_as_agreed() {
    use UnknownTime::{Bad, Good, LeftOut, Open};
    for (pattern, rule, is_missed) in [
        // 10 of 1,010 known events are bad, and a third of the stretch is unknown.
        ("Gbu", LeftOut, false),
        ("Gbu", Good, false),
        ("Gbu", Bad, true),
        ("Gbu", Open, false),
        // Half of what is known is bad, which is a third of the stretch at the least.
        ("gbu", LeftOut, true),
        ("gbu", Good, true),
        ("gbu", Bad, true),
        ("gbu", Open, true),
        ("uuu", Bad, true),
        ("uuu", Good, false),
        ("uuu", LeftOut, false),
        ("uuu", Open, false),
    ] {
        let runs = found(&slots(&format!("ggg{pattern}ggg")), true, rule);
        let expected: &[(i64, Option<i64>)] = if is_missed { &[(3, Some(6))] } else { &[] };
        assert_eq!(runs, expected, "{pattern} {rule:?}");
    }
    // 11 % of what is known is bad; if the rest was good, it was 7 %.
    let mut nearly = slots("gggggu");
    (nearly[3], nearly[4]) = (measured(100, 11), measured(100, 11));
    for (rule, is_missed) in [(LeftOut, true), (Good, false), (Bad, true), (Open, false)] {
        assert_eq!(!found(&nearly, true, rule).is_empty(), is_missed, "{rule:?}");
    }
}

proptest! {
    #[test]
    fn runs_of_stretches_agree_with_judging_each_by_itself(pattern in "[bgGnx]{0,40}") {
        let slots = slots(&pattern);
        let kinds: Vec<char> = pattern.chars().collect();
        let judged = kinds.chunks(3).map(|stretch| {
            let count = |c: char, events: u32| -> u32 { stretch.iter().filter(|s| **s == c).map(|_| events).sum() };
            let (bad, total) = (count('b', 10), count('b', 10) + count('g', 10) + count('G', 1_000));
            stretch.iter().any(|c| *c != 'x').then_some(bad * 10 > total)
        });
        let runs = found(&slots, true, UnknownTime::Open);
        for (stretch, missed) in (0i64..).zip(judged) {
            let at = stretch * 3;
            let inside = runs.iter().any(|(from, until)| *from <= at && until.is_some_and(|until| at < until));
            if let Some(missed) = missed {
                prop_assert_eq!(inside, missed, "stretch {} of {}", stretch, pattern);
            }
        }
    }
}
