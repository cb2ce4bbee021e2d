//! A module imports only from stages to its left; the pure stages know no I/O and no clock; files stay small.

use std::fs;
use std::path::{Path, PathBuf};

const STAGES: [&str; 6] = ["api", "sense", "evaluate", "decide", "act", "record"];

pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|n| n != "target") {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The code of a file without comments and without its tests: a module that is declared for tests is left out by its line,
/// one that is written out ends the file.
pub fn product_code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let mut code = String::new();
    let mut is_for_tests = false;
    for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        if line.starts_with("#[cfg(test)]") {
            is_for_tests = true;
        } else if !is_for_tests {
            code.push_str(line);
            code.push('\n');
        } else if line.contains("mod ") && line.ends_with('{') {
            break;
        } else if line.ends_with(';') {
            is_for_tests = false;
        }
    }
    code
}

pub fn is_test_file(path: &Path) -> bool {
    path.components().any(|c| c.as_os_str().to_string_lossy().trim_end_matches(".rs").ends_with("tests"))
}

pub fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// A part beside the stages, with what it may import: the simulator plays what decides, and touches nothing outside.
const BESIDE: [(&str, &[&str]); 1] = [("simulate", &["api", "sense", "evaluate", "decide", "simulate"])];

/// What the simulator may use of `sense`: the plain data a decision rests on, which it makes instead of reading.
const PLAIN_DATA: [&str; 3] = ["counters", "signals", "workload"];

#[test]
fn a_stage_imports_only_from_its_left() {
    let mut faults = Vec::new();
    let mut seen = 0;
    let stages = STAGES.iter().enumerate().map(|(position, stage)| (*stage, &STAGES[..=position]));
    for (stage, allowed) in stages.chain(BESIDE) {
        for path in rust_files(&source().join(stage)) {
            if is_test_file(&path) {
                continue;
            }
            let code = product_code(&path);
            for (at, _) in code.match_indices("crate::") {
                let module: String =
                    code[at + 7..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                seen += 1;
                if !allowed.contains(&module.as_str()) {
                    faults.push(format!("{}: stage {stage} uses crate::{module}", path.display()));
                }
            }
        }
    }
    assert!(seen > 50, "the scan found only {seen} imports: it no longer sees the code");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_simulator_reads_nothing() {
    let mut faults = Vec::new();
    for path in rust_files(&source().join("simulate")) {
        let code = product_code(&path);
        for (at, prefix) in code.match_indices("crate::sense::") {
            let module: String =
                code[at + prefix.len()..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !PLAIN_DATA.contains(&module.as_str()) {
                faults.push(format!("{}: sense::{module}", path.display()));
            }
        }
        if code.contains("WorkloadReader") {
            faults.push(format!("{}: a reader", path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_pure_stages_do_no_io_and_read_no_clock() {
    const FORBIDDEN: [&str; 12] = [
        "tokio",
        "kube::Client",
        "kube::Api",
        "kube::runtime",
        "reqwest",
        "std::fs",
        "std::net",
        "SystemTime",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "rand::",
    ];
    let mut faults = Vec::new();
    for stage in ["api", "evaluate", "decide", "simulate"] {
        for path in rust_files(&source().join(stage)) {
            let code = product_code(&path);
            for word in FORBIDDEN {
                // Virtual time has seeded chance in it.
                let is_chance = stage == "simulate" && word == "rand::";
                if code.contains(word) && !is_chance {
                    faults.push(format!("{}: {word}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn files_are_small_and_their_names_say_something() {
    const EMPTY_NAMES: [&str; 7] = ["util", "utils", "helpers", "common", "manager", "handler", "misc"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<PathBuf> =
        rust_files(&root.join("src")).into_iter().chain(rust_files(&root.join("tests"))).collect();
    assert!(files.len() > 50, "the scan found only {} files", files.len());
    let mut faults = Vec::new();
    for path in files {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        if lines > 400 {
            faults.push(format!("{}: {lines} lines", path.display()));
        }
        for part in path.strip_prefix(root).unwrap() {
            let name = part.to_string_lossy();
            if EMPTY_NAMES.contains(&name.trim_end_matches(".rs")) {
                faults.push(format!("{}: the name {name} says nothing", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
