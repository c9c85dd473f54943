//! Fills the templates; the only module that knows minijinja.
//!
//! A placeholder never becomes text. The engine prints a numbered mark, the marked text is parsed
//! as YAML, and then each mark is replaced by its value in the tree: no value can turn into
//! structure, however hostile. A mark that is not a whole scalar (in quotes, beside other text,
//! in a key, in a comment's place) is an error of the template. Instances that take the same
//! branches share the marked text, so its parse is remembered.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;

use minijinja::value::{Serde, merge_maps};
use minijinja::{Environment, UndefinedBehavior, Value as Placed};
use serde::Serialize;
use serde_json::{Map, Value};

/// Starts and ends a mark: a private-use character that no template may contain.
const MARK: char = '\u{F8FF}';

/// Marked texts that one thread remembers.
const REMEMBERED: usize = 512;

/// Steps that one template may take.
const FUEL: u64 = 200_000;

/// A fault of a template, never of the user's file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The template does not render: bad syntax or an undefined name.
    #[error("template `{template}`: {message}")]
    Template {
        /// Name of the template.
        template: String,
        /// What the engine says, with the line.
        message: String,
    },
    /// The rendered text is not one YAML document.
    #[error("template `{template}` does not render YAML: {message}")]
    Yaml {
        /// Name of the template.
        template: String,
        /// What the reader says, with the line.
        message: String,
    },
    /// A placeholder is not a whole scalar.
    #[error("template `{template}`: a placeholder must be a whole scalar, found `{found}`")]
    Placeholder {
        /// Name of the template.
        template: String,
        /// The scalar or key that holds it, with `{}` in its place.
        found: String,
    },
}

/// Templates by name: ours, and those that replace them.
#[derive(Clone, Debug, Default)]
pub struct Overrides(HashMap<String, String>);

impl Overrides {
    /// Replaces the template `name`, such as `service.yaml.j2`.
    ///
    /// # Errors
    /// When there is no such template, or `text` does not parse.
    pub fn insert(&mut self, name: &str, text: String) -> Result<(), Error> {
        let fault = |message: String| Error::Template { template: name.to_owned(), message };
        let is_known = super::templates::TEMPLATES.iter().any(|(known, _)| *known == name);
        // Those of `install` belong to the controller and to no repository of instances.
        if !is_known || name.starts_with("install/") {
            return Err(fault("there is no such template to replace".to_owned()));
        }
        Environment::new().add_template("t", &text).map_err(|e| fault(detail(&e)))?;
        self.0.insert(name.to_owned(), text);
        Ok(())
    }
}

/// The engine with its templates.
pub struct Engine {
    environment: Environment<'static>,
}

thread_local! {
    static PLACED: RefCell<Vec<Placed>> = const { RefCell::new(Vec::new()) };
    static SKELETONS: RefCell<HashMap<String, Rc<Skeleton>>> = RefCell::new(HashMap::new());
}

/// The values that one template may place.
pub struct Context(Placed);

impl Context {
    /// Makes a context from anything that serializes to a map.
    pub fn new(value: &impl Serialize) -> Self {
        Self(Placed::from(Serde(value)))
    }

    /// Adds the entries of `more`, which win.
    #[must_use]
    pub fn with(&self, more: &impl Serialize) -> Self {
        Self(merge_maps([Placed::from(Serde(more)), self.0.clone()]))
    }
}

impl Engine {
    /// Our templates.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Engine> = OnceLock::new();
        SHARED.get_or_init(|| Self::with(Overrides::default()))
    }

    /// Our templates, some of them replaced.
    pub fn with(overrides: Overrides) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_formatter(|out, _, value| {
            let index = PLACED.with_borrow_mut(|placed| {
                placed.push(value.clone());
                placed.len() - 1
            });
            write!(out, "{MARK}{index}{MARK}").map_err(Into::into)
        });
        let mut replaced = overrides.0;
        for (name, text) in super::templates::TEMPLATES {
            let added = match replaced.remove(*name) {
                Some(text) => environment.add_template_owned(*name, text),
                None => environment.add_template(name, text),
            };
            // Overrides were parsed when they were inserted, ours are parsed by a test.
            debug_assert!(added.is_ok(), "{name}: {added:?}");
        }
        Self { environment }
    }

    /// Renders the template `name` into a value.
    ///
    /// # Errors
    /// When the template is at fault; a user's value cannot make it fail.
    pub fn render(&self, name: &str, context: &Context) -> Result<Value, Error> {
        let fault = |e: &minijinja::Error| Error::Template {
            template: name.to_owned(),
            message: detail(e),
        };
        PLACED.with_borrow_mut(Vec::clear);
        let template = self.environment.get_template(name).map_err(|e| fault(&e))?;
        let text = template.render(&context.0).map_err(|e| fault(&e))?;
        let placed = PLACED.with_borrow_mut(std::mem::take);
        let skeleton = skeleton(name, text)?;
        fill(&skeleton, &placed).map_err(|e| fault(&e))
    }
}

fn detail(error: &minijinja::Error) -> String {
    match error.line() {
        Some(line) => format!("line {line}: {error}"),
        None => error.to_string(),
    }
}

/// A parsed template whose marks wait for their values.
enum Skeleton {
    Slot(usize),
    Scalar(Value),
    List(Vec<Skeleton>),
    Map(Vec<(String, Skeleton)>),
}

fn skeleton(name: &str, text: String) -> Result<Rc<Skeleton>, Error> {
    if let Some(known) = SKELETONS.with_borrow(|known| known.get(&text).cloned()) {
        return Ok(known);
    }
    let value: Value = serde_yaml::from_str(&text)
        .map_err(|e| Error::Yaml { template: name.to_owned(), message: e.to_string() })?;
    let made = Rc::new(slots(name, value)?);
    SKELETONS.with_borrow_mut(|known| {
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(text, Rc::clone(&made));
    });
    Ok(made)
}

fn slots(name: &str, value: Value) -> Result<Skeleton, Error> {
    Ok(match value {
        Value::String(text) if text.contains(MARK) => Skeleton::Slot(slot(name, &text)?),
        Value::Array(items) => Skeleton::List(
            items.into_iter().map(|item| slots(name, item)).collect::<Result<_, _>>()?,
        ),
        Value::Object(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, value) in map {
                if key.contains(MARK) {
                    return Err(misplaced(name, &key));
                }
                entries.push((key, slots(name, value)?));
            }
            Skeleton::Map(entries)
        }
        scalar => Skeleton::Scalar(scalar),
    })
}

fn slot(name: &str, text: &str) -> Result<usize, Error> {
    text.strip_prefix(MARK)
        .and_then(|rest| rest.strip_suffix(MARK))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| misplaced(name, text))
}

fn misplaced(name: &str, text: &str) -> Error {
    let found = text
        .split(MARK)
        .enumerate()
        .map(|(at, part)| if at % 2 == 1 { "{}" } else { part })
        .collect();
    Error::Placeholder { template: name.to_owned(), found }
}

fn fill(skeleton: &Skeleton, placed: &[Placed]) -> Result<Value, minijinja::Error> {
    Ok(match skeleton {
        Skeleton::Slot(index) => serde_json::to_value(&placed[*index]).map_err(|e| {
            minijinja::Error::new(minijinja::ErrorKind::BadSerialization, e.to_string())
        })?,
        Skeleton::Scalar(value) => value.clone(),
        Skeleton::List(items) => {
            Value::Array(items.iter().map(|item| fill(item, placed)).collect::<Result<_, _>>()?)
        }
        Skeleton::Map(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(key.clone(), fill(value, placed)?);
            }
            Value::Object(map)
        }
    })
}
