//! `guarantor simulate --policies operator=`: what goes wrong is answered by the right verb, and by none without the operator.

use std::process::Command;

use serde_json::Value;

use crate::command::{Answer, answered};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate");

/// What keeps what there is, gives it back, or adds to it.
const OF_THE_FLOOR: [&str; 4] = ["FreezeScaleDown", "RaiseFloor", "LowerFloor", "Restore"];

/// Plays an agreement, which may be the example's, with these flags more, at a load that is small enough for an unoptimised
/// program: of 16 pods.
fn simulate(agreement: &str, flags: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(EXAMPLE).args(["simulate", "-f", agreement, "--trace", "steady.csv", "--scale-to", "160"]);
    command.args(["--service-time", "50ms", "--start", "30s", "--policies", "operator=0.5"]).args(flags);
    answered(&mut command, "")
}

/// The autoscaler alone, and the operator beside it.
fn both(flags: &[&str]) -> [Value; 2] {
    let answer = simulate("enforced.yaml", &[flags, &["-o", "json"]].concat());
    assert_eq!((answer.code, answer.complaint.as_str()), (0, ""));
    let policies = answer.json()["policies"].as_array().unwrap().clone();
    policies.try_into().unwrap()
}

fn verbs(policy: &Value) -> Vec<&str> {
    policy["verbs"].as_array().unwrap().iter().map(|done| done["verb"].as_str().unwrap()).collect()
}

/// Requests that were late, or that failed.
fn bad(policy: &Value) -> u64 {
    policy["total"].as_u64().unwrap() - policy["good"].as_u64().unwrap() + policy["failed"].as_u64().unwrap()
}

#[test]
fn each_fault_is_answered_by_its_verb() {
    for (fault, required, cause) in [
        ("gray-node@15m", &["AvoidNode", "Surge", "Reschedule"][..], "OutlierNode"),
        ("slow-pod@15m,pod=2", &["Surge", "Reschedule"], "OutlierPod"),
        ("bad-revision@15m,errors=0.1,lasts=1h", &["RollBack"], "BadRevision"),
    ] {
        let [alone, kept] = both(&["--fault", fault]);
        assert_eq!((&alone["policy"], &kept["policy"]), (&"HPA 0.50".into(), &"operator + HPA 0.50".into()));
        assert_eq!((&alone["acts"], verbs(&alone).len()), (&false.into(), 0), "{fault}");
        let done = verbs(&kept);
        assert!(required.iter().all(|verb| done.contains(verb)), "{fault}: {done:?}");
        let findings = kept["runs"][0]["findings"].as_array().unwrap();
        let found = findings.iter().find(|found| found["cause"] == cause);
        let found = found.unwrap_or_else(|| panic!("{fault}: {findings:?}"));
        assert!(found["from"].as_f64().unwrap() > 900.0 && !found["words"].as_str().unwrap().is_empty(), "{found}");
        let deeds = kept["runs"][0]["deeds"].as_array().unwrap();
        assert!(deeds.iter().all(|deed| deed["at"].as_f64().unwrap() > 900.0), "{fault}: before anything was wrong");
        assert!(bad(&kept) * 2 < bad(&alone), "{fault}: {} bad of {}, alone", bad(&kept), bad(&alone));
    }
}

/// That a node has crashed is noticed after 40 s, and until then it is like one that is sick: new pods are kept off it.
#[test]
fn where_no_part_is_to_blame_none_is_touched() {
    for (fault, beside) in [
        ("pod-crash@15m", &[][..]),
        ("node-crash@15m", &["AvoidNode", "Surge", "ReleaseNode"]),
        ("scrape-gap@15m,lasts=10m", &[]),
        ("slow-dependency@15m,wait=1s,lasts=3m", &[]),
    ] {
        let [_, kept] = both(&["--fault", fault]);
        let allowed = |verb: &&str| OF_THE_FLOOR.contains(verb) || beside.contains(verb);
        let others: Vec<&str> = verbs(&kept).into_iter().filter(|verb| !allowed(verb)).collect();
        assert!(others.is_empty(), "{fault}: {others:?}");
    }
}

#[test]
fn what_goes_well_is_left_alone() {
    let [alone, kept] = both(&[]);
    assert_eq!((kept["verbs"].clone(), kept["kept"].clone()), (serde_json::json!([]), true.into()));
    for same in ["good", "total", "podHours", "owed"] {
        assert_eq!(alone[same], kept[same], "{same}");
    }
}

