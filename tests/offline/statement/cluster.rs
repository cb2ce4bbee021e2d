//! A statement read by name from a cluster: an API server that knows a few objects and notes what it was asked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::papers::Papers;
use super::{Outcome, run};

type Objects = Arc<BTreeMap<String, Value>>;

struct Cluster {
    kubeconfig: PathBuf,
    asked: Arc<Mutex<Vec<String>>>,
    /// Ends the server when it goes.
    _runtime: tokio::runtime::Runtime,
}

impl Cluster {
    fn of(name: &str, objects: &[&Value]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let objects: Objects = Arc::new(objects.iter().map(|object| (path(object), (*object).clone())).collect());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(answer).with_state((objects, Arc::clone(&asked)));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await });

        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "test", "user": {}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": "shop"}}],
        });
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("statement");
        std::fs::create_dir_all(&folder).unwrap();
        let kubeconfig = folder.join(format!("{name}.kubeconfig"));
        std::fs::write(&kubeconfig, config.to_string()).unwrap();
        Self { kubeconfig, asked, _runtime: runtime }
    }

    fn guarantor(&self, arguments: &[&str]) -> Outcome {
        run(arguments, &[("KUBECONFIG", self.kubeconfig.to_str().unwrap())], "")
    }
}

fn path(object: &Value) -> String {
    let plural = format!("{}s", object["kind"].as_str().unwrap().to_lowercase());
    let name = object["metadata"]["name"].as_str().unwrap();
    format!("/apis/guarantor.dev/v1alpha1/namespaces/shop/{plural}/{name}")
}

async fn answer(
    State((objects, asked)): State<(Objects, Arc<Mutex<Vec<String>>>)>,
    method: Method,
    uri: Uri,
) -> Response {
    asked.lock().unwrap().push(format!("{method} {}", uri.path()));
    if let Some(object) = objects.get(uri.path()) {
        return json_body(StatusCode::OK, object);
    }
    let status = json!({
        "apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404,
        "message": "not found",
    });
    json_body(StatusCode::NOT_FOUND, &status)
}

fn json_body(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

const NAME: &str = "checkout-20260930t220000z-r1";

#[test]
fn a_statement_is_shown_and_verified_by_its_name_and_the_cluster_is_only_read() {
    let Papers { agreement, ledger, statement } = Papers::october();
    let cluster = Cluster::of("whole", &[&agreement, &ledger, &statement]);
    let shown = cluster.guarantor(&["statement", "show", &format!("shop/{NAME}")]);
    assert_eq!(shown.code, 0, "{}", shown.errors);
    assert!(shown.text.contains("checkout, October 2026: Violated"), "{}", shown.text);
    // Without a namespace: that of the context.
    let verified = cluster.guarantor(&["statement", "verify", NAME]);
    assert_eq!(verified.code, 0, "{}{}", verified.text, verified.errors);
    assert!(verified.text.ends_with("follows from its ledger and its agreement.\n"), "{}", verified.text);
    let asked = cluster.asked.lock().unwrap();
    assert!(
        asked.len() == 4 && asked.iter().all(|request| request.starts_with("GET /apis/guarantor.dev/")),
        "{asked:?}"
    );
}

#[test]
fn where_the_agreement_is_gone_or_made_anew_the_terms_of_the_statement_do() {
    let Papers { agreement, ledger, statement } = Papers::october();
    let mut anew = agreement.clone();
    anew["metadata"]["uid"] = "another".into();
    anew["spec"]["objectives"][0]["target"] = "90".into();
    for (name, objects) in [("gone", vec![&ledger, &statement]), ("anew", vec![&anew, &ledger, &statement])] {
        let outcome = Cluster::of(name, &objects).guarantor(&["statement", "verify", &format!("shop/{NAME}")]);
        assert_eq!(outcome.code, 0, "{}{}", outcome.text, outcome.errors);
        for told in
            ["from the ledger and the terms of the statement", "  spec.terms\n", "--agreement tells", "\nVerified: "]
        {
            assert!(outcome.text.contains(told), "{told}\n{}", outcome.text);
        }
    }
    // By that from version control they can still be compared.
    let folder = Papers::october().save("manifest");
    let manifest = folder.join("agreement.yaml");
    let arguments = ["statement", "verify", NAME, "--agreement", manifest.to_str().unwrap()];
    let outcome = Cluster::of("manifest", &[&ledger, &statement]).guarantor(&arguments);
    assert!(
        outcome.code == 0 && outcome.text.contains("its ledger and its agreement"),
        "{}{}",
        outcome.text,
        outcome.errors
    );
}

#[test]
fn what_is_not_there_is_named() {
    let Papers { agreement, statement, .. } = Papers::october();
    let cluster = Cluster::of("bare", &[&agreement, &statement]);
    for (arguments, told) in [
        (["statement", "verify", NAME], "there is no ledger shop/checkout-20260930t220000z"),
        (["statement", "verify", "shop/other"], "there is no statement shop/other; `kubectl get sls -n shop`"),
        (["statement", "show", "bank/other"], "there is no statement bank/other"),
        (["statement", "show", "a/b/c"], "write NAMESPACE/NAME"),
        (["statement", "show", "/x"], "write NAMESPACE/NAME"),
    ] {
        let outcome = cluster.guarantor(&arguments);
        assert!(outcome.code == 2 && outcome.errors.contains(told), "{arguments:?}: {}", outcome.errors);
    }
    let nowhere = run(&["statement", "show", NAME], &[("KUBECONFIG", "/nonexistent")], "");
    assert!(nowhere.code == 2 && nowhere.errors.contains("or give files with -f"), "{}", nowhere.errors);
}
