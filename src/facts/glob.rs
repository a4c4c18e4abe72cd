//! Wildcards of collectors' configurations, compared with names of which a part is not known yet: the name of a pod
//! that a Deployment will make, the id of a container that has not started.

/// Stands for the part of a name that is not known: one character or more of a pod's name or of an id, `[a-z0-9-]`.
pub const UNKNOWN: char = '\0';

/// The longest pattern that is looked at, in tokens; one bit each.
const LONGEST: usize = 127;

/// Whether a pattern matches a name, whatever its unknown parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matches {
    /// It can't.
    No,
    /// That depends on the unknown parts.
    Maybe,
    /// It does.
    Yes,
}

/// A pattern with `*`, `**` and `?`. One star stands for anything but a slash, two for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    tokens: Vec<Token>,
    /// The places of stars, a bit each.
    stars: u128,
    /// The places of [`Token::Folders`].
    folders: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Char(char),
    One,
    Star,
    Stars,
    /// Stands for no character: the two tokens after it, `**/`, may be left out.
    Folders,
}

impl Token {
    const fn repeats(self) -> bool {
        matches!(self, Self::Star | Self::Stars)
    }

    fn takes(self, character: char) -> bool {
        match self {
            Self::Char(own) => own == character,
            Self::One | Self::Star => character != '/',
            Self::Stars => true,
            Self::Folders => false,
        }
    }

    /// Whether it can stand for some character of an unknown part.
    const fn takes_some_unknown(self) -> bool {
        match self {
            Self::Char(own) => matches!(own, 'a'..='z' | '0'..='9' | '-'),
            Self::Folders => false,
            _ => true,
        }
    }
}

