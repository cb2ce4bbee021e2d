//! `guarantor simulate` over `examples/simulate`: an agreement is tried before it is signed.

use std::process::Command;

use serde_json::Value;

use crate::command::{Answer, answered};

/// Plays the example with these flags more, on a load that is small enough for an unoptimised program.
fn simulate(flags: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate")).arg("simulate");
    command.args(["-f", "agreement.yaml", "--trace", "trace.csv", "--scale-to", "25"]);
    command.args(["--service-time", "50ms", "--start", "90s"]).args(flags);
    answered(&mut command, "")
}

/// The answer of one policy.
fn played(flags: &[&str]) -> Value {
    let answer = simulate(&[flags, &["-o", "json"]].concat());
    assert_eq!((answer.code, answer.complaint.as_str()), (0, ""));
    let mut policies = answer.json()["policies"].as_array().unwrap().clone();
    assert_eq!(policies.len(), 1);
    policies.remove(0)
}

const ALL: &str = "law,hpa=0.6,keda=0.6,kpa,static=20,clairvoyant";

#[test]
fn every_policy_has_its_row() {
    let answer = simulate(&["--policies", ALL, "--seeds", "2"]);
    assert_eq!((answer.code, answer.complaint.as_str()), (0, ""));
    let text = answer.text.replace('\u{a0}', " ");
    for told in [
        "catalog, latency: 99 % of all requests within 500ms, by 1 to 60 pods",
        "Load: 10 min, 25.0 requests/s in the mean",
        "2 seeds, judged together",
        "OWED: for one period, if the whole period went like this.",
        "Not simulated: cold caches, nodes that must be bought, retries.",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    let rows: Vec<&str> = text.lines().filter(|line| line.contains(" of 10 (") && line.contains("EUR")).collect();
    let names = ["law", "HPA 0.60", "KEDA 0.60", "KPA 1.3", "static 20", "clairvoyant 0.49"];
    assert_eq!(rows.len(), names.len(), "{text}");
    for (row, name) in rows.iter().zip(names) {
        assert!(row.trim_start().starts_with(name), "{name}: {row}");
    }
}

#[test]
fn equal_seeds_give_equal_bytes() {
    let play = |seed| simulate(&["--policies", ALL, "--seed", seed, "-o", "json"]).text;
    let first = play("7");
    assert_eq!(first, play("7"));
    assert_ne!(first, play("8"));
    // Policies are judged by the same requests, and what is played beside one does not touch it.
    let report: Value = serde_json::from_str(&first).unwrap();
    let alone = played(&["--policies", "hpa=0.6", "--seed", "7"]);
    assert_eq!(report["policies"][1], alone);
}

#[test]
fn the_page_shows_what_happened() {
    let page = simulate(&["--policies", "law,static=20", "-o", "html"]);
    assert_eq!((page.code, page.complaint.as_str()), (0, ""));
    let told = played(&["--policies", "law"]);
    assert!(page.text.contains(told["attainmentPercent"].as_str().unwrap()), "{told}");
    assert_eq!(page.text.matches("<svg ").count(), 5);
    assert_eq!(page.text, simulate(&["--policies", "law,static=20", "-o", "html"]).text);
    // A fixed number of pods is never changed, and the law changes something.
    assert_eq!(page.text.matches("<td class=\"whole\">0 up, 0 down</td>").count(), 1);
}

#[test]
fn a_past_is_played_and_not_judged() {
    let answer = simulate(&["--policies", "law,static=20", "--history", "4m", "-o", "json"]);
    assert_eq!((answer.code, answer.complaint.as_str()), (0, ""));
    let report = answer.json();
    assert_eq!((&report["trace"]["historySeconds"], &report["trace"]["seconds"]), (&240.into(), &360.into()));
    for policy in report["policies"].as_array().unwrap() {
        assert_eq!(policy["minutes"], 6.0, "{policy}");
    }
    // Twenty pods for six minutes.
    assert!((report["policies"][1]["podHours"].as_f64().unwrap() - 2.0).abs() < 1e-9);
    // A node that crashes in the past is another story than one that crashes in what is judged.
    let crash = simulate(&["--policies", "static=20", "--history", "4m", "--fault", "node-crash@7m"]);
    assert!(crash.complaint.contains("lasts 360 s"), "{}", crash.complaint);
    let told = simulate(&["--policies", "static=20", "--history", "4m"]).text.replace('\u{a0}', " ");
    assert!(told.contains("Load: 6 min after 4 min that are known and not judged, "), "{told}");
    let page = simulate(&["--policies", "law", "--history", "4m", "-o", "html"]);
    assert_eq!(page.text.matches("<svg ").count(), 5, "{}", page.complaint);
}

#[test]
fn many_pods_keep_the_promise_and_one_owes_the_worst_tier() {
    let many = played(&["--policies", "static=20"]);
    assert_eq!((&many["kept"], &many["owed"]), (&true.into(), &"0.00 EUR".into()));
    assert_eq!(many["badMinutes"], 0.0);
    // Twenty pods for ten minutes.
    assert!((many["podHours"].as_f64().unwrap() - 20.0 / 6.0).abs() < 1e-9, "{many}");
    let one = played(&["--policies", "static=1"]);
    assert_eq!((&one["kept"], &one["owed"]), (&false.into(), &"360.00 EUR".into()));
    assert_eq!(one["periods"][0]["credits"]["lines"][0]["below"], "95");
    let (good, total) = (one["good"].as_u64().unwrap(), one["total"].as_u64().unwrap());
    assert!(good * 100 < total * 95, "{good} of {total}");
    let ratio = one["attainmentRatio"].as_str().unwrap();
    let (part, whole) = ratio.split_once('/').unwrap();
    assert_eq!(part.parse::<u64>().unwrap() * total, whole.parse::<u64>().unwrap() * good, "{ratio}");
    assert_eq!(one["runs"][0]["badMinutes"].as_f64(), one["badMinutes"].as_f64());
}

/// Half an hour around the end of July: from a minute past midnight it is twice what four pods can serve.
#[test]
fn a_load_of_two_months_is_settled_by_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("july.csv");
    let minutes = (0..30).map(|minute| {
        let (month, day, minute) = if minute < 15 { (7, 31, minute + 45) } else { (8, 1, minute - 15) };
        let (hour, rate) = (if month == 7 { 23 } else { 0 }, if month == 8 && minute > 0 { 160 } else { 4 });
        format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z,{rate}\n")
    });
    std::fs::write(&file, format!("time,requests_per_second\n{}", minutes.collect::<String>())).unwrap();
    let play = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate")).arg("simulate");
        command.args(["-f", "agreement.yaml", "--service-time", "50ms", "--start", "90s", "--policies", "static=4"]);
        answered(command.arg("--trace").arg(&file).args(flags), "")
    };
    let report = play(&["-o", "json"]).json();
    assert_eq!(report["trace"]["begins"], "2026-07-31T23:45:00Z");
    let policy = &report["policies"][0];
    assert_eq!((&policy["kept"], &policy["owed"]), (&false.into(), &"360.00 EUR".into()));
    let periods = policy["periods"].as_array().unwrap();
    let told: Vec<_> = periods.iter().map(|p| (p["start"].as_str().unwrap(), p["owed"].as_str().unwrap())).collect();
    assert_eq!(told, [("2026-07-01T00:00:00Z", "0.00 EUR"), ("2026-08-01T00:00:00Z", "360.00 EUR")]);
    let sum = |field: &str| periods.iter().map(|p| p["objectives"][0][field].as_u64().unwrap()).sum::<u64>();
    assert_eq!((Some(sum("good")), Some(sum("total"))), (policy["good"].as_u64(), policy["total"].as_u64()));
    let table = play(&[]).text;
    for told in ["1 of 2", " July 2026 ", " August 2026 ", "OWED: for all 2 periods; 2 were played in part"] {
        assert!(table.contains(told), "{told}: {table}");
    }
    let refused = play(&["--from", "2026-07-01T00:00:00Z"]);
    assert!(refused.code == 1 && refused.complaint.contains("--from: must be left out"), "{}", refused.complaint);
}

