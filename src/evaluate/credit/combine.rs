//! How the grants of several objectives and remedies come together.

use num_rational::BigRational;

use crate::api::credits::Combine;

use super::entitlement::Grant;
use super::line::Line;
use super::tariff::Tariff;

/// Marks the lines that are granted, and says of the others why they are not.
///
/// They are compared in money of the fee, see [`Tariff::worth`]; of equal ones the first is taken. `chosen` names the
/// line that the customer chose.
pub(super) fn combine(lines: &mut [Line], how: Combine, chosen: Option<&str>, tariff: &Tariff) {
    let candidates: Vec<_> =
        lines.iter_mut().filter(|line| line.grant.as_ref().is_some_and(|grant| !grant.is_nothing())).collect();
    let winner = match how {
        Combine::Sum => {
            for line in candidates {
                line.granted = true;
            }
            return;
        }
        Combine::FirstListed => 0,
        Combine::Highest => highest(&candidates, tariff),
        Combine::CustomersChoice => chosen
            .and_then(|name| candidates.iter().position(|line| line.name() == name))
            .unwrap_or_else(|| highest(&candidates, tariff)),
    };
    let name = candidates.get(winner).map(|line| line.name().to_owned()).unwrap_or_default();
    let is_chosen = chosen == Some(name.as_str());
    for (place, line) in candidates.into_iter().enumerate() {
        line.granted = place == winner;
        if !line.granted {
            line.not_granted = match how {
                Combine::FirstListed => format!("only one line is granted, and that of {name:?} comes before it"),
                Combine::CustomersChoice => match chosen {
                    Some(_) if is_chosen => format!("the customer chose {name:?}"),
                    Some(chosen) => format!(
                        "the customer chose {chosen:?}, which grants nothing; in its place it is {name:?}, which is worth \
                         no less"
                    ),
                    None => {
                        format!("the customer has not chosen yet; until then it is {name:?}, which is worth no less")
                    }
                },
                Combine::Highest | Combine::Sum => {
                    format!("only the highest is granted, and {name:?} is worth no less")
                }
            };
        }
    }
}

/// The place of the line that is worth most; of equal ones the first.
fn highest(lines: &[&mut Line], tariff: &Tariff) -> usize {
    let worth = |line: &&mut Line| line.grant.as_ref().map(|grant: &Grant| tariff.worth(grant)).unwrap_or_default();
    let mut best: (usize, BigRational) = (0, BigRational::default());
    for (place, line) in lines.iter().enumerate() {
        let worth = worth(line);
        if worth > best.1 {
            best = (place, worth);
        }
    }
    best.0
}
