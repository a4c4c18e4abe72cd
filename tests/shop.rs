//! The shop: what its README says of it is so, on the day on which its story plays.
//!
//! The numbers of the README are generated: `STANCHION_GENERATE=1 cargo test --test shop fresh` writes them.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "the cluster tests use more of it")]
mod controlplane;
#[path = "support/manifests.rs"]
mod manifests;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::{env, fs, path::Path};

use controlplane::ControlPlane;
use manifests::{Manifests, listed, text};
use stanchion::api::condition;
use stanchion::engine::evaluate::{Assessment, Outcome, assess};
use stanchion::engine::exception::CompiledException;
use stanchion::engine::policy::{Policy, Settings};
use stanchion::engine::posture::{Counts, Posture, measure, worst};
use stanchion::engine::status::Findings;
use stanchion::facts::ObjectKind;

const FOLDER: &str = "examples/shop";
const README: &str = "examples/shop/README.md";
/// The day of the story; the README names it too.
const STORY: &str = "2026-11-23T12:00:00Z";
const BEGIN: &str = "<!-- Generated: STANCHION_GENERATE=1 cargo test --test shop fresh -->\n";
const END: &str = "<!-- End of what is generated -->";

/// The shop, judged.
struct Shop {
    policy: Policy,
    assessment: Assessment,
    posture: Posture,
}

impl Shop {
    fn judged() -> Self {
        let shop = Manifests::read(FOLDER);
        let (policy, refused) =
            Policy::compile(&shop.standards, &shop.tiers, &shop.exceptions, Settings::default());
        let refused: Vec<String> =
            refused.iter().map(|it| format!("{} {}: {}", it.kind, it.name, it.errors)).collect();
        assert!(refused.is_empty(), "{}", refused.join("\n"));
        let assessment = assess(&policy, &shop.inventory, STORY.parse().unwrap());
        let posture = measure(&policy, &assessment);
        Self { policy, assessment, posture }
    }

    /// Name, and the reasons of `Active` and `Effective`, of every exception.
    fn exceptions(&self) -> Vec<(String, String, String)> {
        let findings =
            Findings { policy: &self.policy, assessment: &self.assessment, posture: &self.posture };
        let state = |(index, exception): (usize, &CompiledException)| {
            let conditions = findings.exception(index, None, 1).unwrap().conditions;
            let reason =
                |wanted: &str| conditions.iter().find(|it| it.type_ == wanted).unwrap().reason.clone();
            let name = format!("{}/{}", exception.namespace, exception.name);
            (name, reason("Active"), reason("Effective"))
        };
        self.policy.exceptions.iter().enumerate().map(state).collect()
    }

    /// What a workload comes out as, by all standards together.
    fn outcome(&self, name: &str) -> Outcome {
        let (_, assessed) =
            self.assessment.subjects.iter().find(|(key, _)| key.name == name).expect("the workload is there");
        worst(assessed.outcomes.iter().copied())
    }

    fn tier(&self, name: &str) -> &str {
        let (_, assessed) =
            self.assessment.subjects.iter().find(|(key, _)| key.name == name).expect("the workload is there");
        assessed.tier.as_deref().unwrap()
    }

    /// The numbers, as the README shows them.
    fn numbers(&self) -> String {
        let mut page = String::from(BEGIN);
        let columns = "judged | compliant | excepted | failing | unknown | compliance | effective |\n| --- | --- | --- | --- | --- | --- | --- | --- |";
        writeln!(page, "\n| tier | {columns}").unwrap();
        for (tier, measured) in &self.posture.tiers {
            writeln!(page, "| {tier} | {}", row(&measured.counts)).unwrap();
        }
        writeln!(page, "| all | {}", row(&self.posture.total)).unwrap();
        writeln!(page, "\n| standard | {columns}").unwrap();
        for (standard, measured) in self.policy.standards.iter().zip(&self.posture.standards) {
            writeln!(page, "| {} | {}", standard.name, row(&measured.counts)).unwrap();
        }
        page.push_str("\n| exception | Active | Effective |\n| --- | --- | --- |\n");
        for (name, active, effective) in self.exceptions() {
            writeln!(page, "| [{name}]({}) | {active} | {effective} |", file_of(&name)).unwrap();
        }
        page + "\n"
    }
}

fn row(counts: &Counts) -> String {
    let share =
        |share: Option<stanchion::api::Percent>| share.map_or_else(|| "-".to_owned(), |it| it.to_string());
    format!(
        "{} | {} | {} | {} | {} | {} | {} |",
        counts.evaluated,
        counts.compliant,
        counts.excepted,
        counts.failing,
        counts.unknown,
        share(counts.compliance()),
        share(counts.effective())
    )
}

