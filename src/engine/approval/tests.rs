//! What a signature is over, and what spoils it.

use jiff::Timestamp;
use serde_json::{Value, json};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{HashAlg, LineEnding, PrivateKey};

use super::*;
use crate::api::{ExceptionBounds, Kind, RiskException, ServiceTier, schema_of};
use crate::engine::exception::CompiledException;
use crate::engine::tier::CompiledTier;

const NOW: &str = "2026-11-23T12:00:00Z";
const SIGNED_AT: &str = "2026-11-20T08:00:00Z";

/// The key of a person: made from their name, so that it is the same every time.
fn key(seed: &str) -> PrivateKey {
    let mut bytes = [7; 32];
    bytes.iter_mut().zip(seed.bytes()).for_each(|(byte, it)| *byte = it);
    PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&bytes)), seed).unwrap()
}

fn public(seed: &str) -> String {
    key(seed).public_key().to_openssh().unwrap()
}

/// An exception that says everything that one can say.
fn full() -> Value {
    json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "RiskException",
        "metadata": {"name": "legacy", "namespace": "payments"},
        "spec": {
            "controls": ["image.vulnerable", "pod.privileged"],
            "target": {
                "kind": "Deployment", "names": ["a", "b"], "containers": ["app", "sidecar"],
                "images": ["registry.example.com/a:*", "registry.example.com/b:*"],
                "selector": {
                    "matchLabels": {"app": "ledger"},
                    "matchExpressions": [{"key": "env", "operator": "In", "values": ["prod", "dr"]}],
                },
            },
            "maxWorkloads": 3,
            "vulnerabilities": ["CVE-2026-1234", "CVE-2026-1235"],
            "reason": "The driver needs the node's devices until it is replaced.",
            "risk": {"likelihood": "Low", "impact": "High", "statement": "somebody might"},
            "compensatingControls": [
                {"control": "network.no-default-deny", "description": "isolated", "reference": "https://example.com/a"},
            ],
            "owner": "team-payments",
            "ticket": "https://example.com/SEC-1",
            "validFrom": "2026-11-01T00:00:00Z",
            "expiresAt": "2026-12-20T00:00:00Z",
            "expiresOnFix": true,
            "renews": "legacy-1",
            "clusters": ["prod-eu", "prod-us"],
            "requestedBy": "bob",
        },
    })
}

fn decoded(value: &Value) -> RiskException {
    serde_json::from_value(value.clone()).unwrap()
}

fn sign_as(exception: &Value, by: &str, seed: &str, namespace: &str, hash: HashAlg) -> Value {
    let mut approval = json!({"by": by, "at": SIGNED_AT, "comment": "until the new one is there"});
    let bytes = content(&decoded(exception), &serde_json::from_value(approval.clone()).unwrap()).unwrap();
    let signature = key(seed).sign(namespace, hash, &bytes).unwrap();
    approval["signature"] = json!(signature.to_pem(LineEnding::LF).unwrap());
    approval
}

fn sign(exception: &Value, by: &str) -> Value {
    sign_as(exception, by, by, NAMESPACE, HashAlg::Sha512)
}

fn with(mut exception: Value, approvals: Vec<Value>) -> Value {
    exception["spec"]["approvals"] = Value::Array(approvals);
    exception
}

/// A tier with these approvers, each a name and its keys.
fn tier(approvers: &Value) -> CompiledTier {
    let tier = json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "ServiceTier", "metadata": {"name": "gold"},
        "spec": {"level": 0, "default": true, "approvers": approvers},
    });
    CompiledTier::compile(&serde_json::from_value::<ServiceTier>(tier).unwrap()).unwrap()
}

fn ana_and_bob() -> CompiledTier {
    tier(&json!([
        {"name": "ana", "keys": [{"key": public("ana")}, {"key": public("ana's other")}]},
        {"name": "bob", "keys": [{"key": public("bob")}]},
    ]))
}

