//! Where a term occurs: places and counts as small numbers, each place told by its distance from the one before.

/// The occurrences of one term, in the order of their places.
#[derive(Debug, Default, Clone)]
pub(super) struct Postings {
    bytes: Vec<u8>,
    /// The place after the last one.
    next: u32,
}

impl Postings {
    /// Adds a place that is later than all others.
    pub(super) fn push(&mut self, place: usize, times: usize) {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let distance = u64::from(place - self.next.min(place));
        // One occurrence is by far the commonest: it costs no byte of its own.
        if times == 1 {
            self.write(distance << 1);
        } else {
            self.write(distance << 1 | 1);
            self.write(times as u64);
        }
        self.next = place.saturating_add(1);
    }

    fn write(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
            number >>= 7;
        }
        self.bytes.push(u8::try_from(number).unwrap_or_default());
    }

    /// Places and how often the term is there.
    pub(super) fn iter(&self) -> Iter<'_> {
        Iter {
            bytes: self.bytes.iter(),
            next: 0,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.capacity() + size_of::<Self>()
    }
}

pub(super) struct Iter<'a> {
    bytes: std::slice::Iter<'a, u8>,
    next: u32,
}

impl Iter<'_> {
    fn read(&mut self) -> Option<u32> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = *self.bytes.next()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(number).ok().or(Some(u32::MAX));
            }
            shift += 7;
        }
    }
}

impl Iterator for Iter<'_> {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.read()?;
        let place = self.next + (first >> 1);
        self.next = place + 1;
        let times = if first & 1 == 0 { 1 } else { self.read()? };
        Some((place, times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let mut postings = Postings::default();
        let places = [(0, 1), (1, 3), (2, 1), (200, 300), (70_000, 1), (70_001, 2)];
        for (place, times) in places {
            postings.push(place as usize, times as usize);
        }

        assert_eq!(postings.iter().collect::<Vec<_>>(), places);
        assert_eq!(postings.bytes.len(), 13);
    }
}