#[test]
fn equal_seeds_give_equal_bytes_and_the_page_shows_them() {
    let flags = ["--fault", "gray-node@15m", "--seed", "3"];
    let play = |format| simulate("enforced.yaml", &[&flags[..], &["-o", format]].concat());
    let first = play("json");
    assert_eq!(first.text, play("json").text);
    let report = first.json();
    assert_eq!(report["faults"], serde_json::json!([{"at": 900.0, "fault": "gray-node@15m"}]));
    let deeds = report["policies"][1]["runs"][0]["deeds"].as_array().unwrap();
    let page = play("html").text;
    assert_eq!(page.matches("<circle ").count(), deeds.len());
    assert!(deeds.len() > 5 && page.contains("<title>15:00: gray-node@15m</title>"));
    let table = play("table").text;
    assert!(
        table.contains("Faults: gray-node@15m\n") && table.contains("1 AvoidNode") && table.contains("DONE: by"),
        "{table}"
    );
}

/// What was done in the past of a run is not told, and the rest by when it was in what is judged.
#[test]
fn actions_are_told_from_the_end_of_the_past_on() {
    let answer = simulate("enforced.yaml", &["--history", "12m", "--fault", "slow-pod@3m,pod=2", "-o", "json"]);
    let report = answer.json();
    let deeds = report["policies"][1]["runs"][0]["deeds"].as_array().unwrap();
    let first = deeds.first().unwrap()["at"].as_f64().unwrap();
    assert!((180.0..600.0).contains(&first), "{deeds:?}");
}

/// A node becomes slow in the second period, which begins with a full minute or within one.
#[test]
fn it_goes_on_over_the_end_of_a_period() {
    for begins in ["2026-07-31T23:30:00Z", "2026-07-31T23:30:30Z"] {
        let answer = simulate("enforced.yaml", &["--fault", "gray-node@32m", "--from", begins, "-o", "json"]);
        let report = answer.json();
        let policies = report["policies"].as_array().unwrap();
        for policy in policies {
            assert_eq!(policy["periods"].as_array().unwrap().len(), 2, "{begins}: {}", answer.complaint);
        }
        let late = |policy: &Value| {
            let latency = &policy["periods"][1]["objectives"][0];
            latency["total"].as_u64().unwrap() - latency["good"].as_u64().unwrap()
        };
        assert!(late(&policies[1]) * 2 < late(&policies[0]), "{begins}: {report}");
        let done = verbs(&policies[1]);
        assert!(["AvoidNode", "Reschedule"].iter().all(|verb| done.contains(verb)), "{begins}: {done:?}");
        let deeds = policies[1]["runs"][0]["deeds"].as_array().unwrap();
        assert!(deeds.iter().all(|deed| deed["at"].as_f64().unwrap() > 1920.0), "{begins}: {deeds:?}");
    }
}

