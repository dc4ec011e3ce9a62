//! `Retry-After` and rate limits in all formats.

use super::*;

pub(super) fn add_to(t: &mut Table) {
    let g = "retry-after";
    let limited = |headers: &str| with(429, headers, "");
    for (op, again) in [(Op::Status, 2), (Op::Create, 2)] {
        t.add(
            g,
            "429 with Retry-After: 1",
            op,
            vec![limited("retry-after: 1\r\n"), Act::Good],
            ok(again).at_least(MS(1000)),
        );
        t.add(
            g,
            "429 with Retry-After-Ms: 300",
            op,
            vec![limited("retry-after-ms: 300\r\n"), Act::Good],
            ok(again).at_least(MS(300)),
        );
        let reset = "x-ratelimit-request-remaining: 0\r\nx-ratelimit-request-reset: 1\r\n";
        t.add(
            g,
            "429 with a limit that resets in 1 s",
            op,
            vec![limited(reset), Act::Good],
            ok(again).at_least(MS(900)),
        );
        let past = "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
        t.add(g, "429 with a date in the past", op, vec![limited(past), Act::Good], ok(again));
        let hour = limited("retry-after: 3600\r\n");
        let later = Duration::from_secs(3600);
        t.add(g, "429 with Retry-After: 3600 returns at once", op, vec![hour], api(429, 1).back_in(later));
        for beyond in ["1e99", "inf", "99999999999999999999"] {
            t.add(
                g,
                format!("429 with Retry-After: {beyond} returns at once"),
                op,
                vec![limited(&format!("retry-after: {beyond}\r\n"))],
                api(429, 1),
            );
        }
        let twice = "retry-after: 0\r\nretry-after-ms: 400\r\n";
        t.add(
            g,
            "429 with two values respects the longer",
            op,
            vec![limited(twice), Act::Good],
            ok(again).at_least(MS(400)),
        );
        for odd in ["-1", "NaN", "soon", ""] {
            t.add(
                g,
                format!("429 with Retry-After: {odd}"),
                op,
                vec![limited(&format!("retry-after: {odd}\r\n")), Act::Good],
                ok(again),
            );
        }
    }
    let call = |b: TwelveLabsBuilder, _| b.with_timeout(Duration::from_secs(29));
    let beyond = with(503, "retry-after: 30\r\n", "");
    let back = Duration::from_secs(30);
    t.set(
        g,
        "a Retry-After beyond the call's limit returns at once",
        Op::List,
        vec![beyond],
        call,
        api(503, 1).back_in(back),
    );
    t.add(
        g,
        "503 with Retry-After: 1",
        Op::Retrieve,
        vec![with(503, "retry-after: 1\r\n", ""), Act::Good],
        ok(2).at_least(MS(1000)),
    );
}
