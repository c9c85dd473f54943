//! Turns two sets of objects into what is between them, grouped by instance, and says of every
//! change what it means where the old objects run.
//!
//! ```text
//! objects -pairs-> Vec<Pair> -Diff::of-> Diff -text, machine, markdown-> what is printed
//! ```
//!
//! Nothing here reads or asks. Objects and not files are compared, so that a file of another
//! layout, order or comment is no difference, and so that a Secret is masked before there is any
//! text of it. What a change means is said by one table, [`impact::ROWS`].

pub mod impact;
pub mod live;
pub mod machine;
pub mod markdown;
mod mask;
pub mod objects;
pub mod text;

use std::collections::BTreeMap;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::names::ANNOTATION_SOURCE;
use crate::render::yaml;
use impact::{Impact, Level, Sides};

/// Lines around a change that are shown.
const CONTEXT: usize = 3;

/// One object before and after.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    /// Namespace and name of the instance that it belongs to.
    pub instance: String,
    /// Where its file is, or was; none when no file holds it.
    pub file: Option<String>,
    /// The object before; none when it is new.
    pub old: Option<Value>,
    /// The object after; none when it goes.
    pub new: Option<Value>,
    /// Why the cluster does not take it, in its own words.
    pub refusal: Option<String>,
}

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is there before and after.
    Changed,
    /// It is new.
    Created,
    /// It goes.
    Deleted,
}

impl Kind {
    /// Every kind, in the order in which they are counted.
    pub const ALL: [Self; 3] = [Self::Changed, Self::Created, Self::Deleted];

    /// Returns the word for people and machines.
    pub fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Created => "created",
            Self::Deleted => "deleted",
        }
    }
}

/// What happens to one object. Values of Secrets are masked in all of it.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happens.
    pub kind: Kind,
    /// `apiVersion` of the object.
    pub api_version: String,
    /// Its kind and name, as people refer to it.
    pub object: [String; 2],
    /// Its namespace; empty when it has none.
    pub namespace: String,
    /// Its file.
    pub file: Option<String>,
    /// What it means, the gravest first.
    pub impacts: Vec<Impact>,
    /// The object before and after as text; empty where it is not there.
    pub texts: [String; 2],
    /// The hunks of a unified diff of the two.
    pub hunks: String,
    /// Lines that are added.
    pub added: usize,
    /// Lines that are removed.
    pub removed: usize,
}

/// What happens to the objects of one instance.
#[derive(Clone, Debug)]
pub struct Group {
    /// Namespace and name of the instance.
    pub instance: String,
    /// The file that people write; none where it is not known.
    pub source: Option<String>,
    /// Its changes, in the order in which objects are rendered.
    pub changes: Vec<Change>,
}

/// All that is between two sets of objects.
#[derive(Clone, Debug, Default)]
pub struct Diff {
    /// Instances whose objects differ, by namespace and name.
    pub groups: Vec<Group>,
}

impl Diff {
    /// Compares each pair; one that does not differ and that nothing refuses is left out.
    pub fn of(pairs: Vec<Pair>) -> Self {
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        for pair in pairs {
            if pair.old == pair.new && pair.refusal.is_none() {
                continue;
            }
            let group = groups.entry(pair.instance.clone()).or_insert_with(|| Group {
                instance: clean(&pair.instance),
                source: None,
                changes: Vec::new(),
            });
            if group.source.is_none() {
                let object = pair.new.as_ref().or(pair.old.as_ref());
                let annotations = object.map(|object| &object["metadata"]["annotations"]);
                let source = annotations.and_then(|all| all[ANNOTATION_SOURCE].as_str());
                group.source = source.map(clean);
            }
            group.changes.push(Change::of(pair));
        }
        Self { groups: groups.into_values().collect() }
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Returns every change.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.groups.iter().flat_map(|group| &group.changes)
    }
}

