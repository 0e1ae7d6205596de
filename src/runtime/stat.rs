//! Linux: what `/proc/<pid>/stat` says of a process.

/// Those of its fields that are wanted.
pub(super) struct Stat {
    pub(super) state: char,
    pub(super) parent: u32,
    /// When it was started, in the kernel's ticks since the start of the machine.
    pub(super) started: u64,
}

impl Stat {
    pub(super) fn parse(text: &str) -> Option<Self> {
        // The name, in parentheses, may contain anything.
        let (_, fields) = text.rsplit_once(')')?;
        let mut fields = fields.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let started = fields.nth(17)?.parse().ok()?;
        Some(Self { state, parent, started })
    }
}
