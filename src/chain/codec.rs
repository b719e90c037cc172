//! The strict positional `MessagePack` that every signed object is written in.
//!
//! Allowed items: unsigned integers up to 2^53-1, `bin`, `str` (UTF-8 in normal form C), `nil`, arrays. Every
//! item is in its shortest form, so one value has one encoding and two implementations cannot read the same
//! bytes differently. Nothing is allocated for a length that the bytes do not hold. Sets are lists in strictly
//! ascending order of their key, compared byte by byte.
//!
//! Bounds are part of the format, because two verifiers with different bounds disagree about what is valid:
//! arrays nest at most 8 deep; a link's core has at most 256 bytes, its payload 72 KiB; an entry's core 4 KiB, a
//! control payload 24 KiB, a message's ciphertext 32 KiB; 256 recipients per epoch, 1 000 per keyring, 32 blobs
//! per entry, 4 KiB per encrypted reason, 64 bytes per `prev_box`; 512 parties and 64 open invitations per
//! thread, 64 patient links, 4 096 pairs of author and device; 65 536 links per chain, 512 devices per user.
//!
//! [`Reader::new`] walks the whole object once (shapes, shortest forms, depth, trailing bytes); the typed
//! methods then read field by field and check arity, type, length and range.
//!
//! Not known here: what any field means.

use unicode_normalization::is_nfc;

use crate::error::ChainError;
use crate::limits::DEPTH_MAX;
use relais_wire::ids::INT_MAX;

/// Writes an object in shortest forms. Values that have no encoding (an integer above 2^53-1, a string that
/// is not in normal form C, a length above `u32`) are remembered and refused by [`Writer::finish`].
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    refused: Option<ChainError>,
}

impl Writer {
    /// An empty writer.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), refused: None }
    }

    /// An array header; the caller then writes exactly `len` items.
    pub fn array(&mut self, len: usize) -> &mut Self {
        match u32::try_from(len) {
            Ok(n @ 0..=15) => self.bytes.push(0x90 | low_byte(n)),
            Ok(n) => self.sized(None, 0xdc, n),
            Err(_) => self.refuse(ChainError::TooLong),
        }
        self
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        if value > INT_MAX {
            self.refuse(ChainError::IntTooLarge);
        } else if let Ok(byte) = u8::try_from(value) {
            if byte > 0x7f {
                self.bytes.push(0xcc);
            }
            self.bytes.push(byte);
        } else if let Ok(short) = u16::try_from(value) {
            self.bytes.push(0xcd);
            self.bytes.extend_from_slice(&short.to_be_bytes());
        } else if let Ok(word) = u32::try_from(value) {
            self.bytes.push(0xce);
            self.bytes.extend_from_slice(&word.to_be_bytes());
        } else {
            self.bytes.push(0xcf);
            self.bytes.extend_from_slice(&value.to_be_bytes());
        }
        self
    }

    /// A byte string.
    pub fn bin(&mut self, value: &[u8]) -> &mut Self {
        match u32::try_from(value.len()) {
            Ok(n) => {
                self.sized(Some(0xc4), 0xc5, n);
                self.bytes.extend_from_slice(value);
            }
            Err(_) => self.refuse(ChainError::TooLong),
        }
        self
    }

    /// A text.
    pub fn str(&mut self, value: &str) -> &mut Self {
        match u32::try_from(value.len()) {
            _ if !is_nfc(value) => self.refuse(ChainError::NotNfc),
            Ok(n @ 0..=31) => self.bytes.push(0xa0 | low_byte(n)),
            Ok(n) => self.sized(Some(0xd9), 0xda, n),
            Err(_) => self.refuse(ChainError::TooLong),
        }
        self.bytes.extend_from_slice(value.as_bytes());
        self
    }

    /// Nothing.
    pub fn nil(&mut self) -> &mut Self {
        self.bytes.push(0xc0);
        self
    }

    /// A byte string, or nil.
    pub fn opt_bin(&mut self, value: Option<&[u8]>) -> &mut Self {
        match value {
            Some(bytes) => self.bin(bytes),
            None => self.nil(),
        }
    }

    /// An integer, or nil.
    pub fn opt_uint(&mut self, value: Option<u64>) -> &mut Self {
        match value {
            Some(number) => self.uint(number),
            None => self.nil(),
        }
    }

    /// The object.
    ///
    /// # Errors
    /// [`ChainError::IntTooLarge`], [`ChainError::NotNfc`] or [`ChainError::TooLong`] when a value has no
    /// encoding.
    pub fn finish(self) -> Result<Vec<u8>, ChainError> {
        self.refused.map_or(Ok(self.bytes), Err)
    }

    fn refuse(&mut self, why: ChainError) {
        self.refused.get_or_insert(why);
    }

    /// Length header of one, two or four bytes. `wide` is the two-byte marker, `wide + 1` the four-byte one.
    fn sized(&mut self, narrow: Option<u8>, wide: u8, len: u32) {
        match (narrow, u8::try_from(len), u16::try_from(len)) {
            (Some(marker), Ok(byte), _) => self.bytes.extend_from_slice(&[marker, byte]),
            (_, _, Ok(short)) => {
                self.bytes.push(wide);
                self.bytes.extend_from_slice(&short.to_be_bytes());
            }
            (_, _, Err(_)) => {
                self.bytes.push(wide + 1);
                self.bytes.extend_from_slice(&len.to_be_bytes());
            }
        }
    }
}

