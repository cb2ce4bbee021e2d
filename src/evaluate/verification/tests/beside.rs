//! What a statement says of exclusions and of the statements before it is compared where these are presented.

use super::super::super::exclusion::{Request, resolve};
use super::super::super::ledger::Ledger;
use super::super::super::period::Schedule;
use super::super::super::restatement::Superseded;
use super::*;
use crate::api::exclusion::ExclusionSpec;
use crate::api::statement::StatementSpec;
use crate::evaluate::assess::Circumstances;
use crate::evaluate::credit::{Facts, Granted};

fn presented<'a>(case: &'a Case, beside: Beside<'a>) -> Presented<'a> {
    Presented {
        name: Some(&case.name),
        content: &case.content,
        ledger_name: Some(&case.ledger_name),
        ledger: &case.ledger,
        earlier: &[],
        agreement: Some(Terms { spec: &case.agreement, generation: case.generation, created: None }),
        beside,
    }
}

fn statement_of(case: &Case) -> StatementSpec {
    serde_json::from_value(case.content.clone()).unwrap()
}

fn agreed(changes: &[(&str, Value)]) -> AgreementSpec {
    let mut spec = serde_json::to_value(two_objectives()).unwrap();
    for (pointer, value) in changes {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        spec.pointer_mut(parent).unwrap()[field] = value.clone();
    }
    serde_json::from_value(spec).unwrap()
}

/// A month of 2026, of which the first three hours of every hundred were bad.
fn month(spec: &AgreementSpec, of: &str, circumstances: &Circumstances) -> Case {
    let bounds = Schedule::new(spec, at("2025-01-01T00:00:00Z")).unwrap().containing(at(of)).unwrap();
    let mut ledger = Ledger::new(bounds, 3_600, ["availability", "latency"]).unwrap();
    let slot = |hour: usize| measured(1_000, if hour % 100 < 3 { 1_000 } else { 0 });
    for name in ["availability", "latency"] {
        ledger.set_slots(name, (0..ledger.slot_count()).map(slot).collect()).unwrap();
    }
    made_of(spec.clone(), &ledger, circumstances, SETTLE)
}

fn asked(changes: &Value) -> ExclusionSpec {
    let mut value = json!({
        "agreement": "checkout", "reason": "Maintenance",
        "window": {"from": "2026-09-30T22:00:00Z", "until": "2026-10-01T01:00:00Z"},
        "announcedAt": "2026-09-01T00:00:00Z", "declaredBy": "ann",
        "approval": {"by": "bob", "at": "2026-09-02T00:00:00Z"},
    });
    value.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

#[test]
fn an_exclusion_that_nobody_asked_for_and_one_that_is_kept_quiet_are_found() {
    let rules = json!({"rules": [{"reason": "Maintenance", "effect": "Exclude", "minimumNotice": "5d"}]});
    let spec = agreed(&[("/exclusions", rules)]);
    let (good, late) = (asked(&json!({})), asked(&json!({"announcedAt": "2026-09-29T00:00:00Z"})));
    let request = |spec| Request { name: "window", created: None, spec };
    let made = |request: Option<Request<'_>>| {
        let period = month(&spec, "2026-10-15T00:00:00Z", &Circumstances::default()).ledger;
        let period = Bounds { start: period.period_start.0, end: period.period_end.0 };
        let requests: Vec<_> = request.into_iter().collect();
        let exclusions = resolve(&spec, period, &requests, period.end).unwrap();
        month(&spec, "2026-10-15T00:00:00Z", &Circumstances { exclusions, ..Circumstances::default() })
    };
    let verdict = |case: &Case, asked: &[Request<'_>]| {
        verify(&presented(case, Beside { exclusions: Some(asked), ..Beside::default() })).verdict()
    };
    let (excluded, refused, silent) = (made(Some(request(&good))), made(Some(request(&late))), made(None));
    assert_ne!(excluded.content["objectives"][0]["badEvents"], silent.content["objectives"][0]["badEvents"]);
    for (name, case, asked, expected) in [
        ("as it was asked", &excluded, vec![request(&good)], Verdict::Verified),
        ("refused, as it was announced too late", &refused, vec![request(&late)], Verdict::Verified),
        ("nothing was asked", &silent, vec![], Verdict::Verified),
        ("nobody asked for it", &excluded, vec![], Verdict::Contradicted),
        ("it was announced too late", &excluded, vec![request(&late)], Verdict::Contradicted),
        ("it is kept quiet", &silent, vec![request(&good)], Verdict::Contradicted),
        ("its refusal is kept quiet", &silent, vec![request(&late)], Verdict::Contradicted),
    ] {
        assert_eq!(verdict(case, &asked), expected, "{name}");
        // Without what was asked all of these hold together, and it is said that nobody looked.
        let unseen = case.verify();
        assert_eq!(unseen.verdict(), Verdict::Verified, "{name}");
        assert_eq!(unseen.comparison.unwrap().not_compared, [NotCompared::Exclusions], "{name}");
    }
    // Approved after the statement was issued: it did not count then.
    let approved = asked(&json!({"approval": {"by": "bob", "at": "2026-11-05T00:00:00Z"}}));
    let not_yet = made(Some(request(&approved)));
    for (issued, expected) in
        [("2026-11-01T00:00:00Z", Verdict::Verified), ("2026-11-06T00:00:00Z", Verdict::Contradicted)]
    {
        let requests = [request(&approved)];
        let beside = Beside { exclusions: Some(&requests), issued: Some(at(issued)), ..Beside::default() };
        assert_eq!(verify(&presented(&not_yet, beside)).verdict(), expected, "{issued}");
    }
}

