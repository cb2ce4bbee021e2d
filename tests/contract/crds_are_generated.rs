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

/// `kubectl apply` keeps what it applied in an annotation, and the API server takes no more than this in annotations.
#[test]
fn every_definition_fits_into_the_annotation_of_kubectl_apply() {
    const MOST: usize = 262_144;
    for crd in guarantor::api::crds() {
        let size = serde_json::to_vec(&crd).unwrap().len();
        assert!(size < MOST, "{} has {size} bytes", crd.spec.names.kind);
    }
}

/// The fields of a schema, each with its place.
fn names(schema: &serde_json::Value) -> Vec<String> {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let below = fields.flat_map(|(name, field)| {
        let below = names(field).into_iter().map(move |below| format!("{name}.{below}"));
        std::iter::once(name.clone()).chain(below)
    });
    below.chain(schema.get("items").map(names).into_iter().flatten()).collect()
}

/// What was agreed is agreed: a statement repeats it, without the rules by which it was let in and without anything that
/// an API server would fill in behind the digest.
#[test]
fn the_terms_of_a_statement_are_the_fields_of_an_agreement_without_rules_and_defaults() {
    let schema = |kind: &str| {
        let crd = guarantor::api::crds().into_iter().find(|crd| crd.spec.names.kind == kind).unwrap();
        serde_json::to_value(&crd.spec.versions[0].schema).unwrap()["openAPIV3Schema"]["properties"]["spec"].clone()
    };
    let (statement, agreement) = (schema("ServiceLevelStatement"), schema("ServiceLevelAgreement"));
    let terms = statement["properties"]["terms"].to_string();
    for word in ["x-kubernetes-validations", "\"default\":", "x-kubernetes-list"] {
        assert!(!terms.contains(word), "{word}");
    }
    let fields = ["objectives", "credits", "settlement", "missingData", "coveredWhen", "validity", "period"];
    for field in fields {
        let [stated, agreed] = [&statement["properties"]["terms"], &agreement].map(|s| names(&s["properties"][field]));
        assert!(stated == agreed && !stated.is_empty(), "{field}: {stated:?} {agreed:?}");
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
    // The agreement's definition describes them.
    missing.retain(|path| path.strip_prefix("ServiceLevelStatement.spec.terms.").is_none_or(|at| !at.contains('.')));
    assert!(missing.is_empty(), "`kubectl explain` would have nothing to say on {missing:?}");
}
