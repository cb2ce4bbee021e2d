use serde_json::json;

use super::*;

fn only(text: &str) -> Manifest {
    let mut all = read(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0).unwrap()
}

fn fault(text: &str) -> NotYaml {
    read(text).into_iter().find_map(Result::err).unwrap_or_else(|| NotYaml { line: None, message: "none".to_owned() })
}

#[test]
fn scalars_are_what_kubectl_sends() {
    let text = "a: 99.9\nb: \"99.9\"\nc: no\nd: 2026-01-01\ne: ~\nf:\nh: 1e3\ni: 5m\nj: !!str 7\nk: Yes\nl: 0x1f\n";
    let expected = json!({
        "a": 99.9, "b": "99.9", "c": false, "d": "2026-01-01", "e": null, "f": null, "h": 1000.0, "i": "5m",
        "j": "7", "k": true, "l": 31,
    });
    assert_eq!(only(text).value, expected);
}

#[test]
fn every_field_has_the_line_of_its_name() {
    let manifest = only(
        "# head\nkind: A\nspec:\n  tiers:\n  - below: \"1\"\n    percent: \"2\"\n  - {below: \"3\"}\n  map: {a.b/c: d}\n",
    );
    for (path, line) in [
        ("kind", 2),
        ("spec", 3),
        ("spec.tiers", 4),
        ("spec.tiers[0]", 5),
        ("spec.tiers[0].percent", 6),
        ("spec.tiers[1].below", 7),
        ("spec.map[a.b/c]", 8),
        // What is missing is looked for in what it is missing in.
        ("spec.tiers[1].percent", 7),
        ("spec.tiers[5].below", 4),
        ("spec.period.calendar", 3),
        ("metadata.name", 2),
        ("", 2),
    ] {
        assert_eq!(manifest.lines.line(path), line, "{path}");
    }
}

#[test]
fn a_file_holds_several_documents_and_empty_ones_are_none() {
    let found = read("---\nkind: A\n---\n# nothing\n---\nkind: B\n...\n");
    let kinds: Vec<(String, u64)> =
        found.into_iter().map(|m| m.unwrap()).map(|m| (m.value["kind"].to_string(), m.lines.line("kind"))).collect();
    assert_eq!(kinds, [("\"A\"".to_owned(), 2), ("\"B\"".to_owned(), 6)]);
    assert_eq!(read(""), []);
    assert_eq!(read("# only a comment\n"), []);
}

#[test]
fn json_is_read_too_tabs_and_all() {
    let manifest = only("{\n\t\"kind\": \"A\",\n\t\"spec\": {\"target\": 99.9, \"text\": \"\\u00e4\\\"\"}\n}\n");
    assert_eq!(manifest.value, json!({"kind": "A", "spec": {"target": 99.9, "text": "ä\""}}));
    assert_eq!(manifest.lines.line("spec.target"), 3);
}

#[test]
fn a_list_is_its_items() {
    let found = read("apiVersion: v1\nkind: List\nitems:\n- kind: A\n  spec: {}\n- kind: B\n");
    let found: Vec<Manifest> = found.into_iter().map(|m| m.unwrap()).collect();
    assert_eq!(found.iter().map(|m| m.value["kind"].clone()).collect::<Vec<_>>(), [json!("A"), json!("B")]);
    assert_eq!([found[0].lines.line("spec"), found[1].lines.line("kind"), found[1].lines.line("spec")], [5, 6, 6]);
}

#[test]
fn what_is_said_twice_is_a_fault_with_its_line() {
    let fault = fault("kind: A\nspec:\n  a: 1\n  b: 2\n  a: 3\n");
    assert!(fault.line == Some(5) && fault.message.contains("duplicate"), "{fault:?}");
}

#[test]
fn what_is_no_yaml_is_a_fault_and_what_stood_before_it_is_kept() {
    let found = read("kind: A\n---\nkind: [\n---\nkind: B\n");
    assert_eq!(found[0].as_ref().unwrap().value, json!({"kind": "A"}));
    assert!(found[1..].iter().any(Result::is_err), "{found:?}");
    for text in ["a: b: c\n", "\"open\n", "a: .nan\n", "&a [*b]\n", "{\"a\": 1,\n"] {
        assert!(read(text).iter().any(Result::is_err), "{text:?}");
    }
}

#[test]
fn anchors_and_merges_are_followed() {
    let manifest = only("base: &b {x: 1, y: 2}\nmore:\n  <<: *b\n  y: 3\n");
    assert_eq!(manifest.value["more"], json!({"x": 1, "y": 3}));
}

#[test]
fn an_alias_bomb_ends() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let items = vec![format!("*a{}", n - 1); 10].join(", ");
        text.extend(["a", &n.to_string(), ": &a", &n.to_string(), " [", &items, "]\n"]);
    }
    assert!(read(&text).iter().any(Result::is_err));
    let deep = "[".repeat(100_000);
    assert!(read(&deep).iter().any(Result::is_err));
}
