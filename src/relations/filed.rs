//! What selects pods, filed so that few of many are compared with each pod.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::facts::{Selector, Text, TextMap};

/// Things of one namespace that select pods: those with the same selector are one, and each stands under the rarest of the
/// labels that it asks for.
#[derive(Debug)]
pub(super) struct Filed<T> {
    /// By label and value.
    by_label: BTreeMap<Text, BTreeMap<Text, Vec<(Selector, T)>>>,
    /// Those that ask for no label by its value.
    others: Vec<(Selector, T)>,
}

impl<T> Default for Filed<T> {
    fn default() -> Self {
        Self { by_label: BTreeMap::new(), others: Vec::new() }
    }
}

impl<T> Filed<T> {
    /// Files things; what has the same selector as a thing before it is added to that one.
    pub(super) fn new(things: Vec<(Selector, T)>, add: impl Fn(&mut T, T)) -> Self {
        let mut merged: BTreeMap<Selector, T> = BTreeMap::new();
        for (selector, thing) in things {
            match merged.entry(selector) {
                Entry::Occupied(mut known) => add(known.get_mut(), thing),
                Entry::Vacant(free) => drop(free.insert(thing)),
            }
        }
        let mut uses: BTreeMap<(Text, Text), usize> = BTreeMap::new();
        for selector in merged.keys() {
            for (key, value) in selector.match_labels.iter() {
                *uses.entry((key.clone(), value.clone())).or_default() += 1;
            }
        }
        let mut filed = Self::default();
        for (selector, thing) in merged {
            let labels = selector.match_labels.iter().map(|(key, value)| (key.clone(), value.clone()));
            match labels.min_by_key(|label| uses.get(label).copied()) {
                Some((key, value)) => {
                    let values = filed.by_label.entry(key).or_default();
                    values.entry(value).or_default().push((selector, thing));
                }
                None => filed.others.push((selector, thing)),
            }
        }
        filed
    }

    /// The things that select pods with these labels.
    pub(super) fn selecting<'a>(&'a self, labels: &'a TextMap) -> impl Iterator<Item = &'a T> {
        let by_label = labels.iter().filter_map(|(key, value)| self.by_label.get(key)?.get(value)).flatten();
        let candidates = by_label.chain(&self.others);
        candidates.filter(|(selector, _)| selector.matches(labels)).map(|(_, thing)| thing)
    }

    /// The things that select every pod.
    pub(super) fn of_every_pod(&self) -> impl Iterator<Item = &T> {
        self.others.iter().filter(|(selector, _)| selector.is_empty()).map(|(_, thing)| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selector(labels: &[(&str, &str)]) -> Selector {
        Selector { match_labels: labels.iter().copied().collect(), ..Selector::default() }
    }

    fn filed(selectors: &[&[(&str, &str)]]) -> Filed<Vec<usize>> {
        let things = selectors.iter().enumerate().map(|(number, labels)| (selector(labels), vec![number]));
        Filed::new(things.collect(), Vec::extend)
    }

    #[test]
    fn what_selects_is_found_by_any_of_its_labels() {
        let filed =
            filed(&[&[("app", "cart"), ("tier", "web")], &[("app", "cart")], &[], &[("app", "other")]]);
        let labels = [("app", "cart"), ("tier", "web")].into_iter().collect();
        let mut found: Vec<usize> = filed.selecting(&labels).flatten().copied().collect();
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2]);
        assert_eq!(filed.of_every_pod().flatten().copied().collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn the_same_selector_is_compared_once() {
        let same: Vec<&[(&str, &str)]> = vec![&[("app", "cart")]; 50];
        let filed = filed(&same);
        assert_eq!(filed.by_label["app"]["cart"].len(), 1);
        let labels = [("app", "cart")].into_iter().collect();
        assert_eq!(filed.selecting(&labels).flatten().count(), 50);
    }

    #[test]
    fn many_with_one_label_in_common_stand_under_the_other() {
        let numbers: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        let selectors: Vec<Vec<(&str, &str)>> =
            numbers.iter().map(|number| vec![("app", "cart"), ("nth", number.as_str())]).collect();
        let selectors: Vec<&[(&str, &str)]> = selectors.iter().map(Vec::as_slice).collect();
        let filed = filed(&selectors);
        assert_eq!(filed.by_label.keys().map(Text::as_str).collect::<Vec<_>>(), ["nth"]);
    }
}
