//! The rule that no service is its own upstream.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{CustomResourceDefinition, ValidationRule};

/// An agreement does not name itself among those it depends on. The rule stands at the root of the object, as the name does.
pub(super) fn not_itself(crd: &mut CustomResourceDefinition) {
    let schemas = crd.spec.versions.iter_mut().filter_map(|v| v.schema.as_mut()?.open_api_v3_schema.as_mut());
    for schema in schemas {
        schema.x_kubernetes_validations.get_or_insert_default().push(ValidationRule {
            rule: "!has(self.metadata.name) || !has(self.spec.service.dependsOn) \
                   || !(self.metadata.name in self.spec.service.dependsOn)"
                .to_owned(),
            field_path: Some(".spec.service.dependsOn".to_owned()),
            message: Some(
                "spec.service.dependsOn must not name the agreement itself, as no service is upstream of itself; remove it"
                    .to_owned(),
            ),
            ..ValidationRule::default()
        });
    }
}
