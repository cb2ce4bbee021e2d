use std::borrow::Borrow;

use serde_json::{Value, json};

use super::super::example::{agreement, at};
use super::*;

fn with(rules: Value) -> AgreementSpec {
    AgreementSpec { time_zone: "UTC".to_owned(), exclusions: serde_json::from_value(rules).unwrap(), ..agreement() }
}

fn maintenance(conditions: impl Borrow<Value>) -> AgreementSpec {
    let mut rule = json!({"reason": "Maintenance", "effect": "CountAsGood"});
    rule.as_object_mut().unwrap().extend(conditions.borrow().as_object().unwrap().clone());
    with(json!({"rules": [rule]}))
}

/// A window of June 2025, declared by ann, approved by bob at the beginning of the year.
fn request(from: &str, until: &str, changes: impl Borrow<Value>) -> ExclusionSpec {
    let time = |text: &str| if text.contains('T') { format!("{text}Z") } else { format!("{text}T00:00:00Z") };
    let mut value = json!({
        "agreement": "checkout",
        "reason": "Maintenance",
        "window": {"from": time(from), "until": time(until)},
        "announcedAt": "2025-01-01T00:00:00Z",
        "declaredBy": "ann",
        "approval": {"by": "bob", "at": "2025-01-02T00:00:00Z"},
    });
    for (key, change) in changes.borrow().as_object().unwrap() {
        value[key] = change.clone();
    }
    value.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    serde_json::from_value(value).unwrap()
}

fn june() -> Bounds {
    bounds("2025-06-01T00:00:00Z", "2025-07-01T00:00:00Z")
}

fn bounds(start: &str, end: &str) -> Bounds {
    Bounds { start: at(start), end: at(end) }
}

fn resolved(agreement: &AgreementSpec, requests: &[(&str, ExclusionSpec)], period: Bounds) -> Exclusions {
    let requests: Vec<_> = requests.iter().map(|(name, spec)| Request { name, created: None, spec }).collect();
    resolve(agreement, period, &requests, Timestamp::MAX).unwrap()
}

/// What became of one request: the spans that count, and the codes of what does not.
fn outcome(agreement: &AgreementSpec, spec: ExclusionSpec) -> (Vec<Bounds>, Vec<&'static str>) {
    let found = resolved(agreement, &[("x", spec)], june());
    let spans = found.honoured.into_iter().flat_map(|h| h.spans).collect();
    (spans, found.refused.iter().map(|r| r.code).collect())
}

#[test]
fn nothing_is_excluded_without_a_rule_an_objective_and_a_second_person() {
    let agreed = maintenance(json!({}));
    let window = ("2025-06-10T01:00:00", "2025-06-10T03:00:00");
    let cases = [
        (json!({}), None),
        (json!({"reason": "Agreed"}), Some("not_agreed")),
        (json!({"objectives": ["availability"]}), None),
        (json!({"objectives": ["availability", "speed"]}), Some("unknown_objective")),
        (json!({"approval": null}), Some("not_approved")),
        (json!({"approval": {"by": "ann", "at": "2025-01-02T00:00:00Z"}}), Some("self_approved")),
        (json!({"revoked": {"by": "ann", "at": "2025-08-02T00:00:00Z"}}), Some("revoked")),
        (json!({"window": {"from": "2025-06-10T03:00:00Z", "until": "2025-06-10T01:00:00Z"}}), Some("invalid")),
        (json!({"window": null}), Some("invalid")),
        (json!({"events": {"bad": "1.2.3", "total": "0"}}), Some("invalid")),
    ];
    for (changes, code) in cases {
        let (spans, codes) = outcome(&agreed, request(window.0, window.1, changes.clone()));
        assert_eq!(codes, code.into_iter().collect::<Vec<_>>(), "{changes}");
        assert_eq!(spans.len(), usize::from(code.is_none()), "{changes}");
    }
    let trusting = with(json!({"approval": "NotRequired", "rules": [{"reason": "Maintenance", "effect": "Exclude"}]}));
    assert_eq!(outcome(&trusting, request(window.0, window.1, json!({"approval": null}))).1, [""; 0]);
}

