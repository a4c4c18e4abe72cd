//! A path is reported exactly where carrying it out succeeds: two hundred small clusters, generated, on a real API
//! server. From every account and whatever it leads to, every way to become somebody else is tried, and the server's
//! answers alone say where that ends. Each hop of each reported path must be among what succeeded.
//!
//! What no API server without nodes can show is taken for granted, as the paths do: who is in a pod has its token, who
//! has a privileged pod has its node, and a node has the tokens of its pods.

#![cfg(feature = "operator")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and so may its helpers"
)]

#[path = "escalation/attack.rs"]
mod attack;
#[path = "support/controlplane.rs"]
#[expect(dead_code, reason = "other tests use more of it")]
mod controlplane;
#[path = "escalation/server.rs"]
mod server;
#[path = "escalation/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use attack::{Attack, Found};
use controlplane::ControlPlane;
use futures::StreamExt;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use server::{Asker, Server};
use stanchion::relations::escalation::{Escalation, Place, Technique};
use stanchion::relations::rbac::{Principal, Rbac};
use world::World;

/// How many clusters there are.
const CLUSTERS: usize = 200;

/// How many of them are attacked at once.
const AT_ONCE: usize = 12;

/// A request for a certificate of `somebody`, and for one of a node.
const REQUESTS: [&str; 2] = [
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIT01IVUNBUUF3RXpFUk1BOEdBMVVFQXd3SWMyOXRaV0p2Wkhrd1dUQVRCZ2NxaGtqT1BRSUJCZ2dxaGtqTwpQUU1CQndOQ0FBUUY3ekt6YkdPK09Ja01CZ1dMNTZDei9rQk9aMWdRWTVQVjc0U2hOcmVETnFhRTV1NEdXVkNLCjZ1Yk1JMjdXWXZUM1prSlA3ZitkdEcwbW83YXVuRndXb0FBd0NnWUlLb1pJemowRUF3SURTUUF3UmdJaEFKbTUKMS9lelZXWEdDcktpTXg1NDVVQW1NaDlES3BJUXJTRGtxeEtpRDAwS0FpRUFsa1VESk1mMHQ3UmNUcVhKZFBjagpLbGs4b0xHNW4xSi9oUmtCZVo0QVh2dz0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==",
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIeU1JR1lBZ0VBTURZeEZUQVRCZ05WQkFvTURITjVjM1JsYlRwdWIyUmxjekVkTUJzR0ExVUVBd3dVYzNsegpkR1Z0T201dlpHVTZjMjl0WldKdlpIa3dXVEFUQmdjcWhrak9QUUlCQmdncWhrak9QUU1CQndOQ0FBUUY3ekt6CmJHTytPSWtNQmdXTDU2Q3ova0JPWjFnUVk1UFY3NFNoTnJlRE5xYUU1dTRHV1ZDSzZ1Yk1JMjdXWXZUM1prSlAKN2YrZHRHMG1vN2F1bkZ3V29BQXdDZ1lJS29aSXpqMEVBd0lEU1FBd1JnSWhBSWVVK0toRjF5NTR3dXlMYmpvNQpUcGtDejVobTRpVDlZaXRtZVcrN1Q2SkpBaUVBckczN3F1WnQ4d1c1U1ArUVR3RllraU1LTlJsL1RCTklTQWkwCmFBZUFtRnM9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=",
];

