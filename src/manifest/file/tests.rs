use super::*;

fn read_text(text: &str) -> Reading<'_> {
    read("a.yaml", text.as_bytes(), &Limits::default())
}

/// What a reading found, one line each: objects by kind and line, the rest as it is shown.
fn summary(reading: &Reading) -> Vec<String> {
    let objects =
        reading.documents.iter().map(|d| format!("{}:{} {} {}", d.index, d.line, d.api_version, d.kind));
    let skipped = reading.skipped.iter().map(|s| format!("{} {:?}", s.position, s.reason));
    objects.chain(reading.problems.iter().map(ToString::to_string)).chain(skipped).collect()
}

fn assert_reads(text: &str, expected: &[&str]) {
    assert_eq!(summary(&read_text(text)), expected, "{text}");
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";

#[test]
fn a_file_of_several_documents_gives_each_with_its_line() {
    assert_reads(
        &format!("{POD}---\n# nothing\n---\n\n--- # note\n{POD}...\n{POD}"),
        &["0:1 v1 Pod", "1:9 v1 Pod", "2:13 v1 Pod"],
    );
    assert_reads("--- {apiVersion: v1, kind: Pod, metadata: {}}\n", &["0:1 v1 Pod"]);
    assert_reads(&format!("%YAML 1.1\n---\n{POD}"), &["0:3 v1 Pod"]);
    assert_reads(&format!("\u{feff}{POD}"), &["0:1 v1 Pod"]);
    assert_reads(&POD.replace('\n', "\r\n"), &["0:1 v1 Pod"]);
    assert_reads(&POD.replace('\n', "\r"), &["0:1 v1 Pod"]);
}

#[test]
fn a_document_without_content_is_nothing() {
    for text in
        ["", "\n", "---\n---\n", "# note\n", "--- # a\n# b\n---\nnull\n---\n~\n...\n", " \t\n", "\u{feff}"]
    {
        assert_reads(text, &[]);
    }
}

#[test]
fn a_malformed_document_leaves_its_neighbours_readable() {
    for broken in
        ["a: 'b", "a: [b", "a: {b: \"c", "a:\n\tb: c", "a:\n  b\n c: d", "a: \"\n\n", "- a\nb: c", "a: *b"]
    {
        let text = format!("{POD}---\n{broken}\n---\n{POD}");
        let reading = read_text(&text);
        assert_eq!(reading.documents.len(), 2, "{broken}");
        assert_eq!(
            reading.documents[1].line,
            u32::try_from(7 + broken.matches('\n').count()).unwrap(),
            "{broken}"
        );
        assert_eq!(reading.problems.len(), 1, "{broken}");
        assert!((5..8).contains(&reading.problems[0].position.line), "{broken}: {}", reading.problems[0]);
    }
}

#[test]
fn a_problem_reads_like_a_compiler_message() {
    assert_reads(
        &format!("{POD}---\na: 1\nb: 2\na: 3\n"),
        &[
            "0:1 v1 Pod",
            "a.yaml:7:1: the key `a` is set twice in one map, first at line 5, column 1; keep one",
        ],
    );
}

#[test]
fn lists_are_taken_apart() {
    assert_reads(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {}\n- apiVersion: v1\n  kind: List\n  \
         items:\n  - apiVersion: v1\n    kind: Secret\n    metadata: {}\n- apiVersion: v1\n  kind: Node\n  metadata: {}\n",
        &["0:4 v1 Pod", "0:10 v1 Secret", "0:13 v1 Node"],
    );
    assert_reads("apiVersion: v1\nkind: List\nitems: []\n---\napiVersion: v1\nkind: List\n", &[]);
    assert_reads(
        "apiVersion: v1\nkind: List\nitems: {a: b}\n",
        &["a.yaml:3:8: `items` is not a list; a `List` holds its objects there"],
    );
    assert_reads("apiVersion: v1\nkind: List\nitems:\n- 5\n", &["4:3 NotKubernetes"]);
}

#[test]
fn items_of_a_typed_list_take_its_type() {
    let reading = read_text(
        "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: a}\n- kind: Other\n  apiVersion: v2\n  metadata: {}\n",
    );
    assert_eq!(summary(&reading), ["0:4 apps/v1 Deployment", "0:5 v2 Other"]);
    assert_eq!(reading.documents[0].node.get("kind").unwrap().as_str(), Some("Deployment"));
}

#[test]
fn an_object_whose_kind_ends_in_list_may_be_no_list() {
    assert_reads(
        "apiVersion: a/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {}\n",
        &["0:1 a/v1 AllowList"],
    );
}

#[test]
fn what_is_no_object_is_skipped_with_a_reason() {
    for (text, reason) in [
        ("replicas: 3\nimage: {tag: x}\n", SkipReason::NotKubernetes),
        ("apiVersion: v2\nname: chart\nversion: 1.0.0\n", SkipReason::NotKubernetes),
        ("kind: pipeline\ntype: docker\n", SkipReason::NotKubernetes),
        ("- a\n- b\n", SkipReason::NotKubernetes),
        ("just text\n", SkipReason::NotKubernetes),
        ("[1, 2]", SkipReason::NotKubernetes),
        ("kind: Kustomization\nresources: []\n", SkipReason::Configuration),
        (
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: a}\n",
            SkipReason::Configuration,
        ),
        ("apiVersion: v1\nkind: Config\nclusters: []\n", SkipReason::Configuration),
        (
            "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n",
            SkipReason::Configuration,
        ),
        (
            "apiVersion: authorization.k8s.io/v1\nkind: SelfSubjectAccessReview\nspec: {}\n",
            SkipReason::Request,
        ),
        ("apiVersion: audit.k8s.io/v1\nkind: Event\nlevel: Metadata\n", SkipReason::Configuration),
    ] {
        let reading = read_text(text);
        assert_eq!(reading.skipped.iter().map(|s| s.reason).collect::<Vec<_>>(), [reason], "{text}");
        assert!(reading.documents.is_empty() && reading.problems.is_empty(), "{text}");
    }
    assert_reads("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n", &["0:1 audit.k8s.io/v1 Policy"]);
    assert_reads(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n",
        &["0:1 kustomize.toolkit.fluxcd.io/v1 Kustomization"],
    );
}

