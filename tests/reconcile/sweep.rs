//! The fault sweep: one run without faults to learn how many writes a scenario takes, then one run per write and fault.
//!
//! The two oracles are those of Sieve (OSDI 2022): the end state, and what was done to the workload on the way. Both
//! must be as in the run without faults, whatever went wrong in between.

use std::sync::Mutex;

use guarantor::api::agreement::AgreementSpec;
use guarantor::api::ledger::LedgerSpec;
use guarantor::api::{AVOID_KEY, BASELINE_ANNOTATION, FIELD_MANAGER, ROLLOUT_ANNOTATION, SHED_ANNOTATION};
use guarantor::evaluate::verification::{Beside, Presented, Terms, Verdict, verify};
use guarantor_testbed::model::FaultPlan;
use serde_json::{Value, json};

use crate::conditions::broken_rule;
use crate::intents::act_without_intent;
use crate::replica_set::limit;
use crate::stage::{AGREEMENTS, AUTOSCALERS, CONFIG_MAPS, DEPLOYMENTS, FAULTS, LEDGERS, NAMESPACE, STATEMENTS, Stage};

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// What was done to the workload: each value of the floor with the annotation beside it.
    acts: Vec<Value>,
    /// What is left at the end.
    left: Value,
}

/// A scenario: played on a stage until nothing more is to come of it.
pub type Scenario = for<'a> fn(&'a mut Stage) -> futures::future::LocalBoxFuture<'a, Result<(), String>>;

/// Set to `all`: every fault at every write. Otherwise every write meets one of the faults, each in turn.
const EXTENT: &str = "GUARANTOR_SWEEP";

/// So many seconds after the end of a scenario all that was done has its verdict: longer than any deadline lies ahead, and
/// than an operator takes to come back.
const JUDGED: u64 = 300;

/// Sweeps a scenario. Prints the number of runs.
///
/// # Panics
/// With every difference found.
pub fn sweep(name: &str, scenario: Scenario) {
    sweep_some(name, scenario, 1);
}

/// The same of a long scenario, with a fault at one of so many writes only.
pub fn sweep_some(name: &str, scenario: Scenario, of: usize) {
    let (reference, writes) = run(scenario, FaultPlan::none()).unwrap();
    let (again, _) = run(scenario, FaultPlan::none()).unwrap();
    assert_eq!(reference, again, "{name}: the scenario itself is not the same twice");
    let all = std::env::var(EXTENT).is_ok_and(|extent| extent == "all");
    let faults = || FAULTS.iter().enumerate();
    let cases = (0..writes).flat_map(|write| faults().map(move |(index, fault)| (write, index, fault)));
    let cases: Vec<_> = cases
        .filter(|(write, index, _)| {
            all || (write % FAULTS.len() == *index && (write / FAULTS.len()).is_multiple_of(of))
        })
        .collect();
    let runs = cases.len();
    let (next, wrong) = (Mutex::new(cases.into_iter()), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let taken = next.lock().unwrap().next();
            let Some((write, _, (word, fault))) = taken else { return };
            let found = match run(scenario, FaultPlan::none().on_write(write, fault.clone())) {
                Ok((ending, _)) if ending == reference => continue,
                Ok((ending, _)) => difference(&reference, &ending),
                Err(error) => error,
            };
            eprintln!("{name}: {word}, at write {write}:\n{found}");
            wrong.lock().unwrap().push(format!("{word}, at write {write}"));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    println!("{name}: {writes} writes, {runs} runs with a fault");
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{name}: {} of {runs} runs went wrong: {}", wrong.len(), wrong.join("; "));
}

/// Plays a scenario to its end; also gives the number of writes of the first operator.
pub fn run(scenario: Scenario, plan: FaultPlan) -> Result<(Ending, usize), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut stage = Stage::open(plan);
        scenario(&mut stage).await?;
        stage.until("the verdicts", JUDGED, is_judged).await?;
        let ending = ending(&stage);
        rules(&stage)?;
        Ok((ending, stage.api.link("operator-1").writes().len()))
    })
}

