use proptest::prelude::*;

use super::super::example::{measured, second};
use super::super::ledger::MAX_SERIES_SLOTS;
use super::super::run::Runs;
use super::super::slot::{Slot, SlotState, UnknownCause};
use super::*;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

const SLOT: i64 = 60;

fn bounds(start: i64, end: i64) -> Bounds {
    Bounds { start: second(start), end: second(end) }
}

/// A ledger of one series with these slots from its beginning on.
fn ledger(start: i64, end: i64, slots: &[Slot]) -> Ledger {
    let mut ledger = Ledger::new(bounds(start, end), SLOT, ["a"]).unwrap();
    ledger.set_slots("a", slots.to_vec()).unwrap();
    ledger
}

fn window(start: i64, end: i64, earlier: Vec<Ledger>) -> Window {
    let named = |ledger: Ledger| Earlier { name: "l".to_owned(), digest: String::new(), ledger, diagnoses: Vec::new() };
    Window { judged: bounds(start, end), earlier: earlier.into_iter().map(|l| Arc::new(named(l))).collect() }
}

/// Slot by slot, what is due of a series.
fn due(ledger: &Ledger, series: &str) -> Vec<(i64, Slot)> {
    let slots = ledger.due_slots(series, Timestamp::MAX, SignedDuration::ZERO);
    let of = |run: super::super::run::Run<'_>| {
        let starts = (0..run.count).map(move |n| run.start + SLOT * i64::try_from(n).unwrap());
        starts.map(|start| (start, run.slot.clone())).collect::<Vec<_>>()
    };
    slots.runs().flat_map(of).collect()
}

#[test]
fn without_a_window_the_period_itself_is_judged() {
    let own = ledger(0, 600, &[measured(1, 0)]);
    assert!(matches!(judged(&own, None).unwrap(), Cow::Borrowed(same) if same == &own));
}

#[test]
fn what_no_ledger_tells_is_unknown_and_what_was_not_agreed_is_left_out() {
    let mut own = Ledger::new(bounds(1200, 1800), SLOT, ["a", "b"]).unwrap();
    own.insert("a", second(1200), measured(5, 1)).unwrap();
    own.insert("b", second(1200), measured(5, 1)).unwrap();
    // Of the two periods before, the first has no ledger, and in the second nobody had agreed on b.
    let whole = judged(&own, Some(&window(0, 1800, vec![ledger(600, 1200, &vec![measured(7, 0); 9])]))).unwrap();
    let states = |series: &str| {
        due(&whole, series).iter().map(|(_, slot)| slot.state()).collect::<Vec<_>>().chunk_by(PartialEq::eq).fold(
            Vec::new(),
            |mut all, chunk| {
                all.push((chunk[0], chunk.len()));
                all
            },
        )
    };
    let unread = SlotState::Unknown(UnknownCause::NotRead);
    assert_eq!(
        states("a"),
        [(unread, 10), (SlotState::Measured, 9), (unread, 1), (SlotState::Measured, 1), (unread, 9)]
    );
    assert_eq!(states("b"), [(unread, 10), (SlotState::Excluded, 10), (SlotState::Measured, 1), (unread, 9)]);
}

#[test]
fn slots_of_another_length_or_off_the_grid_tell_nothing() {
    let own = ledger(600, 1200, &[measured(1, 0)]);
    let mut long = Ledger::new(bounds(0, 600), 2 * SLOT, ["a"]).unwrap();
    long.set_slots("a", vec![measured(1, 0); 5]).unwrap();
    let mut shifted = Ledger::new(bounds(0, 600), SLOT, ["a"]).unwrap();
    shifted.set_runs("a", Runs::new(30, SLOT, 9, measured(1, 0))).unwrap();
    for other in [long, shifted] {
        let whole = judged(&own, Some(&window(0, 1200, vec![other]))).unwrap();
        assert!(due(&whole, "a")[..10].iter().all(|(_, slot)| slot.unknown_cause().is_some()));
    }
}

#[test]
fn it_is_read_as_far_as_the_ledger_of_the_period() {
    let own = ledger(600, 1200, &[measured(1, 0), measured(1, 0)]);
    for earlier in [Vec::new(), vec![ledger(0, 600, &vec![measured(1, 0); 10])]] {
        let whole = judged(&own, Some(&window(0, 1200, earlier))).unwrap();
        assert_eq!(whole.measured_through(), own.measured_through());
        assert_eq!(whole.settles_at(SignedDuration::ZERO), own.settles_at(SignedDuration::ZERO));
    }
}

#[test]
fn more_slots_than_fit_into_memory_are_refused() {
    let own = Ledger::new(bounds(0, 60), 1, ["a", "b"]).unwrap();
    let start = 60 - i64::try_from(MAX_SERIES_SLOTS).unwrap();
    assert!(judged(&own, Some(&window(start, 60, Vec::new()))).is_ok());
    let refused = judged(&own, Some(&window(start - 1, 60, Vec::new()))).unwrap_err();
    assert_eq!(refused, LedgerError::SeriesTooLong(MAX_SERIES_SLOTS + 1));
    assert!(judged(&own, Some(&window(60, 60, Vec::new()))).is_err(), "no time at all");
}

fn slot() -> impl Strategy<Value = Slot> {
    let unknown = Slot::unknown(UnknownCause::Absent, 1);
    prop_oneof![(1u32..4, 0u32..2).prop_map(|(total, bad)| measured(total, bad)), Just(measured(0, 0)), Just(unknown)]
}

proptest! {
    /// The oracle: one long ledger that was never cut into periods.
    #[test]
    fn a_window_of_ledgers_is_one_long_ledger(
        slots in prop::collection::vec(slot(), 40),
        cuts in prop::collection::btree_set(1i64..40, 0..5),
        first in 0i64..40,
        offset in 0i64..60,
        read in 0usize..40,
        as_runs in any::<bool>(),
    ) {
        let cuts: Vec<i64> = [0].into_iter().chain(cuts).chain([40]).collect();
        // Periods begin and end anywhere in a slot, which belongs to the one in which it starts.
        let second_of = |cut: i64| cut * SLOT - if cut == 0 { 0 } else { offset };
        let part = |from: i64, until: i64| slots[usize::try_from(from).unwrap()..usize::try_from(until).unwrap()].to_vec();
        let mut ledgers: Vec<Ledger> = cuts
            .windows(2)
            .map(|w| {
                let mut held = ledger(second_of(w[0]), second_of(w[1]), &part(w[0], w[1]));
                if as_runs {
                    let runs = part(w[0], w[1]).into_iter().map(|slot| (1, slot));
                    held.set_runs("a", Runs::collect(w[0] * SLOT, SLOT, runs)).unwrap();
                }
                held
            })
            .collect();
        let mut own = ledgers.pop().unwrap();
        let begun = usize::try_from(cuts[cuts.len() - 2]).unwrap();
        if !as_runs {
            own.set_slots("a", slots[begun..].iter().take(read).cloned().collect()).unwrap();
        }
        let known = if as_runs { 40 } else { 40.min(begun + read) };
        let whole = judged(&own, Some(&window(first * SLOT, second_of(40), ledgers))).unwrap();
        let expected: Vec<(i64, Slot)> = (first..40)
            .map(|n| {
                let index = usize::try_from(n).unwrap();
                (n * SLOT, if index < known { slots[index].clone() } else { Slot::unknown(UnknownCause::NotRead, 0) })
            })
            .collect();
        prop_assert_eq!(due(&whole, "a"), expected);
    }
}
