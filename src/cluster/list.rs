//! All objects of a kind, page by page: what was decoded is kept, the bytes are not.

use kube::api::{Api, ListParams};
use kube::{Client, Resource};

use super::observed::{Observed, resource};
use super::{Listing, Malformed};
use crate::facts::object::{Object, ObjectKind};

/// Objects of a page: what kubectl asks for.
pub(super) const PAGE: u32 = 500;

/// How often a list is begun. Whoever reads slower than the API server forgets has to start again.
const STARTS: usize = 4;

/// Lists a kind. What can't be had of it alone is part of the answer; an error is one of the whole cluster.
pub(super) async fn list(
    client: &Client,
    kind: ObjectKind,
    page: u32,
    mut seen: impl FnMut(usize),
) -> Result<Listing, kube::Error> {
    let api: Api<Observed> = Api::all_with(client.clone(), &resource(kind));
    let mut starts = 1;
    loop {
        let status = match pages(&api, kind, page, &mut seen).await {
            Ok((objects, malformed)) => return Ok(Listing::Objects(objects, malformed)),
            Err(kube::Error::Api(status)) => status,
            Err(error) => return Err(error),
        };
        return match status.code {
            401 => Err(kube::Error::Api(status)),
            403 if is_served(client, kind).await => Ok(Listing::Denied),
            403 | 404 => Ok(Listing::NotServed),
            410 if starts < STARTS => {
                starts += 1;
                continue;
            }
            _ => Ok(Listing::Failed(status.message)),
        };
    }
}

/// Whether the API server has the kind, as far as it says. Who may not list a kind is refused before it turns out that
/// there is none.
pub(crate) async fn is_served(client: &Client, kind: ObjectKind) -> bool {
    let resource = resource(kind);
    if resource.group.is_empty() {
        return true;
    }
    match client.list_api_group_resources(&resource.api_version).await {
        Ok(list) => list.resources.iter().any(|it| it.name == resource.plural),
        Err(kube::Error::Api(status)) => status.code != 404,
        Err(_) => true,
    }
}

