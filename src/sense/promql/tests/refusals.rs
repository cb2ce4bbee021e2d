//! Every reason to refuse, by an expression that gives it.

use crate::sense::promql::{Breadth, Expression, Refusal};

fn refusal(text: &str) -> String {
    Expression::parse(text).err().unwrap_or_else(|| panic!("accepted: {text}")).to_string()
}

#[test]
fn every_refusal_says_what_is_wrong_and_what_to_do() {
    let table = [
        ("sum(increase(m[5m]))", "[5m] found: write [$slot]"),
        ("sum(increase(m[5m*2]))", "[5m*2] found: write [$slot]"),
        ("sum(increase(m[step()]))", "[step()] found: write [$slot]"),
        ("sum(rate(m[$__rate_interval]))", "[$__rate_interval] found"),
        ("sum(increase(m[$slot])) + sum(increase(m[1h]))", "[1h] found"),
        ("sum(m)", "no [$slot] found"),
        ("sum(increase(m[$slot])) / $slot", "$slot found outside a range"),
        ("sum(increase(m[$slot] anchored))", "anchored is not supported: leave it out"),
        ("sum(increase(m[$slot] SMOOTHED))", "SMOOTHED is not supported"),
        ("sum(increase(m{a=`x`}[$slot]))", "a string in backticks is not supported"),
        ("sum(increase(m[$slot])) * 1_000", "1_000 is not supported: write numbers without _"),
        ("sum(increase(m[$slot])) * 5m", "5m is not supported: a duration may only stand"),
        ("sum(increase(m{a=\"\\xff\"}[$slot]))", "the escape \\x in a string"),
        ("sum(increase(m{a=\"\\377\"}[$slot]))", "the escape \\3 in a string"),
        ("sum(increase(m{a=~\"\\\\Qa.b\\\\E\"}[$slot]))", "use the RE2 syntax without \\Q"),
        ("sum(increase(h[$slot])) </ 3", "a histogram trim operator"),
        ("sum(increase(h[$slot])) >/ 3", "a histogram trim operator"),
        ("sum(increase(m[$slot] @ 5))", "@ is not supported"),
        ("sum(increase(m[$slot] @ 1e300))", "@ is not supported"),
        ("sum(increase(m[$slot] offset 1h))", "offset is not supported"),
        ("sum(increase(m[$slot] OFFSET 1e300))", "offset is not supported"),
        ("sum(max_over_time(rate(m[$slot])[1h:5m]))", "a subquery [1h:5m] is not supported"),
        ("sum(max_over_time(rate(m[$slot])[$slot:]))", "a subquery [$slot:] is not supported"),
        ("sum(increase(m{a=\"1\" or b=\"2\"}[$slot]))", "\"or\" inside braces is not supported"),
        ("sum(increase({job=\"x\"}[$slot]))", "the selector {job=\"x\"} does not name one metric"),
        ("sum(increase({__name__=~\"a.*\"}[$slot]))", "does not name one metric"),
        ("sum(increase({__name__!=\"a\",b=\"c\"}[$slot]))", "does not name one metric"),
        ("sum(increase({__name__=\"\",a=\"b\"}[$slot]))", "does not name one metric"),
        ("sum(increase({\"a\",__name__=\"b\"}[$slot]))", "does not name one metric"),
        ("sum(increase(m{__name__=\"n\"}[$slot]))", "not valid PromQL"),
        ("sum(info(increase(m[$slot])))", "the function info() is not supported: it reads"),
        ("absent(increase(m[$slot]))", "the function absent() is not supported: it turns"),
        ("absent_over_time(m[$slot])", "the function absent_over_time() is not supported"),
        ("sum(sort_by_label(increase(m[$slot]), \"a\"))", "the function sort_by_label() is not supported"),
        ("sum(increase(m[$slot])) / end()", "the function end() is not supported: its value depends"),
        ("sum(increase(m[$slot])) or vector(0)", "an operand of \"or\" reads no metric"),
        ("vector(0) or sum(increase(m[$slot]))", "an operand of \"or\" reads no metric"),
        ("sum(increase(m[$slot])) or on () (vector(time()) * 0)", "an operand of \"or\""),
        ("sum(increase(m[$slot])) / fill(0) sum(increase(n[$slot]))", "fill modifiers are not"),
        ("increase(m[$slot])", "the result has one series per time series"),
        ("m[$slot]", "the result has one series per time series"),
        ("sum(increase(m[$slot])) + on () group_right () n", "the result has one series per"),
        ("n and sum(increase(m[$slot]))", "the result has one series per"),
        ("sum(increase(m[$slot])", "not valid PromQL"),
        ("sum(increas(m[$slot]))", "not valid PromQL: unknown function"),
        ("sum(increase(m{a=\"x}[$slot]))", "a string that starts with \" is not closed"),
        ("sum(increase(m[$slot))", "a [ is not closed"),
        ("", "no [$slot] found"),
    ];
    for (text, expected) in table {
        let said = refusal(text);
        assert!(said.contains(expected), "{text}\n  said: {said}\n  expected: {expected}");
    }
}