fn ending(stage: &Stage) -> Ending {
    let mut acts = Vec::new();
    for (resource, field) in [(AUTOSCALERS, "/spec/minReplicas"), (DEPLOYMENTS, "/spec/replicas")] {
        let states = stage.api.history(resource, NAMESPACE, "web");
        let mut seen: Vec<Value> =
            states.iter().map(|state| json!([resource, state.pointer(field), held(state), rollout(state)])).collect();
        seen.dedup();
        acts.extend(seen);
    }
    let nodes = stage.api.list("nodes");
    for node in &nodes {
        let states = stage.api.history("nodes", None, node["metadata"]["name"].as_str().unwrap());
        let mut seen: Vec<Value> = states.iter().map(avoided).collect();
        seen.dedup();
        acts.extend(seen.into_iter().skip(1));
    }
    let mut turns: Vec<Value> = stage.api.history(CONFIG_MAPS, NAMESPACE, "limits").iter().map(switch).collect();
    turns.dedup();
    acts.extend(turns);
    for pod in stage.api.list("pods") {
        let name = pod["metadata"]["name"].as_str().unwrap();
        let mut limits: Vec<i64> = stage.api.history("pods", NAMESPACE, name).iter().filter_map(limit).collect();
        limits.dedup();
        acts.extend((!limits.is_empty()).then(|| json!([name, limits])));
    }
    let agreements: Vec<Value> = stage.api.list(AGREEMENTS).iter().map(essentials).collect();
    let specs = |resource| -> Vec<Value> {
        let mut all = stage.api.list(resource);
        for object in &mut all {
            leave_out_what_was_done(&mut object["spec"]);
        }
        all.iter().map(|object| json!([object["metadata"]["name"], object["spec"]])).collect()
    };
    let closed = |spec: &Value| spec[1]["closed"] == json!(true);
    let ledgers: Vec<Value> = specs(LEDGERS).into_iter().filter(closed).collect();
    let workload = [stage.api.get(AUTOSCALERS, NAMESPACE, "web"), stage.api.get(DEPLOYMENTS, NAMESPACE, "web")];
    let workload: Vec<Value> = workload.into_iter().flatten().map(|object| floor(&object)).collect();
    let switch =
        stage.api.get(CONFIG_MAPS, NAMESPACE, "limits").map(|limits| json!([switch(&limits), is_ours(&limits)]));
    let left = json!({
        "agreements": agreements, "statements": specs(STATEMENTS), "ledgers": ledgers, "workload": workload, "switch": switch,
        "nodes": nodes.iter().map(|node| json!([avoided(node), is_ours(node)])).collect::<Vec<_>>(),
        "pods": stage.api.list("pods").iter().map(|pod| &pod["metadata"]["name"]).collect::<Vec<_>>(),
    });
    Ending { acts, left }
}

/// Of an account that was cut short after something was done: when that was, and so what was counted, depends on when an
/// act got through.
fn leave_out_what_was_done(spec: &mut Value) {
    const KEPT: [&str; 5] = ["agreement", "revision", "periodStart", "closed", "slotSeconds"];
    let done = spec["actions"].as_array().is_some_and(|actions| !actions.is_empty());
    if done && (spec["final"].is_object() || spec["closed"] == true) {
        spec.as_object_mut().unwrap().retain(|field, _| KEPT.contains(&field.as_str()));
    }
}

/// What is rolled out, and whether it stands still.
fn rollout(object: &Value) -> Value {
    json!([object.pointer("/spec/template/spec/containers/0/image"), object["spec"]["paused"] == true])
}

fn held(object: &Value) -> &Value {
    &object["metadata"]["annotations"][BASELINE_ANNOTATION]
}

/// What stands in a switch, and whether it is turned.
fn switch(object: &Value) -> Value {
    json!([object["data"], object["metadata"]["annotations"][SHED_ANNOTATION].is_string()])
}

/// Whether an entry of the operator is left.
/// What the operator may leave on an object it writes: no more than the value.
fn floor(object: &Value) -> Value {
    let ours = is_ours(object);
    json!({"spec": object["spec"], "annotation": held(object),
        "marked": object["metadata"]["annotations"][ROLLOUT_ANNOTATION].is_string(), "ours in managedFields": ours})
}

