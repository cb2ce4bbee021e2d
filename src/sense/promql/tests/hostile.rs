//! Nothing a user can write ends the process.

use crate::sense::promql::{Expression, IncreaseForm};
use proptest::prelude::*;

#[test]
fn deep_nesting_is_an_error() {
    let deep = [
        "(".repeat(2000),
        "-".repeat(2000),
        "{".repeat(2000),
        "sum(".repeat(500),
        "1+".repeat(1000),
        "m or ".repeat(400),
        "(".repeat(100_000),
    ];
    for text in deep {
        assert!(Expression::parse(&text).is_err());
        assert!(Expression::parse(&format!("{text}sum(increase(m[$slot]))")).is_err());
    }
}

#[test]
fn the_deepest_accepted_expression_is_read_on_a_small_stack() {
    let text =
        format!("{}{}sum(increase(m[$slot])){}{}", "-".repeat(32), "(".repeat(30), ")".repeat(30), "^1".repeat(32));
    let read = std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(move || {
            let expression = Expression::parse(&text).unwrap();
            let confined = expression.confine(&[("a".to_owned(), "b".to_owned())]).unwrap();
            confined.text(1, IncreaseForm::Anchored).len()
        })
        .unwrap();
    assert!(read.join().unwrap() > 100);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_sequence_of_pieces_is_read_or_refused(
        pieces in proptest::collection::vec(
            proptest::sample::select(&[
                "sum", "(", ")", "{", "}", "[", "]", "[$slot]", "$slot", "m", "increase", "\"", "'",
                "\\", "`", "#", "\n", "\r", "@", "offset", "1e300", "NaN", "-", "+", "=", "=~", "!=",
                "!", ",", "or", " ", "0x", "0x10", "1_0", "09", "5m", "ü", "\u{2028}", "by", "on",
                "fill", "bool", "group_left", ":", ".", "1.", ".5", "\\u", "\\U0010ffff", "start()",
                "label_replace", "count_values", "topk", "Inf", "^", "$", "<", "/", "\0",
            ][..]),
            0..24,
        )
    ) {
        let text = pieces.concat();
        if let Ok(expression) = Expression::parse(&text) {
            let printed = expression.to_string();
            prop_assert_eq!(Expression::parse(&printed), Ok(expression));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        let _ = Expression::parse(&text).map(|expression| expression.to_string());
        let inside = format!("sum(increase(m{{a=\"{text}\"}}[$slot]))");
        if let Ok(expression) = Expression::parse(&inside) {
            let printed = expression.to_string();
            prop_assert_eq!(Expression::parse(&printed), Ok(expression));
        }
    }
}
