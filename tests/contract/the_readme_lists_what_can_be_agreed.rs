//! What can be agreed stands in the README: every counting method, period and remedy of the definition.

use std::path::Path;

use serde_json::Value;

#[test]
fn every_method_period_and_remedy_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let section = readme.split("\n## What can be agreed\n").nth(1).expect("the README says what can be agreed");
    let section = section.split("\n## ").next().unwrap();
    let crd = std::fs::read_to_string(root.join("crds/servicelevelagreements.guarantor.dev.yaml")).unwrap();
    let crd: Value = serde_saphyr::from_str(&crd).unwrap();
    let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    let keys = |value: &Value| -> Vec<String> { value["properties"].as_object().unwrap().keys().cloned().collect() };
    let method = &spec["objectives"]["items"]["properties"]["measurement"]["properties"]["method"]["enum"];
    let methods: Vec<String> = serde_json::from_value(method.clone()).unwrap();
    let mut remedies = keys(&spec["credits"]["properties"]["remedies"]["items"]);
    remedies.retain(|field| field != "name" && field != "objective");
    let mut periods = keys(&spec["period"]);
    periods.retain(|field| field != "yearStartsIn");
    assert!(methods.len() >= 5 && remedies.len() >= 6 && periods.len() >= 4, "the definition was not found");
    for name in [methods, remedies, periods].concat() {
        assert!(section.contains(&format!("`{name}")), "README.md, section What can be agreed, lacks {name}");
    }
}
