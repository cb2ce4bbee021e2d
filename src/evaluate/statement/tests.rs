use super::super::example::{SETTLE, agreement, at, ledger, measured, tally};
use super::super::period::Schedule;
use super::super::slot::{Births, Slot, UnknownCause};
use super::*;
use crate::api::agreement::{MissingData, TreatAs};
use crate::api::agreement_status::{DetectedBy, State};
use crate::api::enforcement_status::{ActionPhase, ActionTarget, Verb};
use crate::api::settlement::GrantMode;
use crate::evaluate::enforcement_log::EnforcementLog;

fn slots() -> Vec<Slot> {
    let count = 8_940; // October 2026 in Berlin: 745 hours.
    let mut slots = vec![measured(1_000, 0); count - 240];
    slots.extend(vec![measured(1_000, 60); 230]);
    slots.push(Slot::known(tally(1_000, 4), Births { born: tally(10, 4), unattributed: tally(3, 1) }, 2));
    slots.extend(vec![measured(0, 0); 4]);
    slots.extend(vec![Slot::unknown(UnknownCause::NoSamples, 2); 5]);
    slots
}

fn stored(slots: &[Slot]) -> LedgerSpec {
    let schedule = Schedule::new(&agreement(), at("2025-01-01T00:00:00Z")).unwrap();
    let bounds = schedule.containing(at("2026-10-15T00:00:00Z")).unwrap();
    let identity = AgreementIdentity { name: "checkout".to_owned(), uid: "u-1".to_owned() };
    stored_ledger::to_spec(&ledger(bounds, 300, slots), identity, &EnforcementLog::default(), true)
}

fn action(id: &str, at_: &str) -> ActionRecord {
    let target = ActionTarget {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        name: "checkout".to_owned(),
        uid: "w-1".to_owned(),
    };
    ActionRecord {
        id: id.to_owned(),
        verb: Verb::RaiseFloor,
        target,
        from: Some(3),
        to: Some(5),
        reason: String::new(),
        hypothesis: String::new(),
        ahead: false,
        phase: ActionPhase::Done,
        intended_at: Time(at(at_)),
        deadline: Time(at(at_)),
        outcome: String::new(),
        verdict: None,
        evidence: String::new(),
    }
}

/// Of a pool of 32 members, three for each: the most an agreement can ask.
fn queries() -> Vec<String> {
    (0..96).map(|number| format!("sum(q{number})")).collect()
}

fn made(ledger: &LedgerSpec, actions: &[ActionRecord], now: &str) -> Result<StatementSpec, StatementError> {
    made_with(&agreement(), ledger, actions, now, &Circumstances::default(), None)
}

fn made_with(
    spec: &AgreementSpec,
    ledger: &LedgerSpec,
    actions: &[ActionRecord],
    now: &str,
    circumstances: &Circumstances,
    supersedes: Option<Superseded<'_>>,
) -> Result<StatementSpec, StatementError> {
    let ledger = &LedgerSpec { actions: actions.to_vec(), ..ledger.clone() };
    let queries = BTreeMap::from([("availability".to_owned(), queries())]);
    let closing = Closing {
        spec,
        generation: 2,
        revision: 1,
        ledger_name: "checkout-20260930t220000z",
        ledger,
        window: None,
        queries: &queries,
        source_name: "main",
        source_url: "http://prometheus:9090",
        increase: IncreaseForm::Anchored,
        circumstances,
        supersedes,
    };
    statement(&closing, at(now), SETTLE)
}

const LATER: &str = "2026-11-02T00:00:00Z";

