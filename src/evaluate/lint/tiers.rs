//! The tier table of one objective: gaps, overlaps, credits that do not grow, tiers that settle nothing.
//!
//! Of several tiers that hold, the deepest is granted; a tier without a lower end goes on down to 0. So a table of
//! `below` alone has neither gaps nor overlaps. They come in with lower ends, as in a published table that grants 10 % for
//! "above 99.0, at most 99.9" and 25 % for "below 99.0": exactly 99.0 is in neither. A table that says of one tier where
//! it ends, and leaves two others to overlap, is worked with and remarked on: who reads the first as a band takes the
//! others for bands, too.

use num_rational::BigRational;

use super::band::{Band, Edge};
use super::cells::{Cell, cells};
use super::{Code, Lint, Severity};
use crate::api::agreement::AgreementSpec;
use crate::api::credits::Tier;
use crate::evaluate::exact::decimal_text;

/// Everything to remark on the tiers of an objective with this target, in percent.
pub(super) fn lint(bands: &[Band], objective: &str, target: &BigRational) -> Vec<Lint> {
    let cells = cells(bands);
    let mut found = Vec::new();
    for (place, band) in bands.iter().enumerate() {
        found.extend(above_target(band, objective, target));
        found.extend(unreachable(bands, place, &cells));
        found.extend(bands.get(..place).unwrap_or_default().iter().filter_map(|other| overlap(other, band, &cells)));
        found
            .extend(bands.get(..place).unwrap_or_default().iter().filter_map(|other| open_overlap(other, band, bands)));
    }
    found.extend(credits(bands, &cells));
    found.extend(gaps(bands, &cells));
    found.sort_by_key(|lint: &Lint| tier_of(bands, &lint.field));
    found
}

/// Tiers of one objective in different units: nobody can say whether a worse attainment grants more.
pub(super) fn mixed(spec: &AgreementSpec, objective: &str) -> Option<Lint> {
    let unit = |tier: &Tier| match (&tier.percent_of_fee, tier.service_days, &tier.multiple_of_daily_usage) {
        (Some(_), ..) => "percentOfFee",
        (_, Some(_), _) => "serviceDays",
        (.., Some(_)) => "multipleOfDailyUsage",
        _ => "amount",
    };
    let all = spec.credits.iter().flat_map(|credits| credits.tiers.iter().enumerate());
    let mut tiers = all.filter(|(_, tier)| tier.objective == objective).map(|(index, tier)| (index, unit(tier)));
    let (first, usual) = tiers.next()?;
    let (index, other) = tiers.find(|(_, unit)| *unit != usual)?;
    Some(Lint {
        code: Code::MixedUnits,
        severity: Severity::Warning,
        field: format!("spec.credits.tiers[{index}].{other}"),
        message: format!(
            "spec.credits.tiers[{first}] of the same objective grants {usual}, so that nobody checks that a worse period \
             costs more; grant all of them in one unit"
        ),
        at: None,
    })
}

