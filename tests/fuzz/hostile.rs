//! Files of ten megabytes that want all memory or all day: the program ends by itself, within bounds that the system
//! holds.

use std::fmt::Write as _;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

/// About how long each file is.
const BYTES: usize = 10 << 20;

/// The most memory that the program may have, in KiB, and the most CPU time, in seconds: far above what is needed, far
/// below what a runaway takes.
const MEMORY: usize = 3 << 20;
const SECONDS: usize = 240;

fn repeated(line: &str) -> String {
    line.repeat(BYTES / line.len())
}

/// Objects by number, until there are enough bytes.
fn many(object: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(BYTES + 4096);
    for number in 0.. {
        if text.len() >= BYTES {
            break;
        }
        let _ = write!(text, "---\n{}\n", object(number));
    }
    text
}

fn laughs() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
    }
    text
}

/// Aggregated roles that all collect each other, and one that somebody holds.
fn roles() -> String {
    let bound = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: b}, \
                 roleRef: {kind: ClusterRole, name: r0}, subjects: [{kind: ServiceAccount, name: ci, namespace: shop}]}\n";
    let rest = many(|number| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: r{number}, labels: {{a: b}}}}, \
             aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{a: b}}}}]}}, rules: []}}"
        )
    });
    format!("{bound}{rest}")
}

fn bindings() -> String {
    let role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: admin}, \
                rules: [{verbs: ['*'], apiGroups: ['*'], resources: ['*']}]}\n";
    let rest = many(|number| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: b{number}, namespace: n{}}}, \
             roleRef: {{kind: ClusterRole, name: admin}}, subjects: [{{kind: ServiceAccount, name: s{number}}}]}}",
            number % 7
        )
    });
    format!("{role}{rest}")
}

fn services() -> String {
    many(|number| {
        if number % 2 == 0 {
            format!(
                "{{apiVersion: v1, kind: Service, metadata: {{name: s{number}}}, spec: {{type: LoadBalancer, selector: {{app: a}}}}}}"
            )
        } else {
            format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p{number}, labels: {{app: a}}}}}}")
        }
    })
}

fn policies() -> String {
    many(|number| {
        let kind =
            if number % 2 == 0 { "networking.k8s.io/v1, kind: NetworkPolicy" } else { "v1, kind: Pod" };
        format!(
            "{{apiVersion: {kind}, metadata: {{name: p{number}, labels: {{app: a}}}}, \
             spec: {{podSelector: {{matchLabels: {{app: b}}}}}}}}"
        )
    })
}

fn agents() -> String {
    many(|number| {
        let kind = if number % 2 == 0 { "DaemonSet" } else { "Deployment" };
        format!(
            "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: d{number}}}, spec: {{template: {{spec: {{\
             containers: [{{name: a, image: fluent/fluent-bit}}], volumes: [{{name: l, hostPath: {{path: /var/log}}}}]}}}}}}}}"
        )
    })
}

/// What is tried, by name.
fn files() -> Vec<(&'static str, String)> {
    vec![
        ("deep lists", "[".repeat(BYTES)),
        ("deep maps", "{a: ".repeat(BYTES / 4)),
        ("deep blocks", (0..4000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect()),
        ("a billion laughs", laughs()),
        ("one list", repeated("- a\n")),
        ("one map", format!("apiVersion: v1\nkind: ConfigMap\ndata:\n{}", many_keys())),
        ("one word", "x".repeat(BYTES)),
        (
            "one quoted word",
            format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: \"{}\"}}\n", "é".repeat(BYTES / 2)),
        ),
        ("documents", repeated("---\n")),
        ("anchors", (0..BYTES / 20).map(|it| format!("- &a{it} {it}\n")).collect()),
        ("directives", repeated("%YAML 1.2\n")),
        (
            "a token in every line",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  x: |\n{}",
                repeated("    password: hunter2hunter2\n")
            ),
        ),
        (
            "no line at all",
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{x: \"{}\"}}\n",
                repeated("password=a:")
            ),
        ),
        (
            "containers",
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n{}",
                repeated("    - {name: a, image: b}\n")
            ),
        ),
        (
            "rules",
            format!(
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: a}}\nrules:\n{}",
                repeated("  - {verbs: [get], apiGroups: [''], resources: [secrets]}\n")
            ),
        ),
        ("roles in circles", roles()),
        ("bindings", bindings()),
        ("doors and pods", services()),
        ("policies and pods", policies()),
        ("collectors", agents()),
    ]
}

fn many_keys() -> String {
    (0..BYTES / 16).map(|it| format!("  k{it}: v\n")).collect()
}

#[test]
fn ten_megabytes_of_malice_end_within_bounds_of_time_and_memory() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("hostile.yaml");
    for (name, text) in files() {
        std::fs::write(&path, text).unwrap();
        let presets = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/presets")).unwrap();
        let names = presets.map(|it| it.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned());
        let presets: Vec<String> = names.map(|name| format!("--preset={name}")).collect();
        let limits = format!("ulimit -v {MEMORY}; ulimit -t {SECONDS}; exec \"$0\" \"$@\" >/dev/null");
        let output = Command::new("sh")
            .args(["-c", &limits])
            .arg(cargo_bin("stanchion"))
            .args(["audit", "--fail-on=never"])
            .args(presets)
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let beginning: String = said.chars().take(400).collect();
        assert!(matches!(output.status.code(), Some(0 | 2)), "{name}: {}: {beginning}", output.status);
        assert!(!said.contains("panicked"), "{name}: {beginning}");
        assert!(output.stderr.len() < BYTES, "{name}: as much is said as was asked");
    }
}
