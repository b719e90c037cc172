//! Answers given, for the same question asked again: a retransmitted request must not be carried out twice.

use std::collections::{HashMap, VecDeque};

use crate::io::Client;
use crate::limits::{ANSWER_MS, ANSWERS_MAX};
use crate::wire::TransactionId;

type Question = (Client, TransactionId);

/// The last answers to clients that have proven who they are.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    given: HashMap<Question, Box<[u8]>>,
    order: VecDeque<(u64, Question)>,
}

impl Answers {
    pub(crate) fn get(&self, question: &Question) -> Option<&[u8]> {
        self.given.get(question).map(|answer| &**answer)
    }

    pub(crate) fn remember(&mut self, now_ms: u64, question: Question, answer: &[u8]) {
        self.forget(now_ms);
        while self.order.len() >= ANSWERS_MAX {
            self.drop_oldest();
        }
        if self.given.insert(question, answer.into()).is_none() {
            self.order.push_back((now_ms.saturating_add(ANSWER_MS), question));
        }
    }

    /// Forgets what is too old to be asked for again.
    pub(crate) fn forget(&mut self, now_ms: u64) {
        while self.order.front().is_some_and(|(until, _)| *until <= now_ms) {
            self.drop_oldest();
        }
    }

    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.order.front().map(|(until, _)| *until)
    }

    pub(crate) fn len(&self) -> usize {
        debug_assert_eq!(self.given.len(), self.order.len(), "each answer has its time");
        self.given.len()
    }

    fn drop_oldest(&mut self) {
        if let Some((_, question)) = self.order.pop_front() {
            self.given.remove(&question);
        }
    }
}
