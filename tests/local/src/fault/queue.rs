//! The faults that are still to come.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Fault, Kind, Target};
use crate::store::Fate;

#[derive(Debug)]
pub(crate) struct FaultQueue(Mutex<Vec<Fault>>);

impl FaultQueue {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self(Mutex::new(faults))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// The faults in the order in which they were added, with what is left of their counts.
    pub(crate) fn all(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// The oldest fault for a request of this operation.
    pub(crate) fn take(&self, operation: Option<&str>) -> Option<Fault> {
        self.take_where(|fault| fault.target() == Target::Requests && fault.applies_to(operation))
    }

    /// The oldest fault for a request to the object storage.
    pub(crate) fn take_storage(&self) -> Option<Fault> {
        self.take_where(|fault| fault.target() == Target::Storage)
    }

    /// The fate of an item that this operation creates.
    pub(crate) fn take_fate(&self, operation: &str) -> Option<Fate> {
        let fault = self.take_where(|fault| fault.target() == Target::Jobs && fault.applies_to(Some(operation)))?;
        match fault.kind {
            Kind::Job(fate) => Some(fate),
            _ => None,
        }
    }

    fn take_where(&self, wanted: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut faults = self.lock();
        let position = faults.iter().position(wanted)?;
        let fault = faults[position].clone();
        if faults[position].spend() {
            drop(faults.remove(position));
        }
        Some(fault)
    }
}
