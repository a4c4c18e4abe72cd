//! Log collectors: which there are, on which nodes they run, and whose logs they read.
//!
//! A collector is a `DaemonSet` with the image of one, or anything else with an image that reads logs through the API
//! server. What it reads is said by its configuration and by the folders of its node that it mounts. A container's logs
//! are shipped if, on every node that its pods may run on, a collector runs that reads them.

use crate::facts::{
    Container, Inventory, Node, Object, ObjectKind, SubjectKey, Text, Workload, WorkloadKind,
};
use crate::relations::scheduling::{can_run_on, is_of_another_system, may_run_where_not};

pub mod product;
mod reading;

pub use product::{OptOut, Product, is_collector, opt_outs};
use reading::{Read, Reading, Wanted};

/// All collectors of some facts, at hand.
#[derive(Debug, Clone, Copy)]
pub struct Collectors<'a> {
    inventory: &'a Inventory,
    found: &'a Found,
}

/// All collectors that were found, and what else runs on every node.
#[derive(Debug)]
pub struct Found {
    /// The names of the nodes.
    nodes: Vec<Text>,
    known: Vec<Collector>,
    others: Vec<Collector>,
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

impl Found {
    /// The collectors among these facts.
    #[must_use]
    pub fn in_facts(inventory: &Inventory) -> Self {
        let nodes: Vec<&Node> = inventory.nodes().collect();
        let (mut known, mut others) = (Vec::new(), Vec::new());
        for (key, workload) in inventory.workloads() {
            let daemons = workload.kind == WorkloadKind::DaemonSet;
            let Some((product, container)) = product::product_of(workload) else {
                if daemons {
                    others.push(Collector::unknown(key, workload, &nodes));
                }
                continue;
            };
            let configured = reading::configured(product, workload, container, inventory);
            if daemons || configured.from_anywhere {
                known.push(Collector {
                    product: Some(product),
                    reading: configured.reading,
                    obeys: configured.obeys,
                    from_anywhere: configured.from_anywhere,
                    ..Collector::unknown(key, workload, &nodes)
                });
            }
        }
        let nodes = nodes.iter().map(|node| node.metadata.name.clone()).collect();
        Self { nodes, known, others }
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

    /// Whether the logs of a container, which it writes to its standard output, are shipped.
    #[must_use]
    pub fn coverage(&self, workload: &Workload, container: &Container, terms: &Terms<'_>) -> Coverage {
        let wanted = Wanted::new(workload, container);
        let opt_outs = opt_outs(&workload.template);
        let mut readers: Vec<&Collector> = Vec::new();
        let mut may: Vec<(&Collector, String)> = Vec::new();
        let mut not = None;
        for collector in self.found.known.iter().chain(&self.found.others) {
            match self.service(collector, &wanted, &opt_outs, terms) {
                Some(Service::Reads) => readers.push(collector),
                Some(Service::May(why)) => may.push((collector, why)),
                Some(Service::DoesNot(why)) => {
                    not.get_or_insert_with(|| format!("{} {why}", collector.name()));
                }
                None => {}
            }
        }
        if readers.is_empty() && may.is_empty() {
            return match not {
                Some(why) => Coverage::Not(why),
                None => self.nobody(),
            };
        }
        if self.found.nodes.is_empty() {
            return without_nodes(workload, &readers, &may);
        }
        self.on_nodes(workload, &readers, &may)
    }

    /// Without any collector: in a cluster, nobody reads logs; among files, it may be that somebody else's do.
    fn nobody(&self) -> Coverage {
        if self.found.nodes.is_empty() {
            let why = "no log collector is among the files: add its manifests, or audit the cluster";
            Coverage::Unclear(why.to_owned())
        } else {
            Coverage::Not("no log collector runs in this cluster".to_owned())
        }
    }

    /// What a collector does for a container; nothing for what is no collector.
    fn service(
        &self,
        collector: &Collector,
        wanted: &Wanted<'_>,
        opt_outs: &[OptOut<'_>],
        terms: &Terms<'_>,
    ) -> Option<Service> {
        let trusted = || collector.images().any(|image| (terms.trusts)(image));
        let reading = match (&collector.reading, collector.product) {
            (Reading::Sources(_), Some(_)) => None,
            (Reading::Unclear(_) | Reading::Nothing(_), _) if trusted() => Some(Service::Reads),
            (_, None) => return None,
            (Reading::Nothing(why), _) => {
                return Some(Service::DoesNot(format!("reads no logs: {why}")));
            }
            (Reading::Unclear(why), _) => Some(Service::May(format!("may not read it: {why}"))),
        };
        if let Some(why) = self.opted_out(collector, wanted, opt_outs) {
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
            match source.reads(wanted, self.inventory) {
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
    fn opted_out(
        &self,
        collector: &Collector,
        wanted: &Wanted<'_>,
        opt_outs: &[OptOut<'_>],
    ) -> Option<String> {
        let product = collector.product.filter(|_| collector.obeys == Some(true))?;
        let own = opt_outs.iter().find(|it| it.product == product && it.is_about(&wanted.container.name));
        if let Some(own) = own {
            return Some(format!("leaves it out for its `{}`", own.key));
        }
        let namespace = self.inventory.namespace(wanted.namespace)?;
        let said = product::of_namespace(&namespace.metadata).filter(|it| it.product == product)?;
        Some(format!("leaves out its namespace for `{}`", said.key))
    }

    /// Whether readers run wherever a workload may.
    fn on_nodes(
        &self,
        workload: &Workload,
        readers: &[&Collector],
        may: &[(&Collector, String)],
    ) -> Coverage {
        let bound = workload.spec().node_name.as_deref().filter(|name| !name.is_empty());
        if let Some(name) = bound.filter(|name| !self.found.nodes.iter().any(|node| node == *name)) {
            return Coverage::Unclear(format!("its node `{name}` is not among the facts"));
        }
        let mut doubt = None;
        for place in self.uncovered(readers) {
            let name = self.found.nodes.get(place).map(Text::as_str).unwrap_or_default();
            let Some(Object::Node(node)) = self.inventory.get(ObjectKind::Node, "", name) else { continue };
            if is_of_another_system(workload, node) || !can_run_on(workload, node) {
                continue;
            }
            match may.iter().find(|(collector, _)| !collector.is_away(place)) {
                Some((collector, why)) => doubt = doubt.or(Some((*collector, why))),
                None => {
                    return Coverage::Not(match readers.first().or(may.first().map(|(it, _)| it)) {
                        Some(collector) => {
                            format!("it may run on node `{name}`, where {} does not run", collector.name())
                        }
                        None => format!("it may run on node `{name}`, where no collector runs"),
                    });
                }
            }
        }
        match doubt {
            Some((collector, why)) => Coverage::Unclear(format!("{} {why}", collector.name())),
            None => Coverage::Shipped,
        }
    }

    /// The nodes on which none of the readers runs: mostly none, so that the fewest are gone through.
    fn uncovered(&self, readers: &[&Collector]) -> Vec<usize> {
        let Some(least) = readers.iter().min_by_key(|it| it.away.len()) else {
            return (0..self.found.nodes.len()).collect();
        };
        least.away.iter().copied().filter(|place| readers.iter().all(|it| it.is_away(*place))).collect()
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

/// Whether a pattern of files matches some below a folder.
fn is_below(pattern: &str, folder: &str) -> bool {
    let literal = pattern.split('*').next().unwrap_or(pattern);
    let deep = pattern.contains("**");
    reading::holds(folder, pattern)
        || (deep && folder.starts_with(literal))
        || crate::facts::glob::Glob::read(pattern)
            .is_some_and(|glob| glob.matches(&format!("{folder}/\0")) > crate::facts::glob::Matches::No)
}

/// Files tell no nodes: whether the readers go wherever a workload may is a matter of what both ask for.
fn without_nodes(workload: &Workload, readers: &[&Collector], may: &[(&Collector, String)]) -> Coverage {
    let mut doubt = None;
    for collector in readers {
        let gap = may_run_where_not(workload, &collector.workload).filter(|_| !collector.from_anywhere);
        match gap {
            None => return Coverage::Shipped,
            Some(gap) => doubt = doubt.or_else(|| Some(format!("{} {gap}", collector.name()))),
        }
    }
    let unclear = doubt.or_else(|| may.first().map(|(collector, why)| format!("{} {why}", collector.name())));
    Coverage::Unclear(unclear.unwrap_or_else(|| "no collector is known to read it".to_owned()))
}

impl Collector {
    fn unknown(key: &SubjectKey, workload: &Workload, nodes: &[&Node]) -> Self {
        let away = nodes.iter().enumerate().filter(|(_, node)| !can_run_on(workload, node));
        Self {
            key: key.clone(),
            workload: workload.clone(),
            product: None,
            reading: Reading::Nothing(String::new()),
            obeys: None,
            away: away.map(|(place, _)| place).collect(),
            from_anywhere: false,
        }
    }

    /// Its name, for people: ``Fluent Bit `logging/fluent-bit` ``.
    fn name(&self) -> String {
        let product = self.product.map_or("the DaemonSet", Product::as_str);
        format!("{product} `{}/{}`", self.key.namespace, self.key.name)
    }

    fn images(&self) -> impl Iterator<Item = &Text> {
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
