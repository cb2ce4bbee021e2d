use k8s_openapi::jiff::SignedDuration;
use k8s_openapi::jiff::civil::date;
use proptest::prelude::*;

use super::super::example::{at, second};
use super::*;

const ISSUED: &str = "2025-07-01T00:00:00Z";

/// A claim by the end of July, a ticket within 24 hours of the tenth of June, nine o'clock.
fn atlas() -> Vec<NamedDeadline> {
    let claim = Due { day: date(2025, 7, 31), at: at("2025-08-01T00:00:00Z"), inclusive: false };
    let ticket = Due { day: date(2025, 6, 11), at: at("2025-06-11T09:00:00Z"), inclusive: true };
    vec![NamedDeadline { name: CLAIM.to_owned(), due: claim }, NamedDeadline { name: "ticket".to_owned(), due: ticket }]
}

fn course(mode: GrantMode, deadlines: Vec<NamedDeadline>) -> Course {
    Course { determined_at: Some(at(ISSUED)), grants: true, mode, claims_open: None, deadlines }
}

fn event(text: &str, what: Act) -> CreditEvent {
    CreditEvent { at: at(text), what }
}

fn done(text: &str, name: &str) -> CreditEvent {
    event(text, Act::Done(name.to_owned()))
}

fn ticket() -> CreditEvent {
    done("2025-06-11T09:00:00Z", "ticket")
}

fn state(course: &Course, events: &[CreditEvent], now: &str) -> CreditState {
    life(course, events, at(now)).state
}

#[test]
fn a_credit_accrues_until_its_statement_is_issued() {
    let on_claim = course(GrantMode::OnClaim, Vec::new());
    let before = life(&on_claim, &[done("2025-06-12T00:00:00Z", CLAIM)], at("2025-06-30T23:59:59Z"));
    assert_eq!((before.state, before.since), (CreditState::Accruing, None));
    let open = Course { determined_at: None, ..on_claim };
    assert_eq!(state(&open, &[], "2030-01-01T00:00:00Z"), CreditState::Accruing);
}

#[test]
fn an_automatic_credit_is_granted_with_its_statement_and_never_expires() {
    let automatic = course(GrantMode::Automatic, atlas());
    let granted = life(&automatic, &[], at("2026-07-01T00:00:00Z"));
    assert_eq!((granted.state, granted.since), (CreditState::Granted, Some(at(ISSUED))));
    let nothing = Course { grants: false, ..automatic };
    let nothing = life(&nothing, &[], at(ISSUED));
    assert_eq!((nothing.state, nothing.reason.as_str()), (CreditState::Determined, "nothing is granted"));
}

#[test]
fn a_claimed_credit_is_approved_and_settled() {
    let course = course(GrantMode::OnClaim, atlas());
    let mut events = vec![ticket()];
    assert_eq!(state(&course, &events, ISSUED), CreditState::Determined);
    events.push(done("2025-07-31T23:59:59Z", CLAIM));
    assert_eq!(state(&course, &events, "2025-07-31T23:59:58Z"), CreditState::Determined);
    let claimed = life(&course, &events, at("2025-09-01T00:00:00Z"));
    assert_eq!((claimed.state, claimed.since), (CreditState::Claimed, Some(at("2025-07-31T23:59:59Z"))));
    events.push(event("2025-08-20T00:00:00Z", Act::Approved));
    assert_eq!(state(&course, &events, "2025-08-20T00:00:00Z"), CreditState::Granted);
    events.push(event("2025-09-05T00:00:00Z", Act::SetOff("invoice 7".to_owned())));
    let settled = life(&course, &events, at("2025-09-05T00:00:00Z"));
    assert_eq!((settled.state, settled.reason.as_str()), (CreditState::Settled, "set off in invoice 7"));
    let last = events.len() - 1;
    events[last].what = Act::Paid;
    assert_eq!(life(&course, &events, at("2025-09-05T00:00:00Z")).reason, "paid");
}

