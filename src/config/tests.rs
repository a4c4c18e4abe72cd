use super::*;

const PRESETS: [&str; 2] = ["pod-security-baseline", "secrets-hygiene"];

fn read(text: impl AsRef<[u8]>) -> Result<Config, String> {
    let file = ConfigFile::read("c.yaml", text.as_ref(), &PRESETS);
    file.map(|file| file.config).map_err(|error| error.to_string())
}

fn assert_refused(text: impl AsRef<[u8]>, expected: &str) {
    assert_eq!(read(text), Err(expected.to_owned()));
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|&item| item.to_owned()).collect()
}

#[test]
fn every_key_is_read() {
    let text = "paths: [a, b]\nignores: ['*.x']\nstandards: [p]\npresets: [secrets-hygiene]\nfailOn: never\n\
                namespace: shop\nexemptNamespaces: []\nownerKeys: [squad]\n\
                workloadKinds: [argoproj.io/v1alpha1/Rollout=spec.template]\ntrust: signed\nclusterName: prod-eu\n";
    let expected = Config {
        paths: Some(list(&["a", "b"])),
        ignores: Some(list(&["*.x"])),
        standards: Some(list(&["p"])),
        presets: Some(list(&["secrets-hygiene"])),
        fail_on: Some(FailOn::Never),
        namespace: Some("shop".to_owned()),
        exempt_namespaces: Some(list(&[])),
        owner_keys: Some(list(&["squad"])),
        workload_kinds: Some(list(&["argoproj.io/v1alpha1/Rollout=spec.template"])),
        trust: Some(Trust::Signed),
        cluster_name: Some("prod-eu".to_owned()),
    };
    assert_eq!(read(text), Ok(expected));
}

#[test]
fn a_kind_of_workload_that_can_t_be_declared_is_refused_at_its_place() {
    let expected = "c.yaml:2:3: workloadKinds[0]: `argoproj.io/v1alpha1/Rollout` declares no kind of workload: say where its \
                    pod template stands, after a `=`, as in `argoproj.io/v1alpha1/Rollout=spec.template`; `.` if it is the \
                    object itself";
    assert_refused("workloadKinds:\n- argoproj.io/v1alpha1/Rollout\n", expected);
    let twice = "workloadKinds: [a.io/v1/Thing=spec.pod, a.io/v1/Thing=spec.template]";
    let expected = "c.yaml:1:41: workloadKinds[1]: `a.io/v1/Thing=spec.template` declares no kind of workload: \
                    `a.io/v1/Thing=spec.pod` declares the same kind; keep one of them";
    assert_refused(twice, expected);
}

#[test]
fn what_says_nothing_is_as_good_as_none() {
    for text in ["", "# nothing\n", "---\n", "failOn:\npaths: ~\n", "{}", "\u{feff}# marked\n"] {
        assert_eq!(read(text), Ok(Config::default()), "{text:?}");
    }
}

#[test]
fn every_severity_has_its_name() {
    for choice in FailOn::ALL {
        let config = read(format!("failOn: {}", choice.as_str())).unwrap();
        assert_eq!(config.fail_on, Some(choice));
    }
}

#[test]
fn a_key_that_is_not_there_is_told_with_the_nearest_or_all() {
    assert_refused(
        "failOn: low\nfail_on: low\n",
        "c.yaml:2:1: fail_on: there is no such key; did you mean `failOn`?",
    );
    assert_refused(
        "namespace: a\n  \nrules: {}\n",
        "c.yaml:3:1: rules: there is no such key; there are clusterName, exemptNamespaces, failOn, ignores, namespace, \
         ownerKeys, paths, presets, standards, trust, workloadKinds",
    );
}

