//! The counting methods against looking at every second: slow, obvious, and written without any of their parts.

pub(crate) mod brute_force;

use k8s_openapi::jiff::civil::{Date, date};
use num_rational::BigRational;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::due_slots::DueSlots;
use super::exact::{divide, whole};
use super::example::{measured, ratio, second};
use super::exclusion::{Exclusions, Honoured, Provenance};
use super::exemption::{Exemptions, Record};
use super::methods::bad_minutes::BadMinutes;
use super::methods::events::Events;
use super::methods::mean_of_slots::{MeanOfSlots, Rule};
use super::methods::minute_rule::MinuteRule;
use super::methods::pooled::Pooled;
use super::methods::unknown_time::UnknownTime;
use super::methods::{Account, CountingMethod};
use super::period::{Bounds, first_instant_of, zone};
use super::run::Runs;
use super::slot::{Slot, UnknownCause};
use super::stretch::union;
use super::violation::joined;
use crate::api::agreement::TreatAs;
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};
use crate::api::measurement::{EmptySlot, Measurement, Pool};
use crate::api::objective::Member;
use brute_force::{Minutes, World, mean, requests};

/// When the time that is looked at begins, in seconds of the epoch.
#[derive(Clone, Copy, Debug)]
struct Beginning(i64);

/// Some minute of the epoch, and days of zones that are off the hour; on the last two clocks change.
fn beginning() -> impl Strategy<Value = Beginning> {
    let days = [
        ("Asia/Kolkata", date(2026, 10, 1)),
        ("Australia/Lord_Howe", date(2026, 10, 1)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Australia/Lord_Howe", date(2026, 10, 4)),
    ];
    let first = |(name, day): (&str, Date)| first_instant_of(day, &zone(name).unwrap()).unwrap().as_second();
    select(std::iter::once(1_200).chain(days.map(first)).map(Beginning).collect::<Vec<_>>())
}

const LENGTH: i64 = 2 * 3_600;

/// From, until, effect, in seconds from the beginning. They overlap as they like.
pub(crate) type Window = (i64, i64, ExclusionEffect);

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

impl Beginning {
    fn exemptions(self, windows: &[Window]) -> Exemptions {
        let honoured = windows.iter().map(|(from, until, effect)| Honoured {
            provenance: Provenance::default(),
            name: String::new(),
            reason: ExclusionReason::Maintenance,
            effect: *effect,
            objectives: Vec::new(),
            spans: vec![Bounds { start: second(self.0 + from), end: second(self.0 + until) }],
            events: None,
        });
        Exemptions::of(&Exclusions { honoured: honoured.collect(), refused: Vec::new() }, "o")
    }

    fn due(self, slots: &[Slot]) -> DueSlots<'_> {
        DueSlots::new(slots, slots.len(), self.0, LENGTH / i64::try_from(slots.len()).unwrap())
    }

    /// The same slots as runs.
    fn runs(self, slots: &[Slot]) -> Runs {
        Runs::collect(self.0, self.due(slots).slot_seconds(), slots.iter().map(|slot| (1, slot.clone())))
    }

    fn world<'a>(self, slots: &'a [Slot], windows: &'a [Window]) -> World<'a> {
        World { slots, slot_seconds: self.due(slots).slot_seconds(), start: self.0, windows }
    }
}

fn figures(account: &Account) -> (Option<BigRational>, Option<(BigRational, BigRational)>) {
    (account.attainment.clone(), account.bounds.clone())
}

/// Whether what the unknown slots add makes the attainment, counted as good and as bad.
fn adds_up(account: &Account) -> bool {
    [TreatAs::Good, TreatAs::Bad].into_iter().all(|treat_as| {
        let Some(unknown) = account.unknown_treated(treat_as) else { return true };
        let good = &account.good + &unknown.total - &unknown.bad + &unknown.gained;
        divide(&good, &(&account.total + &unknown.total)) == account.attainment_treating(treat_as)
    })
}

