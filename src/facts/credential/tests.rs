//! What holds of every value; which values are credentials, the corpus of `tests/credentials.rs` says.

use proptest::prelude::*;

use super::bytes::steps::TAKEN;
use super::*;

/// How often a byte may be looked at, on average.
const TIMES: usize = 150;

/// What starts forms, names and pairs: hostile when repeated.
const FRAGMENTS: [&str; 56] = [
    "eyJ",
    "eyJ.",
    "ewo",
    "LS0tLS1CRUdJTi",
    "://",
    "a://b:c@",
    "=",
    "a=",
    "a: ",
    "\"a\":",
    "'='",
    "=\"",
    "='",
    ":",
    "::",
    "<a>",
    "</a>",
    "\\\"",
    "${",
    "{{",
    "{",
    ",",
    "|\n",
    "\n",
    " ",
    "-",
    ".",
    "#",
    "é",
    "\u{0}",
    "A1b2",
    "1:AA",
    "ghp_",
    "glpat-",
    "sk-",
    "xoxb-",
    "Bearer ",
    "basic ",
    "password=",
    "password: ",
    "\"password\": \"",
    " '",
    "set x password '",
    "sig=",
    "AccountKey=",
    "\"kty\"",
    "\"d\"",
    "x:5432:",
    "name: ",
    "value: ",
    "curl -u ",
    "--password ",
    "requirepass ",
    "https://hooks.slack.com/services/T",
    "-----BEGIN ",
    "https://a.webhook.office.com/webhookb2/",
];

/// Everything that looks at a value, and how many bytes it looked at.
fn look_at(value: &str) -> usize {
    TAKEN.set(0);
    let found = [spot("", value), spot("x_password", value), spot("x_key", value), spot(value, value)];
    let spots = spot_in_text(value);
    let arguments = spot_in_arguments([value, "--password", value]);
    assert!(spots.len() <= MOST_SPOTS && arguments.len() <= MOST_SPOTS, "{found:?}");
    let lines = value.lines().count();
    assert!(
        spots.iter().all(|spot| spot.line > 0 && spot.line as usize <= lines && value.contains(spot.key))
    );
    TAKEN.get()
}

#[test]
fn hostile_values_are_looked_at_a_bounded_number_of_times() {
    const LENGTH: usize = 2048;
    for one in FRAGMENTS {
        for other in FRAGMENTS.into_iter().step_by(9).chain([one]) {
            let (both, half) = (format!("{one}{other}"), |part: &str| part.repeat(LENGTH / 2 / part.len()));
            for value in [both.repeat(LENGTH / both.len()), half(one) + &half(other)] {
                let steps = look_at(&value);
                assert!(
                    steps <= TIMES * value.len(),
                    "{one:?} and {other:?}: {} a byte",
                    steps / value.len()
                );
            }
        }
    }
}

#[test]
fn what_lies_beyond_the_first_64_kib_is_not_looked_at() {
    let token = format!("gh{}_{}", "p", "a1B2c3D4e5".repeat(4));
    let far = format!("{}\n{token}", "x ".repeat(EXAMINED / 2));
    assert_eq!(spot("", &far), None);
    assert_eq!(spot_in_text(&far), []);
    assert_eq!(spot_in_arguments([far.as_str(), &token]), []);
    assert_eq!(look_at(&far), look_at(&far.repeat(8)));
    let near = format!("{}\n{token}", "x ".repeat(1024));
    assert_eq!(spot("", &near), Some(CredentialKind::GitHubToken));
}

#[test]
fn a_text_gives_at_most_16_spots() {
    let spots = "a.password=hunter2\nb.password=hunter2\n".repeat(100);
    assert_eq!(spot_in_text(&spots).len(), MOST_SPOTS);
    assert_eq!(spot_in_arguments(["--password=hunter2"; 100]).len(), MOST_SPOTS);
}

#[test]
fn kinds_read_well_and_differ() {
    for (at, kind) in CredentialKind::ALL.into_iter().enumerate() {
        let words = kind.as_str();
        assert!(words.starts_with("a ") || words.starts_with("an "), "looks like {words}");
        assert!(CredentialKind::ALL.iter().skip(at + 1).all(|other| other.as_str() != words), "{words}");
    }
    assert!(CredentialKind::PrivateKey.is_certain());
    assert!(!CredentialKind::Password.is_certain());
}

#[test]
fn debugging_a_spot_shows_no_value() {
    let text = "db.password=hunter2\nurl=postgres://shop:hunter2@db\n";
    assert!(!format!("{:?}", spot_in_text(text)).contains("hunter2"));
    let arguments =
        ["--password", "hunter2", "--url=postgres://shop:hunter2@db", "curl", "-u", "shop:hunter2"];
    assert!(!format!("{:?}", spot_in_arguments(arguments)).contains("hunter2"));
}

proptest! {
    #[test]
    fn any_text_is_judged(value in any::<String>(), name in any::<String>()) {
        look_at(&value);
        let _ = spot(&name, &value);
    }

    #[test]
    fn texts_that_are_nearly_something_are_judged(
        parts in prop::collection::vec(prop_oneof![
            prop::sample::select(&FRAGMENTS[..]).prop_map(str::to_owned),
            "[a-zA-Z0-9+/=_.:@$<>{}\"' \n-]{0,24}",
        ], 0..24)
    ) {
        let value = parts.concat();
        prop_assert!(look_at(&value) <= TIMES * value.len() + 4096);
    }

    #[test]
    fn a_reference_is_never_a_credential(name in "[A-Za-z_.-]{0,12}(password|SECRET|Token|_API_KEY|)", of in "[A-Z_]{1,12}") {
        for reference in [format!("$({of})"), format!("${{{of}}}"), format!("{{{{ .Values.{of} }}}}"), format!("<{of}>")] {
            prop_assert_eq!(spot(&name, &reference), None);
            prop_assert_eq!(spot("URL", &format!("redis://user:{reference}@redis:6379/0")), None);
        }
    }

    #[test]
    fn a_password_is_found_under_its_name_wherever_it_stands(value in "[a-z]{3}[0-9][A-Za-z]{2,6}!") {
        prop_assert!(spot("DB_PASSWORD", &value).is_some());
        prop_assert_eq!(spot_in_text(&format!("a: b\ndb_password: {value}\n")).len(), 1);
        prop_assert_eq!(spot_in_text(&format!("{{\"a\": 1, \"dbPassword\": \"{value}\"}}")).len(), 1);
        prop_assert_eq!(spot_in_text(&format!("db.password={value}")).len(), 1);
        prop_assert_eq!(spot_in_arguments(["--db-password", &value]).len(), 1);
        prop_assert_eq!(spot_in_arguments([format!("--db-password={value}").as_str()]).len(), 1);
    }
}