#[test]
fn a_path_is_reported_exactly_when_carrying_it_out_succeeds() {
    let plane = ControlPlane::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap();
    let mut runner = TestRunner::deterministic();
    let seeds = (0..CLUSTERS).map(|_| world::seed().new_tree(&mut runner).unwrap().current());
    let worlds: Vec<World> = seeds.enumerate().map(|(number, seed)| World::grow(number, seed)).collect();
    let kubeconfig = plane.kubeconfig("admin");
    let (wrong, ends) = runtime.block_on(async {
        let server = Server::of(&kubeconfig).await;
        prepare(&server, &worlds).await;
        let judged =
            futures::stream::iter(&worlds).map(|world| judge(&server, world)).buffer_unordered(AT_ONCE);
        let judged: Vec<(Vec<String>, Ends)> = judged.collect().await;
        println!("{} requests", server.asked());
        let (wrong, ends): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
        (wrong.concat(), ends.into_iter().fold(Ends::default(), Ends::and))
    });
    println!("{ends:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    // A comparison of nothing with nothing would be no test.
    assert!(ends.with > 100 && ends.without > 100, "{ends:?}");
    assert!(ends.techniques.len() > 25, "{ends:?}");
}

/// What the clusters had to offer.
#[derive(Debug, Default)]
struct Ends {
    /// Accounts with a path,
    with: usize,
    /// without one,
    without: usize,
    /// and the ways that succeeded.
    techniques: BTreeSet<Technique>,
}

impl Ends {
    fn and(mut self, other: Self) -> Self {
        self.with += other.with;
        self.without += other.without;
        self.techniques.extend(other.techniques);
        self
    }
}

/// Creates all that the clusters hold, and waits until the API server's authorizer knows it.
async fn prepare(server: &Server, worlds: &[World]) {
    let binding = |name: &str, namespace: Option<&str>, role: (&str, &str), user: &str| {
        let subject = json!({"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"});
        let role_ref = json!({"kind": role.0, "name": role.1, "apiGroup": "rbac.authorization.k8s.io"});
        let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace}, "roleRef": role_ref, "subjects": [subject]})
    };
    let probes = |world: &World| -> Vec<Value> {
        let mut probes = Vec::new();
        let mut probe = |place: Place, namespace: Option<&str>, role: (&str, &str)| {
            let (user, _) = server::headers(&world.name, &place);
            let name = format!("{}-probe-{}", world.name, probes.len());
            probes.push(binding(&name, namespace, role, &user));
        };
        for namespace in [world.home(0), world.home(1)] {
            probe(
                Place::Everything(Some((&*namespace).into())),
                Some(&namespace),
                ("ClusterRole", "cluster-admin"),
            );
        }
        for place in world.rights() {
            let Place::Rights { role, scope } = &place else { continue };
            probe(place.clone(), scope.as_deref(), (role.kind.as_str(), &role.name));
        }
        probes
    };
    let first = worlds.iter().map(|world| {
        let rest = world.objects.iter().cloned().chain(probes(world)).chain(world.fixtures(REQUESTS));
        async move {
            for object in rest {
                server.create(&object).await.unwrap();
            }
        }
    });
    futures::stream::iter(first).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    // What comes last is known last, of each kind.
    let rules = json!([{"verbs": ["get"], "apiGroups": ["example.com"], "resources": ["marks"]}]);
    let home = "default";
    for (kind, namespace) in [("ClusterRole", None), ("Role", Some(home))] {
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
            "metadata": {"name": "mark", "namespace": namespace}, "rules": rules});
        server.create(&role).await.unwrap();
        server.create(&binding("mark", namespace, (kind, "mark"), &format!("mark-{kind}"))).await.unwrap();
        let attributes =
            json!({"verb": "get", "group": "example.com", "resource": "marks", "namespace": namespace});
        while !server.may(Asker::As(&format!("mark-{kind}"), None), attributes.clone()).await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Compares what is reported of a cluster with what can be done in it.
async fn judge(server: &Server, world: &World) -> (Vec<String>, Ends) {
    let facts = world.facts();
    let escalation = Escalation::of(&facts, &Rbac::of(&facts));
    let mut tokens = BTreeMap::new();
    for (namespace, account) in world.accounts() {
        let token = server.token(&namespace, account).await;
        tokens.insert(Place::account(namespace, account), token);
    }
    let mut found: BTreeMap<Place, Found> = BTreeMap::new();
    let mut waiting: Vec<Place> = tokens.keys().cloned().collect();
    while let Some(place) = waiting.pop() {
        if found.contains_key(&place) {
            continue;
        }
        let reached = match &place {
            Place::ClusterAdmin => Found::new(),
            // Nobody named it, and somebody like it is tried.
            Place::Principal(Principal::ServiceAccount { .. }) if !tokens.contains_key(&place) => {
                Found::new()
            }
            Place::Nodes => world.running().into_iter().map(|to| (Technique::TakesToken, to)).collect(),
            _ => Attack::new(server, world, &place, &tokens).run().await,
        };
        waiting.extend(reached.iter().map(|(_, to)| to.clone()));
        found.insert(place, reached);
    }
    let mut wrong = Vec::new();
    let mut ends = Ends::default();
    ends.techniques.extend(found.values().flatten().map(|(technique, _)| *technique));
    for place in tokens.keys() {
        let Place::Principal(account) = place else { continue };
        let differs = compare(&escalation, account, &found, &mut ends);
        let differs = differs.or_else(|| compare_reach(world, &escalation, account, &found));
        wrong.extend(differs.map(|why| format!("{}: {why}", world.name)));
    }
    if !wrong.is_empty() {
        wrong.extend(
            world.objects.iter().filter(|it| it["kind"] != "ServiceAccount").map(ToString::to_string),
        );
    }
    (wrong, ends)
}

