use proptest::prelude::*;

use super::super::example::{SETTLE, ledger as filled, measured, second};
use super::super::slot::SlotState;
use super::*;

const NO_SETTLE: SignedDuration = SignedDuration::ZERO;

fn bounds(start: i64, end: i64) -> Bounds {
    Bounds { start: second(start), end: second(end) }
}

fn empty() -> Ledger {
    Ledger::new(bounds(0, 3600), 60, ["a"]).unwrap()
}

fn unknown(cause: UnknownCause) -> Slot {
    Slot::unknown(cause, 1)
}

#[test]
fn what_is_known_stays_and_what_is_unknown_may_become_known() {
    use Insertion::{Conflict, Entered, Unchanged};
    let (down, late) = (unknown(UnknownCause::Unreachable), unknown(UnknownCause::NoSamples));
    let (some, other, idle) = (measured(20, 1), measured(21, 1), measured(0, 0));
    let cases = [
        (vec![&some, &some], vec![Entered, Unchanged], &some),
        (vec![&some, &down], vec![Entered, Unchanged], &some),
        (vec![&down, &some], vec![Entered, Entered], &some),
        (vec![&down, &late], vec![Entered, Entered], &late),
        (vec![&down, &down], vec![Entered, Unchanged], &down),
        (vec![&some, &other], vec![Entered, Conflict], &some),
        (vec![&idle, &some], vec![Entered, Conflict], &idle),
        (vec![&down, &idle, &down], vec![Entered, Entered, Unchanged], &idle),
    ];
    for (slots, expected, left) in cases {
        let mut ledger = empty();
        let outcomes: Vec<_> = slots.iter().map(|s| ledger.insert("a", second(60), (*s).clone()).unwrap()).collect();
        assert_eq!(outcomes, expected);
        assert_eq!(&ledger.slots("a")[1], left);
        assert_eq!(ledger.slots("a")[0], Slot::unknown(UnknownCause::NotRead, 0));
    }
    let mut ledger = empty();
    ledger.insert("a", second(0), measured(20, 1)).unwrap();
    let later = Slot::known(ledger.slots("a")[0].counted(), ledger.slots("a")[0].births(), 2);
    assert_eq!(ledger.insert("a", second(0), later).unwrap(), Unchanged, "only the generation differs");
}

#[test]
fn what_may_say_something_else_later_is_found_by_when_its_slots_end() {
    let mut ledger = Ledger::new(bounds(30, 3600), 60, ["a", "b"]).unwrap();
    for (objective, start, slot) in [
        ("a", 120, unknown(UnknownCause::NoSamples)),
        ("b", 180, unknown(UnknownCause::Partial)),
        ("a", 180, measured(20, 1)),
        ("a", 240, unknown(UnknownCause::Expression)),
        ("a", 300, unknown(UnknownCause::Absent)),
    ] {
        ledger.insert(objective, second(start), slot).unwrap();
    }
    let cases = [
        (bounds(0, 3600), Some(bounds(120, 360))),
        (bounds(0, 180), Some(bounds(120, 180))),
        (bounds(0, 179), None),
        // A slot that has not ended by the beginning is not over with.
        (bounds(179, 240), Some(bounds(120, 240))),
        (bounds(180, 240), Some(bounds(180, 240))),
        (bounds(240, 359), None),
        (bounds(360, 3600), None),
    ];
    for (within, expected) in cases {
        assert_eq!(ledger.in_doubt(within), expected, "{within:?}");
    }
}

#[test]
fn a_slot_outside_or_off_the_grid_is_refused() {
    let mut ledger = empty();
    for start in [-60, 30, 3600, 3660] {
        let refused = Err(LedgerError::NoSuchSlot(second(start)));
        assert_eq!(ledger.insert("a", second(start), measured(1, 0)), refused);
    }
    let half = Timestamp::from_millisecond(60_500).unwrap();
    assert_eq!(ledger.insert("a", half, measured(1, 0)), Err(LedgerError::NoSuchSlot(half)));
    assert_eq!(ledger.insert("b", second(0), measured(1, 0)), Err(LedgerError::NoSuchObjective("b".to_owned())));
    assert_eq!(ledger, empty());
}

#[test]
fn a_ledger_that_can_not_be_is_refused() {
    assert_eq!(Ledger::new(bounds(0, 60), 0, ["a"]), Err(LedgerError::SlotLength(0)));
    assert_eq!(Ledger::new(bounds(60, 60), 5, ["a"]), Err(LedgerError::EmptyPeriod));
    let year = bounds(0, 366 * 86_400);
    assert_eq!(Ledger::new(year, 30, ["a"]), Err(LedgerError::SeriesTooLong(1_054_080)));
    let names: Vec<String> = (0..33).map(|n| n.to_string()).collect();
    let of = |members: usize| Ledger::new(year, 60, names.iter().take(members).map(String::as_str));
    assert_eq!(of(33), Err(LedgerError::TooManySlots(17_392_320)));
    assert!(of(32).is_ok());
    assert!(Ledger::new(year, 60, ["a", "b", "a"]).is_ok());
}

#[test]
fn runs_take_the_room_of_as_many_slots_as_there_are_runs() {
    let runs = |count: usize| Runs::collect(0, 60, (0..count).map(|n| (1, measured(2, u32::try_from(n % 2).unwrap()))));
    let mut ledger = Ledger::new(bounds(0, 366 * 86_400), 60, []).unwrap();
    assert_eq!(ledger.set_runs("a", runs(540_001)), Err(LedgerError::SeriesTooLong(540_001)));
    let names: Vec<String> = (0..31).map(|n| n.to_string()).collect();
    ledger.add_objectives(names.iter().map(String::as_str)).unwrap();
    // Thirty-one times 527,040 minutes are there.
    ledger.set_runs("a", runs(540_000)).unwrap();
    assert_eq!(ledger.set_runs("b", runs(121_761)), Err(LedgerError::TooManySlots(17_000_001)));
    ledger.set_runs("b", runs(121_760)).unwrap();
    ledger.set_runs("a", runs(1)).unwrap();
    ledger.set_runs("b", runs(500_000)).unwrap();
}

