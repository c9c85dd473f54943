//! Draws a tree of names, each with a state in one word.

/// A name, its state, and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is called.
    pub name: String,
    /// How it is.
    pub state: String,
    /// What belongs to it, in this order.
    pub children: Vec<Node>,
}

impl Node {
    /// Something that nothing belongs to.
    pub fn leaf(name: impl Into<String>, state: impl Into<String>) -> Self {
        Self { name: name.into(), state: state.into(), children: Vec::new() }
    }
}

/// Between the longest name and the states.
const GAP: &str = "   ";

/// Returns the lines of a tree, the states below each other.
pub fn draw(root: &Node) -> String {
    let mut lines = Vec::new();
    walk(root, "", "", &mut lines);
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let line = |(name, state): &(String, &str)| format!("{name:width$}{GAP}{state}\n");
    lines.iter().map(line).collect()
}

/// Adds a node and what is below it; `mark` leads to the node itself, `below` to its children.
fn walk<'a>(node: &'a Node, mark: &str, below: &str, lines: &mut Vec<(String, &'a str)>) {
    lines.push((format!("{mark}{}", node.name), &node.state));
    let last = node.children.len().saturating_sub(1);
    for (at, child) in node.children.iter().enumerate() {
        let (branch, rest) =
            if at == last { ("└── ", "    ") } else { ("├── ", "│   ") };
        walk(child, &format!("{below}{branch}"), &format!("{below}{rest}"), lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_end_where_nothing_follows() {
        let mut first = Node::leaf("a", "ready");
        first.children = vec![Node::leaf("b", "ready"), Node::leaf("c", "failed")];
        let mut root = Node::leaf("root", "Running");
        root.children = vec![first, Node::leaf("longer", "bound")];
        root.children[1].children = vec![Node::leaf("d", "lost")];
        assert_eq!(
            draw(&root),
            "root         Running\n\
             ├── a        ready\n\
             │   ├── b    ready\n\
             │   └── c    failed\n\
             └── longer   bound\n    \
             └── d    lost\n"
        );
    }
}
