//! Turns `OpenClawInstance` files into plain Kubernetes manifests that can be committed.
//!
//! ```text
//! text -load-> Loaded -validate-> Report | -accept-> Valid -assemble-> Instance
//!      -render-> Vec<Manifest> -tree-> files, locks, changes -> stdout or disk
//! ```
//!
//! Each phase is a type, so that what was not checked cannot be rendered: only [`validate::accept`]
//! makes a `Valid`, only [`model`] makes an `Instance`, and [`render`] takes nothing else.
//!
//! The layers, lowest first; a file names only lower ones, and a test reads the arrows:
//!
//! - words: [`names`], [`diagnostic`], [`version`], `api::{duration, image}`
//! - [`api`]: what people write, read with the place of every field
//! - [`validate`]: the rules, once, for this tool and as CEL for the cluster
//! - [`model`]: everything that merges or decides
//! - [`render`]: templates, the typed gate, the canonical writer
//! - [`tree`]: which files are ours and what changes; [`bump`]: a tag in the text of a source
//! - [`repository`]: all of that for the files of a folder or a commit
//! - [`update`]: which version an instance takes next, or why none
//! - [`import`]: sources for what the Go operator runs, and from the values of Helm charts
//! - [`overview`]: what a cluster says about instances, as tables and trees
//! - [`diff`]: what is between two sets of objects, and what it means where the old ones run
//! - [`starter`]: the files of a new repository
//! - [`function`]: the same between the tools of a pipeline, as a function of Kubernetes' resource
//!   model
//! - [`install`]: the controller's own manifests, through the same templates, gate and writer
//! - [`controller`]: what cannot be a file
//! - [`git`]: a branch as files, commits and pushes
//! - [`cluster`]: what the API server holds, and what it would make of an object
//! - [`registry`]: which images there are; [`forge`]: requests to merge a branch
//! - [`cli`]: the shell; besides [`git`], only here are files, environment and terminal touched
//!
//! What shaped the layout:
//!
//! - Rust merges, templates place: a template that wants to compute lacks a field in the model.
//! - A placed value never becomes template text, so no value can become structure.
//! - Defaults live beside the structs and not in the schema of the CRD, where they would be
//!   written into people's objects for ever.
//! - No type can hold a secret: instances refer to Secrets, and none is ever rendered.
//! - The writer of YAML is our own: people commit what it writes, so its bytes may not change with
//!   a dependency.

pub mod api;
pub mod bump;
pub mod cli;
pub mod cluster;
pub mod controller;
pub mod diagnostic;
pub mod diff;
pub mod forge;
pub mod function;
pub mod git;
pub mod import;
pub mod install;
pub mod model;
pub mod names;
pub mod overview;
pub mod registry;
pub mod render;
pub mod repository;
pub mod starter;
pub mod tree;
pub mod update;
pub mod validate;
pub mod version;
