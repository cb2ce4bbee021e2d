//! Watches: the log of changes as a stream of JSON lines.
//!
//! Takes a cursor into the log; gives ADDED, MODIFIED, DELETED, BOOKMARK and ERROR lines as the client's link lets them through.
//! An object that enters or leaves the selection is reported as added or deleted. Sleeps only on tokio's clock.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use http_body::Frame;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::incoming::Incoming;
use super::object;
use super::read;
use super::refusal::{self, Refusal};
use super::route::Target;
use super::selector::Filter;
use super::state::{Shared, State};
use super::store::Change;

/// How often an idle watch gets a bookmark, as the watch cache sends them.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// An accepted watch.
#[derive(Debug)]
pub(super) struct WatchRequest {
    link: String,
    target: Target,
    filter: Filter,
    cursor: u64,
    pending: VecDeque<String>,
    timeout: Option<Duration>,
    bookmarks: bool,
    metadata_only: bool,
    ended: bool,
    crashes: u64,
    expirations: u64,
    closings: u64,
}

impl WatchRequest {
    /// Opens a watch at the revision asked for, or with the present objects if none was.
    ///
    /// # Errors
    /// 400 for a resourceVersion that is no number. One that is too old is answered in the stream, as a real server does.
    pub(super) fn open(
        state: &mut State,
        link: &str,
        target: &Target,
        filter: Filter,
        incoming: &Incoming,
    ) -> Result<Self, Refusal> {
        let since = incoming.revision()?.filter(|revision| *revision > 0);
        let initial = incoming.flag("sendInitialEvents");
        let (lag, crashes) = {
            let link = state.link(link);
            (link.cache_revision(), link.crashes())
        };
        let newest = lag.unwrap_or_else(|| state.store.revision());
        let mut watch = Self {
            link: link.to_owned(),
            target: target.clone(),
            filter,
            cursor: since.unwrap_or(newest),
            pending: VecDeque::new(),
            timeout: incoming.timeout(),
            bookmarks: incoming.flag("allowWatchBookmarks"),
            metadata_only: incoming.wants_metadata_only(),
            ended: false,
            crashes,
            expirations: state.expirations,
            closings: state.closings,
        };
        if since.is_none() || initial {
            watch.cursor = newest;
            let snapshot = state.store.at(newest);
            for (_, object) in read::collection(&snapshot, target) {
                if watch.filter.matches(object) {
                    watch.report("ADDED", object);
                }
            }
            if initial && watch.bookmarks {
                watch.bookmark(true);
            }
        } else if let Some(since) = since
            && since < state.store.oldest()
        {
            watch.expire(since, state.store.oldest());
        }
        Ok(watch)
    }

    /// The stream of the watch.
    pub(super) fn stream(self, shared: Shared) -> impl Stream<Item = Result<Frame<Bytes>, io::Error>> {
        let now = Instant::now();
        let run = Run {
            deadline: self.timeout.map(|timeout| now + timeout),
            next_bookmark: now + BOOKMARK_EVERY,
            bell: shared.listen(),
            watch: self,
            shared,
            broken: false,
        };
        futures::stream::unfold(run, Run::next)
    }

    fn report(&mut self, event: &str, object: &Value) {
        let shown = read::show(&self.target.kind, object, self.metadata_only);
        self.push(&json!({"type": event, "object": shown}));
    }

    fn push(&mut self, event: &Value) {
        self.pending.push_back(format!("{event}\n"));
    }

    fn bookmark(&mut self, initial_events_end: bool) {
        let mut object = json!({
            "apiVersion": self.target.kind.api_version(),
            "kind": self.target.kind.kind,
            "metadata": {"resourceVersion": self.cursor.to_string(), "creationTimestamp": null},
        });
        if initial_events_end {
            let mark = json!({"k8s.io/initial-events-end": "true"});
            object::set(&mut object, "/metadata/annotations", mark);
        }
        self.push(&json!({"type": "BOOKMARK", "object": object}));
    }

    fn expire(&mut self, asked: u64, oldest: u64) {
        let status = refusal::expired(asked, oldest);
        self.push(&json!({"type": "ERROR", "object": refusal::document(&status)}));
        self.ended = true;
    }

    /// Takes what the log has for this watch.
    ///
    /// # Errors
    /// The client lost the server.
    fn pump(&mut self, state: &mut State) -> Result<(), io::Error> {
        let link = state.link(&self.link);
        if link.crashes() != self.crashes {
            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
        }
        if link.partitioned {
            return Ok(());
        }
        let until = link.cache_revision().unwrap_or(u64::MAX);
        if state.expirations != self.expirations {
            self.expire(self.cursor, state.store.revision());
            return Ok(());
        }
        let link = state.links.get(&self.link);
        let mut seen = self.cursor;
        for (index, change) in state.store.changes_after(self.cursor) {
            if change.revision > until {
                break;
            }
            seen = change.revision;
            if !link.is_some_and(|link| link.hides(index)) {
                self.take(change);
            }
        }
        self.cursor = seen;
        self.ended |= state.closings != self.closings;
        Ok(())
    }

    fn take(&mut self, change: &Change) {
        if change.key.resource != self.target.kind.resource() || !read::within(&self.target, &change.key) {
            return;
        }
        let selected = |object: &Value| self.filter.matches(object);
        let before = change.before.as_deref().is_some_and(selected);
        let after = change.after.as_deref().is_some_and(selected);
        match (before, after) {
            (false, true) => self.report("ADDED", &change.last),
            (true, true) => self.report("MODIFIED", &change.last),
            (true, false) => self.report("DELETED", &change.last),
            (false, false) => {}
        }
    }
}

struct Run {
    watch: WatchRequest,
    shared: Shared,
    bell: tokio::sync::watch::Receiver<()>,
    deadline: Option<Instant>,
    next_bookmark: Instant,
    broken: bool,
}

impl Run {
    async fn next(mut self) -> Option<(Result<Frame<Bytes>, io::Error>, Self)> {
        loop {
            if let Some(line) = self.watch.pending.pop_front() {
                return Some((Ok(Frame::data(Bytes::from(line))), self));
            }
            if self.broken || self.watch.ended {
                return None;
            }
            // Marked before looking, so that a change made in between still wakes us.
            self.bell.mark_unchanged();
            let (pumped, silent) = {
                let mut state = self.shared.look();
                let silent = state.link(&self.watch.link).partitioned;
                (self.watch.pump(&mut state), silent)
            };
            if let Err(error) = pumped {
                self.broken = true;
                return Some((Err(error), self));
            }
            if self.watch.pending.is_empty() && !self.watch.ended {
                self.wait(silent).await;
            }
        }
    }

    // A partitioned client sees neither bookmarks nor the end of the stream.
    async fn wait(&mut self, silent: bool) {
        let far = Instant::now() + Duration::from_secs(86_400 * 365);
        let deadline = self.deadline.filter(|_| !silent).unwrap_or(far);
        let bookmark = if silent || !self.watch.bookmarks { far } else { self.next_bookmark };
        tokio::select! {
            biased;
            rung = self.bell.changed() => self.watch.ended |= rung.is_err(),
            () = sleep_until(deadline) => self.watch.ended = true,
            () = sleep_until(bookmark) => {
                self.next_bookmark = bookmark + BOOKMARK_EVERY;
                self.watch.bookmark(false);
            }
        }
    }
}