/// Everything that a place leads to, as far as the server let it.
fn reached(from: &Place, found: &BTreeMap<Place, Found>) -> BTreeSet<Place> {
    let (mut reached, mut waiting) = (BTreeSet::new(), vec![from.clone()]);
    while let Some(place) = waiting.pop() {
        if reached.insert(place.clone()) {
            waiting.extend(found.get(&place).into_iter().flatten().map(|(_, to)| to.clone()));
        }
    }
    reached
}

/// Not only the end of the shortest path, but all that it leads to must be the same.
fn compare_reach(
    world: &World,
    escalation: &Escalation,
    account: &Principal,
    found: &BTreeMap<Place, Found>,
) -> Option<String> {
    let told = escalation.reach(account);
    if told.contains(&Place::ClusterAdmin) {
        return None;
    }
    let reached = reached(&Place::Principal(account.clone()), found);
    // One account stands for all that have the rights of their group alone, and everything for any part of it.
    let bound = |account: &Place| {
        world.of("RoleBinding").chain(world.of("ClusterRoleBinding")).any(|binding| {
            let named = |it: &Value| {
                *account
                    == Place::account(
                        it["namespace"].as_str().unwrap_or_default(),
                        it["name"].as_str().unwrap_or_default(),
                    )
            };
            binding["subjects"].as_array().unwrap().iter().any(named)
        })
    };
    let reached_by_name = |place: &Place| matches!(place, Place::Principal(_)) && !bound(place);
    let told_otherwise = |place: &Place| match place {
        Place::Principal(Principal::ServiceAccount { .. }) => !bound(place),
        // Whoever holds the rights of a role already may bind it, and gains nothing.
        Place::Rights { scope, .. } => {
            let gained = self::reached(place, found);
            let mut gained = gained.iter().filter(|it| !matches!(it, Place::Rights { .. }));
            told.contains(&Place::Everything(scope.clone()))
                || gained.all(|it| told.contains(it) || reached_by_name(it))
        }
        _ => false,
    };
    let leads_on = |place: &&Place| found.get(place).is_some_and(|found| !found.is_empty());
    let missing =
        reached.iter().filter(leads_on).filter(|place| !told.contains(place) && !told_otherwise(place));
    let missing: Vec<_> = missing.collect();
    let elsewhere = ["kube-system", "default"].map(|name| Place::Everything(Some(name.into())));
    let known = |place: &&Place| match place {
        Place::Rights { scope, .. } => scope.as_ref().is_none_or(|scope| scope.starts_with(&world.name)),
        Place::Principal(Principal::ServiceAccount { namespace, name }) => {
            namespace.starts_with(&world.name) && ["default", "x", "y"].contains(&name.as_str())
        }
        // Being somebody in a group is tried by name.
        Place::Principal(Principal::Group(name)) => name.starts_with(&world.name),
        other => !elsewhere.contains(other),
    };
    let surplus: Vec<_> = told.iter().filter(known).filter(|place| !reached.contains(place)).collect();
    let same = missing.is_empty() && surplus.is_empty();
    (!same).then(|| format!("{account} also reaches {missing:?}, and not {surplus:?}; found {found:?}"))
}

/// What is wrong with the path that is reported of an account.
fn compare(
    escalation: &Escalation,
    account: &Principal,
    found: &BTreeMap<Place, Found>,
    ends: &mut Ends,
) -> Option<String> {
    let reached = reached(&Place::Principal(account.clone()), found);
    let possible = reached.contains(&Place::ClusterAdmin);
    let Some(path) = escalation.path(account) else {
        ends.without += 1;
        return possible.then(|| format!("{account} has no path, yet reaches {reached:?} by {found:?}"));
    };
    ends.with += 1;
    for hop in path {
        let step = (hop.technique, hop.to.clone());
        if !found.get(&hop.from).is_some_and(|found| found.contains(&step)) {
            return Some(format!("{account}: from {}, `{hop}` does not succeed", hop.from));
        }
    }
    (!possible).then(|| format!("{account} has a path that leads nowhere"))
}
