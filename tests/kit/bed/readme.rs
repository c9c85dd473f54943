//! Commands of README.md, run as they stand there, but for the names.

use std::process::Command;

use super::{Stack, run, variable};

/// The commands of the one block of shell that is `words`, or else holds them, with the names of
/// a test.
#[track_caller]
pub fn commands(words: &str, stack: &Stack) -> String {
    let text = std::fs::read_to_string(crate::kit::root().join("README.md")).unwrap();
    let mut found = Vec::new();
    for part in text.split("```sh\n").skip(1) {
        let block = part.split("```").next().unwrap();
        let block: String = block.lines().map(|line| format!("{}\n", line.trim_start())).collect();
        if block.contains(words) {
            found.push(block);
        }
    }
    if found.iter().any(|block: &String| block.trim() == words) {
        found.retain(|block| block.trim() == words);
    }
    let found: [String; 1] = found.try_into().unwrap_or_else(|all: Vec<String>| {
        panic!("README.md has {} blocks with `{words}`", all.len())
    });
    let [block] = found;
    block
        .replace("-n agents ", &format!("-n {} ", stack.namespace.name))
        .replace("rendered/agents/", &format!("rendered/{}/", stack.namespace.name))
        .replace("my-agent", &stack.name)
}

/// Runs them in the repository as a user's shell does; what they printed, or what failed.
pub fn follow(words: &str, stack: &Stack) -> Result<String, String> {
    let folder = |path: &std::path::Path| path.parent().unwrap().to_owned();
    let kubectl = crate::kit::tool("KUBECTL");
    let rclone = variable("RCLONE");
    let own = [kubectl.as_str(), rclone.as_str()].map(|path| folder(std::path::Path::new(path)));
    let own = own.into_iter().chain([folder(&crate::kit::binary())]);
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(own.chain(std::env::split_paths(&path))).unwrap();
    run(Command::new("sh")
        .args(["-ec", &commands(words, stack)])
        .current_dir(stack.repository.path())
        .env("PATH", path)
        .env("KUBECONFIG", variable("KUBECONFIG")))
}