fn low_byte(n: u32) -> u8 {
    n.to_le_bytes()[0]
}

/// One item's header as it stands in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item<'a> {
    Uint(u64),
    Bin(&'a [u8]),
    Str(&'a str),
    Nil,
    Array(usize),
}

/// Reads an object field by field. Borrows: nothing is copied until a field is kept.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts reading one object of at most `max` bytes, after checking its whole shape.
    ///
    /// # Errors
    /// [`ChainError::TooLong`] above `max`; otherwise the 1xx error of the first item that is not allowed.
    pub fn new(bytes: &'a [u8], max: usize) -> Result<Self, ChainError> {
        if bytes.len() > max {
            return Err(ChainError::TooLong);
        }
        check_shape(bytes)?;
        Ok(Self { rest: bytes })
    }

    /// An array of exactly `arity` fields.
    ///
    /// # Errors
    /// [`ChainError::WrongArity`] or [`ChainError::WrongType`].
    pub fn array(&mut self, arity: usize) -> Result<(), ChainError> {
        if self.list(usize::MAX)? == arity { Ok(()) } else { Err(ChainError::WrongArity) }
    }

    /// A list of at most `max` elements; answers how many follow.
    ///
    /// # Errors
    /// [`ChainError::TooMany`] or [`ChainError::WrongType`].
    pub fn list(&mut self, max: usize) -> Result<usize, ChainError> {
        match self.item()? {
            Item::Array(len) if len <= max => Ok(len),
            Item::Array(_) => Err(ChainError::TooMany),
            Item::Uint(_) | Item::Bin(_) | Item::Str(_) | Item::Nil => Err(ChainError::WrongType),
        }
    }

    /// An integer.
    ///
    /// # Errors
    /// [`ChainError::WrongType`].
    pub fn uint(&mut self) -> Result<u64, ChainError> {
        match self.item()? {
            Item::Uint(n) => Ok(n),
            Item::Bin(_) | Item::Str(_) | Item::Nil | Item::Array(_) => Err(ChainError::WrongType),
        }
    }

    /// An integer of at most `max`.
    ///
    /// # Errors
    /// [`ChainError::OutOfRange`] or [`ChainError::WrongType`].
    pub fn uint_max(&mut self, max: u64) -> Result<u64, ChainError> {
        let n = self.uint()?;
        if n > max { Err(ChainError::OutOfRange) } else { Ok(n) }
    }

    /// 0 or 1.
    ///
    /// # Errors
    /// As [`Self::uint_max`].
    pub fn flag(&mut self) -> Result<bool, ChainError> {
        Ok(self.uint_max(1)? == 1)
    }

    /// A byte string of at most `max` bytes.
    ///
    /// # Errors
    /// [`ChainError::TooLong`] or [`ChainError::WrongType`].
    pub fn bin(&mut self, max: usize) -> Result<&'a [u8], ChainError> {
        match self.item()? {
            Item::Bin(bytes) if bytes.len() <= max => Ok(bytes),
            Item::Bin(_) => Err(ChainError::TooLong),
            Item::Uint(_) | Item::Str(_) | Item::Nil | Item::Array(_) => Err(ChainError::WrongType),
        }
    }

    /// A byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// [`ChainError::WrongLength`] or [`ChainError::WrongType`].
    pub fn fixed<const N: usize>(&mut self) -> Result<[u8; N], ChainError> {
        let bytes = self.bin(usize::MAX)?;
        <[u8; N]>::try_from(bytes).map_err(|_| ChainError::WrongLength)
    }

    /// A text of at most `max` bytes.
    ///
    /// # Errors
    /// [`ChainError::TooLong`] or [`ChainError::WrongType`].
    pub fn str(&mut self, max: usize) -> Result<&'a str, ChainError> {
        match self.item()? {
            Item::Str(text) if text.len() <= max => Ok(text),
            Item::Str(_) => Err(ChainError::TooLong),
            Item::Uint(_) | Item::Bin(_) | Item::Nil | Item::Array(_) => Err(ChainError::WrongType),
        }
    }

    /// Nil, or what `read` reads.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn opt<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ChainError>,
    ) -> Result<Option<T>, ChainError> {
        if self.rest.first() == Some(&0xc0) {
            self.item()?;
            return Ok(None);
        }
        read(self).map(Some)
    }

    /// A list of at most `max` elements, each read by `read`.
    ///
    /// # Errors
    /// [`ChainError::TooMany`], [`ChainError::WrongType`], and those of `read`.
    pub fn each<T>(
        &mut self,
        max: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, ChainError>,
    ) -> Result<Vec<T>, ChainError> {
        let len = self.list(max)?;
        let mut all = Vec::with_capacity(len);
        for _ in 0..len {
            all.push(read(self)?);
        }
        Ok(all)
    }

    /// The object must end here.
    ///
    /// # Errors
    /// [`ChainError::TrailingBytes`].
    pub const fn end(&self) -> Result<(), ChainError> {
        if self.rest.is_empty() { Ok(()) } else { Err(ChainError::TrailingBytes) }
    }

    fn item(&mut self) -> Result<Item<'a>, ChainError> {
        let (item, rest) = next_item(self.rest)?;
        self.rest = rest;
        Ok(item)
    }
}

