//! The buffer of a call: Rust owns the memory, the managed side writes into it and asks for more.
//!
//! Its address is the `ctx` of the border. It comes to life before `invoke` and ends with `done`, or with `invoke` itself if
//! that was refused.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::callbacks::Slot;

/// First capacity of a call whose slot has no history.
const FIRST_BYTES: usize = 4 << 10;
/// A slot's next buffer starts at the size of its last answer, but with no more than this.
const MOST_FIRST_BYTES: usize = 256 << 10;

/// The answer of one call, in the making.
#[derive(Debug)]
pub(super) struct CallBuffer {
    pub(super) slot: Arc<Slot>,
    bytes: Vec<u8>,
}

impl CallBuffer {
    /// Most bytes of one answer: the largest output permitted, plus its records and meta with room to spare. A budget in the
    /// request ends a call long before; this guards the process if one is not kept.
    pub(super) const MOST_BYTES: usize = 192 << 20;

    pub(super) fn new(slot: Arc<Slot>) -> Box<Self> {
        Box::new(Self { slot, bytes: Vec::new() })
    }

    /// Hands the buffer over as the `ctx` of a call.
    pub(super) fn into_context(self: Box<Self>) -> usize {
        Box::into_raw(self).expose_provenance()
    }

    /// Takes the buffer back and ends the life of `ctx`.
    ///
    /// # Safety
    /// `ctx` came from [`CallBuffer::into_context`] and was not taken back before.
    pub(super) unsafe fn from_context(ctx: usize) -> Box<Self> {
        // SAFETY: the caller's promise.
        unsafe { Box::from_raw(std::ptr::with_exposed_provenance_mut(ctx)) }
    }

    /// Looks at a buffer that stays alive.
    ///
    /// # Safety
    /// `ctx` came from [`CallBuffer::into_context`], was not taken back, and nobody else uses it meanwhile: the managed
    /// side asks for room of a call on one thread at a time.
    pub(super) unsafe fn borrow_context<'a>(ctx: usize) -> &'a mut Self {
        // SAFETY: the caller's promise.
        unsafe { &mut *std::ptr::with_exposed_provenance_mut::<Self>(ctx) }
    }

    /// Makes room for `min` more bytes behind the `used` ones and answers the start and the capacity of the whole
    /// buffer. `None` if there is no memory, the answer grew too large, or `used` cannot be true.
    ///
    /// # Safety
    /// The first `used` bytes of the memory that was answered before have been written.
    pub(super) unsafe fn grow(&mut self, used: usize, min: usize) -> Option<(*mut u8, usize)> {
        if used > self.bytes.capacity() {
            return None;
        }
        let wanted = used.checked_add(min).filter(|wanted| *wanted <= Self::MOST_BYTES)?;
        // SAFETY: `used` is within the capacity, and written: the caller's promise.
        unsafe { self.bytes.set_len(used) };
        if wanted > self.bytes.capacity() || self.bytes.capacity() == 0 {
            let first = self.slot.last_size.load(Ordering::Relaxed).clamp(FIRST_BYTES, MOST_FIRST_BYTES);
            let goal = wanted.max(first).max(self.bytes.capacity().saturating_mul(2)).min(Self::MOST_BYTES);
            self.bytes.try_reserve_exact(goal - used).ok()?;
        }
        Some((self.bytes.as_mut_ptr(), self.bytes.capacity()))
    }

    /// The finished answer: the first `total` bytes. `None` if that cannot be true.
    ///
    /// # Safety
    /// The first `total` bytes have been written.
    pub(super) unsafe fn finish(mut self, total: usize) -> Option<(Arc<Slot>, Vec<u8>)> {
        if total > self.bytes.capacity() {
            return None;
        }
        // SAFETY: `total` is within the capacity, and written: the caller's promise.
        unsafe { self.bytes.set_len(total) };
        self.slot.last_size.store(total, Ordering::Relaxed);
        Some((self.slot, self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::callbacks::tests::slot;

    /// Writes as the managed side does.
    fn write(buffer: &mut CallBuffer, used: &mut usize, text: &[u8]) {
        // SAFETY: `used` counts what was written below.
        let (start, capacity) = unsafe { buffer.grow(*used, text.len()) }.unwrap();
        assert!(capacity >= *used + text.len());
        // SAFETY: there is room for `text` behind `used`.
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), start.add(*used), text.len()) };
        *used += text.len();
    }

    #[test]
    fn what_was_written_survives_growing() {
        let mut buffer = CallBuffer::new(slot(1));
        let (mut used, mut expected) = (0, Vec::new());
        for i in 0..2_000_u32 {
            let text = format!("{i},");
            write(&mut buffer, &mut used, text.as_bytes());
            expected.extend_from_slice(text.as_bytes());
        }
        // SAFETY: `used` bytes were written.
        let (_, bytes) = unsafe { buffer.finish(used) }.unwrap();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn an_answer_that_grows_without_end_is_refused() {
        let mut buffer = CallBuffer::new(slot(1));
        // SAFETY: nothing was written, and nothing is claimed to be.
        let (first, second) =
            unsafe { (buffer.grow(0, CallBuffer::MOST_BYTES + 1), buffer.grow(0, usize::MAX)) };
        assert_eq!(first, None);
        assert_eq!(second, None);
        // SAFETY: as above.
        assert!(unsafe { buffer.grow(0, 16) }.is_some(), "a refusal must not spoil the buffer");
    }

    #[test]
    fn more_used_than_there_is_room_for_is_refused() {
        let mut buffer = CallBuffer::new(slot(1));
        // SAFETY: the claim is false and must be refused without being believed.
        let (grown, finished) = unsafe {
            let capacity = buffer.grow(0, 8).unwrap().1;
            (buffer.grow(capacity + 1, 8), buffer.finish(capacity + 1))
        };
        assert_eq!(grown, None);
        assert!(finished.is_none());
    }

    #[test]
    fn the_next_buffer_of_a_slot_starts_at_the_size_of_the_last_answer() {
        let slot = slot(1);
        let mut buffer = CallBuffer::new(slot.clone());
        write(&mut buffer, &mut 0, &[b'x'; 100_000]);
        // SAFETY: so much was written.
        unsafe { buffer.finish(100_000) }.unwrap();
        let mut next = CallBuffer::new(slot);
        // SAFETY: nothing was written yet.
        let (_, capacity) = unsafe { next.grow(0, 1) }.unwrap();
        assert!(capacity >= 100_000);
    }

    #[test]
    fn a_context_comes_back_as_the_same_buffer() {
        let mut used = 0;
        let mut buffer = CallBuffer::new(slot(7));
        write(&mut buffer, &mut used, b"abc");
        let ctx = buffer.into_context();
        // SAFETY: `ctx` is alive, only this thread uses it, and it is taken back once; `used` bytes were written.
        let (slot, bytes) = unsafe {
            CallBuffer::borrow_context(ctx).grow(used, 100_000).unwrap();
            CallBuffer::from_context(ctx).finish(used).unwrap()
        };
        assert_eq!((slot.id.0, bytes.as_slice()), (7, b"abc".as_slice()));
    }
}
