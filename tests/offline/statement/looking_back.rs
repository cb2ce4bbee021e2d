//! A statement that looks back on the periods before: verified with all ledgers that it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use guarantor::api::ledger::{AgreementIdentity, LedgerSpec, ServiceLevelLedger};
use guarantor::api::metrics_source::IncreaseForm;
use guarantor::api::{ServiceLevelAgreement, ServiceLevelStatement};
use guarantor::evaluate::assess::Circumstances;
use guarantor::evaluate::count::Count;
use guarantor::evaluate::enforcement_log::EnforcementLog;
use guarantor::evaluate::ledger::Ledger;
use guarantor::evaluate::period::{Bounds, Schedule};
use guarantor::evaluate::slot::{Births, Slot, Tally};
use guarantor::evaluate::statement::{Closing, ledger_name, name, statement};
use guarantor::evaluate::stored_ledger;
use guarantor::evaluate::window::{Earlier, Window};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Outcome, run};

/// Three months, and the statement of the last.
struct Quarter {
    agreement: Value,
    ledgers: Vec<Value>,
    statement: Value,
}

impl Quarter {
    fn of_70_days() -> Self {
        let mut agreement: Value = serde_saphyr::from_str(include_str!("../../../examples/agreement.yaml")).unwrap();
        agreement["metadata"]["uid"] = "u-1".into();
        agreement["metadata"]["generation"] = 2.into();
        agreement["spec"]["period"] = json!({"trailing": {"days": 70, "every": "Month"}});
        agreement["spec"]["objectives"].as_array_mut().unwrap().truncate(1);
        agreement["spec"]["credits"] = Value::Null;
        agreement["spec"].as_object_mut().unwrap().remove("credits");
        let parsed: ServiceLevelAgreement = serde_json::from_value(agreement.clone()).unwrap();
        let schedule = Schedule::new(&parsed.spec, at("2026-01-01T00:00:00Z")).unwrap();
        let period = schedule.containing(at("2026-10-15T00:00:00Z")).unwrap();
        let earlier = schedule.looked_back_on(&period);
        assert_eq!(earlier.len(), 2, "August and September");
        let series = parsed.spec.objectives[0].name.clone();
        let stored = |period: &Bounds| stored(*period, &series);
        let named = |period: &Bounds| ledger_name("checkout", period.start);
        let window = Window {
            judged: schedule.judged(&period),
            earlier: earlier.iter().map(|p| Arc::new(Earlier::of(&named(p), &stored(p)).unwrap())).collect(),
        };
        let closing = Closing {
            spec: &parsed.spec,
            generation: 2,
            revision: 1,
            ledger_name: &named(&period),
            ledger: &stored(&period),
            window: Some(&window),
            circumstances: &Circumstances { period: Some(period), ..Circumstances::default() },
            supersedes: None,
            queries: &BTreeMap::new(),
            source_name: &parsed.spec.metrics.source_ref.name,
            source_url: "http://prometheus",
            increase: IncreaseForm::Anchored,
        };
        let made = statement(&closing, at("2026-11-02T00:00:00Z"), SignedDuration::ZERO).unwrap();
        let object =
            |period: &Bounds| serde_json::to_value(ServiceLevelLedger::new(&named(period), stored(period))).unwrap();
        let statement = ServiceLevelStatement::new(&name("checkout", period.start, 1), made);
        Self {
            agreement,
            ledgers: earlier.iter().chain([&period]).map(object).collect(),
            statement: serde_json::to_value(statement).unwrap(),
        }
    }

    fn save(&self, folder: &str) -> PathBuf {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("statement").join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let write = |file: &str, object: &Value| std::fs::write(folder.join(file), object.to_string()).unwrap();
        write("agreement.json", &self.agreement);
        write("statement.json", &self.statement);
        for (index, ledger) in self.ledgers.iter().enumerate() {
            write(&format!("{index}.json"), ledger);
        }
        folder
    }
}

/// One request in a hundred fails in every slot that begins a day.
fn stored(period: Bounds, series: &str) -> LedgerSpec {
    let mut ledger = Ledger::new(period, 300, [series]).unwrap();
    for index in 0..i64::try_from(ledger.slot_count()).unwrap() {
        let tally = Tally { total: Count::events(100), bad: Count::events(u32::from(index % 288 == 0)) };
        let start = period.start + SignedDuration::from_secs(300 * index);
        ledger.insert(series, start, Slot::known(tally, Births::default(), 2)).unwrap();
    }
    let identity = AgreementIdentity { name: "checkout".to_owned(), uid: "u-1".to_owned() };
    stored_ledger::to_spec(&ledger, identity, &EnforcementLog::default(), true)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn verify(folder: &Path, ledgers: &[usize]) -> Outcome {
    let path = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    let mut arguments = vec!["statement".to_owned(), "verify".to_owned(), "-f".to_owned(), path("statement.json")];
    arguments.extend(["--agreement".to_owned(), path("agreement.json")]);
    arguments.extend(ledgers.iter().flat_map(|index| ["--ledger".to_owned(), path(&format!("{index}.json"))]));
    run(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[], "")
}

#[test]
fn all_ledgers_of_a_window_are_needed_and_checked() {
    let quarter = Quarter::of_70_days();
    let counted = &quarter.statement["spec"]["objectives"][0]["totalEvents"];
    assert_eq!(counted, &json!((70 * 28_800 + 1_200).to_string()), "70 days, one of which has 25 hours");
    let folder = quarter.save("window");
    // In any order.
    for order in [[0, 1, 2], [2, 0, 1]] {
        let outcome = verify(&folder, &order);
        assert!(outcome.code == 0 && outcome.text.contains("\nVerified: "), "{}{}", outcome.text, outcome.errors);
    }
    for (given, told) in [
        (&[2, 1][..], "rests on ledger checkout-20260731t220000z too"),
        (&[0, 1], "rests on ledger checkout-20260930t220000z too"),
        (&[0, 1, 2, 1], "does not name ledger checkout-20260831t220000z; leave it out"),
    ] {
        let outcome = verify(&folder, given);
        assert!(outcome.code == 2 && outcome.errors.contains(told), "{told}: {}{}", outcome.text, outcome.errors);
    }
}

#[test]
fn another_earlier_ledger_contradicts_the_statement() {
    let mut quarter = Quarter::of_70_days();
    let other = stored(Bounds { start: at("2026-08-31T22:00:00Z"), end: at("2026-09-30T22:00:00Z") }, "another");
    quarter.ledgers[1]["spec"] = serde_json::to_value(other).unwrap();
    let outcome = verify(&quarter.save("another-window"), &[0, 1, 2]);
    assert_eq!(outcome.code, 1, "{}{}", outcome.text, outcome.errors);
    for field in
        ["spec.evidence.earlier[0].digest", "spec.evidence.earlier[1].digest", "spec.objectives[0].totalEvents"]
    {
        assert_eq!(outcome.text.contains(field), !field.contains("[0].digest"), "{field}: {}", outcome.text);
    }
}
