//! From glyphs to runs of words, and from runs on one height to lines.

use botstate::document::ExtractError;

use super::content::Glyph;
use crate::budget::Budget;

/// A gap of this share of the size is a space between words.
const SPACE: f32 = 0.18;

/// A gap of this many sizes is more than a space: another column or cell.
const WIDE: f32 = 1.4;

/// Text without a wide gap.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) bold: bool,
    pub(super) mono: bool,
}

/// Runs on one height, from left to right.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub(super) runs: Vec<Run>,
}

impl Line {
    pub(super) fn y(&self) -> f32 {
        self.runs.first().map_or(0.0, |run| run.y)
    }

    pub(super) fn size(&self) -> f32 {
        self.runs.iter().map(|run| run.size).fold(0.0, f32::max)
    }

    pub(super) fn left(&self) -> f32 {
        self.runs.first().map_or(0.0, |run| run.left)
    }

    pub(super) fn right(&self) -> f32 {
        self.runs.iter().map(|run| run.right).fold(f32::MIN, f32::max)
    }

    pub(super) fn bold(&self) -> bool {
        self.runs.iter().all(|run| run.bold)
    }

    pub(super) fn mono(&self) -> bool {
        self.runs.iter().all(|run| run.mono)
    }

    pub(super) fn text(&self) -> String {
        let texts: Vec<&str> = self.runs.iter().map(|run| run.text.as_str()).collect();
        texts.join(" ")
    }
}

/// The lines of a page from top to bottom; text that is turned comes after the rest.
pub(super) fn lines(glyphs: Vec<Glyph>, budget: &mut Budget) -> Result<Vec<Line>, ExtractError> {
    let mut turns: [Vec<Glyph>; 4] = Default::default();
    for glyph in glyphs {
        if let Some(same) = turns.get_mut(usize::from(glyph.turn)) {
            same.push(glyph);
        }
    }
    let mut lines = Vec::new();
    for glyphs in turns {
        let runs = runs(glyphs, budget)?;
        lines.extend(gather(runs, budget)?);
    }
    Ok(lines)
}

fn runs(mut glyphs: Vec<Glyph>, budget: &mut Budget) -> Result<Vec<Run>, ExtractError> {
    drop_shadows(&mut glyphs);
    let mut runs: Vec<Run> = Vec::new();
    let mut open: Option<Run> = None;
    for glyph in glyphs {
        budget.tick()?;
        if let Some(run) = &mut open {
            let size = run.size.max(glyph.size).max(0.1);
            let gap = glyph.x - run.right;
            let same_height = (glyph.y - run.y).abs() < size * 0.35;
            let same_size = glyph.size < run.size * 1.2 && run.size < glyph.size * 1.2;
            if same_height && same_size && gap > -size * 0.6 && gap < size * WIDE {
                let spaced = run.text.ends_with(' ') || glyph.text.starts_with(' ');
                if gap > size * SPACE && !spaced {
                    run.text.push(' ');
                }
                run.text.push_str(&glyph.text);
                // A space at the end of a line may be as wide as a justified line wants.
                run.right = run.right.max(glyph.x + glyph.width);
                run.bold &= glyph.bold || glyph.text == " ";
                run.mono &= glyph.mono;
                continue;
            }
            runs.extend(open.take().and_then(trimmed));
        }
        open = Some(Run {
            left: glyph.x,
            right: glyph.x + glyph.width,
            y: glyph.y,
            size: glyph.size,
            bold: glyph.bold,
            mono: glyph.mono,
            text: glyph.text,
        });
    }
    runs.extend(open.and_then(trimmed));
    Ok(runs)
}

/// Fat or shadowed letters may be drawn twice, a little apart.
fn drop_shadows(glyphs: &mut Vec<Glyph>) {
    let mut places = std::collections::HashSet::new();
    glyphs.retain(|glyph| {
        if glyph.text.trim().is_empty() {
            return true;
        }
        #[expect(clippy::cast_possible_truncation, reason = "places on a page, in half points")]
        let place = ((glyph.x * 2.0).round() as i32, (glyph.y * 2.0).round() as i32);
        places.insert((glyph.text.clone(), place))
    });
}

fn trimmed(mut run: Run) -> Option<Run> {
    let text = run.text.trim();
    if text.is_empty() {
        return None;
    }
    // Runs of spaces are as wide as a gap that is.
    run.text = text.to_owned();
    Some(run)
}

/// Puts runs on one height together.
fn gather(mut runs: Vec<Run>, budget: &mut Budget) -> Result<Vec<Line>, ExtractError> {
    runs.sort_by(|one, other| other.y.total_cmp(&one.y).then(one.left.total_cmp(&other.left)));
    let mut lines: Vec<Line> = Vec::new();
    for run in runs {
        budget.tick()?;
        // Raised letters and lines of another size in the next column make the search look a little further back.
        let near = lines.iter_mut().rev().take(4).find(|line| {
            let size = line.size().min(run.size).max(0.1);
            (line.y() - run.y).abs() < size * 0.45
        });
        match near {
            Some(line) => line.runs.push(run),
            None => lines.push(Line { runs: vec![run] }),
        }
    }
    for line in &mut lines {
        line.runs.sort_by(|one, other| one.left.total_cmp(&other.left));
        join(line);
    }
    Ok(lines)
}

/// Joins runs that were drawn apart and have no wide gap between them.
fn join(line: &mut Line) {
    let mut joined: Vec<Run> = Vec::with_capacity(line.runs.len());
    for run in line.runs.drain(..) {
        if let Some(last) = joined.last_mut() {
            let size = last.size.max(run.size).max(0.1);
            let gap = run.left - last.right;
            if gap < size * WIDE && gap > -size {
                if gap > size * SPACE {
                    last.text.push(' ');
                }
                // A large dot before an item or a small number behind a word does not make the size of a line.
                if run.text.len() > last.text.len() {
                    last.size = run.size;
                    last.y = run.y;
                }
                last.text.push_str(&run.text);
                last.right = last.right.max(run.right);
                last.bold &= run.bold;
                last.mono &= run.mono;
                continue;
            }
        }
        joined.push(run);
    }
    line.runs = joined;
}
