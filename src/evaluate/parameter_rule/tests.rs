use proptest::prelude::*;

use super::*;

fn parameters() -> Vec<Parameter> {
    let all = [
        ("tier", "gold"),
        ("zones", "2"),
        ("paid", "true"),
        ("since", "2026-01-01"),
        ("id", "007x"),
        ("none", ""),
        ("share", "99.5"),
        ("offset", "-2"),
    ];
    all.iter().map(|(name, value)| Parameter { name: (*name).to_owned(), value: (*value).to_owned() }).collect()
}

#[test]
fn rules_compare_numbers_as_numbers_and_texts_as_texts() {
    for (rule, expected) in [
        ("tier != 'gold' || zones >= 2", true),
        ("tier != 'gold' || zones >= 3", false),
        ("!(tier == 'gold') || (zones >= 2)", true),
        ("zones == 2", true),
        ("zones > 10", false),
        ("paid", true),
        ("!paid", false),
        ("paid && since >= '2025-12-31'", true),
        ("tier in ['gold', 'silver']", true),
        ("zones in [1, 3]", false),
        ("id.startsWith('007') && size(id) == 4", true),
        ("none == ''", true),
        ("zones * 2 + 1 == 5", true),
        ("zones > 1 ? tier == 'gold' : true", true),
        ("9223372036854775807 + zones > 9223372036854775807", true),
        ("zones / 4 == 0.5 && zones % 3 == 2", true),
        ("offset < -1.5 && -offset == zones", true),
    ] {
        assert_eq!(holds(rule, &parameters()), Ok(expected), "{rule}");
    }
}

#[test]
fn a_rule_that_says_nothing_is_told_why() {
    let deep = format!("{}paid{}", "(".repeat(200), ")".repeat(200));
    let signs = format!("{}paid", "!paid && ".repeat(40));
    for (rule, words) in [
        ("tier ==", "not valid CEL"),
        ("", "not valid CEL"),
        ("tier implies zones", "not valid CEL"),
        ("zoned > 1", "no parameter \"zoned\""),
        ("tier > 1", "neither true nor false"),
        ("zones", "neither true nor false"),
        ("zones / 0 == 1", "neither true nor false"),
        ("tier == 1", "\"gold\") is no number"),
        ("paid == 'true' && tier == true", "is no truth value"),
        ("tier != zones", "is no number"),
        ("zones >= '2'", "write numbers without quotes"),
        ("'10' > zones", "write numbers without quotes"),
        ("zones % 1.5 == 0", "for whole numbers"),
        ("zones in 2", "looks into a list"),
        ("[zones]", "it is a list"),
        ("[zones] == [2]", "is no truth value"),
        ("zones > .5", "such as .5 or 1e3"),
        ("zones > 1.5e3", "such as .5 or 1e3"),
        ("decimal('x') > 1", "not a decimal"),
        ("tier == 'go\\'ld'", "\\ is not supported"),
        ("tier == '''gold'''", "three quotes"),
        ("paid // it's paid", "a comment"),
        ("[1, 2].all(x, x > zones)", "all, exists"),
        ("{'a': 1}.size() == 1", "{…}"),
        ("Message{a: 1} == 1", "{…}"),
        ("tier.name == 'a'", "the field of"),
        ("tier.matches('(a+)+$')", "matches is not supported"),
        ("duration('1h') > duration('1m')", "duration is not supported"),
        (deep.as_str(), "more than 32"),
        (signs.as_str(), "more than 32"),
        // By the language this is `paid`, and the crate takes it for `!paid`.
        ("!!paid", "! after !"),
        ("zones == - -2", "- after -"),
    ] {
        let why = holds(rule, &parameters()).unwrap_err().to_string();
        assert!(why.contains(words), "{rule}: {why}");
    }
}

#[test]
fn the_deepest_rule_fits_on_a_small_stack() {
    let look = || {
        for (open, close) in [("(", ")"), ("paid ? paid : ", ""), ("!(", ")"), ("[", "]")] {
            let rule = format!("{}paid{}", open.repeat(DEEPEST), close.repeat(DEEPEST));
            assert_ne!(holds(&rule, &parameters()), Ok(false), "{rule}");
        }
        let chain = format!("1{} == 90", " + 1".repeat(89));
        assert_eq!(holds(&chain, &parameters()), Ok(true));
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(look).unwrap().join().unwrap();
}

#[test]
fn fractions_are_compared_digit_by_digit() {
    for (rule, expected) in [
        ("tier == 'gold' && share >= 99.9", false),
        ("share >= 99.5", true),
        ("share > 99.499999999999999999999999999999999999", true),
        // As floats these are equal.
        ("zones == 2.0000000000000000000000000001", false),
        ("0.1 + 0.2 == 0.3", true),
        ("share < 100", true),
        ("share in [99.50, 1]", true),
        ("tier != '99.5' && tier + '-99.5' == 'gold-99.5'", true),
        ("zones>1.5&&zones<2.5", true),
    ] {
        assert_eq!(holds(rule, &parameters()), Ok(expected), "{rule}");
    }
}

#[test]
fn a_parameter_beside_a_quoted_text_is_a_text() {
    for (rule, expected) in [
        ("zones == '2'", true),
        ("zones != '2'", false),
        ("zones == '2.0'", false),
        ("zones in ['1', '2']", true),
        ("paid == 'true'", true),
        ("'9' in [zones, share]", false),
        ("share + '%' == '99.5%' && size(zones) == 1", true),
        ("share.startsWith('99.')", true),
    ] {
        assert_eq!(holds(rule, &parameters()), Ok(expected), "{rule}");
    }
}

#[test]
fn what_does_not_hold_is_named_by_its_place() {
    let rule = |rule: &str| ParameterRule { rule: rule.to_owned(), message: String::new() };
    let rules = [rule("paid"), rule("zones > 2"), rule("zones >")];
    assert_eq!(broken(&rules, &parameters()).map(|(index, _)| index).collect::<Vec<_>>(), [1, 2]);
    let faults: Vec<String> = faults("spec.constraints", &rules, &parameters()).into_iter().map(|f| f.field).collect();
    assert_eq!(faults, ["spec.constraints[2].rule"]);
}

proptest! {
    /// Whatever is written comes to an answer: nothing panics, and nothing runs on.
    #[test]
    fn every_text_is_answered(rule in r"([a-z]{1,5}|zones|tier|[0-9]{1,20}|[0-9]\.[0-9]|'x'|[-!?:.,()\[\]{}<>=&|+*/% ]){0,60}") {
        let rule: String = rule.chars().take(512).collect();
        let _ = holds(&rule, &parameters());
    }
}
