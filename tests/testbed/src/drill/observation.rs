//! What the agreement's status tells in the course of a drill, look by look.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use super::Fault;
use super::expectation::{Expectation, PODS_NOT_READY};
use super::fault::Victim;

/// Something the operator did, or may have done.
#[derive(Debug, Clone)]
pub struct Act {
    /// The verb.
    pub verb: String,
    /// The object's name.
    pub target: String,
    /// What changed, such as `8 -> 16`; empty where no number does.
    pub change: String,
    /// When it was intended.
    pub at: Timestamp,
    /// How far it came, or what was found of it.
    pub phase: String,
    /// Whether it helped; empty while nobody knows.
    pub verdict: String,
}

/// One fault, played.
#[derive(Debug)]
pub struct Run {
    /// The fault.
    pub fault: Fault,
    /// The seed.
    pub seed: u64,
    /// When it came.
    pub onset: Timestamp,
    /// The first look that told a right cause: the newest sample that it rests on, which need not be the first that would have
    /// done, and the cause.
    pub proven: Option<(Timestamp, String)>,
    /// What was done since, in order.
    pub acts: Vec<Act>,
    /// When all objectives were safe again. `None`: they were not, or were never in danger.
    pub recovered: Option<Timestamp>,
    /// What was done and should not have been.
    pub wrong: Vec<String>,
    /// What should have been and was not.
    pub missing: Vec<String>,
}

/// The looks so far.
#[derive(Debug)]
pub(super) struct Observation {
    expected: &'static Expectation,
    onset: Timestamp,
    acts: BTreeMap<String, Act>,
    proven: Option<(Timestamp, Instant, String)>,
    endangered: bool,
    /// Whether the last look told danger. The first one is taken before the fault strikes.
    in_danger: Option<bool>,
    /// A danger was told that was not before the fault.
    danger_came: bool,
    recovered: Option<Timestamp>,
    /// When Kubernetes noticed the fault.
    noticed: Option<Timestamp>,
    fault_ended: bool,
}

impl Observation {
    pub(super) fn new(expected: &'static Expectation, onset: Timestamp) -> Self {
        Self {
            expected,
            onset,
            acts: BTreeMap::new(),
            proven: None,
            endangered: false,
            in_danger: None,
            danger_came: false,
            recovered: None,
            noticed: None,
            fault_ended: false,
        }
    }

    /// Takes in a status.
    pub(super) fn look(&mut self, status: &Value) {
        for action in status.get("actions").and_then(Value::as_array).into_iter().flatten() {
            let Some(at) = instant(action, "/intendedAt") else { continue };
            let act = Act {
                verb: text(action, "/verb").to_owned(),
                target: text(action, "/target/name").to_owned(),
                change: change(action),
                at,
                phase: text(action, "/phase").to_owned(),
                verdict: text(action, "/verdict").to_owned(),
            };
            // One that was refused changed nothing, and may be decided again under the same id.
            if act.phase == "Refused" {
                self.acts.remove(text(action, "/id"));
            } else {
                self.acts.insert(text(action, "/id").to_owned(), act);
            }
        }
        if self.proven.is_none() {
            self.proven = told(status)
                .into_iter()
                .find(|(cause, _)| self.expected.causes.contains(&cause.as_str()))
                .map(|(cause, seen)| (seen.unwrap_or_else(Timestamp::now).max(self.onset), Instant::now(), cause));
        }
        let safe_since = instant(status, "/enforcement/episode/safeSince");
        let in_episode = status.pointer("/enforcement/episode").is_some();
        let endangered = in_episode && safe_since.is_none();
        self.endangered |= endangered;
        self.danger_came |= endangered && self.in_danger == Some(false);
        self.in_danger = Some(endangered);
        if endangered {
            self.recovered = None;
        } else if self.endangered {
            self.recovered = self.recovered.or(safe_since).or_else(|| Some(Timestamp::now()));
        }
    }

    /// Whether it has to be seen that the pods that were struck are not ready, and was not yet.
    pub(super) fn looks_for_missing_pods(&self) -> bool {
        self.proven.is_none() && self.expected.causes.contains(&PODS_NOT_READY)
    }

