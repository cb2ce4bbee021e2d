//! Claim terms in the words of a published agreement, as the terms of a manifest. Only the phrases that such agreements
//! use; what is not understood is not expressible.

use serde_json::{Value, json};

use crate::scenario::Miss;

pub struct Terms {
    pub deadlines: Vec<Value>,
    pub open: Option<Value>,
    pub quarterly: bool,
}

/// Reads the terms after the colon of a source.
pub fn deadlines(source: &str) -> Result<Terms, Miss> {
    let words = source.split_once(": ").map_or(source, |(_, words)| words).to_lowercase().replace("-day", " days");
    let words = words.replace(['(', ')'], " ");
    let quarterly = words.contains("quarter");
    let mut open = None;
    let mut deadlines = Vec::new();
    let clauses = words.replace(" and ", ", ").replace("; ", ", ");
    for clause in clauses.split(", ").flat_map(|c| c.split(" until ")) {
        if let Some(rest) = clause.trim().strip_prefix("from ") {
            open = Some(due("open", rest)?);
        } else if let Ok(due) = due(name(clause), clause) {
            deadlines.push(due);
        }
    }
    if deadlines.is_empty() {
        return Err(Miss::NotExpressible(format!("no deadline understood in {source:?}")));
    }
    Ok(Terms { deadlines, open, quarterly })
}

fn name(clause: &str) -> &'static str {
    match clause {
        c if c.contains("ticket") => "ticket",
        c if c.contains("notify") || c.contains("notice") => "notice",
        _ => "claim",
    }
}

fn due(name: &str, clause: &str) -> Result<Value, Miss> {
    let words: Vec<&str> = clause.split_whitespace().collect();
    let after = if clause.contains("aware") {
        "Awareness"
    } else if ["end of the", "month end", "quarter end", "end of each", "period end", "after the end", "working day"]
        .iter()
        .any(|w| clause.contains(w))
    {
        "PeriodEnd"
    } else {
        "Incident"
    };
    // "by the end of the second billing cycle after which the incident occurred", "by the end of the following month",
    // "by the end of the month following the month of the incident".
    if words.contains(&"end") && (words.contains(&"by") || words.contains(&"until")) {
        let ordinal = words.iter().find_map(|word| match *word {
            "first" | "following" | "next" => Some(1),
            "second" => Some(2),
            "third" => Some(3),
            _ => None,
        });
        if let Some(periods) = ordinal {
            return Ok(json!({"name": name, "after": "Incident", "periods": periods}));
        }
    }
    for (index, word) in words.iter().enumerate() {
        let Some(count) = number(word) else { continue };
        let unit = words.get(index + 1).copied().unwrap_or_default();
        let second = words.get(index + 2).copied().unwrap_or_default();
        let incident = if after == "PeriodEnd" && unit == "business" { "Incident" } else { after };
        match unit {
            "h" | "hours" | "hour" => return Ok(json!({"name": name, "after": after, "within": format!("{count}h")})),
            "business" | "working" if second.starts_with("day") => {
                return Ok(json!({"name": name, "after": incident, "workingDays": count}));
            }
            "calendar" if second.starts_with("day") => {
                return Ok(json!({"name": name, "after": after, "days": count}));
            }
            "d" | "days" | "day" => return Ok(json!({"name": name, "after": after, "days": count})),
            "months" | "month" => return Ok(json!({"name": name, "after": after, "months": count})),
            _ => {}
        }
    }
    Err(Miss::NotExpressible(format!("no deadline in {clause:?}")))
}

fn number(word: &str) -> Option<i64> {
    let ordinal = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending)?.parse().ok());
    let spelled = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let spelled = spelled.iter().position(|s| *s == word).and_then(|n| i64::try_from(n).ok());
    word.parse().ok().or(ordinal).or(spelled)
}

/// Checked before any case is run: this program has no other tests.
pub fn check() {
    let cases = [
        (
            "AWS: by the end of the second billing cycle after which the incident occurred",
            json!([{"name": "claim", "after": "Incident", "periods": 2}]),
        ),
        (
            "Atlassian: 15 days after the end of the calendar month",
            json!([{"name": "claim", "after": "PeriodEnd", "days": 15}]),
        ),
        (
            "MongoDB: ticket within 24 h of awareness, claim by the end of the following month",
            json!([{"name": "ticket", "after": "Awareness", "within": "24h"}, {"name": "claim", "after": "Incident", "periods": 1}]),
        ),
        (
            "Cloudflare Business: notify within 5 business days, claim by the end of the following billing month",
            json!([{"name": "notice", "after": "Incident", "workingDays": 5}, {"name": "claim", "after": "Incident", "periods": 1}]),
        ),
        (
            "Azure: within two months of the end of the billing month",
            json!([{"name": "claim", "after": "PeriodEnd", "months": 2}]),
        ),
        (
            "Microsoft: by the end of the month following the month of the incident",
            json!([{"name": "claim", "after": "Incident", "periods": 1}]),
        ),
        ("Google: within 30 days", json!([{"name": "claim", "after": "Incident", "days": 30}])),
    ];
    for (source, expected) in cases {
        assert_eq!(Value::Array(deadlines(source).unwrap().deadlines), expected, "{source}");
    }
}