#[test]
fn what_counts_carries_its_effect_and_only_its_time_in_the_period() {
    let agreed = maintenance(json!({}));
    let spec = request("2025-05-31", "2025-06-02", json!({"events": {"bad": "50", "total": "0"}}));
    let found = resolved(&agreed, &[("x", spec)], june());
    let expected = Honoured {
        name: "x".to_owned(),
        reason: ExclusionReason::Maintenance,
        effect: ExclusionEffect::CountAsGood,
        objectives: Vec::new(),
        spans: vec![bounds("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z")],
        events: Some(EventsLeft { bad: Count::events(50), total: Count::ZERO }),
        provenance: found.honoured[0].provenance.clone(),
    };
    assert_eq!(found, Exclusions { honoured: vec![expected], refused: Vec::new() });
    let elsewhere = request("2025-07-01", "2025-07-02", json!({"approval": null}));
    assert_eq!(resolved(&agreed, &[("x", elsewhere)], june()), Exclusions::default(), "none of this period's business");
}

#[test]
fn an_announcement_before_the_declaration_takes_another_persons_word() {
    let rules = json!([{"reason": "Maintenance", "effect": "Exclude", "minimumNotice": "48h"}]);
    let trusting = with(json!({"approval": "NotRequired", "rules": rules}));
    let announced = "2025-06-01T00:00:00Z";
    let cases = [
        // Declared a day before it begins, it cannot have been announced ten days before by the declarer's word alone.
        (json!({"announcedAt": announced, "approval": null}), "2025-06-09T01:00:00Z", Some("notice_too_short")),
        (json!({"announcedAt": announced}), "2025-06-09T01:00:00Z", None),
        (json!({"announcedAt": announced, "approval": null}), "2025-06-02T00:00:00Z", None),
        (json!({"approval": null}), "2025-06-02T00:00:00Z", None),
    ];
    for (changes, created, code) in cases {
        let spec = request("2025-06-10T01:00:00", "2025-06-10T03:00:00", changes.clone());
        let request = Request { name: "x", created: Some(at(created)), spec: &spec };
        let found = resolve(&trusting, june(), &[request], Timestamp::MAX).unwrap();
        assert_eq!(found.refused.first().map(|r| r.code), code, "{changes} of {created}");
    }
}

#[test]
fn a_series_that_was_ended_keeps_what_it_was_until_then() {
    let agreed = maintenance(json!({}));
    let weekly = json!({
        "window": null,
        "recurrence": {"rule": "FREQ=WEEKLY", "start": "2025-06-02T01:00", "end": "2025-06-02T03:00", "timeZone": "UTC"},
        "revoked": {"by": "ann", "at": "2025-08-10T00:00:00Z", "from": "2025-06-16T01:00:00Z"},
    });
    let spec = request("2025-06-10", "2025-06-11", weekly);
    let requests = [Request { name: "x", created: None, spec: &spec }];
    let of = |as_of: &str| {
        let found = resolve(&agreed, june(), &requests, at(as_of)).unwrap();
        let spans: usize = found.honoured.iter().map(|h| h.spans.len()).sum();
        (spans, found.refused.first().map(|r| r.code))
    };
    assert_eq!(of("2025-08-09T00:00:00Z"), (5, None));
    assert_eq!(of("2025-08-10T00:00:00Z"), (2, Some("revoked")), "the one that begins at that very moment is over");
}

#[test]
fn exactly_the_agreed_notice_is_enough() {
    let five_days = maintenance(json!({"minimumNotice": "5d"}));
    let hours = maintenance(json!({"minimumNotice": "48h"}));
    let cases = [
        (&five_days, "2025-06-05T01:00:00Z", true),
        (&five_days, "2025-06-05T01:00:01Z", false),
        (&five_days, "2025-06-06T01:00:00Z", false),
        (&hours, "2025-06-08T01:00:00Z", true),
        (&hours, "2025-06-08T01:00:01Z", false),
    ];
    for (agreed, announced, enough) in cases {
        let spec = request("2025-06-10T01:00:00", "2025-06-10T03:00:00", json!({"announcedAt": announced}));
        let codes = outcome(agreed, spec).1;
        assert_eq!(codes, if enough { vec![] } else { vec!["notice_too_short"] }, "{announced}");
    }
}

#[test]
fn days_of_notice_are_days_of_the_zone() {
    // Clocks go forward on 2025-03-30: from the 28th to the 2nd of April, five days have 119 hours.
    let berlin = AgreementSpec { time_zone: "Europe/Berlin".to_owned(), ..maintenance(json!({"minimumNotice": "5d"})) };
    let spec = request("2025-04-02T01:00:00", "2025-04-02T03:00:00", json!({"announcedAt": "2025-03-28T02:00:00Z"}));
    let april = bounds("2025-03-31T22:00:00Z", "2025-04-30T22:00:00Z");
    assert_eq!(resolved(&berlin, &[("x", spec)], april).refused, []);
}

