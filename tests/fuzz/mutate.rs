//! Inputs made from others: cut, doubled, spliced, and with what parsers stumble over.

/// What parsers stumble over.
const TOKENS: &[&[u8]] = &[
    b"&a ",
    b"*a",
    b"<<: *a",
    b"---\n",
    b"...\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b"? ",
    b": ",
    b"- ",
    b"|",
    b">-",
    b"\"",
    b"'",
    b"#",
    b"!!binary ",
    b"!!str ",
    b"!x ",
    b"%YAML 1.1\n",
    b"\t",
    b"\r",
    b"\0",
    b"\xff",
    b"\xc3\x28",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\x1b[2J",
    b"~",
    b"null",
    b"[]",
    b"{}",
    b"-1",
    b"0",
    b"9999999999999999999999",
    b"1e999",
    b".nan",
    b"2026-02-30",
    b"true",
    b"yes",
    b"*",
    b"/",
    b"..",
    b"system:masters",
    b"$(X)",
    b"{{ .Values.x }}",
];

/// Deterministic inputs.
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// xorshift64* (Vigna 2016).
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// A number below a bound; 0 below 0.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap().max(1);
        usize::try_from(self.next() % bound).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// The next input.
    pub(crate) fn input(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = corpus[self.below(corpus.len())].clone();
        if self.below(8) == 0 {
            return input;
        }
        for _ in 0..=self.below(4) {
            self.mutate(&mut input, corpus);
        }
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let end = (at + self.below(40)).min(input.len());
        match self.below(8) {
            0 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << self.below(8)),
            1 => drop(input.splice(at..at, self.pick(TOKENS).iter().copied())),
            2 => drop(input.drain(at..end)),
            3 => {
                let doubled = input[at..end].to_vec();
                input.splice(at..at, doubled);
            }
            4 => self.replace_value(input),
            5 => {
                let other = &corpus[self.below(corpus.len())];
                let from = self.below(other.len() + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            6 => {
                let other = &corpus[self.below(corpus.len())];
                input.extend_from_slice(b"\n---\n");
                input.extend_from_slice(other);
            }
            _ => {
                let many = self.below(300);
                let token = self.pick(TOKENS);
                input.splice(at..at, token.iter().copied().cycle().take(token.len() * many));
            }
        }
    }

    /// Another value after one of the keys: what is well formed and of the wrong type.
    fn replace_value(&mut self, input: &mut Vec<u8>) {
        let colons: Vec<usize> =
            (0..input.len().saturating_sub(1)).filter(|at| input[*at..*at + 2] == *b": ").collect();
        if colons.is_empty() {
            return;
        }
        let begin = colons[self.below(colons.len())] + 2;
        let stop = |byte: &u8| matches!(byte, b'\n' | b',' | b'}' | b']');
        let end = input[begin..].iter().position(stop).map_or(input.len(), |length| begin + length);
        let value = self.pick(TOKENS);
        input.splice(begin..end, value.iter().copied());
    }
}
