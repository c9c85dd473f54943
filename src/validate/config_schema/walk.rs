//! Turns a configuration and one version's schema into what that version refuses.

use serde_json::{Map, Value};

use super::data::{Data, Node, Shape};

/// One step of a path, borrowed from the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// One place that the version refuses, without the words for it.
pub(super) struct Refusal<'a> {
    pub(super) path: Vec<Step<'a>>,
    pub(super) problem: Problem<'a>,
}

/// Why a place is refused, and what the schema says about it.
#[derive(Clone, Copy)]
pub(super) enum Problem<'a> {
    UnknownKey(&'a Shape),
    WrongType(&'a Node, &'a Value),
    NotAllowed(&'a Node, &'a Value),
}

/// Returns everything that the version refuses, sorted by path.
pub(super) fn refusals<'a>(data: &'a Data, version: &str, raw: &'a Value) -> Vec<Refusal<'a>> {
    let mut walk = Walk { data, path: Vec::new(), found: Vec::new() };
    walk.value(data.root(version), raw);
    walk.found.sort_by(|a, b| a.path.cmp(&b.path));
    walk.found
}

struct Walk<'a> {
    data: &'a Data,
    path: Vec<Step<'a>>,
    found: Vec<Refusal<'a>>,
}

impl<'a> Walk<'a> {
    /// Checks one value; as deep as the schema, which is a finite tree, however deep the value.
    fn value(&mut self, node: &'a Node, value: &'a Value) {
        if node.any {
            return;
        }
        if !node.takes_type_of(value) {
            return self.refuse(Problem::WrongType(node, value));
        }
        let accepted = match value {
            Value::Null => true,
            Value::Bool(found) => node.booleans.contains(found),
            Value::Number(found) => {
                let number = found.as_f64().unwrap_or_default();
                node.numbers.as_ref().is_some_and(|numbers| numbers.accept(number))
            }
            Value::String(found) => {
                node.strings.as_ref().is_some_and(|strings| strings.accept(found))
            }
            Value::Array(items) => {
                return self.nearest(&node.lists, |walk, id| walk.list(walk.data.node(*id), items));
            }
            Value::Object(map) => {
                return self.nearest(&node.objects, |walk, shape| walk.object(shape, map));
            }
        };
        if !accepted {
            self.refuse(Problem::NotAllowed(node, value));
        }
    }

    fn list(&mut self, node: &'a Node, items: &'a [Value]) {
        for (index, item) in items.iter().enumerate() {
            self.path.push(Step::Index(index));
            self.value(node, item);
            self.path.pop();
        }
    }

    fn object(&mut self, shape: &'a Shape, map: &'a Map<String, Value>) {
        for (key, value) in map {
            self.path.push(Step::Key(key));
            match shape.key(key) {
                Some(id) => self.value(self.data.node(id), value),
                None => self.refuse(Problem::UnknownKey(shape)),
            }
            self.path.pop();
        }
    }

    /// Keeps what the best alternative refuses: nothing if one accepts.
    ///
    /// A tag that fits (`source: env`) says which alternative was meant, so one whose tags
    /// do not fit comes last; then the one that got furthest wins, then the fewest refusals.
    fn nearest<T>(&mut self, alternatives: &'a [T], check: impl Fn(&mut Self, &'a T)) {
        if let [only] = alternatives {
            return check(self, only);
        }
        let start = self.found.len();
        let depth = self.path.len() + 1;
        let mut best: Option<((usize, usize, usize), Vec<Refusal<'a>>)> = None;
        for alternative in alternatives {
            check(self, alternative);
            let refused = self.found.split_off(start);
            if refused.is_empty() {
                return;
            }
            let shallow = refused.iter().filter(|refusal| refusal.path.len() == depth);
            let wrong_tags = shallow.clone().filter(|refusal| refusal.is_wrong_tag()).count();
            let rank = (wrong_tags, shallow.count(), refused.len());
            if best.as_ref().is_none_or(|(least, _)| rank < *least) {
                best = Some((rank, refused));
            }
        }
        self.found.extend(best.map(|(_, refused)| refused).unwrap_or_default());
    }

    fn refuse(&mut self, problem: Problem<'a>) {
        self.found.push(Refusal { path: self.path.clone(), problem });
    }
}

impl Refusal<'_> {
    fn is_wrong_tag(&self) -> bool {
        matches!(self.problem, Problem::NotAllowed(_, Value::String(_)))
    }
}
