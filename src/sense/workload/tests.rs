//! Reading against a model of the API server.

use std::time::Duration;

use guarantor_testbed::model::{ApiServer, Fault, FaultPlan, ResourceKind, ScalePaths};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

mod size;

/// The object `web` of a kind, in the namespace `default`.
pub(crate) fn object(api_version: &str, kind: &str, name: &str, rest: &Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "default"},
    });
    for (field, value) in rest.as_object().unwrap() {
        if field == "metadata" {
            for (name, value) in value.as_object().unwrap() {
                object["metadata"][name] = value.clone();
            }
        } else {
            object[field] = value.clone();
        }
    }
    object
}

/// A deployment at rest.
pub(crate) fn deployment(name: &str, replicas: i64) -> Value {
    let rest = json!({
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}}},
        "status": {"observedGeneration": 1, "replicas": replicas, "updatedReplicas": replicas},
    });
    object("apps/v1", "Deployment", name, &rest)
}

pub(crate) fn hpa(name: &str, kind: &str, target: &str) -> Value {
    let target = json!({"apiVersion": "apps/v1", "kind": kind, "name": target});
    let rest = json!({"spec": {"scaleTargetRef": target, "minReplicas": 3, "maxReplicas": 20}});
    object("autoscaling/v2", "HorizontalPodAutoscaler", name, &rest)
}

pub(crate) fn scaled_object(name: &str, target: &Value) -> Value {
    object("keda.sh/v1alpha1", "ScaledObject", name, &json!({"spec": {"scaleTargetRef": target}}))
}

/// Serves `ScaledObject`s, as if KEDA were installed.
pub(crate) fn install_keda(api: &ApiServer) {
    api.register(ResourceKind {
        custom: true,
        ..ResourceKind::new("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects")
    });
}

/// Serves a custom kind with a scale subresource.
pub(crate) fn install_farm(api: &ApiServer) {
    api.register(ResourceKind {
        custom: true,
        status: true,
        scale: Some(ScalePaths {
            replicas: "/spec/size".into(),
            status_replicas: "/status/size".into(),
            selector: Some("/status/selector".into()),
        }),
        ..ResourceKind::new("example.com", "v1", "Farm", "farms")
    });
}

pub(crate) fn workload(api_version: &str, kind: &str, name: &str) -> WorkloadRef {
    WorkloadRef { api_version: api_version.into(), kind: kind.into(), name: name.into(), namespace: None }
}

pub(crate) fn web() -> WorkloadRef {
    workload("apps/v1", "Deployment", "web")
}

pub(crate) fn reader(api: &ApiServer) -> WorkloadReader {
    WorkloadReader::new(api.client(), Kinds::default(), Duration::from_secs(3))
}

async fn read(api: &ApiServer, workload: &WorkloadRef) -> Result<WorkloadObservation, WorkloadProblem> {
    reader(api).read("default", workload, Timestamp::UNIX_EPOCH).await
}

fn pod(name: &str, rest: &Value) -> Value {
    let mut pod = object("v1", "Pod", name, rest);
    pod["metadata"]["labels"] = json!({"app": "web", "pod-template-hash": "abc"});
    pod
}