#[test]
fn an_object_without_a_usable_type_or_name_is_a_problem() {
    for (text, problem) in [
        (
            "apiVersion: v1\nkind: Pod\nspec: {}\n",
            "1:1: `Pod` has no map `metadata`; an object is named by `metadata.name`",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n",
            "3:1: `Pod` has no map `metadata`; an object is named by `metadata.name`",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: [a]\n",
            "3:1: `Pod` has no map `metadata`; an object is named by `metadata.name`",
        ),
        (
            "apiVersion: v1\nkind: 5\nmetadata: {}\n",
            "2:7: `kind` is not a name; an object says its type with two strings, `apiVersion` and `kind`",
        ),
        (
            "apiVersion: 1\nkind: Pod\nmetadata: {}\n",
            "1:13: `apiVersion` is not a name; an object says its type with two strings, `apiVersion` and `kind`",
        ),
    ] {
        assert_reads(text, &[&format!("a.yaml:{problem}")]);
    }
}

#[test]
fn the_source_of_a_helm_template_is_skipped() {
    for text in [
        "{{- if .Values.enabled }}\napiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n{{- end }}\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ include \"a.name\" . }}\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-{{ .Release.Name }}\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    {{- include \"a.labels\" . | nindent 4 }}\n",
        "{{ include \"a.all\" . }}\n",
        "{{- define \"a.name\" -}}\n{{ .Chart.Name }}\n{{- end }}\n",
    ] {
        let reading = read_text(text);
        assert_eq!(
            reading.skipped.iter().map(|s| s.reason).collect::<Vec<_>>(),
            [SkipReason::HelmTemplate],
            "{text}"
        );
        assert!(reading.documents.is_empty() && reading.problems.is_empty(), "{text}");
    }
}

#[test]
fn other_templates_in_a_valid_object_are_read() {
    for text in [
        "data:\n  rule: 'up {{ $labels.job }}'\n",
        "data:\n  rule: |\n    {{- range .Alerts }}{{ .Labels.x }}{{ end }}\n",
        "data:\n  rule: \"{{ .Values.x }}\"\n",
        "data:\n  rule: web-{{item}} {{workflow.name}}\n",
        "data: # {{ .Values.x }}\n  a: b\n",
    ] {
        assert_reads(&format!("{POD}{text}"), &["0:1 v1 Pod"]);
    }
    assert_reads(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {}\nspec:\n  a: apps/{{.path.basename}}\n",
        &["0:1 argoproj.io/v1alpha1 ApplicationSet"],
    );
}

