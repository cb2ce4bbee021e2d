//! Claim terms in the words of a published agreement, as the terms of a manifest.
//!
//! A clause says what has to be done, how long it may take, and after what: `ticket within 24 h of awareness`; or it
//! names a period by whose end it has to be done: `by the end of the second billing cycle after the incident`. A length
//! or an anchor that is not understood makes the case not expressible; it is never passed over.

use serde_json::{Value, json};

use crate::numerals::{cardinal, ordinal};
use crate::scenario::Miss;

/// What a case gives a date of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Given {
    Incident,
    Eligible,
    /// A month, a quarter or another period, and nothing in it.
    Period,
}

pub struct Terms {
    pub deadlines: Vec<Value>,
    pub open: Option<Value>,
    pub quarterly: bool,
}

/// What a length of time is reckoned from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Incident,
    Awareness,
    PeriodEnd,
    Eligible,
}

/// Reads the terms after the colon of a source. Where no case says when a customer became eligible, he is once the
/// period is over. Where a case names only a period, what is reckoned from nothing in particular is from its end.
pub fn deadlines(source: &str, given: Given) -> Result<Terms, Miss> {
    let text = source.split_once(": ").map_or(source, |(_, words)| words).to_lowercase();
    let quarterly = text.contains("quarter");
    let mut terms = Terms { deadlines: Vec::new(), open: None, quarterly };
    let mut before = None;
    for clause in clauses(&text) {
        let words: Vec<&str> = clause.iter().map(String::as_str).collect();
        // Of other things than claims.
        if words.iter().any(|w| ["cap", "capped", "processing", "processed", "expire", "expires"].contains(w)) {
            continue;
        }
        let Some((length, rest)) = length(&words) else {
            before = match words.first() {
                Some(&("after" | "upon" | "once" | "following" | "from")) => anchor(&words)?,
                _ => None,
            };
            continue;
        };
        let opens = opens(&words);
        let own = anchor(rest)?.or(before.take());
        let counts_periods = matches!(length, Length::Periods(_));
        let from_the_end = opens || (given == Given::Period && !counts_periods);
        let own = match own.unwrap_or(if from_the_end { Anchor::PeriodEnd } else { Anchor::Incident }) {
            Anchor::Eligible if given == Given::Eligible => Anchor::Incident,
            Anchor::Eligible => Anchor::PeriodEnd,
            other => other,
        };
        let name = if opens { "open" } else { name(&words) };
        let due = due(name, own, &length);
        if opens {
            terms.open = Some(due);
        } else if terms.deadlines.iter().any(|d| d["name"] == name) {
            return Err(Miss::NotExpressible(format!("two deadlines for one {name} in {source:?}")));
        } else {
            terms.deadlines.push(due);
        }
    }
    if terms.deadlines.is_empty() {
        return Err(Miss::NotExpressible(format!("no deadline understood in {source:?}")));
    }
    Ok(terms)
}

/// The clauses of a text, in words. Digits are parted from a unit behind them: `24h` is `24 h`.
fn clauses(text: &str) -> Vec<Vec<String>> {
    let text = text.replace(['(', ')', '\'', '"'], " ").replace("’", " ").replace(';', ",").replace(". ", ", ");
    let text = [" and ", " but ", " until ", " then "].iter().fold(text, |text, word| text.replace(word, ", "));
    text.split(',')
        .map(|clause| {
            let words = clause.split_whitespace().map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()));
            words.filter(|w| !w.is_empty()).flat_map(parted).collect()
        })
        .collect()
}

/// All words of a text.
pub fn words(text: &str) -> Vec<String> {
    clauses(text).into_iter().flatten().collect()
}

fn parted(word: &str) -> Vec<String> {
    if cardinal(word).or(ordinal(word)).is_some() {
        return vec![word.to_owned()];
    }
    let word = word.replace('-', " ");
    let parts = word.split_whitespace().flat_map(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        let (number, unit) = if ordinal(part).is_some() { (part, "") } else { part.split_at(digits) };
        [number.to_owned(), unit.to_owned()]
    });
    parts.filter(|part| !part.is_empty()).collect()
}

fn name(words: &[&str]) -> &'static str {
    let has = |starts: &[&str]| words.iter().any(|w| starts.iter().any(|s| w.starts_with(s)));
    match () {
        () if has(&["ticket", "case"]) => "ticket",
        () if has(&["notify", "notif", "notice", "report"]) => "notice",
        () => "claim",
    }
}

/// Whether the clause says from when: `from the 6th working day`.
fn opens(words: &[&str]) -> bool {
    let from = words.iter().position(|w| ["from", "before", "earlier", "opens", "starting", "open"].contains(w));
    let behind = from.map(|at| words.iter().skip(at + 1).skip_while(|w| ["the", "than", "on", "from"].contains(w)));
    behind.and_then(|mut behind| behind.next()).is_some_and(|word| ordinal(word).is_some())
}

