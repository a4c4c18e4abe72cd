//! What a patch makes of an object.

use serde_json::{Map, Value};

use crate::engine::control::Patch;
use crate::facts::Step;

/// Sets or, for null, removes the value at a patch's path. Maps on the way are made, items of lists are not. Nothing, if
/// the path has no place in the object.
pub(super) fn apply(object: &mut Value, patch: &Patch) -> Option<()> {
    let (end, way) = patch.path.steps().split_last()?;
    let mut here = object;
    for step in way {
        here = match step {
            Step::Index(index) => here.get_mut(index)?,
            Step::Key(key) => map(here)?.entry(&**key).or_insert(Value::Null),
        };
    }
    match end {
        Step::Key(key) if patch.value.is_null() => drop(map(here)?.remove(&**key)),
        Step::Key(key) => drop(map(here)?.insert(key.to_string(), patch.value.clone())),
        Step::Index(index) => *here.get_mut(index).filter(|_| !patch.value.is_null())? = patch.value.clone(),
    }
    Some(())
}

/// The map that a value is, or that takes the place of null.
fn map(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if value.is_null() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}
