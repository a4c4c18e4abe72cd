//! `explain`, `crds`, `--help`, `--version`

use stanchion::api;

use crate::program::stanchion;

#[test]
fn explain_lists_explains_and_recognizes_slips() {
    let list = stanchion(&["explain"]).run();
    assert!(list.stdout.contains("\npod.privileged "), "{}", list.stdout);
    for family in ["pod", "pod.*"] {
        let family = stanchion(&["explain", family]).run();
        assert!(family.stdout.starts_with("pod\npod."), "{}", family.stdout);
        assert!(!family.stdout.contains("\nimage"), "{}", family.stdout);
    }
    let one = stanchion(&["explain", "pod.privileged"]).run();
    assert!(one.stdout.starts_with("pod.privileged: Container is privileged\n"), "{}", one.stdout);
    assert_eq!((list.code, one.code), (0, 0));
    let slip = stanchion(&["explain", "pod.privilegd"]).run();
    assert!(
        slip.stderr.contains("no control `pod.privilegd`; did you mean `pod.privileged`?"),
        "{}",
        slip.stderr
    );
    assert_eq!((slip.stdout.as_str(), slip.code), ("", 2));
}

#[test]
fn crds_are_what_the_api_server_takes() {
    let run = stanchion(&["crds"]).run();
    let documents: Vec<&str> = run.stdout.split("---\n").skip(1).collect();
    assert_eq!(documents.len(), 3);
    for (document, kind) in documents.iter().zip(api::Kind::ALL) {
        let definition: serde_json::Value = serde_saphyr::from_str(document).unwrap();
        assert_eq!(definition["kind"], "CustomResourceDefinition");
        assert_eq!(definition["spec"]["names"]["kind"], kind.as_str());
    }
    assert_eq!(run.code, 0);
}

#[test]
fn help_has_an_example_for_every_subcommand() {
    for subcommand in ["audit", "explain", "crds"] {
        let help = stanchion(&[subcommand, "--help"]).run();
        assert!(help.stdout.contains("Example"), "{}", help.stdout);
        assert!(help.stdout.contains(&format!("  stanchion {subcommand}")), "{}", help.stdout);
        assert_eq!(help.code, 0);
    }
    let version = stanchion(&["--version"]).run();
    assert_eq!(version.stdout, format!("stanchion {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn without_anything_to_do_it_shows_its_help() {
    let run = stanchion(&[]).run();
    assert!(run.stderr.contains("stanchion audit manifests/"), "{}", run.stderr);
    assert_eq!(run.code, 2);
}
