//! Log collectors: which there are, on which nodes they run, and whose logs they read.
//!
//! A collector is a `DaemonSet` with the image of one, or anything else with an image that reads logs through the API
//! server. What it reads is said by its configuration and by the folders of its node that it mounts. A container's logs
//! are shipped if, on every node that its pods may run on, a collector runs that reads them.

use crate::facts::{
    Container, Image, Inventory, Node, Object, ObjectKind, SubjectKey, Text, Workload, WorkloadKind,
};
use crate::relations::scheduling::{can_run_on, is_of_another_system, may_run_where_not};

pub mod product;
mod reading;

use product::OptOuts;
pub use product::{OptOut, Product, is_collector, opt_outs};
use reading::{Read, Reading, Wanted};

/// All collectors of some facts, at hand.
#[derive(Debug, Clone, Copy)]
pub struct Collectors<'a> {
    inventory: &'a Inventory,
    found: &'a Found,
}

/// The most collectors that are looked at, and the most nodes on which one doesn't run: far above what a cluster has.
const MOST: usize = 256;
const MOST_NODES: usize = 10_000;

/// All collectors that were found, and what else runs on every node.
#[derive(Debug, Default)]
pub struct Found {
    /// The names of the nodes.
    nodes: Vec<Text>,
    known: Vec<Collector>,
    others: Vec<Collector>,
    /// There are more of them than are looked at.
    unlisted: bool,
}

/// A workload whose logs are asked about.
#[derive(Debug)]
pub struct Asked<'a> {
    collectors: Collectors<'a>,
    workload: &'a Workload,
    opt_outs: OptOuts<'a>,
    /// What its namespace says of all of its pods.
    of_namespace: Option<OptOut<'a>>,
}

/// A collector.
#[derive(Debug)]
struct Collector {
    key: SubjectKey,
    workload: Workload,
    product: Option<Product>,
    reading: Reading,
    obeys: Option<bool>,
    /// The nodes that its pods don't run on, by their place among the nodes.
    away: Vec<usize>,
    /// It reads through the API server: where it runs doesn't matter.
    from_anywhere: bool,
}

/// What a question takes for granted.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// Whether an image is known to ship all that containers on its node write.
    pub trusts: &'a dyn Fn(&str) -> bool,
    /// The least part of its nodes, in percent, on which a collector must be ready.
    pub ready: u8,
}

/// Whether a container's logs are shipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coverage {
    /// They are.
    Shipped,
    /// They are not, and why.
    Not(String),
    /// That can't be said, and why not.
    Unclear(String),
}

/// What a collector does for one container.
enum Service {
    Reads,
    May(String),
    DoesNot(String),
}

/// Whether a workload is or may be a collector, so that whose logs are shipped may change with it.
pub(super) fn concerns(workload: &Workload) -> bool {
    workload.kind == WorkloadKind::DaemonSet || product::product_of(workload).is_some()
}

impl Found {
    /// The collectors among these facts.
    #[must_use]
    pub fn in_facts(inventory: &Inventory) -> Self {
        let nodes: Vec<&Node> = inventory.nodes().collect();
        let mut found = Self::default();
        for (key, workload) in inventory.workloads() {
            let daemons = workload.kind == WorkloadKind::DaemonSet;
            let (known, collector) = match product::product_of(workload) {
                None if daemons => (false, Collector::unknown(key, workload)),
                None => continue,
                Some((product, container)) => {
                    let configured = reading::configured(product, workload, container, inventory);
                    if !daemons && !configured.from_anywhere {
                        continue;
                    }
                    let collector = Collector {
                        product: Some(product),
                        reading: configured.reading,
                        obeys: configured.obeys,
                        from_anywhere: configured.from_anywhere,
                        ..Collector::unknown(key, workload)
                    };
                    (true, collector)
                }
            };
            let list = if known { &mut found.known } else { &mut found.others };
            if list.len() == MOST {
                found.unlisted = true;
            } else {
                list.push(collector.among(&nodes));
            }
        }
        found.nodes = nodes.iter().map(|node| node.metadata.name.clone()).collect();
        found
    }
}

impl<'a> Collectors<'a> {
    /// The collectors that were found among these facts.
    pub(super) const fn new(inventory: &'a Inventory, found: &'a Found) -> Self {
        Self { inventory, found }
    }

