//! Paths of fields as Kubernetes writes them: `spec.credits.tiers[1].below`, `metadata.labels[app.kubernetes.io/name]`.

use serde_json::Value;

/// The path of a field of an object.
#[must_use]
pub fn field(parent: &str, name: &str) -> String {
    // A map's key may hold what separates fields.
    if name.contains(['.', '/', '[', ']']) {
        format!("{parent}[{name}]")
    } else if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}

/// The path of an item of a list.
#[must_use]
pub fn item(parent: &str, index: usize) -> String {
    format!("{parent}[{index}]")
}

/// The path one step up; nothing above the first field.
#[must_use]
pub fn parent(path: &str) -> Option<&str> {
    let end = if path.ends_with(']') { path.rfind('[') } else { path.rfind('.') }?;
    path.get(..end)
}

/// The path of what a JSON pointer points to in `root`. What the pointer names need not be there.
#[must_use]
pub fn of_pointer(pointer: &str, root: &Value) -> String {
    let mut path = String::new();
    let mut here = Some(root);
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let in_list = here.is_some_and(Value::is_array);
        here = here.and_then(|value| match value {
            Value::Array(items) => token.parse::<usize>().ok().and_then(|index| items.get(index)),
            other => other.get(&token),
        });
        path = if in_list { format!("{path}[{token}]") } else { field(&path, &token) };
    }
    path
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pointers_become_paths() {
        let root = json!({"spec": {"tiers": [{"below": "1"}]}, "metadata": {"labels": {"a.b/c": "d", "0": "e"}}});
        for (pointer, path) in [
            ("", ""),
            ("/spec", "spec"),
            ("/spec/tiers/0/below", "spec.tiers[0].below"),
            ("/spec/tiers/7/below", "spec.tiers[7].below"),
            ("/metadata/labels/a.b~1c", "metadata.labels[a.b/c]"),
            ("/metadata/labels/0", "metadata.labels.0"),
        ] {
            assert_eq!(of_pointer(pointer, &root), path);
        }
    }

    #[test]
    fn the_way_up_ends_at_the_first_field() {
        let mut path = "spec.tiers[0].below";
        let mut steps = vec![path];
        while let Some(up) = parent(path) {
            steps.push(up);
            path = up;
        }
        assert_eq!(steps, ["spec.tiers[0].below", "spec.tiers[0]", "spec.tiers", "spec"]);
        assert_eq!(parent("metadata.labels[a.b/c]"), Some("metadata.labels"));
    }
}
