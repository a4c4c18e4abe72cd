//! Grafana Alloy: <https://grafana.com/docs/alloy/latest/reference/components/>, its components `discovery.kubernetes`,
//! `discovery.relabel`, `local.file_match` and `loki.source.*`.
//!
//! The flow between components is not followed: a rule that drops pods counts for every source. So a source that is fed
//! past that rule is taken to read less than it does.

use super::promtail::{relabel, restrict};
use super::{CollectorConfig, LogSource, Output, Reads, Syntax, strange_pattern};

/// How deep blocks may stand in each other.
const DEEPEST: usize = 16;

/// `name "label" { … }`.
#[derive(Default)]
struct Block {
    name: String,
    attributes: Vec<(String, Vec<String>)>,
    blocks: Vec<Block>,
}

impl Block {
    fn texts(&self, name: &str) -> Vec<&str> {
        let found = self.attributes.iter().filter(|(key, _)| key == name);
        found.flat_map(|(_, texts)| texts).map(String::as_str).collect()
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).into_iter().next()
    }

    fn inner<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| block.name == name)
    }
}

pub(super) fn read(value: &str) -> CollectorConfig {
    let mut config = CollectorConfig::new(Syntax::Alloy);
    let Some(root) = parse(value) else {
        return CollectorConfig::unreadable(Syntax::Alloy, "its blocks can't be told apart");
    };
    // What holds of the pods that are found, whichever source reads them.
    let mut found = LogSource::pods();
    let mut blocks = Vec::new();
    components(&root, &mut blocks);
    for block in &blocks {
        match block.name.as_str() {
            "discovery.kubernetes" => discovered(block, &mut found),
            "discovery.relabel" => {
                for rule in block.inner("rule") {
                    let action = rule.text("action").unwrap_or("replace");
                    let labels = rule.texts("source_labels");
                    let separator = rule.text("separator").unwrap_or(";");
                    relabel(action, &labels, separator, rule.text("regex"), &mut found);
                }
            }
            "loki.write" => config.sends(Output::Elsewhere),
            exporter if exporter.starts_with("otelcol.exporter.") => {
                let nowhere = exporter == "otelcol.exporter.debug";
                config.sends(if nowhere { Output::Nowhere } else { Output::Elsewhere });
            }
            "loki.echo" => config.sends(Output::Nowhere),
            "loki.process" => drops(block, &mut found),
            _ => {}
        }
    }
    let pods = blocks.iter().any(|it| it.name == "discovery.kubernetes");
    for block in &blocks {
        match block.name.as_str() {
            "loki.source.kubernetes" => config.sources.push(LogSource { reads: Reads::Api, ..found.clone() }),
            "loki.source.file" if pods => config.sources.push(found.clone()),
            "local.file_match" => config.sources.extend(matched(block)),
            "loki.source.podlogs" => {
                let mut source = LogSource { reads: Reads::Api, ..LogSource::default() };
                source.doubt("its `PodLogs` say what it reads");
                config.sources.push(source);
            }
            "import.git" | "import.http" | "remotecfg" => {
                config.doubt("a part of it is fetched from elsewhere");
            }
            _ => {}
        }
    }
    config
}

/// The components, also those of a module that is declared in place.
fn components<'b>(block: &'b Block, all: &mut Vec<&'b Block>) {
    for inner in &block.blocks {
        if inner.name == "declare" {
            components(inner, all);
        } else {
            all.push(inner);
        }
    }
}

fn discovered(block: &Block, found: &mut LogSource) {
    if block.text("role") != Some("pod") {
        return;
    }
    for namespaces in block.inner("namespaces") {
        restrict(&namespaces.texts("names"), found);
    }
    for selectors in block.inner("selectors").filter(|it| it.text("role") == Some("pod")) {
        // The node is mostly put together with the environment: `"spec.nodeName=" + env("HOSTNAME")`.
        let field = selectors.text("field").unwrap_or_default();
        if selectors.text("label").is_some() || !(field.is_empty() || field.starts_with("spec.nodeName=")) {
            found.doubt("its discovery selects pods");
        }
    }
}

