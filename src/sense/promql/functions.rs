//! Which functions an indicator may call.
//!
//! A list of what is allowed, not of what is forbidden: a function some store adds tomorrow may
//! read series behind the selector's back, as `info()` does.

use super::refusal::Refusal;

/// Functions that depend only on their arguments and the instant asked for.
const ALLOWED: &[&str] = &[
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "avg_over_time",
    "ceil",
    "changes",
    "clamp",
    "clamp_max",
    "clamp_min",
    "cos",
    "cosh",
    "count_over_time",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "days_in_month",
    "deg",
    "delta",
    "deriv",
    "exp",
    "floor",
    "histogram_avg",
    "histogram_count",
    "histogram_fraction",
    "histogram_quantile",
    "histogram_stddev",
    "histogram_stdvar",
    "histogram_sum",
    "hour",
    "idelta",
    "increase",
    "irate",
    "label_join",
    "label_replace",
    "last_over_time",
    "ln",
    "log10",
    "log2",
    "max_over_time",
    "min_over_time",
    "minute",
    "month",
    "pi",
    "predict_linear",
    "present_over_time",
    "quantile_over_time",
    "rad",
    "rate",
    "resets",
    "round",
    "scalar",
    "sgn",
    "sin",
    "sinh",
    "sqrt",
    "stddev_over_time",
    "stdvar_over_time",
    "sum_over_time",
    "tan",
    "tanh",
    "time",
    "timestamp",
    "vector",
    "year",
];

/// The functions that can be asked `anchored`: those that look at the step over the slot's edge.
const ANCHORED: &[&str] = &["changes", "delta", "increase", "rate", "resets"];

/// The functions that guess how values are spread within a bucket.
const ESTIMATES: &[&str] = &["histogram_fraction", "histogram_quantile"];

/// Finds the function in the list.
///
/// # Errors
/// A function that is not in it, with the reason where there is a special one.
pub(super) fn allowed(name: &str) -> Result<&'static str, Refusal> {
    if let Some(function) = ALLOWED.iter().find(|allowed| **allowed == name) {
        return Ok(function);
    }
    let advice = match name {
        "info" => "it reads target_info without a selector; join the metric yourself",
        "absent" | "absent_over_time" => "it turns missing data into a figure; missing data is a case of its own",
        "start" | "end" | "step" | "range" => "its value depends on how the operator asks, not on the slot",
        _ => "it is not in the list of functions whose result depends only on the slot",
    };
    Err(Refusal::Function { function: name.to_owned(), advice })
}

/// Whether the function's range may carry `anchored`.
pub(super) fn takes_anchored(function: &str) -> bool {
    ANCHORED.contains(&function)
}

/// Whether the function's result is an estimate, unless what it is asked about is the bound of a bucket.
pub(super) fn estimates(function: &str) -> bool {
    ESTIMATES.contains(&function)
}
