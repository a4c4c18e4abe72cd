//! The catalogue: every control by its id.

use super::control::Control;
use super::suggest::did_you_mean;
use crate::controls::CATALOGUE;

/// Every control, sorted by id.
#[must_use]
pub fn all() -> &'static [&'static Control] {
    CATALOGUE
}

/// The control with this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Control> {
    let found = CATALOGUE.binary_search_by(|control| control.id.cmp(id)).ok()?;
    CATALOGUE.get(found).copied()
}

/// The controls of a family.
pub fn family(family: &str) -> impl Iterator<Item = &'static Control> {
    CATALOGUE.iter().copied().filter(move |control| control.family() == family)
}

/// Whether a selector, an exact id or a family such as `pod.*`, covers a control.
#[must_use]
pub fn covers(selector: &str, id: &str) -> bool {
    match selector.strip_suffix(".*") {
        Some(family) => id.split_once('.').is_some_and(|(of, _)| of == family),
        None => selector == id,
    }
}

/// What to say of an id or family that the catalogue doesn't have.
///
/// # Errors
/// In words, with the nearest known one.
pub fn check_selector(selector: &str) -> Result<(), String> {
    if CATALOGUE.iter().any(|control| covers(selector, control.id)) {
        return Ok(());
    }
    let families = CATALOGUE.iter().map(|control| control.family());
    if let Some(given) = selector.strip_suffix(".*") {
        return Err(format!("no family `{given}`{}", did_you_mean(given, families)));
    }
    let ids = CATALOGUE.iter().map(|control| control.id);
    Err(format!("no control `{selector}`{}", did_you_mean(selector, ids)))
}
