//! What is read of a recording, and what is refused.

use super::*;

fn refused(text: &str, column: Option<&str>) -> String {
    read(text, column).unwrap_err().to_string()
}

#[test]
fn the_formats_are_read() {
    assert_eq!(read("1\n2\n3\n", None).unwrap().rates(), [1.0, 2.0, 3.0]);
    let jobs = "minute,job0,job1\n0,60,120\n1,60,240\n";
    let load = read(jobs, Some("job1")).unwrap();
    assert_eq!(load.seconds(), 120);
    assert!((load.rate(0) - 2.0).abs() < 1e-9 && (load.rate(119) - 4.0).abs() < 1e-9);
    // Half-way between the two middles.
    assert!((load.rate(59) + load.rate(60) - 6.0).abs() < 1e-9);
    let own = "time,rate\n2026-01-01T00:00:00Z,5\n2026-01-01T00:01:00Z,5\n";
    assert!((read(own, None).unwrap().mean() - 5.0).abs() < 1e-9);
}

#[test]
fn a_missing_row_keeps_the_rate_before_it_and_is_counted() {
    let row = |minute: u32| format!("2014-04-10 00:{minute:02}:00,{}\n", if minute < 14 { 300 } else { 600 });
    let rows: Vec<String> = (4..60).step_by(5).filter(|minute| *minute != 14).map(row).collect();
    let elb = format!("timestamp,value\n{}", rows.concat());
    let read = recording(&elb, None).unwrap();
    assert_eq!((read.load.seconds(), read.holes), (3600, Holes { steps: 1, of: 12 }));
    assert!((read.load.rate(700) - 1.0).abs() < 1e-9, "a hole keeps the rate before it");
    assert!((read.load.rate(3599) - 2.0).abs() < 1e-9);
}

#[test]
fn with_more_than_a_tenth_missing_a_trace_is_refused() {
    // A count of ten minutes, or of one and nine holes: nobody can tell.
    let sums = "minute,requests\n0,600\n10,600\n11,60\n12,60\n13,60\n14,60\n";
    let told = refused(sums, None);
    assert!(told.contains("says nothing of 9 of 15 steps"), "{told}");
    assert!(told.contains("before row 3"), "{told}");
    let rates = sums.replace("requests", "rate");
    assert!(refused(&rates, None).contains("says nothing of 9 of 15 steps"));
    let one_in = |steps: usize| {
        let rows = (0..steps).filter(|minute| *minute != 4).map(|minute| format!("{minute},60\n"));
        recording(&format!("minute,requests\n{}", rows.collect::<Vec<_>>().concat()), None)
    };
    assert_eq!(one_in(10).unwrap().holes, Holes { steps: 1, of: 10 });
    assert!(one_in(9).is_err());
}

#[test]
fn counts_are_even_and_rates_need_not_be() {
    let uneven = "second,requests\n0,60\n60,60\n150,60\n210,60\n270,60\n";
    let told = refused(uneven, None);
    assert!(told.starts_with("row 4 of the trace: it comes 90 s after the row before"), "{told}");
    let rates = recording(&uneven.replace("requests", "rate"), None).unwrap();
    assert_eq!((rates.load.seconds(), rates.load.mean(), rates.holes.steps), (330, 60.0, 0));
    assert!(
        refused("second,requests\n0,60\n60,60\n90,30\n150,60\n210,60\n", None).starts_with("row 4 of the trace: it")
    );
}

/// A row that is a second late has counted for a second more.
#[test]
fn the_second_a_clock_is_late_is_no_hole() {
    let count = |minute: u32| if minute.is_multiple_of(2) { 620 } else { 580 };
    let row = |minute: u32| format!("{},{}\n", minute * 60 + minute % 2, count(minute));
    let rows = (0..30).map(row).collect::<Vec<_>>().concat();
    let read = recording(&format!("second,requests\n{rows}"), None).unwrap();
    assert_eq!((read.holes.steps, read.holes.of), (0, 30));
    let told: f64 = (0..30).map(|minute| f64::from(count(minute))).sum();
    let played: f64 = read.load.rates().iter().sum();
    assert!((played - told).abs() < 15.0, "{played} of {told}");
}

#[test]
fn the_first_column_says_its_unit() {
    for (unit, seconds) in [
        ("minute", 120),
        ("Minutes", 120),
        ("min", 120),
        ("second", 2),
        ("seconds", 2),
        ("sec", 2),
        ("s", 2),
        ("hour", 7200),
        ("hours", 7200),
        ("H", 7200),
    ] {
        assert_eq!(read(&format!("{unit},a\n0,1\n1,1\n"), None).unwrap().seconds(), seconds, "{unit}");
    }
    let low = refused("time,a\n0,60\n1,60\n", None);
    assert!(low.contains("row 2") && low.contains("call the first column minute or second, or write times"), "{low}");
    let high = refused("time,a\n1782864000000,1\n1782864060000,1\n", None);
    assert!(high.contains("row 2") && high.contains("looks like milliseconds; write Unix seconds"), "{high}");
    for none in ["nan", "inf", "-inf", "yesterday", ""] {
        let told = refused(&format!("time,a\n{none},1\n"), None);
        assert!(told.contains(&format!("row 2 of the trace: {none:?} is no time")), "{told}");
        let told = refused(&format!("minute,a\n{none},1\n"), None);
        assert!(told.contains(&format!("row 2 of the trace: {none:?} is no number")), "{told}");
    }
}

