//! Ownership against a slow, obvious oracle: every short history of two managers over two fields.
//!
//! The oracle keeps, for each field, its value and the set of its owners, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::model::ResourceKind;
use crate::model::apply;
use crate::model::fields;
use crate::model::ownership::{Managed, Operation, Writer};

const FIELDS: [&str; 2] = ["x", "y"];
const MANAGERS: [&str; 2] = ["a", "b"];
const DEPTH: usize = 3;

type Oracle = BTreeMap<&'static str, (u8, BTreeSet<String>)>;
type Wanted = BTreeMap<&'static str, u8>;

#[derive(Clone, Debug)]
enum Act {
    Apply { manager: &'static str, config: Wanted, force: bool },
    Update { manager: &'static str, field: &'static str, value: Option<u8> },
}

fn acts() -> Vec<Act> {
    let values = [None, Some(0), Some(1)];
    let mut acts = Vec::new();
    for manager in MANAGERS {
        for x in values {
            for y in values {
                let pairs = FIELDS.into_iter().zip([x, y]);
                let config: Wanted = pairs.filter_map(|(field, value)| Some((field, value?))).collect();
                for force in [false, true] {
                    let config = config.clone();
                    acts.push(Act::Apply { manager, config, force });
                }
            }
        }
        acts.extend(values.map(|value| Act::Update { manager, field: "x", value }));
    }
    acts
}

fn name(manager: &str, operation: &str) -> String {
    format!("{operation} {manager}")
}

/// What an act does to the oracle; none if it is refused.
fn expected(before: &Oracle, act: &Act) -> Option<Oracle> {
    let mut after = before.clone();
    let mut set = |field: &'static str, value: u8, owner: &String, force: bool| {
        let (held, owners) = after.entry(field).or_insert((value, BTreeSet::new()));
        if *held != value {
            if !force && owners.iter().any(|other| other != owner) {
                return None;
            }
            *held = value;
            owners.clear();
        }
        owners.insert(owner.clone());
        Some(())
    };
    match act {
        Act::Update { manager, field, value } => match (value, before.get(field)) {
            (None, _) => {
                after.remove(field);
            }
            (Some(value), Some((held, _))) if held == value => {}
            (Some(value), _) => set(field, *value, &name(manager, "Update"), true)?,
        },
        Act::Apply { manager, config, force } => {
            let owner = name(manager, "Apply");
            for (field, value) in config {
                set(field, *value, &owner, *force)?;
            }
            for (field, (_, owners)) in &mut after {
                if !config.contains_key(field) {
                    owners.remove(&owner);
                }
            }
            after.retain(|_, (_, owners)| !owners.is_empty());
        }
    }
    Some(after)
}

fn object(data: &Wanted) -> Value {
    if data.is_empty() { json!({}) } else { json!({"data": data}) }
}

/// What the model makes of an act; none if it refuses.
fn found(live: &Value, managed: &Managed, act: &Act) -> Option<(Value, Managed)> {
    let kind = ResourceKind::new("", "v1", "ConfigMap", "configmaps");
    let leaves = |object: &Value| fields::leaves(object, &kind.schema);
    let writer = |manager: &str, operation| Writer {
        manager: manager.to_owned(),
        operation,
        api_version: "v1".to_owned(),
        subresource: String::new(),
    };
    match act {
        Act::Update { manager, field, value } => {
            let mut data: Wanted = values(live);
            match value {
                Some(value) => data.insert(field, *value),
                None => data.remove(field),
            };
            let next = object(&data);
            let writer = writer(manager, Operation::Update);
            let managed = managed.clone().updated(&writer, &leaves(live), &leaves(&next), "");
            Some((next, managed))
        }
        Act::Apply { manager, config, force } => {
            let writer = writer(manager, Operation::Apply);
            let (next, wanted) = apply::merged(&kind, live, &object(config), managed, &writer);
            let applied = managed.clone().applied(&writer, wanted, &leaves(live), &leaves(&next), *force, "");
            Some((next, applied.ok()?))
        }
    }
}

fn values(object: &Value) -> Wanted {
    let value = |field: &str| object.pointer(&format!("/data/{field}"))?.as_u64();
    let held = FIELDS.into_iter().filter_map(|field| Some((field, value(field)?)));
    held.map(|(field, value)| (field, u8::try_from(value).unwrap())).collect()
}

fn seen(object: &Value, managed: &Managed) -> Oracle {
    let entries = managed.encode().unwrap_or_else(|| json!([]));
    let owners = |field: &str| -> BTreeSet<String> {
        let path = format!("/fieldsV1/f:data/f:{field}");
        let owning = entries.as_array().unwrap().iter().filter(|entry| entry.pointer(&path).is_some());
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
        owning.map(|entry| name(&text(entry, "manager"), &text(entry, "operation"))).collect()
    };
    let held = values(object).into_iter();
    held.map(|(field, value)| (field, (value, owners(field)))).collect()
}

fn explore(live: &Value, managed: &Managed, oracle: &Oracle, history: &mut Vec<Act>, steps: &mut usize) {
    if history.len() == DEPTH {
        return;
    }
    for act in acts() {
        history.push(act);
        *steps += 1;
        let act = history.last().unwrap();
        let (expected, found) = (expected(oracle, act), found(live, managed, act));
        let shown = found.as_ref().map(|(object, managed)| seen(object, managed));
        assert_eq!(shown, expected, "after {history:?}");
        if let (Some((object, managed)), Some(oracle)) = (found, expected) {
            explore(&object, &managed, &oracle, history, steps);
        }
        history.pop();
    }
}

#[test]
fn every_short_history_ends_as_the_oracle_says() {
    let mut steps = 0;
    explore(&json!({}), &Managed::default(), &Oracle::new(), &mut Vec::new(), &mut steps);
    assert!(steps > 40_000, "{steps} histories");
}