impl Group {
    /// Returns what its changes mean, each once, the gravest first.
    pub fn titles(&self) -> Vec<&'static str> {
        let mut found: Vec<(Level, usize, &str)> = Vec::new();
        for impact in self.changes.iter().flat_map(|change| &change.impacts) {
            let rank = impact::ROWS.iter().position(|row| row.name == impact.name);
            found.push((impact.level, rank.map_or(0, |rank| rank + 1), impact.title));
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|(_, _, title)| title).collect()
    }
}

impl Change {
    fn of(pair: Pair) -> Self {
        let Pair { file, old, new, refusal, .. } = pair;
        let kind = match (&old, &new) {
            (None, _) => Kind::Created,
            (_, None) => Kind::Deleted,
            _ => Kind::Changed,
        };
        let mut impacts = impact::impacts(Sides { old: old.as_ref(), new: new.as_ref() });
        if let Some(words) = refusal {
            impacts.insert(0, impact::refused(&words));
        }
        let text = |pointer: &str| {
            let object = new.as_ref().or(old.as_ref());
            let found = object.and_then(|object| object.pointer(pointer)).and_then(Value::as_str);
            clean(found.unwrap_or_default())
        };
        let (api_version, namespace) = (text("/apiVersion"), text("/metadata/namespace"));
        let object = [text("/kind"), text("/metadata/name")];
        let (old, new) = mask::secrets(old, new);
        let texts = [old, new].map(|value| value.as_ref().map(yaml::write).unwrap_or_default());
        let lines = TextDiff::from_lines(&texts[0], &texts[1]);
        let count = |tag| lines.iter_all_changes().filter(|line| line.tag() == tag).count();
        let (added, removed) = (count(ChangeTag::Insert), count(ChangeTag::Delete));
        let hunks = lines.unified_diff().context_radius(CONTEXT).to_string();
        Self { kind, api_version, object, namespace, file, impacts, texts, hunks, added, removed }
    }

    /// Returns kind and name as people read them.
    pub fn title(&self) -> String {
        let [kind, name] = &self.object;
        format!("{kind} `{name}`")
    }

    /// Returns how both sides are called in a unified diff.
    pub fn headers(&self) -> [String; 2] {
        let [kind, name] = &self.object;
        let path = match &self.file {
            Some(file) => clean(file),
            None => format!("{}/{}-{name}.yaml", self.namespace, kind.to_lowercase()),
        };
        let side = |is_there: bool, prefix: &str| {
            if is_there { format!("{prefix}/{path}") } else { "/dev/null".to_owned() }
        };
        [side(self.kind != Kind::Created, "a"), side(self.kind != Kind::Deleted, "b")]
    }

    /// Returns the gravest level of its impacts.
    pub fn level(&self) -> Level {
        self.impacts.iter().map(|impact| impact.level).min().unwrap_or(Level::Note)
    }
}

/// Counts changes by what happens, such as `2 changed, 1 created`.
pub fn counts<'c>(changes: impl IntoIterator<Item = &'c Change>) -> String {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for change in changes {
        *counts.entry(change.kind).or_default() += 1;
    }
    let words = counts.into_iter().map(|(kind, count)| format!("{count} {}", kind.word()));
    words.collect::<Vec<_>>().join(", ")
}

/// Counts instances and objects, such as `1 instance, 2 objects: 2 changed`.
pub fn summary(diff: &Diff) -> String {
    let plural =
        |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let instances = plural(diff.groups.len(), "instance");
    let objects = plural(diff.changes().count(), "object");
    format!("{instances}, {objects}: {}", counts(diff.changes()))
}

/// Takes out what would end a code span or a line, or move the cursor: names and values come from
/// whoever wrote the object.
pub fn clean(text: &str) -> String {
    let harmless = |c: char| {
        let is_mark = c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if is_mark {
            ' '
        } else if c == '`' {
            '\''
        } else {
            c
        }
    };
    text.chars().map(harmless).collect()
}