/// Otherwise it would be ignored.
#[test]
fn an_exclusion_beside_the_agreement_is_refused() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate");
    let agreement = std::fs::read_to_string(format!("{examples}/agreement.yaml")).unwrap();
    let exclusions = std::fs::read_to_string(format!("{examples}/../exclusions.yaml")).unwrap();
    let exclusions = exclusions.replace("agreement: checkout", "agreement: catalog");
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(examples).args(["simulate", "-f", "-", "--trace", "trace.csv", "--service-time", "50ms"]);
    let refused = answered(command.args(["--start", "90s"]), &format!("{agreement}---\n{exclusions}"));
    assert_eq!((refused.code, refused.text.as_str()), (1, ""), "{}", refused.complaint);
    assert!(
        refused.complaint.contains("ServiceLevelExclusion sunday-maintenance: takes nothing out"),
        "{}",
        refused.complaint
    );
}

#[test]
fn faults_happen() {
    // An error in time is in time, and no good answer.
    let well = |policy: &Value| policy["good"].as_i64().unwrap() - policy["failed"].as_i64().unwrap();
    let good = |flags: &[&str]| well(&played(&[&["--policies", "static=6"], flags].concat()));
    let quiet = good(&[]);
    for fault in [
        "node-crash@2m",
        "gray-node@2m,speed=0.1",
        "slow-pod@2m,pod=5,speed=0.05",
        "bad-revision@2m,errors=0.5",
        "slow-dependency@2m,wait=1s",
        "service-time@2m,factor=4",
    ] {
        assert!(good(&["--fault", fault]) < quiet, "{fault}");
    }
    assert_eq!(good(&["--fault", "scrape-gap@2m"]), quiet, "a fixed number of pods does not look");
}