/// Which taints a node has, and whether the operator's annotation stands beside them.
fn avoided(node: &Value) -> Value {
    let taints = node["spec"]["taints"].as_array().into_iter().flatten();
    let keys: Vec<&Value> = taints.map(|taint| &taint["key"]).collect();
    json!([node["metadata"]["name"], keys, node["metadata"]["annotations"][AVOID_KEY].is_string()])
}

fn is_ours(object: &Value) -> bool {
    let managers = object["metadata"]["managedFields"].as_array();
    managers.is_some_and(|all| all.iter().any(|entry| entry["manager"] == json!(FIELD_MANAGER)))
}

fn essentials(agreement: &Value) -> Value {
    let status = &agreement["status"];
    let conditions = status["conditions"].as_array().into_iter().flatten();
    // How long a danger lasted, and so what became of the objective, depends on when an act got through.
    let conditions = conditions.filter(|c| c["type"] != json!("Fulfilled"));
    let conditions: Vec<Value> = conditions.map(|c| json!([c["type"], c["status"]])).collect();
    let statements = status["statements"].as_array().into_iter().flatten();
    let statements: Vec<&Value> = statements.map(|statement| &statement["name"]).collect();
    json!({
        "name": agreement["metadata"]["name"], "finalizers": agreement["metadata"]["finalizers"],
        "observedGeneration": status["observedGeneration"], "conditions": conditions, "period": status["period"],
        "budgets": budgets(&status["enforcement"]), "released": released(status),
        "moved": status.pointer("/enforcement/reschedule/evictions").map(moved), "resized": status.pointer("/enforcement/resize").map(resized),
        "statements": statements, "floor": status["enforcement"]["floor"], "episode": status["enforcement"]["episode"],
    })
}

/// All that was done has its verdict, whoever did it.
fn is_judged(stage: &Stage) -> bool {
    let agreements = stage.api.list(AGREEMENTS);
    let mut acts = agreements.iter().flat_map(|agreement| done(&agreement["status"]));
    acts.all(|act| act["verdict"].is_string())
}

/// The acts of a status that were done, newest first.
fn done(status: &Value) -> impl Iterator<Item = &Value> {
    status["actions"].as_array().into_iter().flatten().filter(|act| act["phase"] == "Done")
}

/// How much of what may be done in a day is used up. A fault takes nothing from it and adds nothing to it.
fn budgets(enforcement: &Value) -> Value {
    let entries = |list: &str| enforcement.pointer(list).and_then(Value::as_array).map_or(0, Vec::len);
    let lists = [
        "/rollout/rollbacks",
        "/rollout/pauses",
        "/shed/turns",
        "/resize/raised",
        "/reschedule/evictions",
        "/reschedule/surges",
        "/avoidance/nodes",
    ];
    lists.iter().map(|list| json!([list, entries(list)])).collect()
}

/// The verdicts on what was given back and is not taken again. Any other verdict rests on what is seen by the deadline, which
/// is another time after a fault; and the older acts of a status give way to those that were refused.
fn released(status: &Value) -> Vec<Value> {
    let verbs = ["ReleaseRollout", "ReleaseNode", "StopShedding"];
    let released = |act: &&Value| verbs.iter().any(|verb| act["verb"] == *verb);
    done(status).filter(released).map(|act| json!([act["verb"], act["verdict"]])).collect()
}

/// Which pods were resized, in any order, and how many still are.
fn resized(resize: &Value) -> Value {
    let mut pods: Vec<String> = moved(&resize["raised"]).into_iter().map(ToString::to_string).collect();
    pods.sort();
    json!([pods, resize["pods"]])
}

/// Which pods were evicted.
fn moved(evictions: &Value) -> Vec<&Value> {
    evictions.as_array().into_iter().flatten().map(|eviction| &eviction["pod"]).collect()
}

