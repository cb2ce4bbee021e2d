use super::super::assess::missing_data_rule;
use super::super::due_slots::DueSlots;
use super::super::exact::percent_text;
use super::super::example::{agreement, measured, ratio};
use super::super::exemption::Record;
use super::super::methods::CountingMethod;
use super::super::methods::events::Events;
use super::super::slot::{Slot, UnknownCause};
use super::*;

fn rule(treat_as: TreatAs, minimum: i64) -> MissingDataRule {
    MissingDataRule { treat_as, minimum: ratio(minimum, 100) }
}

fn of(slots: &[Slot]) -> Account {
    Events::of(Record::AsRead(DueSlots::new(slots, slots.len(), 0, 60))).account()
}

/// Known slots of one event each, `bad` of them bad, and `unknown` ones.
fn account(known: usize, bad: usize, unknown: usize) -> Account {
    let mut slots = vec![measured(1, 0); known - bad];
    slots.extend(vec![measured(1, 1); bad]);
    slots.extend(vec![Slot::unknown(UnknownCause::NoSamples, 1); unknown]);
    of(&slots)
}

#[test]
fn verdicts_by_hand() {
    use State::{Fulfilled, NotDetermined, Violated};
    use TreatAs::{Bad, Exclude, Good};
    let cases = [
        ("nothing is due", account(0, 0, 0), rule(Exclude, 0), NotDetermined, None),
        ("nothing is known", account(0, 0, 5), rule(Exclude, 90), NotDetermined, None),
        ("nothing is known and that is enough", account(0, 0, 5), rule(Exclude, 0), NotDetermined, None),
        ("nothing is known, which counts as bad", account(0, 0, 5), rule(Bad, 0), Violated, Some(ratio(0, 1))),
        ("nothing is known, which counts as good", account(0, 0, 5), rule(Good, 0), Fulfilled, Some(ratio(1, 1))),
        ("exactly the target", account(10, 1, 0), rule(Exclude, 90), Fulfilled, Some(ratio(9, 10))),
        ("below the target", account(10, 2, 0), rule(Exclude, 90), Violated, Some(ratio(8, 10))),
        ("exactly the coverage", account(9, 0, 1), rule(Exclude, 90), Fulfilled, Some(ratio(1, 1))),
        ("covered, unknown counts as bad", account(18, 1, 2), rule(Bad, 90), Violated, Some(ratio(17, 20))),
        ("covered, unknown counts as good", account(18, 2, 2), rule(Good, 90), Fulfilled, Some(ratio(18, 20))),
        ("not covered, and it could be either", account(17, 1, 3), rule(Exclude, 90), NotDetermined, None),
        ("the same counted as good", account(17, 1, 3), rule(Good, 90), NotDetermined, None),
        ("the same counted as bad", account(17, 1, 3), rule(Bad, 90), NotDetermined, None),
        ("not covered, lost whatever happened", account(10, 6, 10), rule(Exclude, 90), Violated, Some(ratio(14, 20))),
    ];
    for (name, account, rule, state, settles_on) in cases {
        let finding = judge(&account, &ratio(9, 10), &rule);
        assert_eq!((finding.state, finding.settles_on), (state, settles_on), "{name}");
    }
}

#[test]
fn a_credit_is_owed_on_the_best_and_a_reward_on_the_worst_that_the_unknown_leaves() {
    let exclude = rule(TreatAs::Exclude, 90);
    // Six bad of ten known, and ten unknown: from 4 to 14 of 20.
    let missed = judge(&account(10, 6, 10), &ratio(9, 10), &exclude);
    let sure = Finding { state: State::Violated, settles_on: Some(ratio(14, 20)), at_least: Some(ratio(4, 20)) };
    assert_eq!(missed, sure);
    // Kept whatever happened: a low target, and three unknown of 21.
    let kept = judge(&account(18, 0, 3), &ratio(8, 10), &exclude);
    let sure = Finding { state: State::Fulfilled, settles_on: Some(ratio(1, 1)), at_least: Some(ratio(18, 21)) };
    assert_eq!(kept, sure);
    let covered = judge(&account(18, 1, 2), &ratio(9, 10), &rule(TreatAs::Bad, 90));
    assert_eq!((covered.settles_on, covered.at_least), (Some(ratio(17, 20)), Some(ratio(17, 20))));
}

