//! The reference of the metrics, in Markdown, from the table that they are registered from.

use std::fmt::Write as _;

use stanchion::operator::metrics::{MOST_SERIES, OTHER, TABLE, Values};

pub(crate) fn render() -> String {
    let mut page = format!(
        "# Metrics\n\n\
         Generated from `src/operator/metrics/table.rs` by `make generate`. `stanchion controller` serves them under `/metrics` in \
         the text format of OpenMetrics 1.0.\n\n\
         A metric has at most {MOST_SERIES} series. Of names of standards and tiers beyond that, one series stands for the rest, with \
         the name `{OTHER}`, which no object can have; unless something else is said, it is their sum. What is gone from the \
         cluster is gone from the metrics.\n\n\
         | metric | type | labels | what it says |\n| --- | --- | --- | --- |\n"
    );
    for row in TABLE {
        let labels: Vec<String> = row.labels.iter().map(|(name, values)| label(name, *values)).collect();
        let (name, kind) = (row.sample(), row.kind.as_str());
        writeln!(page, "| `{name}` | {kind} | {} | {} |", labels.join("; "), row.help).unwrap();
    }
    page.push_str("\nA histogram has the series `…_bucket`, `…_count` and `…_sum`.\n");
    page
}

fn label(name: &str, values: Values) -> String {
    match values {
        Values::Names => format!("`{name}`"),
        Values::Of(values) => format!("`{name}`: {}", values.join(", ")),
        Values::Kinds => format!("`{name}`: a kind that is watched, such as `Deployment`"),
        Values::Resources => format!("`{name}`: a resource that is watched, such as `deployments`"),
        Values::Version => format!("`{name}`: the version of the program"),
    }
}
