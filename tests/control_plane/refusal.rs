//! Lets the API server refuse one kind of write in one namespace: a way to stop the operator exactly between two of its
//! writes, by what administrators really use.

use anyhow::Result;
use guarantor_testbed::wait::{Progress, wait_until};

use crate::stage::{PATIENCE, Stage};

/// What the API server says.
pub const WORDS: &str = "not now, says the test";

/// A policy in force.
pub struct Refusal {
    name: String,
}

impl Refusal {
    /// Refuses `operation` (`CREATE` or `UPDATE`) of `resource` in the stage's namespace; returns when it is in force,
    /// which is when `probe`, a `kubectl` command with its input, is answered by it.
    pub async fn of(stage: &Stage, operation: &str, resource: &str, probe: (&[&str], &str)) -> Result<Self> {
        let namespace = &stage.shop.namespace;
        let name = format!("{namespace}-{}", resource.replace('/', "-"));
        stage
            .apply(&format!(
                r#"apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: {name}}}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - {{apiGroups: [guarantor.dev], apiVersions: [v1alpha1], operations: [{operation}], resources: [{resource}]}}
  validations: [{{expression: "false", message: "{WORDS}"}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {name}}}
spec:
  policyName: {name}
  validationActions: [Deny]
  matchResources: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}}}
"#
            ))
            .await?;
        wait_until("the refusal to be in force", PATIENCE, async || {
            let answer = stage.cluster.kubectl_with_input(probe.0, probe.1).await?;
            let seen = format!("{}{}", answer.stdout, answer.stderr);
            Ok(if seen.contains(WORDS) { Progress::Done(()) } else { Progress::Pending(seen) })
        })
        .await?;
        Ok(Self { name })
    }

    /// Takes it away. The API server may go on refusing for a moment.
    pub async fn lift(self, stage: &Stage) -> Result<()> {
        for kind in ["validatingadmissionpolicybinding", "validatingadmissionpolicy"] {
            stage.cluster.kubectl(&["delete", kind, &self.name]).await?.ok()?;
        }
        Ok(())
    }
}
