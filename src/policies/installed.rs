//! Whether what is installed is what is shipped.

use serde_json::Value;

use super::validating;

/// What is wrong with the policies as they are installed, each in words; nothing where they are as shipped. `spec` gives
/// what is installed by kind and name. What only warns is nobody's guard, and passed over.
///
/// Compared is all that the API server has, fields included that are unknown here: they could say whom to spare.
#[must_use]
pub fn faults<'a>(operator: &str, spec: impl Fn(&str, &str) -> Option<&'a Value>) -> Vec<String> {
    let guards = validating(operator).into_iter().filter(|document| document.guards);
    let fault = |document: &super::Document| {
        let (kind, name) = (document.kind, document.name);
        match spec(kind, name) {
            None => Some(format!("the {kind} `{name}` is missing")),
            Some(installed) if *installed != document.spec => {
                Some(format!("the {kind} `{name}` is not as shipped"))
            }
            Some(_) => None,
        }
    };
    guards.filter_map(|document| fault(&document)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::policies::OPERATOR;

    type Installed = BTreeMap<(&'static str, &'static str), Value>;

    fn faults_after(change: impl FnOnce(&mut Installed)) -> Vec<String> {
        let shipped = validating(OPERATOR).into_iter();
        let mut installed: Installed = shipped.map(|it| ((it.kind, it.name), it.spec)).collect();
        change(&mut installed);
        let owned: BTreeMap<(String, String), Value> = installed
            .into_iter()
            .map(|((kind, name), spec)| ((kind.to_owned(), name.to_owned()), spec))
            .collect();
        faults(OPERATOR, |kind, name| owned.get(&(kind.to_owned(), name.to_owned())))
    }

    const POLICY: (&str, &str) = ("ValidatingAdmissionPolicy", "stanchion-approvals");
    const BINDING: (&str, &str) = ("ValidatingAdmissionPolicyBinding", "stanchion-approvals");

    #[test]
    fn what_is_as_shipped_has_no_fault() {
        assert_eq!(faults_after(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn what_is_missing_or_altered_is_named() {
        let missing = faults_after(|installed| drop(installed.remove(&BINDING)));
        assert_eq!(missing, ["the ValidatingAdmissionPolicyBinding `stanchion-approvals` is missing"]);
        let weaker = faults_after(|installed| {
            installed.get_mut(&BINDING).unwrap()["validationActions"] = json!(["Warn"]);
        });
        assert_eq!(weaker, ["the ValidatingAdmissionPolicyBinding `stanchion-approvals` is not as shipped"]);
        let spared = faults_after(|installed| {
            installed.get_mut(&POLICY).unwrap()["matchConditions"] =
                json!([{"name": "x", "expression": "false"}]);
        });
        assert_eq!(spared, ["the ValidatingAdmissionPolicy `stanchion-approvals` is not as shipped"]);
        let unknown =
            faults_after(|installed| installed.get_mut(&POLICY).unwrap()["sparing"] = json!(["mallory"]));
        assert_eq!(unknown, spared, "a field of later versions");
    }

    #[test]
    fn another_user_in_the_operator_s_place_is_a_fault() {
        let shipped = validating("mallory");
        let spec = |kind: &str, name: &str| {
            shipped.iter().find(|it| it.kind == kind && it.name == name).map(|it| &it.spec)
        };
        let named: Vec<String> = faults(OPERATOR, spec);
        assert_eq!(named.len(), 2, "{named:?}");
    }

    #[test]
    fn what_only_warns_is_no_guard() {
        let warnings = |name: &str| name == "stanchion-warnings";
        assert_eq!(
            faults_after(|installed| installed.retain(|(_, name), _| !warnings(name))),
            Vec::<String>::new()
        );
    }
}
