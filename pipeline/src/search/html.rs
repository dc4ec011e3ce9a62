//! The results of a search as a page of HTML.

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Hit, picture::data_urls};
use crate::{escape::escape_control, job::FileKind, object_url::is_object_url, row::is_url};

/// Everything in a path but these.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const STYLE: &str = include_str!("page.css");

/// Nothing but the style and the pictures of the page itself: no script, no other file, no form.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// A page of HTML with the results, for a browser: one file, without scripts, that loads nothing from elsewhere.
///
/// Each result has a picture, its position in the file, and its scores. Sources are links, except for
/// relative paths that do not exist in the current folder. Every name and text is
/// escaped.
///
/// `query` is what was searched for. `picture` returns the picture of a hit as a PNG file, such as the middle of the
/// range of a video; without one, the page shows the type of the file instead. It is called for the first 200 hits, on
/// several threads, while this function blocks.
pub fn results_page(query: &str, hits: &[Hit], picture: impl Fn(&Hit) -> Option<Vec<u8>> + Sync) -> String {
    let query = escape_control(query);
    let pictures = data_urls(hits, picture);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="referrer" content="no-referrer";
                title { (query) " \u{2013} search" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { bdi { (query) } }
                p class="muted" { (hits.len()) @if hits.len() == 1 { " result" } @else { " results" } }
                ol {
                    @for (hit, picture) in hits.iter().zip(&pictures) {
                        li { (result(hit, picture.as_deref(), hits)) }
                    }
                }
            }
        }
    }
    .into_string()
}

fn result(hit: &Hit, picture: Option<&str>, hits: &[Hit]) -> Markup {
    let (name, source) = (escape_control(hit.file_name()), escape_control(&hit.source));
    let best = hits.first().map_or(1.0, |best| best.score);
    html! {
        @match picture {
            Some(url) => { img alt=(format!("{name} {}", hit.range())) src=(url); }
            None => { div class="none" { (kind(hit)) } }
        }
        h2 {
            @match url(hit) {
                Some(url) => { a href=(url) title=(source) { bdi { (name) } } }
                None => { bdi { (name) } }
            }
        }
        @if !hit.range().is_empty() { p class="range" { (hit.range()) } }
        (timeline(hit, hits))
        table {
            tr { th { "score" } td { (bar(0.0, share(hit.score, best))) } td { (format!("{:.4}", hit.score)) } }
            @for (option, cosine) in &hit.cosines {
                tr { th { (escape_control(option)) } td { (bar(0.0, share(f64::from(*cosine), 1.0))) } td { (format!("{cosine:.3}")) } }
            }
        }
        p class="muted source" { bdi { (source) } }
    }
}

/// What stands in place of a picture.
fn kind(hit: &Hit) -> &'static str {
    hit.kind().map_or("no picture", FileKind::name)
}

/// A part of a whole, between 0 and 1.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { (part / whole).clamp(0.0, 1.0) } else { 0.0 }
}

/// A bar with one part that is filled.
fn bar(from: f64, to: f64) -> Markup {
    html! { div class="bar" { (mark("", from, to)) } }
}

fn mark(class: &str, from: f64, to: f64) -> Markup {
    html! { span class=(class) style=(format!("left:{:.2}%;width:{:.2}%", from * 100.0, (to - from).max(0.0) * 100.0)) {} }
}

/// Where the clip is in its file, and where the other clips are that were found in it.
fn timeline(hit: &Hit, hits: &[Hit]) -> Markup {
    let (Some(start), Some(end), Some(last)) = (hit.start_sec, hit.end_sec, hit.last_end_sec) else { return html! {} };
    let is_other = |other: &&Hit| other.source == hit.source && other.start_sec != hit.start_sec;
    let others = hits.iter().filter(is_other).filter_map(|other| other.start_sec.zip(other.end_sec));
    html! {
        div class="bar timeline" {
            @for (start, end) in others { (mark("other", share(start, last), share(end, last))) }
            (mark("", share(start, last), share(end, last)))
        }
        div class="ends muted" { span { "0" } span { (format!("{last:.1} s")) } }
    }
}