/// Refuses a list that is not strictly ascending by `key`: sets have one order, so one encoding.
///
/// # Errors
/// [`ChainError::Duplicate`] or [`ChainError::Unsorted`].
pub fn ascending<T, K: Ord>(all: &[T], key: impl Fn(&T) -> K) -> Result<(), ChainError> {
    for (a, b) in all.iter().zip(all.iter().skip(1)) {
        match key(a).cmp(&key(b)) {
            core::cmp::Ordering::Less => {}
            core::cmp::Ordering::Equal => return Err(ChainError::Duplicate),
            core::cmp::Ordering::Greater => return Err(ChainError::Unsorted),
        }
    }
    Ok(())
}

/// Checks one whole object without interpreting it.
fn check_shape(bytes: &[u8]) -> Result<(), ChainError> {
    let mut rest = bytes;
    // Items still to come in each array that is open.
    let mut open: Vec<usize> = Vec::with_capacity(DEPTH_MAX);
    loop {
        let (item, after) = next_item(rest)?;
        rest = after;
        if let Item::Array(len) = item {
            if open.len() == DEPTH_MAX {
                return Err(ChainError::TooDeep);
            }
            if len > rest.len() {
                return Err(ChainError::Truncated);
            }
            open.push(len);
        } else if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        // A finished array is an item of the array around it.
        while open.last() == Some(&0) {
            open.pop();
            if let Some(left) = open.last_mut() {
                *left -= 1;
            }
        }
        if open.is_empty() {
            break;
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(ChainError::TrailingBytes) }
}

fn next_item(bytes: &[u8]) -> Result<(Item<'_>, &[u8]), ChainError> {
    let (&marker, rest) = bytes.split_first().ok_or(ChainError::Truncated)?;
    match marker {
        0x00..=0x7f => Ok((Item::Uint(u64::from(marker)), rest)),
        0x80..=0x8f | 0xde | 0xdf => Err(ChainError::Map),
        0x90..=0x9f => Ok((Item::Array(usize::from(marker & 0x0f)), rest)),
        0xa0..=0xbf => text(rest, usize::from(marker & 0x1f)),
        0xc0 => Ok((Item::Nil, rest)),
        0xc1 => Err(ChainError::ReservedByte),
        0xc2 | 0xc3 => Err(ChainError::Boolean),
        0xc4 => sized(rest, 1, 0).and_then(|(len, rest)| binary(rest, len)),
        0xc5 => sized(rest, 2, 0xff).and_then(|(len, rest)| binary(rest, len)),
        0xc6 => sized(rest, 4, 0xffff).and_then(|(len, rest)| binary(rest, len)),
        0xc7..=0xc9 | 0xd4..=0xd8 => Err(ChainError::Extension),
        0xca | 0xcb => Err(ChainError::Float),
        0xcc => integer(rest, 1, 0x7f),
        0xcd => integer(rest, 2, 0xff),
        0xce => integer(rest, 4, 0xffff),
        0xcf => integer(rest, 8, 0xffff_ffff),
        0xd0..=0xd3 | 0xe0..=0xff => Err(ChainError::SignedInt),
        0xd9 => sized(rest, 1, 31).and_then(|(len, rest)| text(rest, len)),
        0xda => sized(rest, 2, 0xff).and_then(|(len, rest)| text(rest, len)),
        0xdb => sized(rest, 4, 0xffff).and_then(|(len, rest)| text(rest, len)),
        0xdc => sized(rest, 2, 15).map(|(len, rest)| (Item::Array(len), rest)),
        0xdd => sized(rest, 4, 0xffff).map(|(len, rest)| (Item::Array(len), rest)),
    }
}

fn big_endian(bytes: &[u8], width: usize) -> Result<(u64, &[u8]), ChainError> {
    let (number, rest) = bytes.split_at_checked(width).ok_or(ChainError::Truncated)?;
    Ok((number.iter().fold(0, |value, &byte| (value << 8) | u64::from(byte)), rest))
}

/// An integer of `width` bytes, which must not fit a narrower form (values up to `narrower`).
fn integer(bytes: &[u8], width: usize, narrower: u64) -> Result<(Item<'_>, &[u8]), ChainError> {
    let (value, rest) = big_endian(bytes, width)?;
    if value <= narrower {
        Err(ChainError::NonShortestInt)
    } else if value > INT_MAX {
        Err(ChainError::IntTooLarge)
    } else {
        Ok((Item::Uint(value), rest))
    }
}

/// A length of `width` bytes, which must not fit a narrower form.
fn sized(bytes: &[u8], width: usize, narrower: u64) -> Result<(usize, &[u8]), ChainError> {
    let (value, rest) = big_endian(bytes, width)?;
    let has_narrower = width > 1 || narrower > 0;
    if has_narrower && value <= narrower {
        return Err(ChainError::NonShortestLength);
    }
    usize::try_from(value).map(|len| (len, rest)).map_err(|_| ChainError::TooLong)
}

fn binary(bytes: &[u8], len: usize) -> Result<(Item<'_>, &[u8]), ChainError> {
    let (value, rest) = bytes.split_at_checked(len).ok_or(ChainError::Truncated)?;
    Ok((Item::Bin(value), rest))
}

fn text(bytes: &[u8], len: usize) -> Result<(Item<'_>, &[u8]), ChainError> {
    let (value, rest) = bytes.split_at_checked(len).ok_or(ChainError::Truncated)?;
    let value = core::str::from_utf8(value).map_err(|_| ChainError::NotUtf8)?;
    if is_nfc(value) { Ok((Item::Str(value), rest)) } else { Err(ChainError::NotNfc) }
}

#[cfg(test)]
mod tests {
    use super::{Reader, Writer, ascending};
    use crate::error::ChainError;

    fn refusal(hex_bytes: &str) -> Option<ChainError> {
        Reader::new(&hex::decode(hex_bytes).unwrap(), 1 << 20).err()
    }

    #[test]
    fn every_forbidden_form_has_its_own_error() {
        use ChainError as E;
        let cases = [
            ("", E::Truncated),
            ("9201", E::Truncated),
            ("c410aa", E::Truncated),
            ("ddffffffff", E::Truncated),
            ("c6ffffffff", E::Truncated),
            ("0101", E::TrailingBytes),
            ("cc7f", E::NonShortestInt),
            ("cd00ff", E::NonShortestInt),
            ("ce0000ffff", E::NonShortestInt),
            ("cf00000000ffffffff", E::NonShortestInt),
            ("c50001aa", E::NonShortestLength),
            ("c600000001aa", E::NonShortestLength),
            ("d90161", E::NonShortestLength),
            ("dc000101", E::NonShortestLength),
            ("dd0000000101", E::NonShortestLength),
            ("ca00000000", E::Float),
            ("cb3ff0000000000000", E::Float),
            ("80", E::Map),
            ("de0000", E::Map),
            ("d400aa", E::Extension),
            ("c70100aa", E::Extension),
            ("ff", E::SignedInt),
            ("d001", E::SignedInt),
            ("c3", E::Boolean),
            ("c1", E::ReservedByte),
            ("cf0020000000000000", E::IntTooLarge),
            ("919191919191919190", E::TooDeep),
            ("a1ff", E::NotUtf8),
            ("a365cc81", E::NotNfc),
        ];
        for (bytes, error) in cases {
            assert_eq!(refusal(bytes), Some(error), "{bytes}");
        }
        assert_eq!(refusal("9191919191919190"), None);
        assert_eq!(refusal("cf001fffffffffffff"), None);
        assert_eq!(refusal("a2c3a9"), None);
        assert_eq!(refusal("c400"), None);
    }

    #[test]
    fn the_writer_refuses_what_the_reader_would() {
        let mut w = Writer::new();
        w.uint(1 << 53);
        assert_eq!(w.finish(), Err(ChainError::IntTooLarge));
        let mut w = Writer::new();
        w.str("e\u{301}");
        assert_eq!(w.finish(), Err(ChainError::NotNfc));
    }

    #[test]
    fn typed_reads_check_arity_type_length_and_range() {
        let bytes = hex::decode("93c402aabb05a161").unwrap();
        let read = |f: &dyn Fn(&mut Reader<'_>) -> Result<(), ChainError>| {
            f(&mut Reader::new(&bytes, 64).unwrap()).unwrap_err()
        };
        assert_eq!(read(&|r| r.array(2)), ChainError::WrongArity);
        assert_eq!(read(&|r| r.uint().map(drop)), ChainError::WrongType);
        assert_eq!(read(&|r| r.list(2).map(drop)), ChainError::TooMany);
        assert_eq!(read(&|r| r.array(3).and_then(|()| r.fixed::<3>()).map(drop)), ChainError::WrongLength);
        assert_eq!(read(&|r| r.array(3).and_then(|()| r.bin(1)).map(drop)), ChainError::TooLong);
        assert_eq!(
            read(&|r| {
                r.array(3)?;
                r.bin(2)?;
                r.uint_max(4).map(drop)
            }),
            ChainError::OutOfRange
        );
        assert_eq!(read(&|r| r.end()), ChainError::TrailingBytes);
        assert_eq!(Reader::new(&bytes, 7).unwrap_err(), ChainError::TooLong);
    }

    #[test]
    fn sets_have_one_order() {
        assert_eq!(ascending(&[1, 2, 3], |n| *n), Ok(()));
        assert_eq!(ascending(&[1, 1], |n| *n), Err(ChainError::Duplicate));
        assert_eq!(ascending(&[2, 1], |n| *n), Err(ChainError::Unsorted));
    }

    mod properties {
        use proptest::prelude::*;

        use super::super::{Reader, Writer};

        #[derive(Clone, Debug)]
        enum Tree {
            Uint(u64),
            Bin(Vec<u8>),
            Str(String),
            Nil,
            Array(Vec<Self>),
        }

        fn tree() -> impl Strategy<Value = Tree> {
            let leaf = prop_oneof![
                (0_u64..1 << 53).prop_map(Tree::Uint),
                (0_u64..70_000).prop_map(Tree::Uint),
                proptest::collection::vec(any::<u8>(), 0..600).prop_map(Tree::Bin),
                "[a-zé]{0,300}".prop_map(Tree::Str),
                Just(Tree::Nil),
            ];
            leaf.prop_recursive(6, 64, 20, |inner| {
                proptest::collection::vec(inner, 0..20).prop_map(Tree::Array)
            })
        }

        fn write(w: &mut Writer, tree: &Tree) {
            match tree {
                Tree::Uint(n) => drop(w.uint(*n)),
                Tree::Bin(b) => drop(w.bin(b)),
                Tree::Str(s) => drop(w.str(s)),
                Tree::Nil => drop(w.nil()),
                Tree::Array(all) => {
                    w.array(all.len());
                    all.iter().for_each(|t| write(w, t));
                }
            }
        }

        fn rewrite(r: &mut Reader<'_>, w: &mut Writer) {
            match r.item().unwrap() {
                super::super::Item::Uint(n) => drop(w.uint(n)),
                super::super::Item::Bin(b) => drop(w.bin(b)),
                super::super::Item::Str(s) => drop(w.str(s)),
                super::super::Item::Nil => drop(w.nil()),
                super::super::Item::Array(len) => {
                    w.array(len);
                    (0..len).for_each(|_| rewrite(r, w));
                }
            }
        }

        proptest! {
            #[test]
            fn what_is_written_is_read_and_writes_the_same_bytes(tree in tree()) {
                let mut w = Writer::new();
                write(&mut w, &tree);
                let bytes = w.finish().unwrap();
                let mut again = Writer::new();
                rewrite(&mut Reader::new(&bytes, 1 << 20).unwrap(), &mut again);
                prop_assert_eq!(again.finish().unwrap(), bytes);
            }

            #[test]
            fn accepted_garbage_has_one_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
                if let Ok(mut reader) = Reader::new(&bytes, 64) {
                    let mut again = Writer::new();
                    rewrite(&mut reader, &mut again);
                    prop_assert_eq!(again.finish().unwrap(), bytes);
                }
            }
        }
    }
}
