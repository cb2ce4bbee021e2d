//! `guarantor simulate --trace`: recordings as people have them, and what is wrong with some.

use std::process::Command;

use crate::command::{Answer, answered};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/simulate");

/// Plays one policy by these flags and this standard input.
fn simulate(flags: &[&str], input: &str) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(EXAMPLE).args(["simulate", "--service-time", "50ms", "--start", "90s", "-o", "json"]);
    command.args(["--policies", "static=3"]).args(flags);
    answered(&mut command, input)
}

/// The same of this trace.
fn played(trace: &str, flags: &[&str]) -> Answer {
    simulate(&[&["-f", "agreement.yaml", "--trace", "-"], flags].concat(), trace)
}

/// Minutes of so many requests each.
fn minutes(of: impl Iterator<Item = u32>) -> String {
    of.fold("minute,requests\n".to_owned(), |text, minute| format!("{text}{minute},300\n"))
}

#[test]
fn a_trace_comes_by_standard_input() {
    let answer = played(&minutes(0..10), &[]);
    assert_eq!((answer.code, answer.complaint.as_str()), (0, ""));
    let trace = &answer.json()["trace"];
    assert_eq!((trace["seconds"].as_u64(), trace["meanRate"].as_f64()), (Some(600), Some(5.0)));
    let agreement = std::fs::read_to_string(format!("{EXAMPLE}/agreement.yaml")).unwrap();
    let both = simulate(&["-f", "-", "--trace", "-"], &agreement);
    assert_eq!(both.code, 1);
    assert!(both.complaint.contains("--trace: and -f cannot both be standard input"), "{}", both.complaint);
}

#[test]
fn holes_are_told_and_many_are_refused() {
    let answer = played(&minutes((0..20).filter(|minute| ![4, 7].contains(minute))), &[]);
    assert_eq!(answer.code, 0, "{}", answer.complaint);
    let told = "guarantor: the trace says nothing of 2 of 20 steps; the load before them is kept\n";
    assert_eq!(answer.complaint, told);
    assert_eq!(answer.json()["trace"]["seconds"], 1200);
    let answer = played(&minutes((0..20).filter(|minute| ![4, 7, 8].contains(minute))), &[]);
    assert_eq!(answer.code, 1);
    assert!(answer.complaint.contains("--trace: the trace says nothing of 3 of 20 steps"), "{}", answer.complaint);
}

#[test]
fn days_are_durations() {
    let trace = minutes(0..10);
    for (flags, code, told) in [
        (&["--history", "7d"][..], 1, "--history: must leave at least a minute"),
        (&["--fault", "gray-node@1d"], 1, "\"gray-node@1d\" would begin after the end"),
        (&["--scrape", "1d"], 1, "--scrape: must be from 1s to 5m"),
        (&["--history", "2w"], 1, "--history: must leave at least a minute"),
        (&["--history", "soon"], 2, "'soon' for '--history <DURATION>': write a duration like `15s`"),
    ] {
        let answer = played(&trace, flags);
        assert_eq!(answer.code, code, "{flags:?}: {}", answer.complaint);
        assert!(answer.complaint.contains(told), "{flags:?}: {}", answer.complaint);
    }
}

/// What a flag says is not ignored because another one is there.
#[test]
fn flags_of_the_other_source_are_refused() {
    let until = |until, url, flags: &[&str]| {
        let store = ["-f", "agreement.yaml", "--prometheus", url, "--from", "2026-10-01T00:00:00Z", "--until", until];
        simulate(&[&store, flags].concat(), "")
    };
    let stored = |url, flags: &[&str]| until("2026-10-01T01:00:00Z", url, flags);
    let years = until("2036-10-01T00:00:00Z", "http://127.0.0.1:9", &[]);
    for (answer, code, told) in [
        (stored("http://127.0.0.1:9", &["--column", "2"]), 2, "--column"),
        (stored("http://127.0.0.1:9", &["--step", "1500ms"]), 1, "--step: must be whole seconds from 1s to 1h"),
        (years, 1, "--until: must be at most three years after --from"),
        (stored("foo", &[]), 1, "--prometheus: \"foo\" must be the URL of a store"),
        (played("1\n", &["--query", "up"]), 2, "--query"),
        (played("1\n", &["--step", "1m"]), 2, "--step"),
        (played("1\n", &["--until", "2026-10-01T01:00:00Z"]), 2, "--until"),
    ] {
        assert_eq!(answer.code, code, "{told}: {}", answer.complaint);
        assert!(answer.complaint.contains(told), "{told}: {}", answer.complaint);
        assert!(!answer.complaint.contains("spec.url"), "{}", answer.complaint);
    }
}

#[test]
fn a_row_that_is_wrong_is_named() {
    for (trace, told) in [
        (
            "minute,requests\n0,600\n\n1,-10\n",
            "--trace: row 4 of the trace: \"-10\" in column \"requests\" is not a number",
        ),
        ("0,600\n1,600\n", "--trace: row 1 of the trace: a CSV needs a header"),
        (
            "time,requests\n0,600\n1,600\n",
            "--trace: row 2 of the trace: \"0\" is no time; call the first column minute",
        ),
        ("second,requests\n0,6\n10,6\n25,6\n35,6\n", "--trace: row 4 of the trace: it comes 15 s after the row before"),
    ] {
        let answer = played(trace, &[]);
        assert_eq!(answer.code, 1, "{trace}");
        assert!(answer.complaint.contains(told), "{trace:?}: {}", answer.complaint);
    }
}
