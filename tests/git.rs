//! A branch as files and commits: what is read, what is refused, and that a commit changes no more
//! than it says. Servers are folders here; `tests/all_git.rs` has real ones.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests are shell and fail by panicking"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{ObjectType, Oid, Repository, Signature, Time};
use openclaw::git::{Author, Cache, Fault, Limits, Pushed, Remote};
use openclaw::repository::{Edits, Files};
use ssh_key::{LineEnding, PrivateKey, SshSig};
use tempfile::TempDir;

const FILE: i32 = 0o100_644;
const PROGRAM: i32 = 0o100_755;
const SYMLINK: i32 = 0o120_000;
const SUBMODULE: i32 = 0o160_000;
const NOW: i64 = 1_789_372_800;

/// A server that is a folder, and a cache of it.
struct World {
    scratch: TempDir,
    server: Repository,
}

impl World {
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let server = Repository::init_bare(scratch.path().join("server.git")).unwrap();
        Self { scratch, server }
    }

    fn with(entries: &[(&str, i32, &[u8])]) -> Self {
        let world = Self::new();
        world.commit(entries, "first\n");
        world
    }

    /// A commit of exactly these entries on top of `main`.
    fn commit(&self, entries: &[(&str, i32, &[u8])], message: &str) -> String {
        let tree = self.tree(entries);
        let parent = self.server.find_reference("refs/heads/main").ok();
        let parent = parent.map(|branch| branch.peel_to_commit().unwrap());
        self.commit_tree(tree, parent.map(|one| one.id()), message)
    }

    fn commit_tree(&self, tree: Oid, parent: Option<Oid>, message: &str) -> String {
        let by = Signature::new("someone", "someone@example.com", &Time::new(NOW, 0)).unwrap();
        let tree = self.server.find_tree(tree).unwrap();
        let parent = parent.map(|id| self.server.find_commit(id).unwrap());
        let parents: Vec<_> = parent.iter().collect();
        let id = self.server.commit(None, &by, &by, message, &tree, &parents).unwrap();
        self.server.reference("refs/heads/main", id, true, "test").unwrap();
        id.to_string()
    }

    fn tree(&self, entries: &[(&str, i32, &[u8])]) -> Oid {
        let mut builder = self.server.treebuilder(None).unwrap();
        let mut folders: Vec<&str> =
            entries.iter().filter_map(|(path, ..)| Some(path.split_once('/')?.0)).collect();
        folders.dedup();
        for folder in folders {
            let below: Vec<_> = entries
                .iter()
                .filter_map(|(path, mode, bytes)| {
                    let (first, rest) = path.split_once('/')?;
                    (first == folder).then_some((rest, *mode, *bytes))
                })
                .collect();
            builder.insert(folder, self.tree(&below), 0o040_000).unwrap();
        }
        for (name, mode, bytes) in entries.iter().filter(|(path, ..)| !path.contains('/')) {
            let id = match *mode {
                SUBMODULE => Oid::from_str("0123456789012345678901234567890123456789").unwrap(),
                _ => self.server.blob(bytes).unwrap(),
            };
            builder.insert(name, id, *mode).unwrap();
        }
        builder.write().unwrap()
    }

    fn remote(&self) -> Remote {
        let url = format!("file://{}", self.server.path().display());
        Remote { url: url.trim_end_matches('/').to_owned(), branch: "main".to_owned(), ..none() }
    }

    fn cache(&self, remote: Remote) -> Cache {
        let folder = self.scratch.path().join("cache");
        Cache::open_with(&folder, remote, program(), Limits::default()).unwrap()
    }

    /// A cache of `main` that is fetched, and its commit.
    fn fetched(&self) -> (Cache, String) {
        let cache = self.cache(self.remote());
        let id = wait(cache.fetch()).unwrap();
        (cache, id)
    }
}

fn none() -> Remote {
    Remote::default()
}

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_openclaw"))
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn author() -> Author {
    Author { name: "openclaw".to_owned(), email: "openclaw@example.com".to_owned() }
}

