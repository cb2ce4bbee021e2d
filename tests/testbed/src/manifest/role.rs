//! Who may do what with the resources of a namespace.

/// A role, and who has it.
#[derive(Debug, Clone, Copy)]
pub struct Role<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it allows, with commas between.
    pub verbs: &'a str,
    /// The users that have it.
    pub users: &'a [&'a str],
}

/// The manifests of these roles over one resource of Guarantor's, and of their bindings.
#[must_use]
pub fn granted(namespace: &str, resource: &str, roles: &[Role]) -> String {
    let manifests = roles.iter().map(|Role { name, verbs, users }| {
        let user = |name: &&str| format!("{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {name}}}");
        format!(
            r"apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {name}, namespace: {namespace}}}
rules:
- {{apiGroups: [guarantor.dev], resources: [{resource}], verbs: [{verbs}]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {name}, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {name}}}
subjects: [{}]
",
            users.iter().map(user).collect::<Vec<_>>().join(", ")
        )
    });
    manifests.collect::<Vec<_>>().join("---\n")
}