#[test]
fn a_statement_says_what_the_ledger_holds() {
    let statement = made(&stored(&slots()), &[], LATER).unwrap();
    let objective = &statement.objectives[0];
    let total = 1_000 * (8_940 - 9);
    let bad = 230 * 60 + 4;
    assert_eq!((objective.total_events.as_str(), objective.bad_events.as_str()), ("8931000", "13804"));
    assert_eq!((total, bad), (8_931_000, 13_804));
    assert_eq!(objective.attainment_ratio, "2229299/2232750");
    assert_eq!(objective.attainment, "99.845437");
    assert_eq!(objective.state, State::Violated);
    assert_eq!(objective.coverage, "99.944071");
    assert_eq!(objective.attainment_bounds, ["99.789595".to_owned(), "99.845523".to_owned()]);
    assert_eq!(objective.slots, SlotCounts { measured: 8_931, no_traffic: 4, unknown: 5, ..SlotCounts::default() });
    assert_eq!(objective.born_events, EventPair { total: "10".to_owned(), bad: "4".to_owned() });
    assert_eq!(objective.unattributed_events, EventPair { total: "3".to_owned(), bad: "1".to_owned() });
    assert_eq!((objective.target.as_str(), objective.method.as_str()), ("99.9", "Events"));
    assert!(objective.counting.starts_with("good events over all events; an unknown slot"), "{}", objective.counting);
    let counted = ("events".to_owned(), "8917196".to_owned(), "8931000".to_owned());
    assert_eq!(
        (objective.counted.unit.clone(), objective.counted.good.clone(), objective.counted.total.clone()),
        counted
    );
    assert!(objective.covered && objective.members.is_empty());
    assert_eq!(objective.queries, queries());
    let credits = statement.credits.as_ref().unwrap();
    assert_eq!((credits.amount.as_str(), credits.state), ("400.00", CreditState::Granted));
    assert_eq!(statement.violations.len(), 1);
    assert_eq!(statement.period.time_zone, "Europe/Berlin");
    assert_eq!(statement.evidence.ledger_digest, stored_ledger::digest(&stored(&slots()).objectives));
}

#[test]
fn making_it_twice_and_later_makes_the_same() {
    let first = made(&stored(&slots()), &[], "2026-10-31T23:00:30Z").unwrap();
    assert_eq!(made(&stored(&slots()), &[], LATER).unwrap(), first);
    assert_eq!(first.digest.len(), 64);
}

#[test]
fn a_period_is_not_settled_before_its_last_slot_can_be_read() {
    let early = made(&stored(&slots()), &[], "2026-10-31T23:00:29Z");
    assert_eq!(early, Err(StatementError::TooEarly(at("2026-10-31T23:00:30Z"))));
}

#[test]
fn the_digest_covers_everything_and_survives_the_wire() {
    let statement = made(&stored(&slots()), &[action("a", "2026-10-02T00:00:00.5Z")], LATER).unwrap();
    assert!(digest_matches(&statement));
    let text = serde_json::to_string(&statement).unwrap();
    let wire: StatementSpec = serde_json::from_str(&text).unwrap();
    assert!(digest_matches(&wire));
    // Every leaf of the content, changed by itself, is noticed.
    let value = serde_json::to_value(&statement).unwrap();
    let mut leaves = Vec::new();
    collect(&value, String::new(), &mut leaves);
    assert!(leaves.len() > 50);
    for path in leaves {
        let mut changed = value.clone();
        let leaf = changed.pointer_mut(&path).unwrap();
        *leaf = match &*leaf {
            Value::String(text) => Value::from(format!("{text}0")),
            Value::Number(n) => Value::from(n.as_i64().unwrap() + 1),
            Value::Bool(b) => Value::from(!b),
            Value::Null | Value::Array(_) | Value::Object(_) => panic!("{path} is no leaf"),
        };
        // Times and enums may not parse any more, which is noticed as well.
        let passes = serde_json::from_value::<StatementSpec>(changed).is_ok_and(|s| digest_matches(&s));
        assert!(!passes, "{path}");
    }
}

fn collect(value: &Value, path: String, leaves: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(k, v)| collect(v, format!("{path}/{k}"), leaves)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| collect(v, format!("{path}/{i}"), leaves)),
        _ => leaves.push(path),
    }
}

