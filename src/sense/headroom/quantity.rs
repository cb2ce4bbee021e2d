//! Quantities as Kubernetes writes them, exactly: in thousand-millionths of their unit.

/// Thousand-millionths in one.
pub const NANO: i128 = 1_000_000_000;

/// Digits after the point that are kept; what lies beyond them counts as one more.
const PLACES: usize = 9;

/// Reads `250m`, `0.5`, `1Gi` or `12e6`. `None`: it is no quantity, below zero, or beyond what fits.
pub(super) fn nanos(text: &str) -> Option<i128> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if number.is_empty() || number == "." || !digits(whole) || !digits(fraction) {
        return None;
    }
    let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(PLACES).collect();
    let beyond = fraction.chars().skip(PLACES).any(|digit| digit != '0');
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let nanos = whole.checked_mul(NANO)?.checked_add(kept.parse().ok()?)?.checked_add(beyond.into())?;
    scaled(nanos, suffix)
}

/// What is left over by a division counts as one more: a request is never read as less than it is.
fn scaled(nanos: i128, suffix: &str) -> Option<i128> {
    let thousands = |power: u32| nanos.checked_mul(1000_i128.checked_pow(power)?);
    let binary = |power: u32| nanos.checked_mul(1024_i128.checked_pow(power)?);
    let part = |by: i128| nanos.checked_add(by - 1)?.checked_div(by);
    match suffix {
        "" => Some(nanos),
        "n" => part(NANO),
        "u" => part(1_000_000),
        "m" => part(1000),
        "k" => thousands(1),
        "M" => thousands(2),
        "G" => thousands(3),
        "T" => thousands(4),
        "P" => thousands(5),
        "E" => thousands(6),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        exponent => {
            let power: i32 = exponent.strip_prefix(['e', 'E'])?.parse().ok()?;
            let by = 10_i128.checked_pow(power.unsigned_abs())?;
            if power < 0 { part(by) } else { nanos.checked_mul(by) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_exactly() {
        for (text, expected) in [
            ("1", Some(NANO)),
            ("0", Some(0)),
            ("250m", Some(NANO / 4)),
            (".5", Some(NANO / 2)),
            ("1.5Gi", Some(NANO * 1024 * 1024 * 1536)),
            ("128Mi", Some(NANO * 128 * 1024 * 1024)),
            ("12e6", Some(NANO * 12_000_000)),
            ("5E-1", Some(NANO / 2)),
            ("2E", Some(NANO * 2_000_000_000_000_000_000)),
            ("1n", Some(1)),
            ("0.0000000001", Some(1)),
            ("-1", None),
            ("+1", None),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("NaN", None),
            ("Inf", None),
            ("1Xi", None),
            ("99999999999999999999Ei", None),
        ] {
            assert_eq!(nanos(text), expected, "{text}");
        }
    }
}
