//! Real shells complete what only a run of the tool knows. Runs under `tests/run all`, which
//! installs them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests fail by panicking and start programs"
)]

mod kit;

use std::process::Command;

use kit::Test;

/// Runs a script of a shell in a new repository, the tool on its PATH.
fn run(shell: &[&str], script: &str) -> String {
    let programs = std::fs::read_to_string(kit::tool("SHELLS")).unwrap();
    assert!(programs.lines().any(|line| line.contains(shell[0])), "{programs}");
    let test = Test::new().args(["init", "--gitops", "none", "--ci", "none"]);
    test.success();
    test.write("script", script);
    let own = kit::binary().parent().unwrap().display().to_string();
    let found = Command::new(shell[0])
        .args(&shell[1..])
        .arg(test.path().join("script"))
        .current_dir(test.path())
        .env("PATH", format!("{own}:{}", std::env::var("PATH").unwrap()))
        .env("HOME", test.path())
        .output()
        .unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    String::from_utf8_lossy(&found.stdout).into_owned()
}

#[test]
fn bash_completes_instances_codes_and_fields() {
    let script = r#"
source <(openclaw completion bash)
complete -p openclaw >/dev/null
ask() {
  COMP_WORDS=(openclaw "$@") COMP_CWORD=$# COMP_TYPE=9
  _clap_complete_openclaw openclaw "${@: -1}" "${@: -2:1}"
  printf '%s\n' "${COMPREPLY[@]}"
}
ask update my-
ask explain OC0001
ask explain spec.autoUpdate.ch
"#;
    let found = run(&["bash", "--noprofile", "--norc"], script);
    assert_eq!(found, "my-agent\nOC0001\nspec.autoUpdate.checkInterval\n");
}

#[test]
fn fish_completes_instances_codes_and_fields() {
    let script = "openclaw completion fish | source
complete -C 'openclaw update my-'
complete -C 'openclaw explain OC0001'
complete -C 'openclaw explain spec.autoUpdate.ch'
";
    let found = run(&["fish", "--no-config"], script);
    let words: Vec<&str> = found.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(words, ["my-agent", "OC0001", "spec.autoUpdate.checkInterval"]);
    assert!(found.contains("\tagents at 2026."), "{found}");
}

/// A terminal of its own, as completion exists only where somebody types.
#[test]
fn zsh_completes_instances_codes_and_fields() {
    let script = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= TERM=dumb; autoload -Uz compinit; compinit -u -D; source <(openclaw completion zsh); bindkey '^I' complete-word; print are-we-${:-ready}"
zpty -r shell out '*are-we-ready*'
ask() {
  zpty -w -n shell "$1"$'\t'
  # The word that is completed ends with a space.
  zpty -r shell out "*$2 *" && print -r -- "$2"
  zpty -w -n shell $'\x15'
}
ask 'openclaw update my-' my-agent
ask 'openclaw explain OC0001' OC0001
ask 'openclaw explain spec.autoUpdate.ch' spec.autoUpdate.checkInterval
zpty -d shell
"#;
    let found = run(&["zsh", "-f"], script);
    assert_eq!(found, "my-agent\nOC0001\nspec.autoUpdate.checkInterval\n");
}