#[test]
fn what_earlier_periods_granted_follows_from_their_statements() {
    let spec = agreed(&[("/credits/capPerYear", json!({"amount": "1500.00"}))]);
    let resting_on = |granted: i64| Facts {
        granted_this_year: Granted { money: [("EUR".to_owned(), ratio(granted, 1))].into(), service_days: 0 },
        ..Facts::default()
    };
    let made = |of: &str, granted: i64| {
        let facts = if granted == 0 { Facts::default() } else { resting_on(granted) };
        month(&spec, of, &Circumstances { facts, ..Circumstances::default() })
    };
    let august = made("2026-08-15T00:00:00Z", 0);
    assert_eq!(august.content["credits"]["amount"], json!("1000.00"));
    let september = made("2026-09-15T00:00:00Z", 1_000);
    assert_eq!(september.content["credits"]["amount"], json!("500.00"));
    let statements = [&august, &september].map(|case| (case.name.clone(), statement_of(case)));
    let given = |which: &[usize]| -> Vec<Previous<'_>> {
        let of = |index: &usize| &statements[*index];
        which.iter().map(of).map(|(name, statement)| Previous { name, issued: None, statement }).collect()
    };
    for (name, case, previous, expected) in [
        ("nothing is left of the cap", made("2026-10-15T00:00:00Z", 1_500), vec![0, 1], Verdict::Verified),
        ("what was granted is kept quiet", made("2026-10-15T00:00:00Z", 0), vec![0, 1], Verdict::Contradicted),
        ("more is said to be granted", made("2026-09-15T00:00:00Z", 1_400), vec![0], Verdict::Contradicted),
        ("a statement in between is missing", made("2026-10-15T00:00:00Z", 1_500), vec![0], Verdict::NotComputed),
        ("what came later does not count", made("2026-09-15T00:00:00Z", 1_000), vec![0, 1], Verdict::Verified),
    ] {
        let previous = given(&previous);
        let outcome = verify(&presented(&case, Beside { previous: Some(&previous), ..Beside::default() }));
        assert_eq!(outcome.verdict(), expected, "{name}: {outcome:#?}");
        if let Ok(found) = outcome.comparison {
            assert_eq!(found.not_compared, [], "{name}");
            assert!(found.taken_as_stated.iter().all(|path| !path.to_string().starts_with("credits.facts")), "{name}");
        }
        let unseen = case.verify();
        assert_eq!(
            (unseen.verdict(), unseen.comparison.unwrap().not_compared),
            (Verdict::Verified, vec![NotCompared::Previous])
        );
    }
}