#[test]
fn missing_any_deadline_forfeits_the_credit() {
    let course = course(GrantMode::OnClaim, atlas());
    let no_claim = life(&course, &[ticket()], at("2025-08-01T00:00:00Z"));
    assert_eq!((no_claim.state, no_claim.since), (CreditState::Expired, Some(at("2025-08-01T00:00:00Z"))));
    assert!(no_claim.reason.contains("\"claim\" was not done by 2025-07-31"), "{}", no_claim.reason);
    assert_eq!(state(&course, &[ticket()], "2025-07-31T23:59:59Z"), CreditState::Determined);
    // The ticket a second too late; it is noticed when the statement comes.
    let late = [done("2025-06-11T09:00:01Z", "ticket"), done("2025-07-02T00:00:00Z", CLAIM)];
    let late = life(&course, &late, at("2025-07-02T00:00:00Z"));
    assert_eq!((late.state, late.since), (CreditState::Expired, Some(at(ISSUED))));
    let too_late = [ticket(), done("2025-08-01T00:00:00Z", CLAIM)];
    assert_eq!(state(&course, &too_late, "2025-09-01T00:00:00Z"), CreditState::Expired);
}

#[test]
fn a_claim_does_not_save_a_credit_whose_other_deadline_is_missed_later() {
    let notice = Due { day: date(2025, 7, 10), at: at("2025-07-11T00:00:00Z"), inclusive: false };
    let course = course(GrantMode::OnClaim, vec![NamedDeadline { name: "notice".to_owned(), due: notice }]);
    let mut events = vec![done("2025-07-02T00:00:00Z", CLAIM)];
    assert_eq!(state(&course, &events, "2025-07-10T00:00:00Z"), CreditState::Claimed);
    assert_eq!(state(&course, &events, "2025-07-11T00:00:00Z"), CreditState::Expired);
    events.push(event("2025-07-05T00:00:00Z", Act::Approved));
    assert_eq!(state(&course, &events, "2025-07-11T00:00:00Z"), CreditState::Granted, "what is granted stays so");
}

#[test]
fn a_claim_before_claims_are_taken_is_none() {
    let course = Course { claims_open: Some(at("2025-07-08T00:00:00Z")), ..course(GrantMode::OnClaim, atlas()) };
    let mut events = vec![ticket(), done("2025-07-07T23:59:59Z", CLAIM)];
    let waits = life(&course, &events, at("2025-07-20T00:00:00Z"));
    assert_eq!(waits.state, CreditState::Determined);
    assert!(waits.reason.contains("too early"));
    assert_eq!(state(&course, &events, "2025-08-01T00:00:00Z"), CreditState::Expired);
    events.push(done("2025-07-08T00:00:00Z", CLAIM));
    assert_eq!(state(&course, &events, "2025-08-01T00:00:00Z"), CreditState::Claimed);
}

#[test]
fn a_claim_may_be_rejected() {
    let course = course(GrantMode::OnClaim, Vec::new());
    let events = [
        done("2025-07-02T00:00:00Z", CLAIM),
        event("2025-07-03T00:00:00Z", Act::Rejected("no logs".to_owned())),
        event("2025-07-04T00:00:00Z", Act::Approved),
    ];
    let rejected = life(&course, &events, at("2025-08-01T00:00:00Z"));
    assert_eq!((rejected.state, rejected.reason.as_str()), (CreditState::Voided, "the claim was rejected: no logs"));
}

#[test]
fn a_newer_statement_voids_what_is_not_granted_and_leaves_what_is() {
    let superseded = event("2025-07-10T00:00:00Z", Act::Superseded("june-r2".to_owned()));
    let on_claim = course(GrantMode::OnClaim, Vec::new());
    let voided = life(&on_claim, std::slice::from_ref(&superseded), at("2025-08-01T00:00:00Z"));
    assert_eq!((voided.state, voided.reason.as_str()), (CreditState::Voided, "superseded by june-r2"));
    let claimed = [done("2025-07-02T00:00:00Z", CLAIM), superseded.clone()];
    assert_eq!(state(&on_claim, &claimed, "2025-08-01T00:00:00Z"), CreditState::Voided);
    let automatic = course(GrantMode::Automatic, Vec::new());
    let stands = life(&automatic, &[superseded, event("2025-07-20T00:00:00Z", Act::Paid)], at("2025-07-15T00:00:00Z"));
    assert_eq!(stands.state, CreditState::Granted);
    assert!(stands.reason.contains("june-r2 carries the difference"), "{}", stands.reason);
}

