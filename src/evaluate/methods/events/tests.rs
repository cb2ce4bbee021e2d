use proptest::prelude::*;

use super::super::super::example::{measured, ratio, tally};
use super::super::super::slot::{Births, Slot, SlotState, UnknownCause};
use super::super::CountingMethod;
use super::*;

fn account(slots: &[Slot], due: usize) -> Account {
    of(slots, due).account()
}

fn of(slots: &[Slot], due: usize) -> Events<'_> {
    Events::of(Record::AsRead(DueSlots::new(slots, due, 0, 60)))
}

fn unknown() -> Slot {
    Slot::unknown(UnknownCause::Unreachable, 1)
}

#[test]
fn attainment_and_bounds_by_hand() {
    type Case = (&'static str, Vec<Slot>, usize, Option<BigRational>, Option<(BigRational, BigRational)>);
    let half = Some(ratio(1, 2));
    let cases: [Case; 8] = [
        ("nothing due", vec![], 0, None, None),
        ("nothing known", vec![unknown()], 2, None, Some((ratio(0, 1), ratio(1, 1)))),
        ("no traffic", vec![measured(0, 0)], 1, None, None),
        ("no traffic, and a slot unknown", vec![measured(0, 0), unknown()], 2, None, None),
        ("all known", vec![measured(10, 5)], 1, half.clone(), Some((ratio(1, 2), ratio(1, 2)))),
        ("half unknown", vec![measured(10, 5), unknown()], 2, half.clone(), Some((ratio(1, 4), ratio(3, 4)))),
        ("half missing", vec![measured(10, 5)], 2, half.clone(), Some((ratio(1, 4), ratio(3, 4)))),
        ("excluded", vec![measured(10, 5), Slot::excluded(1)], 2, half, Some((ratio(1, 2), ratio(1, 2)))),
    ];
    for (name, slots, due, attainment, bounds) in cases {
        let account = account(&slots, due);
        assert_eq!(account.attainment, attainment, "{name}");
        assert_eq!(account.bounds, bounds, "{name}");
    }
}

#[test]
fn births_are_a_part_and_the_unattributed_are_not() {
    let births = Births { born: tally(7, 2), unattributed: tally(5, 5) };
    let account = account(&[Slot::known(tally(20, 3), births, 1), measured(10, 0)], 2);
    assert_eq!((account.counted, account.born, account.unattributed), (tally(30, 3), tally(7, 2), tally(5, 5)));
    assert_eq!(account.attainment, Some(ratio(27, 30)));
}

fn any_slots() -> impl Strategy<Value = Vec<Slot>> {
    let slot = prop_oneof![
        5 => (0u32..100, 0u32..10).prop_map(|(good, bad)| measured(good + bad, bad)),
        1 => Just(unknown()),
        1 => Just(Slot::excluded(1)),
    ];
    proptest::collection::vec(slot, 0..60)
}

proptest! {
    #[test]
    fn the_sum_of_windows_is_the_whole(slots in any_slots(), cut in any::<prop::sample::Index>()) {
        let cut = cut.index(slots.len() + 1);
        let (left, right) = (account(&slots[..cut], cut), account(&slots[cut..], slots.len() - cut));
        let whole = account(&slots, slots.len());
        prop_assert_eq!(left.counted + right.counted, whole.counted);
        prop_assert_eq!(left.census.expected() + right.census.expected(), whole.census.expected());
        let last = of(&slots, slots.len()).recent(slots.len() - cut);
        prop_assert_eq!(last, right);
    }

    #[test]
    fn one_division_agrees_with_counting_event_by_event(slots in any_slots()) {
        let mut outcomes = Vec::new();
        for slot in slots.iter().filter(|s| s.state() == SlotState::Measured) {
            let (total, bad) = (slot.counted().total.parts() / 3_600_000_000, slot.counted().bad.parts() / 3_600_000_000);
            outcomes.extend((0..total).map(|event| event >= bad));
        }
        let good = outcomes.iter().filter(|good| **good).count();
        let expected = (!outcomes.is_empty())
            .then(|| ratio(i64::try_from(good).unwrap(), i64::try_from(outcomes.len()).unwrap()));
        prop_assert_eq!(account(&slots, slots.len()).attainment, expected);
    }

    #[test]
    fn bounds_are_what_filling_the_unknown_slots_gives(slots in any_slots()) {
        let account = account(&slots, slots.len());
        if let (Some(attainment), Some((worst, best))) = (&account.attainment, &account.bounds) {
            let mean = account.counted.total.ratio() / whole(account.census.known());
            let added = mean * whole(account.census.unknown);
            let (total, bad) = (account.counted.total.ratio(), account.counted.bad.ratio());
            prop_assert_eq!(worst, &((&total - &bad) / (&total + &added)));
            prop_assert_eq!(best, &((&total - &bad + &added) / (&total + &added)));
            prop_assert!(worst <= attainment && attainment <= best);
        }
    }
}