    /// Whether there is no collector, as far as images tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.known.is_empty()
    }

    /// Whether the nodes are known, so that the facts are those of a whole cluster.
    #[must_use]
    pub fn knows_nodes(&self) -> bool {
        !self.found.nodes.is_empty()
    }

    /// Whether some collector obeys what pods say of themselves, or may: one that is not among the facts may, too.
    #[must_use]
    pub fn may_obey(&self, opt_out: &OptOut<'_>) -> bool {
        let obeys = |it: &Collector| it.product == Some(opt_out.product) && it.obeys != Some(false);
        self.found.known.is_empty() || self.found.known.iter().any(obeys)
    }

    /// A workload, to ask about its containers.
    #[must_use]
    pub fn ask(self, workload: &'a Workload) -> Asked<'a> {
        let namespace = self.inventory.namespace(namespace_of(workload));
        Asked {
            collectors: self,
            workload,
            opt_outs: OptOuts::of(&workload.template),
            of_namespace: namespace.and_then(|it| product::of_namespace(&it.metadata)),
        }
    }

    /// The collectors that read files of a node below a folder, or may: `Some(true)` if one does, `None` if one may.
    #[must_use]
    pub fn reads_folder(&self, folder: &str, terms: &Terms<'_>) -> Option<bool> {
        let mut doubt = false;
        for collector in self.found.known.iter().chain(&self.found.others) {
            match &collector.reading {
                Reading::Sources(sources) => {
                    let mut files = sources.iter().flat_map(|source| &source.host_files);
                    if files.any(|file| is_below(file, folder)) {
                        return Some(true);
                    }
                }
                Reading::Unclear(_) if collector.product.is_some() => doubt = true,
                _ if collector.images().any(|image| (terms.trusts)(image)) => doubt = true,
                _ => {}
            }
        }
        (!doubt).then_some(false)
    }
}

impl Asked<'_> {
    /// Whether the logs of a container, which it writes to its standard output, are shipped.
    #[must_use]
    pub fn coverage(&self, container: &Container, terms: &Terms<'_>) -> Coverage {
        let found = self.collectors.found;
        let wanted = Wanted::new(self.workload, container, namespace_of(self.workload));
        let mut readers: Vec<&Collector> = Vec::new();
        let mut may = None;
        let mut not = None;
        for collector in found.known.iter().chain(&found.others) {
            match self.service(collector, &wanted, terms) {
                Some(Service::Reads) => readers.push(collector),
                Some(Service::May(why)) => may = may.or_else(|| Some(format!("{} {why}", collector.name()))),
                Some(Service::DoesNot(why)) => {
                    not = not.or_else(|| Some(format!("{} {why}", collector.name())));
                }
                None => {}
            }
        }
        if found.unlisted {
            may = may.or_else(|| Some("there are more collectors than are looked at".to_owned()));
        }
        match (readers.is_empty(), may, not) {
            (true, Some(why), _) => Coverage::Unclear(why),
            (true, None, Some(why)) => Coverage::Not(why),
            (true, None, None) => self.nobody(),
            (false, may, _) if found.nodes.is_empty() => self.without_nodes(&readers, may),
            (false, may, _) => self.on_nodes(&readers, may),
        }
    }

    /// Without any collector of logs: in a cluster, nobody reads them; among files, it may be that somebody else's do.
    fn nobody(&self) -> Coverage {
        let found = self.collectors.found;
        let idle = found.known.iter().find_map(|collector| match &collector.reading {
            Reading::Nothing(why) => Some(format!("{} reads no logs: {why}", collector.name())),
            _ => None,
        });
        match (found.nodes.is_empty(), idle) {
            (true, Some(why)) => Coverage::Unclear(why),
            (true, None) => {
                let why = "no log collector is among the files: add its manifests, or audit the cluster";
                Coverage::Unclear(why.to_owned())
            }
            (false, Some(why)) => Coverage::Not(why),
            (false, None) => Coverage::Not("no log collector runs in this cluster".to_owned()),
        }
    }

    /// What a collector does for a container; nothing for what collects no logs at all.
    fn service(&self, collector: &Collector, wanted: &Wanted<'_>, terms: &Terms<'_>) -> Option<Service> {
        let trusted = || collector.images().any(|image| (terms.trusts)(image));
        let reading = match (&collector.reading, collector.product) {
            (Reading::Sources(_), Some(_)) => None,
            (Reading::Unclear(_) | Reading::Nothing(_), _) if trusted() => Some(Service::Reads),
            (_, None) | (Reading::Nothing(_), _) => return None,
            (Reading::Unclear(why), _) => Some(Service::May(format!("may not read it: {why}"))),
        };
        if let Some(why) = self.opted_out(collector, wanted) {
            return Some(Service::DoesNot(why));
        }
        let service = reading.unwrap_or_else(|| self.read(collector, wanted));
        Some(match (service, collector.readiness(terms.ready)) {
            (Service::DoesNot(why), _) => Service::DoesNot(why),
            (_, Some((ready, wanted))) => Service::May(format!("is ready on {ready} of {wanted} nodes")),
            (service, None) => service,
        })
    }

    fn read(&self, collector: &Collector, wanted: &Wanted<'_>) -> Service {
        let Reading::Sources(sources) = &collector.reading else {
            return Service::DoesNot("reads no logs".to_owned());
        };
        let (mut may, mut not) = (None, None);
        for source in sources {
            match source.reads(wanted, self.collectors.inventory) {
                Read::Yes => return Service::Reads,
                Read::Maybe(why) => may = may.or(Some(why)),
                Read::No(why) => not = not.or(Some(why)),
            }
        }
        match may {
            Some(why) => Service::May(format!("may not read it: {why}")),
            None => Service::DoesNot(not.unwrap_or_else(|| "reads no logs".to_owned())),
        }
    }

    /// Why a collector leaves a container alone because it is told so.
    fn opted_out(&self, collector: &Collector, wanted: &Wanted<'_>) -> Option<String> {
        let product = collector.product.filter(|_| collector.obeys == Some(true))?;
        if let Some(key) = self.opt_outs.of_container(product, &wanted.container.name) {
            return Some(format!("leaves it out for its `{key}`"));
        }
        let said = self.of_namespace.as_ref().filter(|it| it.product == product)?;
        Some(format!("leaves out its namespace for `{}`", said.key))
    }

    /// Whether readers run wherever the workload may.
    fn on_nodes(&self, readers: &[&Collector], may: Option<String>) -> Coverage {
        let Collectors { inventory, found } = self.collectors;
        let node = |name: &str| match inventory.get(ObjectKind::Node, "", name) {
            Some(Object::Node(node)) => Some(node),
            _ => None,
        };
        let bound = self.workload.spec().node_name.as_deref().filter(|name| !name.is_empty());
        if let Some(name) = bound.filter(|name| node(name).is_none()) {
            return Coverage::Unclear(format!("its node `{name}` is not among the facts"));
        }
        // Mostly there are none, and of several collectors the one with the fewest is gone through.
        let least =
            readers.iter().min_by_key(|it| it.away.len()).map(|it| it.away.as_slice()).unwrap_or_default();
        let uncovered =
            least.iter().take(MOST_NODES).filter(|place| readers.iter().all(|it| it.is_away(**place)));
        for name in uncovered.filter_map(|place| found.nodes.get(*place)) {
            let Some(node) = node(name) else { continue };
            if is_of_another_system(self.workload, node) || !can_run_on(self.workload, node) {
                continue;
            }
            let who = readers.first().map(|collector| collector.name()).unwrap_or_default();
            return may.map_or_else(
                || Coverage::Not(format!("it may run on node `{name}`, where {who} does not run")),
                Coverage::Unclear,
            );
        }
        if least.len() > MOST_NODES {
            return Coverage::Unclear("no collector runs on more nodes than are looked at".to_owned());
        }
        Coverage::Shipped
    }

    /// Files tell no nodes: whether the readers go wherever the workload may is a matter of what both ask for.
    fn without_nodes(&self, readers: &[&Collector], may: Option<String>) -> Coverage {
        let mut doubt = None;
        for collector in readers {
            let gap = may_run_where_not(self.workload, &collector.workload);
            match gap.filter(|_| !collector.from_anywhere) {
                None => return Coverage::Shipped,
                Some(gap) => doubt = doubt.or_else(|| Some(format!("{} {gap}", collector.name()))),
            }
        }
        let unclear = doubt.or(may);
        Coverage::Unclear(unclear.unwrap_or_else(|| "no collector is known to read it".to_owned()))
    }
}

