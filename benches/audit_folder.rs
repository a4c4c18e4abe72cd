//! `stanchion audit` on a generated folder against only parsing the same YAML with the same library, in pairs.
//!
//! `cargo bench --bench audit_folder [-- FILES]`
//!
//! Both are whole processes that read the same files with all cores; what counts is the ratio of a pair, since
//! machines are noisy.

#![expect(clippy::disallowed_methods, reason = "a benchmark writes files and looks at the clock")]
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark may panic")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(clippy::cast_precision_loss, reason = "megabytes are for reading")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rayon::prelude::*;

/// A Deployment, a Service and a `ServiceAccount` a file, RBAC in each tenth, as the budgets are stated.
const FILES: usize = 10_000;
const PAIRS: usize = 5;
const PARSE: &str = "--only-parse";

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(folder) =
        arguments.iter().position(|it| it == PARSE).and_then(|place| arguments.get(place + 1))
    {
        parse_only(Path::new(folder));
        return;
    }
    let files = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(FILES);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bytes: usize = (0..files).map(|number| write_file(folder.path(), number)).sum();
    println!("{files} files, {:.1} MB, {} cores", bytes as f64 / 1e6, rayon::current_num_threads());
    let mut ratios = Vec::new();
    run(&mut audit(folder.path()));
    for pair in 1..=PAIRS {
        let parsing = run(&mut parser(folder.path()));
        let auditing = run(&mut audit(folder.path()));
        let ratio = auditing.as_secs_f64() / parsing.as_secs_f64();
        println!("pair {pair}: audit {auditing:.2?}, parse {parsing:.2?}, ratio {ratio:.2}");
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[PAIRS / 2]);
}

fn audit(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanchion"));
    command.arg("audit").arg(folder);
    for preset in presets() {
        command.args(["--preset", &preset]);
    }
    command
}

/// The names of all presets that there are.
fn presets() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/presets");
    let entries = std::fs::read_dir(folder).expect("the presets");
    let names = entries.map(|entry| entry.expect("an entry").path().file_stem().map(ToOwned::to_owned));
    names.map(|name| name.and_then(|it| it.into_string().ok()).expect("a name")).collect()
}

fn parser(folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg(PARSE).arg(folder);
    command
}

fn run(command: &mut Command) -> Duration {
    let began = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the program runs");
    assert!(status.code().is_some_and(|code| code < 2), "{command:?} failed: {status}");
    began.elapsed()
}

/// Reads every file and asks the YAML library for every event, and does nothing with it.
fn parse_only(folder: &Path) {
    let entries = std::fs::read_dir(folder).expect("the folder");
    let files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    let events: usize = files
        .par_iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).expect("a file");
            let mut options = granit_parser::Options::default();
            options.set_emit_comments(false);
            granit_parser::Parser::new_from_str_with_options(&text, options).flatten().count()
        })
        .sum();
    assert!(events > 0, "nothing was parsed");
}

fn write_file(folder: &Path, number: usize) -> usize {
    let text = manifests(number);
    std::fs::write(folder.join(format!("service-{number:05}.yaml")), &text).expect("a file");
    text.len()
}

fn manifests(number: usize) -> String {
    let (name, namespace) = (format!("service-{number:05}"), format!("team-{:03}", number % 200));
    let mut text = format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  labels:\n    \
         app.kubernetes.io/name: {name}\nautomountServiceAccountToken: false\n---\n\
         apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  labels:\n    \
         app.kubernetes.io/name: {name}\nspec:\n  selector:\n    app.kubernetes.io/name: {name}\n  ports:\n    \
         - name: http\n      port: 80\n      targetPort: http\n---\n"
    );
    text.push_str(&deployment(&name, &namespace, number));
    if number.is_multiple_of(10) {
        let _ = write!(
            text,
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: {name}\n  namespace: \
             {namespace}\nrules:\n  - apiGroups: [\"\"]\n    resources: [configmaps]\n    verbs: [get, list, watch]\n"
        );
    }
    text
}

fn deployment(name: &str, namespace: &str, number: usize) -> String {
    let digest = format!("{number:064x}");
    let broken = number.is_multiple_of(3);
    let image =
        if broken { "nginx:1.25".to_owned() } else { format!("registry.example.com/{name}@sha256:{digest}") };
    let context = if broken {
        "          securityContext:\n            privileged: true\n"
    } else {
        "          securityContext:\n            allowPrivilegeEscalation: false\n            \
         readOnlyRootFilesystem: true\n            runAsNonRoot: true\n            runAsUser: 10001\n            \
         capabilities:\n              drop:\n                - ALL\n            seccompProfile:\n              \
         type: RuntimeDefault\n"
    };
    let mut environment = String::new();
    for item in 0..12 {
        let _ = writeln!(
            environment,
            "            - name: SETTING_{item}\n              value: \"value-{number}-{item}\""
        );
    }
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  labels:\n    \
         app.kubernetes.io/name: {name}\n    team: team-{}\nspec:\n  replicas: 3\n  selector:\n    matchLabels:\n      \
         app.kubernetes.io/name: {name}\n  template:\n    metadata:\n      labels:\n        \
         app.kubernetes.io/name: {name}\n    spec:\n      serviceAccountName: {name}\n      \
         enableServiceLinks: false\n      containers:\n        - name: app\n          image: {image}\n          \
         imagePullPolicy: Always\n          ports:\n            - name: http\n              containerPort: 8080\n          \
         env:\n{environment}          resources:\n            requests:\n              cpu: 100m\n              \
         memory: 128Mi\n            limits:\n              memory: 256Mi\n          readinessProbe:\n            \
         httpGet:\n              path: /ready\n              port: http\n          livenessProbe:\n            \
         httpGet:\n              path: /live\n              port: http\n{context}",
        number % 40
    )
}