async fn pages(
    api: &Api<Observed>,
    kind: ObjectKind,
    page: u32,
    seen: &mut impl FnMut(usize),
) -> Result<(Vec<Object>, Vec<Malformed>), kube::Error> {
    let (mut objects, mut malformed) = (Vec::new(), Vec::new());
    let mut parameters = ListParams::default().limit(page);
    loop {
        let list = api.list(&parameters).await?;
        seen(list.items.len());
        for observed in list.items {
            match observed.decode(kind) {
                Ok(object) => objects.push(object),
                Err(error) => malformed.push(Malformed {
                    namespace: observed.meta().namespace.clone().unwrap_or_default(),
                    name: observed.meta().name.clone().unwrap_or_default(),
                    message: error.to_string(),
                }),
            }
        }
        match list.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok((objects, malformed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::{RawQuery, State};
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Response};
    use serde_json::{Value, json};

    use super::*;

    /// What an API server answers, request by request, and what it was asked.
    #[derive(Clone)]
    struct Script {
        answers: Arc<Mutex<Vec<(u16, Value)>>>,
        asked: Arc<Mutex<Vec<String>>>,
    }

    async fn answer(State(script): State<Script>, RawQuery(query): RawQuery) -> Response {
        script.asked.lock().unwrap().push(query.unwrap_or_default());
        let mut answers = script.answers.lock().unwrap();
        let (code, body) = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
        (StatusCode::from_u16(code).unwrap(), axum::Json(body)).into_response()
    }

    /// Lists config maps, two a page, of a server that answers so; the last answer is repeated.
    fn listed(answers: Vec<(u16, Value)>) -> (Result<Listing, kube::Error>, Vec<String>, usize) {
        listed_of(ObjectKind::ConfigMap, answers)
    }

    /// The same of any kind.
    fn listed_of(
        kind: ObjectKind,
        answers: Vec<(u16, Value)>,
    ) -> (Result<Listing, kube::Error>, Vec<String>, usize) {
        let script = Script { answers: Arc::new(Mutex::new(answers)), asked: Arc::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut seen = 0;
        let listing = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = Router::new().fallback(answer).with_state(script.clone());
            tokio::spawn(async { axum::serve(listener, server).await });
            let config = kube::Config::new(format!("http://{address}").parse().unwrap());
            let client = Client::try_from(config).unwrap();
            list(&client, kind, 2, |objects| seen += objects).await
        });
        let asked = script.asked.lock().unwrap().clone();
        (listing, asked, seen)
    }

    fn page(names: &[&str], token: &str) -> (u16, Value) {
        let one = |name: &&str| json!({"metadata": {"name": name, "namespace": "shop"}, "data": {"a": "b"}});
        let items: Vec<Value> = names.iter().map(one).collect();
        (200, json!({"kind": "ConfigMapList", "metadata": {"continue": token}, "items": items}))
    }

    fn status(code: u16, reason: &str) -> (u16, Value) {
        (
            code,
            json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": "no"}),
        )
    }

    fn names(listing: &Listing) -> Vec<String> {
        let Listing::Objects(objects, _) = listing else { panic!("{listing:?}") };
        objects.iter().map(|it| it.meta().unwrap().name.to_string()).collect()
    }

    #[test]
    fn every_page_is_asked_for_and_the_last_ends_it() {
        let (listing, asked, seen) =
            listed(vec![page(&["a", "b"], "one"), page(&["c", "d"], "two"), page(&["e"], "")]);
        assert_eq!(names(&listing.unwrap()), ["a", "b", "c", "d", "e"]);
        assert_eq!(seen, 5);
        let asked: Vec<&str> = asked.iter().map(|it| it.trim_start_matches('&')).collect();
        assert_eq!(asked, ["limit=2", "limit=2&continue=one", "limit=2&continue=two"]);
    }

    #[test]
    fn a_list_that_expired_is_begun_again_and_nothing_is_there_twice() {
        let gone = status(410, "Expired");
        let (listing, asked, _) =
            listed(vec![page(&["a", "b"], "old"), gone.clone(), page(&["a", "b"], "new"), page(&["c"], "")]);
        assert_eq!(names(&listing.unwrap()), ["a", "b", "c"]);
        assert_eq!(asked.len(), 4);
        assert!(!asked[2].contains("continue"), "{asked:?}");
        let (listing, asked, _) = listed(vec![gone]);
        assert!(matches!(&listing.unwrap(), Listing::Failed(message) if message == "no"));
        assert_eq!(asked.len(), STARTS, "it is not begun for ever");
    }

    #[test]
    fn what_can_t_be_had_of_a_kind_is_told_apart_from_what_can_t_be_had_at_all() {
        assert!(matches!(listed(vec![status(403, "Forbidden")]).0, Ok(Listing::Denied)));
        let gateways =
            |discovery| listed_of(ObjectKind::Gateway, vec![status(403, "Forbidden"), discovery]).0.unwrap();
        let served = |name: &str| {
            let resource =
                json!({"name": name, "singularName": "", "namespaced": true, "kind": "", "verbs": []});
            (200, json!({"kind": "APIResourceList", "groupVersion": "", "resources": [resource]}))
        };
        assert!(matches!(gateways(status(404, "NotFound")), Listing::NotServed));
        assert!(matches!(gateways(served("others")), Listing::NotServed));
        assert!(matches!(gateways(served("gateways")), Listing::Denied));
        assert!(matches!(gateways(status(403, "Forbidden")), Listing::Denied), "what isn't known is denied");
        assert!(matches!(listed(vec![status(404, "NotFound")]).0, Ok(Listing::NotServed)));
        assert!(matches!(listed(vec![status(500, "InternalError")]).0, Ok(Listing::Failed(_))));
        assert!(matches!(listed(vec![status(401, "Unauthorized")]).0, Err(kube::Error::Api(_))));
        assert!(listed(vec![(200, json!("nothing of the kind"))]).0.is_err());
    }

    #[test]
    fn an_object_that_can_t_be_decoded_is_named_and_the_others_go_on() {
        let (code, mut body) = page(&["a", "b"], "");
        body["items"][0]["data"] = json!(3);
        let Ok(Listing::Objects(objects, malformed)) = listed(vec![(code, body)]).0 else { panic!() };
        assert_eq!(objects.len(), 1);
        let [one] = malformed.as_slice() else { panic!("{malformed:?}") };
        assert_eq!((one.namespace.as_str(), one.name.as_str()), ("shop", "a"));
        assert!(one.message.contains("invalid type"), "{one:?}");
    }
}
