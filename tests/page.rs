//! The page of `stanchion audit -o html`, as a real browser shows it.
//!
//! `page/look.mjs` looks, these tests judge. Without a browser they fail; `page/install.sh` says what is missing.

// The tests of the core alone take no browser.
#![cfg(feature = "operator")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't run the browser, or misses a field, fails there"
)]

#[path = "page/browser.rs"]
mod browser;
#[path = "page/numbers.rs"]
mod numbers;

use std::fmt::Write as _;
use std::sync::LazyLock;

use browser::{Page, Thoroughness};
use serde_json::{Value, json};

/// The example company, from every side.
static SHOP: LazyLock<Page> = LazyLock::new(|| {
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/shop");
    Page::of(&[shop, "--at=2026-11-23T12:00:00Z"], None, Thoroughness::EveryView)
});

/// What every page has to be, whatever was audited.
fn is_sound(page: &Page) {
    let none: [Value; 0] = [];
    assert_eq!(page.seen["requests"], json!(none), "the page asks for something");
    assert_eq!(page.seen["complaints"], json!(none), "the console complains");
    let document = &page.seen["document"];
    for (what, most) in [("scripts", 1), ("styles", 1), ("foreign", 0), ("nameless", 0)] {
        assert_eq!(document[what], json!(most), "{what}");
    }
    assert_eq!(document["handlers"], json!(none));
    for link in document["links"].as_array().unwrap() {
        let href = link["href"].as_str().unwrap();
        let is_page = href.starts_with("https://") || href.starts_with("http://");
        assert!(href.starts_with('#') || is_page, "{href}");
        assert!(!is_page || link["rel"].as_str().unwrap().contains("noopener"), "{href}");
    }
    for view in page.seen["views"].as_array().unwrap() {
        let serious = |it: &&Value| it["impact"] == "serious" || it["impact"] == "critical";
        let found: Vec<&Value> = view["violations"].as_array().unwrap().iter().filter(serious).collect();
        assert!(found.is_empty(), "{}: {found:#?}", view["view"]);
        assert!(view["checks"].as_u64().unwrap() > 20, "axe looked at nothing: {}", view["view"]);
        for overflow in ["closedOverflow", "openOverflow"] {
            assert_eq!(view[overflow], 0, "{}: wider than the screen, {overflow}", view["view"]);
        }
    }
}

#[test]
fn it_is_accessible_fits_every_screen_and_asks_the_network_for_nothing() {
    is_sound(&SHOP);
    assert_eq!(SHOP.seen["views"].as_array().unwrap().len(), 8);
}

#[test]
fn without_a_script_everything_is_there() {
    let findings = &SHOP.report["summary"];
    let all = findings["findings"].as_u64().unwrap() + findings["excepted"].as_u64().unwrap();
    assert!(all > 0);
    for view in SHOP.seen["views"].as_array().unwrap() {
        assert_eq!(view["rows"], all, "{}", view["view"]);
        let scripted = view["view"].as_str().unwrap().ends_with("with script");
        assert_eq!(view["filter"], scripted, "a filter that does nothing is not shown: {}", view["view"]);
    }
    let text = SHOP.seen["document"]["text"].as_str().unwrap();
    for finding in SHOP.findings() {
        for field in ["path", "control"] {
            assert!(text.contains(finding[field].as_str().unwrap()), "{finding}");
        }
        let fix = finding["fix"].as_str().unwrap().replace('`', "");
        assert!(text.contains(&fix), "{fix}");
    }
}

#[test]
fn its_numbers_are_those_of_the_json() {
    numbers::agree(&SHOP);
}

#[test]
fn what_is_excused_or_unknown_is_never_compliant() {
    let said = &SHOP.seen["numbers"]["all"];
    let number = |name: &str| said[name].as_str().unwrap().parse::<u64>().unwrap();
    let parts = ["total.compliant", "total.excepted", "total.unknown", "total.failing"].map(number);
    assert_eq!(parts.iter().sum::<u64>(), number("total.evaluated"));
    assert!(number("total.excepted") > 0, "the example has none to tell apart");
    assert_ne!(said["total.compliance"], said["total.effective"]);
    assert!(SHOP.seen["document"]["bars"].as_u64().unwrap() > 5);
}

#[test]
fn everything_works_by_keyboard_alone() {
    let seen = &SHOP.seen["keyboard"];
    assert_eq!(seen["first"], "skip");
    assert_ne!(seen["outline"], "none", "one has to see where one is");
    assert_eq!((&seen["afterSkip"], &seen["reached"]), (&json!("main"), &json!("filter-text")));
    let rows = &SHOP.seen["document"]["rows"];
    assert_eq!(seen["typed"]["rows"], 0);
    assert!(seen["typed"]["status"].as_str().unwrap().starts_with("0 of "), "{seen}");
    let some = seen["text"]["rows"].as_u64().unwrap();
    assert!(some > 0 && some < rows.as_u64().unwrap(), "{seen}");
    assert_eq!(&seen["cleared"]["rows"], rows);
    assert_eq!((&seen["second"], &seen["chosen"]), (&json!("filter-severity"), &json!("=critical")));
    let critical = SHOP.findings().filter(|it| it["severity"] == "Critical").count();
    assert_eq!(seen["severity"]["rows"], critical);
    assert_eq!(&seen["reset"]["rows"], rows);
    assert_eq!(seen["opened"], true);
}

