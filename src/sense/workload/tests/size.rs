//! The size of pods, what their nodes have left, and who scales by what they request.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_size_of_pods_is_read_with_what_their_nodes_have_left() {
    let api = ApiServer::new();
    install_keda(&api);
    let cpu = |limit: &str| json!({"limits": {"cpu": limit}, "requests": {"cpu": "500m"}});
    let mut template = deployment("web", 2);
    template["spec"]["template"]["spec"] = json!({"containers": [{"name": "web", "resources": cpu("1")}]});
    api.apply(template).unwrap();
    let status = json!({"allocatable": {"cpu": "3920m"}});
    api.apply(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}, "status": status})).unwrap();
    let spec = |resources: Value| json!({"nodeName": "a", "containers": [{"name": "web", "resources": resources}]});
    api.apply(pod("one", &json!({"spec": spec(cpu("1")), "status": {"qosClass": "Burstable"}}))).unwrap();
    api.apply(object("v1", "Pod", "stranger", &json!({"spec": spec(cpu("2"))}))).unwrap();
    api.apply(object("v1", "Pod", "done", &json!({"spec": spec(cpu("2")), "status": {"phase": "Succeeded"}}))).unwrap();
    let pods: Api<k8s_openapi::api::core::v1::Pod> = Api::default_namespaced(api.client());
    let params = kube::api::PatchParams::apply("guarantor/uid");
    let resize = kube::api::Patch::Merge(json!({"spec": spec(cpu("1500m"))}));
    pods.patch_subresource("resize", "one", &params, &resize).await.unwrap();

    let reader = reader(&api);
    let mut seen = reader.read("default", &web(), Timestamp::UNIX_EPOCH).await.unwrap();
    let size = |request, limit| Some(CpuSize { request, limit });
    assert_eq!(seen.template[0].size, size(500, 1000));
    let one = &seen.pods[0].size;
    assert_eq!((one.containers[0].size, one.quality.as_deref()), (size(500, 1500), Some("Burstable")));
    assert_eq!(one.containers[0].set_by.as_deref(), Some("guarantor/uid"), "who resized it");
    assert!(!one.resource_version.is_empty());
    assert_eq!(seen.rooms.len(), 0, "nobody asked yet");
    let nodes = ["a".to_owned(), "gone".to_owned()].into();
    reader.read_rooms(&mut seen, &nodes).await;
    assert_eq!(seen.rooms, [("a".to_owned(), 2920)].into(), "of all namespaces, but of no pod that has ended");

    assert_eq!(seen.scaled_on_cpu, None);
    let target = json!({"kind": "Deployment", "name": "web"});
    for (triggers, expected) in [
        (json!([{"type": "prometheus", "metadata": {}}]), None),
        (json!([{"type": "cpu", "metricType": "AverageValue", "metadata": {}}]), None),
        (json!([{"type": "cpu", "metadata": {"value": "60"}}]), Some("ScaledObject web")),
        (json!([{"type": "cpu", "metricType": "Utilization", "metadata": {}}]), Some("ScaledObject web")),
    ] {
        let mut object = scaled_object("web", &target);
        object["spec"]["triggers"] = triggers.clone();
        api.apply(object).unwrap();
        let seen = read(&api, &web()).await.unwrap();
        assert_eq!(seen.scaled_on_cpu.as_deref(), expected, "{triggers}");
    }
}
