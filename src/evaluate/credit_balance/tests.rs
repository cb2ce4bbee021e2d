use proptest::prelude::*;

use super::super::credit_life::{CLAIM, NamedDeadline};
use super::super::deadline::Due;
use super::super::example::{at, second};
use super::super::owed::tests::euros;
use super::*;
use crate::api::settlement::GrantMode;

/// One statement of the period: when it was determined and issued, what it grants, and the payments after it.
struct Told {
    course: Course,
    owed: Owed,
    events: Vec<CreditEvent>,
}

fn told(day: i64, amount: &str, paid: &[i64]) -> Told {
    let owed = euros(amount);
    let course = Course {
        determined_at: Some(second(day)),
        grants: !owed.is_nothing(),
        mode: GrantMode::Automatic,
        claims_open: None,
        deadlines: Vec::new(),
    };
    let events = paid.iter().map(|day| CreditEvent { at: second(*day), what: Act::Paid });
    Told { course, owed, events: events.collect() }
}

fn issues(all: &[Told]) -> Vec<Issue<'_>> {
    let mut issues: Vec<Issue<'_>> = Vec::new();
    for Told { course, owed, events } in all {
        issues.push(Issue { course, owed, known: course.determined_at.unwrap(), events: events.clone() });
    }
    for later in issues.iter_mut().skip(1) {
        let known = later.known;
        later.events.retain(|event| known <= event.at || !is_payment(&event.what));
    }
    issues
}

/// Where it stands: the state, what is due with its days, and what was paid too much.
fn stands(all: &[Told], now: i64) -> (CreditState, Vec<(String, i64)>, String) {
    let found = balance(&issues(all), second(now)).unwrap();
    let due = found.due.iter().map(|part| (part.owed.words(), part.since.as_second()));
    let over = found.overpaid.as_ref().map(|over| over.owed.words()).unwrap_or_default();
    (found.life.state, due.collect(), over)
}

fn due(parts: &[(&str, i64)]) -> Vec<(String, i64)> {
    parts.iter().map(|(amount, day)| (format!("{amount} EUR"), *day)).collect()
}

#[test]
fn only_the_difference_to_what_was_paid_falls_due() {
    use CreditState::{Determined, Granted, Settled};
    for (what, all, state, parts, over) in [
        ("nothing paid yet", vec![told(10, "120.00", &[])], Granted, due(&[("120.00", 10)]), ""),
        ("paid", vec![told(10, "120.00", &[12])], Settled, vec![], ""),
        (
            "paid, and then more is granted",
            vec![told(10, "120.00", &[12]), told(20, "300.00", &[])],
            Granted,
            due(&[("180.00", 20)]),
            "",
        ),
        ("the difference is paid too", vec![told(10, "120.00", &[12]), told(20, "300.00", &[25])], Settled, vec![], ""),
        ("paid, and then the same", vec![told(10, "120.00", &[12]), told(20, "120.00", &[])], Settled, vec![], ""),
        ("paid, and then less", vec![told(10, "120.00", &[12]), told(20, "100.00", &[])], Settled, vec![], "20.00 EUR"),
        (
            "paid, and then nothing",
            vec![told(10, "120.00", &[12]), told(20, "0.00", &[])],
            Settled,
            vec![],
            "120.00 EUR",
        ),
        (
            "what was paid too much was set off",
            vec![told(10, "120.00", &[12]), told(20, "100.00", &[25])],
            Settled,
            vec![],
            "",
        ),
        (
            "not paid, and then more: each falls due by itself",
            vec![told(10, "120.00", &[]), told(20, "300.00", &[])],
            Granted,
            due(&[("120.00", 10), ("180.00", 20)]),
            "",
        ),
        (
            "not paid, and then less",
            vec![told(10, "120.00", &[]), told(20, "100.00", &[])],
            Granted,
            due(&[("100.00", 10)]),
            "",
        ),
        ("not paid, and then nothing", vec![told(10, "120.00", &[]), told(20, "0.00", &[])], Determined, vec![], ""),
        (
            "what fell due last is taken back first",
            vec![told(10, "120.00", &[]), told(20, "300.00", &[]), told(30, "250.00", &[])],
            Granted,
            due(&[("120.00", 10), ("130.00", 20)]),
            "",
        ),
        (
            "what was paid too much counts towards what is granted later",
            vec![told(10, "120.00", &[12]), told(20, "100.00", &[]), told(30, "150.00", &[])],
            Granted,
            due(&[("30.00", 30)]),
            "",
        ),
        (
            "and may still be too much",
            vec![told(10, "120.00", &[12]), told(20, "0.00", &[]), told(30, "50.00", &[])],
            Settled,
            vec![],
            "70.00 EUR",
        ),
        (
            "granted again after nothing was",
            vec![told(10, "120.00", &[]), told(20, "0.00", &[]), told(30, "50.00", &[])],
            Granted,
            due(&[("50.00", 30)]),
            "",
        ),
    ] {
        assert_eq!(stands(&all, 40), (state, parts, over.to_owned()), "{what}");
    }
}

