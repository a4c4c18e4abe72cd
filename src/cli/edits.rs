//! What can be fixed safely, as lines of the files: what an editor or a forge offers beside a finding.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::files::{self, STDIN_NAME};
use crate::api::Severity;
use crate::engine::control::{Patch, Safety};
use crate::fix::{self, Wanted};
use crate::load::{CLUSTER, Origin};
use crate::manifest::Limits;
use crate::report::json::Input;
use crate::report::sarif::Edits;

/// As many as anybody shows: GitHub shows 5,000 results. Each takes reading its document again.
const MOST_FIXES: usize = 5_000;

/// A finding that can be fixed.
struct Fixable<'a> {
    severity: Severity,
    fingerprint: String,
    origin: &'a Origin,
    patch: &'a Patch,
}

/// The edits of the gravest findings that nobody excuses. What can't be read again or edited exactly has none.
pub(super) fn safe(input: Input<'_>) -> Edits {
    let mut found = fixable(input);
    found.sort_by_key(|it| Reverse(it.severity));
    found.truncate(MOST_FIXES);
    let mut files: BTreeMap<&str, Vec<Fixable<'_>>> = BTreeMap::new();
    for it in found {
        files.entry(&it.origin.file).or_default().push(it);
    }
    files.into_par_iter().flat_map_iter(|(file, fixable)| of_file(file, &fixable)).collect()
}

fn fixable(input: Input<'_>) -> Vec<Fixable<'_>> {
    let mut found = Vec::new();
    for (key, assessed) in &input.assessment.subjects {
        let Some(origin) = input.collection.origins.get(key) else { continue };
        for detail in &assessed.details {
            let open = detail.findings.iter().filter(|it| it.exception.is_none());
            found.extend(open.filter_map(|judged| {
                let patch = judged.finding.fix.patch.as_deref()?;
                let fingerprint = judged.fingerprint.to_string();
                let fixable = Fixable { severity: detail.severity, fingerprint, origin, patch };
                (patch.safety == Safety::Safe).then_some(fixable)
            }));
        }
    }
    found
}

fn of_file(file: &str, fixable: &[Fixable<'_>]) -> Edits {
    let limits = Limits::default();
    if [STDIN_NAME, CLUSTER].contains(&file) {
        return Edits::new();
    }
    let Ok(content) = files::content(Path::new(file), &limits) else { return Edits::new() };
    let wanted: Vec<Wanted<'_>> =
        fixable.iter().map(|it| Wanted { start: it.origin.start(), patch: it.patch }).collect();
    let edits = fix::edits(&content, &wanted, &limits).into_iter().zip(fixable);
    edits
        .filter_map(|(edits, it)| {
            let edits = edits.ok().filter(|edits| !edits.is_empty())?;
            Some(((it.fingerprint.clone(), file.to_owned()), edits))
        })
        .collect()
}