fn slot_seconds() -> impl Strategy<Value = i64> {
    select(vec![1i64, 5, 10, 30, 60])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn bad_minutes_agree_with_looking_at_every_second(
        slots in slot_seconds().prop_flat_map(any_slots), windows in any_windows(), measurement in any_measurement(),
        begin in beginning(),
    ) {
        let rule = MinuteRule::of(0, &measurement).unwrap();
        let exemptions = begin.exemptions(&windows);
        let found = BadMinutes::new(&rule, begin.due(&slots), &exemptions);
        let expected = Minutes::of(&measurement, begin.world(&slots, &windows).conditions(&measurement));
        prop_assert_eq!(figures(&found.account()), expected.figures());
        prop_assert!(adds_up(&found.account()));
        for unknown in [UnknownTime::Bad, UnknownTime::Good, UnknownTime::LeftOut, UnknownTime::Open] {
            let downtime = found.downtime(unknown);
            let downtime: Vec<(i64, i64)> =
                downtime.iter().map(|b| (b.start.as_second() - begin.0, b.end.as_second() - begin.0)).collect();
            prop_assert_eq!(downtime, expected.runs(unknown == UnknownTime::Bad));
        }
        // As few violations as are certain: those that one run holds at worst are one.
        let open = UnknownTime::Open;
        let certain = expected.runs(false);
        let fewest = expected.runs(true).iter().filter(|(from, until)| certain.iter().any(|c| from <= &c.0 && c.1 <= *until)).count();
        prop_assert_eq!(joined(found.violations("o", &whole(1), true, open), &union(found.failing(open))).len(), fewest);
        let as_runs = begin.runs(&slots);
        let same = BadMinutes::new(&rule, DueSlots::of_runs(&as_runs, as_runs.count()), &exemptions);
        prop_assert_eq!(same.account(), found.account());
        prop_assert_eq!(same.violations("o", &whole(1), true, open), found.violations("o", &whole(1), true, open));
    }

    #[test]
    fn means_agree_with_adding_fractions_group_by_group(
        slots in select(vec![5i64, 30, 60, 300]).prop_flat_map(any_slots),
        windows in any_windows(), over in select(vec![None, Some(300i64), Some(3_600)]), skip in any::<bool>(),
        begin in beginning(),
    ) {
        let empty = if skip { "Skip" } else { "Good" };
        let rule = Rule { over_seconds: over, empty: serde_json::from_value(json!(empty)).unwrap() };
        let exemptions = begin.exemptions(&windows);
        let found = MeanOfSlots::new(rule, exemptions.by_slot(begin.due(&slots)));
        prop_assert_eq!(figures(&found.account()), mean(&begin.world(&slots, &windows), over, skip));
        prop_assert!(adds_up(&found.account()));
        let as_runs = begin.runs(&slots);
        let same = MeanOfSlots::new(rule, exemptions.by_slot(DueSlots::of_runs(&as_runs, as_runs.count())));
        prop_assert_eq!(same.account(), found.account());
    }

    #[test]
    fn events_agree_with_counting_them_slot_by_slot(
        slots in select(vec![30i64, 60, 300]).prop_flat_map(any_slots), windows in any_windows(),
        begin in beginning(),
    ) {
        let exemptions = begin.exemptions(&windows);
        let found = Events::of(exemptions.by_slot(begin.due(&slots))).account();
        let (total, bad) = requests(&begin.world(&slots, &windows));
        prop_assert_eq!((found.counted.total.ratio(), found.counted.bad.ratio()), (whole(total), whole(bad)));
        prop_assert!(adds_up(&found));
        let as_runs = begin.runs(&slots);
        let same = Events::of(exemptions.by_slot(DueSlots::of_runs(&as_runs, as_runs.count()))).account();
        prop_assert_eq!(same, found);
    }

    #[test]
    fn pools_agree_with_looking_at_every_second_of_every_member(
        members in proptest::collection::vec((slot_seconds().prop_flat_map(any_slots), any::<bool>()), 1..4),
        windows in any_windows(), measurement in any_measurement(), together in any::<bool>(),
        begin in beginning(),
    ) {
        let rule = MinuteRule::of(0, &measurement).unwrap();
        let named: Vec<Member> = members.iter().enumerate().map(|(i, (_, covered))| {
            serde_json::from_value(json!({"name": format!("m{i}"), "covered": covered})).unwrap()
        }).collect();
        let pool = if together { Pool::AllDown } else { Pool::Sum };
        let all = named.iter().zip(&members).map(|(member, (slots, _))| (member, begin.due(slots))).collect();
        let found = Pooled::new(&rule, pool, all, &begin.exemptions(&windows));
        let covered: Vec<_> = members.iter().filter(|(_, covered)| *covered)
            .map(|(slots, _)| begin.world(slots, &windows).conditions(&measurement)).collect();
        prop_assert_eq!(figures(&found.account()), brute_force::pool(&measurement, &covered, together));
        prop_assert!(adds_up(&found.account()));
    }

    #[test]
    fn neither_order_nor_overlap_nor_splits_of_exclusions_matter(
        slots in slot_seconds().prop_flat_map(any_slots), windows in any_windows(), measurement in any_measurement(),
        cut in any::<prop::sample::Index>(), begin in beginning(),
    ) {
        let rule = MinuteRule::of(0, &measurement).unwrap();
        let account = |windows: &[Window]| {
            let exemptions = begin.exemptions(windows);
            (BadMinutes::new(&rule, begin.due(&slots), &exemptions).account(), exemptions.by_slot(begin.due(&slots)).slots().census())
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
        slots in slot_seconds().prop_flat_map(any_slots), n in 1usize..400, begin in beginning(),
    ) {
        let measurement = serde_json::from_value(json!({
            "method": "BadMinutes", "badWhen": {"allFail": true}, "partialMinutes": "Count",
        })).unwrap();
        let rule = MinuteRule::of(0, &measurement).unwrap();
        let none = Exemptions::default();
        let whole = BadMinutes::new(&rule, begin.due(&slots), &none);
        let tail = slots.len().saturating_sub(n);
        let first = begin.0 + i64::try_from(tail).unwrap() * begin.due(&slots).slot_seconds();
        let recent = DueSlots::new(&slots[tail..], slots.len() - tail, first, begin.due(&slots).slot_seconds());
        prop_assert_eq!(whole.recent(n), BadMinutes::new(&rule, recent, &none).account());
    }
    /// What an amendment splits is counted in two parts, and nothing is lost between them.
    #[test]
    fn the_parts_of_a_period_hold_what_the_whole_holds(
        slots in slot_seconds().prop_flat_map(any_slots), windows in any_windows(), minute in 1i64..119,
        begin in beginning(), kind in select(vec!["Drop", "Count"]),
    ) {
        let measurement: Measurement = serde_json::from_value(json!({
            "method": "BadMinutes", "badWhen": {"errorRateAbove": "5"}, "partialMinutes": kind,
        })).unwrap();
        let rule = MinuteRule::of(0, &measurement).unwrap();
        let exemptions = begin.exemptions(&windows);
        let all = begin.due(&slots);
        let cut = usize::try_from(minute * 60 / all.slot_seconds()).unwrap();
        let middle = begin.0 + minute * 60;
        let parts = [
            DueSlots::new(&slots[..cut], cut, begin.0, all.slot_seconds()),
            DueSlots::new(&slots[cut..], slots.len() - cut, middle, all.slot_seconds()),
        ];
        let counted = |due: DueSlots<'_>| {
            let time = BadMinutes::new(&rule, due, &exemptions).account();
            let events = Events::of(exemptions.by_slot(due)).account();
            [time.good, time.total, events.good, events.total]
        };
        let (first, second) = (counted(parts[0]), counted(parts[1]));
        for ((whole, first), second) in counted(all).into_iter().zip(first).zip(second) {
            prop_assert_eq!(whole, first + second);
        }
    }
}

#[test]
fn an_hour_is_one_rate_where_a_day_does_not_begin_with_an_hour_of_utc() {
    for (name, hours) in [("Asia/Kolkata", 744), ("Australia/Lord_Howe", 744), ("Europe/Berlin", 745)] {
        let zone = zone(name).unwrap();
        let [start, end] = [date(2026, 10, 1), date(2026, 11, 1)].map(|day| first_instant_of(day, &zone).unwrap());
        let count = usize::try_from((end.as_second() - start.as_second()) / 300).unwrap();
        let mut slots = vec![measured(100, 0); count];
        slots[..12].fill(measured(100, 100));
        let due = DueSlots::new(&slots, count, start.as_second(), 300);
        let rule = Rule { over_seconds: Some(3_600), empty: EmptySlot::Good };
        let account = MeanOfSlots::new(rule, Record::AsRead(due)).account();
        // Half an hour that clocks skip leaves a stretch of half an hour at the end.
        assert_eq!(account.attainment, Some(ratio(hours - 1, hours)), "{name}");
    }
}