#[test]
fn the_promise_is_that_of_the_agreement() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate/agreement.yaml"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agreement.yaml");
    let try_out = |agreement: String, flags: &[&str]| {
        std::fs::write(&file, agreement).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate"));
        command.args([
            "simulate",
            "--trace",
            "trace.csv",
            "--scale-to",
            "25",
            "--service-time",
            "50ms",
            "--start",
            "90s",
        ]);
        answered(command.arg("-f").arg(&file).args(flags), "")
    };
    let text = text.unwrap();
    // The more patient the promise, the more requests keep it.
    let good = |threshold: &str| {
        let answer = try_out(text.replace("500ms", threshold), &["--policies", "static=3", "-o", "json"]);
        answer.json()["policies"][0]["good"].as_u64().unwrap()
    };
    assert!(good("3s") > good("100ms"));
    let other = "  - {name: up, indicator: {ratio: {bad: 'sum(increase(a[$slot]))', total: 'sum(increase(b[$slot]))'}}, measurement: {method: MeanOfSlots}, target: \"99\"}\n";
    let tier = "    - {objective: up, below: \"99\", percentOfFee: \"10\"}\n";
    let two = text
        .replace("  credits:\n", &format!("{other}  credits:\n"))
        .replace("  enforcement:", &format!("{tier}  enforcement:"));
    let answer = try_out(two, &["--policies", "static=20", "-o", "json"]);
    let answer = answer.json();
    assert_eq!(
        (&answer["notJudged"], &answer["notReckoned"]),
        (&serde_json::json!(["up"]), &serde_json::json!(["up"]))
    );
    for (from, to, told) in [
        (
            "target: \"99\"",
            "measurement: {method: MeanOfSlots}\n    target: \"99\"",
            "spec.objectives[0].measurement.method",
        ),
        ("500ms", "7s", "spec.objectives[0].indicator.latency.threshold"),
        (
            "    tiers:",
            "    remedies: [{name: each, objective: latency, perIncident: {amount: \"5\"}}]\n    tiers:",
            "spec.credits.remedies[0].perIncident",
        ),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        let answer = try_out(changed, &[]);
        assert_eq!(answer.code, 1, "{told}: {}", answer.complaint);
        assert!(answer.complaint.contains(told), "{told}: {}", answer.complaint);
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (flags, code, told) in [
        (&["--policies", "law,vpa"][..], 1, "--policies: \"vpa\" is none of operator=, law,"),
        (&["--policies", "hpa"], 1, "--policies: \"hpa\" needs a target"),
        (&["--policies", "static=61"], 1, "--policies: \"static=61\" is not within the 1 to 60 pods"),
        (&["--column", "visitors"], 1, "--column: the trace has no column \"visitors\"; it has requests"),
        (&["--column", "3"], 1, "--column: 3 is not one of the columns 2 to 2"),
        (&["--objective", "availability"], 1, "--objective: \"availability\" is no objective on latency"),
        (&["--pods", "99"], 1, "--pods: 99 is not within"),
        (&["--fault", "node-crash@1h"], 1, "--fault: \"node-crash@1h\" would begin after the end"),
        (&["--fault", "gray-node@1m,speed=2"], 1, "has \"2\" as speed, which must be a number above 0 and at most 1"),
        (&["--fault", "slow-pod@1m,pod=99"], 1, "has 99 as pod, and there are 2 at the beginning"),
        (&["--policies", "operator"], 1, "--policies: \"operator\" needs a target"),
        (&["--policies", "operator=0.5"], 1, "spec.enforcement.mode: is Recommend"),
        (&["--scrape", "0s"], 1, "--scrape: must be from 1s"),
        (&["--output", "csv"], 2, "--output"),
        (&["--history", "10m"], 1, "--history: must leave"),
        (&["--history", "90s"], 1, "--history: must be whole minutes"),
        (&["--from", "yesterday"], 2, "'yesterday' for '--from <INSTANT>': is no instant; write it as in 2026-10-01T"),
        (&["--seeds", "0"], 2, "--seeds"),
    ] {
        let answer = simulate(flags);
        assert_eq!(answer.code, code, "{flags:?}: {}", answer.complaint);
        assert!(answer.complaint.contains(told), "{flags:?}: {}", answer.complaint);
        assert_eq!(answer.text, "", "{flags:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_another_matter() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate"));
    command.args([
        "simulate",
        "-f",
        "agreement.yaml",
        "--trace",
        "gone.csv",
        "--service-time",
        "50ms",
        "--start",
        "90s",
    ]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--trace: gone.csv"));
}

/// What the README shows is what the program answers.
#[test]
fn the_readme_shows_what_comes_out() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let shown = readme.split("```console\n").filter(|block| block.starts_with("$ guarantor simulate"));
    let mut seen = 0;
    for block in shown {
        // A command that is continued on the next line.
        let block = block.split("```").next().unwrap().replace("\\\n", " ");
        let (command, answer) = block.split_once('\n').unwrap();
        let mut words = command.trim_start_matches("$ ").split_whitespace();
        assert_eq!(words.next(), Some("guarantor"));
        let mut program = Command::new(env!("CARGO_BIN_EXE_guarantor"));
        let output = program.current_dir(root.join("examples/simulate")).args(words).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap().replace(['\u{a0}', '\u{202f}'], " ");
        assert_eq!(told, answer, "README.md, section Try an agreement before you sign it: {command}");
        seen += 1;
    }
    assert_eq!(seen, 2);
}
