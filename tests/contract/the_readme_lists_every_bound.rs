//! How far each verb goes stands in the README as in the code.

use guarantor::api::enforcement::{AvoidNode, Reschedule, Rollback};
use guarantor::api::enforcement_status::Verb;
use guarantor::api::resize::Resize;
use guarantor::api::shed::Shed;
use guarantor::decide::guard::{
    EVICTIONS, EVICTIONS_OF_A_NODE, ONE_IN, PAUSES, PAUSES_A_ROLLBACK, RESIZES, RESIZES_OF_A_NODE, ROLLBACKS,
    SCALE_DOWNS, SHEDS, STEPS, SURGES_A_MOVE, TARGET_STEPS, WITHIN,
};
use guarantor::decide::verb::cpu_target::MOST;
use guarantor::decide::verb::resize::MOST_PODS;

/// What bounds a verb: of a workload, a node, all agreements, and a day. `None`: it puts back, and nothing does.
fn bounds(verb: Verb) -> Option<[String; 4]> {
    let resize: Resize = serde_json::from_value(serde_json::json!({"maxCpu": "2"})).unwrap();
    let (none, left) = ("–".to_owned(), "what nodes and quotas have left".to_owned());
    let lately = |count: usize| format!("{count} within {WITHIN:#}");
    let pods = |count: usize| format!("{count} pods within {WITHIN:#}");
    let a_day = |field: &str, count: i32| format!("`{field}.perDay` ({count})");
    Some(match verb {
        Verb::FreezeScaleDown | Verb::RaiseFloor => {
            let most = "`scale.max`, and the autoscaler's own maximum; by steps".to_owned();
            [most, none, left, "no bound of its own".to_owned()]
        }
        Verb::Surge => {
            let most = "one replica before each eviction, up to `scale.max`".to_owned();
            [most, none, left, format!("`reschedule.perDay`, {SURGES_A_MOVE} for each")]
        }
        Verb::Reschedule => [
            format!("one pod at a time; those of a node that is avoided together, up to {EVICTIONS}"),
            format!("{}; avoided, as many as go together", lately(EVICTIONS_OF_A_NODE)),
            lately(EVICTIONS),
            a_day("reschedule", Reschedule::default().per_day),
        ],
        Verb::AvoidNode => [
            "one node at a time".to_owned(),
            "once in 24 hours".to_owned(),
            format!("one node, or one in {ONE_IN}"),
            a_day("reschedule.avoidNode", AvoidNode::default().per_day),
        ],
        Verb::PauseRollout => {
            let a_day = format!("`rollback.perDay`, {PAUSES_A_ROLLBACK} for each");
            ["its one rollout".to_owned(), none, lately(PAUSES), a_day]
        }
        Verb::RollBack => {
            ["one at a time".to_owned(), none, lately(ROLLBACKS), a_day("rollback", Rollback::default().per_day)]
        }
        Verb::Shed => {
            let most = "its one switch, for `shed.ttl`".to_owned();
            [most, none, lately(SHEDS), a_day("shed", Shed::default().per_day)]
        }
        Verb::Resize => [
            format!("{MOST_PODS} pods in a round, up to `resize.maxCpu`"),
            format!("{}, and what it has left", pods(RESIZES_OF_A_NODE)),
            pods(RESIZES),
            a_day("resize", resize.per_day),
        ],
        Verb::ScaleDown => {
            let most = "a tenth at a time, down to `scale.min` and what is kept for the load".to_owned();
            [most, none, lately(SCALE_DOWNS), format!("{STEPS} steps")]
        }
        Verb::SetTarget => {
            let most = format!("{MOST} percent points at a time, within 10 and 90 %");
            [most, none, format!("{} together with `ScaleDown`", lately(SCALE_DOWNS)), format!("{TARGET_STEPS} steps")]
        }
        Verb::LowerFloor
        | Verb::Restore
        | Verb::RestoreTarget
        | Verb::ReleaseRollout
        | Verb::ReleaseNode
        | Verb::StopShedding
        | Verb::RestoreSize => return None,
    })
}

#[test]
fn the_readme_lists_every_bound_of_every_verb() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let head = "| verb | of one workload | of one node | of all agreements | in 24 hours |\n";
    let table = readme.split(head).nth(1).expect("the README has a table of verbs");
    let listed: Vec<&str> = table.split("\n\n").next().unwrap().lines().skip(1).collect();
    let verbs: [&[Verb]; 10] = [
        // What holds replicas and what adds some share a row.
        &[Verb::FreezeScaleDown, Verb::RaiseFloor],
        &[Verb::Surge],
        &[Verb::Reschedule],
        &[Verb::AvoidNode],
        &[Verb::PauseRollout],
        &[Verb::RollBack],
        &[Verb::Shed],
        &[Verb::Resize],
        &[Verb::ScaleDown],
        &[Verb::SetTarget],
    ];
    let schema = serde_json::to_value(schemars::schema_for!(Verb)).unwrap();
    for told in schema["oneOf"].as_array().expect("the schema lists the verbs") {
        let verb: Verb = serde_json::from_value(told["const"].clone()).unwrap();
        assert_eq!(bounds(verb).is_some(), verbs.iter().any(|row| row.contains(&verb)), "{verb:?}");
    }
    let row = |verbs: &[Verb]| {
        let names: Vec<String> = verbs.iter().map(|verb| format!("`{verb:?}`")).collect();
        let bounds = verbs.iter().map(|verb| bounds(*verb).expect("it is bounded").join(" | "));
        let bounds: Vec<String> = bounds.collect();
        assert!(bounds.iter().all(|other| *other == bounds[0]), "they share a row");
        format!("| {} | {} |", names.join(", "), bounds[0])
    };
    assert_eq!(listed, verbs.map(row), "README.md, section How far each verb goes");
}