/// What must hold in every run at every moment.
///
/// # Errors
/// Says what does not.
pub fn rules(stage: &Stage) -> Result<(), String> {
    for (resource, field, baseline) in [(AUTOSCALERS, "/spec/minReplicas", 2), (DEPLOYMENTS, "/spec/replicas", 3)] {
        for state in stage.api.history(resource, NAMESPACE, "web") {
            let value = state.pointer(field).and_then(Value::as_i64).unwrap_or(baseline);
            if value < baseline {
                return Err(format!("{resource} was reduced to {value}, below its baseline {baseline}"));
            }
        }
    }
    for agreement in stage.api.list(AGREEMENTS) {
        let name = agreement["metadata"]["name"].as_str().unwrap();
        let states = stage.api.history(AGREEMENTS, NAMESPACE, name);
        let states: Vec<_> = states.into_iter().map(|state| serde_json::from_value(state).unwrap()).collect();
        if let Some(rule) = broken_rule(&states) {
            return Err(rule);
        }
    }
    if let Some(act) = act_without_intent(stage) {
        return Err(act);
    }
    // Of each period one statement is in force: the others were superseded, each by one.
    let statements = stage.api.list(STATEMENTS);
    let superseded: Vec<&Value> =
        statements.iter().map(|s| &s["spec"]["supersedes"]).filter(|s| !s.is_null()).collect();
    let mut told: Vec<String> = superseded.iter().map(ToString::to_string).collect();
    for statement in &statements {
        follows_from_its_ledger(stage, statement)?;
        if !superseded.contains(&&statement["metadata"]["name"]) {
            told.push(format!("{} {}", statement["spec"]["agreement"]["uid"], statement["spec"]["period"]["start"]));
        }
    }
    let all = told.len();
    told.sort();
    told.dedup();
    if told.len() == all { Ok(()) } else { Err("a period has two statements in force".to_owned()) }
}

fn difference(expected: &Ending, found: &Ending) -> String {
    let mut lines = Vec::new();
    if expected.acts != found.acts {
        let list = |acts: &[Value]| acts.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n    ");
        lines.push(format!("  acts expected\n    {}\n  acts found\n    {}", list(&expected.acts), list(&found.acts)));
    }
    for (name, value) in expected.left.as_object().into_iter().flatten() {
        if found.left[name] != *value {
            lines.push(format!("  {name} expected\n    {value}\n  found\n    {}", found.left[name]));
        }
    }
    lines.join("\n")
}

/// Whether a statement is what anybody can compute from the objects that are stored.
fn follows_from_its_ledger(stage: &Stage, statement: &Value) -> Result<(), String> {
    let text = |pointer: &str| statement.pointer(pointer).and_then(Value::as_str).unwrap();
    let ledger_name = text("/spec/evidence/ledger");
    let ledger = stage.api.get(LEDGERS, NAMESPACE, ledger_name).ok_or("a statement rests on no ledger")?;
    let ledger: LedgerSpec = serde_json::from_value(ledger["spec"].clone()).unwrap();
    let agreement = stage.api.get(AGREEMENTS, NAMESPACE, text("/spec/agreement/name"));
    let agreement = agreement.filter(|a| a["metadata"]["uid"] == statement["spec"]["agreement"]["uid"]);
    let spec: Option<AgreementSpec> = agreement.as_ref().map(|a| serde_json::from_value(a["spec"].clone()).unwrap());
    let generation = agreement.and_then(|a| a["metadata"]["generation"].as_i64());
    let named = statement.pointer("/spec/evidence/earlier").and_then(Value::as_array);
    let earlier = named.into_iter().flatten().map(|named| -> Result<_, String> {
        let name = named["name"].as_str().unwrap();
        let ledger = stage.api.get(LEDGERS, NAMESPACE, name).ok_or("a statement rests on a ledger that is gone")?;
        Ok((name.to_owned(), serde_json::from_value(ledger["spec"].clone()).unwrap()))
    });
    let earlier: Vec<(String, LedgerSpec)> = earlier.collect::<Result<_, String>>()?;
    let outcome = verify(&Presented {
        name: Some(text("/metadata/name")),
        content: &statement["spec"],
        ledger_name: Some(ledger_name),
        ledger: &ledger,
        earlier: &earlier,
        agreement: spec.as_ref().map(|spec| Terms { spec, generation, created: None }),
        beside: Beside::default(),
    });
    match outcome.verdict() {
        Verdict::Verified | Verdict::PartlyVerified => Ok(()),
        Verdict::Contradicted | Verdict::NotComputed => Err(format!("a statement does not verify: {outcome:#?}")),
    }
}
