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
}