fn tally_at(exception: &Value, tier: &CompiledTier, now: &str) -> Tally {
    let compiled = CompiledException::compile(&decoded(exception), Trust::Signed).unwrap();
    let here = Text::from("prod-eu");
    let electorate = Electorate {
        trust: Trust::Signed,
        rules: &Rules::InPlace,
        cluster: Some(&here),
        reach: Reach::Touched(vec![tier]),
    };
    compiled.tally(&electorate, now.parse().unwrap())
}

fn tally(exception: &Value) -> Tally {
    tally_at(exception, &ana_and_bob(), NOW)
}

/// Why the one approval doesn't count.
fn flaw(tally: &Tally) -> String {
    assert_eq!((tally.valid, tally.uncounted.len()), (0, 1), "{tally:?}");
    tally.uncounted[0].flaw.to_string()
}

const ALTERED: &str =
    "it was signed over something else: the exception was changed afterwards, or it is another one's";

#[test]
fn a_signature_by_an_approver_s_key_over_exactly_this_counts() {
    let exception = with(full(), vec![sign(&full(), "ana")]);
    assert_eq!(tally(&exception), Tally { valid: 1, ..Tally::default() });
}

#[test]
fn the_form_that_is_signed_is_this_one() {
    let approval = json!({"by": "ana", "at": "2026-11-20T09:00:00+01:00"});
    let mut exception = full();
    exception["metadata"]["labels"] = json!({"app": "x"});
    let bytes = content(&decoded(&exception), &serde_json::from_value(approval).unwrap()).unwrap();
    let expected = r#"stanchion.dev/riskexception/v1
{"approval":{"at":"2026-11-20T08:00:00Z","by":"ana"},"exception":{"name":"legacy","namespace":"payments","spec":{"clusters":["prod-eu","prod-us"],"compensatingControls":[{"control":"network.no-default-deny","description":"isolated","reference":"https://example.com/a"}],"controls":["image.vulnerable","pod.privileged"],"expiresAt":"2026-12-20T00:00:00Z","expiresOnFix":true,"maxWorkloads":3,"owner":"team-payments","reason":"The driver needs the node's devices until it is replaced.","renews":"legacy-1","requestedBy":"bob","risk":{"impact":"High","likelihood":"Low","statement":"somebody might"},"target":{"containers":["app","sidecar"],"images":["registry.example.com/a:*","registry.example.com/b:*"],"kind":"Deployment","names":["a","b"],"selector":{"matchExpressions":[{"key":"env","operator":"In","values":["prod","dr"]}],"matchLabels":{"app":"ledger"}}},"ticket":"https://example.com/SEC-1","validFrom":"2026-11-01T00:00:00Z","vulnerabilities":["CVE-2026-1234","CVE-2026-1235"]}}}
"#;
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
}

#[test]
fn every_field_that_is_changed_removed_or_added_spoils_the_signature() {
    let signed = with(full(), vec![sign(&full(), "ana")]);
    let mut paths = Vec::new();
    leaves(&signed["spec"], "/spec", &mut paths);
    paths.retain(|path| !path.starts_with("/spec/approvals"));
    // Every field of the schema stands in the exception, so that every one is tampered with.
    let schema = serde_json::to_value(schema_of(Kind::RiskException).unwrap()).unwrap();
    let mut fields = Vec::new();
    schema_fields(&schema["properties"]["spec"], "/spec", &mut fields);
    fields.retain(|path| !path.starts_with("/spec/approvals") && !path.starts_with("/spec/revoked"));
    assert!(fields.len() > 25, "{fields:?}");
    for field in &fields {
        let stands = paths.iter().any(|path| without_places(path).starts_with(field.as_str()));
        assert!(stands, "{field} is in the schema, and not in the example of this test");
    }
    paths.extend(["/metadata/name".to_owned(), "/metadata/namespace".to_owned()]);
    paths.extend(["by", "at", "comment"].map(|field| format!("/spec/approvals/0/{field}")));
    for path in &paths {
        for tampered in tamper(&signed, path) {
            let Ok(exception) = serde_json::from_value::<RiskException>(tampered.clone()) else { continue };
            if CompiledException::compile(&exception, Trust::Signed).is_err() {
                continue;
            }
            let tally = tally(&tampered);
            assert_eq!(tally.valid, 0, "{path} was tampered with, and it counts: {tampered}");
        }
    }
}

