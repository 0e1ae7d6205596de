//! Seeded damage to queries: the same seed gives the same texts on every machine.

/// A small generator of numbers (xorshift64*); its sequence is part of the recorded comparison, so it is fixed here.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 11).unwrap_or(usize::MAX) % limit
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Texts made of `queries`, each with one to three changes of tokens or characters.
pub fn mutations(queries: &[String], count: usize, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let vocabulary: Vec<Vec<String>> = queries.iter().map(|query| pieces(query)).collect();
    (0..count)
        .map(|_| {
            let at = random.below(queries.len());
            let changes = 1 + random.below(3);
            let mut parts = vocabulary[at].clone();
            let by_token = random.below(2) == 0;
            for _ in 0..changes {
                if by_token {
                    change_token(&mut parts, &vocabulary, &mut random);
                }
            }
            let mut text = parts.concat();
            if !by_token {
                for _ in 0..changes {
                    text = change_character(&text, &mut random);
                }
            }
            text
        })
        .collect()
}

/// Words, blanks and single characters; together they are the text.
fn pieces(text: &str) -> Vec<String> {
    let class = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            1
        } else if c.is_whitespace() {
            2
        } else {
            0
        }
    };
    let mut pieces: Vec<String> = Vec::new();
    let mut last = 0;
    for c in text.chars() {
        match pieces.last_mut() {
            Some(piece) if class(c) != 0 && class(c) == last => piece.push(c),
            _ => pieces.push(c.to_string()),
        }
        last = class(c);
    }
    pieces
}

fn change_token(parts: &mut Vec<String>, vocabulary: &[Vec<String>], random: &mut Random) {
    if parts.len() < 2 {
        return;
    }
    let at = random.below(parts.len());
    let foreign = |random: &mut Random| loop {
        let query = random.pick(vocabulary);
        if !query.is_empty() {
            return random.pick(query).clone();
        }
    };
    match random.below(5) {
        0 => drop(parts.remove(at)),
        1 => parts.insert(at, parts[at].clone()),
        2 => {
            let other = random.below(parts.len());
            parts.swap(at, other);
        }
        3 => parts[at] = foreign(random),
        _ => parts.insert(at, foreign(random)),
    }
}

fn change_character(text: &str, random: &mut Random) -> String {
    const ALPHABET: [char; 32] = [
        '(', ')', '[', ']', '{', '}', '|', ',', ';', '.', '=', '!', '~', '<', '>', '+', '-', '*', '/', '%',
        ':', '@', '"', '\'', '\\', ' ', '\n', 'a', 'Z', '0', '_', '#',
    ];
    let mut characters: Vec<char> = text.chars().collect();
    if characters.is_empty() {
        return text.to_owned();
    }
    let at = random.below(characters.len());
    match random.below(4) {
        0 => drop(characters.remove(at)),
        1 => characters.insert(at, *random.pick(&ALPHABET)),
        2 => characters[at] = *random.pick(&ALPHABET),
        _ => {
            let next = (at + 1) % characters.len();
            characters.swap(at, next);
        }
    }
    characters.into_iter().collect()
}
