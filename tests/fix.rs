//! What `--fix` does to files, beyond the single styles: to every manifest of the repository, with comments strewn into
//! it, and to what an API server takes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "conformance/case.rs"]
#[expect(dead_code, reason = "the conformance tests use more of it")]
mod case;
#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "the cluster tests use more of it")]
mod controlplane;
#[path = "fix/mending.rs"]
mod mending;
#[path = "fix/strewn.rs"]
mod strewn;

use std::collections::BTreeSet;
use std::path::Path;

use controlplane::{ControlPlane, text};
use mending::{manifests, mend, objects, patched, patches};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};
use stanchion::fix::{Wanted, fix};
use stanchion::manifest::Limits;

/// The lines that are gone, and those that are new.
fn changes(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let diff = TextDiff::from_lines(before, after);
    let of = |tag| {
        let changes = diff.iter_all_changes().filter(move |change| change.tag() == tag);
        changes.map(|change| change.value().trim_end_matches(['\n', '\r']).to_owned()).collect()
    };
    (of(ChangeTag::Delete), of(ChangeTag::Insert))
}

#[test]
fn the_manifests_of_the_repository_have_what_can_be_mended() {
    let found: Vec<usize> = manifests().iter().map(|manifest| patches(manifest).len()).collect();
    let sum: usize = found.iter().sum();
    assert!(found.len() > 150 && sum > 500, "{} manifests, {sum} patches", found.len());
    let strewn = manifests().into_iter().map(|text| strewn::strew(&text, 7).matches(strewn::MARK).count());
    assert!(strewn.sum::<usize>() > 5 * found.len(), "comments find places");
}

/// All that `fix` promises, of one text.
fn keeps_its_promises(before: &str) {
    let wanted = patches(before);
    let list: Vec<Wanted<'_>> = wanted.iter().map(|(start, patch)| Wanted { start: *start, patch }).collect();
    let fixed = fix(before.as_bytes(), &list, &Limits::default());
    let after = String::from_utf8(fixed.bytes).unwrap();
    // The value is what the patches make of it.
    let mut expected = objects(before);
    let mut made = 0;
    for ((start, patch), result) in wanted.iter().zip(&fixed.results) {
        if *result == Ok(true) {
            made += 1;
            let object = expected.iter_mut().find(|(place, _)| place == start).unwrap();
            object.1 = patched(object.1.clone(), patch);
        }
    }
    let values = |objects: Vec<(_, Value)>| objects.into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    assert_eq!(values(objects(&after)), values(expected), "{before}\n---\n{after}");
    // Comments are all there, in their order.
    assert_eq!(strewn::comments(&after), strewn::comments(before), "{after}");
    // A line that goes has another in its place, or an item that was replaced.
    let (gone, new) = changes(before, &after);
    assert!(gone.len() <= 3 * made && (made == 0 || !new.is_empty()), "{before}\n---\n{after}");
    let crlf = before.contains("\r\n");
    assert!(!crlf || !after.replace("\r\n", "").contains('\n'), "{after:?}");
    // Made once, a patch changes nothing.
    let done = mend(before);
    assert_eq!(mend(&done), done);
}

#[test]
fn every_manifest_of_the_repository_is_mended_exactly() {
    for manifest in manifests() {
        keeps_its_promises(&manifest);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn comments_anywhere_stay_where_they_are(manifest in select(manifests()), seed: u64, crlf: bool) {
        let strewn = strewn::strew(&manifest, seed);
        keeps_its_promises(&if crlf { strewn::with_crlf(&strewn) } else { strewn });
    }

    #[test]
    fn json_is_mended_as_yaml_is(manifest in select(manifests()), pretty: bool) {
        for (_, object) in objects(&manifest) {
            let json = if pretty { format!("{object:#}\n") } else { object.to_string() };
            keeps_its_promises(&json);
            let mended = mend(&json);
            prop_assert!(serde_json::from_str::<Value>(&mended).is_ok(), "{mended}");
            prop_assert_eq!(mended.lines().count() > 1, pretty);
        }
    }
}

/// Creates every object without keeping it, and says which the API server took.
fn accepted(plane: &ControlPlane, objects: &[Value]) -> BTreeSet<usize> {
    let folder = tempfile::tempdir().unwrap();
    for (place, object) in objects.iter().enumerate() {
        let mut object = object.clone();
        object["metadata"]["name"] = json!(format!("o-{place}"));
        object["metadata"]["namespace"] = json!("default");
        let file = std::fs::File::create_new(folder.path().join(format!("{place:05}.json"))).unwrap();
        serde_json::to_writer(file, &object).unwrap();
    }
    let path: &Path = folder.path();
    let output = plane.try_kubectl("admin", &["create", "--dry-run=server", "-f", &path.to_string_lossy()]);
    let names = text(&output.stdout);
    let number = |line: &str| line.split_once("/o-")?.1.split(' ').next()?.parse().ok();
    names.lines().filter_map(number).collect()
}

#[test]
fn an_api_server_takes_what_is_mended_as_it_took_it_before() {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for manifest in manifests() {
        let pairs = objects(&manifest).into_iter().zip(objects(&mend(&manifest)));
        for ((_, old), (_, new)) in pairs.filter(|((_, old), (_, new))| old != new) {
            before.push(old);
            after.push(new);
        }
    }
    let plane = ControlPlane::shared();
    let (old, new) = (accepted(plane, &before), accepted(plane, &after));
    assert!(old.len() > 200, "only {} of {} objects are taken at all", old.len(), before.len());
    let lost: Vec<String> = old.difference(&new).map(|place| after[*place].to_string()).collect();
    assert!(lost.is_empty(), "refused only when mended:\n{}", lost.join("\n"));
}
