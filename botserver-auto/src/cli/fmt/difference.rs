//! Lines that go and lines that come.

use std::io::{self, Write};

/// Pairs of lines that are compared at most; beyond that all of the middle counts as changed.
const LARGEST: usize = 4_000_000;

/// A line of the difference.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'t> {
    Same,
    Gone(&'t str),
    New(&'t str),
}

/// Writes what changes between `before` and `after`: the number of the first line of each change, then `-` before lines
/// that go and `+` before lines that come.
pub(super) fn write(before: &str, after: &str, out: &mut dyn Write) -> io::Result<()> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let room = old.len().min(new.len()) - start;
    let pairs = old.iter().rev().zip(new.iter().rev());
    let end = pairs.take(room).take_while(|(a, b)| a == b).count();
    let old = old.get(start..old.len() - end).unwrap_or_default();
    let new = new.get(start..new.len() - end).unwrap_or_default();
    let mut number = start + 1;
    let mut inside = false;
    for line in lines(old, new) {
        if line != Line::Same && !inside {
            writeln!(out, "@@ line {number} @@")?;
        }
        inside = line != Line::Same;
        match line {
            Line::Same => number += 1,
            Line::Gone(text) => {
                number += 1;
                writeln!(out, "-{text}")?;
            }
            Line::New(text) => writeln!(out, "+{text}")?,
        }
    }
    Ok(())
}

/// The lines of both, by their longest common subsequence.
fn lines<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Line<'t>> {
    if old.len().saturating_mul(new.len()) > LARGEST {
        let gone = old.iter().map(|line| Line::Gone(line));
        return gone.chain(new.iter().map(|line| Line::New(line))).collect();
    }
    let width = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * width];
    let at = |common: &[u32], i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    for (i, left) in old.iter().enumerate().rev() {
        for (j, right) in new.iter().enumerate().rev() {
            let best = if left == right {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = best;
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut found = Vec::with_capacity(old.len() + new.len());
    loop {
        match (old.get(i), new.get(j)) {
            (None, None) => return found,
            (Some(left), Some(right)) if left == right => {
                found.push(Line::Same);
                i += 1;
                j += 1;
            }
            (Some(left), right) if right.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                found.push(Line::Gone(left));
                i += 1;
            }
            (_, Some(right)) => {
                found.push(Line::New(right));
                j += 1;
            }
            (Some(left), None) => {
                found.push(Line::Gone(left));
                i += 1;
            }
        }
    }
}
