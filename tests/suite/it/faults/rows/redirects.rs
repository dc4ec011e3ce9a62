//! Redirects are never followed.

use super::*;

pub(super) fn add_to(t: &mut Table) {
    for op in [Op::Status, Op::Retrieve, Op::List, Op::Create, Op::Upload] {
        for code in [301, 302, 303, 307, 308] {
            // To the same server, which would record a request that follows it, and respond to it.
            let act = with(code, "location: /v1.3/embed/tasks/x/status\r\n", "");
            t.add(
                "redirect",
                format!("{code} is not followed"),
                op,
                vec![act, Act::Good],
                api(code, 1).says("redirects are not followed"),
            );
        }
        let other = with(307, "location: http://127.0.0.1:9/steal\r\n", "");
        t.add("redirect", "307 to another port is not followed", op, vec![other], api(307, 1));
    }
}