#[test]
fn a_payment_settles_what_stood_when_it_was_made() {
    let all = [told(10, "120.00", &[12]), told(20, "300.00", &[])];
    assert_eq!(stands(&all, 11), (CreditState::Granted, due(&[("120.00", 10)]), String::new()));
    assert_eq!(stands(&all, 19), (CreditState::Settled, vec![], String::new()), "the newer one is not known yet");
    // Issued later than what made it necessary: who paid in between paid by the one that stood.
    let mut late = issues(&all);
    late[1].known = second(30);
    let between = CreditEvent { at: second(25), what: Act::Paid };
    late[0].events = vec![between];
    let found = balance(&late, second(40)).unwrap();
    assert_eq!((found.due[0].owed.words(), found.due[0].since), ("180.00 EUR".to_owned(), second(20)));
    assert_eq!(found.life.reason, "180.00 EUR beside what was paid");
}

#[test]
fn it_says_what_was_paid_too_much_and_that_it_was_taken_back() {
    let mut all = vec![told(10, "120.00", &[12]), told(20, "100.00", &[])];
    let life = |all: &[Told]| balance(&issues(all), second(40)).unwrap().life;
    let over = life(&all);
    assert_eq!((over.since, over.reason.as_str()), (Some(second(20)), "paid, and 20.00 EUR more than is owed by now"));
    all[1].events.push(CreditEvent { at: second(33), what: Act::SetOff("invoice 9".to_owned()) });
    assert_eq!((life(&all).since, life(&all).reason.as_str()), (Some(second(33)), "set off in invoice 9"));
    // Said once more it changes nothing.
    all[1].events.push(CreditEvent { at: second(35), what: Act::Paid });
    assert_eq!(life(&all).since, Some(second(33)));
}

#[test]
fn what_is_granted_stays_granted_and_what_was_not_has_to_be_claimed() {
    let by = Due { day: k8s_openapi::jiff::civil::date(1970, 1, 1), at: second(15), inclusive: false };
    let on_claim = |day: i64, amount: &str, events: &[CreditEvent]| {
        let deadlines = vec![NamedDeadline { name: CLAIM.to_owned(), due: by }];
        let Told { course, owed, .. } = told(day, amount, &[]);
        let course = Course { mode: GrantMode::OnClaim, deadlines, ..course };
        Told { course, owed, events: events.to_vec() }
    };
    let claim = CreditEvent { at: second(12), what: Act::Done(CLAIM.to_owned()) };
    let approved = CreditEvent { at: second(14), what: Act::Approved };
    // Reckoned anew its claim would be too late: the deadline was moved before it.
    let mut later = on_claim(20, "300.00", &[claim.clone(), approved.clone()]);
    later.course.deadlines[0].due.at = second(11);
    let granted = [on_claim(10, "120.00", &[claim.clone(), approved.clone()]), later];
    assert_eq!(stands(&granted, 40).1, due(&[("120.00", 14), ("180.00", 20)]));
    let life = balance(&issues(&granted), second(40)).unwrap().life;
    assert_eq!((life.state, life.reason.as_str()), (CreditState::Granted, "the claim was approved"));
    let not_claimed = [on_claim(10, "120.00", &[]), on_claim(20, "300.00", &[])];
    assert_eq!(stands(&not_claimed, 40), (CreditState::Expired, vec![], String::new()));
    let waits = [on_claim(10, "120.00", std::slice::from_ref(&claim)), on_claim(20, "300.00", &[claim])];
    assert_eq!(stands(&waits, 40), (CreditState::Claimed, vec![], String::new()));
    assert!(balance(&[], at("2026-01-01T00:00:00Z")).is_none());
}

proptest! {
    /// What is due less what was paid too much is always what is owed less what was paid, and each payment pays what stood.
    #[test]
    fn money_is_neither_made_nor_lost(drawn in prop::collection::vec((0i64..5, prop::option::of(1i64..9)), 1..6)) {
        let all: Vec<Told> = drawn.iter().zip(1..).map(|((hundreds, paid), number)| {
            let day = 10 * number;
            let paid: Vec<i64> = paid.iter().map(|after| day + after).collect();
            told(day, &format!("{hundreds}00.00"), &paid)
        }).collect();
        let now = second(10 * i64::try_from(drawn.len()).unwrap() + 9);
        let found = balance(&issues(&all), now).unwrap();
        let due = found.due.iter().fold(Owed::default(), |sum, part| sum.and(&part.owed));
        let over = found.overpaid.map(|over| over.owed).unwrap_or_default();
        let paid = all.iter().rev().find(|told| !told.events.is_empty());
        let paid = paid.map(|told| told.owed.clone()).unwrap_or_default();
        prop_assert_eq!(due.against(&over), all.last().unwrap().owed.against(&paid));
        prop_assert!(due.is_nothing() || over.is_nothing());
        prop_assert!(found.due.is_sorted_by_key(|part| part.since));
    }
}
