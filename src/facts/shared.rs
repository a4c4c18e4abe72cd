//! Parts of objects that many of them have alike: kept once.

use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::{FixedState, RandomState};
use serde::{Deserialize, Deserializer};

use super::container::{ContainerPort, Handler, Lifecycle, VolumeMount};
use super::list::List;
use super::scheduling::Toleration;
use super::security::{PodSecurityContext, SecurityContext};
use super::service::ServicePort;
use super::text::TextMap;

/// How many recently seen values of a type each thread remembers. Bounded: a slot is overwritten by the next value that
/// falls on it.
const SLOTS: usize = 256;

/// Values of more bytes than this are rarely repeated and are not remembered: nobody makes a process keep large ones.
const LARGEST: usize = 4096;

/// Counts the bytes that a value consists of while it is hashed.
struct Counting<H> {
    hasher: H,
    bytes: usize,
}

impl<H: Hasher> Hasher for Counting<H> {
    fn write(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.hasher.write(bytes);
    }

    fn finish(&self) -> u64 {
        self.hasher.finish()
    }
}

/// A handle to a value, of which each thread remembers those that it saw last: what is decoded again shares them.
pub(super) trait Recent: Clone + Eq + Hash + 'static {
    /// What this thread remembers.
    fn recent<R>(look: impl FnOnce(&mut Vec<Option<Self>>) -> R) -> R;

    /// The same value, shared with one seen recently on this thread.
    fn shared(self) -> Self {
        let mut counting = Counting { hasher: FixedState::default().build_hasher(), bytes: 0 };
        self.hash(&mut counting);
        if counting.bytes > LARGEST {
            return self;
        }
        Self::recent(|recent| {
            let slot = usize::try_from(counting.finish()).unwrap_or_default() % SLOTS;
            let Some(slot) = recent.get_mut(slot) else { return self };
            match slot {
                Some(known) if *known == self => known.clone(),
                _ => slot.insert(self).clone(),
            }
        })
    }
}

macro_rules! recent {
    ($($handle:ty),+ $(,)?) => {$(
        impl Recent for $handle {
            fn recent<R>(look: impl FnOnce(&mut Vec<Option<Self>>) -> R) -> R {
                thread_local! {
                    static RECENT: RefCell<Vec<Option<$handle>>> = RefCell::new(vec![None; SLOTS]);
                }
                RECENT.with_borrow_mut(look)
            }
        }
    )+};
}

recent!(
    Arc<Handler>,
    Arc<Lifecycle>,
    Arc<PodSecurityContext>,
    Arc<SecurityContext>,
    List<ContainerPort>,
    List<ServicePort>,
    List<Toleration>,
    List<VolumeMount>,
    TextMap,
);

/// A part that may be absent.
pub(super) fn part<'de, D, T>(deserializer: D) -> Result<Option<Arc<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
    Arc<T>: Recent,
{
    Ok(Option::<T>::deserialize(deserializer)?.map(|part| Arc::new(part).shared()))
}

/// A list or a map; `null` is an empty one.
pub(super) fn whole<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default + Recent,
{
    Ok(Option::<T>::deserialize(deserializer)?.map(Recent::shared).unwrap_or_default())
}

/// A handle to a value that may be shared.
pub trait Handle: Eq + Hash + Clone {
    /// Whether nobody else has it.
    fn is_alone(&self) -> bool;
}

impl<T: Eq + Hash> Handle for Arc<T> {
    fn is_alone(&self) -> bool {
        Self::strong_count(self) == 1
    }
}

/// Values of which each is kept once, as long as anybody has it.
#[derive(Debug, Clone)]
pub struct Pool<H> {
    known: HashSet<H, RandomState>,
    /// With so many it is time to look for those that nobody has any more.
    full: usize,
}

/// A pool with fewer isn't worth a look.
const FEW: usize = 1024;

impl<H> Default for Pool<H> {
    fn default() -> Self {
        Self { known: HashSet::default(), full: FEW }
    }
}

impl<H: Handle> Pool<H> {
    /// The same value, as it is kept.
    pub fn share(&mut self, value: H) -> H {
        if let Some(known) = self.known.get(&value) {
            return known.clone();
        }
        if self.known.len() >= self.full {
            self.known.retain(|known| !known.is_alone());
            self.full = FEW.max(self.known.len().saturating_mul(2));
        }
        self.known.insert(value.clone());
        value
    }
}

/// What is shared says nothing of what is.
impl<H> PartialEq for Pool<H> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Text;

    #[test]
    fn equal_parts_are_one() {
        let ports = || List::from(vec![ContainerPort { container_port: Some(80), ..Default::default() }]);
        let (first, second) = (ports().shared(), ports().shared());
        assert_eq!(first.as_ptr(), second.as_ptr());
    }

    #[test]
    fn what_is_large_is_not_remembered() {
        let labels = |number: usize| -> TextMap {
            (0..number).map(|it| (it.to_string(), "a value of some bytes".to_owned())).collect()
        };
        let remembered = |number| {
            labels(number).shared();
            TextMap::recent(|recent| recent.iter().flatten().any(|it| *it == labels(number)))
        };
        assert!(remembered(10));
        assert!(!remembered(10_000));
    }

    #[test]
    fn a_pool_lets_go_of_what_nobody_has() {
        let mut pool = Pool::default();
        let kept = pool.share(Arc::new(Text::from("kept")));
        for number in 0..10 * FEW {
            pool.share(Arc::new(Text::from(number.to_string())));
        }
        assert!(pool.known.len() <= FEW + 1);
        assert!(Arc::ptr_eq(&kept, &pool.share(Arc::new(Text::from("kept")))));
    }
}
