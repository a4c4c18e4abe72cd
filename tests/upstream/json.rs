//! Strategies for JSON as people write it: fields that are there, absent or null.

use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

/// A field's value, or that there is no such field.
pub(crate) type Field = BoxedStrategy<Option<Value>>;

/// One of these; a text that is here twice comes up twice as often.
pub(crate) fn any_of<T: Into<Value> + Copy + std::fmt::Debug + 'static>(
    values: &'static [T],
) -> BoxedStrategy<Value> {
    select(values).prop_map(Into::into).boxed()
}

/// A list.
pub(crate) fn list(
    of: impl Strategy<Value = Value> + 'static,
    size: impl Into<SizeRange>,
) -> BoxedStrategy<Value> {
    vec(of, size).prop_map(Value::from).boxed()
}

/// An object with keys that are drawn, too.
pub(crate) fn map(
    keys: BoxedStrategy<Value>,
    values: BoxedStrategy<Value>,
    size: impl Into<SizeRange>,
) -> BoxedStrategy<Value> {
    let named = |(key, value): (Value, Value)| (key.as_str().unwrap_or_default().to_owned(), value);
    vec((keys, values), size).prop_map(move |pairs| pairs.into_iter().map(named).collect()).boxed()
}

/// An object with these fields.
pub(crate) fn object<const N: usize>(fields: [(&'static str, Field); N]) -> BoxedStrategy<Value> {
    let (names, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    let build = move |values: Vec<Option<Value>>| -> Value {
        let present = names.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
        present.collect::<Map<_, _>>().into()
    };
    values.prop_map(build).boxed()
}

/// A field that is there.
pub(crate) fn always(value: impl Strategy<Value = Value> + 'static) -> Field {
    value.prop_map(Some).boxed()
}

/// A field with this value.
pub(crate) fn fixed(value: impl Into<Value>) -> Field {
    always(Just(value.into()))
}

/// A field that is there in so many of a hundred objects, and absent or null in the others.
pub(crate) fn maybe(percent: u32, value: impl Strategy<Value = Value> + 'static) -> Field {
    let absent = 100 - percent;
    prop_oneof![
        absent * 3 => Just(None),
        absent => Just(Some(Value::Null)),
        percent * 4 => value.prop_map(Some),
    ]
    .boxed()
}