/// The places of all values that are no collection.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, it)| leaves(it, &format!("{path}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, it)| leaves(it, &format!("{path}/{place}"), found));
        }
        _ => found.push(path.to_owned()),
    }
}

fn schema_fields(schema: &Value, path: &str, found: &mut Vec<String>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        found.push(format!("{path}/{name}"));
        schema_fields(field, &format!("{path}/{name}"), found);
        schema_fields(&field["items"], &format!("{path}/{name}"), found);
    }
}

fn without_places(path: &str) -> String {
    let steps = path.split('/').filter(|step| !step.is_empty() && step.parse::<usize>().is_err());
    steps.flat_map(|step| ["/", step]).collect()
}

/// The exception with a value changed, with it removed, and with its neighbour doubled.
fn tamper(exception: &Value, path: &str) -> Vec<Value> {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let other = match exception.pointer(path).unwrap() {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(moment) => json!((moment + jiff::SignedDuration::from_millis(1)).to_string()),
            Err(_) if ["Low", "High", "In"].contains(&text.as_str()) => {
                json!(match text.as_str() {
                    "In" => "NotIn",
                    _ => "Medium",
                })
            }
            Err(_) => json!(format!("{text}x")),
        },
        Value::Number(number) => json!(number.as_i64().unwrap() + 1),
        Value::Bool(is) => json!(!is),
        other => panic!("{path}: {other}"),
    };
    let mut changed = exception.clone();
    *changed.pointer_mut(path).unwrap() = other.clone();
    let mut removed = exception.clone();
    let mut added = exception.clone();
    match (removed.pointer_mut(parent).unwrap(), added.pointer_mut(parent).unwrap()) {
        (Value::Object(fields), _) => {
            fields.remove(name);
            return vec![changed, removed];
        }
        (Value::Array(items), Value::Array(more)) => {
            items.remove(name.parse().unwrap());
            more.push(other);
        }
        _ => panic!("{path}"),
    }
    vec![changed, removed, added]
}

#[test]
fn order_layout_zones_and_defaults_spoil_nothing() {
    let plain = json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "RiskException",
        "metadata": {"name": "legacy", "namespace": "payments"},
        "spec": {
            "controls": ["pod.privileged", "pod.host-port"], "target": {"names": ["b", "a"]}, "owner": "us",
            "reason": "The driver needs the node's devices.", "clusters": ["prod-us", "prod-eu"],
            "validFrom": "2026-11-01T00:00:00Z", "expiresAt": "2026-12-20T00:00:00Z", "requestedBy": "bob",
        },
    });
    let approval = sign(&plain, "ana");
    let mut folded = approval.clone();
    folded["signature"] = json!(approval["signature"].as_str().unwrap().replace('\n', " "));
    let otherwise = json!({
        "spec": {
            "expiresOnFix": false, "maxWorkloads": 10, "vulnerabilities": [], "ticket": null,
            "requestedBy": "bob", "expiresAt": "2026-12-20T02:00:00+02:00", "validFrom": "2026-11-01T00:00:00.000Z",
            "clusters": ["prod-eu", "prod-us"], "reason": "The driver needs the node's devices.",
            "owner": "us", "target": {"names": ["a", "b"]}, "controls": ["pod.host-port", "pod.privileged"],
        },
        "metadata": {"namespace": "payments", "name": "legacy", "labels": {"a": "b"}, "generation": 7},
        "kind": "RiskException", "apiVersion": "stanchion.dev/v1alpha1",
    });
    for exception in [
        with(plain, vec![approval.clone()]),
        with(otherwise.clone(), vec![approval]),
        with(otherwise, vec![folded]),
    ] {
        assert_eq!(tally(&exception), Tally { valid: 1, ..Tally::default() });
    }
}

