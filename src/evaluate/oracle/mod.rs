//! The counting methods against looking at every second: slow, obvious, and written without any of their parts.

mod brute_force;

use num_rational::BigRational;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::due_slots::DueSlots;
use super::exact::whole;
use super::example::{measured, second};
use super::exclusion::{Exclusions, Honoured};
use super::exemption::Exemptions;
use super::methods::bad_minutes::BadMinutes;
use super::methods::events::Events;
use super::methods::mean_of_slots::{MeanOfSlots, Rule};
use super::methods::minute_rule::MinuteRule;
use super::methods::pooled::Pooled;
use super::methods::{Account, CountingMethod};
use super::period::Bounds;
use super::run::Runs;
use super::slot::{Slot, UnknownCause};
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};
use crate::api::measurement::{Measurement, Pool};
use crate::api::objective::Member;
use brute_force::{Minutes, World, mean, requests};

/// The beginning of the time that is looked at: some minute of the epoch.
const START: i64 = 1_200;
const LENGTH: i64 = 2 * 3_600;

/// From, until, effect, in seconds from the beginning. They overlap as they like.
type Window = (i64, i64, ExclusionEffect);

fn any_slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        3 => Just(measured(100, 0)),
        3 => Just(measured(100, 100)),
        2 => Just(measured(20, 1)),
        2 => Just(measured(7, 3)),
        2 => Just(measured(0, 0)),
        2 => Just(Slot::unknown(UnknownCause::NoSamples, 1)),
        1 => Just(Slot::excluded(1)),
        2 => Just(Slot::not_deployed(1)),
    ]
}

/// Slots of one length that fill the time, in spells of any length.
fn any_slots(slot_seconds: i64) -> impl Strategy<Value = Vec<Slot>> {
    let spell = (0i64..LENGTH, prop_oneof![1i64..200, 200i64..2_000], any_slot());
    (any_slot(), proptest::collection::vec(spell, 0..25)).prop_map(move |(background, spells)| {
        let count = usize::try_from(LENGTH / slot_seconds).unwrap();
        let mut slots = vec![background; count];
        for (from, length, slot) in spells {
            let first = usize::try_from(from / slot_seconds).unwrap();
            let n = usize::try_from(length / slot_seconds).unwrap();
            slots.iter_mut().skip(first).take(n).for_each(|held| *held = slot.clone());
        }
        slots
    })
}

fn any_windows() -> impl Strategy<Value = Vec<Window>> {
    let effect = select(vec![ExclusionEffect::Exclude, ExclusionEffect::CountAsGood]);
    let window =
        (-300i64..LENGTH, 0i64..1_500, effect).prop_map(|(from, length, effect)| (from, from + length, effect));
    proptest::collection::vec(window, 0..5)
}

fn any_measurement() -> impl Strategy<Value = Measurement> {
    (
        select(vec![
            json!({"allFail": true}),
            json!({"errorRateAbove": "5"}),
            json!({"errorRateAbove": "42.857142857"}),
        ]),
        select(vec![Value::Null, json!("1m"), json!("90s"), json!("5m"), json!("10m")]),
        select(vec![Value::Null, json!(1), json!(100), json!(101), json!(600)]),
        select(vec![Value::Null, json!("Drop"), json!("Count")]),
        select(vec![Value::Null, json!("Calendar"), json!("Deployed")]),
    )
        .prop_map(|(bad_when, run, events, partial, denominator)| {
            let mut measurement = json!({"method": "BadMinutes", "badWhen": bad_when});
            let optional = [
                ("minimumConsecutive", run),
                ("minimumEvents", events),
                ("partialMinutes", partial),
                ("denominator", denominator),
            ];
            for (field, value) in optional.into_iter().filter(|(_, value)| !value.is_null()) {
                measurement[field] = value;
            }
            serde_json::from_value(measurement).unwrap()
        })
}

fn exemptions(windows: &[Window]) -> Exemptions {
    let honoured = windows.iter().map(|(from, until, effect)| Honoured {
        name: String::new(),
        reason: ExclusionReason::Maintenance,
        effect: *effect,
        objectives: Vec::new(),
        spans: vec![Bounds { start: second(START + from), end: second(START + until) }],
        events: None,
    });
    Exemptions::of(&Exclusions { honoured: honoured.collect(), refused: Vec::new() }, "o")
}

fn due(slots: &[Slot]) -> DueSlots<'_> {
    DueSlots::new(slots, slots.len(), START, LENGTH / i64::try_from(slots.len()).unwrap())
}

/// The same slots as runs.
fn runs(slots: &[Slot]) -> Runs {
    Runs::collect(START, due(slots).slot_seconds(), slots.iter().map(|slot| (1, slot.clone())))
}

fn world<'a>(slots: &'a [Slot], windows: &'a [Window]) -> World<'a> {
    World { slots, slot_seconds: due(slots).slot_seconds(), start: START, windows }
}

fn figures(account: &Account) -> (Option<BigRational>, Option<(BigRational, BigRational)>) {
    (account.attainment.clone(), account.bounds.clone())
}

