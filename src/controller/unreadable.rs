//! Objects that cannot be read, as those written under another version of their definition: each is told of and taken
//! out of what is worked on, and all others go on.
//!
//! A list or a watch of typed objects fails as a whole at the first one that does not fit the type, for every operator
//! and for ever. Here every object is read by itself (kube's `DeserializeGuard`).

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Resource;
use kube::core::{DeserializeGuard, error_boundary::InvalidObject};
use kube::runtime::events::Recorder;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher::Event;
use tokio::time::Instant;

use crate::record::event;
use crate::runtime::leader::Fence;

/// Tells of what cannot be read.
#[derive(Clone)]
pub(super) struct Unreadable {
    pub(super) recorder: Recorder,
    pub(super) fence: Fence,
}

impl Unreadable {
    /// What of a watch's event is about objects that can be read. An object that no longer can be is gone as far as
    /// `known` goes: to work on with what it was before it was changed would be to keep what nobody wants any more.
    pub(super) fn pass<K>(&self, event: Event<DeserializeGuard<K>>, known: &Store<K>) -> Option<Event<K>>
    where
        K: Resource<DynamicType = ()> + Clone,
    {
        match event {
            Event::Init => Some(Event::Init),
            Event::InitDone => Some(Event::InitDone),
            Event::InitApply(DeserializeGuard(Ok(object))) => Some(Event::InitApply(object)),
            Event::Apply(DeserializeGuard(Ok(object))) => Some(Event::Apply(object)),
            Event::Delete(DeserializeGuard(Ok(object))) => Some(Event::Delete(object)),
            Event::InitApply(DeserializeGuard(Err(invalid))) => {
                self.tell::<K>(&invalid);
                None
            }
            Event::Apply(DeserializeGuard(Err(invalid))) => {
                self.tell::<K>(&invalid);
                remembered(&invalid, known).map(Event::Delete)
            }
            Event::Delete(DeserializeGuard(Err(invalid))) => remembered(&invalid, known).map(Event::Delete),
        }
    }

    fn tell<K: Resource<DynamicType = ()>>(&self, invalid: &InvalidObject) {
        let kind = K::kind(&());
        let meta = &invalid.metadata;
        let (namespace, name) =
            (meta.namespace.as_deref().unwrap_or_default(), meta.name.as_deref().unwrap_or_default());
        tracing::error!(%kind, %namespace, %name, error = %invalid.error, "an object cannot be read and is left alone");
        if !self.fence.leads(Instant::now()) {
            return;
        }
        let about = ObjectReference {
            api_version: Some(K::api_version(&()).into_owned()),
            kind: Some(kind.into_owned()),
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            ..ObjectReference::default()
        };
        event::publish(&self.recorder, about, vec![event::unreadable(&invalid.error)]);
    }
}

/// The object as it could be read last.
fn remembered<K>(invalid: &InvalidObject, known: &Store<K>) -> Option<K>
where
    K: Resource<DynamicType = ()> + Clone,
{
    let mut reference = ObjectRef::new(invalid.metadata.name.as_deref().unwrap_or_default());
    reference.namespace.clone_from(&invalid.metadata.namespace);
    known.get(&reference).map(|object| K::clone(&object))
}
