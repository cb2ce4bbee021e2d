//! What would change a decision, by its reason: which field to set, whom to ask, or what to wait for. It is told beside the words
//! that say why, to a person who wants to know what to do.

use k8s_openapi::jiff::Timestamp;

/// What a person may do to have it otherwise. Empty: nothing, or nothing but what changes the cause.
fn by_hand(reason: &str) -> &'static str {
    match reason {
        // For the agreement's owner to set.
        "AutoscalerPresent" => "the autoscaler is removed, or enforcement.capacity.mode is Floor",
        "AvoidNodeNotAllowed" => "enforcement.reschedule.avoidNode is set",
        "AtMaxCpu" => "enforcement.resize.maxCpu is raised",
        "AtMaximum" | "BoundsContradict" | "OutOfBounds" => {
            "enforcement.scale or the autoscaler's maximum allows more, or fewer pods are wanted"
        }
        "AvoidanceBudget" => "enforcement.reschedule.avoidNode.perDay is raised",
        "InvalidSpec" => "the field that the message names is mended",
        "DependencyLimit" => "enforcement.scale.connections allows more, or fewer pods are wanted",
        "KeepsVolumes" | "RolloutsUnseen" | "ScaledByKeda" => "enforcement.capacity.mode is Floor",
        "LoadNotFollowed" => "enforcement.capacity.mode is Floor, Own or Target",
        "ModeNotEnforce" | "Observing" => "enforcement.mode is Enforce",
        "NoAutoscaler" | "NoCpuTarget" => {
            "a HorizontalPodAutoscaler aims at a Utilization of cpu, or enforcement.capacity.mode is Floor"
        }
        "NoBounds" | "NoVerbAllowed" => "enforcement.scale is set",
        "NoSuchContainer" => "enforcement.resize.container names a container of the pod",
        "NoSurge" => "enforcement.scale and the autoscaler's maximum allow a replica more, and it gets ready",
        "PauseOnly" => {
            "enforcement.rollback.pauseOnly is taken out, or a person undoes the revision (`kubectl rollout undo`)"
        }
        "ReplicasNotOwned" => "enforcement.capacity.mode is Own",
        "TargetNotAllowed" => "enforcement.capacity.mode is Target",
        "RescheduleBudget" | "SurgeBudget" => "enforcement.reschedule.perDay is raised",
        "RescheduleNotAllowed" => "enforcement.reschedule is set",
        "ResizeBudget" => "enforcement.resize.perDay is raised",
        "ResizeNotAllowed" => "enforcement.resize is set",
        "RollbackBudget" => "enforcement.rollback.perDay is raised",
        "RollbackNotAllowed" => "enforcement.rollback is set",
        "ShedBudget" => "enforcement.shed.perDay is raised",
        "ShedByHand" | "ShedNotAllowed" => "enforcement.shed.automatic is set, or a person turns the switch",
        // For the cluster's owner.
        "ActionRefused" | "AvoidanceRefused" | "EvictionRefused" | "LeftBehind" | "ResizeRefused" => {
            "the operator gets the right that is missing, or what refuses it (an admission webhook, a policy) lets it pass"
        }
        "AvoidanceLimit" => "other nodes are let go of",
        "CapacityInsufficient" | "NoOtherNode" => "there are more nodes, or more room on them",
        "ModeCeiling" => "the operator's flag --enforcement is Enforce",
        "NoRoomOnNode" => "there is room on the node",
        "NodeAvoidedBefore" | "NodeSuspected" | "SteeringFailed" => "a person cordons the node (`kubectl cordon`)",
        "NodeNotRead" | "NodeUnknown" | "NodesUnreadable" => "the nodes can be read: see the chart's values under rbac",
        "NodeNotReady" => "the node is ready again, or its controller has evicted the pod",
        "NotLeader" => "this replica of the operator gets the lease",
        "QuotaExceeded" => "the quota is raised, or others use less of it",
        "RevisionsUnreadable" => "the chart's rbac.rollback is true",
        "SwitchUnreadable" => "the ConfigMap can be read: see the chart's rbac.shed",
        // For whoever else has a hand on it.
        "AnotherNodeAvoided" | "AvoidedByOther" => "that node is let go of",
        "AutoscalerPaused" => "the autoscaler is not paused any more",
        "BlockedByPDB" => {
            "the PodDisruptionBudget allows a disruption (`kubectl get pdb`): more pods get ready, or its owner changes it"
        }
        "ConflictingManager" => "one hand alone is on it: the others leave the field or the object to the operator",
        "HeldByOtherAgreement" => "the other agreement gives it back, or names another workload",
        "NoSwitch" | "SwitchImmutable" | "SwitchTooLong" => "enforcement.shed names a ConfigMap that can be a switch",
        "PausedByOthers" | "RolloutPaused" => "whoever paused the rollout resumes or undoes it",
        "ResizedByOthers" => "the pod has the size of its template again",
        "ScaledOnCpu" => "the autoscaler scales on another metric",
        "ScaledToZero" => "whoever scaled it to zero scales it up",
        "SeveralBudgets" => "one PodDisruptionBudget alone selects the pod",
        "ShedByOthers" => "whoever turned the switch turns it back",
        "WorkloadShared" => "one agreement alone names the workload, or enforcement.capacity.mode is Floor",
        "UnknownBaseline" | "UnknownMark" => "the annotation is removed",
        "Yielding" => "those that go first have their pods, or there is more room",
        // For a person to decide: the operator does not.
        "AlreadyGoneBack" | "DangerIsOlder" | "NothingToGoBackTo" | "SameRevision" | "UnprovenRevision" => {
            "a person rolls out what is right"
        }
        "DidHarm" | "Ineffective" => "a person finds what helps, or the episode is over",
        "LocalStorage" | "NotReplaceable" | "SystemCritical" => "a person moves the pod",
        "NoCpuLimit" | "NoTemplateSize" => "the template gives the container a CPU limit",
        "NotADeployment" => "a person goes back to what was there before",
        "NotResizable" | "TooManyPods" => "a person changes the template",
        _ => "",
    }
}

