//! Reads licence expressions (SPDX, with the old `/` for "or") far enough to say whether a list satisfies them.

/// Whether some choice among the expression's alternatives uses listed licences only. An expression that does
/// not parse is not satisfied.
#[must_use]
pub fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let value = any_of(&mut words, allowed);
    words.is_empty() && value == Some(true)
}

fn any_of(words: &mut Vec<&str>, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut value = all_of(words, allowed)?;
    while words.pop_if(|word| *word == "OR").is_some() {
        value |= all_of(words, allowed)?;
    }
    Some(value)
}

fn all_of(words: &mut Vec<&str>, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut value = one(words, allowed)?;
    while words.pop_if(|word| *word == "AND").is_some() {
        value &= one(words, allowed)?;
    }
    Some(value)
}

fn one(words: &mut Vec<&str>, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    match words.pop()? {
        "(" => {
            let value = any_of(words, allowed)?;
            (words.pop()? == ")").then_some(value)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        licence => {
            if words.pop_if(|word| *word == "WITH").is_some() {
                let exception = words.pop()?;
                return Some(allowed(&format!("{licence} WITH {exception}")));
            }
            Some(allowed(licence))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::satisfied;

    fn ok(expression: &str) -> bool {
        satisfied(expression, &|licence| ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&licence))
    }

    #[test]
    fn alternatives_need_one_and_conjunctions_need_all() {
        assert!(ok("MIT"));
        assert!(ok("GPL-2.0 OR MIT"));
        assert!(ok("GPL-2.0/MIT"));
        assert!(ok("ISC AND (GPL-2.0 OR MIT)"));
        assert!(ok("Apache-2.0 WITH LLVM-exception OR GPL-2.0"));
        assert!(!ok("MIT AND GPL-2.0"));
        assert!(!ok("GPL-2.0 OR MIT AND GPL-2.0"));
        assert!(!ok("Apache-2.0"));
    }

    #[test]
    fn what_does_not_parse_is_not_satisfied() {
        for expression in ["", "MIT OR", "(MIT", "MIT)", "AND MIT", "MIT WITH", "MIT MIT"] {
            assert!(!ok(expression), "{expression}");
        }
    }
}