#[test]
fn paper_has_everything_and_no_filter() {
    let seen = &SHOP.seen["printed"];
    assert_eq!(seen["rows"], SHOP.seen["document"]["rows"], "without a script");
    assert_eq!(seen["formShown"], false);
    assert_eq!(seen["closedWhile"], 0);
    assert_eq!(seen["closedAfter"], seen["closedBefore"]);
    assert_ne!(seen["closedAfter"], 0);
}

/// Names that want to be something else. None is valid in a cluster; files can say anything.
const HOSTILE: &str = r#"
apiVersion: v1
kind: Pod
metadata:
  name: "</style><script>window.owned=1</script>"
  namespace: "<img src=x onerror=alert(1)>"
  labels: {team: "\" onmouseover=\"alert(2)\" x='"}
spec:
  containers:
    - name: "--><svg onload=alert(3)>\u202egpj"
      image: "</title></textarea>&lt;b&gt;`<i>`:1"
      securityContext: {privileged: true}
---
apiVersion: stanchion.dev/v1alpha1
kind: RiskException
metadata: {name: "</summary><base href=//evil.example>", namespace: "<img src=x onerror=alert(1)>"}
spec:
  controls: [pod.privileged]
  target: {selector: {matchExpressions: [{key: team, operator: Exists}]}}
  owner: "<iframe src=https://evil.example>"
  reason: "\u2066because\u2069 </p><script>window.owned=2</script>"
  ticket: "https://tickets.example/'\"><script>window.owned=5</script>"
  expiresAt: "2026-12-01T00:00:00Z"
  approvals: [{by: ana@example.com, at: "2026-11-20T00:00:00Z"}]
---
apiVersion: stanchion.dev/v1alpha1
kind: RiskException
metadata: {name: refused, namespace: shop}
spec:
  controls: [pod.privileged]
  target: {names: [any]}
  owner: team
  reason: a ticket that is none
  ticket: "javascript:window.owned=3"
  expiresAt: "2026-12-01T00:00:00Z"
---
apiVersion: stanchion.dev/v1alpha1
kind: SecurityStandard
metadata: {name: "<link rel=stylesheet href=//evil.example>"}
spec:
  title: "\"><script>window.owned=4</script>"
  controls: [{id: pod.privileged}, {id: pod.runs-as-root}, {id: image.mutable-tag}]
"#;

#[test]
fn what_a_manifest_says_stays_text() {
    let page = Page::of(&["-", "--at=2026-11-23"], Some(HOSTILE), Thoroughness::Quick);
    is_sound(&page);
    let document = &page.seen["document"];
    let text = document["text"].as_str().unwrap();
    for said in [
        "</style><script>window.owned=1</script>",
        "<img src=x onerror=alert(1)>",
        "--><svg onload=alert(3)>",
        "<iframe src=https://evil.example>",
        "javascript:window.owned=3",
        "<script>window.owned=5</script>",
        "</summary><base href=//evil.example>",
        "\" onmouseover=\"alert(2)\" x='",
        r"\u{202e}gpj",
        r"\u{2066}because\u{2069}",
    ] {
        assert!(text.contains(said), "{said} can be read on the page");
    }
    let turning = |it: char| matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!document["source"].as_str().unwrap().contains(turning));
    numbers::agree(&page);
}

#[test]
fn a_long_list_is_cut_and_says_so() {
    let mut input = String::from(
        "apiVersion: stanchion.dev/v1alpha1\nkind: SecurityStandard\nmetadata: {name: one}\n\
         spec: {controls: [{id: pod.privileged}, {id: pod.missing-limits}]}\n",
    );
    for index in 0..3_000 {
        let _ = write!(
            input,
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: pod-{index}}}\nspec:\n  containers:\n    - name: app\n      \
             image: registry.example.com/app:1\n      securityContext: {{privileged: true}}\n"
        );
    }
    let page = Page::of(&["-", "--at=2026-11-23"], Some(&input), Thoroughness::Quick);
    is_sound(&page);
    let all = page.report["summary"]["findings"].as_u64().unwrap();
    assert!(all > 5_000, "{all}");
    assert_eq!(page.seen["document"]["rows"], 5_000);
    let bound = page.seen["numbers"]["all"]["findings.bound"].as_str().unwrap();
    assert_eq!(
        bound,
        format!("Here are the worst 5,000 of {},000 findings. All are in the JSON.", all / 1_000)
    );
    let critical = page.seen["keyboard"]["severity"]["rows"].as_u64();
    assert_eq!(critical, Some(3_000), "the gravest are all there");
    let milliseconds = page.seen["keyboard"]["milliseconds"].as_f64().unwrap();
    assert!(milliseconds < 3_000.0, "filtering takes {milliseconds} ms");
}
