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
        let both = "retry-after: 0\r\nretry-after: 3600\r\n";
        let name = "429 with two Retry-After respects the longer";
        t.add(g, name, op, vec![limited(both)], api(429, 1).back_in(later));
        let exponent = limited("retry-after: 1e3\r\n");
        t.add(g, "429 with Retry-After: 1e3", op, vec![exponent], api(429, 1).back_in(Duration::from_secs(1000)));
        let date = "date: yesterday\r\nretry-after: Fri, 01 Jan 2100 00:00:00 GMT\r\n";
        t.add(g, "429 with a far date and an invalid Date", op, vec![limited(date)], api(429, 1));
        let date = "date: yesterday\r\nretry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n";
        t.add(g, "429 with a past date and an invalid Date", op, vec![limited(date), Act::Good], ok(again));
        for odd in ["-1", "NaN", "soon", "", "-1\r\nretry-after: soon", "0x10", "1 s"] {
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