enum Length {
    Minutes(i64),
    Hours(i64),
    Days(i64),
    WorkingDays(i64),
    Months(i64),
    /// To the end of a settlement period.
    Periods(i64),
    /// Days into the period after the one of the anchor: `by the 15th of the following month`.
    IntoNext(i64),
}

/// The length of time of a clause, and the words behind it.
fn length<'a>(words: &'a [&'a str]) -> Option<(Length, &'a [&'a str])> {
    for (index, word) in words.iter().enumerate() {
        let (counted, place) = (cardinal(word), ordinal(word));
        let Some(count) = counted.or(place) else { continue };
        // `within a month`, but not `the end of a month`.
        if word.starts_with('a') && index.checked_sub(1).is_none_or(|before| words[before] != "within") {
            continue;
        }
        let kind = words.get(index + 1).copied().unwrap_or_default();
        let is_kind = ["business", "working", "calendar", "billing", "full", "consecutive", "fiscal"].contains(&kind);
        let unit = words.get(index + 1 + usize::from(is_kind)).copied().unwrap_or_default();
        let rest = words.get(index + 2 + usize::from(is_kind)..).unwrap_or_default();
        let follows = || rest.iter().any(|w| ["following", "next", "subsequent"].contains(w));
        let found = match (unit, kind) {
            ("day" | "of", _) if place.is_some() && !is_kind && follows() => Length::IntoNext(count),
            ("day" | "days" | "d", "business" | "working") => Length::WorkingDays(count),
            ("day" | "days" | "d", _) => Length::Days(count),
            _ if counted.is_none() => continue,
            ("minute" | "minutes" | "min", _) => Length::Minutes(count),
            ("h" | "hr" | "hrs" | "hour" | "hours", _) => Length::Hours(count),
            ("week" | "weeks", _) => Length::Days(7 * count),
            ("cycle" | "cycles" | "quarter" | "quarters" | "period" | "periods", _)
            | ("month" | "months", "billing" | "calendar" | "full") => Length::Periods(count),
            ("month" | "months", _) => Length::Months(count),
            _ => continue,
        };
        return Some((found, rest));
    }
    end_of(words).map(|count| (Length::Periods(count), [].as_slice()))
}

/// Which period's end: `the end of the second billing cycle` is 2, `of the following month` is 1, `of the same month` 0.
fn end_of(words: &[&str]) -> Option<i64> {
    let end = words.iter().position(|w| *w == "end" || *w == "last")?;
    let behind = words.get(end + 1..)?;
    let is_period = |w: &&str| ["month", "cycle", "quarter", "period", "year"].contains(w);
    behind.iter().find(|w| is_period(w))?;
    let next = |w: &&str| ["following", "next", "subsequent"].contains(w);
    let own = |w: &&str| ["same", "current", "that", "which", "incident"].contains(w);
    behind
        .iter()
        .find_map(|w| ordinal(w))
        .or_else(|| behind.iter().any(next).then_some(1))
        .or_else(|| behind.iter().any(own).then_some(0))
}

/// What comes first behind a preposition decides. Without a preposition there is no anchor.
fn anchor(words: &[&str]) -> Result<Option<Anchor>, Miss> {
    const FILLING: [&str; 34] = [
        "next",
        "subsequent",
        "the",
        "a",
        "an",
        "of",
        "after",
        "from",
        "following",
        "since",
        "upon",
        "once",
        "on",
        "in",
        "which",
        "when",
        "calendar",
        "billing",
        "fiscal",
        "applicable",
        "relevant",
        "each",
        "date",
        "day",
        "time",
        "customer",
        "you",
        "becoming",
        "becomes",
        "became",
        "being",
        "is",
        "was",
        "respective",
    ];
    let is_preposition = |w: &&str| ["of", "after", "from", "following", "since", "upon", "once"].contains(w);
    let Some(at) = words.iter().position(is_preposition) else { return Ok(None) };
    let behind = words.get(at..).unwrap_or_default();
    let Some(noun) = behind.iter().find(|w| !FILLING.contains(w)) else { return Ok(None) };
    let starts = |with: &[&str]| with.iter().any(|s| noun.starts_with(s));
    match () {
        () if starts(&["aware", "knowledge", "learn", "discover", "notic"]) => Ok(Some(Anchor::Awareness)),
        () if starts(&["eligib"]) => Ok(Some(Anchor::Eligible)),
        () if starts(&["end", "close", "expir", "last", "month", "quarter", "period", "cycle"]) => {
            Ok(Some(Anchor::PeriodEnd))
        }
        () if starts(&["incident", "outage", "event", "failure", "interruption", "downtime", "occur", "violation"]) => {
            Ok(Some(Anchor::Incident))
        }
        () => Err(Miss::NotExpressible(format!("reckoned from {noun:?} in {:?}", words.join(" ")))),
    }
}

fn due(name: &str, after: Anchor, length: &Length) -> Value {
    let word = match after {
        Anchor::Awareness => "Awareness",
        Anchor::PeriodEnd => "PeriodEnd",
        Anchor::Incident | Anchor::Eligible => "Incident",
    };
    match length {
        Length::Minutes(n) => json!({"name": name, "after": word, "within": format!("{n}m")}),
        Length::Hours(n) => json!({"name": name, "after": word, "within": format!("{n}h")}),
        Length::Days(n) => json!({"name": name, "after": word, "days": n}),
        Length::WorkingDays(n) => json!({"name": name, "after": word, "workingDays": n}),
        Length::Months(n) => json!({"name": name, "after": word, "months": n}),
        Length::Periods(n) => json!({"name": name, "after": word, "periods": n}),
        Length::IntoNext(n) => json!({"name": name, "after": "PeriodEnd", "days": n}),
    }
}

/// Checked before any case is run: this program has no other tests.
pub fn check() {
    let claim = |after: &str, unit: &str, n: i64| json!([{"name": "claim", "after": after, unit: n}]);
    let cases = [
        (
            "AWS: by the end of the second billing cycle after which the incident occurred",
            claim("Incident", "periods", 2),
        ),
        ("AWS: received by the end of the second billing cycle after the incident", claim("Incident", "periods", 2)),
        ("Atlassian: 15 days after the end of the calendar month", claim("PeriodEnd", "days", 15)),
        ("Atlassian: fifteen (15) days after month end", claim("PeriodEnd", "days", 15)),
        (
            "MongoDB: ticket within 24 h of awareness, claim by the end of the following month",
            json!([{"name": "ticket", "after": "Awareness", "within": "24h"}, {"name": "claim", "after": "Incident", "periods": 1}]),
        ),
        (
            "After becoming aware of it, open a ticket within 24h; claim by the end of the next month",
            json!([{"name": "ticket", "after": "Awareness", "within": "24h"}, {"name": "claim", "after": "Incident", "periods": 1}]),
        ),
        (
            "Cloudflare Business: notify within 5 business days, claim by the end of the following billing month",
            json!([{"name": "notice", "after": "Incident", "workingDays": 5}, {"name": "claim", "after": "Incident", "periods": 1}]),
        ),
        ("Azure: within two months of the end of the billing month", claim("PeriodEnd", "months", 2)),
        ("Microsoft: by the end of the month following the month of the incident", claim("Incident", "periods", 1)),
        ("Microsoft: by the end of the month in which the incident occurred", claim("Incident", "periods", 0)),
        ("Google: within 30 days", claim("Incident", "days", 30)),
        ("Google: within thirty days from the time the customer becomes eligible", claim("PeriodEnd", "days", 30)),
        ("Google: 60 days of the incident, log files", claim("Incident", "days", 60)),
        ("Snowflake: within twenty-one days after the month", claim("PeriodEnd", "days", 21)),
        ("by the 15th of the following month", claim("PeriodEnd", "days", 15)),
        ("three weeks after the quarter ends", claim("PeriodEnd", "days", 21)),
        (
            "Cloudflare: claim within 30 days of the outage, 12-month cap of one month of fees",
            claim("Incident", "days", 30),
        ),
        ("Alibaba: claims from the 6th working day until 60 days after month end", claim("PeriodEnd", "days", 60)),
        (
            "Alibaba: from the 6th working day of the next month until 60 days after month end",
            claim("PeriodEnd", "days", 60),
        ),
    ];
    for (source, expected) in cases {
        let terms = deadlines(source, Given::Incident).unwrap();
        assert_eq!(Value::Array(terms.deadlines), expected, "{source}");
        let opens =
            source.contains("from the 6th").then(|| json!({"name": "open", "after": "PeriodEnd", "workingDays": 6}));
        assert_eq!(terms.open, opens, "{source}");
    }
    for (source, expected) in [
        ("Google: request within 30 days", claim("PeriodEnd", "days", 30)),
        ("AWS: by the end of the second billing cycle", claim("Incident", "periods", 2)),
    ] {
        assert_eq!(Value::Array(deadlines(source, Given::Period).unwrap().deadlines), expected, "{source}");
    }
    for source in ["within 30 days of renewal", "in good time", "within 5 moons", "30 days, or 60 days after month end"]
    {
        assert!(deadlines(source, Given::Incident).is_err(), "{source}");
    }
}
