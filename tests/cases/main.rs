//! Published agreements as exact cases, each turned into manifests and measurements and run through the binary.
//!
//! `GUARANTOR_CASES` names a file of the same schema. One line per case; what can not be expressed has failed.
//! Words on the command line choose the cases whose id or kind contains one of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod amounts;
mod arithmetic;
mod claims;
mod coverage;
mod credits;
mod dates;
mod examples;
mod exempt;
mod findings;
mod force_majeure;
mod free_hours;
mod known;
mod measures;
mod money;
mod numerals;
mod penalties;
mod periods;
mod phrases;
mod recovery;
mod restatement;
mod rules;
mod scenario;
mod service_days;
mod several;
mod uptime;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use scenario::{Miss, Outcome, field, text};
use serde_json::Value;

fn main() -> ExitCode {
    amounts::check();
    arithmetic::check();
    claims::check();
    findings::check();
    known::check();
    numerals::check();
    phrases::check();
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = match std::env::var_os("GUARANTOR_CASES") {
        Some(given) => vec![home.join(given)],
        None => own(&home.join("tests/cases")),
    };
    let words: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let published = examples::by_profile(home);
    let files: Vec<Value> = files.iter().map(|path| read(path)).collect();
    let mut jobs = Vec::new();
    for file in &files {
        let profiles = file.get("profiles").unwrap_or(&Value::Null);
        for case in file.get("cases").and_then(Value::as_array).into_iter().flatten() {
            let (id, kind) = (text(case, "id").unwrap_or_default(), text(case, "kind").unwrap_or_default());
            if !words.is_empty() && !words.iter().any(|word| id.contains(word) || kind.contains(word)) {
                continue;
            }
            let profile = text(case, "profile").unwrap_or_default();
            let example = published.get(&profile).filter(|_| kind == "uptime_credit");
            jobs.push(Job { line: format!("{id} ({kind})"), kind, case, profiles, agreement: None });
            if let Some((name, agreement)) = example {
                let line = format!("{id} (examples/published/{name}.yaml)");
                jobs.push(Job {
                    kind: "examples/published".to_owned(),
                    line,
                    case,
                    profiles,
                    agreement: Some(agreement),
                });
            }
        }
    }
    let mut kinds: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    play(&jobs, |job, outcome| enter(&mut kinds, &job.kind, &job.line, outcome));
    println!();
    for (kind, (passed, failed)) in &kinds {
        println!("{kind:>22} {passed:4} passed {failed:4} failed");
    }
    let (passed, failed) = kinds.values().fold((0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1));
    println!("\n{passed} passed, {failed} failed");
    if failed > 0 || (passed == 0 && words.is_empty()) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn read(path: &Path) -> Value {
    let file = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_saphyr::from_str(&file).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A case, by its profile or by the example that stands for its profile.
struct Job<'a> {
    kind: String,
    line: String,
    case: &'a Value,
    profiles: &'a Value,
    agreement: Option<&'a Value>,
}

/// Plays all jobs, as many at a time as there are processors, and tells of each in their order.
fn play<'a>(jobs: &[Job<'a>], mut tell: impl FnMut(&Job<'a>, Outcome)) {
    let next = AtomicUsize::new(0);
    let (done, outcomes) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let (next, done) = (&next, done.clone());
            scope.spawn(move || {
                let folder = tempfile::tempdir().unwrap();
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(place) else { return };
                    done.send((place, job.outcome(folder.path()))).unwrap();
                }
            });
        }
        drop(done);
        let mut waiting = BTreeMap::new();
        let mut told = 0;
        for (place, outcome) in outcomes {
            waiting.insert(place, outcome);
            while let Some(outcome) = waiting.remove(&told) {
                tell(&jobs[told], outcome);
                told += 1;
            }
        }
        assert_eq!(told, jobs.len(), "a case was not played");
    });
}

impl Job<'_> {
    fn outcome(&self, folder: &Path) -> Outcome {
        match self.agreement {
            None => run(&self.kind, self.case, self.profiles, folder),
            Some(agreement) => {
                uptime::under(agreement, self.case, field(self.profiles, &text(self.case, "profile")?)?, folder)
            }
        }
    }
}

/// The published cases, and those of our own in the order of their files.
fn own(folder: &Path) -> Vec<PathBuf> {
    let further = std::fs::read_dir(folder.join("further")).unwrap();
    let mut files: Vec<PathBuf> = further.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.insert(0, folder.join("published-slas.yaml"));
    files
}

/// Prints the line of a case and counts it.
fn enter(kinds: &mut BTreeMap<String, (usize, usize)>, kind: &str, case: &str, outcome: Outcome) {
    let counts = kinds.entry(kind.to_owned()).or_default();
    match outcome {
        Ok(()) => {
            counts.0 += 1;
            println!("{case}: passed");
        }
        Err(Miss::Failed(why)) => {
            counts.1 += 1;
            println!("{case}: failed: {why}");
        }
        Err(Miss::NotExpressible(why)) => {
            counts.1 += 1;
            println!("{case}: not expressible: {}", why.trim());
        }
    }
}

fn run(kind: &str, case: &Value, profiles: &Value, folder: &Path) -> Outcome {
    match kind {
        "uptime_credit" => uptime::run(case, field(profiles, &text(case, "profile")?)?, folder),
        "several_uptimes" => several::run(case, profiles, folder),
        "free_hours" => free_hours::free_hours(case, profiles, folder),
        "proportional_credit" => money::proportional(case, folder),
        "multi_objective" => money::multi_objective(case, folder),
        "minimum_credit" => money::minimum_credit(case, folder),
        "service_days_value" => service_days::value(case, folder),
        "service_days_term" => service_days::term(case, profiles, folder),
        "currency" => money::currency(case, folder),
        "penalty" => penalties::penalty(case, folder),
        "reward" => penalties::reward(case, folder),
        "recovery_objective" => values::recovery_objective(case, folder),
        "coverage" => coverage::coverage(case, profiles, folder),
        "restatement" => restatement::restatement(case, profiles, folder),
        "missing_data" => rules::missing_data(case, folder),
        "claim_deadline" => claims::claim_deadline(case, folder),
        "force_majeure" => force_majeure::force_majeure(case, folder),
        "cure_period" => dates::cure_period(case, folder),
        "termination" => dates::termination(case, folder),
        "offset" => dates::offset(case, folder),
        "deposit" => dates::deposit(case, folder),
        "detection" => dates::detection(case, folder),
        "lint" => findings::lint(case, folder),
        other => Err(Miss::NotExpressible(format!("kind {other}"))),
    }
}