fn namespace_of(workload: &Workload) -> &str {
    workload.meta.namespace.as_deref().unwrap_or("default")
}

/// Whether a pattern of files matches some below a folder.
fn is_below(pattern: &str, folder: &str) -> bool {
    let literal = pattern.split('*').next().unwrap_or(pattern);
    let deep = pattern.contains("**");
    reading::holds(folder, pattern)
        || (deep && folder.starts_with(literal))
        || crate::facts::glob::Glob::read(pattern)
            .is_some_and(|glob| glob.matches(&format!("{folder}/\0")) > crate::facts::glob::Matches::No)
}

impl Collector {
    fn unknown(key: &SubjectKey, workload: &Workload) -> Self {
        Self {
            key: key.clone(),
            workload: workload.clone(),
            product: None,
            reading: Reading::Nothing(String::new()),
            obeys: None,
            away: Vec::new(),
            from_anywhere: false,
        }
    }

    /// With the nodes that it doesn't run on.
    fn among(self, nodes: &[&Node]) -> Self {
        let away = nodes.iter().enumerate().filter(|(_, node)| !can_run_on(&self.workload, node));
        Self { away: away.map(|(place, _)| place).collect(), ..self }
    }

    /// Its name, for people: ``Fluent Bit `logging/fluent-bit` ``.
    fn name(&self) -> String {
        let product = self.product.map_or("the DaemonSet", Product::as_str);
        format!("{product} `{}/{}`", self.key.namespace, self.key.name)
    }

    fn images(&self) -> impl Iterator<Item = &Image> {
        self.workload.spec().containers.iter().filter_map(|container| container.image.as_ref())
    }

    fn is_away(&self, place: usize) -> bool {
        !self.from_anywhere && self.away.binary_search(&place).is_ok()
    }

    /// On how many of how many nodes it is ready, if those are too few. That changes by the minute: it is a doubt, and
    /// no defect of a workload that could be denied for it.
    fn readiness(&self, least: u8) -> Option<(i32, i32)> {
        let running = self.workload.running.as_ref()?;
        let wanted = running.desired_number_scheduled.filter(|wanted| *wanted > 0)?;
        let ready = running.number_ready.unwrap_or(0);
        let enough = i64::from(ready) * 100 >= i64::from(wanted) * i64::from(least);
        (!enough).then_some((ready, wanted))
    }
}

#[cfg(test)]
mod tests;