#[test]
fn only_the_actions_of_the_period_are_listed_oldest_first() {
    let mut actions = vec![
        action("late", "2026-10-20T00:00:00Z"),
        action("before", "2026-09-30T21:59:59Z"),
        action("first", "2026-09-30T22:00:00Z"),
        action("after", "2026-10-31T23:00:00Z"),
    ];
    let statement = made(&stored(&slots()), &actions, LATER).unwrap();
    assert_eq!(statement.actions.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(), ["first", "late"]);
    actions.extend((0..60).map(|i| action(&format!("{i}"), "2026-10-05T00:00:00Z")));
    let many = made(&stored(&slots()), &actions, LATER).unwrap();
    assert_eq!((many.actions.len(), many.actions_omitted), (50, 12));
    let trimmed = LedgerSpec { actions_omitted: 1_000, diagnoses_omitted: 7, ..stored(&slots()) };
    let many = made(&trimmed, &actions, LATER).unwrap();
    assert_eq!((many.actions.len(), many.actions_omitted, many.causes_omitted), (50, 1_012, 7));
}

#[test]
fn more_violations_than_are_listed_are_counted() {
    let slots: Vec<Slot> = (0..8_940).map(|i| measured(100, if i % 20 == 0 { 50 } else { 0 })).collect();
    let statement = made(&stored(&slots), &[], LATER).unwrap();
    assert_eq!((statement.violations.len(), statement.violations_omitted), (200, 447 - 200));
}

#[test]
fn a_correction_names_what_it_supersedes_and_what_it_changes() {
    let first = made(&stored(&slots()), &[], LATER).unwrap();
    let good = stored(&vec![measured(1_000, 0); 8_940]);
    let correct = |granted| {
        let supersedes = Some(Superseded { name: "checkout-r1", granted, amendment: "" });
        made_with(&agreement(), &good, &[], LATER, &Circumstances::default(), supersedes).unwrap()
    };
    let second = correct(first.credits.as_ref());
    assert_eq!(second.supersedes.as_deref(), Some("checkout-r1"));
    let adjustment = second.adjustment.as_ref().unwrap();
    assert_eq!((adjustment.amounts[0].currency.as_str(), adjustment.amounts[0].amount.as_str()), ("EUR", "-400.00"));
    assert_eq!(correct(None).adjustment.unwrap().amounts[0].amount, "0.00", "nothing had been granted");
    assert!(digest_matches(&second));
    assert_eq!((first.supersedes, first.adjustment), (None, None));
}

#[test]
fn what_was_reported_stands_in_the_statement() {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["credits"]["capPerYear"] = serde_json::json!({"amount": "450.00"});
    let spec: AgreementSpec = serde_json::from_value(spec).unwrap();
    let money = [("EUR".to_owned(), BigRational::from_integer(100.into()))].into();
    let reported = Circumstances {
        facts: credit::Facts {
            granted_this_year: credit::Granted { money, service_days: 0 },
            ..credit::Facts::default()
        },
        incidents: vec![detection::Incident {
            objective: None,
            start: at("2026-10-31T03:00:00Z"),
            end: at("2026-10-31T06:00:00Z"),
            detected_by: DetectedBy::Customer,
            noticed_at: Some(at("2026-10-31T04:00:00Z")),
        }],
        ..Circumstances::default()
    };
    let statement = made_with(&spec, &stored(&slots()), &[], LATER, &reported, None).unwrap();
    let credits = statement.credits.as_ref().unwrap();
    assert_eq!((credits.amount.as_str(), credits.amounts[0].capped_by.as_str()), ("350.00", "Year"));
    assert_eq!(credit::stated(&credits.facts, &spec).unwrap(), reported.facts);
    let noticed = &statement.violations[0];
    assert_eq!(noticed.detected_by, Some(DetectedBy::Customer));
    assert_eq!(noticed.detected_at.as_ref().map(|noticed| noticed.0), Some(at("2026-10-31T04:00:00Z")));
}

#[test]
fn a_damaged_ledger_makes_no_statement() {
    let mut ledger = stored(&slots());
    ledger.objectives[0].slots.0.truncate(10);
    assert!(matches!(made(&ledger, &[], LATER), Err(StatementError::Ledger(_))));
}

