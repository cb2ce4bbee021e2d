//! Whether the process is alive and whether it is ready.
//!
//! Takes beats from tasks that should make progress and the state of gates that must open once; gives a [`Report`] for
//! each of the two questions. It must never ask anything outside the process: a probe that fails because the API server
//! is away restarts the pod when a restart helps least.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

#[derive(Debug)]
struct Task {
    last: Instant,
    silence: Duration,
}

#[derive(Debug)]
struct State {
    tasks: BTreeMap<String, Task>,
    gates: BTreeMap<&'static str, bool>,
}

/// The handle tasks report to. Cloning is cheap; all clones report to the same process.
#[derive(Debug, Clone)]
pub struct Health {
    state: Arc<Mutex<State>>,
}

/// The answer to one of the two questions, line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether all is well.
    pub healthy: bool,
    lines: Vec<(bool, String)>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (well, line) in &self.lines {
            writeln!(f, "[{}] {line}", if *well { '+' } else { '-' })?;
        }
        Ok(())
    }
}

impl Health {
    /// A process that is alive, and ready once every one of `gates` has been opened. Without gates it is never ready.
    #[must_use]
    pub fn new(gates: impl IntoIterator<Item = &'static str>) -> Self {
        let gates = gates.into_iter().map(|gate| (gate, false)).collect();
        Self { state: Arc::new(Mutex::new(State { tasks: BTreeMap::new(), gates })) }
    }

    /// From `now` on, `task` is expected to beat at least once in every `silence`.
    pub fn expect(&self, task: &str, silence: Duration, now: Instant) {
        self.state().tasks.insert(task.to_owned(), Task { last: now, silence });
    }

    /// `task` has made progress. Without effect for a task that is not expected to beat.
    pub fn beat(&self, task: &str, now: Instant) {
        if let Some(task) = self.state().tasks.get_mut(task) {
            task.last = task.last.max(now);
        }
    }

    /// `task` has ended as it should; it need not beat any more.
    pub fn retire(&self, task: &str) {
        self.state().tasks.remove(task);
    }

    /// Opens or closes a gate; one that was not named to [`Health::new`] is added.
    pub fn set_ready(&self, gate: &'static str, ready: bool) {
        self.state().gates.insert(gate, ready);
    }

    /// Whether every task has made progress recently enough.
    #[must_use]
    pub fn alive(&self, now: Instant) -> Report {
        let state = self.state();
        let lines = state.tasks.iter().map(|(name, task)| {
            let silent = now.saturating_duration_since(task.last);
            let allowed = task.silence.as_secs();
            (silent <= task.silence, format!("{name}: last progress {} s ago, allowed {allowed} s", silent.as_secs()))
        });
        report(lines.collect())
    }

    /// Whether every gate is open.
    #[must_use]
    pub fn ready(&self) -> Report {
        let state = self.state();
        if state.gates.is_empty() {
            return report(vec![(false, "starting".to_owned())]);
        }
        let said = |ready: bool| if ready { "ready" } else { "not ready" };
        report(state.gates.iter().map(|(gate, ready)| (*ready, format!("{gate}: {}", said(*ready)))).collect())
    }

    /// A poisoned lock is used all the same: every write under it is a single insertion.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn report(lines: Vec<(bool, String)>) -> Report {
    Report { healthy: lines.iter().all(|(well, _)| *well), lines }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_silent_task_makes_the_process_unhealthy_and_is_named() {
        let (health, start) = (Health::new(["stores"]), Instant::now());
        assert!(health.alive(start).healthy);
        health.expect("reader", MINUTE, start);
        health.expect("reconciler", MINUTE * 10, start);
        assert!(health.alive(start + MINUTE).healthy);
        let report = health.alive(start + MINUTE + Duration::from_secs(1));
        assert!(!report.healthy);
        let expected = "[-] reader: last progress 61 s ago, allowed 60 s\n\
                        [+] reconciler: last progress 61 s ago, allowed 600 s\n";
        assert_eq!(report.to_string(), expected);
        health.beat("reader", start + MINUTE);
        assert!(health.alive(start + MINUTE * 2).healthy);
        health.retire("reader");
        assert!(health.alive(start + MINUTE * 9).healthy);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_beat_does_not_turn_time_back_and_an_unexpected_one_counts_for_nothing() {
        let (health, start) = (Health::new([]), Instant::now());
        health.expect("reader", MINUTE, start);
        health.beat("reader", start + MINUTE);
        health.beat("reader", start);
        assert!(health.alive(start + MINUTE * 2).healthy);
        health.beat("unknown", start);
        assert!(!health.alive(start + MINUTE * 2).to_string().contains("unknown"));
    }

    #[test]
    fn ready_means_that_every_gate_is_open() {
        let health = Health::new(["agreements", "sources"]);
        assert!(!health.ready().healthy);
        health.set_ready("agreements", true);
        assert_eq!(health.ready().to_string(), "[+] agreements: ready\n[-] sources: not ready\n");
        health.set_ready("sources", true);
        assert!(health.ready().healthy);
        health.set_ready("agreements", false);
        assert!(!health.ready().healthy);
    }

    #[test]
    fn a_process_without_gates_is_not_ready() {
        assert!(!Health::new([]).ready().healthy);
    }
}
