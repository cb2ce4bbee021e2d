//! From an indicator to the expressions that are asked.

use jiff::SignedDuration;

use super::IndicatorAsk;
use super::bounds::FoundBound;
use crate::api::Span;
use crate::api::objective::Indicator;
use crate::sense::observation::{Failure, FailureKind};
use crate::sense::promql::{ConfinedExpression, Expression, Refusal, latency};

/// The expressions of an indicator, confined to its tenant.
pub(super) struct Pair {
    pub(super) total: ConfinedExpression,
    pub(super) part: ConfinedExpression,
    /// How many instances there were, if that is asked.
    pub(super) deployed: Option<ConfinedExpression>,
    /// The histogram's bound was looked up some time ago.
    pub(super) remembered_bounds: bool,
}

/// Where an indicator's total stands, its named part, and the number of instances.
pub(super) fn fields(indicator: &Indicator) -> [&'static str; 3] {
    let [total, part] = match &indicator.ratio {
        _ if indicator.value.is_some() => ["indicator.value.expression", "indicator.value.expression"],
        Some(ratio) if ratio.good.is_some() => ["indicator.ratio.total", "indicator.ratio.good"],
        Some(_) => ["indicator.ratio.total", "indicator.ratio.bad"],
        None => ["indicator.latency", "indicator.latency"],
    };
    [total, part, "indicator.deployed"]
}

/// The expressions of the indicator. `bound` is what was found for a latency threshold.
pub(super) fn pair(ask: &IndicatorAsk, bound: Option<&Result<FoundBound, Failure>>) -> Result<Pair, Failure> {
    let confined = |text: &str, field: &str| {
        let confined = Expression::parse(text).and_then(|expression| expression.confine(&ask.tenancy));
        confined.map_err(|refusal| refused(field, &refusal))
    };
    let [of_total, of_part, of_deployed] = fields(&ask.indicator);
    let deployed = ask.indicator.deployed.as_deref().map(|text| confined(text, of_deployed)).transpose()?;
    if let Some(ratio) = &ask.indicator.ratio {
        let ((Some(text), None) | (None, Some(text))) = (&ratio.good, &ratio.bad) else {
            return Err(expression("indicator.ratio: give exactly one of good and bad"));
        };
        return Ok(Pair {
            total: confined(&ratio.total, of_total)?,
            part: confined(text, of_part)?,
            deployed,
            remembered_bounds: false,
        });
    }
    if let Some(value) = &ask.indicator.value {
        let text = value.expression.as_deref().ok_or_else(|| expression("indicator.value: give an expression"))?;
        // A single figure: asked once, as both.
        let figure = confined(text, of_total)?;
        return Ok(Pair { total: figure.clone(), part: figure, deployed, remembered_bounds: false });
    }
    let indicator = ask
        .indicator
        .latency
        .as_ref()
        .ok_or_else(|| expression("indicator: give exactly one of ratio, latency and value"))?;
    let found = match bound {
        Some(Ok(found)) => found,
        Some(Err(failure)) => return Err(failure.clone()),
        None => return Err(expression("indicator.latency: the histogram's bounds were not asked for")),
    };
    let selector: Vec<(String, String)> = indicator.selector.clone().into_iter().collect();
    let field = "indicator.latency";
    let pair = latency(&indicator.histogram, &selector, &found.bound).map_err(|refusal| refused(field, &refusal))?;
    Ok(Pair {
        total: pair.total.confine(&ask.tenancy).map_err(|refusal| refused(field, &refusal))?,
        part: pair.good.confine(&ask.tenancy).map_err(|refusal| refused(field, &refusal))?,
        deployed,
        remembered_bounds: found.remembered,
    })
}

/// A duration as decimal seconds, the unit of Prometheus histograms.
pub(super) fn seconds(span: &Span) -> Result<String, Failure> {
    let parsed: SignedDuration = span
        .as_str()
        .parse()
        .map_err(|_| expression(&format!("indicator.latency.threshold: {span} is not a duration such as 250ms")))?;
    Ok(format!("{}.{:09}", parsed.as_secs(), parsed.subsec_nanos()))
}

pub(super) fn refused(field: &str, refusal: &Refusal) -> Failure {
    expression(&format!("{field}: {refusal}"))
}

pub(super) fn expression(message: &str) -> Failure {
    Failure { kind: FailureKind::Expression, message: message.to_owned() }
}
