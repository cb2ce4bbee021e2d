use proptest::prelude::*;

use super::super::due_slots::DueSlots;
use super::super::example::{measured, ratio};
use super::super::exemption::Record;
use super::super::methods::events::Events;
use super::super::slot::{Slot, UnknownCause};
use super::*;

const DAY: i64 = 86_400;

fn pair(long: usize, short: usize, threshold: BigRational) -> WindowPair {
    WindowPair { long, short, threshold }
}

fn burning(slots: &[Slot], target: &BigRational, period: i64) -> bool {
    burn(&of(slots, 60), target, period).burning
}

fn of(slots: &[Slot], seconds: i64) -> Events<'_> {
    Events::of(Record::AsRead(DueSlots::new(slots, slots.len(), 0, seconds)))
}

#[test]
fn thirty_days_give_the_windows_of_the_workbook() {
    let expected = [pair(60, 5, ratio(144, 10)), pair(360, 30, ratio(6, 1))];
    assert_eq!(pairs(30 * DAY, 60), expected);
    assert_eq!(recent(30 * DAY, 60), 5);
}

#[test]
fn short_periods_get_windows_of_whole_slots_and_rates_that_mean_something() {
    let cases = [
        // Five-minute slots: the short window of five minutes is a single slot and becomes two.
        (30 * DAY, 300, vec![pair(12, 2, ratio(144, 10)), pair(72, 6, ratio(6, 1))]),
        // An hour of five-second slots: the long window of five seconds becomes twenty.
        (3_600, 5, vec![pair(4, 2, ratio(36, 10)), pair(6, 2, ratio(6, 1))]),
        // Two minutes: both pairs become one, at the pace that just uses up the budget.
        (120, 5, vec![pair(4, 2, ratio(1, 1))]),
        (10, 5, vec![pair(4, 2, ratio(1, 1))]),
    ];
    for (period, slot, expected) in cases {
        assert_eq!(pairs(period, slot), expected, "{period} {slot}");
    }
}

#[test]
fn both_windows_have_to_burn() {
    let (period, target) = (30 * DAY, ratio(999, 1000));
    // 14.4 times 0.1 % is 1.44 %: of 10,000 events, 144.
    let good = measured(10_000, 0);
    let series = |bad: usize, of: Slot| [vec![good.clone(); 400 - bad], vec![of; bad]].concat();
    assert!(burning(&series(60, measured(10_000, 144)), &target, period), "exactly at both thresholds");
    assert!(!burning(&series(60, measured(10_000, 143)), &target, period));
    assert!(!burning(&series(5, measured(10_000, 200)), &target, period), "only the short window");
    let over = [series(60, measured(10_000, 500)), vec![good.clone(); 30]].concat();
    assert!(!burning(&over, &target, period), "only the long windows");
    assert!(burning(&series(360, measured(10_000, 60)), &target, period), "the slow pair");
}

#[test]
fn rates_are_listed_from_the_shortest_window() {
    let slots = [measured(1000, 1), measured(1000, 2), measured(1000, 3), measured(1000, 4)];
    let burn = burn(&of(&slots, 5), &ratio(999, 1000), 120);
    let rates: Vec<_> = burn.rates.iter().map(|w| (w.window_seconds, w.rate.clone())).collect();
    assert_eq!(rates, [(10, Some(ratio(7, 2))), (20, Some(ratio(5, 2)))]);
}

#[test]
fn a_window_that_nobody_knows_has_no_rate_and_does_not_fire() {
    let unknown = Slot::unknown(UnknownCause::Unreachable, 1);
    let slots = [vec![measured(100, 100); 60], vec![unknown; 30]].concat();
    let burn = burn(&of(&slots, 60), &ratio(999, 1000), 30 * DAY);
    assert!(!burn.burning);
    assert_eq!((&burn.rates[0].rate, &burn.rates[1].rate), (&None, &None));
    assert_eq!(burn.rates[2].rate, Some(ratio(1000, 1)));
}

#[test]
fn a_target_of_one_hundred_percent_burns_at_the_first_bad_event() {
    let target = ratio(1, 1);
    assert!(burning(&[measured(100_000, 0), measured(100_000, 1)], &target, 30 * DAY));
    let healed = [vec![measured(10, 1)], vec![measured(10, 0); 30]].concat();
    assert!(!burning(&healed, &target, 30 * DAY));
    let slots = [measured(10, 1)];
    let burn = burn(&of(&slots, 60), &target, 30 * DAY);
    assert!(burn.rates.iter().all(|w| w.rate.is_none()));
}

proptest! {
    #[test]
    fn windows_hold_their_limits(period in 10i64..400 * DAY, slot in prop::sample::select(vec![5i64, 10, 30, 60, 300])) {
        for pair in pairs(period, slot) {
            prop_assert!(pair.long >= 4 && pair.short >= 2 && pair.short < pair.long);
            prop_assert!(pair.threshold >= ratio(1, 1));
            // What is gone of the budget when the pair fires is what the workbook says, unless the pace is the limit.
            let gone = &pair.threshold * ratio(i64::try_from(pair.long).unwrap() * slot, period);
            prop_assert!(gone == ratio(2, 100) || gone == ratio(5, 100) || pair.threshold == ratio(1, 1));
        }
    }

    #[test]
    fn every_target_can_fire(target in 1i64..=1000, period in 120i64..40 * DAY) {
        prop_assert!(burning(&vec![measured(10, 10); 700], &ratio(target, 1000), period));
    }
}