fn slot_seconds() -> impl Strategy<Value = i64> {
    select(vec![1i64, 5, 10, 30, 60])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn bad_minutes_agree_with_looking_at_every_second(
        slots in slot_seconds().prop_flat_map(any_slots), windows in any_windows(), measurement in any_measurement(),
    ) {
        let rule = MinuteRule::of(0, &measurement).unwrap();
        let exemptions = exemptions(&windows);
        let found = BadMinutes::new(&rule, due(&slots), &exemptions);
        let expected = Minutes::of(&measurement, world(&slots, &windows).conditions(&measurement));
        prop_assert_eq!(figures(&found.account()), expected.figures());
        let downtime: Vec<(i64, i64)> =
            found.downtime().iter().map(|b| (b.start.as_second() - START, b.end.as_second() - START)).collect();
        prop_assert_eq!(downtime, expected.runs());
        let as_runs = runs(&slots);
        let same = BadMinutes::new(&rule, DueSlots::of_runs(&as_runs, as_runs.count()), &exemptions);
        prop_assert_eq!(same.account(), found.account());
        prop_assert_eq!(same.violations("o", &whole(1), true), found.violations("o", &whole(1), true));
    }

    #[test]
    fn means_agree_with_adding_fractions_group_by_group(
        slots in select(vec![5i64, 30, 60, 300]).prop_flat_map(any_slots),
        windows in any_windows(), over in select(vec![None, Some(300i64), Some(3_600)]), skip in any::<bool>(),
    ) {
        let empty = if skip { "Skip" } else { "Good" };
        let rule = Rule { over_seconds: over, empty: serde_json::from_value(json!(empty)).unwrap() };
        let exemptions = exemptions(&windows);
        let found = MeanOfSlots::new(rule, exemptions.by_slot(due(&slots)));
        prop_assert_eq!(figures(&found.account()), mean(&world(&slots, &windows), over, skip));
        let as_runs = runs(&slots);
        let same = MeanOfSlots::new(rule, exemptions.by_slot(DueSlots::of_runs(&as_runs, as_runs.count())));
        prop_assert_eq!(same.account(), found.account());
    }

    #[test]
    fn events_agree_with_counting_them_slot_by_slot(
        slots in select(vec![30i64, 60, 300]).prop_flat_map(any_slots), windows in any_windows(),
    ) {
        let exemptions = exemptions(&windows);
        let found = Events::of(exemptions.by_slot(due(&slots))).account();
        let (total, bad) = requests(&world(&slots, &windows));
        prop_assert_eq!((found.counted.total.ratio(), found.counted.bad.ratio()), (whole(total), whole(bad)));
        let as_runs = runs(&slots);
        let same = Events::of(exemptions.by_slot(DueSlots::of_runs(&as_runs, as_runs.count()))).account();
        prop_assert_eq!(same, found);
    }

    #[test]
    fn pools_agree_with_looking_at_every_second_of_every_member(
        members in proptest::collection::vec((slot_seconds().prop_flat_map(any_slots), any::<bool>()), 1..4),
        windows in any_windows(), measurement in any_measurement(), together in any::<bool>(),
    ) {
        let rule = MinuteRule::of(0, &measurement).unwrap();
        let named: Vec<Member> = members.iter().enumerate().map(|(i, (_, covered))| {
            serde_json::from_value(json!({"name": format!("m{i}"), "covered": covered})).unwrap()
        }).collect();
        let pool = if together { Pool::AllDown } else { Pool::Sum };
        let all = named.iter().zip(&members).map(|(member, (slots, _))| (member, due(slots))).collect();
        let found = Pooled::new(&rule, pool, all, &exemptions(&windows));
        let covered: Vec<_> = members.iter().filter(|(_, covered)| *covered)
            .map(|(slots, _)| world(slots, &windows).conditions(&measurement)).collect();
        prop_assert_eq!(figures(&found.account()), brute_force::pool(&measurement, &covered, together));
    }

    #[test]
    fn neither_order_nor_overlap_nor_splits_of_exclusions_matter(
        slots in slot_seconds().prop_flat_map(any_slots), windows in any_windows(), measurement in any_measurement(),
        cut in any::<prop::sample::Index>(),
    ) {
        let rule = MinuteRule::of(0, &measurement).unwrap();
        let account = |windows: &[Window]| {
            let exemptions = exemptions(windows);
            (BadMinutes::new(&rule, due(&slots), &exemptions).account(), exemptions.by_slot(due(&slots)).slots().census())
        };
        let expected = account(&windows);
        let mut split: Vec<Window> = windows.iter().rev().flat_map(|(from, until, effect)| {
            let middle = from + i64::try_from(cut.index(usize::try_from(until - from).unwrap() + 1)).unwrap();
            [(middle, *until, *effect), (*from, middle, *effect)]
        }).collect();
        prop_assert_eq!(account(&split), expected.clone());
        split.extend(windows);
        prop_assert_eq!(account(&split), expected);
    }

    #[test]
    fn a_window_up_to_now_holds_what_its_slots_hold(
        slots in slot_seconds().prop_flat_map(any_slots), n in 1usize..400,
    ) {
        let measurement = serde_json::from_value(json!({
            "method": "BadMinutes", "badWhen": {"allFail": true}, "partialMinutes": "Count",
        })).unwrap();
        let rule = MinuteRule::of(0, &measurement).unwrap();
        let none = Exemptions::default();
        let whole = BadMinutes::new(&rule, due(&slots), &none);
        let tail = slots.len().saturating_sub(n);
        let first = START + i64::try_from(tail).unwrap() * due(&slots).slot_seconds();
        let recent = DueSlots::new(&slots[tail..], slots.len() - tail, first, due(&slots).slot_seconds());
        prop_assert_eq!(whole.recent(n), BadMinutes::new(&rule, recent, &none).account());
    }
}