#[test]
fn a_signature_of_another_exception_namespace_or_renewal_is_none() {
    let approval = sign(&full(), "ana");
    let others =
        [("/metadata/name", "legacy-2"), ("/metadata/namespace", "shop"), ("/spec/renews", "legacy")];
    for (path, value) in others {
        let mut other = with(full(), vec![approval.clone()]);
        *other.pointer_mut(path).unwrap() = json!(value);
        assert_eq!(flaw(&tally(&other)), ALTERED, "{path}");
    }
}

#[test]
fn a_signature_for_another_cluster_is_none() {
    let mut elsewhere = full();
    elsewhere["spec"]["clusters"] = json!(["staging"]);
    let void = tally(&with(elsewhere.clone(), vec![sign(&elsewhere, "ana")])).void.unwrap();
    assert_eq!(void, "it is for `staging` alone, and this cluster is `prod-eu`");
    let mut anywhere = full();
    anywhere["spec"].as_object_mut().unwrap().remove("clusters");
    let signed = with(anywhere.clone(), vec![sign(&anywhere, "ana")]);
    assert!(
        tally(&signed)
            .void
            .unwrap()
            .starts_with("it doesn't say for which cluster it was approved: add `prod-eu`")
    );
    let nameless = |exception: &Value, trust| {
        let compiled = CompiledException::compile(&decoded(exception), trust).unwrap();
        let tier = ana_and_bob();
        let reach = Reach::Touched(vec![&tier]);
        compiled
            .tally(&Electorate { trust, rules: &Rules::InPlace, cluster: None, reach }, NOW.parse().unwrap())
    };
    assert_eq!(nameless(&signed, Trust::Signed).valid, 1, "where nobody gave the cluster a name");
    let named = with(full(), vec![sign(&full(), "ana")]);
    for trust in Trust::ALL {
        let tally = nameless(&named, trust);
        assert_eq!(tally.valid, 0);
        assert!(tally.void.unwrap().ends_with("give --cluster-name"));
    }
}

#[test]
fn who_may_not_approve_is_told_why() {
    let cases = [
        (sign(&full(), "bob"), "nobody approves what they asked for themselves"),
        (sign_as(&full(), "ana", "bob", NAMESPACE, HashAlg::Sha512), "is that of `bob`"),
        (sign(&full(), "cy"), "no approver of the tier `gold` has the key SHA256:"),
        (
            sign_as(&full(), "ana", "ana", "file", HashAlg::Sha512),
            "was made for `file`, and not for `stanchion.dev",
        ),
        (json!({"by": "ana", "at": SIGNED_AT}), "it has no signature"),
        (json!({"by": "ana", "signature": sign(&full(), "ana")["signature"]}), "it doesn't say when"),
        (
            json!({"by": "ana", "at": SIGNED_AT, "signature": "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----"}),
            "no SSHSIG",
        ),
    ];
    for (approval, expected) in cases {
        let told = flaw(&tally(&with(full(), vec![approval])));
        assert!(told.contains(expected), "{told}");
    }
    let mut nobody = full();
    nobody["spec"].as_object_mut().unwrap().remove("requestedBy");
    let void = tally(&with(nobody.clone(), vec![sign(&nobody, "ana")])).void.unwrap();
    assert!(void.contains("say in `requestedBy` who asks"), "{void}");
}

#[test]
fn one_person_with_two_keys_is_one_voice() {
    let other = sign_as(&full(), "ana", "ana's other", NAMESPACE, HashAlg::Sha256);
    let both = with(full(), vec![sign(&full(), "ana"), other.clone()]);
    assert_eq!(tally(&both).valid, 1);
    assert_eq!(tally(&with(full(), vec![other])).valid, 1, "and either key will do");
    let twice = json!([
        {"name": "ana", "keys": [{"key": public("ana")}]},
        {"name": "ana@home", "keys": [{"key": format!("{} another comment", public("ana").rsplit_once(' ').unwrap().0)}]},
    ]);
    let mut errors = Vec::new();
    Approvers::compile(&serde_json::from_value::<Vec<crate::api::Approver>>(twice).unwrap(), &mut errors);
    let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "spec.approvers[1].keys[0].key: it is the key of `ana` already: a key is one person's, and stands here once"
        ]
    );
}