fn drops(block: &Block, found: &mut LogSource) {
    for stage in block.inner("stage.match").filter(|stage| stage.text("action") == Some("drop")) {
        if !stage.text("selector").unwrap_or_default().contains('|') {
            found.doubt("a stage drops what matches a selector");
        }
    }
}

/// `path_targets = [{"__path__" = "/var/log/*.log"}]`: every text that is a path.
fn matched(block: &Block) -> Option<LogSource> {
    let paths: Vec<&str> =
        block.texts("path_targets").into_iter().filter(|text| text.starts_with('/')).collect();
    let mut source = LogSource::files(paths.iter().copied());
    source.unclear = strange_pattern(&super::texts(paths.iter().copied()));
    (!paths.is_empty()).then_some(source)
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

fn parse(text: &str) -> Option<Block> {
    let tokens = tokens(text)?;
    let mut open = vec![Block::default()];
    // The words since the last line that meant something, and the attribute whose value is read.
    let mut head: Vec<String> = Vec::new();
    let mut depth = 0_usize;
    for (position, token) in tokens.iter().enumerate() {
        match token {
            // Inside a value: everything that is a text belongs to it.
            Token::Sign('[' | '(') => depth += 1,
            Token::Sign('{') if depth > 0 => depth += 1,
            Token::Sign(']' | ')') => depth = depth.checked_sub(1)?,
            Token::Sign('}') if depth > 0 => depth -= 1,
            Token::Sign('{') if is_value(&tokens, position) => depth += 1,
            Token::Sign('{') => {
                let name = head.last().cloned().unwrap_or_default();
                head.clear();
                open.push(Block { name, ..Block::default() });
                if open.len() > DEEPEST {
                    return None;
                }
            }
            Token::Sign('}') => {
                let closed = open.pop()?;
                open.last_mut()?.blocks.push(closed);
                head.clear();
            }
            Token::Sign('=') if depth == 0 => {
                let name = head.pop().unwrap_or_default();
                head.clear();
                open.last_mut()?.attributes.push((name, Vec::new()));
            }
            Token::Word(word) if depth == 0 => head.push(word.clone()),
            Token::Sign(_) | Token::Word(_) => {}
            Token::Text(text) => {
                let before = position.checked_sub(1).and_then(|before| tokens.get(before));
                let is_label = depth == 0 && matches!(before, Some(Token::Word(_)));
                if !is_label && let Some((_, texts)) = open.last_mut()?.attributes.last_mut() {
                    texts.push(text.clone());
                }
            }
        }
    }
    let root = open.pop()?;
    open.is_empty().then_some(root)
}

/// Whether a brace begins a value: it stands after an equals sign.
fn is_value(tokens: &[Token], position: usize) -> bool {
    let before = position.checked_sub(1).and_then(|before| tokens.get(before));
    before == Some(&Token::Sign('='))
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '/' if characters.next_if_eq(&'/').is_some() => {
                while characters.next_if(|it| *it != '\n').is_some() {}
            }
            '/' if characters.next_if_eq(&'*').is_some() => {
                let mut last = ' ';
                loop {
                    let next = characters.next()?;
                    if last == '*' && next == '/' {
                        break;
                    }
                    last = next;
                }
            }
            '"' | '`' => tokens.push(Token::Text(quoted(character, &mut characters)?)),
            '_' | '.' | 'a'..='z' | 'A'..='Z' | '0'..='9' => {
                let mut word = String::from(character);
                while let Some(next) =
                    characters.next_if(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '.'))
                {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
            sign if !sign.is_whitespace() => tokens.push(Token::Sign(sign)),
            _ => {}
        }
    }
    Some(tokens)
}

fn quoted(quote: char, characters: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut text = String::new();
    loop {
        match characters.next()? {
            end if end == quote => return Some(text),
            '\\' if quote == '"' => match characters.next()? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}
