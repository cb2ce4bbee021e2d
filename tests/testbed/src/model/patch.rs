//! JSON merge patch (RFC 7396) and JSON patch (RFC 6902) as the API server applies them.
//!
//! Takes a document and a body by content type, gives the patched document. The algorithms are the `json-patch` crate's;
//! by hand is only Kubernetes' leniency that a `test` for null holds for an absent member.

use json_patch::{Patch, PatchOperation};
use serde_json::Value;

use super::refusal::{self, Refusal};

/// How the body of a PATCH is to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PatchType {
    Merge,
    Json,
    Apply,
}

impl PatchType {
    /// By content type.
    ///
    /// # Errors
    /// 415 for anything else, strategic merge included: it is not modelled, and custom resources never support it.
    pub(super) fn of(content_type: &str) -> Result<Self, Refusal> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        match essence {
            "application/merge-patch+json" => Ok(Self::Merge),
            "application/json-patch+json" => Ok(Self::Json),
            "application/apply-patch+yaml" => Ok(Self::Apply),
            other => Err(refusal::unsupported_media_type(other)),
        }
    }
}

/// The document after a merge patch.
pub(super) fn merged(document: &Value, patch: &Value) -> Value {
    let mut patched = document.clone();
    json_patch::merge(&mut patched, patch);
    patched
}

/// The document after a JSON patch.
///
/// # Errors
/// 400 if the body is not a JSON patch; 422, saying nothing more, if an operation does not apply or a `test` fails.
pub(super) fn patched(document: &Value, patch: &Value) -> Result<Value, Refusal> {
    let Patch(operations) = serde_json::from_value(patch.clone())
        .map_err(|error| refusal::bad_request(&format!("error decoding patch: {error}")))?;
    let mut patched = document.clone();
    for operation in operations {
        if is_test_for_absence(&operation, &patched) {
            continue;
        }
        json_patch::patch(&mut patched, &[operation]).map_err(|_| refusal::patch_refused())?;
    }
    Ok(patched)
}

fn is_test_for_absence(operation: &PatchOperation, document: &Value) -> bool {
    match operation {
        PatchOperation::Test(test) => test.value.is_null() && document.pointer(test.path.as_str()).is_none(),
        _ => false,
    }
}
