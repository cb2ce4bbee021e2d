//! The terms of a statement: what was agreed for its period, as far as the account rests on it.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::agreement::{MissingData, SlotLength};
use super::amendment::AmendmentRule;
use super::credits::Credits;
use super::exclusion_rules::ExclusionRules;
use super::objective::Objective;
use super::parameter::{Parameter, ParameterRule};
use super::period::{Period, Validity};
use super::settlement::{BusinessCalendar, Settlement};

/// The terms by which a period was judged, with the amendments that were in force in it. The time zone, the parties, the
/// service and the last amendment stand beside them in the statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgreedTerms {
    /// The days on which the agreement is in force. Left out: from its creation until it is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
    /// The period that is settled.
    pub period: Period,
    /// The length of a slot.
    pub slot: SlotLength,
    /// What becomes of a period in which an amendment takes effect. Left out: there were no amendments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amendment_rule: Option<AmendmentRule>,
    /// The promises.
    #[schemars(length(min = 1, max = 10))]
    pub objectives: Vec<Objective>,
    /// What becomes of time in which nobody knows how the service did.
    pub missing_data: MissingData,
    /// What may be left out of the account, and under which conditions.
    pub exclusions: ExclusionRules,
    /// What is owed when an objective was missed. Left out: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<Credits>,
    /// How a credit becomes money.
    pub settlement: Settlement,
    /// The days that count as working days.
    pub calendar: BusinessCalendar,
    /// Facts of the service instance and choices of the parties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub parameters: Vec<Parameter>,
    /// What must hold between them for the promise to cover this instance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub covered_when: Vec<ParameterRule>,
}

/// Takes out of the terms in a statement's definition what the agreement's says already: the descriptions below their
/// first fields, and the rules, which were kept when it was agreed. Nothing is filled in either: a digest is made over
/// what the operator wrote.
pub(super) fn leave_bare(definition: &mut CustomResourceDefinition) {
    let schemas = definition.spec.versions.iter_mut().filter_map(|v| v.schema.as_mut()?.open_api_v3_schema.as_mut());
    for schema in schemas {
        let spec = schema.properties.as_mut().and_then(|fields| fields.get_mut("spec"));
        let terms = spec.and_then(|spec| spec.properties.as_mut()?.get_mut("terms"));
        let fields = terms.and_then(|terms| terms.properties.as_mut()).into_iter().flatten();
        for (_, field) in fields {
            let description = field.description.take();
            bare(field);
            field.description = description;
        }
    }
}

fn bare(schema: &mut JSONSchemaProps) {
    schema.description = None;
    schema.default = None;
    schema.x_kubernetes_validations = None;
    schema.x_kubernetes_list_type = None;
    schema.x_kubernetes_list_map_keys = None;
    schema.properties.iter_mut().flatten().for_each(|(_, field)| bare(field));
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        bare(items);
    }
}
