//! What an API server answers to lists, and nothing more of one: for what no real one would have, such as objects that
//! can't be decoded, or no kinds of ours.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A server, and a kubeconfig that leads to it.
pub(crate) struct ApiServer {
    folder: TempDir,
    /// Its address.
    pub(crate) server: String,
}

/// The code and the body of an answer, by path.
type Answers = BTreeMap<String, (u16, Value)>;

impl ApiServer {
    /// A server that has these objects, by the path of their list, and no other kinds.
    pub(crate) fn with(lists: &[(&str, &[Value])]) -> Self {
        let list = |items: &[Value]| (200, json!({"kind": "List", "metadata": {}, "items": items}));
        Self::that_answers(lists.iter().map(|(path, items)| ((*path).to_owned(), list(items))).collect())
    }

    /// A server that answers so, and knows nothing else.
    #[expect(clippy::disallowed_methods, reason = "a kubeconfig is a file")]
    pub(crate) fn that_answers(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let answers = Arc::new(answers);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let answers = Arc::clone(&answers);
                std::thread::spawn(move || serve(stream, &answers));
            }
        });
        let folder = TempDir::new().unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "clusters": [{"name": "test", "cluster": {"server": server}}],
            "users": [{"name": "test", "user": {}}],
        });
        std::fs::write(folder.path().join("kubeconfig"), kubeconfig.to_string()).unwrap();
        Self { folder, server }
    }

    /// The path of the kubeconfig.
    pub(crate) fn kubeconfig(&self) -> String {
        self.folder.path().join("kubeconfig").to_str().unwrap().to_owned()
    }
}

/// Answers a connection's requests until it is closed.
fn serve(mut stream: TcpStream, answers: &Answers) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut first = String::new();
        reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
        let mut line = String::new();
        while reader.read_line(&mut line).ok()? > 2 {
            line.clear();
        }
        let path = first.split(' ').nth(1)?.split('?').next()?;
        let unknown = (404, json!({"kind": "Status", "code": 404, "reason": "NotFound", "message": "no"}));
        let (code, body) = answers.get(path).unwrap_or(&unknown);
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {code} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    }
}