/// What is waited for. Empty: nothing.
fn by_itself(reason: &str) -> &'static str {
    match reason {
        "ActionNotDone" | "ActionUnanswered" => "the object is read again",
        "AlreadyDone" | "AnotherRevision" | "Confirming" => "the next slot is in the account",
        "ApiServerBusy" | "PodChanged" => "the next try gets through",
        "AwaitingResize" => "the node has given the pod its new size",
        "AwaitingSurge" => "the replica more is ready",
        "EpisodeOpen" => "all has been safe for enforcement.releaseAfter, and what was raised is given back",
        "LettingGoDidHarm" | "ScaleDownBudget" | "TargetBudget" | "TargetDidHarm" => "a day has passed since then",
        "TargetSetByOthers" => "a day has passed since somebody else changed the target",
        "PodsNotReady" => "all pods are ready",
        "ScaledByOthers" => "a day has passed since somebody else changed the replicas",
        "AwaitingVerdict" => "the last action is judged",
        "Bidding" => "it is clear who else wants more pods",
        "BlastRadius" => "what was done last, of its kind, is long enough ago",
        "CommonCause" => "fewer services burn together",
        "Cooldown" => "the cooldown is over",
        "FloorStands" => "the pods that are asked for are ready and do not help",
        "InDanger" | "Shedding" => "the objectives are safe again",
        "JustBegun" => "the outage lasts",
        "LoadNeedsIt" | "LoadNeedsLess" => "another load is expected",
        "LoadInDoubt" | "LoadUnknown" => "the load is known again",
        "MissingData" | "NotAllSeen" | "StaleMeasurement" => {
            "the metrics store answers in full again: see the condition Measured, and the MetricsSource"
        }
        "NotThrottled" => "the CPU limit throttles the pods again",
        "PodGone" | "PodNotRunning" => "the pods have settled",
        "PodLeaving" => "the pod that is on its way out is gone",
        "PodTooYoung" => "the pod is old enough",
        "RevisionNotObserved" | "SpecNotObserved" => "the workload's controller has seen its present spec",
        "RevisionUndone" => "the pods of the undone revision are gone, and what they spoiled is past",
        "RolloutInProgress" => "the rollout is through",
        "RolloutStuck" => "the rollout gets on, or is undone",
        "RoomIsScarce" => "there is room for all",
        "StaleWorkload" => "the workload is read anew",
        "StepTooLarge" => "more pods are ready",
        "SteppingDown" => "the last step is long enough ago",
        "SurgePodSick" => "another cause is found, or the pods get well",
        "WaitingToRelease" => "all has been safe for enforcement.releaseAfter",
        "WarmingUp" => "the operator has looked for long enough",
        "Watching" => "the danger grows, or all is safe again",
        _ => "",
    }
}

