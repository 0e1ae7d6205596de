//! Lines out of bytes: one message a line, bounded.

use super::id_scan::IdScan;

/// Longest line that is taken as a message.
pub(crate) const MAX_LINE_BYTES: usize = 16 << 20;
/// A buffer that grew beyond this for one line is given back after it.
const KEPT_BYTES: usize = 1 << 20;

/// What the next line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A line without its end, never blank.
    Line(Vec<u8>),
    /// A line of more bytes than are taken. Its content is gone, but for the id that was read in passing.
    TooLong { bytes: u64, id: Option<String> },
}

/// Cuts a stream of bytes into lines. Holds at most one line of the limit, and what was read with its end.
#[derive(Debug)]
pub(super) struct Framing {
    buffer: Vec<u8>,
    /// Up to here there is no line end.
    searched: usize,
    limit: usize,
    excess: Option<Excess>,
}

/// A line that is too long, while its rest goes by.
#[derive(Debug, Default)]
struct Excess {
    bytes: u64,
    scan: IdScan,
}

/// Bytes that were read and are no whole line yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::mcp) struct Unread {
    pub(in crate::mcp) unread: Vec<u8>,
    /// Of a line that is too long: how many bytes have gone by, and its id if it was among them.
    pub(in crate::mcp) passing: Option<(u64, Option<String>)>,
}

impl Framing {
    pub(super) fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), searched: 0, limit, excess: None }
    }

    /// Goes on where another process stopped.
    pub(super) fn resume(limit: usize, rest: Unread) -> Self {
        let excess = rest.passing.map(|(bytes, id)| Excess { bytes, scan: IdScan::blind(id) });
        Self { buffer: rest.unread, searched: 0, limit, excess }
    }

    /// What a process that goes on from here has to know.
    pub(super) fn rest(self) -> Unread {
        let passing = self.excess.map(|excess| (excess.bytes, excess.scan.id()));
        Unread { unread: self.buffer, passing }
    }

    /// Where the next bytes are to be put, behind those that are there.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// The next line, if it is there whole. Blank lines are passed over.
    pub(super) fn next(&mut self) -> Option<Frame> {
        loop {
            let end = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n');
            let Some(end) = end.map(|at| self.searched + at) else {
                self.keep_or_pass();
                return None;
            };
            let mut line = self.take(end);
            if self.excess.is_some() || end > self.limit {
                let mut excess = self.excess.take().unwrap_or_default();
                excess.pass(&line);
                return Some(Frame::TooLong { bytes: excess.bytes, id: excess.scan.id() });
            }
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            if line.starts_with(b"\xEF\xBB\xBF") {
                line.drain(..3); // Some clients begin with a byte order mark.
            }
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Some(Frame::Line(line));
            }
        }
    }

    /// There is no line end yet: the bytes wait for it, or go by if they are too many.
    fn keep_or_pass(&mut self) {
        if self.excess.is_none() && self.buffer.len() <= self.limit {
            self.searched = self.buffer.len();
            return;
        }
        self.excess.get_or_insert_default().pass(&self.buffer);
        self.buffer.clear();
        self.buffer.shrink_to(KEPT_BYTES);
        self.searched = 0;
    }

    /// Takes the bytes before `end`; the line end there goes too.
    fn take(&mut self, end: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(end + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        line.truncate(end);
        self.searched = 0;
        line
    }
}

impl Excess {
    fn pass(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.scan.feed(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(limit: usize, chunks: &[&[u8]]) -> Vec<Frame> {
        let mut framing = Framing::new(limit);
        let mut frames = Vec::new();
        for chunk in chunks {
            framing.buffer().extend_from_slice(chunk);
            while let Some(frame) = framing.next() {
                frames.push(frame);
            }
        }
        frames
    }

    fn line(text: &str) -> Frame {
        Frame::Line(text.as_bytes().to_vec())
    }

    #[test]
    fn framing_cuts_lines_wherever_the_chunks_end() {
        let text = b"\xEF\xBB\xBF{\"a\":1}\r\n\n  \n{\"b\":2}\n{\"c\"".as_slice();
        for size in 1..text.len() {
            let chunks: Vec<&[u8]> = text.chunks(size).collect();
            assert_eq!(frames(100, &chunks), [line("{\"a\":1}"), line("{\"b\":2}")], "chunks of {size}");
        }
    }

    #[test]
    fn framing_reports_a_long_line_with_its_id_and_goes_on() {
        let long = format!("{{\"method\":\"x\",\"params\":\"{}\",\"id\":17}}", "y".repeat(500));
        let text = format!("{long}\n{{\"id\":2}}\n");
        for size in [1, 7, 64, 10_000] {
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            assert_eq!(
                frames(50, &chunks),
                [Frame::TooLong { bytes: long.len() as u64, id: Some("17".to_owned()) }, line("{\"id\":2}")],
                "chunks of {size}"
            );
        }
    }

    #[test]
    fn framing_goes_on_in_another_process() {
        let long = format!("{{\"id\":17,\"params\":\"{}\"}}", "y".repeat(500));
        let text = format!("{{\"id\":1}}\n{long}\n{{\"id\":2}}\n");
        for cut in 0..text.len() {
            let (before, after) = text.as_bytes().split_at(cut);
            let mut framing = Framing::new(50);
            let mut seen = Vec::new();
            framing.buffer().extend_from_slice(before);
            seen.extend(std::iter::from_fn(|| framing.next()));
            let mut framing = Framing::resume(50, framing.rest());
            framing.buffer().extend_from_slice(after);
            seen.extend(std::iter::from_fn(|| framing.next()));
            // Cut before the id was over, it is not known.
            let id = seen.iter().find_map(|frame| match frame {
                Frame::TooLong { bytes, id } if *bytes == long.len() as u64 => Some(id.clone()),
                _ => None,
            });
            assert!(
                id.is_some_and(|id| id.is_none() || id.as_deref() == Some("17")),
                "cut at {cut}: {seen:?}"
            );
            assert_eq!((seen.len(), &seen[0], &seen[2]), (3, &line("{\"id\":1}"), &line("{\"id\":2}")));
        }
    }

    #[test]
    fn framing_keeps_no_more_than_the_limit() {
        let mut framing = Framing::new(1000);
        for _ in 0..10_000 {
            framing.buffer().extend_from_slice(&[b'x'; 500]);
            assert_eq!(framing.next(), None);
            assert!(framing.buffer().len() <= 1000);
        }
    }
}
