//! What stands under `examples/` and `crds/` can be applied as it is, and the API server has nothing to remark.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::stage::own_cluster;

/// The manifests of a folder and of those in it, sorted. A measurements file is no manifest.
fn manifests(folder: &str) -> Result<Vec<PathBuf>> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path)?.lines().any(|line| line.starts_with("kind: ")) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} is empty");
    Ok(found)
}

/// Runs `kubectl`, which must succeed without a warning of the API server.
async fn quiet(arguments: &[&str]) -> Result<String> {
    let finished = own_cluster().await?.kubectl(arguments).await?;
    assert!(!finished.stderr.contains("Warning"), "`{}` says {}", finished.command, finished.stderr);
    finished.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_every_example() -> Result<()> {
    let mut namespaces = BTreeSet::new();
    for path in manifests("examples")? {
        for object in serde_saphyr::from_multiple::<Value>(&std::fs::read_to_string(&path)?)? {
            namespaces.extend(object["metadata"]["namespace"].as_str().map(str::to_owned));
        }
    }
    for namespace in &namespaces {
        // Names such as users choose: in a cluster of theirs they may be taken.
        quiet(&["create", "namespace", namespace]).await?;
    }
    for path in manifests("examples")? {
        let text = std::fs::read_to_string(&path)?;
        let (declared, approvals) = without_approvals(&text)?;
        let folder = tempfile::tempdir()?;
        let stripped = folder.path().join("declared.yaml");
        std::fs::write(&stripped, &declared)?;
        let path = if approvals.is_empty() { &path } else { &stripped };
        let path = path.to_str().context("the path is not UTF-8")?;
        // An exclusion is declared, and a claim made, by the user who it says.
        let by = |line: &str| {
            let line = line.trim();
            line.strip_prefix("declaredBy: ").or_else(|| line.strip_prefix("madeBy: ")).map(str::to_owned)
        };
        let declared = text.lines().find_map(by);
        let user = declared.map(|name| [format!("--as={name}"), "--as-group=system:masters".to_owned()]);
        let user: Vec<&str> = user.iter().flatten().map(String::as_str).collect();
        let rest = [&["-f", path][..], &user[..]].concat();
        quiet(&[&["apply", "--server-side", "--dry-run=server"][..], &rest[..]].concat()).await?;
        quiet(&[&["create"][..], &rest[..]].concat()).await?;
        // Applied again, nothing changes: no default is fought over.
        let again = quiet(&[&["apply", "--server-side", "--force-conflicts"][..], &rest[..]].concat()).await?;
        assert!(again.lines().all(|line| line.ends_with("serverside-applied")), "{again}");
        for (namespace, name, approval) in approvals {
            let user = format!("--as={}", approval["by"].as_str().context("approval.by")?);
            let consent = serde_json::json!({"spec": {"approval": approval}}).to_string();
            let target = ["patch", "slx", &name, "-n", &namespace, "--type=merge", "--patch", &consent];
            quiet(&[&target[..], &[&user, "--as-group=system:masters"][..]].concat()).await?;
        }
    }
    Ok(())
}

/// An approval: the namespace and the name of what it is for, and what it says.
type Approval = (String, String, Value);

/// The declarations of a file without their approvals, which another person gives; and these.
fn without_approvals(text: &str) -> Result<(String, Vec<Approval>)> {
    let mut approvals = Vec::new();
    let mut declared = Vec::new();
    for mut object in serde_saphyr::from_multiple::<Value>(text)? {
        let approval = object["spec"].as_object_mut().and_then(|spec| spec.remove("approval"));
        let of = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
        approvals.extend(approval.map(|approval| (of("namespace"), of("name"), approval)));
        declared.push(format!("---\n{object:#}\n"));
    }
    Ok((declared.concat(), approvals))
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_its_definitions() -> Result<()> {
    own_cluster().await?;
    for path in manifests("crds")? {
        let path = path.to_str().context("the path is not UTF-8")?;
        quiet(&["apply", "--server-side", "--force-conflicts", "--dry-run=server", "-f", path]).await?;
    }
    for definition in guarantor::api::crds() {
        let name = definition.metadata.name.context("a definition without a name")?;
        let found: Value = serde_json::from_str(&quiet(&["get", "crd", &name, "-o", "json"]).await?)?;
        let conditions = found["status"]["conditions"].as_array().context("no conditions")?;
        let mut states: Vec<String> = conditions.iter().map(|c| format!("{}={}", c["type"], c["status"])).collect();
        states.sort();
        assert_eq!(states, [r#""Established"="True""#, r#""NamesAccepted"="True""#], "{name}");
    }
    Ok(())
}