#[test]
fn an_exclusion_that_does_not_say_was_announced_when_it_was_created() {
    let agreed = maintenance(json!({"minimumNotice": "48h"}));
    let spec = request("2025-06-10T01:00:00", "2025-06-10T03:00:00", json!({"announcedAt": null}));
    for (created, honoured) in
        [(Some("2025-06-08T01:00:00Z"), true), (Some("2025-06-08T02:00:00Z"), false), (None, false)]
    {
        let request = Request { name: "x", created: created.map(at), spec: &spec };
        let found = resolve(&agreed, june(), &[request], Timestamp::MAX).unwrap();
        assert_eq!(found.honoured.len(), usize::from(honoured), "{created:?}");
        assert_eq!(found.refused.len(), usize::from(!honoured), "{created:?}");
    }
}

#[test]
fn working_days_of_notice_leave_out_weekends_and_holidays() {
    let mut agreed = maintenance(json!({"minimumNoticeWorkingDays": 3}));
    // Tuesday the 10th of June 2025; Monday the 9th is a holiday.
    let spec = |announced: &str| {
        request("2025-06-10T01:00:00", "2025-06-10T03:00:00", json!({"announcedAt": format!("{announced}T23:00:00Z")}))
    };
    assert_eq!(outcome(&agreed, spec("2025-06-05")).1, [""; 0]);
    agreed.calendar.holidays = vec!["2025-06-09".to_owned()];
    assert_eq!(outcome(&agreed, spec("2025-06-05")).1, ["notice_too_short"]);
    assert_eq!(outcome(&agreed, spec("2025-06-04")).1, [""; 0]);
}

#[test]
fn a_series_loses_only_the_windows_that_were_announced_too_late() {
    let agreed = maintenance(json!({"minimumNotice": "5d"}));
    let series = json!({
        "window": null,
        "recurrence": {"rule": "FREQ=WEEKLY", "start": "2025-06-01T02:00", "end": "2025-06-01T04:00"},
        "announcedAt": "2025-06-03T00:00:00Z",
    });
    let found = resolved(&agreed, &[("sundays", request("2025-06-01", "2025-06-02", series))], june());
    assert_eq!(found.honoured[0].spans.len(), 4, "from the 8th on, five days and two hours later");
    let refused = &found.refused[0];
    assert_eq!((refused.from, refused.until), (at("2025-06-01T02:00:00Z"), at("2025-06-01T04:00:00Z")));
    assert_eq!((refused.code, refused.seconds), ("notice_too_short", 7200));
}

#[test]
fn a_yearly_allowance_is_used_up_in_the_order_of_time_and_cuts_the_window_that_crosses_it() {
    let agreed = maintenance(json!({"yearlyAllowance": "12h"}));
    let requests = [
        ("third", request("2025-06-20T00:00:00", "2025-06-20T04:00:00", json!({}))),
        ("first", request("2025-02-01T00:00:00", "2025-02-01T08:00:00", json!({}))),
        ("second", request("2025-06-10T00:00:00", "2025-06-10T06:00:00", json!({}))),
        ("refused", request("2025-03-10T00:00:00", "2025-03-10T06:00:00", json!({"approval": null}))),
        ("last year", request("2024-06-10T00:00:00", "2024-06-10T12:00:00", json!({}))),
    ];
    let found = resolved(&agreed, &requests, june());
    let spans: Vec<_> = found.honoured.iter().map(|h| (h.name.as_str(), h.spans.clone())).collect();
    assert_eq!(spans, [("second", vec![bounds("2025-06-10T00:00:00Z", "2025-06-10T04:00:00Z")])]);
    let refused: Vec<_> =
        found.refused.iter().map(|r| (r.name.as_str(), r.code, r.from.to_string(), r.seconds)).collect();
    let expected = [
        ("second", "allowance_exceeded", "2025-06-10T04:00:00Z".to_owned(), 7200),
        ("third", "allowance_exceeded", "2025-06-20T00:00:00Z".to_owned(), 14_400),
    ];
    assert_eq!(refused, expected);
    assert!(found.refused[0].why.contains("12h"), "{}", found.refused[0].why);
}

