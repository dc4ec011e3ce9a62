//! The results of a search as a page of HTML.

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Hit;
use crate::job::FileKind;

/// Everything in a path but these.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222;background:#fff}\
ol{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem}\
li{border:1px solid #ddd;border-radius:6px;padding:.7rem;overflow-wrap:anywhere}\
video,img{width:100%;border-radius:4px;background:#eee;aspect-ratio:16/9;object-fit:contain}\
.bar{height:6px;background:#e4e4e4;border-radius:3px;position:relative;margin:.5rem 0}\
.bar span{position:absolute;top:0;bottom:0;background:#2a6f97;border-radius:3px;min-width:3px}\
.muted{color:#666}table{border-spacing:.6rem 0;margin-left:-.6rem}";

/// A page of HTML with the results, without scripts, and without anything from elsewhere but the pictures of videos and images, which the browser takes
/// from the files themselves.
///
/// Every name and text is escaped. `query` is what was searched for.
pub fn results_page(query: &str, hits: &[Hit]) -> String {
    let title = format!("{query} \u{2013} search");
    let longest = |hit: &Hit| {
        hits.iter().filter(|other| other.source == hit.source).filter_map(|other| other.end_sec).fold(0.0, f64::max)
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; media-src file: http: https:; img-src file: http: https:";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (query) }
                p class="muted" { (hits.len()) " results" }
                ol {
                    @for hit in hits {
                        li {
                            (picture(hit))
                            div { strong { (name(&hit.source)) } " " span class="range" { (hit.range()) } }
                            (timeline(hit, longest(hit)))
                            table {
                                tr { td { "score" } td { (format!("{:.4}", hit.score)) } }
                                @for (option, cosine) in &hit.cosines {
                                    tr { td { (option) } td { (format!("{cosine:.3}")) } }
                                }
                            }
                            div class="muted" { (hit.source) }
                        }
                    }
                }
            }
        }
    }
    .into_string()
}

/// The last part of a path or URL.
fn name(source: &str) -> &str {
    source.rsplit('/').next().unwrap_or(source)
}

/// Where the clip is, among the ends of all clips that were found in the file.
fn timeline(hit: &Hit, longest: f64) -> Markup {
    let percent = |seconds: f64| if longest > 0.0 { (seconds / longest * 100.0).clamp(0.0, 100.0) } else { 0.0 };
    html! {
        @if let (Some(start), Some(end)) = (hit.start_sec, hit.end_sec) {
            div class="bar" {
                span style=(format!("left:{:.2}%;width:{:.2}%", percent(start), percent(end) - percent(start))) {}
            }
        }
    }
}

/// The first picture of the clip, as the browser shows it.
fn picture(hit: &Hit) -> Markup {
    let url = url(&hit.source);
    let kind = FileKind::of_name(name(&hit.source)).map(|(kind, _)| kind);
    html! {
        @match kind {
            Some(FileKind::Video) => {
                video preload="metadata" controls muted src=(format!("{url}#t={:.2},{:.2}", hit.start_sec.unwrap_or_default(), hit.end_sec.unwrap_or_default())) {}
            }
            Some(FileKind::Image) => { img alt="" src=(url); }
            _ => {}
        }
    }
}

/// The URL of a source. A URL stays as it is: it is `http` or `https`.
fn url(source: &str) -> String {
    if source.starts_with("http://") || source.starts_with("https://") {
        return source.to_owned();
    }
    let path = std::path::absolute(Path::new(source)).unwrap_or_else(|_| source.into());
    format!("file://{}", utf8_percent_encode(&path.to_string_lossy(), PATH))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn hostile_names_are_text() {
        let source = "/v/\"><script>alert(1)</script>/'onerror=x#?.mp4";
        let hit = Hit {
            source: source.into(),
            scope: Some("clip".into()),
            start_sec: Some(1.0),
            end_sec: Some(2.0),
            start_page: None,
            chunk_index: None,
            score: 0.5,
            cosines: BTreeMap::from([("<b>".to_owned(), 0.5)]),
        };
        let page = results_page("<img src=x onerror=alert(1)>", &[hit]);
        assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("<b>"), "{page}");
        assert!(
            page.contains(
                "src=\"file:///v/%22%3E%3Cscript%3Ealert%281%29%3C/script%3E/%27onerror%3Dx%23%3F.mp4#t=1.00,2.00\""
            ),
            "{page}"
        );
        assert_eq!(page.matches("<li>").count(), 1);
    }
}