/// The place of the tier whose field this is: remarks are told in the order of the table.
fn tier_of(bands: &[Band], field: &str) -> usize {
    let is_of =
        |band: &&Band| field.strip_prefix(&band.path()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    bands.iter().find(is_of).map_or(usize::MAX, |band| band.tier)
}

/// A kept promise would cost money.
fn above_target(band: &Band, objective: &str, target: &BigRational) -> Option<Lint> {
    let Edge { at, text, included, field } = &band.upper;
    let shown = plain(target);
    let (severity, message) = if at > target {
        let message = format!(
            "{text} is above {shown}, the target of {objective}: a kept promise would cost money; lower it, or raise the \
             target"
        );
        (Severity::Error, message)
    } else if at == target && *included {
        let message = format!(
            "a period at exactly {shown} keeps the target of {objective} and still earns the credit; write `below` if \
             that is not meant"
        );
        (Severity::Warning, message)
    } else {
        return None;
    };
    Some(Lint { code: Code::TierAboveTarget, severity, field: band.field(field), message, at: Some(text.clone()) })
}

/// No attainment is settled by the band.
fn unreachable(bands: &[Band], place: usize, cells: &[Cell]) -> Option<Lint> {
    let band = bands.get(place)?;
    if cells.iter().any(|cell| cell.granted == Some(place)) {
        return None;
    }
    let holds_at = cells.iter().find(|cell| band.holds(&cell.sample));
    let message = match (holds_at.and_then(|cell| bands.get(cell.granted?)), &band.lower) {
        (Some(other), _) => {
            format!(
                "wherever this tier holds, {} is granted instead; remove one of the two, or change its bounds",
                other.path()
            )
        }
        (None, Some(lower)) => {
            format!("no attainment lies between {} and {}; exchange the two bounds", lower.text, band.upper.text)
        }
        (None, None) => format!("no attainment is below {}; remove the tier, or raise the bound", band.upper.text),
    };
    let field = band.field(band.upper.field);
    Some(Lint { code: Code::UnreachableTier, severity: Severity::Error, field, message, at: None })
}

/// Two tiers hold for one attainment, and the upper one says that it ends above it.
fn overlap(one: &Band, other: &Band, cells: &[Cell]) -> Option<Lint> {
    let (deeper, shallower) = if one.is_deeper_than(other) { (one, other) } else { (other, one) };
    let end = match (&shallower.lower, &deeper.lower) {
        (Some(end), _) => end,
        (None, Some(end)) if !deeper.is_deeper_than(shallower) => end,
        // A tier without a lower end holds as far as no deeper one does: that is how a table of `below` is read.
        (None, _) => return None,
    };
    let both = cells.iter().find(|cell| shallower.holds(&cell.sample) && deeper.holds(&cell.sample))?;
    let at = plain(&both.sample);
    let message = format!(
        "at {at} both this tier and {} hold; let one begin where the other ends ({} and {})",
        deeper.path(),
        end.text,
        deeper.upper.text
    );
    let field = shallower.field(shallower.lower.as_ref().map_or(shallower.upper.field, |lower| lower.field));
    Some(Lint { code: Code::TierOverlap, severity: Severity::Error, field, message, at: Some(at) })
}

/// Two tiers of a table of bands of which neither says where it ends.
fn open_overlap(one: &Band, other: &Band, bands: &[Band]) -> Option<Lint> {
    let mixed = bands.iter().any(|band| band.lower.is_some());
    if !mixed || one.lower.is_some() || other.lower.is_some() || one.upper.at == other.upper.at {
        return None;
    }
    let (deeper, shallower) = if one.is_deeper_than(other) { (one, other) } else { (other, one) };
    let (at, end) = (&deeper.upper.text, if deeper.upper.included { "above" } else { "atLeast" });
    let message = format!(
        "from {at} down both this tier and {} hold, and the deeper one is granted; other tiers of the table say where they \
         end, so write `{end}: {at}` here as well",
        deeper.path()
    );
    let (field, at) = (shallower.field(shallower.upper.field), Some(at.clone()));
    Some(Lint { code: Code::TierOverlap, severity: Severity::Warning, field, message, at })
}

/// A worse attainment must earn more.
fn credits(bands: &[Band], cells: &[Cell]) -> Vec<Lint> {
    let mut found = Vec::new();
    // What was granted on the way down, each tier once.
    let mut seen: Vec<usize> = Vec::new();
    for place in cells.iter().filter_map(|cell| cell.granted) {
        // The same tier again, below a deeper one that ended.
        let again = seen.last() != Some(&place) && seen.contains(&place);
        if seen.contains(&place) && !again {
            continue;
        }
        let Some(band) = bands.get(place) else { continue };
        let comparable =
            seen.iter().filter_map(|s| bands.get(*s)).filter(|b| b.unit == band.unit && b.tier != band.tier);
        if let Some(higher) = comparable.max_by(|a, b| a.credit.cmp(&b.credit)).filter(|h| h.credit >= band.credit) {
            found.push(does_not_grow(higher, band, again));
        }
        seen.retain(|s| *s != place);
        seen.push(place);
    }
    found.dedup();
    found
}

fn does_not_grow(higher: &Band, band: &Band, again: bool) -> Lint {
    let (credit, other) = (plain(&band.credit), plain(&higher.credit));
    let (severity, message) = if band.credit == higher.credit {
        let message = format!(
            "{credit} is what {} grants already for a better attainment; raise it, or join the two tiers",
            higher.path()
        );
        (Severity::Warning, message)
    } else if again {
        let message = format!(
            "{credit} is granted again below the end of {}, which grants {other} for a better attainment; leave out the \
             lower bound there, or add a tier below it",
            higher.path()
        );
        (Severity::Error, message)
    } else {
        let message = format!(
            "{credit} is less than the {other} that {} grants for a better attainment; raise it, as a worse period must \
             not cost less",
            higher.path()
        );
        (Severity::Error, message)
    };
    Lint { code: Code::NonMonotonicCredit, severity, field: band.field(band.unit), message, at: None }
}

/// Attainments that earn nothing although a better one earns something.
fn gaps(bands: &[Band], cells: &[Cell]) -> Vec<Lint> {
    let mut found = Vec::new();
    let mut above: Option<&Band> = None;
    let mut open: Vec<&Cell> = Vec::new();
    for cell in cells {
        match (cell.granted.and_then(|place| bands.get(place)), above) {
            (Some(band), before) => {
                found.extend(before.and_then(|before| gap(before, Some(band), &open)));
                open.clear();
                above = Some(band);
            }
            (None, Some(_)) => open.push(cell),
            (None, None) => {}
        }
    }
    found.extend(above.and_then(|above| gap(above, None, &open)));
    found
}

/// A gap of these cells, from the best attainment down.
fn gap(above: &Band, below: Option<&Band>, cells: &[&Cell]) -> Option<Lint> {
    let (first, last) = (cells.first()?, cells.last()?);
    let at = match (first.is_one_value(), last.is_one_value()) {
        (true, _) => &first.to,
        (false, true) => &last.from,
        (false, false) => &first.sample,
    };
    let written = |value: &BigRational| {
        let edges = [above.lower.as_ref(), Some(&above.upper), below.map(|b| &b.upper)];
        edges.into_iter().flatten().find(|e| e.at == *value).map_or_else(|| plain(value), |e| e.text.clone())
    };
    let (from, to, at) = (written(&last.from), written(&first.to), written(at));
    let range = match (cells.len(), first.is_one_value(), last.is_one_value()) {
        (1, true, _) => format!("at exactly {at}"),
        (_, true, true) => format!("from {from} up to {to}"),
        (_, true, false) => format!("above {from}, up to {to}"),
        (_, false, true) => format!("from {from}, below {to}"),
        (_, false, false) => format!("above {from} and below {to}"),
    };
    let next = below.map_or_else(|| "add a tier for it".to_owned(), |b| format!("let it and {} meet", b.path()));
    let message = format!(
        "{range} no tier holds, so that it earns nothing, while a better attainment earns a credit; leave out the lower \
         bound, or {next}"
    );
    let field = above.lower.as_ref().map_or_else(|| above.path(), |lower| above.field(lower.field));
    Some(Lint { code: Code::TierGap, severity: Severity::Error, field, message, at: Some(at) })
}

/// A number of the manifest, or one halfway between two of them, without zeros at its end.
fn plain(value: &BigRational) -> String {
    const PLACES: u32 = 12;
    let text = decimal_text(value, PLACES);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