#[test]
fn a_slot_belongs_to_the_period_in_which_it_starts() {
    // A period that begins and ends off the grid, and the one after it.
    let (first, second_) = (bounds(90, 630), bounds(630, 900));
    let ledgers = [Ledger::new(first, 300, ["a"]).unwrap(), Ledger::new(second_, 300, ["a"]).unwrap()];
    assert_eq!(ledgers[0].slot_count(), 2, "300 and 600");
    assert_eq!(ledgers[1].slot_count(), 0, "the slot of 600 is the neighbour's");
    assert_eq!(ledgers[0].settles_at(SETTLE), second(930));
    assert_eq!(ledgers[1].settles_at(SETTLE), second(930));
}

#[test]
fn slots_become_due_one_settle_delay_after_their_end() {
    let ledger = empty();
    let cases = [(0, 0), (59, 0), (60, 0), (89, 0), (90, 1), (149, 1), (150, 2), (3630, 60), (99_999, 60), (-9_999, 0)];
    for (now, due) in cases {
        assert_eq!(ledger.due_count(second(now), SETTLE), due, "{now}");
    }
}

#[test]
fn measured_through_stops_at_the_first_slot_that_was_not_read() {
    let mut ledger = Ledger::new(bounds(30, 300), 60, ["a", "b"]).unwrap();
    assert_eq!(ledger.measured_through(), second(30));
    for name in ["a", "b"] {
        ledger.insert(name, second(60), measured(1, 0)).unwrap();
        ledger.insert(name, second(180), unknown(UnknownCause::Unreachable)).unwrap();
    }
    assert_eq!(ledger.measured_through(), second(120));
    ledger.insert("a", second(120), measured(1, 0)).unwrap();
    assert_eq!(ledger.measured_through(), second(120), "b was not read");
    ledger.insert("b", second(120), unknown(UnknownCause::Absent)).unwrap();
    assert_eq!(ledger.measured_through(), second(240), "read, though unknown");
}

proptest! {
    #[test]
    fn measured_through_agrees_with_looking_at_every_slot(entries in prop::collection::vec((0..30i64, 0..3u8), 0..60)) {
        let mut ledger = empty();
        for (minute, kind) in entries {
            let slot = match kind {
                0 => measured(1, 0),
                1 => unknown(UnknownCause::TimedOut),
                _ => unknown(UnknownCause::NotRead),
            };
            ledger.insert("a", second(minute * 60), slot).unwrap();
            let held = ledger.slots("a");
            let read = |s: &&Slot| s.unknown_cause() != Some(UnknownCause::NotRead);
            let expected = i64::try_from(held.iter().take_while(read).count()).unwrap() * 60;
            prop_assert_eq!(ledger.measured_through(), second(expected));
        }
    }
}

#[test]
fn a_slot_that_is_due_and_missing_is_unknown() {
    let ledger = filled(bounds(0, 3600), 60, &[measured(10, 0), measured(0, 0)]);
    let slots = ledger.due_slots("availability", second(300), NO_SETTLE);
    let census = slots.census();
    assert_eq!((census.measured, census.no_traffic, census.unknown), (1, 1, 3));
    assert_eq!(slots.latest_problem(), Some(UnknownCause::NotRead));
    assert_eq!(slots.last(4).census().known(), 1);
    assert_eq!(slots.last(3).census().unknown, 3);
    let runs: Vec<_> = slots.last(4).runs().map(|run| (run.start, run.count, run.slot.state())).collect();
    assert_eq!(runs, [(60, 1, SlotState::NoTraffic), (120, 3, SlotState::Unknown(UnknownCause::NotRead))]);
    let early = ledger.due_slots("availability", second(60), NO_SETTLE);
    assert_eq!((early.due(), early.census().known()), (1, 1), "slots that are not due do not count");
}

fn any_slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        (0u32..50, 0u32..50).prop_map(|(good, bad)| measured(good + bad, bad)),
        Just(unknown(UnknownCause::Unreachable)),
        Just(unknown(UnknownCause::NoSamples)),
    ]
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(
        slots in proptest::collection::vec(any_slot(), 1..60),
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 0..120),
    ) {
        let mut straight = empty();
        for (i, slot) in (0i64..).zip(&slots) {
            straight.insert("a", second(i * 60), slot.clone()).unwrap();
        }
        // Any order, with repetitions, then every slot once more so that none is missing.
        let mut shuffled = empty();
        let picks = order.iter().map(|i| i.index(slots.len())).chain((0..slots.len()).rev());
        for index in picks {
            shuffled.insert("a", second(i64::try_from(index).unwrap() * 60), slots[index].clone()).unwrap();
        }
        prop_assert_eq!(&shuffled, &straight);
        prop_assert!(slots.iter().zip(straight.slots("a")).all(|(a, b)| a == b));
    }

    #[test]
    fn neighbouring_periods_share_every_slot_out_exactly_once(cut in 1i64..7_199, slot in prop::sample::select(vec![5, 10, 30, 60, 300])) {
        let count = |start, end| Ledger::new(bounds(start, end), slot, ["a"]).unwrap().slot_count();
        let brute = |start: i64, end: i64| (start..end).filter(|s| s % slot == 0).count();
        prop_assert_eq!(count(0, cut), brute(0, cut));
        prop_assert_eq!(count(0, cut) + count(cut, 7_200), count(0, 7_200));
    }
}
