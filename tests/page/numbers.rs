//! The numbers of a page against the JSON of the same run.

use serde_json::Value;

use crate::browser::Page;

/// Every number that the page names.
pub(crate) fn agree(page: &Page) {
    let Page { report, seen, .. } = page;
    let said = &seen["numbers"];
    counts(&said["all"], "total", &report["posture"]["total"]);
    for tier in report["posture"]["tiers"].as_array().unwrap() {
        counts(&said["tiers"][name(tier)], "tier", tier);
        for measure in tier["measures"].as_array().unwrap().iter().filter(|it| !it["target"].is_null()) {
            let shown = &said["targets"][format!("{}.{}", name(tier), name(measure))];
            let wanted = match measure["verdict"].as_str().unwrap() {
                "met" => "met",
                "missed" => "missed",
                _ => "not measurable",
            };
            assert_eq!(shown, wanted, "{measure}");
        }
    }
    let controls = report["posture"]["controls"].as_array().unwrap();
    assert_eq!(said["controls"].as_object().unwrap().len(), controls.len());
    for control in controls {
        let shown = &said["controls"][control["id"].as_str().unwrap()];
        for part in ["failing", "excepted", "unknown", "compliant"] {
            assert_eq!(shown[format!("control.{part}")], text(&control[part]), "{control}");
        }
    }
    measures(page);
    exceptions(page);
    framework(page);
    let open = &said["all"]["findings.open"];
    assert_eq!(open.as_str().unwrap().replace(',', ""), text(&report["summary"]["findings"]));
}

fn counts(shown: &Value, of: &str, wanted: &Value) {
    for part in ["evaluated", "compliant", "excepted", "unknown", "failing"] {
        let shown = shown[format!("{of}.{part}")].as_str().unwrap();
        assert_eq!(shown.replace(',', ""), text(&wanted[part]), "{of}.{part}");
    }
    for part in ["compliance", "effective"] {
        assert_eq!(shown[format!("{of}.{part}")], percent(&wanted[part]), "{of}.{part}");
    }
}

fn measures(page: &Page) {
    let shown = |name: &str| page.seen["numbers"]["measures"][name]["measure.value"].as_str().unwrap();
    for measure in page.report["posture"]["measures"].as_array().unwrap() {
        let value = shown(name(measure));
        match (&measure["compliance"], name(measure)) {
            (Value::Null, "slaCompliance") => assert!(value.contains("not measurable from files"), "{value}"),
            (Value::Null, _) => assert!(value.starts_with("not measured"), "{value}"),
            (share, _) => assert!(value.starts_with(&percent(share)), "{value}: {share}"),
        }
    }
    assert_eq!(shown("unknown"), text(&page.report["summary"]["unknown"]));
    assert!(shown("beyond").contains("not measurable from files"));
}

fn exceptions(page: &Page) {
    let all = page.report["exceptions"].as_array().unwrap();
    assert_eq!(page.seen["numbers"]["exceptions"].as_array().unwrap().len(), all.len());
    if all.is_empty() {
        return;
    }
    let active = |it: &&Value| it["state"] == "Active" || it["state"] == "ExpiringSoon";
    let shown = |name: &str| page.seen["numbers"]["all"][format!("exceptions.{name}")].as_str().unwrap();
    assert_eq!(shown("active"), all.iter().filter(active).count().to_string());
    assert_eq!(shown("inactive"), all.iter().filter(|it| !active(it)).count().to_string());
    let idle = all.iter().filter(active).filter(|it| it["effect"] != "Effective");
    assert_eq!(shown("idle"), idle.count().to_string());
    let ending = all.iter().filter(|it| it["state"] == "ExpiringSoon");
    assert_eq!(shown("ending"), ending.count().to_string());
}

fn framework(page: &Page) {
    let shown = &page.seen["numbers"]["frameworks"];
    assert_eq!(shown.as_object().unwrap().len(), 9, "every framework has its line");
    let soc2 = &shown["soc2"];
    let clauses = page.soc2["clauses"].as_array().unwrap();
    assert_eq!(soc2["framework.clauses"], clauses.len().to_string());
    let failing = clauses.iter().filter(|it| it["failing"] != 0).count();
    assert_eq!(soc2["framework.failing"], failing.to_string());
    let uncovered = page.soc2["uncovered"].as_array().unwrap().len();
    assert_eq!(soc2["framework.uncovered"], format!("{uncovered} of {}", page.soc2["total"]));
}

fn name(it: &Value) -> &str {
    it["name"].as_str().unwrap()
}

fn text(number: &Value) -> String {
    number.as_u64().unwrap().to_string()
}

fn percent(share: &Value) -> String {
    share.as_f64().map_or_else(|| "–".to_owned(), |share| format!("{share:.1} %"))
}