#[test]
fn what_was_not_granted_can_not_be_paid() {
    let course = course(GrantMode::OnClaim, Vec::new());
    let events = [event("2025-07-02T00:00:00Z", Act::Approved), event("2025-07-03T00:00:00Z", Act::Paid)];
    assert_eq!(state(&course, &events, "2025-08-01T00:00:00Z"), CreditState::Determined);
}

fn acts() -> impl Strategy<Value = Vec<CreditEvent>> {
    let act = prop_oneof![
        Just(Act::Done(CLAIM.to_owned())),
        Just(Act::Done("ticket".to_owned())),
        Just(Act::Approved),
        Just(Act::Rejected(String::new())),
        Just(Act::Paid),
        Just(Act::SetOff(String::new())),
        Just(Act::Superseded(String::new())),
    ];
    prop::collection::vec((0i64..60, act).prop_map(|(n, what)| CreditEvent { at: second(n), what }), 0..10)
}

fn drawn() -> impl Strategy<Value = Course> {
    let mode = prop::sample::select(vec![GrantMode::Automatic, GrantMode::OnClaim]);
    let due = |name: &'static str| {
        prop::option::of((0i64..60, any::<bool>()).prop_map(move |(n, inclusive)| NamedDeadline {
            name: name.to_owned(),
            due: Due { day: date(2025, 1, 1), at: second(n), inclusive },
        }))
    };
    (prop::option::of(0i64..30), mode, prop::option::of(0i64..30), due(CLAIM), due("ticket")).prop_map(
        |(determined, mode, open, claim, ticket)| Course {
            determined_at: determined.map(second),
            grants: true,
            mode,
            claims_open: open.map(second),
            deadlines: [claim, ticket].into_iter().flatten().collect(),
        },
    )
}

/// Where a state may lead.
fn leads(from: CreditState, to: CreditState) -> bool {
    use CreditState::{Accruing, Claimed, Determined, Expired, Granted, Settled, Voided};
    from == to
        || match from {
            Accruing => true,
            Determined => to != Accruing,
            Claimed => matches!(to, Granted | Settled | Expired | Voided),
            Granted => to == Settled,
            Settled | Expired | Voided => false,
        }
}

proptest! {
    #[test]
    fn a_credit_never_goes_back_and_ends_for_good(course in drawn(), events in acts()) {
        let mut last = CreditState::Accruing;
        for n in 0..62 {
            let life = life(&course, &events, second(n));
            prop_assert!(leads(last, life.state), "{last:?} {:?} at {n}", life.state);
            prop_assert!(life.since.is_none_or(|since| since <= second(n)));
            last = life.state;
        }
    }

    /// The order in which events are known does not matter, and neither do those that are not yet.
    #[test]
    fn only_what_happened_by_then_counts(course in drawn(), events in acts(), n in 0i64..62) {
        let now = second(n);
        let known: Vec<_> = events.iter().filter(|e| e.at <= now).cloned().collect();
        prop_assert_eq!(life(&course, &known, now), life(&course, &events, now));
    }

    /// Every deadline is kept, or nothing is granted that was not granted before it passed.
    #[test]
    fn what_is_granted_on_claim_had_kept_every_deadline_by_then(mut course in drawn(), events in acts()) {
        course.mode = GrantMode::OnClaim;
        let end = life(&course, &events, second(100));
        if matches!(end.state, CreditState::Granted) {
            let since = end.since.unwrap();
            for deadline in &course.deadlines {
                let kept = events.iter().any(|e| e.what == Act::Done(deadline.name.clone()) && deadline.due.is_kept(e.at));
                let later = deadline.due.at + SignedDuration::from_secs(i64::from(deadline.due.inclusive)) > since;
                prop_assert!(kept || later, "{deadline:?} {since}");
            }
        }
    }
}

#[test]
fn what_ends_first_and_was_not_done_has_to_be_done_next() {
    let course = course(GrantMode::OnClaim, atlas());
    let next = |events: &[CreditEvent]| next_deadline(&course, events).map(|deadline| deadline.name.as_str());
    assert_eq!(next(&[]), Some("ticket"));
    assert_eq!(next(&[done("2025-06-11T09:00:01Z", "ticket")]), Some("ticket"), "that was too late");
    assert_eq!(next(&[ticket()]), Some(CLAIM));
    assert_eq!(next(&[ticket(), done("2025-07-02T00:00:00Z", CLAIM)]), None);
}
