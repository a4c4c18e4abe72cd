//! `make new-control` writes a control that compiles, is registered and says what is left to write.

#![expect(clippy::unwrap_used, reason = "a test that can't run the script or read its files fails there")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// A repository with a catalogue of two controls.
#[expect(clippy::disallowed_methods, reason = "the script writes files")]
fn repository() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for file in ["rustfmt.toml", "rust-toolchain.toml"] {
        fs::copy(Path::new(REPOSITORY).join(file), folder.path().join(file)).unwrap();
    }
    put("Cargo.toml", "[package]\nname = \"scratch\"\nversion = \"0.7.1\"\n");
    put(
        "src/controls.rs",
        "//! The catalogue.\n\npub mod pod;\n\npub static CATALOGUE: &[&Control] = &[&pod::a::A, &pod::c::C];\n\nfn after() {}\n",
    );
    put("src/controls/pod.rs", "//! Pods.\n\npub mod a;\npub mod c;\nmod shared;\n");
    for control in ["a", "c", "shared"] {
        put(&format!("src/controls/pod/{control}.rs"), &format!("// id: \"pod.{control}\"\n"));
    }
    folder
}

fn new_control(root: &Path, family: &str, name: &str) -> Output {
    Command::new("bash")
        .arg(Path::new(REPOSITORY).join("scripts/new-control"))
        .args([family, name])
        .arg(root)
        .output()
        .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the script writes files")]
fn read(root: &Path, path: &str) -> String {
    fs::read_to_string(root.join(path)).unwrap()
}

fn refused(root: &Path, family: &str, name: &str) -> String {
    let before = read(root, "src/controls.rs");
    let output = new_control(root, family, name);
    assert_eq!(output.status.code(), Some(2), "{family}.{name} is refused");
    assert_eq!(read(root, "src/controls.rs"), before, "a refusal changes nothing");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_control_is_written_and_registered_where_it_belongs() {
    let repository = repository();
    let root = repository.path();
    let output = new_control(root, "pod", "b-second");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("wrote src/controls/pod/b_second.rs\n"));

    let expected = "//! Pods.\n\npub mod a;\npub mod b_second;\npub mod c;\nmod shared;\n";
    assert_eq!(read(root, "src/controls/pod.rs"), expected);
    let catalogue = read(root, "src/controls.rs");
    let list = "&[&pod::a::A, &pod::b_second::B_SECOND, &pod::c::C];\n\nfn after() {}\n";
    assert!(catalogue.ends_with(list), "{catalogue}");

    let control = read(root, "src/controls/pod/b_second.rs");
    assert!(control.starts_with("//! `pod.b-second`\n\nuse crate::declare_control;\n"), "{control}");
    assert!(control.contains("\n    pub static B_SECOND = {\n        id: \"pod.b-second\",\n"), "{control}");
    assert!(control.contains("\n        since: \"0.7.1\",\n"), "{control}");
    assert!(control.contains("    /// FILL: what is looked at, and what fails.\n"), "{control}");
}

#[test]
fn a_new_family_comes_with_its_module_and_ids_sort_as_ids() {
    let repository = repository();
    let root = repository.path();
    for name in ["tag10", "tag-x", "tag"] {
        assert!(new_control(root, "image", name).status.success(), "{name}");
    }
    let family = read(root, "src/controls/image.rs");
    assert_eq!(
        family,
        "//! FILL: what the controls of this family have in common.\n\npub mod tag;\npub mod tag10;\npub mod tag_x;\n"
    );
    let catalogue = read(root, "src/controls.rs");
    assert!(catalogue.contains("\n\npub mod image;\npub mod pod;\n\n"), "{catalogue}");
    let order: Vec<usize> =
        ["tag::TAG", "tag_x::", "tag10::", "pod::a"].iter().map(|it| catalogue.find(it).unwrap()).collect();
    assert!(order.is_sorted(), "{catalogue}");
}

#[test]
fn what_it_writes_is_formatted() {
    let repository = repository();
    let root = repository.path();
    assert!(new_control(root, "image", "mutable-tag").status.success());
    let check =
        Command::new("rustfmt").args(["--check", "src/controls.rs"]).current_dir(root).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}

#[test]
fn names_that_are_taken_or_bad_are_refused() {
    let repository = repository();
    let root = repository.path();
    let taken = refused(root, "pod", "a");
    assert_eq!(
        taken,
        "new-control: src/controls/pod/a.rs exists: `pod.a` is taken, and ids are never used again\n"
    );
    for name in ["", "Mutable-Tag", "mutable_tag", "-tag", "tag-", "a--b", "1st", "a/b", "../x", "a b"] {
        let why = refused(root, "image", name);
        assert!(why.contains("is not in kebab-case, such as `mutable-tag`"), "{name}: {why}");
    }
    for family in ["", "Image", "image-tags", "image.x", "../src"] {
        let why = refused(root, family, "tag");
        assert!(why.contains("is not one word in lower case, such as `image`"), "{family}: {why}");
    }
    assert!(refused(root, "pod", "static").contains("`static` is a word of Rust"));
    assert!(!root.join("src/controls/image.rs").exists());
}
