//! A conversation with `upstream`, a program of `tests/controlplane`: a question, an answer, and so on.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use crate::go::controlplane_binary;

/// What upstream says to one question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Answer {
    /// Whether labels or a node match, or all taints are tolerated.
    Match(bool),
    /// Which requests are allowed.
    Allowed(Vec<bool>),
    /// The directions that a network policy is about.
    PolicyTypes(Vec<String>),
    /// Why there is no answer: the API server would refuse such an object.
    Error(String),
}

/// The program, waiting for the next question.
pub(crate) struct Conversation {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Conversation {
    /// With the program's command of this name.
    pub(crate) fn start(command: &str) -> Self {
        let mut child = Command::new(controlplane_binary("upstream"))
            .arg(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("upstream runs");
        let questions = child.stdin.take().expect("stdin is piped");
        let answers = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Self { child, questions, answers }
    }

    /// The answer to a question.
    pub(crate) fn ask(&mut self, question: &Value) -> Answer {
        self.questions.write_all(format!("{question}\n").as_bytes()).expect("upstream reads");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("upstream answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: `{line}` to {question}"))
    }

    /// Ends it.
    pub(crate) fn end(mut self) {
        drop(self.questions);
        assert!(self.child.wait().expect("upstream ends").success());
    }
}