#[test]
fn an_allowance_is_for_a_calendar_year_of_the_zone_and_charges_common_time_once() {
    let agreed =
        AgreementSpec { time_zone: "Asia/Shanghai".to_owned(), ..maintenance(json!({"yearlyAllowance": "4h"})) };
    // New Year in Shanghai is at 16:00 UTC: two hours of each year.
    let over_new_year = request("2025-12-31T14:00:00", "2025-12-31T18:00:00", json!({}));
    let twin = request("2025-12-31T15:00:00", "2025-12-31T19:00:00", json!({}));
    let december = request("2025-12-05T00:00:00", "2025-12-05T02:00:00", json!({}));
    let requests = [("a", over_new_year), ("b", twin), ("c", december)];
    let month = bounds("2025-11-30T16:00:00Z", "2025-12-31T16:00:00Z");
    assert_eq!(resolved(&agreed, &requests, month).refused, [], "two hours in the beginning, two at the end");
    let next = bounds("2025-12-31T16:00:00Z", "2026-01-31T16:00:00Z");
    let january = resolved(&agreed, &requests, next);
    assert_eq!(january.refused, []);
    assert_eq!(january.honoured[1].spans, [bounds("2025-12-31T16:00:00Z", "2025-12-31T19:00:00Z")]);
    let across = resolved(&agreed, &requests, Bounds { start: month.start, end: next.end });
    assert_eq!(across.refused, [], "a period may lie in two years");
}

#[test]
fn overlapping_windows_of_one_exclusion_are_one_span() {
    let agreed = maintenance(json!({}));
    let series = json!({
        "window": null,
        "recurrence": {"rule": "FREQ=DAILY", "start": "2025-06-29T00:00", "end": "2025-06-30T06:00"},
    });
    let (spans, _) = outcome(&agreed, request("2025-06-01", "2025-06-02", series));
    assert_eq!(spans, [bounds("2025-06-29T00:00:00Z", "2025-07-01T00:00:00Z")]);
}

#[test]
fn what_counts_is_what_was_known_by_then() {
    let agreed = maintenance(json!({}));
    let changes = json!({
        "approval": {"by": "bob", "at": "2025-07-10T00:00:00Z"},
        "revoked": {"by": "ann", "at": "2025-08-10T00:00:00Z"},
    });
    let spec = request("2025-06-10", "2025-06-11", changes);
    let requests = [Request { name: "x", created: Some(at("2025-06-20T00:00:00Z")), spec: &spec }];
    let of = |as_of: &str| {
        let found = resolve(&agreed, june(), &requests, at(as_of)).unwrap();
        (found.honoured.len(), found.refused.first().map(|r| r.code))
    };
    assert_eq!(of("2025-06-19T00:00:00Z"), (0, None), "not yet declared");
    assert_eq!(of("2025-07-01T00:00:00Z"), (0, Some("not_approved")));
    assert_eq!(of("2025-07-10T00:00:00Z"), (1, None));
    assert_eq!(of("2025-08-10T00:00:00Z"), (0, Some("revoked")));
}

fn force_majeure_rule() -> AgreementSpec {
    with(json!({"rules": [{
        "reason": "ForceMajeure",
        "effect": "Exclude",
        "forceMajeure": {"noticeWithin": "24h", "proofWithinWorkingDays": 3},
    }]}))
}

#[test]
fn force_majeure_exempts_only_by_its_clocks() {
    let mut agreed = force_majeure_rule();
    agreed.time_zone = "Asia/Shanghai".to_owned();
    agreed.calendar.holidays = vec!["2025-06-16".to_owned()];
    // Ends on Friday the 13th; the third working day after it is Thursday the 19th.
    let cases = [
        (
            "exactly in time",
            json!({"noticeAt": "2025-06-11T08:00:00+08:00", "proofAt": "2025-06-19T23:59:59+08:00"}),
            None,
        ),
        ("a minute late", json!({"noticeAt": "2025-06-11T08:01:00+08:00"}), Some("notice_too_late")),
        ("no notice", json!({"proofAt": "2025-06-16T00:00:00+08:00"}), Some("notice_missing")),
        ("no proof", json!({"noticeAt": "2025-06-10T08:00:00+08:00"}), Some("proof_missing")),
        (
            "proof a day late",
            json!({"noticeAt": "2025-06-10T08:00:00+08:00", "proofAt": "2025-06-20T00:00:00+08:00"}),
            Some("proof_too_late"),
        ),
        (
            "in default the day before",
            json!({
                "noticeAt": "2025-06-10T08:00:00+08:00", "proofAt": "2025-06-16T00:00:00+08:00",
                "inDefaultSince": "2025-06-09T00:00:00+08:00",
            }),
            Some("in_default"),
        ),
        (
            "in default from then on",
            json!({
                "noticeAt": "2025-06-10T08:00:00+08:00", "proofAt": "2025-06-16T00:00:00+08:00",
                "inDefaultSince": "2025-06-10T08:00:00+08:00",
            }),
            None,
        ),
    ];
    for (case, record, code) in cases {
        let changes = json!({"reason": "ForceMajeure", "forceMajeure": record});
        let spec = request("2025-06-10T00:00:00", "2025-06-13T10:00:00", changes);
        assert_eq!(outcome(&agreed, spec).1, code.into_iter().collect::<Vec<_>>(), "{case}");
    }
}

