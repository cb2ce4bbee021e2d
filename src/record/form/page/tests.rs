use super::super::example::{hostile, issued, revised};
use super::*;
use crate::api::agreement_status::DetectedBy;
use crate::api::statement::{MemberStatement, UnknownCounted};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

fn plain(issued: &Issued) -> String {
    html(issued).unwrap().replace(['\u{a0}', '\u{202f}'], " ")
}

#[test]
fn the_page_holds_what_the_statement_says() {
    let page = plain(&issued());
    for told in [
        "<h1>checkout</h1>",
        "October 2026",
        "Acme Cloud GmbH",
        "Account C-1042",
        "From 1 Oct 2026, 00:00 CEST",
        "Europe/Berlin, 745 h",
        "1 of 2 objectives was missed. Due: a credit of 400.00 EUR.",
        "99.845437… %",
        "2 229 299 / 2 232 750",
        "8 931 000 in all, 13 804 bad",
        "99.789595 % if every unknown slot had been all bad, 99.845523 % if all good, each with as many events as a known one has in the mean",
        "10, 4 of them bad",
        "8 931 measured",
        "5 unknown",
        "19 h 10 min",
        "availability burns 60 times too fast",
        "Effective",
        "half up, to 0.01 EUR",
        "<dt>Credit</dt><dd>availability below 99.9 %: 10 % of the fee</dd>",
        "main http://prometheus:9090",
        "sum(increase(errors[5m]))",
        "guarantor statement verify shop/checkout-20260930t220000z-r1",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("not what was issued"));
}

#[test]
fn the_page_of_a_later_revision_tells_the_whole_way() {
    let page = plain(&revised());
    for told in [
        "Revision 2 takes the place of checkout-20260930t220000z-r1.",
        "+2 000.00 EUR, −40.00 USD, +3 days of service, +2.500000 of daily usage and −10.00 of the reward.",
        "generation 2, as amended from 1 Jul 2026 on",
        "noticed first by the customer",
        "Tier below 99.9 and at least 99.0 %",
        "Not granted: only the highest is granted",
        "From the lines to the credit in USD",
        "Cut to the most that is granted for one period.",
        "Reward, owed the other way",
        "A voucher for further purchases",
        "<strong>31 Dec 2026</strong>, over at 1 Jan 2027, 00:00 CET",
        "maintenance of 12 October was revoked",
        "Refused: notice was given 26h after the beginning",
        "declared by ann, approved by bob, announced 1 Oct 2026, 08:00 CEST",
        "2 more are not listed",
    ] {
        assert!(page.contains(told), "{told}");
    }
    assert!(page.find("Revision 2 takes").unwrap() < page.find("class=\"verdict").unwrap());
}

#[test]
fn what_a_fraction_is_a_share_of_is_told_by_its_method() {
    for (method, told) in [
        ("Events", "2 229 299 / 2 232 750 of the events were good"),
        ("MeanOfSlots", "2 229 299 / 2 232 750 is one less the mean of the error rates"),
        ("BadMinutes", "2 229 299 / 2 232 750 of the time was not bad"),
        ("Pooled", "2 229 299 / 2 232 750 of the time was not bad"),
        ("Value", "2 229 299 / 2 232 750 of the values kept their limit"),
        ("Later", "2 229 299 / 2 232 750 was attained"),
    ] {
        let mut issued = issued();
        issued.statement.objectives[0].method = method.to_owned();
        issued.statement.objectives[0].counting = "by <these> rules".to_owned();
        let page = plain(&issued);
        assert!(page.contains(told), "{method}");
        assert!(page.contains("by &#60;these&#62; rules"), "{method}");
        assert_eq!(page.matches("2 229 299 / 2 232 750 of the events were good").count() == 1, method == "Events");
    }
}

