use super::super::example::{measured, second};
use super::super::slot::UnknownCause;
use super::*;

fn timeline() -> Timeline {
    let mut timeline = Timeline::new(Bounds { start: second(600), end: second(660) }, 1).unwrap();
    timeline.add("a", measured(100, 0)).unwrap();
    timeline
}

/// Total and bad events of the runs, with their lengths.
fn runs(timeline: Timeline) -> Vec<(usize, String)> {
    let ledger = timeline.into_ledger().unwrap();
    let due = ledger.due_slots("a", second(100_000), k8s_openapi::jiff::SignedDuration::ZERO);
    let word = |slot: &Slot| match slot.state() {
        SlotState::Measured => format!("{}/{}", slot.counted().bad.text(), slot.counted().total.text()),
        state => format!("{state:?}"),
    };
    due.runs().map(|run| (run.count, word(run.slot))).collect()
}

fn told(runs: &[(usize, &str)]) -> Vec<(usize, String)> {
    runs.iter().map(|(n, word)| (*n, (*word).to_owned())).collect()
}

#[test]
fn spells_are_clipped_to_the_period() {
    let mut timeline = timeline();
    timeline.insert("a", second(0), second(610), &measured(100, 100), Overlap::Replace).unwrap();
    timeline.insert("a", second(650), second(9_999), &measured(100, 100), Overlap::Replace).unwrap();
    timeline.insert("a", second(0), second(600), &measured(7, 7), Overlap::Replace).unwrap();
    assert_eq!(runs(timeline), told(&[(10, "100/100"), (40, "0/100"), (10, "100/100")]));
}

#[test]
fn two_reports_of_an_outage_are_one_and_the_worse_one_stands() {
    let lay = |order: [usize; 3]| {
        let spells = [(610, 630, measured(100, 50)), (620, 640, measured(50, 50)), (625, 650, measured(100, 10))];
        let mut timeline = timeline();
        for i in order {
            let (from, until, slot) = &spells[i];
            timeline.insert("a", second(*from), second(*until), slot, Overlap::Worse).unwrap();
        }
        runs(timeline)
    };
    let expected = told(&[(10, "0/100"), (10, "50/100"), (20, "50/50"), (10, "10/100"), (10, "0/100")]);
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]] {
        assert_eq!(lay(order), expected);
    }
}

#[test]
fn what_is_measured_stands_over_what_is_not() {
    let mut timeline = timeline();
    let unknown = Slot::unknown(UnknownCause::NoSamples, 1);
    timeline.insert("a", second(600), second(610), &unknown, Overlap::Worse).unwrap();
    assert_eq!(runs(timeline.clone()), told(&[(60, "0/100")]));
    timeline.insert("a", second(600), second(610), &unknown, Overlap::Replace).unwrap();
    timeline.insert("a", second(605), second(610), &measured(1, 1), Overlap::Worse).unwrap();
    timeline.insert("a", second(604), second(606), &measured(2, 1), Overlap::Add).unwrap();
    let expected = told(&[(4, "Unknown(NoSamples)"), (1, "1/2"), (1, "2/3"), (4, "1/1"), (50, "0/100")]);
    assert_eq!(runs(timeline), expected);
}

#[test]
fn slots_of_any_length_begin_with_the_period() {
    // Half past the hour, as months do in Kolkata: an hourly slot begins there.
    let bounds = Bounds { start: second(1_800), end: second(1_800 + 3 * 3_600) };
    let mut timeline = Timeline::new(bounds, 1).unwrap();
    timeline.add_in_slots_of(3_600, "a", measured(1, 0)).unwrap();
    timeline.insert("a", second(1_800 + 3_600), second(1_800 + 7_200), &measured(1, 1), Overlap::Replace).unwrap();
    let ledger = timeline.clone().into_ledger().unwrap();
    let due = ledger.due_slots("a", second(1_800 + 3 * 3_600 - 1), k8s_openapi::jiff::SignedDuration::ZERO);
    assert_eq!((due.due(), due.start(), due.end()), (2, 1_800, 1_800 + 7_200), "the third has not ended");
    assert_eq!(ledger.measured_through(), bounds.end);
    assert_eq!(runs(timeline), told(&[(1, "0/1"), (1, "1/1"), (1, "0/1")]));
}

#[test]
fn what_does_not_fit_is_named() {
    let mut timeline = timeline();
    let slot = measured(1, 0);
    let fault = timeline.insert("b", second(600), second(610), &slot, Overlap::Replace);
    assert_eq!(fault, Err(LedgerError::NoSuchObjective("b".to_owned())));
    assert_eq!(timeline.add_in_slots_of(0, "b", slot.clone()), Err(LedgerError::SlotLength(0)));
    let mut ledger = timeline.into_ledger().unwrap();
    assert_eq!(ledger.insert("a", second(600), slot), Err(LedgerError::Complete("a".to_owned())));
}