#[test]
fn where_nothing_was_agreed_one_unknown_slot_that_could_decide_leaves_it_open() {
    let nothing_agreed = missing_data_rule(&agreement()).unwrap();
    assert_eq!(nothing_agreed, rule(TreatAs::Exclude, 100));
    let target = ratio(9, 10);
    for (known, bad, unknown, state) in [
        (99, 9, 0, State::Fulfilled),
        (99, 10, 0, State::Violated),
        (99, 9, 1, State::Fulfilled),
        (99, 10, 1, State::NotDetermined),
        (99, 11, 1, State::Violated),
        // More than nine tenths are known, and all of it was good: nobody agreed that this is enough.
        (91, 0, 9, State::Fulfilled),
        (181, 2, 19, State::NotDetermined),
    ] {
        let account = account(known, bad, unknown);
        assert_eq!(judge(&account, &target, &nothing_agreed).state, state, "{bad} of {known}, {unknown} unknown");
        let floor = rule(TreatAs::Exclude, 90);
        assert_ne!(judge(&account, &target, &floor).state, State::NotDetermined, "an agreed floor is kept to");
    }
}

#[test]
fn a_period_that_still_runs_has_a_state_from_nine_tenths_on() {
    let so_far = |minimum: i64| rule(TreatAs::Bad, minimum).so_far();
    assert_eq!([so_far(100), so_far(90), so_far(50)], [90, 90, 50].map(|minimum| rule(TreatAs::Bad, minimum)));
}

#[test]
fn a_period_without_traffic_refused_nobody() {
    let idle = |unknown: usize| {
        let mut slots = vec![measured(0, 0); 10];
        slots.extend(vec![Slot::unknown(UnknownCause::NoSamples, 1); unknown]);
        of(&slots)
    };
    for treat_as in [TreatAs::Exclude, TreatAs::Good, TreatAs::Bad] {
        let finding = judge(&idle(1), &ratio(9, 10), &rule(treat_as, 90));
        assert_eq!(finding, Finding { state: State::Fulfilled, settles_on: None, at_least: None });
        assert_eq!(judge(&idle(2), &ratio(9, 10), &rule(treat_as, 90)).state, State::NotDetermined);
    }
}

#[test]
fn a_hundred_missing_minutes_decide_a_month_and_so_nobody_does() {
    let account = account(43_100, 20, 100);
    let (worst, best) = account.bounds.clone().unwrap();
    assert_eq!((percent_text(&worst), percent_text(&best)), ("99.722222".to_owned(), "99.953703".to_owned()));
    let target = ratio(999, 1000);
    assert_eq!(judge(&account, &target, &rule(TreatAs::Exclude, 100)).state, State::NotDetermined);
    assert_eq!(judge(&account, &target, &rule(TreatAs::Exclude, 99)).state, State::Fulfilled);
}

#[test]
fn excluded_slots_are_not_expected() {
    let slots = [measured(1, 0), Slot::excluded(1), Slot::unknown(UnknownCause::NoSamples, 1)];
    let account = of(&slots);
    assert_eq!(account.coverage, Some(ratio(1, 2)));
    let excluded = [Slot::excluded(1)];
    assert_eq!(of(&excluded).coverage, None);
}

#[test]
fn unknown_time_is_what_was_agreed_where_enough_is_known() {
    let cases = [
        (rule(TreatAs::Bad, 90), 90, UnknownTime::Bad),
        (rule(TreatAs::Good, 90), 90, UnknownTime::Good),
        (rule(TreatAs::Exclude, 90), 90, UnknownTime::LeftOut),
        (rule(TreatAs::Bad, 90), 89, UnknownTime::Open),
        (rule(TreatAs::Exclude, 100), 99, UnknownTime::Open),
    ];
    for (rule, coverage, expected) in cases {
        assert_eq!(rule.unknown_time(Some(&ratio(coverage, 100))), expected, "{rule:?} {coverage}");
    }
    assert_eq!(rule(TreatAs::Bad, 0).unknown_time(None), UnknownTime::Open);
}
