//! What can be fixed safely, as lines of the files: what an editor or a forge offers beside a finding.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rayon::prelude::*;

use super::files::{self, STDIN_NAME};
use crate::api::Severity;
use crate::engine::control::{Patch, Safety};
use crate::engine::fingerprint::Fingerprint;
use crate::facts::SubjectKey;
use crate::fix::{self, Wanted};
use crate::load::{CLUSTER, Origin};
use crate::manifest::Limits;
use crate::report::json::Input;
use crate::report::sarif::Edits;

/// As many as anybody shows: GitHub shows 5,000 results. Each takes reading its document again.
const MOST_FIXES: usize = 5_000;

/// A finding of a file that can be fixed safely.
pub(super) struct Fixable<'a> {
    pub(super) subject: &'a SubjectKey,
    pub(super) origin: &'a Origin,
    pub(super) patch: &'a Patch,
    severity: Severity,
    fingerprint: Fingerprint,
}

/// The edits of the gravest findings that nobody excuses. What can't be read again or edited exactly has none.
pub(super) fn safe(input: Input<'_>) -> Edits {
    let mut found: Vec<Fixable<'_>> = fixable(input).collect();
    found.sort_by_key(|it| Reverse(it.severity));
    // What several standards find is one finding.
    let mut seen = BTreeSet::new();
    found.retain(|it| seen.insert((it.fingerprint, &*it.origin.file)));
    found.truncate(MOST_FIXES);
    let mut files: BTreeMap<&str, Vec<Fixable<'_>>> = BTreeMap::new();
    for it in found {
        files.entry(&it.origin.file).or_default().push(it);
    }
    files.into_par_iter().flat_map_iter(|(file, fixable)| of_file(file, &fixable)).collect()
}

/// What can be fixed safely and nobody excuses, in the order of the assessment.
pub(super) fn fixable(input: Input<'_>) -> impl Iterator<Item = Fixable<'_>> {
    let subjects = input.assessment.subjects.iter();
    let written = subjects.filter_map(move |(key, it)| Some((key, input.collection.origins.get(key)?, it)));
    written.flat_map(|(subject, origin, assessed)| {
        let all = assessed.details.iter().flat_map(|it| it.findings.iter().map(move |found| (it, found)));
        let open = all.filter(|(_, judged)| judged.exception.is_none());
        open.filter_map(move |(detail, judged)| {
            let patch = judged.finding.fix.patch.as_deref().filter(|it| it.safety == Safety::Safe)?;
            let (severity, fingerprint) = (detail.severity, judged.fingerprint);
            Some(Fixable { subject, origin, patch, severity, fingerprint })
        })
    })
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
            Some(((it.fingerprint.to_string(), file.to_owned()), edits))
        })
        .collect()
}