fn edits(of: &[(&str, Option<&str>)]) -> Edits {
    let owned = |text: &str| text.as_bytes().to_vec();
    of.iter().map(|(path, text)| ((*path).to_owned(), text.map(owned))).collect()
}

fn files(of: &[(&str, &str)]) -> Files {
    of.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

fn names(files: &Files) -> Vec<&str> {
    files.keys().map(String::as_str).collect()
}

fn refusal(entries: &[(&str, i32, &[u8])]) -> String {
    let world = World::with(entries);
    let (cache, id) = world.fetched();
    let is_yaml = |path: &str| Path::new(path).extension().is_some_and(|end| end != "md");
    match cache.files_where(&id, &is_yaml) {
        Err(Fault::Unsupported(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_are_read_as_they_are_and_below_the_path_alone() {
    let world = World::with(&[
        ("README.md", FILE, b"top"),
        ("apps/a.yaml", FILE, b"a: 1\r\nb: 2\r\n"),
        ("apps/deep/run.sh", PROGRAM, b"#!\n"),
        ("apps/deep/é.bin", FILE, &[0, 255, 10]),
        ("appsmore/x", FILE, b""),
    ]);
    let cache = world.cache(Remote { path: "apps".to_owned(), ..world.remote() });
    let id = wait(cache.fetch()).unwrap();
    let found = cache.files(&id).unwrap();
    assert_eq!(names(&found), ["a.yaml", "deep/run.sh", "deep/é.bin"]);
    assert_eq!(found["a.yaml"], b"a: 1\r\nb: 2\r\n");
    assert_eq!(found["deep/é.bin"], [0, 255, 10]);
    let picked = cache.files_where(&id, &|path| path.ends_with(".sh")).unwrap();
    assert_eq!(names(&picked), ["deep/run.sh"]);
    let blobs = cache.blobs(&id, &["a.yaml", "deep", "gone", "deep/run.sh"]).unwrap();
    assert_eq!(names(&blobs), ["a.yaml", "deep/run.sh"]);

    let (root, id) = world.fetched();
    assert_eq!(root.files(&id).unwrap().len(), 5);
    let nowhere = world.cache(Remote { path: "a/b".to_owned(), ..world.remote() });
    assert!(matches!(nowhere.files(&id), Err(Fault::Missing(_))));
    assert_eq!(nowhere.blobs(&id, &["a"]).unwrap(), Files::new());
    let other = "0123456789012345678901234567890123456789";
    for id in [other, "main", "", "refs/heads/main"] {
        assert!(matches!(root.files(id), Err(Fault::Missing(_))), "{id}");
        assert!(matches!(root.blobs(id, &["a"]), Err(Fault::Missing(_))), "{id}");
    }
}

#[test]
fn what_is_no_plain_file_is_refused_by_its_path_when_it_is_selected() {
    let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    let sops = b"kind: Secret\ndata: {}\nsops:\n    version: 3.9.0\n";
    let json = br#"{"a": 1, "sops": {"version": "3"}}"#;
    for (name, mode, bytes, message) in [
        ("a/b.yaml", SYMLINK, &b"../c.yaml"[..], "`a/b.yaml`: is a symlink"),
        ("a/b.yaml", SUBMODULE, b"", "`a/b.yaml`: is a submodule"),
        ("a/b.bin", FILE, lfs, "`a/b.bin`: is a pointer of Git LFS"),
        ("a/b.yaml", FILE, sops, "`a/b.yaml`: is encrypted by SOPS"),
        ("a/b.json", FILE, json, "`a/b.json`: is encrypted by SOPS"),
        ("a/b.yml", FILE, b"\"sops\" : {}\n", "`a/b.yml`: is encrypted by SOPS"),
    ] {
        assert_eq!(refusal(&[("a/b.md", FILE, b"x"), (name, mode, bytes)]), message);
    }
    // Nobody has selected these, and the word alone is no block.
    let world = World::with(&[
        ("a.md", SYMLINK, b"b"),
        ("b.md", SUBMODULE, b""),
        ("c.md", FILE, lfs),
        ("d.yaml", FILE, b"# sops:\na:\n  sops: 1\nsopsy: 2\n"),
        ("e.json", FILE, br#"{"a": {"sops": 1}}"#),
        ("f.txt", FILE, b"sops:\n"),
    ]);
    let (cache, id) = world.fetched();
    let found = cache.files_where(&id, &|path| !path.ends_with(".md")).unwrap();
    assert_eq!(names(&found), ["d.yaml", "e.json", "f.txt"]);
    // What is no file is no content either.
    assert_eq!(cache.blobs(&id, &["a.md", "b.md"]).unwrap(), Files::new());
}

/// A tree as bytes, so that it may hold what no builder takes.
fn raw_tree(server: &Repository, entries: &[(&[u8], &str, Oid)]) -> Oid {
    let mut bytes = Vec::new();
    for (name, mode, id) in entries {
        bytes.extend_from_slice(mode.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes.extend_from_slice(id.as_bytes());
    }
    server.odb().unwrap().write(ObjectType::Tree, &bytes).unwrap()
}

#[test]
fn hostile_trees_are_refused_before_they_cost_much() {
    let hostile = |make: &dyn Fn(&Repository) -> Oid| {
        let world = World::new();
        let tree = make(&world.server);
        world.commit_tree(tree, None, "hostile\n");
        let (cache, id) = world.fetched();
        match cache.files(&id) {
            Err(Fault::Unsupported(message)) => message,
            other => panic!("{other:?}"),
        }
    };
    let blob = |server: &Repository, size: usize| server.blob(&vec![b'a'; size]).unwrap();
    for (name, shown) in [
        (&b".."[..], "`..`: has a name that is not supported"),
        (b".GIT", "`.GIT`: has a name that is not supported"),
        (b"a\xff\x1bb", "`a\u{fffd} b`: has a name that is not supported"),
    ] {
        let make = |server: &Repository| raw_tree(server, &[(name, "100644", blob(server, 1))]);
        assert_eq!(hostile(&make), shown);
    }
    let twice = |server: &Repository| {
        let (one, other) = (blob(server, 1), blob(server, 2));
        raw_tree(server, &[(b"a", "100644", one), (b"a", "100644", other)])
    };
    assert_eq!(hostile(&twice), "`a`: is there twice");
    // Eight objects with ten million paths.
    let bomb = |server: &Repository| {
        let mut tree = raw_tree(server, &[(b"a", "100644", blob(server, 1))]);
        for _ in 0..7 {
            let names: Vec<[u8; 1]> = (b'0'..=b'9').map(|name| [name]).collect();
            let entries: Vec<(&[u8], &str, Oid)> =
                names.iter().map(|name| (&name[..], "40000", tree)).collect();
            tree = raw_tree(server, &entries);
        }
        tree
    };
    assert!(hostile(&bomb).ends_with("too many files"), "{}", hostile(&bomb));
    let deep = |server: &Repository| {
        let mut tree = raw_tree(server, &[(b"a", "100644", blob(server, 1))]);
        (0..70).for_each(|_| tree = raw_tree(server, &[(b"d", "40000", tree)]));
        tree
    };
    assert!(hostile(&deep).ends_with("is too deep"), "{}", hostile(&deep));
    let large = |server: &Repository| {
        raw_tree(server, &[(b"large", "100644", blob(server, (4 << 20) + 1))])
    };
    assert_eq!(hostile(&large), "`large`: is larger than 4 MiB");
    let many = |server: &Repository| {
        let names: Vec<[u8; 1]> = (b'a'..b'a' + 17).map(|name| [name]).collect();
        let id = blob(server, 4 << 20);
        let entries: Vec<(&[u8], &str, Oid)> =
            names.iter().map(|name| (&name[..], "100644", id)).collect();
        raw_tree(server, &entries)
    };
    assert_eq!(hostile(&many), "`q`: the files are larger than 64 MiB together");
}

#[test]
fn a_commit_changes_what_it_says_and_nothing_else() {
    let world = World::with(&[
        ("apps/a.yaml", FILE, b"a\r\n"),
        ("apps/b/run.sh", PROGRAM, b"#!\n"),
        ("apps/c/only.yaml", FILE, b"c"),
        ("apps/link", SYMLINK, b"a.yaml"),
        ("other/x", FILE, b"x"),
    ]);
    let cache = world.cache(Remote { path: "apps".to_owned(), ..world.remote() });
    let first = wait(cache.fetch()).unwrap();
    let edits = edits(&[
        ("a.yaml", Some("a: 2\r\n")),
        ("b/run.sh", Some("#!new\n")),
        ("c/only.yaml", None),
        ("gone/for/good", None),
        ("new/deep/file", Some("n")),
    ]);
    let id = cache.commit(&first, &edits, "a change\n\nKey: value\n", &author(), NOW).unwrap();
    assert_eq!(wait(cache.push(&first, &id, None)), Ok(Pushed::Done));

    let commit = world.server.find_commit(Oid::from_str(&id).unwrap()).unwrap();
    let by =
        |one: Signature| format!("{one} {}+{}", one.when().seconds(), one.when().offset_minutes());
    assert_eq!(by(commit.author()), format!("openclaw <openclaw@example.com> {NOW}+0"));
    assert_eq!(by(commit.committer()), by(commit.author()));
    assert_eq!(commit.message().unwrap(), "a change\n\nKey: value\n");
    assert_eq!(commit.parent_id(0).unwrap().to_string(), first);
    let mut found = Vec::new();
    let walk = |above: &str, entry: &git2::TreeEntry| {
        if entry.kind() == Some(ObjectType::Blob) {
            let blob = world.server.find_blob(entry.id()).unwrap();
            let text = String::from_utf8(blob.content().to_vec()).unwrap();
            found.push((format!("{above}{}", entry.name().unwrap()), entry.filemode(), text));
        }
        git2::TreeWalkResult::Ok
    };
    commit.tree().unwrap().walk(git2::TreeWalkMode::PreOrder, walk).unwrap();
    let expected = [
        ("apps/a.yaml", FILE, "a: 2\r\n"),
        ("apps/b/run.sh", PROGRAM, "#!new\n"),
        ("apps/link", SYMLINK, "a.yaml"),
        ("apps/new/deep/file", FILE, "n"),
        ("other/x", FILE, "x"),
    ];
    assert_eq!(found, expected.map(|(path, mode, text)| (path.to_owned(), mode, text.to_owned())));

    // The same once more is nothing, whatever it is called; the same elsewhere is the same commit.
    assert_eq!(cache.commit(&id, &edits, "again\n", &author(), NOW + 1).as_ref(), Ok(&id));
    let again = cache.commit(&first, &edits, "a change\n\nKey: value\n", &author(), NOW);
    assert_eq!(again.as_ref(), Ok(&id));
}

#[test]
fn a_file_takes_the_place_of_a_folder_only_when_that_goes() {
    let world = World::with(&[("a/b", FILE, b"b"), ("c", FILE, b"c"), ("l", SYMLINK, b"c")]);
    let (cache, first) = world.fetched();
    let commit = |of: &[(&str, Option<&str>)]| {
        let id = cache.commit(&first, &edits(of), "x\n", &author(), NOW)?;
        cache.files_where(&id, &|path| path != "l")
    };
    let turned = commit(&[("a", Some("file")), ("a/b", None), ("c", None), ("c/d", Some("d"))]);
    assert_eq!(turned, Ok(files(&[("a", "file"), ("c/d", "d")])));
    let rest = [("a/b", None), ("c", None), ("l", None)];
    assert_eq!(commit(&rest), Ok(Files::new()));
    assert_eq!(commit(&[("c/d", None)]), Ok(files(&[("a/b", "b"), ("c", "c")])));
    for (path, message) in [
        ("a", "`a`: is no file"),
        ("c/d", "`c`: is no folder"),
        ("l", "`l`: is no file"),
        ("../x", "the path `../x`"),
        ("a//x", "the path `a//x`"),
        ("a/.git/config", "the path `a/.git/config`"),
        ("", "the path ``"),
    ] {
        let found = commit(&[(path, Some("x"))]);
        assert_eq!(found, Err(Fault::Unsupported(message.to_owned())), "{path}");
    }
    let id = |author: &Author, message: &str| {
        cache.commit(&first, &edits(&[("x", Some("x"))]), message, author, NOW)
    };
    let nobody = Author { name: "<>".to_owned(), email: String::new() };
    assert!(matches!(id(&nobody, "x\n"), Err(Fault::Local(_))));
    assert!(matches!(id(&author(), "a\0b"), Err(Fault::Local(_))));
}

#[test]
fn a_commit_is_signed_where_there_is_a_key() {
    let world = World::with(&[("a", FILE, b"1")]);
    let secrets = world.scratch.path().join("secret");
    std::fs::create_dir(&secrets).unwrap();
    let remote = Remote { secrets: Some(secrets.clone()), ..world.remote() };
    let cache = world.cache(remote);
    let first = wait(cache.fetch()).unwrap();
    let change = edits(&[("a", Some("2"))]);
    let commit = || cache.commit(&first, &change, "signed é\n", &author(), NOW);

    // Without a key, and with an empty one, there is no signature.
    let plain = commit().unwrap();
    std::fs::write(secrets.join("signing-key"), "\n").unwrap();
    assert_eq!(commit().as_ref(), Ok(&plain));

    let pair = ssh_key::private::Ed25519Keypair::from_seed(&[7; 32]);
    let key = PrivateKey::from(pair);
    std::fs::write(secrets.join("signing-key"), key.to_openssh(LineEnding::LF).unwrap()).unwrap();
    let signed = commit().unwrap();
    assert_ne!(signed, plain);
    assert_eq!(wait(cache.push(&first, &signed, None)), Ok(Pushed::Done));
    let id = Oid::from_str(&signed).unwrap();
    let (signature, text) = world.server.extract_signature(&id, None).unwrap();
    let signature: SshSig = std::str::from_utf8(&signature).unwrap().parse().unwrap();
    key.public_key().verify("git", &text, &signature).unwrap();
    assert_eq!(signature.hash_alg(), ssh_key::HashAlg::Sha512);
    assert!(key.public_key().verify("git", b"other", &signature).is_err());

    std::fs::write(secrets.join("signing-key"), "no key, but secret").unwrap();
    let Err(Fault::Local(message)) = commit() else { panic!() };
    assert!(!message.contains("secret"), "{message}");
}

#[test]
fn the_past_is_told_newest_first() {
    let world = World::new();
    let ids: Vec<String> =
        (0..5).map(|n| world.commit(&[("a", FILE, &[n])], &format!("number {n}\n"))).collect();
    let (cache, newest) = world.fetched();
    assert_eq!(newest, ids[4]);
    let told = cache.messages(&newest, 3).unwrap();
    let expected = [4, 3, 2].map(|n| (ids[n].clone(), format!("number {n}\n")));
    assert_eq!(told, expected);
    assert_eq!(cache.messages(&newest, 100).unwrap().len(), 5);
    assert_eq!(cache.parent(&ids[1]).unwrap().as_ref(), Some(&ids[0]));
    assert_eq!(cache.parent(&ids[0]).unwrap(), None);
    assert!(cache.is_ancestor(&ids[0], &newest).unwrap());
    assert!(cache.is_ancestor(&newest, &newest).unwrap());
    assert!(!cache.is_ancestor(&newest, &ids[0]).unwrap());
    let unknown = "0123456789012345678901234567890123456789";
    assert!(!cache.is_ancestor(unknown, &newest).unwrap());
    assert!(matches!(cache.is_ancestor(&newest, unknown), Err(Fault::Missing(_))));
}

#[test]
fn a_branch_that_was_forced_is_followed() {
    let world = World::with(&[("a", FILE, b"1")]);
    world.commit(&[("a", FILE, b"2")], "second\n");
    let (cache, old) = world.fetched();
    let new = world.commit_tree(world.tree(&[("b", FILE, b"3")]), None, "another past\n");
    assert_eq!(wait(cache.fetch()).as_ref(), Ok(&new));
    assert_eq!(names(&cache.files(&new).unwrap()), ["b"]);
    assert!(!cache.is_ancestor(&old, &new).unwrap());
}

#[test]
fn a_push_is_done_lost_or_done_already() {
    let world = World::with(&[("a", FILE, b"1")]);
    let (cache, first) = world.fetched();
    let commit = |parent: &str, text: &str| {
        cache.commit(parent, &edits(&[("a", Some(text))]), "x\n", &author(), NOW).unwrap()
    };
    let head = |branch: &str| {
        let found = world.server.refname_to_id(&format!("refs/heads/{branch}"));
        found.map(|id| id.to_string()).ok()
    };
    let (ours, theirs) = (commit(&first, "ours"), commit(&first, "theirs"));
    assert_eq!(wait(cache.push(&first, &theirs, None)), Ok(Pushed::Done));
    assert_eq!(wait(cache.push(&first, &theirs, None)), Ok(Pushed::Done));
    assert_eq!(wait(cache.push(&first, &ours, None)), Ok(Pushed::Lost));
    // Where it says what is there but does not follow it, nothing is forced.
    assert_eq!(wait(cache.push(&theirs, &ours, None)), Ok(Pushed::Lost));
    assert_eq!(head("main"), Some(theirs.clone()));
    // A branch that a person has moved since, to something the cache has never seen.
    let unseen = world.commit(&[("a", FILE, b"unseen")], "unseen\n");
    assert_eq!(wait(cache.push(&theirs, &commit(&theirs, "late"), None)), Ok(Pushed::Lost));
    assert_eq!(head("main"), Some(unseen.clone()));

    // Another branch is made, moved by whom it is known to, and by nobody else.
    let branch = Some("openclaw/a");
    assert_eq!(wait(cache.push(&first, &ours, branch)), Ok(Pushed::Done));
    assert_eq!(head("openclaw/a"), Some(ours.clone()));
    let next = commit(&ours, "next");
    assert_eq!(wait(cache.push(&first, &next, branch)), Ok(Pushed::Lost));
    assert_eq!(wait(cache.push(&ours, &next, branch)), Ok(Pushed::Done));
    assert_eq!(wait(cache.push(&next, &theirs, branch)), Ok(Pushed::Lost));
    assert_eq!(head("openclaw/a"), Some(next));
    assert_eq!(head("main"), Some(unseen));
    // The branch itself is not made when it is gone.
    world.server.find_reference("refs/heads/main").unwrap().delete().unwrap();
    assert_eq!(wait(cache.push(&theirs, &commit(&theirs, "x"), None)), Ok(Pushed::Lost));
    assert!(matches!(wait(cache.fetch()), Err(Fault::Missing(_))));
    assert_eq!(head("main"), None);
    let odd = wait(cache.push(&theirs, &ours, Some("a b")));
    assert!(matches!(odd, Err(Fault::Unsupported(_))), "{odd:?}");
}

#[test]
fn what_is_not_there_is_missing() {
    let world = World::new();
    let missing = |remote: Remote| match wait(world.cache(remote).fetch()) {
        Err(Fault::Missing(_)) => {}
        other => panic!("{other:?}"),
    };
    missing(world.remote());
    world.commit(&[("a", FILE, b"1")], "first\n");
    missing(Remote { branch: "other".to_owned(), ..world.remote() });
}

#[test]
fn a_damaged_cache_is_made_anew() {
    let world = World::with(&[("a", FILE, b"1")]);
    let (cache, id) = world.fetched();
    let bare = world.scratch.path().join("cache/repository.git");
    let packs = |of: &Path| std::fs::read_dir(of.join("objects/pack")).unwrap().count();
    assert!(packs(&bare) > 0);

    // What a crash leaves: a pack that is cut off.
    for file in std::fs::read_dir(bare.join("objects/pack")).unwrap() {
        let path = file.unwrap().path();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "").unwrap();
    }
    let damaged = cache.files(&id);
    assert!(matches!(damaged, Err(Fault::Missing(_) | Fault::Damaged(_))), "{damaged:?}");
    assert_eq!(wait(cache.fetch()).as_ref(), Ok(&id));
    assert_eq!(cache.files(&id), Ok(files(&[("a", "1")])));

    // What a child leaves that was killed: locks and half packs.
    let lock = bare.join("refs/remotes/origin/main.lock");
    std::fs::write(&lock, "").unwrap();
    std::fs::write(bare.join("objects/pack/pack_git2_0"), "half").unwrap();
    let next = world.commit(&[("a", FILE, b"2")], "second\n");
    assert_eq!(wait(cache.fetch()).as_ref(), Ok(&next));
    assert!(!lock.exists() && !bare.join("objects/pack/pack_git2_0").exists());

    // No repository at all, and that of somebody else.
    std::fs::remove_file(bare.join("HEAD")).unwrap();
    let cache = world.cache(world.remote());
    assert_eq!(wait(cache.fetch()).as_ref(), Ok(&next));
    let other = World::with(&[("other", FILE, b"1")]);
    let moved = world.cache(other.remote());
    assert!(matches!(moved.files(&next), Err(Fault::Missing(_))));
    let id = wait(moved.fetch()).unwrap();
    assert_eq!(names(&moved.files(&id).unwrap()), ["other"]);
    assert!(!moved.is_large());
    wait(moved.renew()).unwrap();
    assert!(matches!(moved.files(&id), Err(Fault::Missing(_))));
}

#[test]
fn a_child_that_dies_or_hangs_is_reported_and_gone() {
    let world = World::with(&[("a", FILE, b"1")]);
    let (cache, id) = world.fetched();
    let change = cache.commit(&id, &edits(&[("a", Some("2"))]), "x\n", &author(), NOW).unwrap();
    let with = |program: &str, limits: Limits| {
        let folder = world.scratch.path().join("cache");
        Cache::open_with(&folder, world.remote(), PathBuf::from(program), limits).unwrap()
    };
    let limits = Limits::default();
    for program in ["/bin/false", "/bin/true"] {
        let cache = with(program, limits);
        assert!(matches!(wait(cache.fetch()), Err(Fault::Local(_))), "{program}");
        assert!(
            matches!(wait(cache.push(&id, &change, None)), Err(Fault::Unknown(_))),
            "{program}"
        );
    }
    assert!(matches!(wait(with("/nowhere", limits).fetch()), Err(Fault::Local(_))));

    let hanging = world.scratch.path().join("hanging");
    std::fs::write(&hanging, "#!/bin/sh\necho $$ > \"$HOME/pid\"\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(&hanging, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let short = Limits { wall: Duration::from_secs(1), ..limits };
    let started = std::time::Instant::now();
    let cache = with(hanging.to_str().unwrap(), short);
    assert_eq!(wait(cache.fetch()), Err(Fault::TimedOut(1)));
    assert!(started.elapsed() < Duration::from_secs(5));
    let pid = std::fs::read_to_string(world.scratch.path().join("cache/home/pid")).unwrap();
    // Not even as a zombie.
    assert!(!Path::new("/proc").join(pid.trim()).exists());

    // What needs more memory than it may have.
    let large = world.commit(&[("a", FILE, &vec![b'a'; 64 << 20])], "large\n");
    let small = Limits { memory: 32 << 20, ..limits };
    let found = wait(with(env!("CARGO_BIN_EXE_openclaw"), small).fetch());
    assert!(matches!(found, Err(Fault::Local(_))), "{found:?}");
    assert_eq!(wait(with(env!("CARGO_BIN_EXE_openclaw"), limits).fetch()), Ok(large));
}