    /// None of the pods that were struck is ready any more.
    pub(super) fn pods_are_missing(&mut self) {
        self.proven.get_or_insert_with(|| (Timestamp::now(), Instant::now(), PODS_NOT_READY.to_owned()));
    }

    /// Has Kubernetes notice the fault by `notice`. That counts from its beginning: what it writes is seen, and may be answered,
    /// before whoever wrote it knows that it is done.
    pub(super) async fn fault_is_noticed(&mut self, notice: impl Future<Output = Result<()>>) -> Result<()> {
        let at = Timestamp::now();
        notice.await?;
        self.noticed = Some(at);
        Ok(())
    }

    /// The fault is over by itself: who was well before is well now, and who was not has to get well.
    pub(super) fn fault_ended(&mut self) {
        self.fault_ended = true;
    }

    /// Whether a right cause has been told for so long.
    pub(super) fn proven_for(&self, long: Duration) -> bool {
        self.proven.as_ref().is_some_and(|(_, at, _)| at.elapsed() >= long)
    }

    /// Nothing is in danger any more.
    pub(super) fn is_well(&self) -> bool {
        self.recovered.is_some() || self.fault_ended && !self.endangered
    }

    /// The verbs that were waited for have their verdicts.
    pub(super) fn is_judged(&self) -> bool {
        let judged = |verb: &&str| self.acts.values().any(|act| act.verb == **verb && !act.verdict.is_empty());
        self.expected.verbs.iter().all(judged)
    }

    /// What came of it.
    pub(super) fn into_run(self, fault: Fault, seed: u64, victim: &Victim, well: bool) -> Run {
        let mut acts: Vec<Act> = self.acts.into_values().collect();
        acts.sort_by_key(|act| act.at);
        let mut wrong = Vec::new();
        for act in &acts {
            let healthy = match act.verb.as_str() {
                "Reschedule" => !victim.pods.is_empty() && !victim.pods.contains(&act.target),
                "AvoidNode" => victim.node.as_ref().is_some_and(|node| *node != act.target),
                _ => false,
            };
            // An intent is told by the second.
            let is_noticed = self.noticed.is_some_and(|noticed| act.at.as_second() >= noticed.as_second());
            if act.at < self.onset.round(jiff::Unit::Second).unwrap_or(self.onset) {
                wrong.push(format!("{} before the fault", act.verb));
            } else if !self.expected.allows(&act.verb, is_noticed) {
                wrong.push(format!("{} {}", act.verb, act.change).trim().to_owned());
            } else if healthy {
                wrong.push(format!("{} of the healthy {}", act.verb, act.target));
            } else if act.verdict == "Harmful" {
                wrong.push(format!("{} was harmful", act.verb));
            }
        }
        let mut missing = Vec::new();
        if self.proven.is_none() && !self.expected.causes.is_empty() {
            missing.push(format!("none of {} was told", self.expected.causes.join(", ")));
        }
        if self.expected.endangers && !self.danger_came {
            missing.push("no danger was told".to_owned());
        }
        let effective = |verb: &str| acts.iter().any(|act| act.verb == verb && act.verdict == "Effective");
        missing.extend(
            self.expected.verbs.iter().filter(|verb| !effective(verb)).map(|verb| format!("no effective {verb}")),
        );
        if !well {
            missing.push("it did not get well".to_owned());
        }
        let proven = self.proven.map(|(at, _, cause)| (at, cause));
        Run { fault, seed, onset: self.onset, proven, acts, recovered: self.recovered, wrong, missing }
    }
}

/// The causes that a status tells, each with the instant of what it rests on.
fn told(status: &Value) -> Vec<(String, Option<Timestamp>)> {
    let mut told = Vec::new();
    if let Some(cause) = status.pointer("/enforcement/diagnosis/cause").and_then(Value::as_str) {
        let by_pod = instant(status, "/enforcement/diagnosis/observed/podsThrough");
        told.push((
            cause.to_owned(),
            by_pod.or_else(|| instant(status, "/enforcement/diagnosis/observed/accountThrough")),
        ));
    }
    for condition in status.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        if text(condition, "/type") == "Measured" && text(condition, "/status") == "False" {
            told.push((text(condition, "/reason").to_owned(), instant(condition, "/lastTransitionTime")));
        }
    }
    told
}