#[test]
fn the_page_needs_nothing_from_anywhere_else() {
    let page = html(&issued()).unwrap();
    for foreign in ["<script", "<link", "<img", "src=", "url(", "@import", "href="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn hostile_text_stays_text() {
    let attacks = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "'; DROP TABLE credits; --",
        "</style><b>bold</b>",
        "{{ heading.number }}{% include \"x\" %}",
        "&lt;b&gt;",
        "$(rm -rf /)`id`",
    ];
    let tags = |page: &str| page.matches('<').count();
    let expected = tags(&html(&hostile("plain")).unwrap());
    for attack in attacks {
        let page = html(&hostile(attack)).unwrap();
        assert_eq!(tags(&page), expected, "{attack} made a tag");
        assert!(!page.contains(attack) || !attack.contains(['<', '"', '&', '\'']), "{attack} stands as it is");
        let style = &page[page.find("<style>").unwrap()..page.find("</style>").unwrap()];
        assert!(!style.contains("Service level statement"), "{attack} is in the style sheet: {style}");
        let commands = &page[page.find("How to check").unwrap()..];
        assert!(commands.contains("verify NAMESPACE/STATEMENT") && !commands.contains("rm -rf"), "{commands}");
    }
}

#[test]
fn what_cannot_be_seen_is_shown() {
    let page = html(&hostile("\u{202e}evil\u{0}")).unwrap();
    assert!(!page.contains(['\u{202e}', '\u{0}']) && page.contains("\\u{202e}evil\\u{0}"));
}

#[test]
fn an_altered_statement_says_so_first() {
    let page = html(&Issued { intact: false, ..issued() }).unwrap();
    assert!(page.find("not what was issued").unwrap() < page.find("Objectives").unwrap());
}

#[test]
fn what_nobody_issued_says_so_and_names_no_cluster() {
    let page = html(&Issued { computed: true, ..issued() }).unwrap();
    assert!(page.find("Nobody has issued it").unwrap() < page.find("class=\"verdict").unwrap());
    assert!(
        page.contains("guarantor settle --agreement") && !page.contains("kubectl") && !page.contains("in the cluster")
    );
}

#[test]
fn a_statement_with_next_to_nothing_has_a_page() {
    let mut bare = issued();
    let statement = &mut bare.statement;
    (statement.parties, statement.credits) = (None, None);
    statement.objectives.truncate(1);
    let objective = &mut statement.objectives[0];
    (objective.attainment_ratio, objective.attainment) = (String::new(), String::new());
    objective.attainment_bounds = [String::new(), String::new()];
    (objective.slots.measured, objective.slots.no_traffic) = (0, 0);
    statement.violations.clear();
    statement.actions.clear();
    (bare.name, bare.at) = (String::new(), None);
    let page = plain(&bare);
    for told in ["The agreement grants no credits.", "The operator changed nothing", "no slot in which", "–"] {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("<h2>Provider</h2>") && !page.contains("Issued") && !page.contains("Bounds"));
}

#[test]
fn omitted_violations_are_counted() {
    let mut many = issued();
    many.statement.violations_omitted = 247;
    assert!(plain(&many).contains("247 more are not listed"));
}

#[test]
fn who_noticed_a_violation_first_is_told_with_when() {
    let mut noticed = issued();
    let none = super::super::terminal::text(&noticed);
    assert!(!plain(&noticed).contains("noticed first") && !none.contains("noticed first"));
    let violation = &mut noticed.statement.violations[0];
    violation.detected_by = Some(DetectedBy::Customer);
    violation.detected_at = serde_json::from_value("2026-10-12T09:10:00Z".into()).unwrap();
    for text in [plain(&noticed), super::super::terminal::text(&noticed)] {
        assert!(text.contains("noticed first by the customer, 12 Oct 2026, 11:10"), "{text}");
    }
}

#[test]
fn omitted_acts_and_causes_are_counted_on_paper_and_terminal() {
    let mut many = issued();
    (many.statement.actions_omitted, many.statement.causes_omitted) = (2_950, 1);
    for text in [plain(&many), super::super::terminal::text(&many)] {
        assert!(text.contains("2950 earlier acts are not listed."), "{text}");
        assert!(text.contains("1 cause found earlier had no room in the ledger"), "{text}");
    }
    assert!(!plain(&issued()).contains("earlier act") && !plain(&issued()).contains("no room"));
}

#[test]
fn a_long_name_is_cut_at_the_foot_of_the_paper() {
    let long = Issued { name: "a".repeat(253), ..issued() };
    assert!(plain(&long).contains(&format!("content: \"Service level statement {}…\"", "a".repeat(72))));
    assert!(plain(&issued()).contains("content: \"Service level statement checkout-20260930t220000z-r1\""));
}

#[test]
fn a_mean_that_is_not_given_exactly_says_so() {
    let mut issued = issued();
    assert!(!plain(&issued).contains('≈') && !super::super::terminal::text(&issued).contains('≈'));
    issued.statement.objectives[0].attainment_ratio = format!("1{}/2{}", "9".repeat(60), "0".repeat(60));
    let (page, table) = (plain(&issued), super::super::terminal::text(&issued));
    for told in ["≈ 1 999 999", "agrees with it to sixty places", "<dt>Fraction</dt>"] {
        assert!(page.contains(told), "{told}");
    }
    assert!(table.contains("agrees with it to sixty places") && table.contains('≈'), "{table}");
}

#[test]
fn what_was_counted_beside_events_is_told() {
    let mut issued = issued();
    let statement = &mut issued.statement;
    statement.terms.missing_data.treat_as = crate::api::agreement::TreatAs::Bad;
    let objective = &mut statement.objectives[0];
    objective.counted.unit = "seconds".to_owned();
    (objective.counted.good, objective.counted.total) = ("2591400".to_owned(), "2592000".to_owned());
    objective.counted.unknown = Some(UnknownCounted { total: "300".to_owned(), bad: "240".to_owned(), gained: None });
    objective.slots.not_deployed = 7;
    objective.displayed = "99.85".to_owned();
    (objective.covered, objective.not_covered_because) = (false, "two zones are needed".to_owned());
    objective.members.push(MemberStatement {
        name: "<incoming>".to_owned(),
        covered: true,
        deployed_seconds: 2_592_000,
        down_seconds: 600,
    });
    statement.violations[0].detected_by = Some(DetectedBy::Customer);
    statement.violations[0].detected_at = Some(Time("2026-10-12T10:05:00Z".parse().unwrap()));
    statement.credits.as_mut().unwrap().claims_open = Some(Time("2026-11-03T23:00:00Z".parse().unwrap()));
    let table = super::super::terminal::text(&issued).replace(['\u{a0}', '\u{202f}'], " ");
    let page = plain(&issued);
    for told in [
        "2 591 400 of 2 592 000 seconds good",
        "5 slots are unknown, and counted as bad: 300 seconds more, 240 of them bad, so that 2 591 460 of 2 592 300 are good.",
        "Reports round it to 99.85 %; no verdict rests on that.",
        "Not covered by the promise: two zones are needed.",
        "noticed first by the customer, 12 Oct 2026, 12:05 CEST",
        "4 Nov 2026, 00:00 CET on",
    ] {
        assert!(page.contains(told), "{told}");
        assert!(table.contains(told), "{told}\n{table}");
    }
    for told in [
        "7 not deployed",
        "<th>&#60;incoming&#62;</th><td>yes</td><td class=\"n\">2 592 000</td><td class=\"n\">600</td>",
    ] {
        assert!(page.contains(told), "{told}");
    }
}
