//! What is printed means what was written.

use super::expressions::{METRICS, expression};
use crate::sense::promql::{Expression, IncreaseForm};
use proptest::prelude::*;

fn normal(text: &str) -> String {
    promql_parser::parser::parse(text).unwrap_or_else(|error| panic!("{error}: {text}")).to_string()
}

/// The generator's `{"name", …}` written as `name{…}`, which the parser keeps apart.
fn names_in_front(text: &str) -> String {
    METRICS.iter().fold(text.to_owned(), |text, metric| {
        text.replace(&format!("{{\"{metric}\"}}"), metric).replace(&format!("{{\"{metric}\", "), &format!("{metric}{{"))
    })
}

proptest! {
    #[test]
    fn printed_text_is_read_as_the_expression_it_was_printed_from(text in expression()) {
        let read = Expression::parse(&text).map_err(|refusal| TestCaseError::fail(refusal.to_string()))?;
        let printed = read.to_string();
        prop_assert_eq!(Expression::parse(&printed).unwrap(), read);
    }

    #[test]
    fn printed_text_has_the_tree_the_parser_sees_in_the_users(text in expression()) {
        let confined = Expression::parse(&text).unwrap().confine(&[]).unwrap();
        let users = normal(&names_in_front(&text).replace("[ $slot ]", "[5m]").replace("[$slot]", "[5m]"));
        prop_assert_eq!(normal(&confined.text(300_000, IncreaseForm::Extrapolated)), users.clone());
        let anchored = confined.text(300_000, IncreaseForm::Anchored);
        prop_assert_eq!(normal(&anchored.replace(" anchored", "")), users);
    }
}

#[test]
fn only_ranges_that_can_be_anchored_are() {
    let text = "sum(increase((m[$slot])) + rate(m[$slot]) + delta(m[$slot]) + resets(m[$slot]) \
                + changes(m[$slot]) + irate(m[$slot]) + sum_over_time(m[$slot]))";
    let confined = Expression::parse(text).unwrap().confine(&[]).unwrap();
    assert_eq!(
        confined.text(90_500, IncreaseForm::Anchored),
        "sum(increase(m[90500ms] anchored) + rate(m[90500ms] anchored) + delta(m[90500ms] anchored) \
         + resets(m[90500ms] anchored) + changes(m[90500ms] anchored) + irate(m[90500ms]) \
         + sum_over_time(m[90500ms]))"
    );
}

#[test]
fn names_that_are_no_plain_names_are_quoted() {
    let table = [
        ("sum(increase({\"http.requests\"}[$slot]))", "sum(increase({__name__=\"http.requests\"}[$slot]))"),
        ("sum(increase({\"plain\"}[$slot]))", "sum(increase(plain[$slot]))"),
        ("sum(increase(a:b{\"c.d\"=\"e\"}[$slot]))", "sum(increase(a:b{\"c.d\"=\"e\"}[$slot]))"),
        ("sum by (\"a b\", c) (increase(m[$slot]))", "sum by (\"a b\", c) (increase(m[$slot]))"),
        ("sum(increase(by{a='\"'}[$slot]))", "sum(increase({__name__=\"by\",a=\"\\\"\"}[$slot]))"),
        ("max(m) - on() group_left() sum(increase(m[$slot]))", "max(m) - on () group_left () sum(increase(m[$slot]))"),
        (
            "max(m) - ignoring() group_right() sum(increase(m[$slot]))",
            "max(m) - ignoring () group_right () sum(increase(m[$slot]))",
        ),
        ("SUM(increase(m{b=\"1\",a=\"2\",b=\"1\"}[$slot])) * 0x10", "sum(increase(m{a=\"2\",b=\"1\"}[$slot])) * 16"),
    ];
    for (text, expected) in table {
        assert_eq!(Expression::parse(text).unwrap().to_string(), expected);
    }
}
