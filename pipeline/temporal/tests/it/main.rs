//! Tests of the program against a Temporal dev server and the local server: what crashes leave, and reports of what came
//! too late; and of the workflow against stored histories.

#[cfg(unix)]
mod crash;
#[cfg(unix)]
mod histories;
#[cfg(unix)]
mod late;
mod replay;
#[cfg(unix)]
mod support;