#[test]
fn the_single_findings_of_force_majeure_can_be_asked_for() {
    let agreed = force_majeure_rule();
    let rule = agreed.exclusions.rules[0].force_majeure.clone().unwrap();
    let record = serde_json::from_value(json!({"noticeAt": "2025-06-11T08:00:00+08:00"})).unwrap();
    let event = bounds("2025-06-10T08:00:00+08:00", "2025-06-13T00:00:00+08:00");
    let zone = period::zone("Asia/Shanghai").unwrap();
    let found = force_majeure::examine(&rule, &record, event, &WorkingDays::default(), &zone, Timestamp::MAX).unwrap();
    assert_eq!(found.notice_by, Some(at("2025-06-11T08:00:00+08:00")));
    assert!(found.notice_valid && !found.proof_valid && !found.in_default && !found.exempt());
    // The event ended with the end of Thursday the 12th.
    assert_eq!(found.proof_by, Some(k8s_openapi::jiff::civil::date(2025, 6, 17)));
}

#[test]
fn the_order_of_requests_changes_nothing() {
    let agreed = maintenance(json!({"yearlyAllowance": "3h"}));
    let mut requests = vec![
        ("a", request("2025-06-10T00:00:00", "2025-06-10T02:00:00", json!({}))),
        ("b", request("2025-06-10T00:00:00", "2025-06-10T03:00:00", json!({}))),
        ("c", request("2025-06-10T01:00:00", "2025-06-10T05:00:00", json!({}))),
    ];
    let found = resolved(&agreed, &requests, june());
    requests.reverse();
    assert_eq!(resolved(&agreed, &requests, june()), found);
    requests.rotate_left(1);
    assert_eq!(resolved(&agreed, &requests, june()), found);
}

/// Notice of a day at first, of two from May on; two hours a year.
fn stricter_from_may(rule: &str) -> AgreementSpec {
    let rules = |notice: &str| json!({"rules": [{"reason": "Maintenance", "effect": "Exclude", "minimumNotice": notice, "yearlyAllowance": "2h"}]});
    let mut value = serde_json::to_value(with(rules("24h"))).unwrap();
    value["validity"] = json!({"from": "2025-01-01"});
    value["amendmentRule"] = json!(rule);
    value["amendments"] = json!([{"effective": "2025-05-10", "exclusions": rules("48h")}]);
    serde_json::from_value(value).unwrap()
}

#[test]
fn what_was_honoured_by_earlier_terms_uses_up_the_allowance_of_the_year() {
    let a_day_before = |day: &str| json!({"announcedAt": format!("{day}T00:00:00Z")});
    let january = || request("2025-01-20T01:00:00", "2025-01-20T03:00:00", a_day_before("2025-01-19"));
    let june_window = || request("2025-06-10T01:00:00", "2025-06-10T03:00:00", json!({}));
    for rule in ["Split", "NextPeriod"] {
        let agreed = stricter_from_may(rule);
        let both = [("january", january()), ("june", june_window())];
        let found = resolved(&agreed, &both, june());
        assert_eq!(found.honoured, [], "{rule}");
        assert_eq!(
            found.refused.iter().map(|r| (r.name.as_str(), r.code)).collect::<Vec<_>>(),
            [("june", "allowance_exceeded")]
        );
        assert_eq!(resolved(&agreed, &both[1..], june()).refused, [], "{rule}");
    }
}

#[test]
fn an_amendment_is_in_force_for_windows_of_the_periods_that_it_is_for() {
    // The 20th of May is a day of the period that an amendment of the 10th splits, or lets end by the old terms.
    let in_may =
        || request("2025-05-20T01:00:00", "2025-05-20T03:00:00", json!({"announcedAt": "2025-05-19T00:00:00Z"}));
    let june_window = || request("2025-06-10T01:00:00", "2025-06-10T03:00:00", json!({}));
    for (rule, refused) in [("Split", vec![]), ("NextPeriod", vec!["allowance_exceeded"])] {
        let found = resolved(&stricter_from_may(rule), &[("may", in_may()), ("june", june_window())], june());
        assert_eq!(found.refused.iter().map(|r| r.code).collect::<Vec<_>>(), refused, "{rule}");
    }
}
