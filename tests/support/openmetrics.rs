//! Whether a text keeps to OpenMetrics 1.0, as far as counters, gauges, histograms and infos go.

use std::collections::{BTreeMap, BTreeSet};

/// One metric family.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    unit: String,
    has_help: bool,
    /// Name and labels of each sample, and its value.
    pub(crate) samples: Vec<(String, Labels, f64)>,
}

pub(crate) type Labels = BTreeMap<String, String>;

/// The families of a text, by name; or what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, Family>, String> {
    let body = text.strip_suffix("# EOF\n").ok_or("it does not end with `# EOF`")?;
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    for line in body.split_terminator('\n') {
        let wrong = |what: &str| format!("{what}: {line}");
        if let Some(rest) = line.strip_prefix("# ") {
            let (keyword, rest) = rest.split_once(' ').ok_or_else(|| wrong("a comment"))?;
            let (name, value) = rest.split_once(' ').ok_or_else(|| wrong("no value"))?;
            if name != current && families.contains_key(name) {
                return Err(wrong("a family in two places"));
            }
            name.clone_into(&mut current);
            let family = families.entry(name.to_owned()).or_default();
            if !family.samples.is_empty() {
                return Err(wrong("metadata after samples"));
            }
            match keyword {
                "HELP" if !family.has_help => family.has_help = true,
                "TYPE" if family.kind.is_empty() => value.clone_into(&mut family.kind),
                "UNIT" if family.unit.is_empty() => value.clone_into(&mut family.unit),
                _ => return Err(wrong("a second one, or none that is known")),
            }
            continue;
        }
        let (name, labels, value) = sample(line).ok_or_else(|| wrong("no sample"))?;
        let family = families.get_mut(&current).ok_or_else(|| wrong("a sample without a family"))?;
        let suffix =
            name.strip_prefix(current.as_str()).ok_or_else(|| wrong("a sample of another family"))?;
        let suffixes: &[&str] = match family.kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_count", "_sum"],
            "info" => &["_info"],
            _ => return Err(wrong("an unknown type")),
        };
        if !suffixes.contains(&suffix) {
            return Err(wrong("not a name for this type"));
        }
        if family.kind != "gauge" && value < 0.0 {
            return Err(wrong("negative"));
        }
        family.samples.push((name, labels, value));
    }
    for (name, family) in &families {
        check(name, family).map_err(|what| format!("{name}: {what}"))?;
    }
    Ok(families)
}

fn check(name: &str, family: &Family) -> Result<(), String> {
    if family.kind.is_empty() || !family.has_help {
        return Err("no TYPE or no HELP".to_owned());
    }
    if !family.unit.is_empty() && !name.ends_with(&format!("_{}", family.unit)) {
        return Err(format!("it does not end with its unit, {}", family.unit));
    }
    let mut seen = BTreeSet::new();
    for (name, labels, _) in &family.samples {
        if !seen.insert((name, labels)) {
            return Err(format!("twice: {name} {labels:?}"));
        }
    }
    if family.kind == "histogram" {
        check_histogram(family)?;
    }
    Ok(())
}

/// Of a histogram without labels of its own.
fn check_histogram(family: &Family) -> Result<(), String> {
    let of = |suffix: &'static str| family.samples.iter().filter(move |(name, ..)| name.ends_with(suffix));
    let buckets: Vec<f64> = of("_bucket").map(|(.., value)| *value).collect();
    let count = of("_count").map(|(.., value)| *value).next().ok_or("no count")?;
    let last = of("_bucket").next_back().ok_or("no buckets")?;
    if last.1.get("le").map(String::as_str) != Some("+Inf") || last.2.to_bits() != count.to_bits() {
        return Err(format!("the last bucket is {last:?}, and the count {count}"));
    }
    if !buckets.is_sorted() {
        return Err(format!("the buckets don't add up: {buckets:?}"));
    }
    Ok(())
}

fn sample(line: &str) -> Option<(String, Labels, f64)> {
    let is_name = |name: &str| {
        let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
        name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
    };
    let end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Labels::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (label, quoted) = rest.split_once("=\"")?;
            let (value, after) = unquoted(quoted)?;
            if !is_name(label) || labels.insert(label.to_owned(), value).is_some() {
                return None;
            }
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = rest.strip_prefix('}')?;
    }
    let value = rest.strip_prefix(' ')?.parse().ok()?;
    is_name(name).then(|| (name.to_owned(), labels, value))
}

/// A label value up to its closing quote, and what follows.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                escaped @ ('"' | '\\') => escaped,
                _ => return None,
            }),
            c => value.push(c),
        }
    }
    None
}

#[test]
fn what_is_not_openmetrics_is_refused() {
    let good = "# HELP a_seconds A.\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds{b=\"c\\\"\\n\"} 1.5\n# EOF\n";
    let families = parse(good).unwrap();
    assert_eq!(families["a_seconds"].samples[0].1["b"], "c\"\n");
    let wrong = [
        good.trim_end().to_owned(),
        good.replace("gauge", "counter"),
        good.replace("UNIT a_seconds seconds", "UNIT a_seconds bytes"),
        good.replace("# HELP a_seconds A.\n", ""),
        good.replace(" 1.5\n", " 1.5\na_seconds{b=\"c\\\"\\n\"} 2\n"),
        good.replace("\\\"", "\""),
        good.replace("\na_seconds{", "\nb_seconds{"),
        format!("{good}{good}"),
        "# HELP h H.\n# TYPE h histogram\nh_sum 1.0\nh_count 2\nh_bucket{le=\"1.0\"} 1\n# EOF\n".to_owned(),
        "# HELP h H.\n# TYPE h histogram\nh_sum 1.0\nh_count 2\nh_bucket{le=\"1.0\"} 3\nh_bucket{le=\"+Inf\"} 2\n# EOF\n".to_owned(),
    ];
    for text in wrong {
        assert!(parse(&text).is_err(), "{text}");
    }
}