#[test]
fn of_equally_critical_tiers_who_approves_is_an_approver_of_each() {
    let exception = with(full(), vec![sign(&full(), "ana"), sign(&full(), "cy")]);
    let compiled = CompiledException::compile(&decoded(&exception), Trust::Signed).unwrap();
    let here = Text::from("prod-eu");
    let of = |names: &[&str]| {
        let one = |name: &&str| json!({"name": name, "keys": [{"key": public(name)}]});
        tier(&json!(names.iter().map(one).collect::<Vec<_>>()))
    };
    let (both, ana, cy) = (of(&["ana", "cy"]), of(&["ana"]), of(&["cy"]));
    let valid = |reach| {
        let electorate =
            Electorate { trust: Trust::Signed, rules: &Rules::InPlace, cluster: Some(&here), reach };
        compiled.tally(&electorate, NOW.parse().unwrap()).valid
    };
    assert_eq!(valid(Reach::Touched(vec![&both])), 2);
    assert_eq!(valid(Reach::Touched(vec![&both, &ana])), 1);
    assert_eq!(valid(Reach::Touched(vec![&ana, &cy])), 0, "neither opens what is the other's");
    assert_eq!(valid(Reach::Touched(Vec::new())), 0, "what is in no tier has no approvers");
    assert_eq!(valid(Reach::Nothing(vec![&ana, &cy])), 2, "nothing is touched, so nothing is opened");
}

/// A signature as a security key makes it. No hardware is needed for what it writes.
fn touched(flags: u8, written: u8, content: &[u8]) -> (KeyId, String) {
    use rsa::signature::Signer as _;
    use sha2::{Digest as _, Sha256};
    use ssh_key::public::{KeyData, SkEd25519};
    use ssh_key::{Algorithm, Signature, SshSig};

    let (pair, application, counter) = (key("ana"), "ssh:", [0, 0, 0, 9]);
    let public = *pair.public_key().key_data().ed25519().unwrap();
    let public = KeyData::SkEd25519(SkEd25519::new(public, application));
    let data = SshSig::signed_data(NAMESPACE, HashAlg::Sha512, content).unwrap();
    let whole = [&Sha256::digest(application)[..], &[flags], &counter, &Sha256::digest(data)[..]].concat();
    let made = pair.key_data().ed25519().unwrap().try_sign(&whole).unwrap();
    let bytes = [made.as_bytes(), &[written], &counter].concat();
    let signature = Signature::new(Algorithm::SkEd25519, bytes).unwrap();
    let id = KeyId::of(&public);
    let sealed = SshSig::new(public, NAMESPACE, HashAlg::Sha512, signature).unwrap();
    (id, sealed.to_pem(LineEnding::LF).unwrap())
}

#[test]
fn a_security_key_counts_only_if_somebody_touched_it() {
    let bytes = content(&decoded(&full()), &serde_json::from_value(sign(&full(), "ana")).unwrap()).unwrap();
    for flags in [1, 5] {
        let (id, signature) = touched(flags, flags, &bytes);
        assert_eq!(verify(&signature, &bytes), Ok(id), "{flags}");
        assert_eq!(verify(&signature, b"else"), Err(Refused::Altered));
    }
    for flags in [0, 4] {
        assert_eq!(verify(&touched(flags, flags, &bytes).1, &bytes), Err(Refused::Untouched), "{flags}");
    }
    assert_eq!(
        verify(&touched(0, 1, &bytes).1, &bytes),
        Err(Refused::Altered),
        "what it says is signed, too"
    );
}