/// The URL of a source, with the range of a video. One that was a URL stays as it is: it is `http` or `https`, or that of
/// an object, which no browser opens, and whose name is not encoded yet. `None` for a relative path that is no file here:
/// it was relative to the current folder of the run.
fn url(hit: &Hit) -> Option<String> {
    let source = &hit.source;
    let url = if is_url(source) {
        source.clone()
    } else if let Some((scheme, name)) = source.split_once("://").filter(|_| is_object_url(source)) {
        format!("{scheme}://{}", utf8_percent_encode(name, PATH))
    } else {
        let path = std::path::absolute(Path::new(source)).ok()?;
        if Path::new(source).is_relative() && !path.exists() {
            return None;
        }
        format!("file://{}", utf8_percent_encode(&path.to_string_lossy(), PATH))
    };
    Some(match (hit.start_sec, hit.end_sec) {
        (Some(start), Some(end)) => format!("{url}#t={start:.2},{end:.2}"),
        _ => url,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn hit(source: &str) -> Hit {
        Hit {
            source: source.into(),
            scope: Some("clip".into()),
            start_sec: Some(1.0),
            end_sec: Some(2.0),
            start_page: None,
            end_page: None,
            chunk_index: None,
            last_end_sec: Some(4.0),
            score: 0.5,
            cosines: BTreeMap::from([("<b>".to_owned(), 0.5)]),
        }
    }

    #[test]
    fn hostile_names_are_text() {
        let source = "/v/\"><script>alert(1)</script>/'onerror=x#?\u{202e}.mp4";
        let page = results_page("<img src=x onerror=alert(1)>\u{202e}", &[hit(source)], |_| None);
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"), "{page}");
        assert!(!page.contains('\u{202e}'), "{page}");
        let link = "href=\"file:///v/%22%3E%3Cscript%3Ealert%281%29%3C/script%3E/%27onerror%3Dx%23%3F%E2%80%AE.mp4#t=1.00,2.00\"";
        assert!(page.contains(link), "{page}");
        assert_eq!(page.matches("<li>").count(), 1);
        let page = results_page("x", &[hit("javascript:alert(1)//.mp4")], |_| None);
        assert!(!page.contains("href"), "{page}");
    }

    #[test]
    fn a_relative_path_is_a_link_only_if_the_file_is_here() {
        // Tests run in the folder of the package.
        let page =
            results_page("x", &[hit("src/lib.rs"), hit("videos of the run/a.mp4"), hit("/gone/b.mp4")], |_| None);
        assert_eq!(page.matches("<a href=\"file:///").count(), 2, "{page}");
        assert!(page.contains("/src/lib.rs#t=1.00,2.00\"") && page.contains("\"file:///gone/b.mp4#t="), "{page}");
        assert!(page.contains("<h2><bdi>a.mp4</bdi></h2>"), "{page}");
    }

    #[test]
    fn a_range_of_pages_has_both_ends() {
        let pages = |start_page, end_page| {
            let document =
                Hit { start_sec: None, end_sec: None, start_page: Some(start_page), end_page, ..hit("/d.pdf") };
            let page = results_page("x", &[document], |_| None);
            let range = page.split_once("<p class=\"range\">").and_then(|(_, rest)| rest.split_once("</p>"));
            range.expect("a range").0.to_owned()
        };
        assert_eq!(pages(3, Some(5)), "pages 3\u{2013}5");
        assert_eq!([pages(3, Some(3)), pages(3, None)], ["page 3", "page 3"]);
    }

    #[test]
    fn pictures_are_in_the_page_and_files_without_one_show_their_type() {
        let hits = ["a.mp4", "b.png", "c.wav", "d.mp4", "https://h/a.mp4"].map(hit);
        let page = results_page("x", &hits, |hit| {
            matches!(hit.file_name(), "b.png" | "d.mp4").then(|| hit.source.clone().into())
        });
        // `b.png` and `d.mp4` in base64, in this order.
        let urls = ["src=\"data:image/png;base64,Yi5wbmc=\"", "src=\"data:image/png;base64,ZC5tcDQ=\""];
        let places = urls.map(|url| page.find(url).unwrap_or_else(|| panic!("{url} is not in {page}")));
        assert!(places.is_sorted(), "{page}");
        assert_eq!(page.matches("src=").count(), 2, "nothing else is loaded: {page}");
        assert!(page.contains("<div class=\"none\">audio</div>") && page.contains("<div class=\"none\">video</div>"));
        assert!(page.contains("href=\"https://h/a.mp4#t=1.00,2.00\""), "{page}");
        assert!(page.contains("left:25.00%;width:25.00%"), "{page}");
        let page = results_page("x", &[hit("HTTPS://h/a.mp4")], |_| None);
        assert!(page.contains("href=\"HTTPS://h/a.mp4#t=1.00,2.00\""), "{page}");
        let page = results_page("x", &[hit("s3://b/a \"c.mp4")], |_| None);
        assert!(page.contains("href=\"s3://b/a%20%22c.mp4#t=1.00,2.00\""), "{page}");
    }

    #[test]
    fn only_the_first_hits_have_a_picture() {
        let hits: Vec<Hit> = (0..250).map(|number| hit(&format!("{number}.png"))).collect();
        let page = results_page("x", &hits, |hit| Some(hit.source.clone().into()));
        assert_eq!((page.matches("<li>").count(), page.matches("src=").count()), (250, 200));
    }
}