#[test]
fn a_mistake_beside_a_quoted_template_is_still_reported() {
    assert_eq!(read_text(&format!("{POD}data:\n  rule: '{{{{ x }}}}'\n bad: 1\n")).problems.len(), 1);
}

#[test]
fn json_is_read_alone_in_a_row_and_between_dashes() {
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#;
    for text in [format!("{pod}\n"), format!("\t{pod}"), format!("\u{feff}{pod}")] {
        assert_eq!(read_text(&text).documents.len(), 1, "{text}");
    }
    assert_reads(&format!("{pod}{pod}\n\n{pod}"), &["0:1 v1 Pod", "1:1 v1 Pod", "2:3 v1 Pod"]);
    assert_reads(&format!("{pod}\n---\n{pod}\n---\n{POD}"), &["0:1 v1 Pod", "1:3 v1 Pod", "2:5 v1 Pod"]);
    assert_reads(
        &format!("{{apiVersion: v1, kind: Pod, metadata: {{}}}}\n---\n{POD}"),
        &["0:1 v1 Pod", "1:3 v1 Pod"],
    );
    assert_reads(r#"{"apiVersion":"v1","kind":"Pod","metadata":{},}"#, &["0:1 v1 Pod"]);
}

#[test]
fn broken_json_is_reported_where_it_breaks() {
    let reading = read("a.json", b"{\"a\":\n {\"b\": 1 \"c\": 2}}", &Limits::default());
    assert_eq!(summary(&reading), ["a.json:2:10: expected a comma or `}`, found '\"'"]);
    let reading =
        read("a.json", br#"{"apiVersion":"v1","kind":"Pod","metadata":{}} {"a""#, &Limits::default());
    assert_eq!(summary(&reading), ["0:1 v1 Pod", "a.json:1:52: expected `:`, found the end of the text"]);
}

#[test]
fn bytes_that_are_no_utf_8_cost_their_document_alone() {
    let mut bytes = format!("{POD}---\na: 1\nb: é\n c").into_bytes();
    bytes.extend(b"\xFF\n---\n");
    bytes.extend(POD.as_bytes());
    assert_eq!(
        summary(&read("a.yaml", &bytes, &Limits::default())),
        [
            "0:1 v1 Pod",
            "2:9 v1 Pod",
            "a.yaml:7:3: byte 62 of the file is not UTF-8; convert the file to UTF-8",
        ]
    );
}

#[test]
fn other_encodings_are_named() {
    for bytes in [b"\xFF\xFEa\0", b"\xFE\xFF\0a"] {
        assert_eq!(
            summary(&read("a", bytes, &Limits::default())),
            ["a:1:1: the file is UTF-16; convert it to UTF-8"]
        );
    }
    assert_reads(
        "a: b\0c\n",
        &[
            "a.yaml:1:5: the control character '\\0' is not allowed; write it as an escape in double quotes, or convert the file if it is UTF-16",
        ],
    );
}

#[test]
fn limits_on_size_are_reported() {
    let limits = Limits { file_bytes: 300, document_bytes: 60, documents: 3, ..Limits::default() };
    let found = |text: &str| summary(&read("a", text.as_bytes(), &limits));
    assert_eq!(
        found(&"#".repeat(301)),
        ["a:1:1: the file has 301 bytes, more than the limit of 300; split it or raise the limit"]
    );
    assert_eq!(
        found(&format!("{POD}---\na: {}\n---\n{POD}", "x".repeat(60))),
        [
            "0:1 v1 Pod",
            "2:7 v1 Pod",
            "a:4:1: the document has 68 bytes, more than the limit of 60; split it or raise the limit"
        ]
    );
    assert_eq!(
        found(&format!("{POD}---\n").repeat(5)),
        [
            "0:1 v1 Pod",
            "1:5 v1 Pod",
            "2:9 v1 Pod",
            "a:12:1: more than 3 documents in one file; split it or raise the limit"
        ]
    );
}