#[test]
fn what_a_newer_statement_adjusts_follows_from_the_one_whose_place_it_takes() {
    let spec = two_objectives();
    let first = month(&spec, "2026-10-15T00:00:00Z", &Circumstances::default());
    let before = statement_of(&first);
    let determined = at("2026-11-10T00:00:00Z");
    let circumstances =
        Circumstances { exclusions: maintenance(), determined_at: Some(determined), ..Circumstances::default() };
    let superseded = Superseded::new(&first.name, &before, spec.settlement.grant);
    let mut second = month(&spec, "2026-10-15T00:00:00Z", &circumstances);
    second.takes_the_place_of(superseded, &circumstances);
    let statements = [Previous { name: &first.name, issued: None, statement: &before }];
    let beside = Beside { previous: Some(&statements), ..Beside::default() };
    let outcome = verify(&presented(&second, beside));
    assert_eq!(outcome.verdict(), Verdict::Verified, "{outcome:#?}");
    let taken = outcome.comparison.unwrap().taken_as_stated;
    assert!(taken.iter().all(|path| !["adjustment", "supersedes"].contains(&path.to_string().as_str())), "{taken:?}");
    second.content["adjustment"]["amounts"] = json!([{"currency": "EUR", "amount": "-999.00"}]);
    second.sign();
    assert_eq!(second.verify().verdict(), Verdict::Verified, "nobody looked");
    assert_eq!(verify(&presented(&second, beside)).verdict(), Verdict::Contradicted);
}

#[test]
fn a_statement_that_names_another_than_the_one_before_it_is_compared_with_that_all_the_same() {
    let spec = two_objectives();
    let first = month(&spec, "2026-10-15T00:00:00Z", &Circumstances::default());
    let before = statement_of(&first);
    let determined_at = Some(at("2026-11-10T00:00:00Z"));
    let circumstances = Circumstances { exclusions: maintenance(), determined_at, ..Circumstances::default() };
    let mut second = month(&spec, "2026-10-15T00:00:00Z", &circumstances);
    second.takes_the_place_of(Superseded::new(&first.name, &before, spec.settlement.grant), &circumstances);
    let honest = statement_of(&second);
    let statements = [Previous { name: &first.name, issued: None, statement: &before }];
    let shown = |case: &Case, previous: &[Previous<'_>]| {
        verify(&presented(case, Beside { previous: Some(previous), ..Beside::default() }))
    };
    let differing = |outcome: &Verification| -> Vec<String> {
        outcome.comparison.as_ref().unwrap().differences.iter().map(|found| found.path.to_string()).collect()
    };
    // It names one that never was, and adjusts by what nobody could compare with it.
    second.content["supersedes"] = second.name.replace("-r2", "-r9").into();
    second.content["adjustment"]["amounts"] = json!([{"currency": "EUR", "amount": "-999.00"}]);
    second.sign();
    let found = differing(&shown(&second, &statements));
    assert!(found.contains(&"supersedes".to_owned()), "{found:?}");
    assert!(found.iter().any(|path| path.starts_with("adjustment")), "{found:?}");
    // It says nothing of the one before.
    second.content.as_object_mut().unwrap().retain(|field, _| !["supersedes", "adjustment"].contains(&field.as_str()));
    second.sign();
    assert_eq!(shown(&second, &statements).verdict(), Verdict::Contradicted);
    // What was there before is not at hand.
    let mut second = Case { content: serde_json::to_value(&honest).unwrap(), ..second };
    let missing = shown(&second, &[]);
    assert_eq!(missing.verdict(), Verdict::NotComputed);
    let told = missing.comparison.unwrap_err().to_string();
    assert!(told.contains(&first.name) && told.contains("is not among those before"), "{told}");
    // Nor is the one in between, of three.
    second.name = second.name.replace("-r2", "-r3");
    second.content["revision"] = 3.into();
    second.content["supersedes"] = second.name.replace("-r3", "-r2").into();
    second.sign();
    assert_eq!(shown(&second, &statements).verdict(), Verdict::NotComputed);
    // Determined before the one whose place it takes.
    let mut second =
        Case { content: serde_json::to_value(&honest).unwrap(), name: second.name.replace("-r3", "-r2"), ..second };
    second.content["credits"]["since"] = "2026-10-20T00:00:00Z".into();
    second.sign();
    assert!(differing(&shown(&second, &statements)).contains(&"credits.since".to_owned()));
}