#[test]
fn a_recording_says_when_it_begins_if_its_rows_do() {
    let begins = |text: &str| recording(text, None).unwrap().begins.map(|at| at.to_string());
    let july = Some("2026-07-01T00:00:00Z".to_owned());
    assert_eq!(begins("time,rate\n2026-07-01T00:00:00Z,5\n2026-07-01T00:01:00Z,5\n"), july);
    assert_eq!(begins("time,rate\n2026-07-01 00:00:00,5\n2026-07-01 00:01:00,5\n"), july, "civil time is that of UTC");
    assert_eq!(begins("time,rate\n1782864000,5\n1782864060,5\n"), july, "Unix seconds");
    for text in ["1\n2\n", "minute,a\n0,1\n1,2\n", "second,a\n1782864000,1\n1782864001,2\n"] {
        assert_eq!(begins(text), None, "{text}");
    }
}

#[test]
fn a_name_says_whether_its_numbers_are_rates() {
    let says = |name: &str| recording(&format!("minute,{name}\n0,60\n1,60\n"), None).unwrap().column.unwrap();
    for rate in [
        "rate",
        "RPS",
        "qps",
        "req/s",
        "Requests / s",
        "requests/sec",
        "requests per second",
        "requests_per_second",
        "Requests_Per_Sec",
    ] {
        assert_eq!(says(rate), Column { name: rate.to_owned(), says: Measure::Rates });
    }
    for count in ["requests", "errors_rate", "upper second", "count", "per", "requests_per_minute"] {
        assert_eq!(says(count), Column { name: count.to_owned(), says: Measure::Counts });
    }
    assert_eq!(recording("1\n2\n", None).unwrap().column, None);
}

#[test]
fn a_column_is_found_by_its_place() {
    let alike = "minute,a,a,3\n0,60,120,180\n1,60,120,180\n";
    for (column, rate) in [("2", 1.0), ("4", 3.0), ("3", 3.0)] {
        assert!((read(alike, Some(column)).unwrap().mean() - rate).abs() < 1e-9, "{column}");
    }
    let two = "minute,a,a\n0,60,120\n1,60,120\n";
    assert!((read(two, Some("3")).unwrap().mean() - 2.0).abs() < 1e-9);
    let told = refused(two, Some("a"));
    assert_eq!(told, "the columns 2 and 3 are called \"a\"; give the number of one");
}

#[test]
fn a_byte_order_mark_is_no_number() {
    assert_eq!(read("\u{feff}1\n2\n", None).unwrap().rates(), [1.0, 2.0]);
    assert_eq!(read("\u{feff}minute,a\n0,60\n1,60\n", None).unwrap().seconds(), 120);
}

#[test]
fn what_does_not_fit_is_named() {
    let cases = [
        ("1\nx\n", None, "row 2 of the trace: \"x\" is not a number of at least 0"),
        ("1\n-1\n", None, "row 2 of the trace: \"-1\" is not"),
        ("1\nnan\n", None, "row 2 of the trace: \"nan\" is not"),
        ("minute,a\n0,1\n1,x\n", None, "row 3 of the trace: \"x\" in column \"a\" is not a number of at least 0"),
        ("minute,a\n0,1\n1,-10\n2,1\n", None, "row 3 of the trace: \"-10\" in column \"a\" is not"),
        ("minute,a\n0,1\n1,NaN\n2,1\n", None, "row 3 of the trace: \"NaN\" in column \"a\" is not"),
        ("minute,a\n0,1\n1,\n", None, "leave out a row that says nothing"),
        ("minute,a\n0,1\n0,1\n", None, "row 3 of the trace: times must rise"),
        ("minute,a\n0,1\n1,2\n", Some("b"), "no column \"b\"; it has a"),
        ("minute,a\n0,1\n", None, "at least two"),
        ("", None, "at least two"),
        ("minute,a\n0,1\n9999999,1\n", None, "three years"),
        ("second,a\n0,1\n0.1,1\n0.2,1\n", None, "less than a second apart"),
        // Rows that are lost, or columns that are none.
        ("0,600\n1,600\n", None, "row 1 of the trace: a CSV needs a header"),
        ("2026-07-01T00:00:00Z,5\n2026-07-01T00:01:00Z,5\n", None, "row 1 of the trace: a CSV needs a header"),
        ("1,5\n2,5\n", None, "with a point, as in 1.5"),
        (
            "minute,a\n0,1,5\n1,2,5\n",
            None,
            "row 2 of the trace: the number of its cells is 3, and that of the header 2",
        ),
        ("minute,a\n0\n", None, "row 2 of the trace: the number of its cells is 1"),
        ("rate\n1\n2\n", None, "row 1 of the trace: \"rate\" is no number, and no header of a CSV either"),
        ("minute;requests\n0;1\n", None, "a header of two columns with a comma between"),
        ("# by hand\n1\n2\n", None, "row 1 of the trace: a trace has no comments; take it out"),
        ("1\n# by hand\n2\n", None, "row 2 of the trace: \"# by hand\" is not a number"),
    ];
    for (text, column, expected) in cases {
        let error = refused(text, column);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

#[test]
fn rows_are_counted_as_the_lines_of_the_file() {
    for (text, row) in [
        ("1\n\n\nx\n", 4),
        ("\n\nminute,a\n\n0,1\n\n\n1,x\n", 8),
        ("minute,a\r\n0,1\r\n\r\n1,x\r\n", 4),
        ("minute,a\n0,1\n   \n1,x", 4),
        ("minute,a,note\n0,1,\"of two\nlines\"\n1,x,\n", 4),
        ("\n\n0,600\n", 3),
    ] {
        let error = refused(text, None);
        assert!(error.starts_with(&format!("row {row} of the trace: ")), "{text:?}: {error}");
    }
}