#[test]
fn a_key_counts_while_it_is_valid_then_and_now_and_a_revoked_one_never_did() {
    let signed = with(full(), vec![sign(&full(), "ana")]);
    let told = |window: Value, now: &str| {
        let mut entry = window;
        entry["key"] = json!(public("ana"));
        let tally = tally_at(&signed, &tier(&json!([{"name": "ana", "keys": [entry]}])), now);
        (tally.valid, tally.uncounted.first().map(|it| it.flaw.to_string()).unwrap_or_default())
    };
    let from = json!({"validFrom": "2026-11-20T08:00:00Z"});
    assert_eq!(told(from, NOW).0, 1);
    let late = told(json!({"validFrom": "2026-11-20T08:00:01Z"}), NOW);
    assert!(late.1.ends_with("is valid from 2026-11-20T08:00:01Z on"), "{late:?}");
    let until = || json!({"validUntil": "2026-12-01T00:00:00Z"});
    assert_eq!(told(until(), "2026-11-30T23:59:59Z").0, 1);
    let ended = told(until(), "2026-12-01T00:00:00Z");
    assert_eq!(ended.0, 0, "its word for when it signed is worth nothing once the key may be anybody's");
    assert!(ended.1.contains("was valid until 2026-12-01T00:00:00Z: approve again"), "{ended:?}");
    let before = told(json!({"validUntil": "2026-11-20T08:00:00Z"}), "2026-11-19T00:00:00Z");
    assert_eq!(before.0, 0, "at the moment of its end it signs no more");
    let revoked = told(json!({"revoked": {"at": "2026-11-22T00:00:00Z", "reason": "laptop stolen"}}), NOW);
    assert!(revoked.1.ends_with("is revoked: laptop stolen"), "{revoked:?}");
}

#[test]
fn the_moment_at_which_a_key_ends_is_known_before() {
    use crate::engine::policy::{Policy, Settings};

    let signed = with(full(), vec![sign(&full(), "ana")]);
    let tier = json!({
        "apiVersion": "stanchion.dev/v1alpha1", "kind": "ServiceTier", "metadata": {"name": "gold"},
        "spec": {"level": 0, "default": true, "approvers": [{"name": "ana", "keys": [
            {"key": public("ana"), "validFrom": "2026-11-01T00:00:00Z", "validUntil": "2026-12-01T00:00:00Z"},
        ]}]},
    });
    let tier: ServiceTier = serde_json::from_value(tier).unwrap();
    let settings = Settings { trust: Trust::Signed, ..Settings::default() };
    let (policy, refused) = Policy::compile([], [&tier], [&decoded(&signed)], settings);
    assert!(refused.is_empty(), "{refused:?}");
    let moments: Vec<String> =
        policy.boundaries(&policy.exceptions[0], NOW.parse().unwrap()).map(|it| it.to_string()).collect();
    assert_eq!(moments, ["2026-12-13T00:00:00Z", "2026-12-20T00:00:00Z", "2026-12-01T00:00:00Z"]);
    assert_eq!(
        policy.exceptions[0].beyond_bounds(&ExceptionBounds::default(), 0, None, NOW.parse().unwrap()),
        None
    );
}

#[test]
fn weak_foreign_and_private_keys_are_no_approver_s() {
    let cases = [
        ("", "no public key that can be read"),
        ("ssh-ed25519 AAAA", "no public key that can be read"),
        (&public("ana").replace("ssh-ed25519 ", "ssh-rsa "), "no public key that can be read"),
        (&format!("ssh-ed25519 {}", "A".repeat(5000)), "no public key that can be read"),
        // 1024 bits.
        (
            "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCqjHeBUMe5v5D3sx3+z+jSxmMNHgvnbxub1j0noJ+9nRMU09RI5ODSYXv++U0+ZrBtrbPO8d93qRRLQY1JFfuTCY+t6YdCbrgQZlF+aD2yg4+UK2mg539CiZx4jxLWX7eqyN8MqbpKMWKEVPzBOHRaStevg0iI/8K0MDDWDLNFmQ==",
            "RSA of 1024 bits, where 2048 to 4096 are",
        ),
    ];
    for (text, expected) in cases {
        let told = read_key(text).unwrap_err();
        assert!(told.contains(expected), "{text}: {told}");
    }
}