#[test]
fn names_are_derived_and_bounded() {
    let start = at("2025-12-31T23:00:00Z");
    assert_eq!(name("checkout", start, 1), "checkout-20251231t230000z-r1");
    assert_eq!(ledger_name("checkout", start), "checkout-20251231t230000z");
    let long = ["a".repeat(253), format!("{}b", "a".repeat(252)), format!("{}.-b", "a".repeat(249))];
    let names: Vec<String> = long.iter().map(|agreement| name(agreement, start, 12)).collect();
    for name in &names {
        assert!(name.len() <= 253 && name.ends_with("-20251231t230000z-r12"), "{name}");
    }
    assert!(names[0] != names[1] && names[1] != names[2]);
    let dotted = name(&format!("{}{}", "a".repeat(220), ".b".repeat(16)), start, 1);
    assert!(!dotted.contains(".-"), "{dotted}");
}

/// From the beginning of the period on, so many percent of the fee are owed for less than all of it.
fn amended(effective: &str, percent: &str) -> AgreementSpec {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    let mut credits = spec["credits"].clone();
    credits["tiers"] = serde_json::json!([{"objective": "availability", "below": "99.99", "percentOfFee": percent}]);
    spec["amendmentRule"] = "NextPeriod".into();
    spec["amendments"] = serde_json::json!([{"effective": effective, "credits": credits}]);
    serde_json::from_value(spec).unwrap()
}

#[test]
fn a_period_is_settled_by_the_terms_it_began_with_and_restated_by_the_same() {
    let ledger = stored(&slots());
    let queries = BTreeMap::new();
    let circumstances = Circumstances::default();
    let with = |spec: &AgreementSpec, supersedes: Option<(&str, &StatementSpec)>| {
        let supersedes = supersedes.map(|(name, statement)| Superseded::new(name, statement, GrantMode::Automatic));
        let closing = Closing {
            spec,
            generation: 2,
            revision: 1,
            ledger_name: "l",
            ledger: &ledger,
            window: None,
            circumstances: &circumstances,
            supersedes,
            queries: &queries,
            source_name: "main",
            source_url: "",
            increase: IncreaseForm::Anchored,
        };
        statement(&closing, at(LATER), SETTLE).unwrap()
    };
    let percent = |made: &StatementSpec| made.credits.as_ref().unwrap().percent_of_fee.clone();
    let first = with(&agreement(), None);
    assert_eq!((first.amendment.as_str(), percent(&first).as_str()), ("", "10.000000"));
    let since_october = with(&amended("2026-10-01", "50"), None);
    assert_eq!((since_october.amendment.as_str(), percent(&since_october).as_str()), ("2026-10-01", "50.000000"));
    let since_november = with(&amended("2026-10-02", "50"), None);
    assert_eq!((since_november.amendment.as_str(), percent(&since_november).as_str()), ("", "10.000000"));
    // Agreed for October only after October was settled: what takes the first statement's place keeps its terms.
    let restated = with(&amended("2026-10-01", "50"), Some(("l-r1", &first)));
    assert_eq!((restated.amendment.as_str(), percent(&restated).as_str()), ("", "10.000000"));
    assert_eq!(restated.supersedes.as_deref(), Some("l-r1"));
}

#[test]
fn what_unknown_slots_add_is_stated_where_the_agreement_counts_them() {
    let counted = |treat_as| {
        let missing_data = MissingData { treat_as, minimum_coverage: "90".into() };
        let spec = AgreementSpec { missing_data, ..agreement() };
        let none = Circumstances::default();
        let made = made_with(&spec, &stored(&slots()), &[], "2026-11-02T00:00:00Z", &none, None).unwrap();
        made.objectives.into_iter().next().unwrap().counted.unknown
    };
    let added =
        |total: &str, bad: &str| Some(UnknownCounted { total: total.to_owned(), bad: bad.to_owned(), gained: None });
    // 8 931 000 events in 8 935 known slots, and five unknown ones.
    assert_eq!(counted(TreatAs::Exclude), None);
    assert_eq!(counted(TreatAs::Good), added("4997.761611", "0"));
    assert_eq!(counted(TreatAs::Bad), added("4997.761611", "4997.761611"));
}
