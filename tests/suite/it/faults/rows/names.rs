//! Ids, file names and sources that are not what they should be.

use super::*;

pub(super) fn add_to(t: &mut Table) {
    let g = "name";
    for id in ["", ".", "..", "a/b", "a\\b", "/", "\0", "a\r\nX-Evil: 1", "a\u{7f}"] {
        for op in [Op::StatusOf(id), Op::RetrieveOf(id), Op::WaitOf(id)] {
            t.add(
                g,
                "an id that is not one path segment",
                op,
                vec![Act::Good],
                fails(K::InvalidInput, 0).says("task_id"),
            );
        }
    }
    for id in ["663da73b31cdd0c1f638a8e6", "a b", "%2e%2e", "a?b=c", "a#b", "ä", "...", "a;b"] {
        t.add(g, "an unusual id that is one path segment", Op::StatusOf(id), vec![Act::Good], ok(1));
    }
    let names = [
        "plain.mp4",
        "quo\"te.mp4",
        "line\r\nX-Evil: 1\r\n\r\n.mp4",
        "back\\slash.mp4",
        "100%41.mp4",
        "日本 é 🎬.mp4",
        "",
        "semi;colon=1.mp4",
    ];
    for name in names {
        t.add(g, "a file name", Op::Named(name), vec![Act::Good], ok(1));
    }
    let cut = || fails(K::InvalidInput, 1).between(0, 1);
    t.add(g, "a reader that ends too early", Op::Announced(9), vec![Act::Good], cut().says("ended after 5 of 9 bytes"));
    t.add(g, "a reader that has more", Op::Announced(3), vec![Act::Good], cut().says("more than the 3 bytes"));
    let refused = |b: TwelveLabsBuilder, _| b.base_url("http://127.0.0.1:9/v1.3");
    t.set(g, "connection refused", Op::Status, vec![Act::Good], refused, fails(K::Transport, 0).says("cannot connect"));
    t.set(g, "connection refused", Op::Create, vec![Act::Good], refused, fails(K::Transport, 0).says("cannot connect"));
    t.set(
        g,
        "connection refused",
        Op::UploadPath,
        vec![Act::Good],
        refused,
        fails(K::Transport, 0).says("cannot connect"),
    );
    let odd = [
        "https://example.com/a b.mp4",
        "https://example.com/a.mp4\n",
        " https://example.com/a.mp4",
        "https://exam\tple.com/a.mp4",
        "https:\\\\example.com\\a.mp4",
        "https://example.com/a.mp4?q=\0",
    ];
    for url in odd {
        let expect = fails(K::InvalidInput, 0).says("video_url must have no spaces, control characters or backslashes");
        t.add(g, format!("the URL {url:?}"), Op::CreateFrom(url), vec![Act::Good], expect);
    }
    for url in ["https://example.com/a%20b.mp4", "https://example.com/a.mp4?signature=a%2Fb#t=1"] {
        t.add(g, format!("the URL {url:?}"), Op::CreateFrom(url), vec![Act::Good], ok(1));
    }
}
