//! From a tree to the types that ask for it, as strict as the API server.
//!
//! - A number is no string and a string no number.
//! - A key whose value is null counts as absent; null in a list, or as the whole document, is the empty value of its type,
//!   which is what Go makes of it.
//! - Unknown keys are passed over, and whole floats are whole numbers (`kubectl` rewrites `2.0` as `2`).

use std::fmt;

use serde::Deserialize;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};

use super::node::push_segment;
use super::scalar::whole;
use super::{Key, Node, Position, Segment, Value};

/// Decodes a tree into any type that derives `Deserialize`. Strings can be borrowed from the tree.
pub fn decode<'de, T: Deserialize<'de>>(node: &'de Node<'de>) -> Result<T, DecodeError> {
    T::deserialize(node)
}

/// What a tree holds in place of what a type asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// The field, such as `spec.containers[0].image`; empty for the whole tree.
    pub path: String,
    /// Where the value stands in the file, or the value that lacks a required one.
    pub position: Position,
    /// What was expected and what was found.
    pub message: String,
    placed: bool,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

impl std::error::Error for DecodeError {}

impl DecodeError {
    fn expected(what: &str, node: &Node<'_>) -> Self {
        Self::new(format!("expected {what}, found {}", found(node))).at(node.position)
    }

    fn new(message: String) -> Self {
        Self { path: String::new(), position: Position::START, message, placed: false }
    }

    /// Places the error, unless it already has a more exact place.
    fn at(mut self, position: Position) -> Self {
        if !self.placed {
            self.position = position;
            self.placed = true;
        }
        self
    }

    fn within(mut self, segment: Segment<'_>) -> Self {
        let mut path = String::new();
        push_segment(&mut path, segment);
        if !self.path.is_empty() && !self.path.starts_with('[') {
            path.push('.');
        }
        path.push_str(&self.path);
        self.path = path;
        self
    }
}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        if message.starts_with("data did not match any variant of untagged enum") {
            return Self::new("the value has none of the shapes that are accepted here".to_owned());
        }
        Self::new(message)
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(format!(
            "expected {}, found {}",
            wanted(&expected.to_string()),
            unexpected_text(&unexpected)
        ))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        Self::new(format!("expected {}, found {length} items", wanted(&expected.to_string())))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("expected {}, found `{}`", one_of(expected), quoted(variant)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("unknown field `{field}`; expected {}", one_of(expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}` is required, and missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}` is set twice; keep one"))
    }
}

/// What was found, as the file's author would say it.
fn found(node: &Node<'_>) -> String {
    match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Int(value) => format!("`{value}`"),
        Value::UInt(value) => format!("`{value}`"),
        Value::Float(value) => format!("`{value:?}`"),
        Value::String(text) => format!("`{}`", quoted(text)),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    }
}

fn unexpected_text(unexpected: &Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("`{value}`"),
        Unexpected::Float(value) => format!("`{value:?}`"),
        Unexpected::Char(value) => format!("`{}`", quoted(&value.to_string())),
        Unexpected::Str(text) => format!("`{}`", quoted(text)),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map".to_owned(),
        _ => "another kind of value".to_owned(),
    }
}

/// A text in double quotes, cut to what fits a line.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        None => format!("{text:?}"),
        Some((end, _)) => format!("{:?}…", text.get(..end).unwrap_or_default()),
    }
}

/// What a type asks for, without the names that only a program knows.
fn wanted(expected: &str) -> &str {
    match expected {
        "i8" | "i16" | "i32" | "i64" | "i128" | "u8" | "u16" | "u32" | "u64" | "u128" | "isize" | "usize"
        | "integer" => "a whole number",
        "f32" | "f64" => "a number",
        "bool" | "a boolean" => "true or false",
        "a sequence" => "a list",
        "unit" | "unit struct" => "nothing",
        other if other.starts_with("struct ") || other.starts_with("enum ") => "a map",
        other
            if other.starts_with("tuple ")
                || other.starts_with("a tuple ")
                || other.starts_with("an array ") =>
        {
            "a list"
        }
        // A lone CamelCase word is the name of a type.
        other if other.starts_with(char::is_uppercase) && !other.contains(' ') => "another kind of value",
        other => other,
    }
}