fn file_of(exception: &str) -> String {
    let name = exception.split_once('/').unwrap().1;
    let file = listed(FOLDER).into_iter().find(|file| file.ends_with(&format!("/exceptions/{name}.yaml")));
    let file = file.unwrap_or_else(|| panic!("{exception} has no file of its name in a folder `exceptions`"));
    file.strip_prefix("examples/shop/").unwrap().to_owned()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests have files and an environment")]
fn the_numbers_of_the_readme_are_fresh() {
    let written = text(README);
    let (before, rest) = written.split_once(BEGIN).expect("the README has the mark where the numbers begin");
    let (_, after) = rest.split_once(END).expect("the README has the mark where the numbers end");
    let wanted = format!("{before}{}{END}{after}", Shop::judged().numbers());
    if env::var_os("STANCHION_GENERATE").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(README), wanted).unwrap();
        return;
    }
    assert!(
        written == wanted,
        "the numbers of {README} are stale: run `STANCHION_GENERATE=1 cargo test --test shop fresh` and read what it changes"
    );
}

#[test]
fn the_readme_names_the_day_of_the_story() {
    assert!(text(README).contains(&format!("stanchion audit examples/shop --at {STORY}")));
}

#[test]
fn it_has_the_size_of_a_small_company() {
    let shop = Shop::judged();
    let workloads: Vec<_> = shop.assessment.subjects.keys().collect();
    let of = |what: fn(&stanchion::facts::SubjectKey) -> String| {
        workloads.iter().map(|key| what(key)).collect::<BTreeSet<String>>()
    };
    assert_eq!(workloads.len(), 20);
    assert_eq!(of(|key| key.namespace.to_string()).len(), 5);
    let kinds = of(|key| match key.kind {
        ObjectKind::Workload(kind) => kind.to_string(),
        other => other.to_string(),
    });
    let wanted = ["CronJob", "DaemonSet", "Deployment", "Job", "Pod", "StatefulSet"];
    assert_eq!(kinds, wanted.map(str::to_owned).into());
    let unowned: Vec<_> = shop.assessment.subjects.iter().filter(|(_, it)| it.owner.is_none()).collect();
    assert!(unowned.is_empty(), "{unowned:?}");
}

#[test]
fn an_exception_is_there_for_every_state_that_a_cluster_can_show() {
    let states = Shop::judged().exceptions();
    let active: BTreeSet<&str> = states.iter().map(|(_, active, _)| active.as_str()).collect();
    let effective: BTreeSet<&str> = states.iter().map(|(_, _, effective)| effective.as_str()).collect();
    // No file that a cluster accepts can be refused by the engine, but one can be out of bounds, which is `Invalid` too.
    let every = |kind: &str| -> BTreeSet<&str> {
        condition::exception::REASONS.iter().filter(|it| it.condition == kind).map(|it| it.name).collect()
    };
    assert_eq!(active, every("Active"));
    // Files know no grace: what fails in them is suspended.
    let others = BTreeSet::from(["CompensatingControlFailing", "UnknownControl"]);
    assert_eq!(effective, &every("Effective") - &others);
}

#[test]
fn tiers_come_from_the_platform_and_a_workload_can_only_raise_its_own() {
    let shop = Shop::judged();
    assert_eq!(shop.tier("customer-db"), "tier-0", "by the tier's selector for one workload");
    assert_eq!(shop.tier("login"), "tier-0", "by its own label");
    assert_eq!(shop.tier("checkout-api"), "tier-1");
    assert_eq!(shop.tier("notebook"), "tier-2", "by default");
    assert_eq!(shop.policy.tiers.defaults().count(), 1);
}

#[test]
fn what_the_story_says_of_single_workloads_is_so() {
    let shop = Shop::judged();
    for good in ["payment-api", "payments-db", "customer-db", "checkout-api", "catalog-api", "storefront"] {
        assert_eq!(shop.outcome(good), Outcome::Pass, "{good}");
    }
    for excused in ["legacy-ledger", "session-store"] {
        assert_eq!(shop.outcome(excused), Outcome::Excepted, "{excused}");
    }
    for bad in [
        "card-vault",
        "settlement",
        "login",
        "cart",
        "search",
        "reindex-black-friday",
        "notebook",
        "node-tuner",
    ] {
        assert_eq!(shop.outcome(bad), Outcome::Fail, "{bad}");
    }
}

/// What an API server says of files, with strict validation.
fn applied(plane: &ControlPlane, arguments: &[&str], path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let mut all = vec!["apply", "--server-side", "--validate=strict", "-R", "-f", path.to_str().unwrap()];
    all.extend(arguments);
    plane.kubectl(&all)
}

#[test]
fn an_api_server_takes_the_shop_and_every_preset() {
    let plane = ControlPlane::shared();
    applied(plane, &[], "crds");
    plane.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
    let objects = applied(plane, &[], FOLDER);
    assert_eq!(objects.lines().filter(|line| line.starts_with("riskexception")).count(), 16);
    let presets = applied(plane, &["--dry-run=server", "--force-conflicts"], "examples/presets");
    assert_eq!(presets.lines().count(), listed("examples/presets").len(), "{presets}");
}