#[test]
fn the_years_of_an_agreement_without_validity_are_not_guessed() {
    let mut spec = agreed(&[("/credits/capPerYear", json!({"amount": "1500.00"}))]);
    spec.validity = None;
    let granted = Granted { money: [("EUR".to_owned(), ratio(1_000, 1))].into(), service_days: 0 };
    let facts = Facts { granted_this_year: granted, ..Facts::default() };
    let case = month(&spec, "2026-10-15T00:00:00Z", &Circumstances { facts, ..Circumstances::default() });
    let outcome = verify(&presented(&case, Beside { previous: Some(&[]), ..Beside::default() }));
    assert_eq!(outcome.verdict(), Verdict::Verified, "{outcome:#?}");
    let found = outcome.comparison.unwrap();
    assert_eq!(found.not_compared, [NotCompared::Years]);
    assert!(found.taken_as_stated.iter().any(|path| path.to_string() == "credits.facts"));
}

#[test]
fn the_years_of_an_agreement_begin_with_its_creation_where_that_is_at_hand() {
    let mut spec = agreed(&[("/credits/capPerYear", json!({"amount": "1500.00"}))]);
    spec.validity = None;
    let made = |of: &str, granted: i64| {
        let money = [("EUR".to_owned(), ratio(granted, 1))].into();
        let granted_this_year = Granted { money, service_days: 0 };
        let facts = if granted == 0 { Facts::default() } else { Facts { granted_this_year, ..Facts::default() } };
        month(&spec, of, &Circumstances { facts, ..Circumstances::default() })
    };
    let (august, september) = (made("2026-08-15T00:00:00Z", 0), made("2026-09-15T00:00:00Z", 1_000));
    let before = statement_of(&august);
    let previous = [Previous { name: &august.name, issued: None, statement: &before }];
    let verdict = |created: &str| {
        let beside = Beside { previous: Some(&previous), ..Beside::default() };
        let mut presented = presented(&september, beside);
        presented.agreement = presented.agreement.map(|terms| Terms { created: Some(at(created)), ..terms });
        let outcome = verify(&presented);
        assert_eq!(outcome.comparison.as_ref().unwrap().not_compared, [], "{outcome:#?}");
        outcome.verdict()
    };
    assert_eq!(verdict("2025-10-05T00:00:00Z"), Verdict::Verified, "August and September are of one year");
    assert_eq!(verdict("2025-08-15T00:00:00Z"), Verdict::Contradicted, "a year began in August, after its first day");
}

#[test]
fn what_is_adjusted_where_credits_are_claimed_is_one_of_two_things() {
    let spec = agreed(&[("/settlement", json!({"grant": "OnClaim"}))]);
    let first = month(&spec, "2026-10-15T00:00:00Z", &Circumstances::default());
    let before = statement_of(&first);
    let determined_at = Some(at("2026-11-10T00:00:00Z"));
    let circumstances = Circumstances { exclusions: maintenance(), determined_at, ..Circumstances::default() };
    let statements = [Previous { name: &first.name, issued: None, statement: &before }];
    let beside = Beside { previous: Some(&statements), ..Beside::default() };
    let waits = Superseded::new(&first.name, &before, spec.settlement.grant);
    assert_eq!(waits.granted, None);
    for superseded in [waits, Superseded { granted: before.credits.as_ref(), ..waits }] {
        let mut second = month(&spec, "2026-10-15T00:00:00Z", &circumstances);
        second.takes_the_place_of(superseded, &circumstances);
        let outcome = verify(&presented(&second, beside));
        assert_eq!(outcome.verdict(), Verdict::Verified, "{outcome:#?}");
        let found = outcome.comparison.unwrap();
        assert_eq!(found.not_compared, [NotCompared::Exclusions, NotCompared::Granted]);
        assert!(found.taken_as_stated.iter().all(|path| path.to_string() != "adjustment"));
        second.content["adjustment"]["amounts"] = json!([{"currency": "EUR", "amount": "-1.23"}]);
        second.sign();
        assert_eq!(verify(&presented(&second, beside)).verdict(), Verdict::Contradicted);
    }
}
