//! The same course in the simulator, by `guarantor simulate`: the same agreement, load and fault.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use super::agreement::agreement;
use super::course::{Course, Fault};
use super::scaler::Scaler;
use super::{PODS, SCRAPE, SERVICE_TIME, START};
use crate::command;
use crate::scratch::Scratch;

/// The pace of a slow pod, where 1 is a healthy one's.
pub(super) const SLOW: f64 = 0.15;
/// How much more work a request takes that has become costlier.
pub(super) const COSTLIER: f64 = 1.5;

/// One simulated run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Simulated {
    /// The seed.
    pub seed: u64,
    /// Minutes in which fewer requests than promised were good.
    pub bad_minutes: u32,
    /// Pod-hours of what is judged.
    pub pod_hours: f64,
}

#[derive(Deserialize)]
struct Answer {
    policies: Vec<Policy>,
}

#[derive(Deserialize)]
struct Policy {
    policy: String,
    runs: Vec<Simulated>,
}

/// Simulates the course under this way of scaling, once with each of `runs` seeds from `seed` on. `binary` is the operator's.
///
/// # Errors
/// When it cannot be run, refuses something, or answers something else.
pub async fn simulated(binary: &Path, scaler: Scaler, course: &Course, seed: u64, runs: u8) -> Result<Vec<Simulated>> {
    let scratch = Scratch::new()?;
    let write = |name: &str, text: String| -> Result<PathBuf> {
        let path = scratch.file(name);
        std::fs::write(&path, text)?;
        Ok(path)
    };
    let agreed = write("agreement.yaml", agreement("shop"))?;
    let rates: Vec<String> = course.rates().iter().map(ToString::to_string).collect();
    let trace = write("load.txt", rates.join("\n"))?;
    let mut simulate = Command::new(binary);
    simulate.arg("simulate").arg("-f").arg(&agreed).arg("--trace").arg(&trace);
    simulate.args(flags(scaler, course, seed, runs));
    read(&command::run(simulate, "").await?.ok()?, scaler)
}

fn flags(scaler: Scaler, course: &Course, seed: u64, runs: u8) -> Vec<String> {
    let mut flags = vec![
        format!("--history={}m", course.lead_in_minutes()),
        format!("--service-time={}ms", SERVICE_TIME.as_millis()),
        format!("--start={}s", START.0.as_secs()),
        format!("--scrape={}s", SCRAPE.as_secs()),
        format!("--pods={PODS}"),
        format!("--policies={}", scaler.policy()),
        format!("--seed={seed}"),
        format!("--seeds={runs}"),
        "--output=json".to_owned(),
    ];
    flags.extend(course.fault().map(|(fault, after)| match fault {
        Fault::SlowPod => format!("--fault=slow-pod@{after}s,pod=0,speed={SLOW}"),
        Fault::CostlierRequests => format!("--fault=service-time@{after}s,factor={COSTLIER}"),
    }));
    flags
}

fn read(answer: &str, scaler: Scaler) -> Result<Vec<Simulated>> {
    let answer: Answer = serde_json::from_str(answer).context("the simulator answers something else")?;
    // Beside the operator stands the autoscaler that it is beside, alone.
    let name = scaler.policy_name();
    let policy = answer.policies.into_iter().find(|policy| policy.policy == name);
    let policy = policy.with_context(|| format!("the simulator says nothing of {name}"))?;
    ensure!(!policy.runs.is_empty(), "the simulator played no run of {name}");
    Ok(policy.runs)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_simulator_is_told_the_same() {
        let course = Course::whole(Some(Fault::SlowPod)).unwrap();
        let flags = flags(Scaler::Rate(60), &course, 3, 5);
        let expected = [
            "--history=6m",
            "--service-time=50ms",
            "--start=30s",
            "--scrape=5s",
            "--pods=5",
            "--policies=keda=0.60",
            "--seed=3",
            "--seeds=5",
            "--output=json",
            "--fault=slow-pod@720s,pod=0,speed=0.15",
        ];
        assert_eq!(flags, expected);
    }

    #[test]
    fn of_its_answer_the_policy_is_read_that_was_asked_for() {
        let answer = r#"{"policies": [
            {"policy": "HPA 0.80", "runs": [{"seed": 1, "badMinutes": 9, "minutes": 15, "podHours": 1.0}]},
            {"policy": "operator + HPA 0.80", "runs": [{"seed": 1, "badMinutes": 2, "minutes": 15, "podHours": 1.5}]}
        ]}"#;
        let runs = read(answer, Scaler::Guarantor(80)).unwrap();
        assert_eq!(runs, [Simulated { seed: 1, bad_minutes: 2, pod_hours: 1.5 }]);
        assert!(read(answer, Scaler::Cpu(50)).unwrap_err().to_string().contains("HPA 0.50"));
        assert!(read("{}", Scaler::Cpu(50)).is_err());
    }
}