#[tokio::test(start_paused = true)]
async fn a_workload_is_read_with_all_that_belongs_to_it() {
    let api = ApiServer::new();
    api.apply(deployment("web", 6)).unwrap();
    api.apply(hpa("web", "Deployment", "web")).unwrap();
    api.apply(hpa("other", "Deployment", "webshop")).unwrap();
    api.apply(hpa("set", "StatefulSet", "web")).unwrap();
    let ready = json!([{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:20Z"}]);
    let on_node = json!({"nodeName": "a"});
    api.apply(pod("one", &json!({"spec": on_node, "status": {"phase": "Running", "conditions": ready}}))).unwrap();
    api.apply(pod("two", &json!({"spec": {}, "status": {"phase": "Pending"}}))).unwrap();
    api.apply(pod("gone", &json!({"spec": on_node, "status": {"phase": "Failed", "conditions": ready}}))).unwrap();
    api.apply(object("v1", "Pod", "stranger", &json!({"spec": on_node}))).unwrap();

    let seen = read(&api, &web()).await.unwrap();
    assert_eq!((seen.spec_replicas, seen.status_replicas), (6, 6));
    assert_eq!((seen.generation, seen.observed_generation), (Some(1), Some(1)));
    assert_eq!(seen.rollout, Rollout::Complete);
    let names: Vec<&str> = seen.pods.iter().map(|pod| pod.name.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!((seen.ready_pods(), seen.unplaced_pods()), (1, 5));
    assert_eq!(seen.pods[0].ready_since, "2026-01-01T00:00:20Z".parse().ok());
    assert_eq!((seen.pods[0].node.as_deref(), seen.pods[0].revision.as_deref()), (Some("a"), Some("abc")));
    assert_eq!((seen.pods[1].ready, &seen.pods[1].node), (false, &None));
    let FloorHolder::Hpa(floor) = &seen.floor else { panic!("{:?}", seen.floor) };
    assert_eq!((floor.current, floor.written, floor.max), (3, Some(3), Some(20)));
    assert_eq!((floor.target.name.as_str(), floor.generation), ("web", None));
    assert_eq!((&floor.baseline, floor.set_by.as_deref()), (&Baseline::None, Some("test")));
    assert!(!floor.target.uid.is_empty() && floor.target.uid != seen.uid && !floor.entry_left);
}

/// A Deployment that is new has nothing that it could be worse than.
#[tokio::test(start_paused = true)]
async fn what_has_its_first_revision_still_was_not_rolled_out() {
    let through = "2026-01-01T00:00:20Z";
    for (number, expected) in [("1", None), ("2", through.parse().ok())] {
        let api = ApiServer::new();
        let mut web = deployment("web", 6);
        web["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": number});
        web["status"]["updatedReplicas"] = json!(6);
        web["status"]["conditions"] =
            json!([{"type": "Progressing", "reason": "NewReplicaSetAvailable", "lastUpdateTime": through}]);
        api.apply(web).unwrap();
        let seen = read(&api, &self::web()).await.unwrap();
        assert_eq!((seen.rollout, seen.rolled_out_at), (Rollout::Complete, expected), "revision {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_keeps_a_pod_from_being_moved_is_read() {
    let api = ApiServer::new();
    let mut web_of_six = deployment("web", 6);
    web_of_six["spec"]["minReadySeconds"] = json!(30);
    api.apply(web_of_six).unwrap();
    let volumes = json!([
        {"name": "tmp", "emptyDir": {"medium": "Memory"}}, {"name": "logs", "hostPath": {"path": "/var/log"}},
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "scratch", "ephemeral": {}},
        {"name": "settings", "configMap": {"name": "web"}},
    ]);
    let owner =
        json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "rs", "controller": true}]);
    let mut kept = pod("a", &json!({"spec": {"nodeName": "a", "volumes": volumes}, "status": {"phase": "Running"}}));
    kept["metadata"]["ownerReferences"] = owner;
    api.apply(kept).unwrap();
    api.apply(pod("b", &json!({"spec": {"priorityClassName": "system-node-critical"}}))).unwrap();
    api.apply(pod("c", &json!({"spec": {"priority": 2_000_001_000}}))).unwrap();
    api.apply(pod("d", &json!({"spec": {"priority": 1_000_000_000, "priorityClassName": "high"}}))).unwrap();
    let ready = |since: &str| json!([{"type": "Ready", "status": "True", "lastTransitionTime": since}]);
    api.apply(pod("e", &json!({"spec": {}, "status": {"conditions": ready("1970-01-01T00:00:00Z")}}))).unwrap();

    let seen = read(&api, &web()).await.unwrap();
    let kept: Vec<(&str, VolumeKind)> = seen.pods[0].kept_volumes.iter().map(|v| (v.name.as_str(), v.kind)).collect();
    let expected = [
        ("tmp", VolumeKind::EmptyDir),
        ("logs", VolumeKind::HostPath),
        ("data", VolumeKind::Claim),
        ("scratch", VolumeKind::Claim),
    ];
    assert_eq!(kept, expected);
    let of = |pod: &PodObservation| (pod.owner_kind.clone(), pod.phase, pod.critical);
    assert_eq!(of(&seen.pods[0]), (Some("ReplicaSet".to_owned()), PodPhase::Running, false));
    assert_eq!(seen.pods[1..4].iter().map(|pod| pod.critical).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!((of(&seen.pods[3]).0, of(&seen.pods[3]).1), (None, PodPhase::Pending));
    for (second, available) in [(29, 0), (30, 1)] {
        assert_eq!(seen.available_pods(Timestamp::from_second(second).unwrap()), available, "{second}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_zones_of_its_nodes_are_read_once_and_may_be_unknown() {
    let api = ApiServer::new();
    api.apply(deployment("web", 3)).unwrap();
    let labels = json!({"topology.kubernetes.io/zone": "west"});
    api.apply(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a", "labels": labels}})).unwrap();
    api.apply(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "b"}})).unwrap();
    for (name, node) in [("one", "a"), ("two", "b"), ("three", "gone")] {
        api.apply(pod(name, &json!({"spec": {"nodeName": node}}))).unwrap();
    }
    let reader = reader(&api);
    let mut seen = reader.read("default", &web(), Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(seen.pods.iter().all(|pod| pod.zone.is_none()), "nobody asked yet");
    reader.read_zones(&mut seen).await;
    let zone = |name: &str| seen.pods.iter().find(|pod| pod.name == name).unwrap().zone.clone();
    assert_eq!((zone("one").as_deref(), zone("two"), zone("three")), (Some("west"), None, None));
    // What is known is not asked again, even when the API server is away.
    api.faults(FaultPlan::none().on_read(0, Fault::Status(500)).on_read(1, Fault::Status(500)));
    let mut again = seen.clone();
    again.pods.iter_mut().for_each(|pod| pod.zone = None);
    reader.read_zones(&mut again).await;
    assert_eq!(again, seen);
}

#[tokio::test(start_paused = true)]
async fn the_holder_is_the_one_that_may_be_written() {
    let target = |name: &str| json!({"name": name});
    let kind_of = |holder: &FloorHolder| match holder {
        FloorHolder::Hpa(floor) => format!("hpa {}", floor.target.name),
        FloorHolder::ScaledObject(floor) => format!("keda {} {:?}", floor.current, floor.max),
        FloorHolder::Scale(floor) => format!("scale {}", floor.current),
        FloorHolder::Ambiguous(who) => format!("ambiguous {}", who.len()),
    };
    let of_keda = |uid: &str| {
        let mut made = hpa("keda-hpa-web", "Deployment", "web");
        made["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "web", "uid": uid}]);
        made
    };
    let keda = |name: &str| scaled_object(name, &target("web"));
    let own = hpa("web", "Deployment", "web");
    let cases: [(Vec<Value>, &str); 7] = [
        (vec![], "scale 6"),
        (vec![own.clone()], "hpa web"),
        (vec![keda("web")], "keda 0 Some(100)"),
        (vec![keda("web"), Value::Null], "keda 0 Some(100)"),
        (vec![keda("web"), own.clone()], "ambiguous 2"),
        (vec![own, hpa("second", "Deployment", "web")], "ambiguous 2"),
        (vec![of_keda("of-another")], "ambiguous 1"),
    ];
    for (index, (objects, expected)) in cases.into_iter().enumerate() {
        let api = ApiServer::new();
        install_keda(&api);
        api.apply(deployment("web", 6)).unwrap();
        let mut uid = String::new();
        for object in objects {
            let object = if object.is_null() { of_keda(&uid) } else { object };
            let stored = api.apply(object).unwrap();
            uid = stored["metadata"]["uid"].as_str().unwrap().to_owned();
        }
        let seen = read(&api, &web()).await.unwrap();
        assert_eq!(kind_of(&seen.floor), expected, "case {index}");
    }
}

#[tokio::test(start_paused = true)]
async fn scaled_objects_follow_kedas_defaults_and_pauses() {
    for (rest, expected, inert) in [
        (
            json!({"spec": {"scaleTargetRef": {"name": "web"}, "minReplicaCount": 2, "maxReplicaCount": 8}}),
            Some(2),
            false,
        ),
        (json!({"spec": {"scaleTargetRef": {"name": "web", "kind": "StatefulSet"}}}), None, false),
        (
            json!({"spec": {"scaleTargetRef": {"name": "web", "apiVersion": "example.com/v1", "kind": "Deployment"}}}),
            None,
            false,
        ),
        (
            json!({"metadata": {"annotations": {"autoscaling.keda.sh/paused": "true"}},
                "spec": {"scaleTargetRef": {"name": "web", "apiVersion": "apps/v1", "kind": "Deployment"}}}),
            Some(0),
            true,
        ),
    ] {
        let api = ApiServer::new();
        install_keda(&api);
        api.apply(deployment("web", 6)).unwrap();
        api.apply(object("keda.sh/v1alpha1", "ScaledObject", "web", &rest)).unwrap();
        let seen = read(&api, &web()).await.unwrap();
        let FloorHolder::ScaledObject(floor) = seen.floor else {
            assert_eq!(expected, None, "{rest}");
            continue;
        };
        assert_eq!((Some(floor.current), floor.inert.is_some()), (expected, inert), "{rest}");
    }
}

#[tokio::test(start_paused = true)]
async fn any_kind_with_a_scale_is_read_and_its_resource_asked_for_once() {
    let api = ApiServer::new();
    install_farm(&api);
    let rest = json!({"spec": {"size": 4}, "status": {"size": 4, "selector": "app=farm"}});
    api.apply(object("example.com/v1", "Farm", "green", &rest)).unwrap();
    let farm = workload("example.com/v1", "Farm", "green");
    let reader = reader(&api);
    for _ in 0..3 {
        let seen = reader.read("default", &farm, Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!((seen.spec_replicas, seen.rollout), (4, Rollout::NotApplicable));
        let FloorHolder::Scale(floor) = seen.floor else { panic!() };
        assert_eq!((floor.kind, floor.max), (FloorKind::Scale { plural: "farms".into() }, None));
    }
    let discovered = || api.requests().iter().filter(|request| request.path == "/apis/example.com/v1").count();
    assert_eq!(discovered(), 1);
    let missing = workload("example.com/v1", "Farm", "blue");
    assert!(reader.read("default", &missing, Timestamp::UNIX_EPOCH).await.is_err());
    assert!(reader.read("default", &farm, Timestamp::UNIX_EPOCH).await.is_ok());
    assert_eq!(discovered(), 2, "a missing object may mean a missing kind");
}

#[tokio::test(start_paused = true)]
async fn each_problem_is_its_own_case() {
    let api = ApiServer::new();
    install_farm(&api);
    api.apply(deployment("web", 6)).unwrap();
    api.apply(object("example.com/v1", "Farm", "blind", &json!({"spec": {"size": 4}}))).unwrap();
    for (workload, expected) in [
        (workload("apps/v1", "Deployment", "gone"), "WorkloadNotFound"),
        (workload("apps/v1", "Robot", "web"), "UnknownKind"),
        (workload("nowhere.example.com/v1", "Robot", "web"), "UnknownKind"),
        (workload("v1", "ConfigMap", "web"), "NoScaleSubresource"),
        (workload("v1", "Node", "web"), "NoScaleSubresource"),
        (workload("a/b/c", "Deployment", "web"), "InvalidApiVersion"),
        (workload("example.com/v1", "Farm", "blind"), "NoSelector"),
        (WorkloadRef { namespace: Some("elsewhere".into()), ..web() }, "WorkloadInOtherNamespace"),
        (WorkloadRef { namespace: Some("default".into()), ..web() }, ""),
    ] {
        let reason = read(&api, &workload).await.err().map_or("", |problem| problem.reason());
        assert_eq!(reason, expected, "{workload:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_anywhere_is_no_observation() {
    for (fault, expected) in [
        (Fault::Status(403), "Forbidden"),
        (Fault::Status(500), "WorkloadUnreadable"),
        (Fault::Status(504), "ApiServerTimedOut"),
        (Fault::TimeoutBeforeCommit, "ApiServerTimedOut"),
        (Fault::TruncatedBody, "WorkloadUnreadable"),
    ] {
        // Kinds, object, scale, HPAs, ScaledObjects, pods.
        for index in 0..6 {
            let api = ApiServer::new();
            install_keda(&api);
            api.apply(deployment("web", 6)).unwrap();
            api.faults(FaultPlan::none().on_read(index, fault.clone()));
            let problem = read(&api, &web()).await.unwrap_err();
            assert_eq!(problem.reason(), expected, "{fault:?} at read {index}: {problem}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_floor_is_found_again_by_its_target() {
    let api = ApiServer::new();
    install_keda(&api);
    api.apply(deployment("web", 6)).unwrap();
    api.apply(hpa("web", "Deployment", "elsewhere")).unwrap();
    api.apply(scaled_object("web", &json!({"name": "elsewhere"}))).unwrap();
    let reader = reader(&api);
    let own =
        reader.read("default", &web(), Timestamp::UNIX_EPOCH).await.unwrap().floor.floor().unwrap().target.clone();
    let uid = |resource| api.get(resource, "default", "web").unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    let target = |api_version: &str, kind: &str, uid: String| ActionTarget {
        api_version: api_version.into(),
        kind: kind.into(),
        name: "web".into(),
        uid,
    };
    let hpa = target("autoscaling/v2", "HorizontalPodAutoscaler", uid("horizontalpodautoscalers.autoscaling"));
    let keda = target("keda.sh/v1alpha1", "ScaledObject", uid("scaledobjects.keda.sh"));
    for (target, current) in [(&own, 6), (&hpa, 3), (&keda, 0)] {
        let floor = reader.read_floor("default", target).await.unwrap().unwrap();
        assert_eq!((floor.current, &floor.target), (current, target));
        let another = ActionTarget { uid: "another".into(), ..target.clone() };
        assert_eq!(reader.read_floor("default", &another).await, Ok(None));
        let gone = ActionTarget { name: "gone".into(), ..target.clone() };
        assert_eq!(reader.read_floor("default", &gone).await, Ok(None));
    }
    api.faults(FaultPlan::none().on_read(0, Fault::Status(500)));
    assert!(reader.read_floor("default", &hpa).await.is_err());
}