/// It is looked at again at an instant that changes nothing by itself.
fn only_looks_again(reason: &str) -> bool {
    ["AwaitingSurge", "CapacityInsufficient", "Confirming", "QuotaExceeded", "Yielding"].contains(&reason)
}

/// What would change what is held, or not done, for this reason: the instant from which it may be otherwise, and what a person
/// may do (`unless`, where this one is special); or else what is waited for. Empty: only what changes the cause.
#[must_use]
pub(in crate::decide) fn of(reason: &str, until: Option<Timestamp>, unless: Option<&str>) -> String {
    let until = until.filter(|_| !only_looks_again(reason)).map(|until| format!("it is {until}"));
    let by_hand = unless.unwrap_or_else(|| by_hand(reason)).to_owned();
    let parts: Vec<String> = until.into_iter().chain([by_hand]).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() && unless.is_none() { by_itself(reason).to_owned() } else { parts.join(", or ") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The reasons that sources name where they hold something.
    fn reasons(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() && entry.file_name().unwrap() != "tests" {
                reasons(&entry, found);
            } else if entry.extension().is_some_and(|kind| kind == "rs") && !entry.ends_with("guard/change.rs") {
                let text = std::fs::read_to_string(&entry).unwrap();
                for begins in ["Hold::new(", "hold(\"", "waits(\"", "idle(\""] {
                    let words = text.split(begins).skip(1);
                    let named = words.filter_map(|rest| match begins {
                        "Hold::new(" => rest.trim_start().strip_prefix('"')?.split('"').next(),
                        _ => rest.split('"').next(),
                    });
                    found.extend(named.map(str::to_owned));
                }
            }
        }
    }

    #[test]
    fn whatever_holds_says_what_would_change_it() {
        let mut found = Vec::new();
        reasons(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/decide"), &mut found);
        found.extend(["CapacityInsufficient", "QuotaExceeded", "BlockedByPDB", "EvictionRefused"].map(str::to_owned));
        assert!(found.len() > 100, "{found:?}");
        // There is nothing to be changed where all is safe, and what only gives back is always let through.
        let without = ["Safe", "NotARestoration"];
        let silent: Vec<&String> = found
            .iter()
            .filter(|reason| !without.contains(&reason.as_str()) && of(reason, None, None).is_empty())
            .collect();
        assert!(silent.is_empty(), "say what would change {silent:?}");
    }

    #[test]
    fn an_instant_comes_before_what_a_person_may_do() {
        let until: Option<Timestamp> = Some("2026-05-01T10:00:00Z".parse().unwrap());
        for (reason, until, unless, expected) in [
            ("ShedBudget", until, None, "it is 2026-05-01T10:00:00Z, or enforcement.shed.perDay is raised"),
            ("ShedBudget", None, None, "enforcement.shed.perDay is raised"),
            ("Cooldown", until, None, "it is 2026-05-01T10:00:00Z"),
            ("Cooldown", None, None, "the cooldown is over"),
            ("AwaitingSurge", until, None, "the replica more is ready"),
            ("BadRevision", None, Some("enforcement.rollback is set"), "enforcement.rollback is set"),
            ("BadRevision", None, None, ""),
            ("RolloutInProgress", None, None, "the rollout is through"),
            ("RolloutInProgress", None, Some(""), ""),
        ] {
            assert_eq!(of(reason, until, unless), expected, "{reason}");
        }
    }
}
