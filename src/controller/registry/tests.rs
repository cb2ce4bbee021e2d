//! Who is read together with whom, and who waits for whom.

use super::*;

const DAY: i64 = 86_400;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// Asks for a minute at a time, of a period that ends after so many days.
fn asks(days: i64) -> Asks {
    Asks { source: "main".to_owned(), slot_seconds: 60, asked: Arc::default(), until: at(DAY * days) }
}

fn registry() -> Registry {
    // Nobody has to be woken here.
    Registry::new(mpsc::unbounded_channel().0)
}

fn register(registry: &Registry, uid: &str, days: i64, through: i64) {
    registry.register(uid, ObjectRef::new(uid), asks(days), at(through));
}

fn due(registry: &Registry, now: i64) -> Vec<Due> {
    registry.due("main", at(now), SignedDuration::ZERO).0
}

#[test]
fn who_began_later_is_waited_for_and_a_month_is_read_once() {
    let registry = registry();
    register(&registry, "a", 30, 0);
    let mut rounds = 0;
    for round in 0.. {
        let due = due(&registry, 40 * DAY);
        if due.is_empty() {
            break;
        }
        let ranges: HashSet<_> = due.iter().map(|due| (due.from, due.to)).collect();
        assert_eq!(ranges.len(), 1, "round {round}: {due:?}");
        for due in due {
            registry.deliver(&due, Vec::new(), due.to, None);
        }
        if round == 2 {
            register(&registry, "b", 30, 0);
        }
        rounds = round + 1;
    }
    assert_eq!(rounds, 33, "three rounds alone, and thirty in which the other one is read, and met");
}

#[tokio::test(start_paused = true)]
async fn accident_23_nobody_sees_that_the_loop_is_behind() {
    let registry = registry();
    register(&registry, "a", 60, 0);
    assert_eq!(registry.take("a").since, None);
    for due in due(&registry, 120) {
        registry.deliver(&due, Vec::new(), due.to, None);
    }
    let delivered = Instant::now();
    tokio::time::sleep(std::time::Duration::from_secs(100)).await;
    for due in due(&registry, 240) {
        registry.deliver(&due, Vec::new(), due.to, None);
    }
    assert_eq!(registry.take("a").since, Some(delivered), "since the first that was not taken");
    assert_eq!(registry.take("a").since, None);
}

#[test]
fn who_is_in_time_waits_for_nobody() {
    let registry = registry();
    register(&registry, "behind", 60, 0);
    register(&registry, "in-time", 60, 40 * DAY - 60);
    register(&registry, "other-period", 30, 10 * DAY);
    assert_eq!(due(&registry, 40 * DAY).len(), 3);
}

#[test]
fn nobody_waits_for_one_whose_rounds_fail() {
    let registry = registry();
    register(&registry, "fails", 60, 0);
    register(&registry, "reads", 60, 10 * DAY);
    let first = due(&registry, 40 * DAY);
    assert_eq!(first.iter().map(|due| due.uid.as_str()).collect::<Vec<_>>(), ["fails"]);
    registry.deliver(&first[0], Vec::new(), first[0].from, None);
    assert_eq!(due(&registry, 40 * DAY).len(), 2);
}

#[test]
fn rounds_end_at_the_same_instants_wherever_they_begin() {
    let registry = registry();
    register(&registry, "a", 60, 3600);
    let first = due(&registry, 40 * DAY).remove(0);
    assert_eq!((first.from, first.to), (at(3600), at(DAY)));
    registry.deliver(&first, Vec::new(), first.to, None);
    let second = due(&registry, 40 * DAY).remove(0);
    assert_eq!((second.from, second.to), (at(DAY), at(2 * DAY)));
}