fn change(action: &Value) -> String {
    let number = |pointer| action.pointer(pointer).and_then(Value::as_i64);
    match (number("/from"), number("/to")) {
        (Some(from), Some(to)) => format!("{from} -> {to}"),
        (Some(only), None) | (None, Some(only)) => only.to_string(),
        (None, None) => String::new(),
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn instant(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    const ONSET: &str = "2026-11-29T12:00:00Z";

    fn action(verb: &str, target: &str, at: &str, verdict: &str) -> Value {
        json!({"id": format!("{verb}-{target}"), "verb": verb, "target": {"name": target}, "phase": "Done",
            "intendedAt": at, "verdict": verdict})
    }

    /// Before the fault strikes.
    fn calm(fault: Fault) -> Observation {
        let mut seen = Observation::new(Expectation::of(fault), ONSET.parse().unwrap());
        seen.look(&json!({}));
        seen
    }

    fn run(fault: Fault, statuses: &[Value]) -> Run {
        let mut seen = calm(fault);
        for status in statuses {
            seen.look(status);
        }
        let victim = Victim { pods: vec!["sick".into()], node: Some("ill".into()) };
        seen.into_run(fault, 1, &victim, true)
    }

    fn sick() -> Value {
        json!({"enforcement": {
            "diagnosis": {"cause": "OutlierPod", "observed": {"podsThrough": "2026-11-29T12:00:09Z"}},
            "episode": {"since": "2026-11-29T12:00:10Z"},
        }})
    }

    fn well(actions: &[Value]) -> Value {
        json!({"actions": actions, "enforcement": {"episode": {"safeSince": "2026-11-29T12:01:00Z"}}})
    }

    #[test]
    fn a_right_answer_is_told_with_its_times() {
        let eviction = action("Reschedule", "sick", "2026-11-29T12:00:20Z", "Effective");
        let run = run(Fault::SlowPod, &[sick(), well(&[eviction])]);
        assert_eq!((run.wrong, run.missing), (Vec::<String>::new(), Vec::new()));
        let (at, cause) = run.proven.unwrap();
        assert_eq!((at.to_string().as_str(), cause.as_str()), ("2026-11-29T12:00:09Z", "OutlierPod"));
        assert_eq!(run.recovered.unwrap().to_string(), "2026-11-29T12:01:00Z");
    }

    #[test]
    fn of_two_right_verbs_none_may_be_missing() {
        let at = "2026-11-29T12:00:20Z";
        let eviction = action("Reschedule", "sick", at, "Effective");
        let avoided = |node: &str| action("AvoidNode", node, at, "Effective");
        let ill = || json!({"enforcement": {"diagnosis": {"cause": "OutlierNode"}, "episode": {"since": at}}});
        let both = run(Fault::SlowNode, &[ill(), well(&[avoided("ill"), eviction.clone()])]);
        assert_eq!((both.wrong, both.missing), (Vec::<String>::new(), Vec::new()));
        let one = run(Fault::SlowNode, &[ill(), well(&[eviction])]);
        assert_eq!(one.missing, ["no effective AvoidNode"]);
        let other = run(Fault::SlowNode, &[ill(), well(&[avoided("another")])]);
        assert_eq!(other.wrong, ["AvoidNode of the healthy another"]);
    }

    #[test]
    fn of_a_dead_node_its_pods_have_to_be_seen_missing_and_danger_has_to_be_told() {
        let missing = run(Fault::DeadNode, &[well(&[])]).missing;
        assert_eq!(missing, ["none of OutlierNode, OutlierPod, PodsNotReady was told", "no danger was told"]);
        let (danger, safe) = (json!({"enforcement": {"episode": {"since": ONSET}}}), well(&[]));
        let played = |statuses: [&Value; 3]| {
            let mut seen = Observation::new(Expectation::of(Fault::DeadNode), ONSET.parse().unwrap());
            assert!(seen.looks_for_missing_pods());
            seen.pods_are_missing();
            assert!(!seen.looks_for_missing_pods());
            for status in statuses {
                seen.look(status);
            }
            seen.into_run(Fault::DeadNode, 1, &Victim::default(), true)
        };
        let run = played([&safe, &danger, &safe]);
        assert_eq!((run.missing, run.proven.unwrap().1.as_str()), (Vec::new(), "PodsNotReady"));
        assert_eq!(played([&safe, &safe, &safe]).missing, ["no danger was told"], "the operator is dead");
        assert_eq!(played([&danger, &danger, &safe]).missing, ["no danger was told"], "it was before the fault");
    }

    #[test]
    fn no_danger_has_to_be_told_of_what_nobody_could_see() {
        let blind = json!({"conditions": [{"type": "Measured", "status": "False", "reason": "StoreUnreachable"}]});
        assert_eq!(run(Fault::PrometheusGone, &[blind]).missing, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_fault_is_noticed_before_whoever_has_it_noticed_knows() {
        let (mut seen, mut written) = (calm(Fault::DeadNode), None);
        let notice = async {
            written = Some(Timestamp::now());
            tokio::time::sleep(Duration::from_millis(5)).await;
            anyhow::Ok(())
        };
        seen.fault_is_noticed(notice).await.unwrap();
        assert!(seen.noticed.unwrap() <= written.unwrap());
    }

    #[test]
    fn what_is_right_for_a_slow_node_is_right_for_one_that_is_dead_and_replicas_once_that_is_noticed() {
        let ill = json!({"enforcement": {"diagnosis": {"cause": "OutlierNode"}, "episode": {"since": ONSET}}});
        let meanwhile = "2026-11-29T12:00:20Z";
        let right = [("AvoidNode", "ill"), ("Surge", "storefront"), ("Reschedule", "sick"), ("ReleaseNode", "ill")];
        let mut actions: Vec<Value> =
            right.iter().map(|(verb, target)| action(verb, target, meanwhile, "Effective")).collect();
        actions.push(action("RaiseFloor", "storefront", "2026-11-29T12:00:40Z", "Effective"));
        let played = |actions: &[Value]| {
            let mut seen = calm(Fault::DeadNode);
            seen.look(&ill);
            seen.noticed = Some("2026-11-29T12:00:40.7Z".parse().unwrap());
            seen.look(&well(actions));
            let victim = Victim { pods: vec!["sick".into()], node: Some("ill".into()) };
            seen.into_run(Fault::DeadNode, 1, &victim, true)
        };
        let run = played(&actions);
        assert_eq!((run.wrong, run.missing), (Vec::<String>::new(), Vec::new()));
        let early = played(&[action("RaiseFloor", "storefront", meanwhile, "Effective")]);
        assert_eq!(early.wrong, ["RaiseFloor"]);
        let back = played(&[action("RollBack", "storefront", "2026-11-29T12:00:50Z", "Effective")]);
        assert_eq!(back.wrong, ["RollBack"]);
    }

    #[test]
    fn each_wrong_and_each_missing_answer_is_told() {
        let at = "2026-11-29T12:00:20Z";
        let cases = [
            (action("RollBack", "storefront", at, ""), "RollBack"),
            (action("Reschedule", "another", at, "Effective"), "Reschedule of the healthy another"),
            (action("Surge", "storefront", "2026-11-29T11:59:00Z", ""), "Surge before the fault"),
            (action("Surge", "storefront", at, "Harmful"), "Surge was harmful"),
        ];
        for (action, expected) in cases {
            let run = run(Fault::SlowPod, &[sick(), well(&[action])]);
            assert_eq!(run.wrong, [expected]);
        }
        let run = run(Fault::SlowPod, &[well(&[])]);
        assert_eq!(run.missing, ["none of OutlierPod was told", "no danger was told", "no effective Reschedule"]);
        assert_eq!(run.recovered, None, "it was never in danger");
    }
}