#[test]
fn a_selector_that_reads_nothing_is_not_hidden_by_a_comment_or_a_string() {
    assert_eq!(refusal("vector(1) # m[$slot]"), refusal("vector(1)"));
    assert!(refusal("\"m[$slot]\"").contains("no [$slot] found"));
    let accepted = Expression::parse("sum(increase(m{a=\"[5m] # @ offset $x\"}[$slot])) # [5m] @ `");
    assert_eq!(accepted.unwrap().to_string(), "sum(increase(m{a=\"[5m] # @ offset $x\"}[$slot]))");
}

#[test]
fn bounds_are_kept_to_the_byte_and_the_level() {
    let padded = |length: usize| {
        let text = "sum(increase(m[$slot]))";
        format!("{text}{}", " ".repeat(length - text.len()))
    };
    assert!(Expression::parse(&padded(2048)).is_ok());
    assert_eq!(Expression::parse(&padded(2049)), Err(Refusal::TooLong { length: 2049, limit: 2048 }));
    let nested = |depth: usize| {
        let around = depth - 2;
        format!("{}sum(increase(m[$slot])){}", "(".repeat(around), ")".repeat(around))
    };
    assert!(Expression::parse(&nested(32)).is_ok());
    assert_eq!(Expression::parse(&nested(33)), Err(Refusal::TooDeep { limit: 32 }));
    let chained = |operators: usize| format!("sum(increase(m[$slot])){}", "+1".repeat(operators));
    assert!(Expression::parse(&chained(64)).is_ok());
    assert_eq!(Expression::parse(&chained(65)), Err(Refusal::TooManyOperators { limit: 64 }));
    let signs = |operators: usize| format!("{}sum(increase(m[$slot]))", "-".repeat(operators));
    assert!(Expression::parse(&signs(64)).is_ok());
    assert_eq!(Expression::parse(&signs(65)), Err(Refusal::TooManyOperators { limit: 64 }));
}

#[test]
fn breadth_tells_what_must_be_checked_when_the_answer_comes() {
    let table = [
        ("sum(increase(m[$slot]))", Breadth::One),
        ("sum by () (increase(m[$slot]))", Breadth::One),
        ("(sum(increase(m[$slot])) - max(n)) * 2", Breadth::One),
        ("round(vector(scalar(sum(increase(m[$slot])))))", Breadth::One),
        ("sum(increase(m[$slot])) or sum(increase(n[$slot]))", Breadth::One),
        ("sum(increase(m[$slot])) and n", Breadth::One),
        ("sum by (job) (increase(m{job=\"x\"}[$slot]))", Breadth::Grouped),
        ("sum without () (increase(m[$slot]))", Breadth::Grouped),
        ("topk(1, increase(m[$slot]))", Breadth::Grouped),
        ("histogram_quantile(0.9, sum by (le) (rate(h_bucket[$slot])))", Breadth::Grouped),
        ("sum(increase(m[$slot])) / sum by (job) (n)", Breadth::Grouped),
    ];
    for (text, expected) in table {
        assert_eq!(Expression::parse(text).unwrap().breadth(), expected, "{text}");
    }
}
