//! `crds/` and the chart hold what the code says. `make crds` writes both.

use std::fs;
use std::path::Path;

#[test]
fn the_checked_in_definitions_are_those_of_the_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["crds", "charts/guarantor/files/crds"] {
        let folder = root.join(folder);
        let mut expected: Vec<String> = Vec::new();
        for document in guarantor::runtime::crds::documents().unwrap() {
            let (name, text) = (document.file, document.yaml);
            let path = folder.join(&name);
            let found = fs::read_to_string(&path).unwrap_or_default();
            assert!(found == text, "{} is not what the code says: run `make crds`", path.display());
            expected.push(name);
        }
        for entry in fs::read_dir(&folder).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            assert!(expected.contains(&name), "{}/{name} belongs to no resource", folder.display());
        }
    }
}

#[test]
fn every_field_is_described() {
    fn walk(path: &str, schema: &serde_json::Value, missing: &mut Vec<String>) {
        if let Some(fields) = schema.get("properties").and_then(|p| p.as_object()) {
            for (name, field) in fields {
                let path = format!("{path}.{name}");
                if field.get("description").and_then(|d| d.as_str()).is_none_or(str::is_empty) {
                    missing.push(path.clone());
                }
                walk(&path, field, missing);
            }
        }
        if let Some(items) = schema.get("items") {
            walk(path, items, missing);
        }
    }
    let mut missing = Vec::new();
    for crd in guarantor::api::crds() {
        let schema = serde_json::to_value(&crd.spec.versions[0].schema).unwrap();
        for part in ["spec", "status"] {
            if let Some(part_schema) = schema["openAPIV3Schema"]["properties"].get(part) {
                walk(&format!("{}.{part}", crd.spec.names.kind), part_schema, &mut missing);
            }
        }
    }
    missing.retain(|path| !path.contains(".conditions."));
    assert!(missing.is_empty(), "`kubectl explain` would have nothing to say on {missing:?}");
}
