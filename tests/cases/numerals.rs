//! Numbers as agreements write them: `30`, `6th`, `thirty`, `twenty-one`, `second`.

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const SMALL_ORDINALS: [&str; 20] = [
    "zeroth",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A number that counts.
pub fn cardinal(word: &str) -> Option<i64> {
    word.parse().ok().or_else(|| match word {
        "a" | "an" => Some(1),
        _ => spelled(word, &SMALL).or_else(|| tens(word)),
    })
}

/// A number that gives a place.
pub fn ordinal(word: &str) -> Option<i64> {
    ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending)?.parse().ok())
        .or_else(|| spelled(word, &SMALL_ORDINALS))
        .or_else(|| tens(&format!("{}y", word.strip_suffix("ieth")?)))
}

/// One of the first twenty, or one of the first nine behind a ten: `twenty-one`.
fn spelled(word: &str, small: &[&str; 20]) -> Option<i64> {
    let place = |word: &str| small.iter().position(|s| *s == word).and_then(|n| i64::try_from(n).ok());
    match word.split_once('-') {
        Some((ten, one)) => Some(tens(ten)? + place(one).filter(|one| (1..10).contains(one))?),
        None => place(word),
    }
}

fn tens(word: &str) -> Option<i64> {
    let place = TENS.iter().position(|s| *s == word)?;
    i64::try_from(place).ok().map(|n| 10 * (n + 2))
}

/// Checked before any case is run: this program has no other tests.
pub fn check() {
    for (word, expected) in [
        ("30", Some(30)),
        ("thirty", Some(30)),
        ("twenty-one", Some(21)),
        ("nineteen", Some(19)),
        ("a", Some(1)),
        ("6th", None),
        ("second", None),
        ("twenty-eleven", None),
        ("many", None),
    ] {
        assert_eq!(cardinal(word), expected, "{word}");
    }
    for (word, expected) in
        [("6th", Some(6)), ("21st", Some(21)), ("second", Some(2)), ("twenty-first", Some(21)), ("thirtieth", Some(30))]
    {
        assert_eq!(ordinal(word), expected, "{word}");
    }
}
