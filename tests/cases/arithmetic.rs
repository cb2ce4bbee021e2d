//! Decimals of the cases, moved by powers of ten or compared as text: the test computes no result of its own.

/// `0.05` as a percentage: `5`.
pub fn percent(share: &str) -> String {
    let (whole, fraction) = share.split_once('.').unwrap_or((share, ""));
    let fraction = format!("{fraction:0<2}");
    let (shifted, rest) = fraction.split_at(2);
    let digits = format!("{whole}{shifted}");
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { digits.to_owned() } else { format!("{digits}.{rest}") }
}

/// A decimal without useless zeros: `10.0` is `10`.
pub fn trimmed(decimal: &str) -> &str {
    if decimal.contains('.') { decimal.trim_end_matches('0').trim_end_matches('.') } else { decimal }
}

/// So many minutes, a decimal, in seconds. `None`: they are no whole ones.
pub fn seconds(minutes: &str) -> Option<i64> {
    let (whole, fraction) = minutes.split_once('.').unwrap_or((minutes, "0"));
    let parts: i64 = fraction.parse().ok()?;
    let of = 10_i64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let whole: i64 = whole.parse().ok()?;
    (parts * 60 % of == 0).then_some(whole * 60 + parts * 60 / of)
}

/// A thousand times a decimal.
pub fn thousandfold(decimal: &str) -> String {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let fraction = format!("{fraction:0<3}");
    let (shifted, rest) = fraction.split_at(3);
    let rest = if rest.is_empty() { "0" } else { rest };
    format!("{whole}{shifted}.{rest}")
}

/// Whether a decimal is what a fraction comes to, cut or rounded half up to as many digits as it has.
pub fn shows(fraction: &str, decimal: &str) -> bool {
    let shown = || {
        let (part, whole) = fraction.split_once('/')?;
        let (part, whole): (i128, i128) = (part.parse().ok()?, whole.parse().ok()?);
        let (units, digits) = decimal.split_once('.').unwrap_or((decimal, ""));
        let scale = 10_i128.checked_pow(u32::try_from(digits.len()).ok()?)?;
        let wanted: i128 = format!("{units}{digits}").parse().ok()?;
        let scaled = part.checked_mul(scale)?;
        Some(scaled / whole == wanted || (2 * scaled + whole) / (2 * whole) == wanted)
    };
    shown().unwrap_or_default()
}

/// The first whole or decimal number in a text.
pub fn first_number(text: &str) -> Option<&str> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let rest = text.get(start..)?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    rest.get(..end).map(|n| n.trim_end_matches('.'))
}

/// Checked before any case is run: this program has no other tests.
pub fn check() {
    for (share, expected) in [("0.05", "5"), ("0.1", "10"), ("1", "100"), ("0.0005", "0.05"), ("0.125", "12.5")] {
        assert_eq!(percent(share), expected);
    }
    assert_eq!(["43.2", "30", "44.6401"].map(thousandfold), ["43200.0", "30000.0", "44640.1"]);
    for (fraction, decimal, expected) in [
        ("7/720", "0.009722", true),
        ("2/3", "0.666666", true),
        ("2/3", "0.666667", true),
        ("2/3", "0.666668", false),
        ("5/1", "5.00", true),
    ] {
        assert_eq!(shows(fraction, decimal), expected, "{fraction} {decimal}");
    }
    for (minutes, expected) in [("43.2", Some(2592)), ("30", Some(1800)), ("0.25", Some(15)), ("4.321", None)] {
        assert_eq!(seconds(minutes), expected);
    }
}
