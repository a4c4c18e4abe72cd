//! What `--fix` makes and what it leaves, from what controls say of their own violating examples.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use stanchion::engine::catalogue;
use stanchion::engine::control::{Control, Heading, Patch, Safety, Verdict};
use stanchion::facts::Step;

use crate::example::Example;

const HEAD: &str = "\
# Fixes

Made from the code by `make generate`.

`stanchion audit manifests/ --fix` shows what it would change as a diff, which `git apply` takes too; with `--write` it
changes the files. What the files say is judged by the same standards as without `--fix`, and what a living exception
covers is not touched.

## What is safe

A fix is safe to make unseen if the API server takes the object with it as it took it before, and if all that it does is
to hold back what the workload was given by default or too generously: the fields of security contexts, a token that is
mounted for nobody, a pull policy. A program that does need what is held back says so when it starts, so roll a fix out
like any other change: look at the diff, and try it before it meets production. `runAsNonRoot: true` keeps an image that
runs as root from starting, and `drop: [ALL]` one that changes users or owners at its start.

Everything else takes somebody who knows the workload: an image to pin, a limit to choose, a volume to do without. Such
findings have advice, and some a patch to look at first, in `-o json`.

## What is kept

A fix inserts lines, changes one value, or takes out an entry that the new value leaves no room for. Everything else stays
as it is, byte for byte: comments, order, quotes, indentation, line breaks, anchors, other documents of the file. After
each fix the file is read again, and unless the object is exactly what the fix makes of it, and everything around it what
it was, the fix is not made. Then it says `left as it is`, where, and why:

- the part is shared with another place by an anchor, an alias or a merge key
- a tag, or the style of a block scalar, says how to read the value
- a comment would be lost
- the file is a stream of several JSON values
- the file is a link that leads out of the paths that were named

Standard input and Helm's templates are never written to: mend the chart's values, or what it renders to.
";

pub(crate) fn render() -> String {
    let (mut safe, mut others) = (BTreeSet::new(), BTreeSet::new());
    for control in catalogue::all() {
        for patch in patches(control) {
            let row = (control.id, change(&patch));
            match patch.safety {
                Safety::Safe => drop(safe.insert((row, ""))),
                Safety::Review(why) => drop(others.insert((row, why))),
            }
        }
    }
    let mut page = HEAD.to_owned();
    page.push_str("\n## Made by `--fix`\n\n| Control | Change |\n| --- | --- |\n");
    for ((id, change), _) in &safe {
        let _ = writeln!(page, "| [`{id}`](controls/{id}.md) | `{change}` |");
    }
    page.push_str(
        "\n## Patches to look at first\n\n| Control | Change | Why it is not made |\n| --- | --- | --- |\n",
    );
    for ((id, change), why) in &others {
        let _ = writeln!(page, "| [`{id}`](controls/{id}.md) | `{change}` | {why} |");
    }
    page
}

/// The patches of a control's violating examples.
fn patches(control: &Control) -> Vec<Patch> {
    let examples = control.examples(Heading::Violating);
    let verdicts = examples.iter().filter_map(|block| Example::parse(block).ok()?.judge(control).ok());
    let findings = verdicts.filter_map(|verdict| match verdict {
        Verdict::Fail(findings) => Some(findings),
        _ => None,
    });
    findings.flatten().filter_map(|finding| finding.fix.patch.map(|patch| *patch)).collect()
}

/// The change without the numbers of an example: `containers[].securityContext.privileged: false`.
fn change(patch: &Patch) -> String {
    let mut place = String::new();
    for step in patch.path.steps() {
        match step {
            Step::Index(_) => place.push_str("[]"),
            Step::Key(key) if key.contains('/') => place.extend(["[", key, "]"]),
            Step::Key(key) if place.is_empty() => place.push_str(key),
            Step::Key(key) => place.extend([".", key]),
        }
    }
    if patch.value.is_null() { format!("{place}: removed") } else { format!("{place}: {}", patch.value) }
}