fn one_of(expected: &[&str]) -> String {
    match expected {
        [] => "nothing here".to_owned(),
        [only] => format!("`{only}`"),
        _ => format!(
            "one of {}",
            expected.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    }
}

macro_rules! whole_numbers {
    ($($method:ident, $visit:ident, $type:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            let value = match &self.value {
                Value::Null => Some(0),
                Value::Int(value) => <$type>::try_from(*value).ok(),
                Value::UInt(value) => <$type>::try_from(*value).ok(),
                Value::Float(value) => match whole(*value) {
                    Some(value) => <$type>::try_from(value).ok(),
                    None => return Err(DecodeError::expected("a whole number", self)),
                },
                _ => return Err(DecodeError::expected("a whole number", self)),
            };
            match value {
                Some(value) => visitor.$visit(value).map_err(|error: DecodeError| error.at(self.position)),
                None => Err(DecodeError::expected(
                    &format!("a whole number from {} to {}", <$type>::MIN, <$type>::MAX),
                    self,
                )),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &'de Node<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::UInt(value) => visitor.visit_u64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visit_list(items, visitor),
            Value::Map(entries) => visitor.visit_map(Entries::new(entries, Nulls::Kept)),
        }
        .map_err(|error: DecodeError| error.at(self.position))
    }

    whole_numbers! {
        deserialize_i8, visit_i8, i8;
        deserialize_i16, visit_i16, i16;
        deserialize_i32, visit_i32, i32;
        deserialize_i64, visit_i64, i64;
        deserialize_u8, visit_u8, u8;
        deserialize_u16, visit_u16, u16;
        deserialize_u32, visit_u32, u32;
        deserialize_u64, visit_u64, u64;
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::Null => visitor.visit_bool(false),
            Value::Bool(value) => visitor.visit_bool(*value),
            _ => return Err(DecodeError::expected("true or false", self)),
        }
        .map_err(|error: DecodeError| error.at(self.position))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_f64(visitor)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a whole number where a float is asked for is the nearest float"
    )]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::Null => visitor.visit_f64(0.0),
            Value::Int(value) => visitor.visit_f64(*value as f64),
            Value::UInt(value) => visitor.visit_f64(*value as f64),
            Value::Float(value) => visitor.visit_f64(*value),
            _ => return Err(DecodeError::expected("a number", self)),
        }
        .map_err(|error: DecodeError| error.at(self.position))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::Null => visitor.visit_borrowed_str(""),
            Value::String(text) => visitor.visit_borrowed_str(text),
            _ => return Err(DecodeError::expected("a string", self)),
        }
        .map_err(|error: DecodeError| error.at(self.position))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::List(items) => visit_list(items, visitor).map_err(|error| error.at(self.position)),
            Value::String(text) => visitor
                .visit_borrowed_bytes(text.as_bytes())
                .map_err(|error: DecodeError| error.at(self.position)),
            _ => self.deserialize_str(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
            .map_err(|error: DecodeError| error.at(self.position))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if !self.is_null() {
            return Err(DecodeError::expected("nothing", self));
        }
        visitor.visit_unit().map_err(|error: DecodeError| error.at(self.position))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self).map_err(|error: DecodeError| error.at(self.position))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::Null => visit_list(&[], visitor),
            Value::List(items) => visit_list(items, visitor),
            _ => return Err(DecodeError::expected("a list", self)),
        }
        .map_err(|error| error.at(self.position))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.value {
            Value::Null => visitor.visit_map(Entries::new(&[], Nulls::Dropped)),
            Value::Map(entries) => visitor.visit_map(Entries::new(entries, Nulls::Dropped)),
            _ => return Err(DecodeError::expected("a map", self)),
        }
        .map_err(|error: DecodeError| error.at(self.position))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let (name, place, content) = match &self.value {
            Value::String(text) => (&**text, self.position, None),
            Value::Map(entries) => match entries.as_slice() {
                [(key, value)] => (&*key.text, key.position, Some(value)),
                _ => {
                    return Err(DecodeError::expected(
                        &format!("a map with {} alone", one_of(variants)),
                        self,
                    ));
                }
            },
            _ => return Err(DecodeError::expected(&one_of(variants), self)),
        };
        visitor
            .visit_enum(Variant { name, place, content })
            .map_err(|error: DecodeError| error.at(self.position))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }
}