impl Glob {
    /// Reads a pattern; nothing for one with more to it than stars and question marks, or a very long one.
    #[must_use]
    pub fn read(pattern: &str) -> Option<Self> {
        let mut tokens: Vec<Token> = Vec::with_capacity(pattern.len());
        let mut characters = pattern.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '[' | ']' | '{' | '}' | '\\' | '$' | '#' | '"' | UNKNOWN => return None,
                '?' => tokens.push(Token::One),
                '*' if characters.next_if_eq(&'*').is_some() => {
                    // `**/` is any number of folders, none included.
                    let whole = tokens.last().is_none_or(|last| *last == Token::Char('/'));
                    if whole && characters.peek() == Some(&'/') {
                        tokens.push(Token::Folders);
                    }
                    tokens.push(Token::Stars);
                }
                '*' => tokens.push(Token::Star),
                character => tokens.push(Token::Char(character)),
            }
        }
        if tokens.len() >= LONGEST {
            return None;
        }
        let (mut stars, mut folders) = (0, 0);
        for (place, token) in tokens.iter().enumerate() {
            match token {
                Token::Star | Token::Stars => stars |= 1 << place,
                Token::Folders => folders |= 1 << place,
                Token::Char(_) | Token::One => {}
            }
        }
        Some(Self { tokens, stars, folders })
    }

    /// What stands before the first wildcard.
    #[must_use]
    pub fn literal(&self) -> String {
        let literal = |token: &Token| match token {
            Token::Char(character) => Some(*character),
            _ => None,
        };
        self.tokens.iter().map_while(literal).collect()
    }

    /// Whether it matches a name with [`UNKNOWN`] parts.
    #[must_use]
    pub fn matches(&self, name: &str) -> Matches {
        // Most patterns differ from most names before the first wildcard.
        let Some((place, rest)) = self.past_literal(name) else { return Matches::No };
        match rest.contains(UNKNOWN) {
            false if self.run(place, rest, false) => Matches::Yes,
            true if self.run(place, rest, true) => {
                if self.run(place, rest, false) {
                    Matches::Yes
                } else {
                    Matches::Maybe
                }
            }
            _ => Matches::No,
        }
    }

    /// The place and the rest of the name after what both begin with, up to the first wildcard or unknown part; nothing if
    /// they differ before.
    fn past_literal<'n>(&self, name: &'n str) -> Option<(usize, &'n str)> {
        let mut rest = name.chars();
        for (place, token) in self.tokens.iter().enumerate() {
            let Token::Char(own) = token else { return Some((place, rest.as_str())) };
            let before = rest.as_str();
            match rest.next() {
                Some(UNKNOWN) => return Some((place, before)),
                Some(character) if character == *own => {}
                _ => return None,
            }
        }
        Some((self.tokens.len(), rest.as_str()))
    }

    /// Walks the pattern along a name from a place on, with all its places at once, a bit each. `hopeful`, an unknown part
    /// is whatever fits; otherwise only a star takes it.
    fn run(&self, from: usize, name: &str, hopeful: bool) -> bool {
        let mut places = self.skip(1 << from);
        for character in name.chars() {
            places = if character != UNKNOWN {
                self.step(places, |token| token.takes(character))
            } else if hopeful {
                self.step_over_some(places)
            } else {
                self.step(places, Token::repeats)
            };
            if places == 0 {
                return false;
            }
        }
        places & (1 << self.tokens.len()) != 0
    }

    /// The places after one character.
    fn step(&self, places: u128, takes: impl Fn(Token) -> bool) -> u128 {
        let mut next = 0;
        let mut left = places;
        while left != 0 {
            let place = left.trailing_zeros();
            left &= left - 1;
            let token = usize::try_from(place).ok().and_then(|place| self.tokens.get(place));
            if let Some(token) = token.filter(|token| takes(**token)) {
                next |= 1 << (place + u32::from(!token.repeats()));
            }
        }
        self.skip(next)
    }

    /// The places after one unknown character or more.
    fn step_over_some(&self, places: u128) -> u128 {
        let mut reached = self.step(places, Token::takes_some_unknown);
        loop {
            let further = reached | self.step(reached, Token::takes_some_unknown);
            if further == reached {
                return reached;
            }
            reached = further;
        }
    }

    /// A star may stand for nothing, and folders for none.
    const fn skip(&self, mut places: u128) -> u128 {
        loop {
            let folders = places & self.folders;
            let further = places | (places & self.stars) << 1 | folders << 1 | folders << 3;
            if further == places {
                return places;
            }
            places = further;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> Matches {
        Glob::read(pattern).unwrap().matches(name)
    }

    #[test]
    fn a_known_name_matches_or_not() {
        assert_eq!(matches("/var/log/containers/*.log", "/var/log/containers/a_b_c-1.log"), Matches::Yes);
        assert_eq!(matches("/var/log/*.log", "/var/log/containers/a.log"), Matches::No);
        assert_eq!(matches("/var/log/**.log", "/var/log/containers/a.log"), Matches::Yes);
        assert_eq!(matches("/var/**/a.log", "/var/a.log"), Matches::Yes);
        assert_eq!(matches("/var/**/a.log", "/var/b/c/a.log"), Matches::Yes);
        assert_eq!(matches("/var/**/a.log", "/var/ba.log"), Matches::No);
        assert_eq!(matches("**/logs/**", "/srv/logs/a/b"), Matches::Yes);
        assert_eq!(matches("/var/log/?.log", "/var/log/a.log"), Matches::Yes);
        assert_eq!(matches("*", ""), Matches::Yes);
        assert_eq!(matches("a*b*c", "abbc"), Matches::Yes);
        assert_eq!(matches("a*b*c", "acb"), Matches::No);
    }

    #[test]
    fn an_unknown_part_is_taken_by_stars_alone() {
        let pod = "/var/log/containers/cart-\0_shop_app-\0.log";
        assert_eq!(matches("/var/log/containers/*.log", pod), Matches::Yes);
        assert_eq!(matches("/var/log/containers/*_shop_*.log", pod), Matches::Yes);
        assert_eq!(matches("/var/log/containers/cart-*_shop_app-*.log", pod), Matches::Yes);
        assert_eq!(matches("/var/log/containers/*_kube-system_*.log", pod), Matches::No);
        assert_eq!(matches("/var/log/containers/fluent-bit*", pod), Matches::No);
        assert_eq!(matches("/var/log/containers/cart-7f9c*", pod), Matches::Maybe);
        assert_eq!(matches("/var/log/containers/cart-?_shop_*", pod), Matches::Maybe);
        assert_eq!(matches("/var/log/containers/cart*_shop_web-*", pod), Matches::No);
    }

    #[test]
    fn what_is_more_than_stars_is_not_read() {
        assert_eq!(Glob::read("/var/log/{a,b}.log"), None);
        assert_eq!(Glob::read("/var/log/[ab].log"), None);
        assert_eq!(Glob::read("${PATH}"), None);
        assert_eq!(Glob::read(&"x".repeat(LONGEST + 1)), None);
        assert_eq!(Glob::read("/var/log/a*").unwrap().literal(), "/var/log/a");
    }
}
