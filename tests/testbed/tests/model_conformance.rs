//! The claims of the API server's model, put to a real API server.
#![allow(clippy::unwrap_used)]

use guarantor_testbed::ControlPlane;
use guarantor_testbed::model::conformance::checks;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, ObjectMeta, PostParams};

#[tokio::test]
async fn a_real_server_does_what_the_model_claims() {
    let plane = ControlPlane::shared_own().await.unwrap();
    let client = plane.client().unwrap();
    let namespace = Namespace {
        metadata: ObjectMeta { name: Some("conformance".to_owned()), ..ObjectMeta::default() },
        ..Namespace::default()
    };
    Api::all(client.clone()).create(&PostParams::default(), &namespace).await.unwrap();
    let mut failures = Vec::new();
    for check in checks() {
        if let Err(error) = check.run(client.clone(), "conformance").await {
            failures.push(format!("{error:#}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