#[test]
fn what_is_no_signature_is_refused_and_breaks_nothing() {
    let good = sign(&full(), "ana")["signature"].as_str().unwrap().to_owned();
    let bytes = content(&decoded(&full()), &serde_json::from_value(sign(&full(), "ana")).unwrap()).unwrap();
    assert!(verify(&good, &bytes).is_ok());
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n -";
    let (mut refused, mut same) = (0, 0);
    for _ in 0..2_000 {
        let mut text = good.clone().into_bytes();
        for _ in 0..=random(4) {
            let place = random(text.len());
            match random(3) {
                0 => text[place] = digits[random(digits.len())],
                1 => drop(text.remove(place)),
                _ => text.insert(place, digits[random(digits.len())]),
            }
        }
        match verify(&String::from_utf8(text).unwrap(), &bytes) {
            // White space between the lines, say.
            Ok(key) => {
                same += usize::from(key == KeyId::of(super::tests::key("ana").public_key().key_data()));
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 1_000 && refused + same == 2_000, "{refused} refused, {same} as good as before");
    for text in [
        "",
        "-----BEGIN SSH SIGNATURE----------END SSH SIGNATURE-----",
        &"A".repeat(1 << 20),
        "\u{0}\u{ffff}",
    ] {
        assert_eq!(verify(text, &bytes), Err(Refused::Unreadable));
    }
}

#[test]
fn names_count_while_the_api_server_holds_its_rules_and_signatures_whatever_it_holds() {
    let broken = Rules::Broken("a policy is missing".to_owned());
    let count = |trust, rules: &Rules, approvals: Vec<Value>| {
        let compiled = CompiledException::compile(&decoded(&with(full(), approvals)), trust).unwrap();
        let (tier, here) = (ana_and_bob(), Text::from("prod-eu"));
        let reach = Reach::Touched(vec![&tier]);
        compiled.tally(&Electorate { trust, rules, cluster: Some(&here), reach }, NOW.parse().unwrap())
    };
    let name = || vec![json!({"by": "carol"})];
    assert_eq!(count(Trust::Enforced, &Rules::InPlace, name()).valid, 1);
    let doubted = count(Trust::Enforced, &broken, name());
    assert!(flaw(&doubted).ends_with("are not in place: a policy is missing"), "{}", flaw(&doubted));
    assert_eq!(count(Trust::Enforced, &Rules::default(), name()).valid, 0, "nobody has looked");
    assert_eq!(count(Trust::Recorded, &broken, name()).valid, 1);

    let signed = || vec![sign(&full(), "ana")];
    assert_eq!(count(Trust::Enforced, &broken, signed()).valid, 1);
    let both = vec![sign(&full(), "ana"), json!({"by": "ana"}), json!({"by": "carol"})];
    assert_eq!(count(Trust::Enforced, &Rules::InPlace, both).valid, 2, "one voice a person");
    let scribbled = vec![json!({"by": "carol", "at": SIGNED_AT, "signature": "scribbles"})];
    assert_eq!(count(Trust::Enforced, &Rules::InPlace, scribbled).valid, 0, "a bad signature is no name");
    for (field, words) in
        [("clusters", "add `prod-eu` to `clusters`"), ("requestedBy", "say in `requestedBy` who asks")]
    {
        let mut without = full();
        without["spec"].as_object_mut().unwrap().remove(field);
        let signed = with(without.clone(), vec![sign(&without, "ana")]);
        let compiled = CompiledException::compile(&decoded(&signed), Trust::Enforced).unwrap();
        let (tier, here) = (ana_and_bob(), Text::from("prod-eu"));
        let electorate = Electorate {
            trust: Trust::Enforced,
            rules: &broken,
            cluster: Some(&here),
            reach: Reach::Touched(vec![&tier]),
        };
        let tally = compiled.tally(&electorate, NOW.parse().unwrap());
        assert!(flaw(&tally).contains(words), "{}", flaw(&tally));
    }
}
