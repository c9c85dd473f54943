//! When output is colored.
#![expect(clippy::disallowed_methods, reason = "the shell reads the environment")]

use std::io::IsTerminal;

use clap::ValueEnum;

/// When to color what people read.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// `NO_COLOR` and `CLICOLOR_FORCE` are habits of other tools, followed where nothing is said.
    pub(super) fn is_on(self, terminal: &impl IsTerminal) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR") => false,
            Self::Auto => set("CLICOLOR_FORCE") || terminal.is_terminal(),
        }
    }
}
