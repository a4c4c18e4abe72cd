//! Did you mean …?

/// `; did you mean …?` with the nearest of the known names, or nothing if none is near.
#[must_use]
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, known).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The nearest of the known names, if one is near enough to be meant.
#[must_use]
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR_ENOUGH: f64 = 0.7;
    known
        .into_iter()
        .map(|name| (name, strsim::normalized_damerau_levenshtein(given, name)))
        .filter(|(_, likeness)| *likeness >= NEAR_ENOUGH)
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognized_and_a_stranger_is_not() {
        let known = ["image.mutable-tag", "image.latest-tag"];
        assert_eq!(nearest("image.mutable-tags", known), Some("image.mutable-tag"));
        assert_eq!(nearest("pod.privileged", known), None);
    }
}