fn visit_list<'de, V: Visitor<'de>>(items: &'de [Node<'de>], visitor: V) -> Result<V::Value, DecodeError> {
    let mut access = Items { items: items.iter(), next: 0 };
    let value = visitor.visit_seq(&mut access)?;
    if access.items.len() > 0 {
        return Err(DecodeError::new(format!(
            "expected a list of {} items, found {}",
            access.next,
            items.len()
        )));
    }
    Ok(value)
}

struct Items<'de> {
    items: std::slice::Iter<'de, Node<'de>>,
    next: usize,
}

impl<'de> SeqAccess<'de> for &mut Items<'de> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        let Some(item) = self.items.next() else {
            return Ok(None);
        };
        let index = self.next;
        self.next += 1;
        seed.deserialize(item)
            .map(Some)
            .map_err(|error| error.at(item.position).within(Segment::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// What to do with keys whose value is null.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    /// Pass over them: a type asks for its fields.
    Dropped,
    /// Keep them: the whole tree is copied.
    Kept,
}

struct Entries<'de> {
    rest: std::slice::Iter<'de, (Key<'de>, Node<'de>)>,
    nulls: Nulls,
    current: Option<&'de (Key<'de>, Node<'de>)>,
}

impl<'de> Entries<'de> {
    fn new(entries: &'de [(Key<'de>, Node<'de>)], nulls: Nulls) -> Self {
        Self { rest: entries.iter(), nulls, current: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let kept = self.nulls == Nulls::Kept;
        self.current = self.rest.find(|(_, value)| kept || !value.is_null());
        let Some((key, _)) = self.current else {
            return Ok(None);
        };
        seed.deserialize(BorrowedStrDeserializer::new(&key.text))
            .map(Some)
            .map_err(|error: DecodeError| error.at(key.position).within(Segment::Key(&key.text)))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let Some((key, value)) = self.current.take() else {
            return Err(DecodeError::new("a value was asked for before its key".to_owned()));
        };
        seed.deserialize(value).map_err(|error| error.at(value.position).within(Segment::Key(&key.text)))
    }
}

struct Variant<'de> {
    name: &'de str,
    place: Position,
    content: Option<&'de Node<'de>>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = DecodeError;
    type Variant = Content<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'de>), DecodeError> {
        let value = seed
            .deserialize(BorrowedStrDeserializer::new(self.name))
            .map_err(|error: DecodeError| error.at(self.place))?;
        Ok((value, Content { variant: self.name, place: self.place, node: self.content }))
    }
}

struct Content<'de> {
    variant: &'de str,
    place: Position,
    node: Option<&'de Node<'de>>,
}

impl<'de> Content<'de> {
    fn node(&self) -> Result<&'de Node<'de>, DecodeError> {
        self.node.ok_or_else(|| {
            DecodeError::new(format!(
                "expected a map with `{0}` and what belongs to it, found `{0}` alone",
                self.variant
            ))
            .at(self.place)
        })
    }

    fn within(&self) -> impl Fn(DecodeError) -> DecodeError + use<'de> {
        let variant = self.variant;
        move |error| error.within(Segment::Key(variant))
    }
}

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.node {
            Some(node) if !node.is_null() => Err((self.within())(DecodeError::expected("nothing", node))),
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DecodeError> {
        seed.deserialize(self.node()?).map_err(self.within())
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.node()?.deserialize_tuple(length, visitor).map_err(self.within())
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.node()?.deserialize_struct("", fields, visitor).map_err(self.within())
    }
}

#[cfg(test)]
mod tests;
