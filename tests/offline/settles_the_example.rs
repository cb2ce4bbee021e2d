//! `guarantor settle` over `examples/settle`: the answer is kept, figure by figure.

use std::process::{Command, Output};

use serde_json::Value;

/// Settles the example in this form.
fn settle(form: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/settle")).arg("settle");
    for (flag, file) in [
        ("--agreement", "agreement.yaml"),
        ("--exclusions", "exclusions.yaml"),
        ("--measurements", "measurements.yaml"),
    ] {
        command.args([flag, file]);
    }
    let Output { status, stdout, stderr } = command.args(["-o", form]).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// The answer without what changes with every release.
fn answer() -> Value {
    let mut answer: Value = serde_json::from_str(&settle("json")).unwrap();
    for period in answer["periods"].as_array_mut().unwrap() {
        // What they are verified by is looked at in `verifies_what_was_settled`.
        let objects = period.as_object_mut().unwrap().remove("objects").unwrap();
        assert_eq!(objects["statement"]["spec"], period["statement"]);
        let (revisions, last) = (period["revisions"].take(), period["statement"].take());
        let mut all: Vec<Value> = revisions.as_array().unwrap().clone();
        assert_eq!(all.last(), Some(&last), "the statement that stands is the last revision");
        for statement in &mut all {
            statement["evidence"]["operator"] = "VERSION".into();
            statement["evidence"]["timeZoneDatabase"] = "VERSION".into();
            statement["digest"] = "DIGEST".into();
        }
        period["revisions"] = all.into();
    }
    answer
}

#[test]
fn the_answer_is_as_it_was_approved() {
    insta::assert_json_snapshot!("settled", answer());
}

/// The figures that anybody can do on paper.
#[test]
fn the_figures_are_those_of_a_calculation_by_hand() {
    let answer = answer();
    let revisions = answer["periods"][0]["revisions"].as_array().unwrap();
    let attained = |revision: usize, objective: usize| &revisions[revision]["objectives"][objective]["attainmentRatio"];
    // 8 922 slots of 4 000 requests with one bad one each, and 6 of 5 200 with 1 900 bad ones.
    let (total, bad) = (8_922 * 4_000 + 6 * 5_200, 8_922 + 6 * 1_900);
    assert_eq!(attained(0, 0), &reduced(total - bad, total));
    // One queue for 745 hours, the other for the last 385, of which ten minutes are unknown. 43 minutes, the two hours of the
    // upgrade and the two of the storm were bad; the second revision counts the upgrade as good.
    let minutes = (745 + 385) * 60 - 10;
    assert_eq!(attained(0, 1), &reduced(minutes - 43 - 120 - 120, minutes));
    assert_eq!(attained(1, 1), &reduced(minutes - 43 - 120, minutes));
    // One of two was in time.
    assert_eq!(attained(0, 2), "1/2");
    // 10 % of 4 000, and 250, capped at 12.5 %; without the upgrade the queues cost two days of service in place of five.
    for (revision, days) in [(0, 5), (1, 2)] {
        let credits = &revisions[revision]["credits"];
        assert_eq!((&credits["amount"], &credits["serviceDays"]), (&"500.00".into(), &days.into()), "{revision}");
    }
    assert_eq!(revisions[1]["adjustment"]["serviceDays"], -3);
}

/// A fraction in lowest terms.
fn reduced(part: u64, whole: u64) -> Value {
    let (mut a, mut b) = (part, whole);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    format!("{}/{}", part / a, whole / a).into()
}

#[test]
fn people_get_the_same_as_tables_and_as_a_page() {
    let spaced = |text: String| text.replace(['\u{a0}', '\u{202f}'], " ");
    let table = spaced(settle("table"));
    for told in [
        "Computed by `guarantor settle`",
        "Revision 2 takes the place of orders-20260930t220000z-r1.",
        "−3 days of service",
        "4 057 620 of 4 067 400 seconds good",
        "incoming",
        "Counted as good",
        "Refused: notice was given",
        "Cut to the most that is granted for one period.",
        "Credit for the period: 500.00 EUR",
        "As the file gives them",
        "5 h 30 min",
        "in time, given 14 Oct 2026, 11:00 CEST",
        "120.00 EUR notified on 5 Oct 2026",
        "Next settlement: 4 000.00 EUR gross, 3 880.00 EUR net; 0.00 EUR carried on",
    ] {
        assert!(table.contains(told), "{told}\n{table}");
    }
    let page = spaced(settle("html"));
    for told in
        ["Computed by `guarantor settle`", "Revision 2 takes the place", "500.00 EUR", "database-upgrade", "storm"]
    {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("kubectl"));
    // A recovery that took too long lasted no second.
    let late =
        table.lines().find(|line| line.trim_start().starts_with("recovery") && line.contains("21 Oct 2026")).unwrap();
    assert!(late.contains("–") && !late.contains("1 s"), "{late}");
}