#[test]
fn what_cannot_be_played_is_named() {
    let text = std::fs::read_to_string(format!("{EXAMPLE}/enforced.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agreement.yaml");
    for (from, to, told) in [
        (
            "mode: Enforce",
            "mode: Observe",
            "spec.enforcement.mode: is Observe, so that the operator would change nothing",
        ),
        (
            "  - name: availability",
            "  - {name: restore, indicator: {value: {limit: 4h}}, measurement: {method: Value}, target: \"90\"}\n  - name: availability",
            "spec.objectives[1].indicator: is neither a ratio nor a latency",
        ),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        std::fs::write(&file, changed).unwrap();
        let answer = simulate(file.to_str().unwrap(), &[]);
        assert_eq!((answer.code, answer.text.as_str()), (1, ""), "{to}: {}", answer.complaint);
        assert!(answer.complaint.contains(told), "{to}: {}", answer.complaint);
    }
}

#[test]
fn what_no_pod_follows_is_told() {
    let text = std::fs::read_to_string(format!("{EXAMPLE}/enforced.yaml")).unwrap();
    let shed = "    shed: {configMap: payment, key: shed, value: \"on\", automatic: true}\n    cooldown: 1m";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agreement.yaml");
    std::fs::write(&file, text.replace("    cooldown: 1m", shed)).unwrap();
    let answer = simulate(file.to_str().unwrap(), &["-o", "json"]);
    assert_eq!(answer.json()["notPlayed"], serde_json::json!(["spec.enforcement.shed"]), "{}", answer.complaint);
}

/// Ten pods are declared, three carry the load, and what is kept carries twice as much. Nothing is known of the hours before the
/// run, so that most of them have to pass first.
#[test]
fn replicas_are_let_go_where_they_are_owned_and_nothing_else_scales_them() {
    let text = std::fs::read_to_string(format!("{EXAMPLE}/enforced.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agreement.yaml");
    let cpu = "container_cpu_usage_seconds_total{pod=~\"payment-.*\"}";
    let fields = format!("mode: Own, objective: latency, availability: availability, cpu: '{cpu}'");
    std::fs::write(&file, text.replacen("    cooldown", &format!("    capacity: {{{fields}}}\n    cooldown"), 1))
        .unwrap();
    let rows: Vec<String> = (0..240).map(|minute| format!("{minute},2400")).collect();
    std::fs::write(folder.path().join("even.csv"), format!("minute,requests\n{}\n", rows.join("\n"))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(folder.path()).args(["simulate", "-f", "agreement.yaml", "--trace", "even.csv"]);
    command.args([
        "--service-time",
        "50ms",
        "--start",
        "30s",
        "--policies",
        "operator=0.5",
        "--policies",
        "unscaled=10",
    ]);
    let output = command.args(["-o", "json"]).output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
    let policies = serde_json::from_slice::<Value>(&output.stdout).unwrap()["policies"].as_array().unwrap().clone();
    let [_, refused, declared, owned]: [Value; 4] = policies.try_into().unwrap();
    assert_eq!((&declared["policy"], &owned["policy"]), (&"static 10".into(), &"operator + static 10".into()));
    assert_eq!((verbs(&owned), &owned["kept"]), (vec!["ScaleDown"], &true.into()));
    let steps = owned["runs"][0]["deeds"].as_array().unwrap();
    assert!(steps.len() >= 3 && steps.iter().all(|step| step["at"].as_f64().unwrap() >= 8640.0), "{steps:#?}");
    let hours = |policy: &Value| policy["podHours"].as_f64().unwrap();
    assert!(hours(&owned) < 0.95 * hours(&declared), "{} of {}", hours(&owned), hours(&declared));
    assert!(!verbs(&refused).contains(&"ScaleDown"), "beside an autoscaler nothing is let go: {refused:#?}");
}

/// An even load under an autoscaler that keeps its pods 30 % busy. Of most of a day a little is still to be seen.
#[test]
fn the_target_of_an_autoscaler_that_is_set_too_rich_is_raised_where_the_agreement_asks_for_that() {
    let text = std::fs::read_to_string(format!("{EXAMPLE}/enforced.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agreement.yaml");
    let cpu = "container_cpu_usage_seconds_total{pod=~\"payment-.*\"}";
    let fields = format!("mode: Target, objective: latency, availability: availability, cpu: '{cpu}'");
    std::fs::write(&file, text.replacen("    cooldown", &format!("    capacity: {{{fields}}}\n    cooldown"), 1))
        .unwrap();
    let rows: Vec<String> = (0..1260).map(|minute| format!("{minute},6000")).collect();
    std::fs::write(folder.path().join("even.csv"), format!("minute,requests\n{}\n", rows.join("\n"))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(folder.path()).args(["simulate", "-f", "agreement.yaml", "--trace", "even.csv"]);
    command.args(["--service-time", "50ms", "--start", "30s", "--policies", "operator=0.3", "--history", "19h"]);
    let output = command.args(["-o", "json"]).output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
    let policies = serde_json::from_slice::<Value>(&output.stdout).unwrap()["policies"].as_array().unwrap().clone();
    let [alone, operator]: [Value; 2] = policies.try_into().unwrap();
    let set = &operator["verbs"][0];
    assert_eq!((&set["verb"], &operator["kept"]), (&"SetTarget".into(), &true.into()), "{operator:#?}");
    let first = operator["runs"][0]["deeds"][0]["at"].as_f64().unwrap();
    assert!(set["times"].as_u64().unwrap() >= 3 && first >= 600.0, "{operator:#?}");
    let hours = |policy: &Value| policy["podHours"].as_f64().unwrap();
    assert!(hours(&operator) < 0.75 * hours(&alone), "{} of {}", hours(&operator), hours(&alone));
}

/// The law learns the service in the first minutes; an autoscaler that leaves little to spare comes late.
#[test]
fn a_floor_follows_the_load_where_the_agreement_asks_for_that() {
    let text = std::fs::read_to_string(format!("{EXAMPLE}/enforced.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let rate = |minute: u32| 100 + 12 * minute.saturating_sub(12).min(12);
    let rows: Vec<String> = (0..30).map(|minute| format!("{minute},{}", rate(minute) * 60)).collect();
    std::fs::write(path("trace.csv"), format!("minute,requests\n{}\n", rows.join("\n"))).unwrap();
    let ahead = |mode: &str| {
        let cpu = "container_cpu_usage_seconds_total{pod=~\"payment-.*\"}";
        let fields = format!("mode: {mode}, objective: latency, availability: availability, cpu: '{cpu}'");
        let capacity = format!("    capacity: {{{fields}}}\n    cooldown");
        std::fs::write(path("agreement.yaml"), text.replacen("    cooldown", &capacity, 1)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
        command.current_dir(folder.path()).args(["simulate", "-f", "agreement.yaml", "--trace", "trace.csv"]);
        command.args(["--service-time", "50ms", "--start", "60s", "--policies", "operator=0.8", "-o", "json"]);
        let output = command.output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        let deeds = answer["policies"][1]["runs"][0]["deeds"].as_array().unwrap().clone();
        deeds.iter().filter(|deed| deed["words"].as_str().unwrap().contains("ahead of the load")).count()
    };
    assert!(ahead("Floor") > 0);
    assert_eq!(ahead("Advise"), 0);
}