#[test]
fn a_value_of_the_wrong_type_is_told_at_its_place() {
    assert_refused("paths: deploy\n", "c.yaml:1:8: paths: expected a list, found `\"deploy\"`");
    assert_refused("paths:\n  - a\n  - 3\n", "c.yaml:3:5: paths[1]: expected a string, found `3`");
    assert_refused("namespace: [a]", "c.yaml:1:12: namespace: expected a string, found a list");
    assert_refused(
        "failOn: no",
        "c.yaml:1:9: failOn: expected one of `low`, `medium`, `high`, `critical`, `never`, found `false`",
    );
    assert_refused(
        "- a",
        "c.yaml:1:1: a configuration is a map: write keys and values, such as `failOn: medium`",
    );
}

#[test]
fn a_value_that_means_nothing_is_told_at_its_place() {
    const EMPTY: &str = "it is empty: write a value, or remove it";
    for key in ["paths", "ignores", "standards", "presets", "exemptNamespaces", "ownerKeys"] {
        assert_refused(format!("{key}:\n  - ''\n"), &format!("c.yaml:2:5: {key}[0]: {EMPTY}"));
        let error = read(format!("{key}: [~]")).unwrap_err();
        assert!(error.ends_with(&format!("{key}[0]: {EMPTY}")), "{error}");
    }
    assert_refused("clusterName: ''", &format!("c.yaml:1:14: clusterName: {EMPTY}"));
    assert_refused("namespace: ' '", &format!("c.yaml:1:12: namespace: {EMPTY}"));
    assert_refused(
        "presets:\n  - secrets-hygiene\n  - pod-security-basline\n",
        "c.yaml:3:5: presets[1]: no preset has this name; did you mean `pod-security-baseline`?",
    );
    assert_refused(
        "presets: [zzz]",
        "c.yaml:1:11: presets[0]: no preset has this name; there are pod-security-baseline, secrets-hygiene",
    );
    for glob in ["./tests", "../other"] {
        assert_refused(
            format!("ignores: [{glob}]"),
            "c.yaml:1:11: ignores[0]: it matches nothing: begin with `/` for the folder of this file",
        );
    }
}

#[test]
fn what_is_no_yaml_is_told_at_its_place() {
    assert_refused(
        "failOn: low\nfailOn: high\n",
        "c.yaml:2:1: the key `failOn` is set twice in one map, first at line 1, column 1; keep one",
    );
    assert_refused(
        "failOn: low\n---\nfailOn: high\n",
        "c.yaml:2:1: a second document begins here: a configuration is one, remove the other",
    );
    assert_refused("paths: [", "c.yaml:1:8: the `[` that opens here is never closed; close it");
    assert_refused(
        b"failOn: low\npaths: [\"\xE9\"]\n",
        "c.yaml:2:10: what stands here is not UTF-8; convert the file to UTF-8",
    );
    assert_refused(b"\xFF\xFEp\0", "c.yaml:1:1: the file is UTF-16; convert it to UTF-8");
}

#[test]
fn what_is_far_too_much_is_refused() {
    const MUCH: &str = "no configuration holds that much: check that it is the right file";
    let deep = read(format!("paths: {}", "[".repeat(10_000))).unwrap_err();
    assert!(deep.ends_with(MUCH), "{deep}");
    let many = read(format!("paths: [{}]", "a,".repeat(50_000))).unwrap_err();
    assert!(many.ends_with(MUCH), "{many}");
    let bomb = (1..20).fold("a0: &a0 [x, x, x, x]\n".to_owned(), |text, level| {
        let below = level - 1;
        format!("{text}a{level}: &a{level} [*a{below}, *a{below}, *a{below}, *a{below}]\n")
    });
    let bomb = read(bomb).unwrap_err();
    assert!(bomb.ends_with(MUCH), "{bomb}");
    assert_refused(
        vec![b'#'; LARGEST + 1],
        "c.yaml:1:1: more than 262144 bytes are no configuration: check that it is the right file",
    );
    assert_eq!(read(vec![b'#'; LARGEST]), Ok(Config::default()));
}
