use super::{Found, Outcome as O, State as S, transition};

fn asset() -> String {
    "a".into()
}

fn task() -> String {
    "t".into()
}

fn states() -> Vec<S> {
    vec![
        S::Planned,
        S::Uploading,
        S::Processing { asset: asset() },
        S::Uploaded { asset: asset() },
        S::Intent { asset: asset() },
        S::Created { asset: asset(), task: task() },
        S::Ready { asset: asset(), task: task() },
        S::Stored { asset: asset(), task: task() },
        S::Cleaned { task: task() },
        S::Failed { asset: None, reason: "r".into(), retryable: true },
        S::Failed { asset: Some(asset()), reason: "r".into(), retryable: false },
        S::Uncertain { asset: asset(), why: "w".into() },
    ]
}

fn outcomes() -> Vec<O> {
    vec![
        O::UploadStarted,
        O::UploadSent { asset: asset() },
        O::UploadDone { asset: asset() },
        O::Intended,
        O::NotSent,
        O::Unknown,
        O::Created { task: task() },
        O::Late { task: task() },
        O::Late { task: "other".into() },
        O::Looked(Found::None),
        O::Looked(Found::One(task())),
        O::Looked(Found::Unclear("two".into())),
        O::Ready,
        O::Stored,
        O::Cleaned,
        O::Failed { reason: "f".into(), retryable: true },
        O::Retry,
        O::PayAgain,
    ]
}

/// The whole table: a changed transition is a changed snapshot.
#[test]
fn every_pair_of_a_state_and_an_outcome_has_the_documented_result() {
    let mut table = String::new();
    for state in states() {
        table.push_str(&format!("{state:?}\n"));
        let mut invalid = 0;
        for outcome in outcomes() {
            match transition(state.clone(), outcome.clone()) {
                Ok(next) => table.push_str(&format!("    {outcome:?} -> {next:?}\n")),
                Err(_) => invalid += 1,
            }
        }
        table.push_str(&format!("    {invalid} others cannot happen\n"));
    }
    insta::assert_snapshot!(table);
}

/// Every way from one state to another, to any depth.
fn reachable(from: S, through: impl Fn(&O) -> bool) -> Vec<S> {
    let mut found = vec![from];
    let mut at = 0;
    while let Some(state) = found.get(at).cloned() {
        for outcome in outcomes().into_iter().filter(&through) {
            if let Ok(next) = transition(state.clone(), outcome)
                && !found.contains(&next)
            {
                found.push(next);
            }
        }
        at += 1;
    }
    found
}

#[test]
fn nothing_leads_from_an_intent_to_a_second_create_call_except_certainty_or_a_decision() {
    let certain = |outcome: &O| {
        matches!(outcome, O::NotSent | O::Looked(Found::None) | O::Failed { .. } | O::Retry | O::PayAgain)
    };
    let others = reachable(S::Intent { asset: asset() }, |outcome| !certain(outcome));
    assert!(!others.iter().any(|state| matches!(state, S::Uploaded { .. } | S::Planned)), "{others:?}");
    let done = reachable(S::Stored { asset: asset(), task: task() }, |_| true);
    assert_eq!(done.len(), 2, "a stored job is only cleaned: {done:?}");
}

#[test]
fn every_state_that_is_not_final_has_a_way_to_the_table() {
    for state in states() {
        let ends = reachable(state.clone(), |_| true);
        assert!(ends.iter().any(|end| matches!(end, S::Cleaned { .. })), "{state:?}");
    }
}
